"""What can be read of a damaged database, in a new one; the damaged file is set aside.

Every document whose passages can all be read is copied. One that lost passages keeps the others,
and counts as changed, so that the next ``add`` completes it. Vectors are not copied. A warning
names what was lost, and the file.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docsum_nb.errors import LibraryError
from docsum_nb.library.contents import insert
from docsum_nb.library.database import DamageError, created, transaction
from docsum_nb.library.entries import Entry, Passage, batches
from docsum_nb.library.folder import Marker, mark, new_database

__all__ = ["copied_from_older", "repaired", "report"]

_ROW_BYTES = 32
"""No row takes fewer, so that a damaged number of rows is bounded by the file."""
_NAMED = 5
"""Documents that a warning names."""


@dataclass
class _Losses:
    incomplete: list[str] = field(default_factory=list)
    lost: int = 0


def repaired(folder: Path, damaged: Path | None, damage: Exception) -> None:
    """Copy what can be read into a new database, and make it the library's; hold the lock.

    Raises:
        LibraryError: If nothing can be read, or the folder cannot be written.
    """
    marker = new_database(folder)
    assert marker.database is not None
    losses = _Losses()
    try:
        with _opened(damaged) as old, created(marker.database) as new:
            copied = 0
            vectors = _had_vectors(old)
            for entry in _entries(old, losses, _most(damaged)):
                with transaction(new), suppress(sqlite3.IntegrityError):
                    insert(new, [entry])
                    copied += 1
            if not copied:
                raise DamageError("no document can be read")
    except (DamageError, sqlite3.DatabaseError) as error:
        raise LibraryError(
            f"the library {folder} is damaged and nothing of it can be read ({damage or error}): "
            "move the folder away and add the documents again"
        ) from error
    mark(folder, marker)
    assert damaged is not None
    aside = _set_aside(damaged)
    report(
        folder,
        damage,
        losses.incomplete,
        losses.lost,
        f"the damaged file is {aside}, which holds their text until you delete it"
        + ("; its vectors are not copied: call embed(), which computes them again" * vectors),
    )


def copied_from_older(folder: Path, older: Path) -> Marker:
    """Copy a database of an older format into one of this; hold the lock.

    The texts are the same in both, and the index is derived from them.

    Raises:
        LibraryError: If the folder cannot be written.
    """
    marker = new_database(folder)
    assert marker.database is not None
    losses = _Losses()
    with _opened(older) as old, created(marker.database) as new:
        for batch in batches(_entries(old, losses, _most(older))):
            with transaction(new):
                insert(new, batch)
    mark(folder, marker)
    if losses.incomplete or losses.lost:
        aside = _set_aside(older)
        damage = DamageError("it was written by an older version")
        where = f"the old file is {aside}, which holds their text until you delete it"
        report(folder, damage, losses.incomplete, losses.lost, where)
    return marker


def report(folder: Path, damage: Exception, incomplete: list[str], lost: int, where: str) -> None:
    """Warn of a repair, with what was lost."""
    named = ", ".join(map(repr, incomplete[:_NAMED]))
    more = f" and {len(incomplete) - _NAMED} more" if len(incomplete) > _NAMED else ""
    what = f"parts of {named}{more} were lost" if incomplete else ""
    rows = f"{lost} rows of documents or passages cannot be read" if lost else ""
    found = "; ".join(filter(None, (what, rows))) or "every document could be read"
    warnings.warn(
        f"the library {folder} was damaged ({damage}) and has been repaired: {found}; {where}. Add "
        "the documents again: what is complete is passed over",
        RuntimeWarning,
        stacklevel=2,
    )


def _opened(path: Path | None) -> closing[sqlite3.Connection]:
    if path is None or not path.is_file():
        raise DamageError("the database is not there")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    # A file that lost its end, which SQLite refuses otherwise, is read as far as it goes.
    db.execute("PRAGMA writable_schema=ON")
    return closing(db)


def _had_vectors(db: sqlite3.Connection) -> bool:
    try:
        query = "SELECT 1 FROM vectors UNION SELECT 1 FROM settings WHERE key = 'embedder'"
        return db.execute(query).fetchone() is not None
    except sqlite3.Error:
        return False


def _entries(db: sqlite3.Connection, losses: _Losses, most: int) -> Iterator[Entry]:
    columns = "name, digest, path, pages, metadata, first, last"
    for number in range(1, _highest(db, most) + 1):
        try:
            row = _one(db, f"SELECT {columns} FROM documents WHERE id = ?", number)  # noqa: S608
        except (sqlite3.Error, ValueError):
            losses.lost += 1
            continue
        if row is not None and (entry := _entry(db, row, losses, most)) is not None:
            yield entry


def _entry(
    db: sqlite3.Connection, row: tuple[Any, ...], losses: _Losses, most: int
) -> Entry | None:
    name, digest, path, pages, metadata, first, last = row
    if not isinstance(name, str) or not isinstance(first, int) or not isinstance(last, int):
        losses.lost += 1
        return None
    whole = isinstance(digest, str) and (path is None or isinstance(path, str))
    sound_pages, sound_metadata = _json(pages, list), _json(metadata, dict)
    whole = whole and None not in (sound_pages, sound_metadata)
    passages = []
    for number in range(first, min(last, first + most) + 1):
        passage = _passage(db, number)
        if passage is None:
            whole = False
        else:
            passages.append(passage)
    if not whole:
        losses.incomplete.append(name)
    return Entry(
        name,
        digest if whole else "",
        path if isinstance(path, str) else None,
        tuple(page for page in sound_pages or () if type(page) is int),
        metadata if sound_metadata is not None else "{}",
        tuple(passages),
    )


def _passage(db: sqlite3.Connection, number: int) -> Passage | None:
    try:
        row = _one(db, "SELECT text, start, headings FROM passages WHERE id = ?", number)
    except (sqlite3.Error, ValueError):
        return None
    if row is None or not isinstance(row[0], str) or not isinstance(row[1], int):
        return None
    headings = _json(row[2], list)
    if headings is None or not all(isinstance(heading, str) for heading in headings):
        return None
    return Passage(row[0], row[1], tuple(headings))


def _highest(db: sqlite3.Connection, most: int) -> int:
    try:
        (highest,) = db.execute("SELECT coalesce(max(id), 0) FROM documents").fetchone()
    except sqlite3.OperationalError as error:
        raise DamageError(str(error)) from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            raise DamageError(str(error)) from error
        return most
    return min(int(highest), most)


def _most(path: Path | None) -> int:
    """Return how many rows a database can have."""
    return 0 if path is None else path.stat().st_size // _ROW_BYTES


def _one(db: sqlite3.Connection, query: str, number: int) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = db.execute(query, (number,)).fetchone()
    return row


def _json(content: Any, kind: type) -> Any:
    try:
        value = json.loads(content)
    except (ValueError, TypeError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _set_aside(damaged: Path) -> Path:
    aside = damaged.with_name(f"{damaged.name}.damaged")
    for end in ("", "-wal", "-shm"):
        beside = damaged.with_name(damaged.name + end)
        # On Windows a file that a search has open cannot be moved: it stays, and is not used.
        with suppress(OSError):
            beside.replace(aside.with_name(aside.name + end))
    return aside if aside.exists() else damaged
