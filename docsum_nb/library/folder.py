"""Which folder is a library: the marker file, which names its database, and the writers' lock.

A folder becomes a library by its marker, which is written whole and names a database that is there.
If the marker is damaged, or names a database that is not there, the newest one counts. Refuses
files, folders that hold something else, and libraries of a newer layout; those are left untouched.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from docsum_nb.errors import LibraryError
from docsum_nb.paths import make_private_file, make_private_folder

__all__ = [
    "LAYOUT",
    "Marker",
    "discard_unmarked",
    "mark",
    "marker_of",
    "new_database",
    "set_aside",
    "writing",
]

LAYOUT = 2
"""The version of what is in the folder; a library with a higher one is refused."""

_FORMAT = "docsum_nb library"
_MARKER = "docsum_library.json"
_DRAFT = ".docsum_library.draft"
_LOCK = ".docsum_library.lock"
# Of a first add that is going on, or was killed; the database's have a suffix each.
_REMAINS = {
    *(_DRAFT, _LOCK),
    *(f".documents.draft{end}" for end in ("", "-wal", "-shm", "-journal")),
}
_DATABASE = re.compile(r"documents-([0-9]{1,9})\.sqlite3")
_ASIDE = re.compile(r"documents-[0-9]{1,9}\.sqlite3\.damaged(-wal|-shm)?")
_LOCK_TIMEOUT = 300.0
"""Seconds to wait for another writer, which holds the lock for one batch or one repair."""


@dataclass(frozen=True)
class Marker:
    """What a folder that is a library says of itself."""

    database: Path | None
    """``None`` for a library of the first layout."""
    drafted: bool = False
    """Whether it was worked out, because the file could not be read."""


def marker_of(folder: Path) -> Marker | None:
    """Return what the folder says of itself; ``None`` if there is nothing yet.

    Raises:
        LibraryError: If there is something else at the path, or a library that this version
            cannot read.
    """
    content = _content_of(folder)
    if content is None:
        return None
    layout, name = _parsed(content)
    if layout > LAYOUT:
        raise LibraryError(
            f"the library {folder} was written by a newer docsum_nb (layout {layout}, this one "
            f"reads {LAYOUT}): update docsum_nb"
        )
    if layout == 1:
        return Marker(None)
    named = _DATABASE.fullmatch(name) if layout == LAYOUT else None
    if named and (folder / name).exists():
        return Marker(folder / name)
    found = _newest(folder)
    if found is None and named:
        return Marker(folder / name)
    if found is None:
        raise LibraryError(
            f"the library {folder} is damaged ({_MARKER} cannot be read): "
            "move the folder away and add the documents again"
        )
    return Marker(found, drafted=True)


def new_database(folder: Path) -> Marker:
    """Return the marker of a database that is not there yet; call it holding the lock.

    Raises:
        LibraryError: If the folder cannot be written.
    """
    newest = _newest(folder)
    number = int(newest.stem.rpartition("-")[2]) if newest else 0
    return Marker(folder / f"documents-{number + 1}.sqlite3")


def discard_unmarked(folder: Path, marker: Marker) -> None:
    """Delete copies that a repair had made when it was killed; call it holding the lock."""
    for each in folder.iterdir():
        if _DATABASE.fullmatch(each.name) and each != marker.database and each.is_file():
            each.unlink(missing_ok=True)


def set_aside(folder: Path) -> list[Path]:
    """Return the damaged databases that a repair has set aside, by name; they hold texts."""
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return []
    return [folder / name for name in sorted(names) if _ASIDE.fullmatch(name)]


def mark(folder: Path, marker: Marker) -> None:
    """Write the marker, whole; call it holding the lock, once its database is complete.

    Raises:
        LibraryError: If the folder cannot be written.
    """
    assert marker.database is not None
    draft, place = folder / _DRAFT, folder / _MARKER
    content = {"format": _FORMAT, "layout": LAYOUT, "database": marker.database.name}
    try:
        make_private_file(draft)
        draft.write_text(json.dumps(content), encoding="utf-8")
        if place.is_dir():
            place.rename(place.with_name(f"{_MARKER}.damaged"))
        draft.replace(place)
    except OSError as error:
        raise LibraryError(_unwritable(folder, error)) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the lock that writers of all processes and threads share; make the folder if need be.

    Raises:
        LibraryError: As for ``marker_of``, if the folder cannot be written, or if another
            process held the lock for five minutes.
    """
    from filelock import FileLock, Timeout

    marker_of(folder)
    # A lock object for each use: one that is shared would let threads of this process pass.
    try:
        make_private_folder(folder)
        make_private_file(folder / _LOCK)
        lock = FileLock(folder / _LOCK, timeout=_LOCK_TIMEOUT, mode=0o600)
        lock.acquire()
    except Timeout:
        raise LibraryError(
            f"another process is still writing to the library {folder}: try again when it is done"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise LibraryError(_unwritable(folder, error)) from error
    try:
        for name in (_MARKER, _LOCK):
            if (folder / name).is_file():
                make_private_file(folder / name)
        yield
    finally:
        lock.release()


def _content_of(folder: Path) -> bytes | None:
    """Return the marker's bytes, none if it cannot be one; ``None`` if there is nothing yet."""
    try:
        # A pipe would be waited for.
        return b"" if (folder / _MARKER).is_fifo() else (folder / _MARKER).read_bytes()
    except FileNotFoundError:
        names = _names_in(folder)
        if _MARKER in names:
            # Another process has completed its first add since, or it is a link to nothing.
            return _content_of(folder) if (folder / _MARKER).exists() else b""
        return None if _is_vacant(folder, names) else b""
    except NotADirectoryError:
        raise LibraryError(f"{folder} is a file, or is below one: give a folder's path") from None
    except IsADirectoryError:
        return b""
    except OSError as error:
        raise LibraryError(f"the library {folder} cannot be read: {error}") from error


def _names_in(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in os.scandir(folder)}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise LibraryError(f"the folder {folder} cannot be read: {error}") from error


def _is_vacant(folder: Path, names: set[str]) -> bool:
    """Return whether a folder without a marker holds nothing, else a database without a marker."""
    if any(map(_DATABASE.fullmatch, names)):
        return False
    if others := names - _REMAINS:
        raise LibraryError(
            f"{folder} holds other files ({min(others)!r}) and is not a library: "
            "give a new or an empty folder"
        )
    return True


def _newest(folder: Path) -> Path | None:
    try:
        found = [entry.name for entry in os.scandir(folder) if _DATABASE.fullmatch(entry.name)]
    except OSError:
        return None
    return folder / max(found, key=lambda name: (len(name), name)) if found else None


def _parsed(content: bytes) -> tuple[int, str]:
    """Return layout and database of a marker; 0 and nothing if it is none."""
    try:
        marker = json.loads(content)
        if marker["format"] != _FORMAT:
            return 0, ""
        return int(marker["layout"]), str(marker.get("database", ""))
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return 0, ""


def _unwritable(folder: Path, error: Exception) -> str:
    return f"the library {folder} cannot be written: {error}; give a folder that you may write to"
