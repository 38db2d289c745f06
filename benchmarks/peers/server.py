"""The loopback server of ``benchmarks.peers``: a process of its own that answers after a latency.

It counts the requests itself, notes when the first one came and how much CPU its client had had by
then, and can save all that it was sent as a job that other clients repeat. Commands come by its
standard input, one a line, each answered by a line of JSON:

- ``watch PID``: forget all requests; that process is the client.
- ``seen``: the requests since then, the most at once, and the first one's time.
- ``save FILE``: the requests since then, by level: what a merge waits for is in the levels before.

Usage: python -m benchmarks.peers.server LATENCY_S
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from docsum_nb.testing import Call, Reply, ScriptedServer

__all__ = ["LoopbackServer", "serving"]

_ANSWER = "Summary {} of some length."
_ANSWERS = re.compile(r"Summary (\d{1,9}) of some length\.")
_OPTIONS = ("max_tokens", "max_completion_tokens", "temperature")
"""What is part of the job, beside the messages."""


class LoopbackServer:
    """The parent's side of the process."""

    def __init__(self, commands: IO[str], answers: IO[str]) -> None:
        self._commands, self._answers = commands, answers
        self.base_url: str = json.loads(answers.readline())["base_url"]

    def ask(self, *command: object) -> dict[str, Any]:
        """Send a command, and return the answer."""
        print(*command, file=self._commands, flush=True)
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer


@contextmanager
def serving(latency_s: float) -> Iterator[LoopbackServer]:
    """Serve from a process of its own, until the block is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.peers.server", str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield LoopbackServer(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.wait(60)


class _Script:
    """Answers each request, and notes the first one."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._client: psutil.Process | None = None
        self._first: dict[str, float] = {}

    def __call__(self, call: Call) -> Reply:
        if not self._first:
            self._first = {"first_at": call.at}
            if self._client is not None:
                with suppress(psutil.Error):
                    taken = self._client.cpu_times()
                    self._first["first_cpu_s"] = taken.user + taken.system
        return Reply(_ANSWER.format(call.number), delay=self._latency_s)

    def do(self, server: ScriptedServer, command: str, given: str) -> dict[str, Any]:
        """Return the answer to a command."""
        if command == "watch":
            server.calls.clear()
            server.headers.clear()
            server.most_in_flight = 0
            self._client, self._first = psutil.Process(int(given)), {}
        elif command == "save":
            levels = _levels(server.calls)
            Path(given).write_text(json.dumps(levels), "utf-8")
            return {"levels": [len(level) for level in levels]}
        at_once = server.most_in_flight
        return {"requests": len(server.calls), "at_once": at_once, **self._first}


def _levels(calls: list[Call]) -> list[list[dict[str, Any]]]:
    """Return what was sent, by level, the texts first."""
    level_of: dict[int, int] = {}
    levels: list[list[dict[str, Any]]] = []
    for call in calls:
        waits_for = [level_of[int(number)] for number in _ANSWERS.findall(call.prompt)]
        level = level_of[call.number] = max(waits_for, default=-1) + 1
        if level == len(levels):
            levels.append([])
        options = {name: call.body[name] for name in _OPTIONS if name in call.body}
        levels[level].append({"messages": call.messages, "options": options})
    return levels


def _main() -> None:
    script = _Script(float(sys.argv[1]))
    with ScriptedServer(script) as server:
        print(json.dumps({"base_url": server.base_url}), flush=True)
        for line in sys.stdin:
            command, _, given = line.strip().partition(" ")
            print(json.dumps(script.do(server, command, given)), flush=True)


if __name__ == "__main__":
    _main()
