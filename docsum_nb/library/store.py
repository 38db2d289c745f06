"""The documents of a library as searches and writers reach them.

All of a document is replaced in a single transaction, so that readers, and a process that opens the
folder after a crash, see its old version or its new one. Readers take no lock and keep to the
snapshot they opened. A damaged database is repaired at the moment it is noticed: what can be read
is copied, the damaged file is set aside, and a warning names what was lost.
"""

from __future__ import annotations

import json
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from docsum_nb.errors import LibraryError
from docsum_nb.library.contents import insert, take_out, wipe
from docsum_nb.library.database import (
    DamageError,
    OlderFormatError,
    checkpoint,
    created,
    explained,
    is_damaged,
    is_older,
    open_to_read,
    open_to_write,
    transaction,
)
from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.filters import conditions_of
from docsum_nb.library.folder import (
    Marker,
    discard_unmarked,
    mark,
    marker_of,
    new_database,
    set_aside,
    writing,
)
from docsum_nb.library.postings import POSTING_BYTES
from docsum_nb.library.repair import copied_from_older, repaired
from docsum_nb.library.upgrade import discard_first_layout, upgraded
from docsum_nb.library.vectors import nearest
from docsum_nb.results import Added

__all__ = ["Store", "StoreSnapshot"]

_T = TypeVar("_T")
_AT_ONCE = 500
"""Names in one query; SQLite takes at least 999."""
_ATTEMPTS = 2
"""A damaged database is repaired once; if it is damaged again, the disk or the memory is."""


