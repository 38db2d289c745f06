"""Make calls that may block for ever, such as those of a network, within bounds.

Decides when a caller goes on without the answer: at a deadline, or once its loading is stopped. The
call itself runs in a daemon thread, which keeps no process from ending. Refuses with one error that
says which of both it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotYet
from typing import ParamSpec, TypeVar

from docsum_nb.errors import LoadError

__all__ = ["Wait"]

P = ParamSpec("P")
R = TypeVar("R")

_POLL_S = 0.1


class Wait:
    """How long calls for one file are waited for.

    Args:
        shown: The file, for errors.
        stopped: Set when no caller waits for it any more.
        seconds: How long all calls may take together, from now.
    """

    def __init__(self, shown: str, stopped: threading.Event, seconds: float) -> None:
        self.shown = shown
        self._stopped = stopped
        self._seconds = seconds
        self.deadline = time.monotonic() + seconds
        """By ``time.monotonic``."""

    def check(self) -> None:
        """Check whether there is time left.

        Raises:
            LoadError: There is none, or the loading is stopped.
        """
        if self._stopped.is_set():
            raise LoadError(self.shown, "reading it was stopped")
        if time.monotonic() > self.deadline:
            reason = f"was not there after {self._seconds:.0f} s; copy it to this machine"
            raise LoadError(self.shown, reason)

    def call(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what a function returns.

        Raises:
            LoadError: As ``check``; the call goes on in its thread then.
            Exception: What the function raises.
        """
        # Imported here: the process that reads a file imports this package, and must start quickly.
        from docsum_nb.run import DAEMON_THREADS

        self.check()
        future = DAEMON_THREADS.submit(function, *args, **kwargs)
        while True:
            try:
                return future.result(_POLL_S)
            except NotYet:
                if future.done():
                    # The function itself raised this kind of error, or has just ended.
                    return future.result()
            self.check()
