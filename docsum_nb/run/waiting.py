"""Waiting for the end of a run, in a thread or on a loop, so that a signal is never lost.

Every wait returns after a tenth of a second at the latest: a bare await cannot be interrupted in a
kernel, and a bare lock not on Windows.

SIGTERM, which a scheduler sends, would end the process on the spot, and with it the answers in
flight; while the main thread waits, by blocking or in a loop of its own, it raises SystemExit
instead. Ctrl-C raises KeyboardInterrupt already. A coroutine does not see that one if a bare loop
runs it, as in IPython's terminal: the loop is left, the coroutine stays suspended in it, and what
it awaits would go on. So Ctrl-C stops that, too. Handlers of the user's, of a server, of
``asyncio.run`` and of a kernel stay in place.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

__all__ = ["HEARTBEAT_S", "Completion", "await_all", "interruptible", "terminable", "wait_all"]

HEARTBEAT_S = 0.1

_Handler = Callable[[int, FrameType | None], Any]


class Completion:
    """The end of something, which wakes all who wait for it the moment it comes.

    Attributes:
        reached: Set from then on; ``wake_all`` is called after it is set.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._wakers: list[Callable[[], object]] = []

    @property
    def is_waited_for(self) -> bool:
        """Whether a thread or a coroutine waits now."""
        return bool(self._wakers)

    def wake_all(self) -> None:
        """Wake all who wait; ``reached`` is set before."""
        for wake in list(self._wakers):
            # A waiter whose loop was closed meanwhile waits no more.
            with suppress(RuntimeError):
                wake()

    def block(self, seconds: float = HEARTBEAT_S) -> bool:
        """Block the calling thread until the end, or for some seconds; returns whether it came."""
        # A Ctrl-C that hits Event.wait() at the wrong moment leaves its lock held, and the run
        # could not be stopped then; this queue is written in C and has no such moment.
        woken: SimpleQueue[None] = SimpleQueue()
        wake = partial(woken.put, None)
        self._wakers.append(wake)
        try:
            if not self.reached.is_set():
                with suppress(Empty):
                    woken.get(timeout=max(0.0, seconds))
        finally:
            self._wakers.remove(wake)
        return self.reached.is_set()

    async def wait(self, seconds: float = HEARTBEAT_S) -> bool:
        """Wait until the end, or for some seconds; returns whether it came."""
        woken = asyncio.Event()
        wake = partial(asyncio.get_running_loop().call_soon_threadsafe, woken.set)
        self._wakers.append(wake)
        try:
            if not self.reached.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), seconds)
        finally:
            self._wakers.remove(wake)
        return self.reached.is_set()


def wait_all(events: Sequence[threading.Event], seconds: float) -> None:
    """Block until all events are set, for some seconds at most."""
    give_up = time.monotonic() + seconds
    for event in events:
        event.wait(max(0.0, give_up - time.monotonic()))


async def await_all(events: Sequence[threading.Event], seconds: float) -> None:
    """Wait until all events are set, for some seconds at most."""
    give_up = time.monotonic() + seconds
    # They are set from other threads, so no asyncio.Event can stand for them.
    while time.monotonic() < give_up and not all(  # noqa: ASYNC110
        event.is_set() for event in events
    ):
        await asyncio.sleep(0.005)


# --- signals --------------------------------------------------------------------------------------

_waits: dict[signal.Signals, list[Callable[[], object]]] = {
    signal.SIGTERM: [],
    signal.SIGINT: [],
}
"""What to call, for each block that runs: those of a loop need not end in the order they began."""


def terminable() -> AbstractContextManager[None]:
    """Make SIGTERM raise SystemExit in the main thread while any such block runs."""
    return _handled(signal.SIGTERM, signal.SIG_DFL, _leave, lambda: None)


def interruptible(stop: Callable[[], object]) -> AbstractContextManager[None]:
    """Make Ctrl-C call ``stop``, then raise KeyboardInterrupt, while the block is suspended."""
    return _handled(signal.SIGINT, signal.default_int_handler, _interrupt, stop)


@contextmanager
def _handled(
    number: signal.Signals, default: Any, handler: _Handler, stop: Callable[[], object]
) -> Iterator[None]:
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) not in (default, handler)
        or "ipykernel" in sys.modules
    ):
        yield
        return
    waits = _waits[number]
    signal.signal(number, handler)
    waits.append(stop)
    try:
        yield
    finally:
        waits.remove(stop)
        if not waits and signal.getsignal(number) is handler:
            # A coroutine that was dropped may be closed by another thread, which must not.
            with suppress(ValueError):
                signal.signal(number, default)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for stop in list(_waits[signal.SIGINT]):
        stop()
    signal.default_int_handler(number, frame)
