"""The work of a run on its loop: from its start until nothing of it runs any more.

The first of these becomes the outcome, and wakes all waiters at once: the work's value, its first
error, the deadline, a cancellation, an interrupt. After that nothing new is started; calls in
flight may land for the settle time, then they are cancelled.

One timer watches the deadline, in a thread of its own, so it holds although the loop may be stuck
in blocking code, and whether the run is waited for or not. A KeyboardInterrupt or SystemExit of the
work becomes ``WorkExited``: raised in a task, it would end a kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import threading
import time
import weakref
from types import TracebackType
from typing import Any, Generic, TypeVar

from docsum_nb.errors import DeadlineExceeded, RunCancelled, WorkExited
from docsum_nb.events import RunSettled
from docsum_nb.own_code import running_ipython
from docsum_nb.provider_errors import sanitized
from docsum_nb.run.frames import await_frames, describe_frame, own_frame, thread_frames
from docsum_nb.run.loop import before_exit, current_loop
from docsum_nb.run.recorder import Recorder
from docsum_nb.run.run_errors import RunErrors, ended_by, safely
from docsum_nb.run.scope import Scope, current_scope
from docsum_nb.run.shutdown import in_a_hurry
from docsum_nb.run.threads import DAEMON_THREADS, thread_of
from docsum_nb.run.tracing import span
from docsum_nb.run.unretrieved import UnretrievedError, report_before_exit
from docsum_nb.run.waiting import HEARTBEAT_S, Completion
from docsum_nb.run.work import Control, Location, Work

__all__ = ["UNSET", "Execution", "current_execution"]

T = TypeVar("T")

UNSET: Any = object()
"""Stands for the value of a run that has none yet."""
_STOP_S = 1.0
"""How long an interrupted wait waits until the run is stopped, which takes some milliseconds."""
_EXIT_GRACE_S = 2.0
"""How long the end of the process waits for a stopped run, beside its settle time."""
_EXIT_LOOK_S = 0.1
_outer: contextvars.ContextVar[Execution[Any] | None] = contextvars.ContextVar(
    "docsum_nb_run", default=None
)
"""The run in whose work the code is, through threads and loops that copy its context."""
_live: set[Execution[Any]] = set()
"""Those that are not over, kept alive here: loops hold their tasks weakly."""


class Execution(Generic[T]):
    """The work of one run. Usable from any thread.

    Args:
        work: What is carried out.
        record: Where it is recorded what happens.
        run_id: The run.
        title: What it is called.
        deadline: In seconds from now; ``None`` for none.
        settle_s: How long calls in flight may take to land once the run is stopped, in seconds.
        guest: Whether the work is the user's, which may block its loop.
    """

    def __init__(
        self,
        work: Work[T],
        record: Recorder,
        *,
        run_id: str,
        title: str,
        deadline: float | None,
        settle_s: float,
        guest: bool,
    ) -> None:
        self.work = work
        self.record = record
        self.run_id = run_id
        self.title = title
        self.settle_s = settle_s
        self.errors = RunErrors(run_id, title, record, work)
        self.unretrieved = UnretrievedError(run_id, title)
        self.value: Any = UNSET
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None
        """That of the error as it arrived; it grows each time that the error is raised."""
        self.completion = Completion()
        """Reached when there is an outcome."""
        self.closed = threading.Event()
        """Set when nothing of the run is in flight any more."""
        self.process = os.getpid()
        self._deadline = deadline
        self._expires_at = None if deadline is None else time.monotonic() + deadline
        self._timer: threading.Timer | None = None
        self._guest = guest
        self._task: asyncio.Task[None] | None = None
        self._inner: weakref.WeakSet[Execution[Any]] = weakref.WeakSet()
        self._refreshed = False
        self._left_behind = False
        """Whether the process ends although the run has not."""
        self._outer_title = ""
        self._part: Scope | None = None
        """The part of the outer run that this one belongs to."""
        self.loop = current_loop(guest=guest)

    @property
    def done(self) -> bool:
        """Whether there is an outcome: a result, an error or a cancellation."""
        return self.completion.reached.is_set()

    # --- the start -----------------------------------------------------------------------------

    def start(self, control: Control) -> None:
        """Start the work; returns at once.

        Args:
            control: What the work is called with.
        """
        self._set_timer()
        _live.add(self)
        self._belong_to(_outer.get(), current_scope())
        context = contextvars.copy_context()
        while not self.loop.start(self._launch, control, context):
            self.loop = current_loop(guest=self._guest)

    def _set_timer(self) -> None:
        if self._expires_at is None:
            return
        seconds = max(0.0, self._expires_at - time.monotonic())
        if seconds < threading.TIMEOUT_MAX:  # weeks or centuries; Python cannot wait longer
            self._timer = threading.Timer(seconds, self._end_at_deadline)
            self._timer.name = "docsum_nb-deadline"
            self._timer.daemon = True
            self._timer.start()

    def _belong_to(self, outer: Execution[Any] | None, part: Scope | None) -> None:
        """Make sure that this run is stopped with the one in whose work it was started."""
        if outer is None:
            return
        self._outer_title = outer.title
        if part is not None:
            # A crew of the outer run that fails stops what it has started.
            self._part = part
            part.when_stopped(self._stop_with_outer)
        with outer.record.lock:
            outer._inner.add(self)
            error = outer.error
        if error is not None:
            self._stop_with_outer()

    def _launch(self, control: Control, context: contextvars.Context) -> None:
        if self.done:
            self._close()
            return
        self._task = self.loop.loop.create_task(self._main(control), context=context)
        self._task.add_done_callback(lambda task: self._close())

    async def _main(self, control: Control) -> None:
        _outer.set(self)
        try:
            with span(f"docsum_nb {self.title}", {"docsum_nb.run_id": self.run_id}):
                value = await self.work(control)
            self._conclude(value=value)
        except asyncio.CancelledError as error:
            # Without a stop of ours, the work cancelled itself: that must not look like success.
            self._conclude(error=self._exited("was cancelled from within", error))
        except Exception as error:  # noqa: BLE001  # every error belongs to the waiter
            self._conclude(error=error)
        except BaseException as error:  # noqa: BLE001  # see the module's docstring
            self._conclude(error=self._exited(f"raised {error!r}", error))

    def _exited(self, how: str, cause: BaseException) -> WorkExited:
        exited = self.errors.create(WorkExited, f"the work {how}")
        exited.__cause__ = cause
        return exited

    # --- the outcome ---------------------------------------------------------------------------

    def cancel(self, reason: str) -> bool:
        """Stop the run with ``RunCancelled``; returns whether this call stopped it."""
        return self.stop(self.errors.create(RunCancelled, reason))

    def interrupt(self, by: type[BaseException] = KeyboardInterrupt) -> None:
        """Stop the run because a signal interrupted a wait for it."""
        reason = f"interrupted ({by.__name__})"
        # In a thread, which a second Ctrl-C of somebody in a hurry does not reach. This call may
        # hold a lock that the thread needs, so it does not wait for ever.
        try:
            stopping = DAEMON_THREADS.submit(self.cancel, reason)
        except RuntimeError:  # no thread can be started
            self.cancel(reason)
            return
        with contextlib.suppress(TimeoutError):
            stopping.result(_STOP_S)

    def stop(self, error: BaseException) -> bool:
        """Make an error the outcome and stop the work; returns whether this call did it."""
        if not self._conclude(error=error):
            return False
        # The work may be over at this very moment, and its loop with it.
        with contextlib.suppress(RuntimeError):
            self.loop.loop.call_soon_threadsafe(self._cancel_task)
        return True

    def _cancel_task(self) -> None:
        task = self._task
        if task is None or task.done():
            return
        if self.settle_s:
            self.loop.loop.call_later(self.settle_s, task.cancel)
        else:
            task.cancel()

    def _stop_with_outer(self) -> None:
        self.cancel(f"stopped with the run {self._outer_title!r} that it belongs to")

    def leave_behind(self) -> None:
        """Stop the run because the process ends.

        In a script that is logged as an error, unless something waits for the run: its work is
        lost without a word otherwise.
        """
        has_waiter = self._outer_title or self.completion.is_waited_for
        self._left_behind = not has_waiter and running_ipython() is None
        self.cancel("the process is ending")

    def _end_at_deadline(self) -> None:
        """Stop the run; called in the timer's thread."""
        if self.done:
            return
        if self.loop.responds(2 * HEARTBEAT_S):
            location = safely(self.work.location) or safely(self._innermost_await)
            location = location or Location("at a place that is not known")
        else:
            location = Location(f"stuck in {self.loop.where()}")
        what = f"the deadline of {self._deadline:g} s passed, {location.text}"
        self.stop(self.errors.create(DeadlineExceeded, what, location))

    def _innermost_await(self) -> Location:
        """Return the innermost line of the user's own code that the task waits in."""
        if self._task is None:
            return Location("before it began")
        thread = thread_of(self._task)
        frames = thread_frames(thread) if thread else await_frames(self._task.get_coro())
        frame = own_frame(frames)
        return Location(f"in {describe_frame(frame)}" if frame else "as it ended")

    def _conclude(self, *, value: Any = UNSET, error: BaseException | None = None) -> bool:
        """Set the outcome unless there is one, and wake all waiters."""
        if error is not None:
            sanitized(error)
        ended = ended_by(error)
        with self.record.lock:
            if self.done:
                return False
            self.value, self.error = value, error
            self.traceback = error.__traceback__ if error else None
            if error is not None and (self._left_behind or not isinstance(error, RunCancelled)):
                self.unretrieved.keep(error)
            try:
                self.record.emit(ended)
            finally:
                self.completion.reached.set()
            inner = list(self._inner)
        if error is not None:
            for run in inner:
                run._stop_with_outer()
        self.completion.wake_all()
        return True

    # --- the end -------------------------------------------------------------------------------

    def settled(self) -> None:
        """Bring the run's errors up to date: nothing is in flight any more."""
        error = self.error
        if self._refreshed:
            return
        safely(self.errors.refresh)
        if error is None:
            return
        self._refreshed = True
        sanitized(error)
        ended = ended_by(error)
        if ended.error != self.record.state.error:
            self.record.emit(RunSettled(ended.error))

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.settled()
        if self._part is not None:
            self._part.forget(self._stop_with_outer)
        self.record.end()
        _live.discard(self)
        self.closed.set()


def _stop_all() -> None:
    """Stop all runs, and wait for paid answers to land, for as long as in a notebook."""
    runs = list(_live)
    for run in runs:
        run.leave_behind()
    began = time.monotonic()
    for run in runs:
        give_up = began + run.settle_s + _EXIT_GRACE_S
        while not in_a_hurry() and (left := give_up - time.monotonic()) > 0:
            if run.closed.wait(min(left, _EXIT_LOOK_S)):
                break


before_exit(stop=_stop_all)
before_exit(stop=report_before_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_live.clear)


def current_execution() -> Execution[Any] | None:
    """Return the run in whose work the code is; ``None`` outside of a run."""
    return _outer.get()
