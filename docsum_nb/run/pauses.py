"""Pauses of code that blocks its thread, ended when the run that it belongs to is stopped.

The run is known in the context, so a thread that the work starts with a copy of it is found, too.
Not for the thread of a loop that others use.
"""

from __future__ import annotations

import time

from docsum_nb.run.execution import current_execution
from docsum_nb.run.scope import current_scope
from docsum_nb.run.work import Stopping

__all__ = ["pause_in_run"]

_LOOK_S = 0.5
"""How often is looked whether the part of the run has failed; a stop of the run comes at once."""


def pause_in_run(seconds: float) -> None:
    """Block the calling thread for a number of seconds; outside of a run, as ``time.sleep``.

    Args:
        seconds: How long; 0 to check only whether the run goes on.

    Raises:
        Stopping: If the run, or the part of it that the code belongs to, is or was stopped by an
            error, its deadline or a cancellation.
    """
    run, part = current_execution(), current_scope()
    until = time.monotonic() + seconds
    while True:
        if run is not None and run.error is not None:
            raise Stopping
        if part is not None:
            part.check()
        left = until - time.monotonic()
        if left <= 0:
            return
        if run is None or run.done:
            time.sleep(left if part is None else min(left, _LOOK_S))
        else:
            run.completion.block(min(left, _LOOK_S))
