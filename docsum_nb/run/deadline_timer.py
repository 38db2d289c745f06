"""Deadlines looked after by one daemon thread of the process, whoever waits or does not.

The loop that does the work may be stuck in blocking code, and a run in the background has nobody
else. What an alarm calls may block: that has a thread of its own. The one ends with the last alarm.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable

from docsum_nb.run.loop import DAEMON_THREADS

__all__ = ["DeadlineTimer"]

_number = itertools.count()
_pending: list[tuple[float, int, DeadlineTimer]] = []
_changed = threading.Condition()
_ringer: threading.Thread | None = None


class DeadlineTimer:
    """Calls something once, in a thread, unless it was cancelled before.

    Args:
        at: When, by ``time.monotonic``; never earlier.
        call: Must not raise.
    """

    def __init__(self, at: float, call: Callable[[], object]) -> None:
        global _ringer
        self._call: Callable[[], object] | None = call
        with _changed:
            heapq.heappush(_pending, (at, next(_number), self))
            if _ringer is None:
                _ringer = threading.Thread(target=_ring, name="docsum_nb-alarms", daemon=True)
                _ringer.start()
            _changed.notify()

    def cancel(self) -> None:
        """Do not call, if it has not been; keeps nothing alive that the call would need."""
        with _changed:
            self._call = None
            while _pending and _pending[0][2]._call is None:
                heapq.heappop(_pending)
            _changed.notify()


def _ring() -> None:
    global _ringer
    while True:
        with _changed:
            if not _pending:
                _ringer = None
                return
            left = _pending[0][0] - time.monotonic()
            if left > 0:
                # Clocks are coarse: it may wake too early.
                _changed.wait(left)
                continue
            alarm = heapq.heappop(_pending)[2]
            call, alarm._call = alarm._call, None
        if call is not None:
            try:
                DAEMON_THREADS.submit(call)
            except RuntimeError:  # no thread is to be had
                call()


def _after_fork() -> None:
    global _changed, _ringer
    _changed, _ringer = threading.Condition(), None
    _pending.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
