"""The runs of this process by id, which an error names: what they finished can be reached by it.

In a notebook a run is often awaited as it is started, and no variable holds it. So the last few
whose error was raised there are kept; others are known while something else holds them.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.own_code import running_ipython

__all__ = ["find", "keep_failed", "know", "partial_hint"]

_MOST_KEPT = 5
_known: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_failed: deque[Any] = deque(maxlen=_MOST_KEPT)


def know(run: Any) -> None:
    """Remember a run that is starting, as long as something else holds it."""
    _known[run.id] = run


def keep_failed(run: Any) -> None:
    """Keep a run whose error is being raised to a waiter, if this process is a notebook's."""
    if running_ipython() is not None and all(run is not each for each in _failed):
        _failed.append(run)


def find(run_id: str) -> Any:
    """Return a run by its id.

    Raises:
        InputError: if nothing holds it any more, or it was of another process.
    """
    run = _known.get(run_id)
    if run is None:
        raise InputError(
            f"no run {run_id!r} in this process any more: only the last {_MOST_KEPT} that failed "
            "are kept; docsum_nb.runs() lists those of the ledger"
        )
    return run


def partial_hint(run_id: str) -> str:
    """Return the expression for what a run has finished; empty if its runs are not kept here."""
    return f"docsum_nb.get_run({run_id!r}).partial" if running_ipython() is not None else ""
