"""What a run that ends early says of itself: how far it came, and where it was.

None of it may fail, or wait for the work: the work may be stuck.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from docsum_nb.errors import RunError
from docsum_nb.events import RunState
from docsum_nb.run.control import Location
from docsum_nb.run.endings import replace_note, safely
from docsum_nb.run.frames import await_frames, describe_frame, own_frame, thread_frames
from docsum_nb.run.loop import thread_of

__all__ = ["EarlyEnd", "innermost_await", "progress"]

E = TypeVar("E", bound=RunError)


class EarlyEnd:
    """Makes the errors of one run.

    Args:
        run_id: The run.
        title: What it is called.
        state: Tells what has happened.
        partial: Returns what is finished.
        kept: Says what is kept and how to go on, in a line; ``None`` where nothing is.
    """

    def __init__(
        self,
        run_id: str,
        title: str,
        *,
        state: Callable[[], RunState],
        partial: Callable[[], Any],
        kept: Callable[[], str] | None,
    ) -> None:
        self._run_id = run_id
        self._title = title
        self._state = state
        self._partial = partial
        self._kept = kept
        self._made: list[tuple[RunError, str]] = []
        """The errors that were made, and what they say beside the figures."""
        self._noted: list[tuple[BaseException, str]] = []
        """What was annotated, and the note."""

    def error(self, kind: type[E], what: str, place: Location | None = None) -> E:
        """Make an error; ``place`` is where the work was, where that is known."""
        state = self._state()
        error = kind(
            f"{self._title}: {what}{progress(state)}",
            run_id=self._run_id,
            step=state.stage,
            task=place.task if place else "",
            agent=place.agent if place else "",
            partial=self._partial(),
        )
        self._made.append((error, what))
        self.annotate(error)
        return error

    def refresh(self) -> None:
        """Bring the figures in the errors up to date: nothing is in flight any more."""
        state = self._state()
        for error, what in self._made:
            error.args = (f"{self._title}: {what}{progress(state)}",)
            error.partial = self._partial()
        kept = safely(self._kept) if self._kept is not None else None
        if kept:
            for noted, before in self._noted:
                replace_note(noted, before, kept)
            self._noted = [(noted, kept) for noted, _ in self._noted]

    def annotate(self, error: BaseException) -> None:
        """Note on an error what is kept, and how to go on."""
        if self._kept is not None and (kept := safely(self._kept)):
            error.add_note(kept)
            self._noted.append((error, kept))


def progress(state: RunState) -> str:
    """Tell how far a run came, to be put behind something; empty where it has no parts."""
    if not state.chunks:
        return ""
    done = f"{state.done} of {state.chunks} {state.unit} done"
    return f" ({state.stage}: {done}, {state.calls} calls{_held_up(state)})"


def _held_up(state: RunState) -> str:
    """Return what holds a run up, to be put behind something; empty if no provider does."""
    held = state.throttled
    if held is None:
        return ""
    status = f" with status {held.status}" if held.status else ""
    words = f": {held.words}" if held.words else ""
    return f"; {held.model} turned requests away{status}{words}"


def innermost_await(task: asyncio.Task[Any] | None) -> Location:
    """Name the innermost line of the user's own code that a task waits in."""
    if task is None:
        return Location("before it began")
    thread = thread_of(task)
    frames = thread_frames(thread) if thread else await_frames(task.get_coro())
    frame = own_frame(frames)
    return Location(f"in {describe_frame(frame)}" if frame else "as it ended")
