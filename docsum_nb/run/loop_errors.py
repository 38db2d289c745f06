"""A line below a cell that gave a run to ``asyncio.run``, which fails wherever a loop is running.

Python's error says what cannot be done, in the words of event loops; the line says what to write.
Which run it was is read from the frames of the error, so that a cell that fails with such an error
for another reason gets no line. Nothing is printed outside of IPython.
"""

from __future__ import annotations

import re
import sys
import traceback
from typing import Any

from docsum_nb.own_code import running_ipython
from docsum_nb.run.known_runs import keep_failed
from docsum_nb.run.not_awaited import NotAwaited

__all__ = ["explain_loop_errors", "run_in"]

_OF_LOOPS = re.compile(r"running event loop|event loop is already running|another loop is running")
_GIVEN = ("main", "future")
"""What asyncio's functions call what they are given; a cell's own frame holds all of a notebook."""
_FRAMES = 20
"""Frames of an error that are looked at, innermost first."""
_watched: list[Any] = []
"""The shells whose cells are looked at as they end; a process has one."""


def explain_loop_errors() -> None:
    """Look at each cell of a notebook as it ends; outside of a notebook nothing is done."""
    shell = running_ipython()
    if shell is not None and all(each is not shell for each in _watched):
        _watched.append(shell)
        shell.events.register("post_run_cell", _look_at)


def run_in(error: BaseException | None) -> Any:
    """Return the run that was given to an event loop which could not take it.

    Args:
        error: What a cell ended with; ``None`` for no error.

    Returns:
        ``None`` if the error is another one, or no run is concerned.
    """
    if not isinstance(error, RuntimeError) or not _OF_LOOPS.search(str(error)[:1000]):
        return None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-_FRAMES:]
    given = [frame.f_locals.get(name) for frame in frames for name in _GIVEN]
    return next((each for each in given if isinstance(each, NotAwaited)), None)


def _look_at(result: Any) -> None:
    """Print the line if a cell ended like that; IPython calls this with the cell's result."""
    run = run_in(getattr(result, "error_in_exec", None))
    if run is None:
        return
    keep_failed(run)
    sys.stderr.write(
        "docsum_nb: a notebook has a running event loop: write 'await' before the call, without "
        "asyncio, as in: await ds.summarize(...)\n"
        f"The run goes on meanwhile; its result: await ds.get_run({run.id!r})\n"
    )
