"""Work in threads of its own; only the result of the newest is used."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

import docsum_nb as ds

__all__ = ["Latest", "begin_apart"]

T = TypeVar("T")


class Latest:
    """Starts work that may take long, or never end, and passes its result on.

    Args:
        lock: Held while a result is passed on, so that nothing newer can start meanwhile.
        failed: Called, under the lock, with an error that the work or its receiver has let through.
    """

    def __init__(
        self,
        lock: threading.RLock,
        failed: Callable[[Exception], object],
    ) -> None:
        self._lock = lock
        self._failed = failed
        self._begun = 0

    def begin(
        self,
        work: Callable[[], T],
        then: Callable[[T], object],
        *,
        late: Callable[[T], object] = lambda result: None,
    ) -> None:
        """Start work in a thread.

        Args:
            work: Must not need the lock.
            then: Called with its result, under the lock, in that thread.
            late: Called instead if newer work was started, or this was dropped.
        """
        with self._lock:
            self._begun += 1
            number = self._begun
        begin_apart(lambda: ds.start(lambda: self._both(number, work, then, late), show=False))

    def drop(self) -> None:
        """Ignore the results of all work that was started."""
        with self._lock:
            self._begun += 1

    def _both(
        self,
        number: int,
        work: Callable[[], T],
        then: Callable[[T], object],
        late: Callable[[T], object],
    ) -> None:
        try:
            result = work()
            with self._lock:
                (then if number == self._begun else late)(result)
        except Exception as error:  # noqa: BLE001  # shown in the form: no caller waits for this
            with self._lock:
                if number == self._begun:
                    self._failed(error)


def begin_apart(begin: Callable[[], T]) -> T:
    """Start a run that is not part of another one, even in the thread of that one."""
    return contextvars.Context().run(begin)
