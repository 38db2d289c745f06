"""Quiet ends of the process, although daemon threads of ours may be stuck."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["forget_stuck_workers", "in_a_hurry", "leave_python", "quiet_interrupts", "stop_imports"]

_LEAVE_S = 0.5
"""How long the end of the process waits for threads to leave Python code."""
_IMPORT_S = 10.0
"""How long it waits at most for threads that import."""
_AGAIN_S = 0.1
"""Seconds after which the error that ends them is raised again."""


_hurry = threading.Event()
"""Set by a Ctrl-C while the process ends."""


def in_a_hurry() -> bool:
    """Return whether the end of the process is not to wait for anything."""
    return _hurry.is_set()


def quiet_interrupts() -> None:
    """Make a Ctrl-C cut the waits at the end of the process short, instead of raising.

    Raised while Python ends, KeyboardInterrupt is printed as "Exception ignored in". Another Ctrl-C
    ends the process on the spot, even if other libraries still wait. A handler of the user's stays.
    """
    # Not in the main thread: there is no way to set a handler, and none that would raise there.
    with contextlib.suppress(ValueError):
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _press)


def _press(number: int, frame: object) -> None:
    _hurry.set()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def leave_python(names: tuple[str, ...]) -> None:
    """Make threads of ours that still run Python code, such as a long import, leave it.

    As the process ends, Python before 3.14 ends such a thread on the spot, and if that is within
    C++ code, the process aborts. A thread that sleeps or waits is left alone; it does no harm.
    """
    _quiet_exits()
    running = [thread for thread in threading.enumerate() if thread.name in names]
    for thread in running:
        _raise_exit(thread)
    give_up = time.monotonic() + _LEAVE_S
    for thread in running:
        thread.join(max(0.0, give_up - time.monotonic()))


def stop_imports(name: str) -> None:
    """End the threads that import in the background, which are in Python code time and again.

    An import may catch what is raised in it, so it is raised until the thread has ended: in an
    instant, or later on a loaded machine.
    """
    _quiet_exits()
    give_up = time.monotonic() + _IMPORT_S
    for thread in [thread for thread in threading.enumerate() if thread.name == name]:
        while thread.is_alive() and time.monotonic() < give_up and not in_a_hurry():
            _raise_exit(thread)
            thread.join(_AGAIN_S)


def _quiet_exits() -> None:
    """Print nothing of an exit that arrives in a finalizer, which Python reports as ignored."""
    report = sys.unraisablehook
    if not isinstance(report, _UnlessExit):
        sys.unraisablehook = _UnlessExit(report)


@dataclass(frozen=True)
class _UnlessExit:
    """A hook that reports what cannot be raised, except for exits."""

    report: Callable[[Any], object]

    def __call__(self, unraisable: Any) -> None:
        if unraisable.exc_type is not SystemExit:
            self.report(unraisable)


def _raise_exit(thread: threading.Thread) -> None:
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(SystemExit))


def forget_stuck_workers(name: str) -> None:
    """Keep abandoned threads from holding up the end of the process.

    concurrent.futures joins the threads of all its pools at exit, also those of the pools that
    stuck work has made (CrewAI makes one for each agent). They are daemons, as the thread that made
    them is one of ours, so Python itself would not wait; its list has no public name.
    """
    from concurrent.futures import thread as pools

    if not any(thread.name == name for thread in threading.enumerate()):
        return
    workers = getattr(pools, "_threads_queues", {})
    for worker in [worker for worker in workers if worker.daemon]:
        del workers[worker]
