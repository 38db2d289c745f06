"""Scripts in processes of their own, as a user or a scheduler starts and ends them."""

from __future__ import annotations

import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.warm_python import warm_python

__all__ = ["ROOT", "begun", "finished"]

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
