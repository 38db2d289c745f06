"""The way to LanceDB: loaded at first use, kept silent, its errors in one line.

A process that was forked after LanceDB was loaded is refused, because it may hang there.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from docsum_nb.errors import LibraryError
from docsum_nb.library.folder import marker_identity

__all__ = ["connect", "explained", "is_conflict"]


def connect(folder: Path) -> Any:
    """Open the folder's database.

    Raises:
        LibraryError: If this process was forked from one that had loaded LanceDB.
    """
    if _fork.broken:
        raise LibraryError(
            f"the library {folder} cannot be used in a process forked after LanceDB was loaded, "
            "where it may hang: start the process with 'spawn' or 'forkserver'"
        )
    return _connection(str(folder), marker_identity(folder))


# A connection caches what it has read; it is made anew where another library took the folder.
@lru_cache(maxsize=8)
def _connection(folder: str, marker: tuple[int, int]) -> Any:
    import lancedb

    # Said at any fork of the process, also one that never comes near a library.
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
    return lancedb.connect(folder)


class _Fork:
    """Knows whether this process was forked from one that had loaded LanceDB.

    In such a child, about one use in seven was seen to hang or to crash: the threads of the
    native core do not survive the fork.
    """

    broken = False

    def mark(self) -> None:
        self.broken = self.broken or "lancedb" in sys.modules


_fork = _Fork()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork.mark)


def is_conflict(error: BaseException) -> bool:
    """Tell whether a commit failed only because another one came first."""
    # LanceDB raises bare RuntimeErrors; only their text tells them apart.
    text = str(error).lower()
    return isinstance(error, RuntimeError | OSError) and (
        "conflict" in text or "preempted" in text or "too many concurrent" in text
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raise what LanceDB raises as a LibraryError of one line."""
    try:
        yield
    except LibraryError:
        raise
    except (RuntimeError, ValueError, OSError) as error:
        cause = str(error).partition("\n")[0].partition(", /")[0]
        raise LibraryError(
            f"the library {folder} cannot be used ({cause}): if this stays so, the folder is "
            "damaged; move it away and add the documents again"
        ) from error
