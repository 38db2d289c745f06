"""The one event loop of the process, on one daemon thread.

All asynchronous work of the package lives there, so that clients bound to a loop stay valid when a
cell is run twice, and the kernel's own loop is never patched, nested or blocked.

A loop that no longer answers (a coroutine sits in blocking code) is left to itself and replaced:
the next run gets a new one. A thread cannot be killed; it is a daemon, so it cannot keep the
process alive either. In a forked child the loop is made anew.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from docsum_nb.errors import WorkExited

__all__ = ["LoopThread", "before_exit", "current_loop", "describe_frame", "in_thread"]

P = ParamSpec("P")
R = TypeVar("R")

_ANSWER_S = 1.0
"""A loop that takes longer than this to answer is taken for stuck when a new run starts."""


class _DaemonThreads(ThreadPoolExecutor):
    """Runs each call in a daemon thread of its own.

    The standard pool joins its threads when the interpreter ends, so one call that never returns
    would keep a script from ending; and it holds only a handful of threads.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # the waiter decides what to do with it
                future.set_exception(error)

        threading.Thread(target=call, name="docsum_nb-work", daemon=True).start()
        return future


class LoopThread:
    """An event loop that runs for ever on a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(_DaemonThreads())
        self._thread = threading.Thread(target=self._serve, name="docsum_nb-loop", daemon=True)
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
            else:
                return

    def on_thread(self) -> bool:
        """Tell whether the caller is on the loop's own thread."""
        return threading.current_thread() is self._thread

    def responds(self, within: float) -> bool:
        """Tell whether the loop gets round to a callback within so many seconds."""
        if self.on_thread():
            return True
        answered = threading.Event()
        self.loop.call_soon_threadsafe(answered.set)
        return answered.wait(within)

    def where(self) -> str:
        """Name the function and line at which the loop's thread is now."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return describe_frame(frame) if frame else "a thread that has ended"

    def close(self, grace: float) -> None:
        """Run the closers, then stop the loop; takes at most ``grace`` seconds."""

        async def close_all() -> None:
            await asyncio.gather(*(closer() for closer in _closers), return_exceptions=True)
            self.loop.stop()

        asyncio.run_coroutine_threadsafe(close_all(), self.loop)
        self._thread.join(grace)


_current: LoopThread | None = None
_left: list[LoopThread] = []
"""Loops that were stuck once; they may have come free since."""
_lock = threading.Lock()
_stoppers: list[Callable[[], object]] = []
_closers: list[Callable[[], Awaitable[object]]] = []


def current_loop() -> LoopThread:
    """Return the process's loop, made anew where there is none that answers."""
    global _current
    with _lock:
        if _current is not None and not _current.responds(_ANSWER_S):
            _left.append(_current)
            _current = None
        if _current is None:
            _current = LoopThread()
        return _current


def _after_fork() -> None:
    global _current, _lock
    _current, _lock = None, threading.Lock()
    _left.clear()


def before_exit(
    *,
    stop: Callable[[], object] | None = None,
    close: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Have something done when the process ends, before the exit handlers registered until now.

    Call it after importing a library that has exit handlers of its own: Python calls the newest
    first, and the work on the loop must be over before a library takes its clients down.

    Args:
        stop: Called first, in the main thread.
        close: Awaited then on every loop, for a second at most.
    """
    if stop is not None:
        _stoppers.append(stop)
    if close is not None:
        _closers.append(close)
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)


def _at_exit() -> None:
    for stop in _stoppers:
        stop()
    for thread in [*_left, *([_current] if _current else [])]:
        thread.close(grace=_ANSWER_S)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
before_exit()


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function in a daemon thread and wait for it.

    Context variables are those of the caller. When the waiting task is cancelled, the thread is
    left to finish by itself and its result is dropped.

    Raises:
        WorkExited: if the function raised SystemExit or KeyboardInterrupt, which must not reach
            an event loop. Any other error is raised as it is.
    """
    context = contextvars.copy_context()
    call: Callable[[], R] = lambda: context.run(function, *args, **kwargs)  # noqa: E731

    def guarded() -> tuple[R | None, BaseException | None]:
        try:
            return call(), None
        except (KeyboardInterrupt, SystemExit) as error:
            return None, error

    result, exited = await asyncio.get_running_loop().run_in_executor(_THREADS, guarded)
    if exited is not None:
        name = getattr(function, "__qualname__", repr(function))
        raise WorkExited(f"{name} raised {exited!r}") from exited
    return result  # type: ignore[return-value]


_THREADS = _DaemonThreads()


def describe_frame(frame: FrameType | Any) -> str:
    """Name a frame as a person would: function, file and line."""
    code = frame.f_code
    return f"{code.co_qualname}() in {Path(code.co_filename).name}, line {frame.f_lineno}"
