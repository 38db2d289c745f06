"""Waking whoever waits for a run, in a thread or on a loop, the moment it has an outcome.

Every wait has a heartbeat: a bare await cannot be interrupted in a kernel, and a bare lock not on
Windows. At each beat the waiter looks after the run, so that a deadline holds although the loop
that does the work may be stuck.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue

__all__ = ["HEARTBEAT_S", "Completion"]

HEARTBEAT_S = 0.1


class Completion:
    """Rings once; ``rung`` is set from then on."""

    def __init__(self, look: Callable[[], object]) -> None:
        self.rung = threading.Event()
        self._look = look
        self._wakers: list[Callable[[], object]] = []

    def wake_all(self) -> None:
        """Wake whoever waits; ``rung`` is set before."""
        for wake in list(self._wakers):
            # A waiter whose loop was closed meanwhile waits no more.
            with contextlib.suppress(RuntimeError):
                wake()

    def block(self, until: float) -> None:
        """Block the calling thread until it rings, at most until a monotonic time."""
        # A Ctrl-C that hits Event.wait() at the wrong moment leaves its lock held, and the run
        # could not be stopped then; this queue is written in C and has no such moment.
        woken: SimpleQueue[None] = SimpleQueue()
        with self._woken_by(partial(woken.put, None)):
            while not self.rung.is_set() and time.monotonic() < until:
                with contextlib.suppress(Empty):
                    woken.get(timeout=max(0.0, min(HEARTBEAT_S, until - time.monotonic())))
                self._look()

    async def wait(self) -> None:
        """Wait until it rings."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        with self._woken_by(partial(loop.call_soon_threadsafe, woken.set)):
            while not self.rung.is_set():
                try:
                    await asyncio.wait_for(woken.wait(), HEARTBEAT_S)
                except TimeoutError:
                    self._look()

    @contextlib.contextmanager
    def _woken_by(self, wake: Callable[[], object]) -> Iterator[None]:
        self._wakers.append(wake)
        try:
            yield
        finally:
            self._wakers.remove(wake)
