"""A scripted model server whose answers a test lets out one by one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from docsum_nb.testing import Call, Reply, ScriptedServer

__all__ = ["Gate"]

LONG_S = 60.0


class Gate:
    """Answers what is asked from now on, each only once it is let go.

    Args:
        server: Whose script this becomes.
        reply: What the answer to a call is.
    """

    def __init__(
        self, server: ScriptedServer, reply: Callable[[Call], Reply] | None = None
    ) -> None:
        self._server = server
        self._reply = reply or (lambda call: Reply(f"Of call {call.number}: harbors are deep."))
        self._lock = threading.Lock()
        self._first = len(server.calls)
        self._let = 0
        self._open = threading.Event()
        server.script = self._answer

    def let(self, answers: int = 1) -> None:
        """Release a number of answers more, in the order of the requests."""
        with self._lock:
            self._let += answers

    def open(self) -> None:
        """Release all answers, future ones too."""
        self._open.set()

    def wait_asked(self, requests: int) -> None:
        """Wait until this gate has seen a number of requests."""
        give_up = time.monotonic() + LONG_S
        while (come := len(self._server.calls) - self._first) < requests:
            assert time.monotonic() < give_up, f"{come} requests of {requests}"
            time.sleep(0.01)

    async def _answer(self, call: Call) -> Reply:
        while not self._open.is_set() and call.number - self._first >= self._let:
            await asyncio.sleep(0.005)
        return self._reply(call)
