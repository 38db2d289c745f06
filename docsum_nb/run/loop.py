"""The one event loop of the process, on one daemon thread.

All asynchronous work of the package lives there, so that clients bound to a loop stay valid when a
cell is run twice, and the kernel's own loop is never patched, nested or blocked.

A loop that no longer answers (a coroutine sits in blocking code) is abandoned and replaced: the
next run gets a new one. A thread cannot be killed; it is a daemon, so it cannot keep the process
alive either. Once free, an abandoned loop of guests ends when its last run is over. A forked child
starts a loop of its own.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from docsum_nb.run.frames import describe_frame, imported_in, own_frame, thread_frames
from docsum_nb.run.shutdown import (
    forget_stuck_workers,
    in_a_hurry,
    leave_python,
    quiet_interrupts,
    stop_imports,
)
from docsum_nb.run.threads import DAEMON_THREADS, IMPORT_THREADS, LIBRARY_THREADS

__all__ = ["LoopThread", "before_exit", "current_loop"]

_ANSWER_S = 1.0
"""A loop that takes longer than this to answer is considered stuck when a new run starts."""
_HURRIED_S = 0.2
"""How long the end of the process waits for loops after a second Ctrl-C."""
_LOOP_NAME = "docsum_nb-loop"
_LITELLM_LOGGING = "LoggingWorker._worker_loop"


class LoopThread:
    """An event loop that runs for ever on a daemon thread."""

    def __init__(self, *, guest: bool = False) -> None:
        self.loop = asyncio.new_event_loop()
        if not guest:
            self.loop.set_exception_handler(_handle_exception)
        self.loop.set_default_executor(DAEMON_THREADS if guest else LIBRARY_THREADS)
        self._gate = threading.Lock()
        self._starting = 0
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
                _abandoned.remove(self)

    def start(self, launch: Callable[..., object], *args: Any) -> bool:
        """Call on the loop what starts a run.

        Returns:
            Whether it will be called; ``False`` if the loop has ended.
        """
        with self._gate:
            if not self._over:
                self._starting += 1
                self.loop.call_soon_threadsafe(self._started, launch, *args)
            return not self._over

    def _started(self, launch: Callable[..., object], *args: Any) -> None:
        launch(*args)
        with self._gate:
            self._starting -= 1

    def end_when_free(self) -> None:
        """End the loop once nothing runs on it any more; it may be stuck now."""
        self.loop.call_soon_threadsafe(self._end_if_free)

    def _end_if_free(self) -> None:
        with self._gate:
            tasks = asyncio.all_tasks(self.loop)
            endless = {each for each in tasks if _is_endless(each)}
            self._over = not self._starting and tasks == endless
        if self._over:
            for each in endless:
                each.cancel()
            self.loop.call_soon(self.loop.stop)  # behind what the cancellation does
        else:
            self.loop.call_later(_ANSWER_S, self._end_if_free)

    def on_thread(self) -> bool:
        """Check whether the caller is on the loop's own thread."""
        return threading.current_thread() is self._thread

    def responds(self, within: float) -> bool:
        """Check whether the loop gets round to a callback within some seconds."""
        if self.on_thread():
            return True
        answered = threading.Event()
        self.loop.call_soon_threadsafe(answered.set)
        return answered.wait(within)

    def where(self) -> str:
        """Return the function and line at which the loop's thread is now, or what it imports."""
        frames = list(thread_frames(self._thread.ident))
        if module := imported_in(frames):
            return f"the import of {module}"
        frame = own_frame(frames)
        return describe_frame(frame) if frame else "a thread that has ended"

    def close(self, grace: float) -> None:
        """Run the closers, then stop the loop; takes at most ``grace`` seconds."""

        async def close_all() -> None:
            await asyncio.gather(*(closer() for closer in _closers), return_exceptions=True)
            pending = asyncio.all_tasks() - {asyncio.current_task()}
            for task in pending:
                task.cancel()
            # asyncio logs an error for a task that is still pending when it is dropped.
            await asyncio.gather(*pending, return_exceptions=True)
            self.loop.stop()

        asyncio.run_coroutine_threadsafe(close_all(), self.loop)
        self._thread.join(grace)


def _is_endless(task: asyncio.Task[Any]) -> bool:
    """Check whether a task is LiteLLM's that writes its logs, which ends with the process."""
    return getattr(task.get_coro(), "__qualname__", "") == _LITELLM_LOGGING


def _handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # LiteLLM forgets its clients after an hour, or beyond 200 of them, and leaves closing them to
    # the garbage collector. That would be reported on stderr, below the cell that runs then.
    if "client_session" not in context and "connector" not in context:
        loop.default_exception_handler(context)


_loops: dict[bool, LoopThread] = {}
_abandoned: list[LoopThread] = []
"""Loops that were stuck once; they may have come free since."""
_lock = threading.Lock()
_stoppers: list[Callable[[], object]] = []
_closers: list[Callable[[], Awaitable[object]]] = []


def current_loop(*, guest: bool = False) -> LoopThread:
    """Return the process's loop; a new one if there is none that answers.

    Args:
        guest: The loop for users' own coroutines, which may block it; model work has its own.
    """
    with _lock:
        current = _loops.get(guest)
    # Not under the lock: a coroutine on that loop may be waiting for it to start a run itself.
    if current is not None and current.responds(_ANSWER_S):
        return current
    with _lock:
        if current is not None and _loops.get(guest) is current:
            _abandoned.append(_loops.pop(guest))
            if guest:
                # Clients of models stay bound to the other one, which is closed at the very end.
                current.end_when_free()
        if guest not in _loops:
            _loops[guest] = LoopThread(guest=guest)
        return _loops[guest]


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    _loops.clear()
    _abandoned.clear()


def before_exit(
    *,
    stop: Callable[[], object] | None = None,
    close: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Register what is done when the process ends, before any library closes its clients.

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
    for thread in [*_loops.values(), *_abandoned]:
        thread.close(grace=max(0.0, give_up - time.monotonic()))
    leave_python((DAEMON_THREADS.name, _LOOP_NAME))
    stop_imports(IMPORT_THREADS.name)
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
