"""What is done once for the process, asked for by many threads at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from docsum_nb.upstream import once

MANY = 8


def test_threads_that_call_at_once_run_it_once() -> None:
    """All get the one result, and none returns before it is there."""
    together = threading.Barrier(MANY)
    runs: list[int] = []

    @once
    def work() -> str:
        runs.append(1)
        time.sleep(0.2)  # so that the others come while it runs
        return "done"

    def call(_: int) -> str:
        together.wait(60)
        return work()

    with ThreadPoolExecutor(MANY) as pool:
        assert list(pool.map(call, range(MANY))) == ["done"] * MANY
    assert len(runs) == 1


def test_after_an_error_it_is_run_again() -> None:
    """The error is raised, the next call succeeds, and its result is kept."""
    results = iter([ValueError("no"), "done"])

    @once
    def work() -> str:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return str(result)

    with pytest.raises(ValueError, match="no"):
        work()
    assert [work(), work()] == ["done", "done"]
