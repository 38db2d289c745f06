"""Small things about how runs begin and end, none of which may fail."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import TypeVar

from docsum_nb.errors import InputError, RunCancelled, described
from docsum_nb.events import RunEnded
from docsum_nb.provider_errors import fault_of

__all__ = ["how_it_ended", "positive_seconds", "replace_note", "safely"]

R = TypeVar("R")
_log = logging.getLogger(__name__)


def how_it_ended(error: BaseException | None) -> RunEnded:
    """Tell how a run ended: of an error, with the notes that say where it was."""
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


def safely(ask: Callable[[], R]) -> R | None:
    """Ask the work for something that a stop of the run must not depend on."""
    try:
        return ask()
    except Exception:  # noqa: BLE001  # theirs to raise; the run ends all the same
        with contextlib.suppress(Exception):
            # A handler of the user's may fail, too.
            _log.debug("the work could not be asked", exc_info=True)
        return None


def replace_note(error: BaseException, before: str, after: str) -> None:
    """Put a note of an error in the place of an earlier one, if that is there."""
    notes = safely(lambda: getattr(error, "__notes__", None))
    if isinstance(notes, list) and before in notes:
        notes[notes.index(before)] = after


def positive_seconds(name: str, seconds: float | None) -> float | None:
    """Check a number of seconds from now.

    Raises:
        InputError: if it is no number above 0.
    """
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise InputError(f"{name} is seconds from now, more than 0, not {seconds!r}")
    return float(seconds)
