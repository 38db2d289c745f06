"""A run: work that is started, and can be awaited, blocked on, stopped, watched and displayed.

The work lives on the package's loop thread. The first of these becomes the outcome, and is seen at
once: the work's value, its first error, the deadline, a cancellation, an interrupt. After that
nothing new is started; calls in flight may land for the settle time, then they are cancelled.

Whoever waits also watches the deadline, so it holds although the loop may be stuck in blocking
code. CancelledError reaches an awaiting cell untranslated. A KeyboardInterrupt or SystemExit of the
work becomes ``WorkExited``: raised in a task, it would end a kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import math
import os
import threading
import time
import uuid
import weakref
from collections.abc import Awaitable, Callable, Generator
from typing import Any, Generic, TypeVar

from docsum_nb.errors import DeadlineExceeded, InputError, RunCancelled, WorkExited
from docsum_nb.events import Event, RunSettled, RunState
from docsum_nb.provider_errors import sanitized
from docsum_nb.results import RunUsage
from docsum_nb.run.control import Control, Location
from docsum_nb.run.deadline_timer import DeadlineTimer
from docsum_nb.run.display import RunDisplay
from docsum_nb.run.early_end import EarlyEnd, innermost_await, progress
from docsum_nb.run.endings import how_it_ended, positive_seconds, safely
from docsum_nb.run.live_runs import keep, let_go
from docsum_nb.run.loop import DAEMON_THREADS, current_loop
from docsum_nb.run.monkey_patches import check_threads
from docsum_nb.run.notify import told_all, wait_told
from docsum_nb.run.progress import Duration
from docsum_nb.run.questions import AskPerson, checked_ask
from docsum_nb.run.recorder import Recorder
from docsum_nb.run.scope import Scope, current_scope
from docsum_nb.run.signals import interruptible, terminable
from docsum_nb.run.tracebacks import shown_briefly
from docsum_nb.run.tracing import span
from docsum_nb.run.unretrieved import UnseenError
from docsum_nb.run.view import Detail, Display
from docsum_nb.run.waiting import HEARTBEAT_S, Completion

__all__ = ["Run"]

T = TypeVar("T")

_UNSET: Any = object()
_STOP_S = 1.0
"""How long an interrupted wait waits until the run is stopped, which takes some milliseconds."""
_outer: contextvars.ContextVar[Run[Any] | None] = contextvars.ContextVar(
    "docsum_nb_run", default=None
)
"""The run in whose work the code is, through threads and loops that copy its context."""


class Run(Generic[T]):
    """Work in progress. Made by ``summarize``, ``kickoff`` and ``start``; started on creation.

    ``await run`` in a cell or coroutine, ``run.result()`` anywhere else, or leave it in the
    background; all three may be done more than once, from any thread. Attribute access never waits.
    """

    def __init__(
        self,
        work: Callable[[Control], Awaitable[T]],
        *,
        title: str,
        deadline: float | None = None,
        settle_s: float = 0.0,
        partial_result: Callable[[], Any] | None = None,
        kept: Callable[[], str] | None = None,
        whereabouts: Callable[[], Location | None] | None = None,
        detail: Callable[[int], Detail | None] | None = None,
        on_event: Callable[[Event], object] | None = None,
        display: Display | None = None,
        show: bool = True,
        guest: bool = False,
        run_id: str | None = None,
        ask: AskPerson | None = None,
    ) -> None:
        check_threads()
        self._process = os.getpid()
        self.id = run_id or uuid.uuid4().hex[:12]
        self.title = title
        self._deadline = positive_seconds("deadline", deadline)
        self._expires_at = None if deadline is None else time.monotonic() + deadline
        self._settle_s = settle_s
        self._partial = partial_result
        self._place = whereabouts or (lambda: None)
        self._record = Recorder(self.id, on_event)
        self._early = EarlyEnd(
            self.id,
            title,
            state=lambda: self._record.state,
            partial=lambda: self.partial,
            kept=kept,
        )
        self._value: Any = _UNSET
        self._error: BaseException | None = None
        self._traceback: Any = None
        self._completed = False
        """Whether the error has the figures of the end."""
        self._unseen = UnseenError(self.id, title)
        self._bell = Completion(self._beat)
        self._closed = threading.Event()
        self._alarm: DeadlineTimer | None = None
        self._task: asyncio.Task[None] | None = None
        self._showing = RunDisplay(
            title,
            self._record,
            display,
            live=show,
            ended=self._bell.rung,
            cancel=self.cancel,
            detail=detail,
            result=self._finished_value,
            tick=self._watch_deadline,
            seen=self._unseen.seen,
            ask=checked_ask(ask),
            closed=self._closed,
        )
        self._inner: weakref.WeakSet[Run[Any]] = weakref.WeakSet()
        self._leave: Callable[[], None] = lambda: None
        """Ends that this run is stopped with a part of the one around it."""
        self._control = Control(
            self.id,
            self._record.emit,
            self._stop,
            lambda: self._error,
            lambda: self._record.state,
            lambda: self._record.observed or self._showing.shows_text,
            self._record.when_stopped,
            self._settled,
            self._showing.questions.ask,
        )
        self._home = current_loop(guest=guest)
        keep(self)
        if self._expires_at is not None:
            self._alarm = DeadlineTimer(self._expires_at, self._watch_deadline)
        self._belong_to(_outer.get(), current_scope())
        context = contextvars.copy_context()
        while not self._home.begin(self._launch, work, context):
            self._home = current_loop(guest=guest)

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
                while waiting stops the run and is raised as it is; SIGTERM raises SystemExit in a
                script's main thread.
        """
        if self._home.on_thread():
            raise InputError("result() would wait for itself here; write 'await run' instead")
        self._refuse_in_child()
        limit = math.inf if timeout is None else time.monotonic() + timeout
        try:
            with terminable(), self._showing.waited("blocking"):
                self._bell.block(limit)
        except (KeyboardInterrupt, SystemExit) as signal:
            self._interrupt(type(signal))
            self._early.annotate(signal)
            shown_briefly(signal)
            raise
        if not self.done:
            raise TimeoutError(f"run {self.id} has not ended after {timeout} s; it goes on")
        wait_told(self._told())
        return self._outcome()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait like ``result``, and return the run's error instead of raising it.

        Args:
            timeout: Seconds to wait; ``None`` waits until the run ends.

        Returns:
            The error, or ``None`` where the run succeeded.

        Raises:
            TimeoutError: if the run did not end within ``timeout``.
        """
        try:
            self.result(timeout)
        except BaseException as error:
            if error is self._error:
                return error
            raise
        return None

    async def _wait_async(self) -> T:
        self._refuse_in_child()
        try:
            with terminable(), interruptible(self._interrupt), self._showing.waited("awaiting"):
                await self._bell.wait()
                await told_all(self._told())
        except asyncio.CancelledError as error:
            self._stop(self._cancelled("the cell or task that awaited it was interrupted"))
            self._early.annotate(error)
            shown_briefly(error)
            raise
        return self._outcome()

    def _refuse_in_child(self) -> None:
        if self._process != os.getpid() and not self.done:
            raise InputError(
                f"run {self.id} goes on in process {self._process}, of which this one was forked "
                "meanwhile; wait for it there, or start a run here"
            )

    def _told(self) -> list[threading.Event]:
        return [*self._record.told(), *self._showing.told()]

    def _outcome(self) -> T:
        if self._error is not None:
            self._unseen.seen()
            # Raised many times, one exception would grow a longer traceback with each.
            raise shown_briefly(self._error.with_traceback(self._traceback))
        value: T = self._value
        return value

    # --- stopping ------------------------------------------------------------------------------

    def cancel(self, reason: str | None = None) -> bool:
        """Stop the run: nothing new is started, waiters get ``RunCancelled`` at once.

        Calls in flight of ``summarize`` may land for five seconds and are stored; then they are
        cancelled.

        Args:
            reason: What the error is to say; ``None`` for "cancelled".

        Returns:
            Whether this call stopped it; ``False`` where it had ended before.
        """
        return self._stop(self._cancelled(reason or "cancelled"))

    def _interrupt(self, by: type[BaseException] = KeyboardInterrupt) -> None:
        def stop() -> None:
            self._stop(self._cancelled(f"interrupted ({by.__name__})"))

        # In a thread: a second Ctrl-C, which whoever is in a hurry presses, leaves it alone. This
        # one may hold a lock that the other needs, so it does not wait for ever.
        try:
            stopping = DAEMON_THREADS.submit(stop)
        except RuntimeError:  # no thread is to be had
            stop()
            return
        with contextlib.suppress(TimeoutError):
            stopping.result(_STOP_S)

    def _cancelled(self, reason: str) -> RunCancelled:
        return self._early.error(RunCancelled, reason)

    def _stop(self, error: BaseException) -> bool:
        if not self._conclude(error=error):
            return False
        # The work may be over at this very moment, and its loop with it.
        with contextlib.suppress(RuntimeError):
            self._home.loop.call_soon_threadsafe(self._settle)
        return True

    def _belong_to(self, outer: Run[Any] | None, part: Scope | None) -> None:
        if outer is None:
            return
        if part is not None:
            # A crew of the outer run that fails takes along what it has started.
            stop = functools.partial(self._stop_with, outer)
            part.when_stopped(stop)
            self._leave = functools.partial(part.forget, stop)
        with outer._record.lock:
            outer._inner.add(self)
            error = outer._error
        if error is not None:
            self._stop_with(outer)

    def _stop_with(self, outer: Run[Any]) -> None:
        self._stop(self._cancelled(f"stopped with the run {outer.title!r} that it belongs to"))

    def _settle(self) -> None:
        task = self._task
        if task is None or task.done():
            return
        if self._settle_s:
            self._home.loop.call_later(self._settle_s, task.cancel)
        else:
            task.cancel()

    def _beat(self) -> None:
        """Look after the run, which a thread that waits for it does now and then."""
        self._watch_deadline()
        self._showing.questions.look()

    def _watch_deadline(self) -> None:
        if self._expires_at is None or time.monotonic() < self._expires_at or self.done:
            return
        if self._home.responds(2 * HEARTBEAT_S):
            place = safely(self._place) or safely(lambda: innermost_await(self._task))
            place = place or Location("somewhere that cannot be told")
        else:
            place = Location(f"stuck in {self._home.where()}")
        what = f"the deadline of {self._deadline:g} s passed, {place.text}"
        self._stop(self._early.error(DeadlineExceeded, what, place))

    # --- what has happened ---------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether there is an outcome: a result, an error or a cancellation."""
        return self._bell.rung.is_set()

    @property
    def state(self) -> RunState:
        """What has happened so far: counts of chunks, calls, tokens, cost, the outcome."""
        state = self._record.state
        if state.outcome is not None:
            self._unseen.seen()
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

        ``None`` where the work has no parts, and before they are known.
        """
        return safely(self._partial) if self._partial else None

    def join(self, timeout: float | None = None) -> bool:
        """Wait until nothing of the run is left running, past its settle time; for tests and exits.

        Args:
            timeout: Seconds to wait; ``None`` waits as long as it takes.

        Returns:
            Whether that was so within ``timeout`` seconds.
        """
        ended = self._closed.wait(timeout)
        if ended:
            wait_told(self._showing.settled())
        return ended

    @property
    def grace_s(self) -> float:
        """How long what is in flight may take to land once the run is stopped, in seconds."""
        return self._settle_s

    def underway(self) -> tuple[str, ...]:
        """Name the chunks, or tasks of a crew, that are in work now: what a slow run waits for.

        Returns:
            Their names, in input order; those that wait for their turn at the provider included.
        """
        return tuple(self._record.underway())

    def timeline(self) -> tuple[Duration, ...]:
        """List when each chunk, or task of a crew, was running, waiting or being retried.

        Returns:
            Stretches of time in one state, by chunk and then by time; those that have not ended
            end now. What came from the ledger takes none.
        """
        return self._record.spans()

    # --- the work ------------------------------------------------------------------------------

    def _launch(
        self, work: Callable[[Control], Awaitable[T]], context: contextvars.Context
    ) -> None:
        if self.done:
            self._close()
            return
        self._task = self._home.loop.create_task(self._main(work), context=context)
        self._task.add_done_callback(lambda task: self._close())

    def _close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._settled()
        self._leave()
        self._record.end()
        self._closed.set()
        let_go(self)

    def _settled(self) -> None:
        """Complete the error by the figures of the end: nothing is in flight any more."""
        error = self._error
        if error is None or self._completed:
            return
        self._completed = True
        safely(self._early.refresh)
        sanitized(error)
        ended = how_it_ended(error)
        if ended.error != self._record.state.error:
            self._record.emit(RunSettled(ended.error))

    async def _main(self, work: Callable[[Control], Awaitable[T]]) -> None:
        _outer.set(self)
        try:
            with span(f"docsum_nb {self.title}", {"docsum_nb.run_id": self.id}):
                value = await work(self._control)
            self._conclude(value=value)
        except asyncio.CancelledError as error:
            # Without a stop of ours, the work cancelled itself: that must not look like success.
            self._conclude(error=self._exited("was cancelled from within", error))
        except Exception as error:  # noqa: BLE001  # every error belongs to the waiter
            self._conclude(error=error)
        except BaseException as error:  # noqa: BLE001  # see the module's docstring
            self._conclude(error=self._exited(f"raised {error!r}", error))

    def _exited(self, how: str, cause: BaseException) -> WorkExited:
        exited = self._early.error(WorkExited, f"the work {how}")
        exited.__cause__ = cause
        return exited

    def _conclude(self, *, value: Any = _UNSET, error: BaseException | None = None) -> bool:
        """Set the outcome unless there is one; tell everybody."""
        if error is not None:
            sanitized(error)
        ended = how_it_ended(error)
        with self._record.lock:
            if self.done:
                return False
            self._value, self._error = value, error
            self._traceback = error.__traceback__ if error else None
            if error is not None and not isinstance(error, RunCancelled):
                self._unseen.failed(error)
            try:
                self._record.emit(ended)
            finally:
                self._bell.rung.set()
            inner = list(self._inner)
        if error is not None:
            for run in inner:
                run._stop_with(self)
        self._bell.wake_all()
        return True

    # --- showing -------------------------------------------------------------------------------

    def _finished_value(self) -> T | None:
        return None if self._value is _UNSET else self._value

    def widget(self) -> Any:
        """Make a live panel of the run to put into a layout of your own.

        Returns:
            An ipywidgets ``VBox``. When the run is over, it holds the final state and the result.

        Raises:
            InputError: if the run was made without anything that could show it.
        """
        return self._showing.embed()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self._showing.open(with_result=True):
            display(self._showing.bundle() or {"text/plain": repr(self)}, raw=True)

    def __repr__(self) -> str:
        state = self._record.state
        return f"<Run {self.id} {self.title!r}: {state.outcome or state.stage}{progress(state)}>"
