"""The one event loop of the process, on one daemon thread.

All asynchronous work of the package lives there, so that clients bound to a loop stay valid when a
cell is run twice, and the kernel's own loop is never patched, nested or blocked.

A loop that no longer answers (a coroutine sits in blocking code) is left to itself and replaced:
the next run gets a new one. A thread cannot be killed; it is a daemon, so it cannot keep the
process alive either. Once free, a loop of guests that was left ends when its last run is over. In a
forked child the loop is made anew.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import contextvars
import functools
import gc
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from docsum_nb.errors import WorkExited
from docsum_nb.run.frames import describe_frame, own_frame, thread_frames
from docsum_nb.run.shutdown import (
    forget_stuck_workers,
    in_a_hurry,
    leave_python,
    quiet_interrupts,
)

__all__ = [
    "DAEMON_THREADS",
    "LoopThread",
    "before_exit",
    "current_loop",
    "in_thread",
    "thread_of",
]

P = ParamSpec("P")
R = TypeVar("R")

_ANSWER_S = 1.0
"""A loop that takes longer than this to answer is taken for stuck when a new run starts."""
_HURRIED_S = 0.2
"""How long the end of the process waits for loops after a second Ctrl-C."""
_LOOP_NAME = "docsum_nb-loop"
_LITELLM_LOGGING = "LoggingWorker._worker_loop"


class _DaemonThreads(ThreadPoolExecutor):
    """Runs each call in a daemon thread of its own.

    The standard pool joins its threads when the interpreter ends, so one call that never returns
    would keep a script from ending; and it holds only a handful of threads.
    """

    name = "docsum_nb-work"

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            tell: Callable[[], None]
            try:
                tell = functools.partial(future.set_result, fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # the waiter decides what to do with it
                tell = functools.partial(future.set_exception, error)
            # Whoever waits may have gone, and its loop with it, as the process ends.
            with contextlib.suppress(RuntimeError, InvalidStateError):
                tell()

        try:
            threading.Thread(target=call, name=self.name, daemon=True).start()
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            # From Python 3.12 on, no thread can be started once the process is ending; what is
            # left to do then, such as storing the last answers, is short.
            call()
        return future

    def shutdown(self, *_: Any, **__: Any) -> None:
        """Do nothing: an event loop that ends shuts its pool down, and others use this one."""


DAEMON_THREADS = _DaemonThreads()
"""Runs what blocks; nothing waits for it when the process ends."""


class LoopThread:
    """An event loop that runs for ever on a daemon thread."""

    def __init__(self, *, guest: bool = False) -> None:
        self.loop = asyncio.new_event_loop()
        if not guest:
            self.loop.set_exception_handler(_complain)
        self.loop.set_default_executor(DAEMON_THREADS)
        self._gate = threading.Lock()
        self._beginning = 0
        self._over = False
        self._thread = threading.Thread(target=self._serve, name=_LOOP_NAME, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        while True:
            try:
                self.loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                # A task of the user's raised it; asyncio lets these two out of the loop. The task
                # has kept it for its waiter, and all other work must go on.
                continue
            break
        if self._over:
            self.loop.close()
            with _lock:
                _left.remove(self)

    def begin(self, work: Callable[..., object], *args: Any) -> bool:
        """Have the loop call something that begins a run.

        Returns:
            Whether it will; ``False`` where the loop has ended.
        """
        with self._gate:
            if not self._over:
                self._beginning += 1
                self.loop.call_soon_threadsafe(self._begun, work, *args)
            return not self._over

    def _begun(self, work: Callable[..., object], *args: Any) -> None:
        work(*args)
        with self._gate:
            self._beginning -= 1

    def end_when_free(self) -> None:
        """Let the loop end once nothing runs on it any more; it may be stuck now."""
        self.loop.call_soon_threadsafe(self._end_if_free)

    def _end_if_free(self) -> None:
        with self._gate:
            tasks = asyncio.all_tasks(self.loop)
            servants = {each for each in tasks if _serves_for_ever(each)}
            self._over = not self._beginning and tasks == servants
        if self._over:
            for each in servants:
                each.cancel()
            self.loop.call_soon(self.loop.stop)  # behind what the cancellation does
        else:
            self.loop.call_later(_ANSWER_S, self._end_if_free)

    def on_thread(self) -> bool:
        """Check whether the caller is on the loop's own thread."""
        return threading.current_thread() is self._thread

    def responds(self, within: float) -> bool:
        """Check whether the loop gets round to a callback within so many seconds."""
        if self.on_thread():
            return True
        answered = threading.Event()
        self.loop.call_soon_threadsafe(answered.set)
        return answered.wait(within)

    def where(self) -> str:
        """Name the function and line at which the loop's thread is now."""
        frame = own_frame(thread_frames(self._thread.ident))
        return describe_frame(frame) if frame else "a thread that has ended"

    def close(self, grace: float) -> None:
        """Run the closers, then stop the loop; takes at most ``grace`` seconds."""

        async def close_all() -> None:
            await asyncio.gather(*(closer() for closer in _closers), return_exceptions=True)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            # A task that is still pending when it is dropped is complained of on stderr.
            await asyncio.gather(*left, return_exceptions=True)
            self.loop.stop()

        asyncio.run_coroutine_threadsafe(close_all(), self.loop)
        self._thread.join(grace)


