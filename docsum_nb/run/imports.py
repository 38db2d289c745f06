"""Imports of large libraries: in the background, and without a search for garbage meanwhile.

Nothing has to wait for what is imported in the background. If the process ends first, the import
is stopped: see ``shutdown.stop_imports``.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from docsum_nb.run.threads import IMPORT_THREADS

__all__ = ["import_in_background", "without_collection"]

R = TypeVar("R")

_lock = threading.Lock()
_importing = 0
"""The number of imports that go on."""
_was_enabled = False
"""Whether Python searched for garbage before the first of them."""


def import_in_background(load: Callable[[], R]) -> Future[R]:
    """Call a function that imports a library in a thread, and return its result to come."""
    return IMPORT_THREADS.submit(load)


@contextmanager
def without_collection() -> Iterator[None]:
    """Import in this block without the search for garbage.

    Modules are none, but there are so many objects in them that the search takes a sixth of the
    time. The whole process does without it for that long.
    """
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    global _importing, _was_enabled
    with _lock:
        if not _importing:
            _was_enabled = gc.isenabled()
            gc.disable()
        _importing += 1


def _end() -> None:
    global _importing
    with _lock:
        _importing -= 1
        if not _importing and _was_enabled:
            gc.enable()
