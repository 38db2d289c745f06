"""Scripts in processes of their own, as a user or a scheduler starts and ends them."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.warm_python import warm_python

__all__ = ["ROOT", "address_in", "begun", "finished"]

ROOT = Path(__file__).parents[2]
LONG_S = 90


def finished(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end; ``options`` are Python's."""
    return subprocess.run(
        [*warm_python(), *options, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )


def address_in(log: Iterable[str]) -> str:
    """Return the address that a server writes to its log once it listens.

    Servers choose their port themselves: one that is found free beforehand may be taken since.
    """
    lines = []
    for line in log:
        lines.append(line)
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", line):
            return found[0].replace("localhost", "127.0.0.1")
    raise AssertionError(f"the server did not start\n{''.join(lines)}")


@contextmanager
def begun(script: str) -> Iterator[subprocess.Popen[str]]:
    """Start a script; what has not ended with the block is killed."""
    process = subprocess.Popen(
        [*warm_python(), "-c", textwrap.dedent(script)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LONG_S)