def _serves_for_ever(task: asyncio.Task[Any]) -> bool:
    """Return whether a task is LiteLLM's that writes its logs, which ends with the process."""
    return getattr(task.get_coro(), "__qualname__", "") == _LITELLM_LOGGING


def _complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # LiteLLM forgets its clients after an hour, or beyond 200 of them, and leaves closing them to
    # the garbage collector. It says so on stderr, below whatever cell runs then.
    if "client_session" not in context and "connector" not in context:
        loop.default_exception_handler(context)


_loops: dict[bool, LoopThread] = {}
_left: list[LoopThread] = []
"""Loops that were stuck once; they may have come free since."""
_lock = threading.Lock()
_stoppers: list[Callable[[], object]] = []
_closers: list[Callable[[], Awaitable[object]]] = []


def current_loop(*, guest: bool = False) -> LoopThread:
    """Return the process's loop, made anew where there is none that answers.

    Args:
        guest: The loop for users' own coroutines, which may block it; model work has its own.
    """
    with _lock:
        found = _loops.get(guest)
    # Not under the lock: a coroutine on that loop may be waiting for it to start a run itself.
    if found is not None and found.responds(_ANSWER_S):
        return found
    with _lock:
        if found is not None and _loops.get(guest) is found:
            _left.append(_loops.pop(guest))
            if guest:
                # Clients of models stay bound to the other one, which is closed at the very end.
                found.end_when_free()
        if guest not in _loops:
            _loops[guest] = LoopThread(guest=guest)
        return _loops[guest]


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _loops.clear()
    _left.clear()


def before_exit(
    *,
    stop: Callable[[], object] | None = None,
    close: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Have something done when the process ends, before any library takes its clients down.

    Args:
        stop: Called first, in the main thread.
        close: Awaited then on every loop; all of it takes a second at most.
    """
    if stop is not None:
        _stoppers.append(stop)
    if close is not None:
        _closers.append(close)


def _at_exit() -> None:
    quiet_interrupts()
    for stop in _stoppers:
        stop()
    give_up = time.monotonic() + (_HURRIED_S if in_a_hurry() else _ANSWER_S)
    for thread in [*_loops.values(), *_left]:
        thread.close(grace=max(0.0, give_up - time.monotonic()))
    leave_python((DAEMON_THREADS.name, _LOOP_NAME))
    forget_stuck_workers(DAEMON_THREADS.name)
    if _loops:
        # As it ends, Python searches all objects for garbage several times. With CrewAI and
        # LiteLLM loaded that takes seconds, more than is left of the time a scheduler grants.
        gc.freeze()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
# Exit handlers of the atexit module come too late: libraries registered theirs after ours. The hook
# that concurrent.futures uses comes first; it has no public name.
getattr(threading, "_register_atexit", atexit.register)(_at_exit)


_calls: dict[asyncio.Task[Any], int] = {}
"""From a task that waits for a thread to that thread, while it does."""


def thread_of(task: asyncio.Task[Any]) -> int | None:
    """Return the thread that a task waits for in ``in_thread``; ``None`` where it does not."""
    return _calls.get(task)


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function in a daemon thread and wait for it.

    Context variables are those of the caller. When the waiting task is cancelled, the thread is
    left to finish by itself and its result is dropped.

    Raises:
        WorkExited: if the function raised something that must not reach an event loop, such as
            SystemExit, KeyboardInterrupt or StopIteration. Any other error is raised as it is.
    """
    context = contextvars.copy_context()
    waiting = asyncio.current_task()

    def caught() -> tuple[R | None, BaseException | None]:
        # Not every error may pass through a future: asyncio refuses StopIteration there.
        if waiting is not None:
            _calls[waiting] = threading.get_ident()
        try:
            return context.run(function, *args, **kwargs), None
        except BaseException as error:  # noqa: BLE001  # raised again by the waiter
            return None, error
        finally:
            _calls.pop(waiting, None)  # type: ignore[arg-type]

    result, error = await asyncio.get_running_loop().run_in_executor(DAEMON_THREADS, caught)
    if error is None:
        return result  # type: ignore[return-value]
    if isinstance(error, Exception) and not isinstance(error, StopIteration | StopAsyncIteration):
        raise error
    name = getattr(function, "__qualname__", repr(function))
    raise WorkExited(f"{name} raised {error!r}") from error
