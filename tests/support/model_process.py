"""The scripted server as a process: it prints its address, and ends with its standard input."""

from __future__ import annotations

import json
import sys

from docsum_nb.testing import Reply, ScriptedServer


def _main() -> None:
    delay = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    with ScriptedServer(lambda call: Reply("A summary of some length.", delay=delay)) as server:
        print(json.dumps({"base_url": server.base_url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
