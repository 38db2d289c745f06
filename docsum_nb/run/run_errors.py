"""The errors of a run: made, annotated and brought up to date, all in this place.

An error of the run's own (deadline, cancellation) gets its words, its step and the partial result.
Every error may get a note: what was being done, what is kept, how to go on. Errors are seen while
calls are in flight; once these have ended, the figures in words and notes are brought up to date.
Nothing here may fail, or wait for the work, which may be stuck. How a cell shows an error is
decided in ``tracebacks``.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from docsum_nb.errors import BudgetExceeded, RunCancelled, RunError, described
from docsum_nb.events import RunEnded, RunState
from docsum_nb.provider_errors import fault_of
from docsum_nb.run.known_runs import partial_hint
from docsum_nb.run.recorder import Recorder
from docsum_nb.run.work import Location, Work

__all__ = ["RunErrors", "ended_by", "progress_text", "safely"]

E = TypeVar("E", bound=RunError)
R = TypeVar("R")
_log = logging.getLogger("docsum_nb.run")


class RunErrors:
    """Makes and completes the errors of one run.

    Args:
        run_id: The run.
        title: What it is called.
        record: What has happened in it.
        work: What it carries out.
    """

    def __init__(self, run_id: str, title: str, record: Recorder, work: Work[Any]) -> None:
        self._run_id = run_id
        self._title = title
        self._record = record
        self._work = work
        self._created: list[tuple[RunError, str]] = []
        """The errors that were made here, and their words apart from the figures."""
        self._exceeded: list[tuple[BudgetExceeded, str]] = []
        """The errors of bounds that were completed, and their own words."""
        self._notes: list[tuple[BaseException, str, str]] = []
        """The errors with a note: what was being done, and the note."""

    def create(self, kind: type[E], what: str, location: Location | None = None) -> E:
        """Return a new error of the run.

        Args:
            kind: Its class.
            what: What happened, for its message.
            location: The place of the work; ``None`` if that is not known.
        """
        state = self._record.state
        error = kind(
            f"{self._title}: {what}{progress_text(state)}",
            run_id=self._run_id,
            step=state.stage,
            task=location.task if location else "",
            agent=location.agent if location else "",
            partial=safely(self._work.partial),
        )
        self._created.append((error, what))
        self.annotate(error)
        return error

    def annotate(self, error: BaseException, doing: str = "", details: str = "") -> None:
        """Add a note to an error; see ``Control.annotate``.

        Args:
            error: An error of the run's own, of its work, or an interrupt.
            doing: What was being done; empty if that is not known.
            details: Follows that in the note.
        """
        if doing and isinstance(error, BudgetExceeded) and not error.run_id:
            error.run_id, error.step = self._run_id, doing
            self._exceeded.append((error, str(error)))
            self._complete(error, str(error))
        note = self._note(doing + details)
        if note:
            error.add_note(note)
            self._notes.append((error, doing + details, note))

    def add_hint(self, error: BaseException) -> None:
        """Add a note on how to reach what is finished, if anything is and a notebook runs here."""
        state, hint = self._record.state, partial_hint(self._run_id)
        if not hint or not state.done:
            return
        note = f"{hint} has what is finished"
        if note not in (safely(lambda: list(getattr(error, "__notes__", ()))) or ()):
            safely(partial(error.add_note, note))

    def refresh(self) -> None:
        """Bring the figures in the errors up to date: nothing is in flight any more."""
        state = self._record.state
        for error, what in self._created:
            error.args = (f"{self._title}: {what}{progress_text(state)}",)
            error.partial = safely(self._work.partial)
        for exceeded, words in self._exceeded:
            self._complete(exceeded, words)
        for number, (noted, doing, before) in enumerate(self._notes):
            note = self._note(doing) or before
            _replace_note(noted, before, note)
            self._notes[number] = (noted, doing, note)

    def _complete(self, error: BudgetExceeded, words: str) -> None:
        error.partial = safely(self._work.partial)
        remaining = safely(self._work.remaining)
        if remaining:
            error.args = (f"{words}; what remains: {remaining}",)

    def _note(self, doing: str) -> str:
        parts = [part for part in (doing, safely(self._work.kept)) if part]
        return f"docsum_nb run {self._run_id}: {'; '.join(parts)}" if parts else ""


def _replace_note(error: BaseException, before: str, after: str) -> None:
    notes = safely(lambda: getattr(error, "__notes__", None))
    if isinstance(notes, list) and before in notes:
        notes[notes.index(before)] = after


def ended_by(error: BaseException | None) -> RunEnded:
    """Return the event of a run's end: how it ended, and its error with all notes."""
    if error is None:
        return RunEnded("done")
    if isinstance(error, RunCancelled):
        return RunEnded("cancelled", str(error))
    # An error may answer with anything, or raise, when it is asked for an attribute.
    notes = safely(lambda: [str(note) for note in getattr(error, "__notes__", ())]) or []
    fault = fault_of(error)
    # Clients of providers hide why no answer came; a crew's or a summary's error has it in a note.
    if fault.status is None and fault.words and not any(fault.words in note for note in notes):
        notes.append(fault.line)
    return RunEnded("failed", "\n".join([described(error), *notes]))


def progress_text(state: RunState) -> str:
    """Return how far a run came, in parentheses, to follow a text; empty if it has no parts."""
    if not state.chunks:
        return ""
    done = f"{state.done} of {state.chunks} {state.unit} done"
    calls = "1 call" if state.calls == 1 else f"{state.calls} calls"
    return f" ({state.stage}: {done}, {calls}{_held_up(state)})"


def _held_up(state: RunState) -> str:
    """Return what holds a run up, to follow a text; empty if no provider does."""
    held = state.throttled
    if held is None:
        return ""
    status = f" with status {held.status}" if held.status else ""
    words = f": {held.words}" if held.words else ""
    return f"; {held.model} turned requests away{status}{words}"


def safely(ask: Callable[[], R]) -> R | None:
    """Return what the work answers; ``None`` if it raises: no stop of a run may depend on that."""
    try:
        return ask()
    except Exception:  # noqa: BLE001  # theirs to raise; the run ends all the same
        with contextlib.suppress(Exception):
            # A handler of the user's may fail, too.
            _log.debug("the work could not be asked", exc_info=True)
        return None
