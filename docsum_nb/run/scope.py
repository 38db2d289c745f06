"""A part of a run that ends by itself: its own first error, or the stop of what is around it.

The part is known in the context: the code, threads and tasks that it starts belong to it. The
code that waits for a part has its outcome at once, although the part may still be blocked; asyncio
has nothing of a part to report as never retrieved. A call in flight in a thread cannot be killed.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from docsum_nb.run.threads import DAEMON_THREADS
from docsum_nb.run.work import Control, Stopping

__all__ = [
    "Scope",
    "blocks_a_loop",
    "cancelled_with",
    "current_scope",
    "is_on_a_loop",
    "leave_threads",
]

T = TypeVar("T")

_GRACE_S = 1.0
"""How long a cancelled part may take to end; only code that refuses to be cancelled needs it."""
_scope: contextvars.ContextVar[Scope | None] = contextvars.ContextVar(
    "docsum_nb_scope", default=None
)
_blocking: contextvars.ContextVar[bool] = contextvars.ContextVar(
    "docsum_nb_blocks_a_loop", default=False
)
"""Whether code of a loop blocks it until what is in this context has ended."""


class Scope:
    """A part of a run. Usable from any thread.

    Args:
        control: The run's.
        around: The part that this one belongs to; ``None`` for the run itself.
        work: What the part carries out, to be recognized by.
    """

    def __init__(self, control: Control, around: Scope | None = None, work: object = None) -> None:
        self.work = work
        self.begun = False
        """Whether the work has started; set by the work."""
        self.failures: list[Exception] = []
        """Errors that were collected instead of stopping the part."""
        self.error: BaseException | None = None
        """The part's own first error; ``None`` also if it is what is around it that was stopped."""
        self._traceback: Any = None
        self._control = control
        self._around = around
        self._lock = threading.Lock()
        self._calls: dict[Callable[[], object], None] = {}
        (control if around is None else around).when_stopped(self._wake)

    def stopped_by(self) -> BaseException | None:
        """Return the error that stops this part or what is around it; ``None`` while it goes on."""
        if self.error is not None:
            return self.error
        return (self._control if self._around is None else self._around).stopped_by()

    def check(self) -> None:
        """Raise ``Stopping`` if this part is to stop; call before anything that costs."""
        stopped = self.stopped_by()
        if stopped is not None:
            raise Stopping(f"nothing more is started here: {type(stopped).__name__}: {stopped}")

    def fail(self, error: BaseException) -> None:
        """Stop this part by its first error; later ones do nothing."""
        with self._lock:
            if self.error is not None:
                return
            self._traceback = error.__traceback__
            self.error = error
        self._wake()

    def when_stopped(self, call: Callable[[], object]) -> None:
        """Call something once, in any thread, when this part is stopped; at once if it is."""
        with self._lock:
            stopped = self.stopped_by() is not None
            if not stopped:
                self._calls[call] = None
        if stopped:
            call()

    def forget(self, call: Callable[[], object]) -> None:
        """Do not call it any more."""
        with self._lock:
            self._calls.pop(call, None)

    def _wake(self) -> None:
        with self._lock:
            calls = list(self._calls)
            self._calls.clear()
        for call in calls:
            call()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make the code in this context, and what it starts, belong to this part."""
        token = _scope.set(self)
        try:
            yield
        finally:
            _scope.reset(token)

    def _end(self) -> None:
        if self._around is not None:
            self._around.forget(self._wake)

    # --- work that is waited for ---------------------------------------------------------------

    def run(self, work: Callable[[], T]) -> T:
        """Call blocking work as this part, in a daemon thread, and wait for the outcome.

        Returns:
            What it returns.

        Raises:
            Stopping: if what is around this part was stopped meanwhile.
            BaseException: The part's first error, as soon as it happens.
        """
        context = contextvars.copy_context()
        blocking = blocks_a_loop() or is_on_a_loop()
        ended = threading.Event()
        working = DAEMON_THREADS.submit(context.run, self._called, work, blocking=blocking)
        working.add_done_callback(lambda _: ended.set())
        self.when_stopped(ended.set)
        try:
            ended.wait()
            # Work that a loop of its own runs may be cancelled first by what stopped this part.
            if self.error is None and (
                not working.done() or isinstance(working.exception(), asyncio.CancelledError)
            ):
                self.check()
            result = self._outcome(working)
        finally:
            self._end()
        _take_over(context)
        return result

    def _called(self, work: Callable[[], T], *, blocking: bool) -> T:
        token = _blocking.set(blocking)
        try:
            with self.entered():
                return work()
        finally:
            _blocking.reset(token)

    async def arun(self, work: Callable[[], Awaitable[T]]) -> T:
        """Await work as this part, in a task of its own on the running loop.

        Cancelled, it cancels the work.

        Returns:
            What it returns.

        Raises:
            Stopping: if what is around this part was stopped meanwhile.
            BaseException: The part's first error, as soon as it happens.
        """
        loop = asyncio.get_running_loop()
        leave_threads(loop)
        context = contextvars.copy_context()
        stopped = loop.create_future()

        def stop() -> None:
            # The loop may have ended, and the wait with it.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, stopped)

        working = loop.create_task(self._awaited(work), context=context)
        self.when_stopped(stop)
        try:
            await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if self.error is None and (not working.done() or working.cancelled()):
                self.check()
            # With an error, what is awaited in the work may be cancelled first, and it with that.
            result = self._outcome(working.result() if self.error is None else None)
        except asyncio.CancelledError:
            # Threads that the work has started see it by this, before they start anything.
            self.fail(Stopping("cancelled"))
            raise
        finally:
            self._end()
            if not working.done():
                working.cancel()
                await asyncio.wait({working}, timeout=_GRACE_S)
        _take_over(context)
        return result

    async def _awaited(self, work: Callable[[], Awaitable[T]]) -> Future[T]:
        """Await work; its error is in the future that is returned, so asyncio does not log it."""
        outcome: Future[T] = Future()
        with self.entered():
            try:
                outcome.set_result(await work())
            except asyncio.CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001  # raised again by the waiter
                outcome.set_exception(error)
        return outcome

    def _outcome(self, ended: Future[T] | None) -> T:
        """Return or raise how the work ended; its first error counts, however it went on."""
        if ended is not None and self.error is None:
            error = ended.exception()
            if error is None:
                return ended.result()
            self.fail(error)
        assert self.error is not None
        # It may be on its way through the work's own thread at this moment.
        raise self.error.with_traceback(self._traceback)


def current_scope() -> Scope | None:
    """Return the part of a run that the caller belongs to; ``None`` outside of one."""
    return _scope.get()


@contextmanager
def cancelled_with(scope: Scope) -> Iterator[None]:
    """Cancel the running asyncio task when a part of a run is stopped."""
    working = asyncio.current_task()
    assert working is not None
    loop = asyncio.get_running_loop()

    def cancel() -> None:
        # The loop may have ended, and the task with it.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(working.cancel)

    scope.when_stopped(cancel)
    try:
        yield
    finally:
        scope.forget(cancel)


def is_on_a_loop() -> bool:
    """Check whether a loop is running in the calling thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def blocks_a_loop() -> bool:
    """Check whether a loop is blocked, in another thread, until the caller's code has ended.

    Other work on that loop cannot end before: a wait for it would never end.
    """
    return _blocking.get()


def leave_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Make a loop end while threads of its pool are stuck; a pool that is in use stays."""
    # asyncio.run waits for the pool in the end, and calls in flight may never be answered.
    if getattr(loop, "_default_executor", None) is None:
        loop.set_default_executor(DAEMON_THREADS)


def _resolve(stopped: asyncio.Future[None]) -> None:
    if not stopped.done():
        stopped.set_result(None)


def _take_over(context: contextvars.Context) -> None:
    """Set the context variables that the work has set, as if it had run in this context."""
    for variable, value in context.items():
        if variable not in contextvars.copy_context() or variable.get() is not value:
            variable.set(value)
