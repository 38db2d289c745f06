"""Showing a run: the live views that are opened of it, and how it looks as it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import Warned
from docsum_nb.run.endings import safely
from docsum_nb.run.notify import ViewNotifier
from docsum_nb.run.questions import AskPerson, Questions
from docsum_nb.run.recorder import Recorder
from docsum_nb.run.view import Console, Detail, Display, Snapshot, View, Waited

__all__ = ["RunDisplay"]


class RunDisplay:
    """The views of one run, and what they ask of it.

    Args:
        title: What the run is called.
        record: What has happened in it.
        display: How it can be shown; ``None`` for not at all.
        live: Whether to open a live view where somebody waits for the run.
        ended: Set when the run has its outcome.
        cancel: Stops the run.
        detail: Tells of one chunk or task; ``None`` where nobody can.
        result: Returns the run's result; ``None`` without one.
        tick: Called ten times a second while a view is open.
        seen: Called when the end of the run was shown to a person.
        ask: Who answers questions; ``None`` for the person before the screen.
        closed: Set when nothing of the run is in flight any more.
    """

    def __init__(
        self,
        title: str,
        record: Recorder,
        display: Display | None,
        *,
        live: bool,
        ended: threading.Event,
        cancel: Callable[[], object],
        detail: Callable[[int], Detail | None] | None,
        result: Callable[[], Any],
        tick: Callable[[], object],
        seen: Callable[[], object],
        ask: AskPerson | None,
        closed: threading.Event,
    ) -> None:
        self.title = title
        self._record = record
        self._display = display
        self._live = live
        self._ended = ended
        self._cancel = cancel
        self._detail = detail
        self._result = result
        self._tick = tick
        self._seen = seen
        self._closed = closed
        self._lock = threading.Lock()
        self._opened = False
        self.shows_text = False
        """Whether one of the views shows texts while they are written."""
        self._views: list[ViewNotifier] = []
        self._open_views: list[View] = []
        self._waits: list[Waited] = []
        self.questions = Questions(
            ask=ask, console=self._console, formed=self._formed, emit=record.emit
        )
        """What the work asks a person."""

    # --- what views ask ------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop the run."""
        self._cancel()

    def snapshot(self) -> Snapshot:
        """Return what there is to show now."""
        return self._record.snapshot(self._waited(), self.questions.pending())

    def answer(self, number: int, text: str) -> bool:
        """Answer a question; returns whether it was still open."""
        return self.questions.answer(number, text)

    def _waited(self) -> Waited | None:
        waits = self._waits.copy()
        waited: Waited | None = waits[0] if waits else None
        return "blocking" if "blocking" in waits else waited

    def _formed(self) -> bool:
        return any(view.takes_answers() for view in self._open_views)

    def _console(self) -> Console | None:
        if self._display is None:
            return None
        return self._display.console(self._waited(), form=self._formed())

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks, as far as they are known."""
        return self._record.labels()

    def detail(self, place: int) -> Detail | None:
        """Return one chunk or task; ``None`` where nothing can be told of it."""
        ask = self._detail
        return safely(lambda: ask(place)) if ask else None

    # --- views ---------------------------------------------------------------------------------

    @contextmanager
    def waited(self, how: Waited) -> Iterator[None]:
        """Show the run while somebody waits for it."""
        self.open()
        if threading.current_thread() is not threading.main_thread():
            yield  # cells run in the main thread; who else waits keeps no click from being handled
            return
        self._waits.append(how)
        try:
            yield
        finally:
            self._waits.remove(how)
            self.questions.look(leaving=True)

    def open(self, *, with_result: bool = False) -> bool:
        """Open the live view where the caller is, once, unless the run is over.

        Args:
            with_result: Show the result in the end. Whoever awaits a run shows it himself.

        Returns:
            Whether there is a live view now.
        """
        with self._lock:
            if self._display is None or not self._live or self._opened or self._ended.is_set():
                return bool(self._views) and not self._ended.is_set()
            self._opened = True
        # Not under a lock: a front end may take its time, and the work must go on telling.
        try:
            view = self._display.open(self)
        except Exception as error:  # noqa: BLE001  # the result matters more than its bar
            self._record.emit(Warned(f"no live view could be opened: {error!r}; the run goes on"))
            return False
        if view is not None:
            self._follow(view, with_result=with_result)
        return view is not None

    def embed(self) -> Any:
        """Make a live view as a widget, which in the end shows the result.

        Raises:
            InputError: if there is no display.
        """
        if self._display is None:
            raise InputError("this run was made without a display; it cannot be shown")
        view, widget = self._display.embed(self)
        self._follow(view, with_result=True)
        return widget

    def _follow(self, view: View, *, with_result: bool) -> None:
        result = self._result if with_result else lambda: None
        self.shows_text |= view.shows_text
        self._open_views.append(view)
        self._views.append(
            ViewNotifier(
                view,
                self.snapshot,
                self._ended,
                result,
                self._record.emit,
                self._tick,
                self._seen,
                self._closed,
            )
        )

    def told(self) -> list[threading.Event]:
        """Return what is set once the views have seen the end."""
        return [view.told for view in self._views]

    def settled(self) -> list[threading.Event]:
        """Return what is set once the views show the figures of the end."""
        return [view.settled for view in self._views]

    def bundle(self) -> dict[str, str] | None:
        """Render the run as it is now, by MIME type; ``None`` where it is not to be shown."""
        if self._display is None or not self._live:
            return None
        snapshot = self.snapshot()
        bundle = self._display.bundle(snapshot, self.title, self._result())
        if snapshot.state.outcome is not None:
            self._seen()
        return bundle
