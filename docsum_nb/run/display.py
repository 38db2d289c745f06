"""Showing a run: its live views, and how it looks at a moment. A view never stops the work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import Warned
from docsum_nb.results import remember_crew, report_of
from docsum_nb.run.execution import UNSET, Execution
from docsum_nb.run.questions import AskPerson, Questions
from docsum_nb.run.run_errors import safely
from docsum_nb.run.view import Console, Display, Snapshot, View, Waited
from docsum_nb.run.work import Detail

__all__ = ["RunDisplay"]

_TICK_S = 0.1
_SETTLED_S = 60.0
"""How long a view waits for what is in flight; work that is stuck may never end."""


class RunDisplay:
    """The views of one run, and what they ask of it.

    Args:
        execution: The work of the run.
        display: How it can be shown; ``None`` for not at all.
        live: Whether to open a live view when the run is waited for.
        ask: What answers questions; ``None`` for the person before the screen.
    """

    def __init__(
        self,
        execution: Execution[Any],
        display: Display | None,
        *,
        live: bool,
        ask: AskPerson | None,
    ) -> None:
        self.title = execution.title
        self._execution = execution
        self._display = display
        self._live = live
        self._lock = threading.Lock()
        self._opened = False
        self.shows_text = False
        """Whether one of the views shows texts while they are written."""
        self._views: list[_LiveView] = []
        self._waits: list[Waited] = []
        self.questions = Questions(ask, self)
        """What the work asks a person."""

    # --- what views ask ------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop the run."""
        self._execution.cancel("cancelled")

    def snapshot(self) -> Snapshot:
        """Return what there is to show now."""
        return self._execution.record.snapshot(self._waited(), self.questions.pending())

    def answer(self, number: int, text: str) -> bool:
        """Answer a question; returns whether it was still open."""
        return self.questions.answer(number, text)

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks, as far as they are known."""
        return self._execution.record.labels()

    def detail(self, index: int) -> Detail | None:
        """Return one chunk or task; ``None`` if nothing is known of it."""
        detail = safely(partial(self._execution.work.detail, index))
        error = self._execution.record.error(index)
        return replace(detail or Detail(""), error=error) if error else detail

    # --- where a person can be asked -----------------------------------------------------------

    def console(self) -> Console | None:
        """Return where the person can be asked by text now; ``None`` if nowhere, or in a form.

        Raises:
            InputError: if there is no way to ask a person here.
        """
        if self._display is None:
            return None
        return self._display.console(self._waited(), form=self.has_form())

    def has_form(self) -> bool:
        """Return whether a form can be answered on the screen now."""
        return any(each.view.takes_answers() for each in self._views)

    def warn(self, message: str) -> None:
        """Report a warning of the run."""
        self._execution.record.emit(Warned(message))

    def _waited(self) -> Waited | None:
        waits = self._waits.copy()
        waited: Waited | None = waits[0] if waits else None
        return "blocking" if "blocking" in waits else waited

    # --- views ---------------------------------------------------------------------------------

    @contextmanager
    def waited(self, how: Waited) -> Iterator[None]:
        """Show the run while it is waited for."""
        self.open()
        if threading.current_thread() is not threading.main_thread():
            yield  # cells run in the main thread; other waits keep no click from being handled
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
            with_result: Show the result in the end. A cell that awaits a run shows it itself.

        Returns:
            Whether there is a live view now.
        """
        with self._lock:
            if self._display is None or not self._live or self._opened or self._execution.done:
                return bool(self._views) and not self._execution.done
            self._opened = True
        # Not under a lock: a front end may take its time, and the work must go on reporting.
        try:
            view = self._display.open(self)
        except Exception as error:  # noqa: BLE001  # the result matters more than its bar
            self.warn(f"no live view could be opened: {error!r}, which did not stop the run")
            return False
        if view is not None:
            self._follow(view, with_result=with_result)
        return view is not None

    def embed(self) -> Any:
        """Return a new widget with a live view, which in the end shows the result.

        Raises:
            InputError: if there is no display.
        """
        if self._display is None:
            raise InputError("this run was made without a display; it cannot be shown")
        view, widget = self._display.embed(self)
        self._follow(view, with_result=True)
        return widget

    def _follow(self, view: View, *, with_result: bool) -> None:
        self.shows_text |= view.shows_text
        self._views.append(_LiveView(view, self, self._execution, with_result=with_result))

    def end_shown(self) -> list[threading.Event]:
        """Return what is set once the views show the end."""
        return [view.end_shown for view in self._views]

    def settled(self) -> list[threading.Event]:
        """Return what is set once the views show the figures of the end."""
        return [view.settled for view in self._views]

    def bundle(self) -> dict[str, str] | None:
        """Render the run at this moment, by MIME type; ``None`` if it is not to be shown."""
        if self._display is None or not self._live:
            return None
        snapshot = self.snapshot()
        bundle = self._display.bundle(self, snapshot, _result_of(self._execution))
        if snapshot.state.outcome is not None:
            self._execution.unretrieved.retrieved()
        return bundle


class _LiveView:
    """Shows a view the newest snapshot, at most ten times a second, and the end.

    It has a thread of its own, so a front end that blocks does not hold up the work.
    """

    def __init__(
        self, view: View, shown: RunDisplay, execution: Execution[Any], *, with_result: bool
    ) -> None:
        self.view = view
        self.end_shown = threading.Event()
        self.settled = threading.Event()
        """Set once the view shows the figures of the end, which may come after ``end_shown``."""
        self._shown = shown
        self._execution = execution
        self._with_result = with_result
        threading.Thread(target=self._serve, name="docsum_nb-view", daemon=True).start()

    def _serve(self) -> None:
        try:
            while not self._execution.completion.reached.wait(_TICK_S):
                self.view.update(self._shown.snapshot())
            result = _result_of(self._execution) if self._with_result else None
            if self.view.close(self._shown.snapshot(), result):
                self._execution.unretrieved.retrieved()
            self.end_shown.set()
            self._amend()
        except BaseException as error:  # noqa: BLE001  # a broken view must not end the work
            self._shown.warn(f"the live view failed: {error!r}, which did not stop the run")
        finally:
            self.end_shown.set()
            self.settled.set()

    def _amend(self) -> None:
        """Show what calls that were in flight have changed since the end, if anything."""
        shown = self._shown.snapshot().state
        if shown.outcome != "done" and self._execution.closed.wait(_SETTLED_S):
            snapshot = self._shown.snapshot()
            if snapshot.state != shown:
                self.view.amend(snapshot)


def _result_of(execution: Execution[Any]) -> Any:
    """Return what is shown of the result; ``None`` if there is none."""
    value = execution.value
    if value is UNSET:
        return None
    remember_crew(value, execution.record.usage(), execution.record.state.warnings)
    return report_of(value) or value
