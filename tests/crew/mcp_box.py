"""A server of the Model Context Protocol over standard input, with one tool named ``look``.

Written by hand, since importing the SDK's server takes two seconds.

Usage: python mcp_box.py raises | dies | hangs | hangs-at-start [FILE]

FILE is created when it hangs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["PATH"]

PATH = Path(__file__)
TOOL = {"name": "look", "description": "Look it up.", "inputSchema": {"type": "object"}}


def hang() -> None:
    """Note that it hangs, until the process that has started this one ends."""
    parent = os.getppid()
    Path(sys.argv[2]).touch()
    while os.getppid() == parent:
        time.sleep(0.2)


def call_tool() -> dict[str, Any]:
    """Return the result of the tool."""
    if sys.argv[1] == "dies":
        os._exit(3)
    if sys.argv[1] == "hangs":
        hang()
    text = {"type": "text", "text": "Error executing tool look: disk gone"}
    return {"content": [text], "isError": True}


def result_of(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request."""
    if method == "initialize":
        version, info = params["protocolVersion"], {"name": "box", "version": "1"}
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": [TOOL]}
    return call_tool() if method == "tools/call" else {}


def main() -> None:
    """Answer requests, a line each, until the standard input ends."""
    if sys.argv[1] == "hangs-at-start":
        hang()
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            result = result_of(request["method"], request.get("params") or {})
            answer = {"jsonrpc": "2.0", "id": request["id"], "result": result}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