class StoreSnapshot:
    """A library as it was when it was opened, until it is closed."""

    NOTHING: ClassVar[dict[str, Any]] = {
        **dict.fromkeys(("documents", "passages", "vectors", "characters"), 0),
        "embedder": None,
    }

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self._db = db

    def count(self) -> int:
        """Return the number of documents."""
        return int(self._db.execute("SELECT count(*) FROM documents").fetchone()[0])

    def count_passages(self) -> int:
        """Return the number of passages of all documents."""
        return int(self._db.execute("SELECT count(*) FROM passages").fetchone()[0])

    def sizes_of_all(self) -> dict[str, Any]:
        """Return how many documents, passages, vectors and characters there are."""
        (characters,) = self._db.execute(
            "SELECT coalesce(sum(length(text)), 0) FROM passages"
        ).fetchone()
        (vectors,) = self._db.execute("SELECT count(*) FROM vectors").fetchone()
        return {
            "documents": self.count(),
            "passages": self.count_passages(),
            "vectors": int(vectors),
            "characters": int(characters),
            "embedder": self.setting("embedder"),
        }

    def names(self, limit: int) -> list[str]:
        """Return the names of the first documents by name."""
        query = "SELECT name FROM documents ORDER BY name LIMIT ?"
        return [_text(name) for (name,) in self._db.execute(query, (limit,))]

    def digests(self, names: Sequence[str]) -> dict[str, str]:
        """Return the digests of those among the named documents that are there."""
        return {row["document"]: row["digest"] for row in self._rows(names)}

    def paths(self) -> dict[str, str | None]:
        """Return the path of each document; ``None`` for one that came from no file."""
        rows = self._db.execute("SELECT name, path FROM documents")
        return {_text(name): path if path is None else _text(path) for name, path in rows}

    def documents(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return path, pages and metadata of the named documents.

        An entry that is no JSON is named in a warning, and is empty.
        """
        found = {}
        for row in self._rows(names):
            pages = self._json(row["pages"], list, "the pages", row["document"])
            row["pages"] = [page for page in pages if type(page) is int]
            row["metadata"] = self._json(row["metadata"], dict, "the metadata", row["document"])
            found[row["document"]] = row
        return found

    def blocks(self) -> list[tuple[int, bytes]]:
        """Return what each block says of its passages, in order."""
        return self._db.execute("SELECT id, passages FROM blocks ORDER BY id").fetchall()

    def postings(self, term: str) -> list[tuple[int, bytes]]:
        """Return the postings of a term in each block that has it, in order."""
        return self._db.execute(
            # CROSS JOIN: the blocks are the outer loop, so that each look-up is one of the key.
            "SELECT block, postings.passages FROM blocks CROSS JOIN postings "
            "ON block = blocks.id AND term = ? ORDER BY blocks.id",
            (term,),
        ).fetchall()

    def sizes(self, terms: Sequence[str]) -> dict[str, int]:
        """Return the number of passages that have each term."""
        query = (
            "SELECT coalesce(sum(length(postings.passages)), 0) FROM blocks CROSS JOIN postings "
            "ON block = blocks.id AND term = ?"
        )
        return {
            term: int(self._db.execute(query, (term,)).fetchone()[0]) // POSTING_BYTES
            for term in terms
        }

    def names_of(self, documents: Sequence[int]) -> dict[int, str]:
        """Return the names of documents by their numbers."""
        query = "SELECT id, name FROM documents WHERE id IN"
        return {number: _text(name) for number, name in self._some(query, documents)}

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by their numbers."""
        query = (
            "SELECT passages.id, name, text, start, headings FROM passages "
            "JOIN documents ON documents.id = passages.document WHERE passages.id IN"
        )
        found = {}
        for number, name, text, start, headings in self._some(query, numbers):
            above = self._json(headings, list, "headings", name)
            if type(start) is not int:
                raise DamageError("the place of a passage is no number")
            found[number] = Passage(_text(text), start, tuple(map(str, above)))
        return found

    def with_metadata(self, where: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the documents whose metadata is as it should be."""
        conditions, values = conditions_of(where)
        query = f"SELECT id FROM documents WHERE {conditions}"  # noqa: S608  # values are bound
        return [number for (number,) in self._db.execute(query, values)]

    def setting(self, key: str) -> str | None:
        """Return a setting of the library; ``None`` if it is not set."""
        row = self._db.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else _text(row[0])

    def without_vector(self, after: int, limit: int) -> dict[int, Passage]:
        """Return the first passages after a number that have no vector."""
        query = (
            "SELECT passages.id FROM passages LEFT JOIN vectors ON passage = passages.id "
            "WHERE passages.id > ? AND passage IS NULL ORDER BY passages.id LIMIT ?"
        )
        return self.passages([number for (number,) in self._db.execute(query, (after, limit))])

    def nearest(
        self, vector: Any, order: Mapping[int, int], allowed: Any, limit: int
    ) -> list[tuple[int, float]]:
        """Return the positions of the passages whose vectors are nearest, with their cosines."""
        return nearest(self._db, vector, order, allowed, limit)

    def _some(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for at in range(0, len(values), _AT_ONCE):
            some = values[at : at + _AT_ONCE]
            rows += self._db.execute(f"{query} ({', '.join('?' * len(some))})", some)
        return rows

    def _rows(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        columns = ("document", "digest", "path", "pages", "metadata")
        query = "SELECT name, digest, path, pages, metadata FROM documents WHERE name IN"
        for row in self._some(query, names):
            for value in row:
                if value is not None:
                    _text(value)
            yield dict(zip(columns, row, strict=True))

    def _json(self, content: str, kind: type, what: str, document: str) -> Any:
        try:
            value = json.loads(content)
        except (ValueError, TypeError, RecursionError):
            value = None
        if isinstance(value, kind):
            return value
        warnings.warn(
            f"the library {self._folder} is damaged: {what} of {document!r} cannot be read and "
            "count as none; remove this document and add it again",
            RuntimeWarning,
            stacklevel=2,
        )
        return kind()


class Store:
    """Opens the database for readers and writers; holds only a path, so it can be pickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, work: Callable[[StoreSnapshot], _T]) -> _T | None:
        """Return the result of ``work`` for the current library; ``None`` if there is none.

        A library of the first layout is brought up to date first, and a damaged one is repaired;
        then ``work`` is called again.

        Raises:
            LibraryError: If there is something else at the path, or it cannot be read.
        """
        for attempt in range(_ATTEMPTS):
            marker = marker_of(self._folder)
            if marker is None:
                return None
            if marker.database is None:
                with self._writing():
                    marker = marker_of(self._folder)
            try:
                with explained(self._folder), closing(self._opened(marker)) as db:
                    return work(StoreSnapshot(self._folder, db))
            except DamageError as damage:
                self._repair(marker, damage, again=attempt > 0)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _opened(self, marker: Marker | None) -> sqlite3.Connection:
        """Return the database opened for reading, brought up to date first if need be."""
        try:
            return open_to_read(_database(marker))
        except OlderFormatError:
            with self._writing() as newer:
                return open_to_read(_database(newer))

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them if their digest differs, in a single transaction.

        Raises:
            LibraryError: If the folder cannot be written, or is in use for too long.
        """
        return self.commit(lambda db: _replace(db, entries))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in one transaction; return the names of those that were there."""
        if not names or not self.read(lambda snapshot: snapshot.digests(names)):
            return ()
        return self.commit(
            lambda db: tuple(name for name in sorted(set(names)) if take_out(db, name))
        )

    def bytes_on_disk(self) -> int:
        """Return the size of the folder's files; one that has just been deleted counts as none."""
        total = 0
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                with suppress(OSError):
                    total += entry.stat().st_size
        return total

    def warn_of_what_is_set_aside(self, name: str) -> None:
        """Warn of damaged files that may hold the text of a document that was to be removed."""
        kept = set_aside(self._folder)
        if kept:
            warnings.warn(
                f"{', '.join(map(str, kept))} was set aside after damage and may still hold the "
                f"text of {name!r}: delete it once you need nothing of it",
                RuntimeWarning,
                stacklevel=3,
            )

    def wipe(self) -> None:
        """Delete what was replaced or removed from the disk.

        It costs time in proportion to the whole index, so it is called at the end of a change.

        Raises:
            LibraryError: As for ``write``.
        """
        self._change(wipe)

    def commit(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Change the database in one transaction, and return the result of ``change``.

        Raises:
            LibraryError: As for ``write``.
        """

        def work(db: sqlite3.Connection) -> _T:
            with transaction(db):
                return change(db)

        return self._change(work)

    def _change(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Change the database, after a repair if it is found damaged."""
        for attempt in range(_ATTEMPTS):
            with self._writing() as marker:
                try:
                    with (
                        explained(self._folder),
                        closing(open_to_write(_database(marker))) as db,
                    ):
                        done = change(db)
                        checkpoint(db)
                        return done
                except DamageError as error:
                    damage = error
                except LibraryError as error:
                    if marker.database is None or not is_damaged(marker.database, error):
                        raise
                    damage = DamageError(str(error.__cause__))
            self._repair(marker, damage, again=attempt > 0)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _writing(self) -> Iterator[Marker]:
        """Hold the writers' lock; the library is made, or brought up to date, if need be."""
        with writing(self._folder):
            marker = marker_of(self._folder)
            if marker is None:
                marker = new_database(self._folder)
                assert marker.database is not None
                with explained(self._folder), created(marker.database):
                    pass
                mark(self._folder, marker)
            elif marker.database is None:
                marker = upgraded(self._folder)
            elif marker.drafted:
                # The file that named the database was damaged.
                mark(self._folder, marker)
            if marker.database is not None and is_older(marker.database):
                with explained(self._folder):
                    marker = copied_from_older(self._folder, marker.database)
            discard_first_layout(self._folder)
            discard_unmarked(self._folder, marker)
            yield marker

    def _repair(self, marker: Marker | None, damage: DamageError, *, again: bool) -> None:
        if again:
            raise LibraryError(
                f"the library {self._folder} is damaged again after it was repaired ({damage}): "
                "check the disk; move the folder away and add the documents again"
            ) from damage
        with writing(self._folder):
            # Another process may have done it while this one waited.
            if marker_of(self._folder) == marker:
                with explained(self._folder):
                    repaired(self._folder, marker.database if marker else None, damage)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise DamageError(f"a text of a row is of type {type(value).__name__}")
    return value


def _database(marker: Marker | None) -> Path:
    if marker is None or marker.database is None or not marker.database.is_file():
        raise DamageError("the database is not there")
    return marker.database


def _replace(db: sqlite3.Connection, entries: Sequence[Entry]) -> Added:
    known = StoreSnapshot(Path(), db).digests([entry.name for entry in entries])
    changed = [entry for entry in entries if known.get(entry.name) != entry.digest]
    for entry in changed:
        take_out(db, entry.name)
    insert(db, changed)
    updated = sum(entry.name in known for entry in changed)
    return Added(
        added=len(changed) - updated,
        updated=updated,
        unchanged=len(entries) - len(changed),
        passages=sum(len(entry.passages) for entry in changed),
    )
