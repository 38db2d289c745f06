"""A warm process that forks a child for each job: its imports are paid for once.

The process runs a module that imports what its jobs need, starts no thread and calls ``serve``. It
reads a job from each line of JSON on its standard input and forks a child for it. Two lines answer
a job: the child's process id, as soon as the child is there, and its end, with what it returned.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]

__all__ = ["ROOT", "WarmProcess", "running", "serve"]


class WarmProcess:
    """The warm process, as a test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, **job: Any) -> int:
        """Fork a child for a job; returns its process id at once."""
        assert self._process.stdin is not None
        print(json.dumps(job), file=self._process.stdin, flush=True)
        return int(self._line()["pid"])

    def wait(self) -> int:
        """Wait for the child's end; returns its exit status, negative for a signal."""
        return int(self._line()["status"])

    def ask(self, **job: Any) -> Any:
        """Return what a child's job returned; ``None`` if the child died."""
        self.start(**job)
        return self._line()["result"]

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answered: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answered


W = TypeVar("W", bound=WarmProcess)


@contextmanager
def running(
    module: str, kind: type[W], *, python: Sequence[str] = (sys.executable, "-W", "ignore")
) -> Iterator[W]:
    """Start a warm process, and end it.

    Args:
        module: The module that it runs, such as ``"tests.support.zygote"``.
        kind: The class by which the test sees it.
        python: The command that runs it.
    """
    process = subprocess.Popen(
        [*python, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield kind(process)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def serve(work: Callable[[dict[str, Any]], Any]) -> None:
    """Do each job in a child of this process, until the standard input ends.

    Args:
        work: Does a job in the child; what it returns must be JSON. An error is printed, and ends
            the child with exit status 1.
    """
    assert threading.active_count() == 1, "a process with threads must not be forked"
    # A collection in a child would write to, and so copy, every page of its parent.
    gc.collect()
    gc.freeze()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        out, into = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(out)
            _child(work, json.loads(line), into)
        os.close(into)
        print(json.dumps({"pid": pid}), flush=True)
        with os.fdopen(out) as pipe:
            returned = pipe.read()
        _, status = os.waitpid(pid, 0)
        ended = {"status": os.waitstatus_to_exitcode(status)}
        print(json.dumps({**ended, "result": json.loads(returned or "null")}), flush=True)


def _child(work: Callable[[dict[str, Any]], Any], job: dict[str, Any], into: int) -> None:
    """Do a job and end the process, whether it fails or not."""
    try:
        os.dup2(2, 1)  # what is printed must not be read as an answer
        os.write(into, json.dumps(work(job)).encode())
    except BaseException:  # noqa: BLE001  # the child must not go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
