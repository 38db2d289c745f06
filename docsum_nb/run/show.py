"""Showing a run: the live views that are opened of it, and how it looks as it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import Event, Warned
from docsum_nb.run.tell import ViewTeller
from docsum_nb.run.view import Display, Shown, View, Waited

__all__ = ["Showing"]


class Showing:
    """The views of one run.

    Args:
        run: What is shown.
        display: How it can be shown; ``None`` for not at all.
        live: Whether to open a live view where somebody waits for the run.
        ended: Set when the run has its outcome.
        result: Returns the run's result; ``None`` without one.
        warn: Tells the run of a view that failed.
        tick: Called ten times a second while a view is open.
    """

    def __init__(
        self,
        run: Shown,
        display: Display | None,
        *,
        live: bool,
        ended: threading.Event,
        result: Callable[[], Any],
        warn: Callable[[Event], None],
        tick: Callable[[], object],
    ) -> None:
        self._run = run
        self._display = display
        self._live = live
        self._ended = ended
        self._result = result
        self._warn = warn
        self._tick = tick
        self._lock = threading.Lock()
        self._opened = False
        self._views: list[ViewTeller] = []
        self._waits: list[Waited] = []

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

    def how_waited(self) -> Waited | None:
        """Tell how the run is waited for; where in both ways, the one that blocks a thread."""
        waits = self._waits.copy()
        return "blocking" if "blocking" in waits else waits[0] if waits else None

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
            view = self._display.open(self._run)
        except Exception as error:  # noqa: BLE001  # the result matters more than its bar
            self._warn(Warned(f"no live view could be opened: {error!r}; the run goes on"))
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
        view, widget = self._display.embed(self._run)
        self._follow(view, with_result=True)
        return widget

    def _follow(self, view: View, *, with_result: bool) -> None:
        result = self._result if with_result else lambda: None
        self._views.append(
            ViewTeller(view, self._run.snapshot, self._ended, result, self._warn, self._tick)
        )

    def told(self) -> list[threading.Event]:
        """Return what is set once the views have seen the end."""
        return [view.told for view in self._views]

    def bundle(self) -> dict[str, str]:
        """Render the run as it is now, by MIME type."""
        if self._display is None or not self._live:
            return {"text/plain": repr(self._run)}
        return self._display.bundle(self._run.snapshot(), self._run.title, self._result())
