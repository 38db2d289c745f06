"""Deadlines of runs that pass when the work is where a test wants it, however long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import docsum_nb as ds

__all__ = ["pass_deadline"]

_LONG_S = 60.0


def pass_deadline(run: ds.Run[Any], ready: Callable[[], object]) -> None:
    """Wait until something is so, and do then what the run's timer does at its deadline.

    A deadline of a few seconds may pass before the work has begun, on a machine with other work.

    Args:
        run: A run with a deadline that is far away.
        ready: Returns whether the deadline is to pass; asked a hundred times a second.

    Raises:
        AssertionError: if it is not so within a minute, or the run is over.
    """
    give_up = time.monotonic() + _LONG_S
    while not ready():
        assert time.monotonic() < give_up
        assert not run.done, run.exception()
        time.sleep(0.01)
    timer = run._execution._timer
    assert timer is not None, "the run has no deadline, or is over"
    timer.function()
