"""Which folder is a library: the marker file with its layout version, and the writers' lock.

A folder becomes a library by its marker, which is written, whole, before anything else. Refuses
files, folders that hold something else, and libraries of a newer layout; those are left untouched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docsum_nb.errors import LibraryError

__all__ = ["LAYOUT", "is_library", "make_library", "marker_identity", "writing"]

LAYOUT = 1
"""The version of what is in the folder; a library with a higher one is refused."""

_FORMAT = "docsum_nb library"
_MARKER = "docsum_library.json"
_DRAFT = ".docsum_library.draft"
_LOCK = ".docsum_library.lock"
_LOCK_TIMEOUT = 300.0
"""Seconds to wait for another writer, which holds the lock for one batch or one optimization."""


def is_library(folder: Path) -> bool:
    """Tell whether the folder holds a library; false where there is nothing yet.

    Raises:
        LibraryError: If there is something else at the path, or a library that this version
            cannot read.
    """
    try:
        text = (folder / _MARKER).read_text(encoding="utf-8")
    except FileNotFoundError:
        _check_vacant(folder)
        return False
    except NotADirectoryError:
        raise LibraryError(f"{folder} is a file, or is below one: give a folder's path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise LibraryError(f"the library {folder} cannot be read: {error}") from error
    _check_layout(folder, text)
    return True


def make_library(folder: Path) -> None:
    """Make the folder a library; call it holding the lock of ``writing``.

    Raises:
        LibraryError: As for ``is_library``, or if the folder cannot be written.
    """
    if is_library(folder):
        return
    draft = folder / _DRAFT
    try:
        draft.write_text(json.dumps({"format": _FORMAT, "layout": LAYOUT}), encoding="utf-8")
        draft.replace(folder / _MARKER)
    except OSError as error:
        raise LibraryError(_unwritable(folder, error)) from error


def marker_identity(folder: Path) -> tuple[int, int]:
    """Tell one library from another that took its place at the same path."""
    status = (folder / _MARKER).stat()
    return status.st_ino, status.st_mtime_ns


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the lock that writers of all processes and threads share; make the folder if need be.

    Raises:
        LibraryError: As for ``is_library``, if the folder cannot be written, or if another
            process held the lock for five minutes.
    """
    from filelock import FileLock, Timeout

    is_library(folder)
    # A lock object for each use: one that is shared would let threads of this process pass.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=_LOCK_TIMEOUT)
        lock.acquire()
    except Timeout:
        raise LibraryError(
            f"another process is still writing to the library {folder}: try again when it is done"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise LibraryError(_unwritable(folder, error)) from error
    try:
        yield
    finally:
        lock.release()


def _check_vacant(folder: Path) -> None:
    try:
        others = {entry.name for entry in os.scandir(folder)} - {_DRAFT, _LOCK}
    except FileNotFoundError:
        return
    except OSError as error:
        raise LibraryError(f"the folder {folder} cannot be read: {error}") from error
    if others:
        raise LibraryError(
            f"{folder} holds other files ({min(others)!r}) and is not a library: "
            "give a new or an empty folder"
        )


def _check_layout(folder: Path, text: str) -> None:
    try:
        marker = json.loads(text)
        known, layout = marker["format"] == _FORMAT, int(marker["layout"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        known, layout = False, 0
    if not known:
        raise LibraryError(
            f"the library {folder} is damaged ({_MARKER} cannot be read): "
            "move the folder away and add the documents again"
        )
    if layout > LAYOUT:
        raise LibraryError(
            f"the library {folder} was written by a newer docsum_nb (layout {layout}, this one "
            f"reads {LAYOUT}): update docsum_nb"
        )


def _unwritable(folder: Path, error: Exception) -> str:
    return f"the library {folder} cannot be written: {error}; give a folder that you may write to"
