"""A library of the first layout, which LanceDB kept, copied into a database of this one.

Only passages and what describes a document are read: the columns of the index, which that layout
could damage with a long document, are derived again. Refuses a folder of which nothing can be read.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from docsum_nb.errors import LibraryError
from docsum_nb.library.contents import insert
from docsum_nb.library.database import created, explained, transaction
from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.folder import Marker, mark, marker_of, new_database
from docsum_nb.library.repair import report

__all__ = ["discard_first_layout", "upgraded"]

_TABLE = "passages"
_WHOLE = ["document", "digest", "path", "pages", "metadata"]
_PARTS = ["document", "number", "text", "start", "headings"]
_DAMAGE = (RuntimeError, ValueError, OSError, TypeError, LookupError)


def upgraded(folder: Path) -> Marker:
    """Copy a library of the first layout, and return the marker of the new one; hold the lock.

    Raises:
        LibraryError: If nothing of it can be read, or the folder cannot be written.
    """
    marker = new_database(folder)
    assert marker.database is not None
    lost: list[str] = []
    with explained(folder), created(marker.database) as db:
        for entry in _entries(folder, lost):
            with transaction(db), suppress(sqlite3.IntegrityError):
                insert(db, [entry])
    mark(folder, marker)
    if lost:
        report(folder, ValueError("it was written by an older version"), lost, 0, "")
    return marker


def discard_first_layout(folder: Path) -> None:
    """Delete the table of the first layout, once it has been copied; hold the lock."""
    table = folder / f"{_TABLE}.lance"
    if table.exists():
        marker = marker_of(folder)
        if marker is not None and marker.database is not None:
            shutil.rmtree(table, ignore_errors=True)


def _entries(folder: Path, lost: list[str]) -> Iterator[Entry]:
    if not (folder / f"{_TABLE}.lance").is_dir():
        return
    try:
        table = _open(folder)
        names = [row["document"] for row in _rows(table, "number >= 0", ["document"])]
    except BaseException as error:
        if not _is_damage(error):
            raise
        raise LibraryError(
            f"the library {folder} is damaged and nothing of it can be read "
            f"({str(error).partition(chr(10))[0]}): move the folder away and add the documents "
            "again"
        ) from error
    for name in sorted(set(names)):
        yield _entry(table, name, lost)


def _entry(table: Any, name: str, lost: list[str]) -> Entry:
    """Return a document with what can be read of it."""
    this = "document = '" + name.replace("'", "''") + "'"
    whole = _tried(table, f"{this} AND number = 0", _WHOLE)
    parts = _tried(table, f"{this} AND number > 0", _PARTS)
    first = whole[0] if whole else {}
    if not first or parts is None:
        lost.append(name)
    passages = [
        Passage(row["text"] or "", row["start"] or 0, tuple(row["headings"] or ()))
        for row in sorted(parts or (), key=lambda row: row["number"])
    ]
    metadata = first.get("metadata") or "{}"
    with suppress(ValueError, RecursionError):
        sound = isinstance(json.loads(metadata), dict)
    return Entry(
        name,
        first.get("digest") or "" if first and parts is not None else "",
        first.get("path"),
        tuple(first.get("pages") or ()),
        metadata if sound else "{}",
        tuple(passages),
    )


def _tried(table: Any, where: str, columns: list[str]) -> list[dict[str, Any]] | None:
    try:
        return _rows(table, where, columns)
    except BaseException as error:
        if not _is_damage(error):
            raise
        return None


def _rows(table: Any, where: str, columns: list[str]) -> list[dict[str, Any]]:
    query = table.search().where(where).select(columns)
    # Without a limit, ten rows are returned.
    rows: list[dict[str, Any]] = query.limit(table.count_rows() + 1).to_list()
    return rows


def _open(folder: Path) -> Any:
    if _fork.broken:
        raise LibraryError(
            f"the library {folder} is of an older version and cannot be brought up to date in a "
            "process forked after LanceDB was loaded, where it may hang: do it in another process"
        )
    import lancedb

    # Shown at any fork of the process, also one that never comes near a library.
    warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
    return lancedb.connect(str(folder)).open_table(_TABLE)


def _is_damage(error: BaseException) -> bool:
    # A panic of the engine is a BaseException of its own that no module exports.
    return isinstance(error, _DAMAGE) or type(error).__name__ == "PanicException"


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
