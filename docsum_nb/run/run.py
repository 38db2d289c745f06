"""A run: work that is started, and can be awaited, blocked on, stopped, watched and displayed.

``execution`` carries the work out and decides the outcome; ``display`` shows it. Here is what a
user does with a run. CancelledError reaches an awaiting cell untranslated.
"""

from __future__ import annotations

import asyncio
import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

from docsum_nb.errors import InputError
from docsum_nb.events import Event, RunState
from docsum_nb.results import RunUsage, remember_crew
from docsum_nb.run.display import RunDisplay
from docsum_nb.run.execution import Execution
from docsum_nb.run.known_runs import find, keep_failed, know
from docsum_nb.run.loop_errors import explain_loop_errors
from docsum_nb.run.not_awaited import NotAwaited
from docsum_nb.run.progress import Duration
from docsum_nb.run.questions import AskPerson, checked_ask
from docsum_nb.run.recorder import Recorder
from docsum_nb.run.run_errors import progress_text, safely
from docsum_nb.run.threads import check_threads
from docsum_nb.run.tracebacks import shown_briefly
from docsum_nb.run.view import Display
from docsum_nb.run.waiting import HEARTBEAT_S, await_all, interruptible, terminable, wait_all
from docsum_nb.run.work import Control, Question, Work

__all__ = ["Run", "get_run"]

T = TypeVar("T")

_INTERRUPTED = "stopped, since what waited for it was interrupted"
_NOTIFY_S = 0.5
"""How long a finished run waits until its observer and views have the end, in seconds."""


