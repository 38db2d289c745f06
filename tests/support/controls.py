"""A control for work that is tested without a run."""

from __future__ import annotations

from collections.abc import Callable

from docsum_nb.events import Event, RunState, fold
from docsum_nb.run import Control, Question

__all__ = ["StandaloneControl"]


class StandaloneControl(Control):
    """Keeps what the work reports, and stops it on request."""

    def __init__(self, events: list[Event] | None = None) -> None:
        self.run_id = "run"
        self.events: list[Event] = [] if events is None else events
        self.failures: list[BaseException] = []
        self.notes: list[str] = []
        self.stop_calls: list[Callable[[], object]] = []
        self.stopped: BaseException | None = None
        """What ``stopped_by`` returns."""

    def emit(self, event: Event) -> None:
        """Keep an event."""
        self.events.append(event)

    def fail(self, error: BaseException) -> None:
        """Keep an error; nothing is stopped by it."""
        self.failures.append(error)

    def stopped_by(self) -> BaseException | None:
        """Return what was set."""
        return self.stopped

    def state(self) -> RunState:
        """Return the fold of the events."""
        state = RunState()
        for event in self.events:
            state = fold(state, event)
        return state

    def underway(self) -> tuple[str, ...]:
        """Return nothing: no names are kept."""
        return ()

    def watched(self) -> bool:
        """Return false: there is no view."""
        return False

    def when_stopped(self, call: Callable[[], object]) -> None:
        """Keep a call, to be made by ``stop``."""
        self.stop_calls.append(call)

    def stop(self, error: BaseException) -> None:
        """Stop the work."""
        self.stopped = error
        for call in self.stop_calls:
            call()

    def annotate(self, error: BaseException, doing: str, details: str = "") -> None:
        """Keep what was being done."""
        self.notes.append(doing + details)

    def settled(self) -> None:
        """Do nothing: there is no error to be completed."""

    def ask(self, question: Question, stopped: Callable[[], object | None]) -> str:
        """Accept everything."""
        return ""
