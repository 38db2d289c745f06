"""Changes of another library that are made once for the process, however many threads ask for them.

``functools.cache`` does not suffice: threads that call the function while it runs run it as well.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["once"]

T = TypeVar("T")


def once(function: Callable[[], T]) -> Callable[[], T]:
    """Return a function that runs another one the first time, and returns its result each time.

    Threads that call it meanwhile wait. After an error, which is raised, the next call runs it
    again.
    """
    lock = threading.RLock()
    cached = functools.cache(function)

    @functools.wraps(function)
    def call() -> T:
        with lock:
            return cached()

    return call
