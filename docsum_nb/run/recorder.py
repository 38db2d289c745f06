"""What has happened in one run: kept for its views, handed to its observer and to the log.

An observer is called in a thread of its own. It may block, raise or never return: the work does not
wait for it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import Event, RunEnded, RunState, Warned, fold
from docsum_nb.results import RunUsage
from docsum_nb.run.progress import Duration, Progress
from docsum_nb.run.view import PendingQuestion, Snapshot, Waited
from docsum_nb.secrets import masked

__all__ = ["Recorder", "about", "placed"]

_log = logging.getLogger("docsum_nb.run")
_QUOTED = ("error", "message", "reason", "words", "output")
"""Fields of events that quote others, such as a provider."""
_index: ContextVar[int | None] = ContextVar("docsum_nb_place", default=None)


@contextlib.contextmanager
def about(index: int) -> Iterator[None]:
    """Make the events of this context concern one chunk (of a crew: task), counted from 0.

    What the code in it starts concerns that chunk too: threads, coroutines, calls.
    """
    token = _index.set(index)
    try:
        yield
    finally:
        _index.reset(token)


def placed(event: Event, run_id: str) -> Event:
    """Return an event with its run, and with the index of its chunk if the context has one."""
    return dataclasses.replace(
        event, run_id=run_id, place=_index.get() if event.place is None else event.place
    )


class Recorder:
    """The state and the progress of a run, under one lock.

    Args:
        run_id: The run.
        on_event: Called with every event, in a thread of its own; ``None`` for no observer.

    Raises:
        InputError: if ``on_event`` cannot be called.
    """

    def __init__(self, run_id: str, on_event: Callable[[Event], object] | None) -> None:
        if on_event is not None and not callable(on_event):
            raise InputError(f"on_event is called with every event; {on_event!r} cannot be called")
        self.lock = threading.RLock()
        """Held to record an event and change something else in one step."""
        self._run_id = run_id
        self._state = RunState(started_at=time.time())
        self._progress = Progress()
        self._observer = _Observer(on_event, self) if on_event else None
        self._stop_calls: list[_StopCall] = []

    @property
    def observed(self) -> bool:
        """Whether an observer is called with the events."""
        return self._observer is not None

    @property
    def state(self) -> RunState:
        """What has happened so far."""
        with self.lock:
            return self._state

    @property
    def stopped(self) -> bool:
        """Whether the run has ended without success."""
        return self.state.outcome not in (None, "done")

    def emit(self, event: Event) -> None:
        """Record an event; never blocks for long, never raises."""
        event = _masked(placed(event, self._run_id))
        # The run must not depend on a handler of the user's.
        with contextlib.suppress(Exception):
            _log.debug("run %s: %s", self._run_id, event, extra={"run_id": self._run_id})
        with self.lock:
            self._state = fold(self._state, event)
            self._progress.record(event)
            if self._observer:
                self._observer.put(event)
            if isinstance(event, RunEnded) and event.outcome != "done":
                for each in self._stop_calls:
                    each.begin()

    def when_stopped(self, call: Callable[[], object]) -> None:
        """Call something, in a thread, once the run is stopped; at once if it is."""
        stop_call = _StopCall(call)
        with self.lock:
            self._stop_calls.append(stop_call)
            if self.stopped:
                stop_call.begin()

    def notified(self) -> list[threading.Event]:
        """Return what is set once the observer has the end, and the calls of a stop have ended."""
        with self.lock:
            calls = [each.ended for each in self._stop_calls] if self.stopped else []
            return [*calls, self._observer.notified] if self._observer else calls

    def end(self) -> None:
        """End the observer's thread, after the events that wait for it."""
        if self._observer is not None:
            self._observer.end()

    # --- progress ------------------------------------------------------------------------------

    def snapshot(self, waited: Waited | None, pending: PendingQuestion | None) -> Snapshot:
        """Return what there is to show now.

        Args:
            waited: How a cell waits for the run; ``None`` if none does.
            pending: What a person is asked; ``None`` if nothing is.
        """
        with self.lock:
            return Snapshot(
                self._state,
                cells=self._progress.cells(),
                pace=self._progress.pace(self._state, time.time()),
                writing=self._progress.writing(),
                waited=waited,
                pending=pending,
            )

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks."""
        with self.lock:
            return self._progress.labels.copy()

    def error(self, index: int) -> str:
        """Return why a chunk or task failed; empty if it did not."""
        with self.lock:
            return self._progress.error(index)

    def underway(self) -> list[str]:
        """Return the names of the chunks or tasks that are in work."""
        with self.lock:
            return self._progress.underway()

    def usage(self) -> RunUsage:
        """Return what was asked of models, by task and agent."""
        with self.lock:
            return self._progress.usage()

    def spans(self) -> tuple[Duration, ...]:
        """Return what state each chunk or task was in, and when."""
        with self.lock:
            return self._progress.spans(self._state.ended_at or time.time())


class _Observer:
    """Hands every event to a user's observer, in order."""

    def __init__(self, call: Callable[[Event], object], record: Recorder) -> None:
        self.notified = threading.Event()
        self._call = call
        self._record = record
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        threading.Thread(target=self._serve, name="docsum_nb-events", daemon=True).start()

    def put(self, event: Event) -> None:
        """Queue an event; never blocks."""
        self._events.put(event)

    def end(self) -> None:
        """End the thread, after everything that is queued."""
        self._events.put(None)

    def _serve(self) -> None:
        warned = False
        while (event := self._events.get()) is not None:
            try:
                self._call(event)
            except BaseException as error:  # noqa: BLE001  # theirs to raise, ours to report
                if not warned:
                    warned = True
                    self._record.emit(
                        Warned(f"on_event raised {error!r}, which did not stop the run")
                    )
            if isinstance(event, RunEnded):
                # Calls in flight may still land and are handed over too, but no waiter needs that.
                self.notified.set()
        self.notified.set()


class _StopCall:
    """A call that is made once, in a thread, when the run is stopped."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.ended = threading.Event()
        self._call = call

    def begin(self) -> None:
        """Make the call; never blocks, never raises."""
        try:
            threading.Thread(target=self._serve, name="docsum_nb-stopped", daemon=True).start()
        except RuntimeError:
            # As the process ends, no thread can be started; no waiter may wait for this one.
            self.ended.set()

    def _serve(self) -> None:
        try:
            self._call()
        except Exception:  # noqa: BLE001  # the run's own error is the one that is reported
            _log.debug("what a stopped run left to do has failed", exc_info=True)
        finally:
            self.ended.set()


def _masked(event: Event) -> Event:
    """Return an event without secrets in the words that it quotes."""
    quoted = {name: text for name in _QUOTED if isinstance(text := getattr(event, name, None), str)}
    changed: dict[str, Any] = {
        name: new for name, text in quoted.items() if (new := masked(text)) != text
    }
    return dataclasses.replace(event, **changed) if changed else event
