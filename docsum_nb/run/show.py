"""Showing a run: one live view, opened once, and what a run looks like as it is now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from docsum_nb.events import Event, RunState, Warned
from docsum_nb.run.tell import ViewTeller
from docsum_nb.run.view import Display

__all__ = ["Showing"]


class _Shown(Protocol):
    """What is asked of a run that is shown."""

    title: str

    @property
    def state(self) -> RunState: ...

    @property
    def done(self) -> bool: ...

    def cancel(self, reason: str | None = None) -> bool: ...


class Showing:
    """The view of one run; without a display, it shows nothing."""

    def __init__(
        self,
        run: _Shown,
        display: Display | None,
        *,
        result: Callable[[], Any],
        warn: Callable[[Event], None],
        tick: Callable[[], object],
    ) -> None:
        self._run = run
        self._display = display
        self._result = result
        self._warn = warn
        self._tick = tick
        self._lock = threading.Lock()
        self._opened = False
        self.shows_text = False
        """Whether a live view shows texts while they are written."""
        self._view: ViewTeller | None = None

    def open(self, ended: threading.Event, *, with_result: bool = False) -> bool:
        """Open the live view where the caller is, once, unless the run is over.

        Args:
            ended: Set when the run has its outcome.
            with_result: Show the result in the end. Whoever awaits a run shows it himself.

        Returns:
            Whether there is a live view now.
        """
        with self._lock:
            if self._display is None or self._opened or self._run.done:
                return self._view is not None and not self._run.done
            self._opened = True
        # Not under a lock: a front end may take its time, and the work must go on telling.
        try:
            view = self._display.open(self._run.title, self._run.cancel)
        except Exception as error:  # noqa: BLE001  # the result matters more than its bar
            self._warn(Warned(f"no live view could be opened: {error!r}; the run goes on"))
            return False
        if view is not None:
            self.shows_text = view.shows_text
            result = self._result if with_result else lambda: None
            self._view = ViewTeller(
                view, lambda: self._run.state, ended, result, self._warn, self._tick
            )
        return view is not None

    def told(self) -> list[threading.Event]:
        """Return what is set once the view has seen the end."""
        return [self._view.told] if self._view is not None else []

    def bundle(self) -> dict[str, str]:
        """Render the run as it is now, by MIME type."""
        if self._display is None:
            return {"text/plain": repr(self._run)}
        return self._display.bundle(self._run.state, self._run.title, self._result())
