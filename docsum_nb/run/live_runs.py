"""The runs that are not over yet: kept alive until they are, and stopped when the process ends."""

from __future__ import annotations

import os
import time
from typing import Protocol

from docsum_nb.run.loop import before_exit
from docsum_nb.run.shutdown import in_a_hurry
from docsum_nb.run.unretrieved import report_before_exit

__all__ = ["keep", "let_go"]

_EXIT_GRACE_S = 2.0
"""How long the end of the process waits for a stopped run, beside the grace of its calls."""
_LOOK_S = 0.1


class _Live(Protocol):
    def cancel(self, reason: str | None = None) -> bool: ...

    def join(self, timeout: float | None = None) -> bool: ...

    @property
    def grace_s(self) -> float: ...


_live: set[_Live] = set()


def keep(run: _Live) -> None:
    """Hold a run until it is over: loops hold their tasks weakly, and nobody else may hold it."""
    _live.add(run)


def let_go(run: _Live) -> None:
    """Let go of a run that is over."""
    _live.discard(run)


def _stop_all() -> None:
    """Let paid answers land before the process ends, for as long as in a notebook."""
    runs = list(_live)
    for run in runs:
        run.cancel("the process is ending")
    began = time.monotonic()
    for run in runs:
        give_up = began + run.grace_s + _EXIT_GRACE_S
        while not in_a_hurry() and (left := give_up - time.monotonic()) > 0:
            if run.join(min(left, _LOOK_S)):
                break


before_exit(stop=_stop_all)
before_exit(stop=report_before_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_live.clear)