class Run(NotAwaited, Generic[T]):
    """Work in progress. Made by ``summarize``, ``kickoff`` and ``start``; started on creation.

    ``await run`` in a cell or coroutine, ``run.result()`` anywhere else, or leave it in the
    background; all three may be done more than once, from any thread. Attribute access never waits.
    """

    def __init__(
        self,
        work: Work[T],
        *,
        title: str,
        deadline: float | None = None,
        settle_s: float = 0.0,
        on_event: Callable[[Event], object] | None = None,
        display: Display | None = None,
        show: bool = True,
        guest: bool = False,
        run_id: str | None = None,
        ask: AskPerson | None = None,
    ) -> None:
        check_threads()
        self.id = run_id or uuid.uuid4().hex[:12]
        self.title = title
        self._record = Recorder(self.id, on_event)
        self._execution: Execution[T] = Execution(
            work,
            self._record,
            run_id=self.id,
            title=title,
            deadline=_checked_deadline(deadline),
            settle_s=settle_s,
            guest=guest,
        )
        self._display = RunDisplay(self._execution, display, live=show, ask=checked_ask(ask))
        know(self)
        explain_loop_errors()
        self._execution.start(_RunControl(self._execution, self._display))

    # --- waiting -------------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, T]:
        """Wait in a coroutine or notebook cell. An interrupted or cancelled wait stops the run."""
        return self._wait_async().__await__()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result, blocking the calling thread.

        Args:
            timeout: Seconds to wait; ``None`` waits until the run ends. The run goes on after it.

        Returns:
            The result of the work.

        Raises:
            TimeoutError: if the run did not end within ``timeout``.
            InputError: if called on the loop thread of the package, which would wait for itself,
                or of a run that was going on when this process was forked.
            BaseException: the run's error, with its own type and traceback. A KeyboardInterrupt
                while waiting stops the run and is raised unchanged; SIGTERM raises SystemExit
                in a script's main thread.
        """
        if self._execution.loop.on_thread():
            raise InputError("result() would wait for itself here; write 'await run' instead")
        self._refuse_in_child()
        limit = math.inf if timeout is None else time.monotonic() + timeout
        try:
            with terminable(), self._display.waited("blocking"):
                while not self.done and (left := limit - time.monotonic()) > 0:
                    self._execution.completion.block(min(HEARTBEAT_S, left))
                    self._display.questions.look()
                if self.done:
                    wait_all(self._notified(), _NOTIFY_S)
        except (KeyboardInterrupt, SystemExit) as signal:
            self._execution.interrupt(type(signal))
            self._execution.errors.annotate(signal, _INTERRUPTED)
            self._in_cell(signal)
            raise
        if not self.done:
            raise TimeoutError(f"run {self.id} has not ended after {timeout} s; it goes on")
        return self._outcome()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait like ``result``, and return the run's error instead of raising it.

        Args:
            timeout: Seconds to wait; ``None`` waits until the run ends.

        Returns:
            The error, or ``None`` if the run succeeded.

        Raises:
            TimeoutError: if the run did not end within ``timeout``.
        """
        try:
            self.result(timeout)
        except BaseException as error:
            if error is self._execution.error:
                return error
            raise
        return None

    async def _wait_async(self) -> T:
        self._refuse_in_child()
        execution = self._execution
        try:
            with terminable(), interruptible(execution.interrupt), self._display.waited("awaiting"):
                while not await execution.completion.wait():
                    self._display.questions.look()
                await await_all(self._notified(), _NOTIFY_S)
        except asyncio.CancelledError as error:
            execution.cancel("the cell or task that awaited it was interrupted")
            execution.errors.annotate(error, _INTERRUPTED)
            self._in_cell(error)
            raise
        return self._outcome()

    def _refuse_in_child(self) -> None:
        if self._execution.process != os.getpid() and not self.done:
            raise InputError(
                f"run {self.id} goes on in process {self._execution.process}, of which this one "
                "was forked meanwhile; wait for it there, or start a run here"
            )

    def _notified(self) -> list[threading.Event]:
        return [*self._record.notified(), *self._display.end_shown()]

    def _outcome(self) -> T:
        execution = self._execution
        if execution.error is not None:
            execution.unretrieved.retrieved()
            # Raised many times, one exception would grow a longer traceback with each.
            raise self._in_cell(execution.error.with_traceback(execution.traceback))
        value: T = execution.value
        remember_crew(value, self.usage, self._record.state.warnings)
        return value

    def _in_cell(self, error: BaseException) -> BaseException:
        """Prepare an error for the cell that it is raised in; returns the error."""
        keep_failed(self)
        self._execution.errors.add_hint(error)
        return shown_briefly(error)

    def cancel(self, reason: str | None = None) -> bool:
        """Stop the run: nothing new is started, waiters get ``RunCancelled`` at once.

        Calls in flight of ``summarize`` may land for five seconds and are stored; then they are
        cancelled.

        Args:
            reason: The words of the error; ``None`` for "cancelled".

        Returns:
            Whether this call stopped it; ``False`` if it had ended before.
        """
        return self._execution.cancel(reason or "cancelled")

    # --- what has happened ---------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether there is an outcome: a result, an error or a cancellation."""
        return self._execution.done

    @property
    def state(self) -> RunState:
        """What has happened so far: counts of chunks, calls, tokens, cost, the outcome."""
        state = self._record.state
        if state.outcome is not None:
            self._execution.unretrieved.retrieved()
        return state

    @property
    def usage(self) -> RunUsage:
        """Calls, tokens and cost so far, a row for each task and agent of a crew.

        Of ``summarize``, a row for each stage; what each document took is in the result. Displays
        itself as a table; ``run.usage.to_frame()`` is one to work on.
        """
        return self._record.usage()

    @property
    def partial(self) -> Any:
        """What is finished so far: a ``Summary``; of a crew, the outputs of its tasks.

        ``None`` if the work has no parts, and before they are known.
        """
        return safely(self._execution.work.partial)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until nothing of the run is running any more, past its settle time; for tests.

        Args:
            timeout: Seconds to wait; ``None`` waits as long as it takes.

        Returns:
            Whether that was reached within ``timeout`` seconds.
        """
        ended = self._execution.closed.wait(timeout)
        if ended:
            wait_all(self._display.settled(), _NOTIFY_S)
        return ended

    @property
    def grace_s(self) -> float:
        """How long calls in flight may take to land once the run is stopped, in seconds."""
        return self._execution.settle_s

    def underway(self) -> tuple[str, ...]:
        """Return the names of the chunks, or tasks of a crew, that are in work now.

        Returns:
            What a slow run waits for, in input order; also what waits for its turn at the provider.
        """
        return tuple(self._record.underway())

    def timeline(self) -> tuple[Duration, ...]:
        """Return when each chunk, or task of a crew, was running, waiting or being retried.

        Returns:
            Stretches of time in one state, by chunk and then by time; those that have not ended
            end now. What came from the ledger takes none.
        """
        return self._record.spans()

    # --- showing -------------------------------------------------------------------------------

    def widget(self) -> Any:
        """Return a new live panel of the run, to put into a layout of your own.

        Returns:
            An ipywidgets ``VBox``. When the run is over, it holds the final state and the result.

        Raises:
            InputError: if the run was made without anything that could show it.
        """
        return self._display.embed()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self._display.open(with_result=True):
            display(self._display.bundle() or {"text/plain": repr(self)}, raw=True)

    def __repr__(self) -> str:
        state = self._record.state
        progress = progress_text(state)
        # asyncio.run(run) raises an error of Python's that shows this.
        wait = "for its result: await run, or run.result()"
        return f"<Run {self.id} {self.title!r}: {state.outcome or state.stage}{progress}; {wait}>"


def get_run(run_id: str) -> Run[Any]:
    """Return a run of this process by the id that its error names.

    For a run that no variable holds, since it was awaited as it was started: its ``partial``, its
    ``usage`` and its ``state``. A notebook keeps the last five runs whose error it has shown.

    Args:
        run_id: The id.

    Returns:
        The run, whether it has ended or not.

    Raises:
        InputError: if there is no such run here, or nothing holds it any more.
    """
    run: Run[Any] = find(run_id)
    return run


class _RunControl(Control):
    """What the work of a run is called with."""

    def __init__(self, execution: Execution[Any], display: RunDisplay) -> None:
        self.run_id = execution.run_id
        self._execution = execution
        self._display = display

    def emit(self, event: Event) -> None:
        self._execution.record.emit(event)

    def fail(self, error: BaseException) -> None:
        self._execution.stop(error)

    def stopped_by(self) -> BaseException | None:
        return self._execution.error

    def state(self) -> RunState:
        return self._execution.record.state

    def underway(self) -> tuple[str, ...]:
        return tuple(self._execution.record.underway())

    def watched(self) -> bool:
        return self._execution.record.observed or self._display.shows_text

    def when_stopped(self, call: Callable[[], object]) -> None:
        self._execution.record.when_stopped(call)

    def annotate(self, error: BaseException, doing: str, details: str = "") -> None:
        self._execution.errors.annotate(error, doing, details)

    def settled(self) -> None:
        self._execution.settled()

    def ask(self, question: Question, stopped: Callable[[], object | None]) -> str:
        return self._display.questions.ask(question, stopped)


def _checked_deadline(deadline: float | None) -> float | None:
    """Check a deadline, in seconds from the call.

    Raises:
        InputError: if it is no number above 0.
    """
    if deadline is None:
        return None
    if isinstance(deadline, bool) or not isinstance(deadline, int | float) or not deadline > 0:
        raise InputError(f"deadline is seconds from the call, more than 0, not {deadline!r}")
    return float(deadline)
