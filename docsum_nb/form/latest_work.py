"""Work apart from the kernel's threads; of what was begun, only the newest is heard of."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

import docsum_nb as ds

__all__ = ["Latest", "begin_apart"]

T = TypeVar("T")


class Latest:
    """Begins work that may take its time, or never end, and hands its result on.

    Args:
        lock: Held while a result is handed on, so that nothing newer can begin meanwhile.
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
        """Do some work in a thread.

        Args:
            work: Must not need the lock.
            then: Called with its result, under the lock, in that thread.
            late: Called instead where something newer was begun, or the work was dropped.
        """
        with self._lock:
            self._begun += 1
            number = self._begun
        begin_apart(lambda: ds.start(lambda: self._both(number, work, then, late), show=False))

    def drop(self) -> None:
        """Be deaf to whatever was begun."""
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
        except Exception as error:  # noqa: BLE001  # shown in the form: nobody waits for this
            with self._lock:
                if number == self._begun:
                    self._failed(error)


def begin_apart(begin: Callable[[], T]) -> T:
    """Begin a run that is not part of another one, although it may be begun in its thread."""
    return contextvars.Context().run(begin)
