"""Daemon threads for what blocks, one for each call; the end of the process waits for none.

They are threads of the operating system. Under the patches of gevent and eventlet every thread is a
greenlet of the one real thread, so a loop cannot run beside the caller's code; runs are refused
there at once, since they would stall without a visible reason and keep the process from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from docsum_nb.errors import InputError, WorkExited

__all__ = [
    "DAEMON_THREADS",
    "IMPORT_THREADS",
    "LIBRARY_THREADS",
    "check_threads",
    "in_thread",
    "patched_by",
    "thread_of",
]

_IDLE_S = 1.0
"""How long a shared thread waits for another call before it ends."""

P = ParamSpec("P")
R = TypeVar("R")


class _DaemonThreads(ThreadPoolExecutor):
    """Runs each call in a daemon thread of its own.

    The standard pool joins its threads when the interpreter ends, so one call that never returns
    would keep a script from ending; and it holds only a handful of threads.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        future: Future[R] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            publish: Callable[[], None]
            try:
                publish = functools.partial(future.set_result, fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # the waiter decides what to do with it
                publish = functools.partial(future.set_exception, error)
            # The waiter may have gone, and its loop with it, as the process ends.
            with contextlib.suppress(RuntimeError, InvalidStateError):
                publish()

        try:
            self._start(call)
        except RuntimeError as error:
            if "shutdown" not in str(error):
                raise
            # From Python 3.12 on, no thread can be started once the process is ending; what is
            # left to do then, such as storing the last answers, is short.
            call()
        return future

    def _start(self, call: Callable[[], None]) -> None:
        threading.Thread(target=call, name=self.name, daemon=True).start()

    def shutdown(self, *_: Any, **__: Any) -> None:
        """Do nothing: an event loop that ends shuts its pool down, and others use this one."""


class _SharedThreads(_DaemonThreads):
    """Runs calls in daemon threads that serve one call after another, as many as it takes at once.

    For calls of libraries only, which LiteLLM makes for each request: what a user's function leaves
    in its thread, the next one must not find.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget the threads that wait: a forked child does not have them."""
        self._idle = []
        self._lock = threading.Lock()

    def _start(self, call: Callable[[], None]) -> None:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is not None:
            worker.calls.put(call)
        else:
            super()._start(_Worker(self, call).serve)

    def next_call(self, worker: _Worker) -> Callable[[], None] | None:
        """Return what a thread is to do next; ``None`` if there was nothing to do for a while."""
        with self._lock:
            self._idle.append(worker)
        try:
            return worker.calls.get(timeout=_IDLE_S)
        except Empty:
            pass
        with self._lock:
            if worker in self._idle:
                self._idle.remove(worker)
                return None
        # It was chosen at this moment.
        return worker.calls.get()


class _Worker:
    """One thread of shared ones."""

    def __init__(self, pool: _SharedThreads, call: Callable[[], None]) -> None:
        self.calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._pool = pool
        self._first: Callable[[], None] | None = call

    def serve(self) -> None:
        """Serve calls until there is none for a while."""
        thread = threading.current_thread()
        call, self._first = self._first, None
        while call is not None:
            # In a context of its own, as in a new thread.
            contextvars.Context().run(call)
            # A thread that waits holds nothing of the call, and is none that works.
            call, thread.name = None, f"{self._pool.name}, idle"
            call, thread.name = self._pool.next_call(self), self._pool.name


DAEMON_THREADS = _DaemonThreads("docsum_nb-work")
"""Runs what blocks; the end of the process does not wait for it."""
LIBRARY_THREADS = _SharedThreads("docsum_nb-work")
"""Runs what libraries have the loop's pool run, such as each request of LiteLLM's."""
IMPORT_THREADS = _DaemonThreads("docsum_nb-import")
"""Imports what nothing waits for; the end of the process stops it."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=LIBRARY_THREADS.forget)

_calls: dict[asyncio.Task[Any], int] = {}
"""From a task that waits for a thread to that thread, while it does."""


def thread_of(task: asyncio.Task[Any]) -> int | None:
    """Return the thread that a task waits for in ``in_thread``; ``None`` if it waits for none."""
    return _calls.get(task)


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a blocking function in a daemon thread and wait for it.

    Context variables are those of the caller. When the waiting task is cancelled, the thread is
    left to finish by itself and its result is dropped.

    Raises:
        WorkExited: if the function raised something that must not reach an event loop, such as
            SystemExit, KeyboardInterrupt or StopIteration. Any other error is raised unchanged.
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


# --- patched threads ------------------------------------------------------------------------------

_MODULES = ("thread", "threading", "socket", "select", "queue")


def patched_by() -> str:
    """Return the name of the library whose patches replace threads; empty if none do."""
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and any(gevent.is_module_patched(name) for name in _MODULES):
        return "gevent"
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None and any(eventlet.is_monkey_patched(name) for name in _MODULES):
        return "eventlet"
    return ""


def check_threads() -> None:
    """Check that a run can have a thread of its own.

    Raises:
        InputError: if gevent or eventlet has replaced threads or sockets.
    """
    library = patched_by()
    if library:
        raise InputError(
            f"{library} has replaced threads or sockets in this process (monkey patches), and runs "
            "need real ones: run this in a process without them, as with celery -P threads or "
            "-P prefork"
        )
