"""Telling observers and views what happens, each from a daemon thread of its own.

Whatever an observer does (blocks, raises, never returns), the work does not wait for it and the
other observers do not notice.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from docsum_nb.events import Event, RunEnded, Warned
from docsum_nb.run.view import Snapshot, View

__all__ = ["EventNotifier", "StopNotifier", "ViewNotifier", "told_all", "wait_told"]

_log = logging.getLogger(__name__)

_TICK_S = 0.1
_SETTLED_S = 60.0
"""How long a view waits for what is in flight; work that is stuck may never end."""
_TELL_S = 0.5
"""How long a finished run waits until whoever is told has seen the end."""


class EventNotifier:
    """Hands every event to a user's observer, in order."""

    def __init__(self, observer: Callable[[Event], object], warn: Callable[[Event], None]) -> None:
        self.told = threading.Event()
        self._observer = observer
        self._warn = warn
        self._events: SimpleQueue[Event | None] = SimpleQueue()
        threading.Thread(target=self._serve, name="docsum_nb-events", daemon=True).start()

    def put(self, event: Event) -> None:
        """Queue an event; never blocks."""
        self._events.put(event)

    def end(self) -> None:
        """Let the thread end once everything queued is told."""
        self._events.put(None)

    def _serve(self) -> None:
        warned = False
        while (event := self._events.get()) is not None:
            try:
                self._observer(event)
            except BaseException as error:  # noqa: BLE001  # theirs to raise, ours to report
                if not warned:
                    warned = True
                    self._warn(Warned(f"on_event raised {error!r}; the run goes on"))
            if isinstance(event, RunEnded):
                # Calls in flight may still land and are told too, but nobody waits for that.
                self.told.set()
        self.told.set()


class StopNotifier:
    """Calls something once, when the run is stopped."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.told = threading.Event()
        self._call = call

    def tell(self) -> None:
        """Have it called; never blocks, never raises."""
        try:
            threading.Thread(target=self._serve, name="docsum_nb-stopped", daemon=True).start()
        except RuntimeError:
            # As the process ends, no thread can be started; nobody is to wait for this one.
            self.told.set()

    def _serve(self) -> None:
        try:
            self._call()
        except Exception:  # noqa: BLE001  # the run's own error is the one that is told
            _log.debug("what a stopped run left to do has failed", exc_info=True)
        finally:
            self.told.set()


class ViewNotifier:
    """Shows a view the newest snapshot, at most ten times a second, and the end."""

    def __init__(
        self,
        view: View,
        snapshot: Callable[[], Snapshot],
        ended: threading.Event,
        result: Callable[[], object | None],
        warn: Callable[[Event], None],
        tick: Callable[[], object],
        seen: Callable[[], object],
        closed: threading.Event,
    ) -> None:
        self.told = threading.Event()
        self.settled = threading.Event()
        """Set once the view shows the figures of the end, which may come after it was told."""
        self._closed = closed
        self._tick = tick
        self._seen = seen
        self._view = view
        self._snapshot = snapshot
        self._ended = ended
        self._result = result
        self._warn = warn
        threading.Thread(target=self._serve, name="docsum_nb-view", daemon=True).start()

    def _serve(self) -> None:
        try:
            while not self._ended.wait(_TICK_S):
                self._view.update(self._snapshot())
                self._tick()
            if self._view.close(self._snapshot(), self._result()):
                self._seen()
            self.told.set()
            self._amend()
        except BaseException as error:  # noqa: BLE001  # a broken view must not end the work
            self._warn(Warned(f"the live view failed: {error!r}; the run goes on"))
        finally:
            self.told.set()
            self.settled.set()

    def _amend(self) -> None:
        """Show what calls that were in flight have changed since the end, if anything."""
        shown = self._snapshot().state
        if shown.outcome != "done" and self._closed.wait(_SETTLED_S):
            snapshot = self._snapshot()
            if snapshot.state != shown:
                self._view.amend(snapshot)


def wait_told(told: Sequence[threading.Event]) -> None:
    """Block until all are told, for a bounded time."""
    give_up = time.monotonic() + _TELL_S
    for each in told:
        each.wait(max(0.0, give_up - time.monotonic()))


async def told_all(told: Sequence[threading.Event]) -> None:
    """Wait until all are told, for a bounded time."""
    give_up = time.monotonic() + _TELL_S
    # They are set from other threads, so no asyncio.Event can stand for them.
    while time.monotonic() < give_up and not all(  # noqa: ASYNC110
        each.is_set() for each in told
    ):
        await asyncio.sleep(0.005)
