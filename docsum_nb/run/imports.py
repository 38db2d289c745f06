"""Imports of large libraries: in the background, and without a search for garbage meanwhile.

Nothing has to wait for what is imported in the background. If the process ends first, the import
is stopped: see ``shutdown.stop_imports``. A fork waits for it: half of a library cannot be used in
the child, and not be imported there either.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from docsum_nb.run.threads import IMPORT_THREADS

__all__ = ["import_in_background", "without_collection"]

R = TypeVar("R")

_FORK_S = 60.0
"""How long a fork waits at most for an import."""

_imports = threading.RLock()
"""Held by the thread that imports in the background, and by one that forks."""
_forking = threading.local()
_lock = threading.Lock()
_importing = 0
"""The number of imports that go on."""
_was_enabled = False
"""Whether Python searched for garbage before the first of them."""


def import_in_background(load: Callable[[], R]) -> Future[R]:
    """Call a function that imports a library in a thread, and return its result to come."""

    def hold_and_load() -> R:
        with _imports:
            return load()

    return IMPORT_THREADS.submit(hold_and_load)


def _before_fork() -> None:
    _forking.holds = _imports.acquire(timeout=_FORK_S)


def _after_fork() -> None:
    if _forking.holds:
        _imports.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )


@contextmanager
def without_collection() -> Iterator[None]:
    """Import in this block without the search for garbage.

    Modules are no garbage, but the search of all their objects takes a sixth of the time of an
    import. The whole process does without it for that long. Afterwards all objects count as old:
    else the first two searches would still go through those of the import, half a second in which
    no request is sent. Those that are garbage are found by the next full search.
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
            _let_all_be_old()
            gc.enable()


def _let_all_be_old() -> None:
    """Put all objects into the oldest generation, without a look at them."""
    # What somebody else has exempted from the search stays exempt; other Pythons have no such call.
    if hasattr(gc, "freeze") and not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
