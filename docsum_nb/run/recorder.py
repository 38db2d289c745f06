"""What has happened in one run: kept for its views, told to its observer and to the log."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import Event, RunEnded, RunState, fold
from docsum_nb.results import RunUsage
from docsum_nb.run.context import placed
from docsum_nb.run.notify import EventNotifier, StopNotifier
from docsum_nb.run.progress import Duration, Progress
from docsum_nb.run.view import PendingQuestion, Snapshot, Waited
from docsum_nb.secrets import masked

__all__ = ["Recorder"]

_log = logging.getLogger("docsum_nb.run")
_WORDS = ("error", "message", "reason", "words", "output")
"""Fields of events that hold what others have said."""


class Recorder:
    """The state and the board of a run, under one lock.

    Args:
        run_id: The run's.
        on_event: Called with every event, in a thread of its own; ``None`` for nobody.
    """

    def __init__(self, run_id: str, on_event: Callable[[Event], object] | None) -> None:
        if on_event is not None and not callable(on_event):
            raise InputError(f"on_event is called with every event; {on_event!r} cannot be called")
        self.lock = threading.RLock()
        """Hold it to make an event and something else happen at once."""
        self._run_id = run_id
        self._state = RunState(started_at=time.time())
        self._board = Progress()
        self._teller = EventNotifier(on_event, self.emit) if on_event else None
        self._stops: list[StopNotifier] = []

    @property
    def observed(self) -> bool:
        """Whether somebody is called with the events."""
        return self._teller is not None

    @property
    def state(self) -> RunState:
        """What has happened so far."""
        with self.lock:
            return self._state

    def emit(self, event: Event) -> None:
        """Take in an event; never blocks for long, never raises."""
        event = _to_keep(placed(event, self._run_id))
        # The run must not depend on a handler of the user's.
        with contextlib.suppress(Exception):
            _log.debug("run %s: %s", self._run_id, event, extra={"run_id": self._run_id})
        with self.lock:
            self._state = fold(self._state, event)
            self._board.take(event)
            if self._teller:
                self._teller.put(event)
            if isinstance(event, RunEnded) and event.outcome != "done":
                for each in self._stops:
                    each.tell()

    def when_stopped(self, call: Callable[[], object]) -> None:
        """Have something called, in a thread, once the run is stopped; at once where it is."""
        stop = StopNotifier(call)
        with self.lock:
            self._stops.append(stop)
            if self._state.outcome not in (None, "done"):
                stop.tell()

    def snapshot(self, waited: Waited | None, pending: PendingQuestion | None) -> Snapshot:
        """Return what there is to show now."""
        with self.lock:
            return Snapshot(
                self._state,
                cells=self._board.cells(),
                pace=self._board.pace(self._state, time.time()),
                writing=self._board.writing(),
                waited=waited,
                pending=pending,
            )

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks."""
        with self.lock:
            return self._board.labels.copy()

    def underway(self) -> list[str]:
        """Return the names of the chunks or tasks that are in work."""
        with self.lock:
            return self._board.underway()

    def usage(self) -> RunUsage:
        """Return what was asked of models, by task and agent."""
        with self.lock:
            return self._board.usage()

    def spans(self) -> tuple[Duration, ...]:
        """List what state each chunk or task was in, and when."""
        with self.lock:
            return self._board.spans(self._state.ended_at or time.time())

    def told(self) -> list[threading.Event]:
        """Return what is set once whoever is to know of the end does."""
        with self.lock:
            stopped = self._state.outcome not in (None, "done")
            told = [each.told for each in self._stops] if stopped else []
            return [*told, self._teller.told] if self._teller else told

    def end(self) -> None:
        """Let the observer's thread end once everything is told."""
        if self._teller is not None:
            self._teller.end()


def _to_keep(event: Event) -> Event:
    """Return an event without secrets: what went wrong is said in words of others."""
    said = {name: each for name in _WORDS if isinstance(each := getattr(event, name, None), str)}
    changed: dict[str, Any] = {
        name: new for name, each in said.items() if (new := masked(each)) != each
    }
    return dataclasses.replace(event, **changed) if changed else event
