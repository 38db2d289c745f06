from __future__ import annotations

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.loops import on_loop

_VALUE: contextvars.ContextVar[str] = contextvars.ContextVar("_VALUE", default="none")


def test_what_libraries_call_shares_threads_and_no_context() -> None:
    """As many threads as there are calls at once; each call finds an empty context."""

    def call(number: int) -> tuple[int, str]:
        found = _VALUE.get()
        _VALUE.set(str(number))
        return threading.get_ident(), found

    async def one_by_one() -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(None, call, number) for number in range(50)]

    called = on_loop(one_by_one())
    assert {found for _, found in called} == {"none"}
    # On a machine that stands still for a second, a thread ends and a new one begins.
    assert len({thread for thread, _ in called}) < 25


def test_a_call_that_blocks_holds_up_no_other_one() -> None:
    """Each call that waits has a thread: of a hundred at once, all have begun."""
    everyone = threading.Barrier(100)

    async def at_once() -> list[int]:
        loop = asyncio.get_running_loop()
        calls = [loop.run_in_executor(None, everyone.wait, 60) for _ in range(100)]
        return list(await asyncio.gather(*calls))

    assert sorted(on_loop(at_once())) == list(range(100))


_FORK = """
import os
from docsum_nb.run.threads import LIBRARY_THREADS

assert LIBRARY_THREADS.submit(int, "1").result(60) == 1
pid = os.fork()
if pid == 0:
    os._exit(LIBRARY_THREADS.submit(int, "7").result(60))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_the_threads_of_a_parent_serve_no_child() -> None:
    """A forked child starts threads of its own, although the parent's wait for calls."""
    process = subprocess.run(
        [sys.executable, "-c", _FORK],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdout.strip() == "7", process.stderr
