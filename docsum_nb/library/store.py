"""The documents of a library as searches and writers reach them.

All of a document is replaced in a single transaction, so that readers, and a process that opens the
folder after a crash, see its old version or its new one. Readers take no lock and keep to the
snapshot they opened. A damaged database is repaired at the moment it is noticed: what can be read
is copied, the damaged file is set aside, and a warning names what was lost.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

from docsum_nb.errors import LibraryError
from docsum_nb.library.database import (
    DamageError,
    checkpoint,
    created,
    explained,
    insert,
    open_to_read,
    open_to_write,
    take_out,
    transaction,
    wipe,
)
from docsum_nb.library.entries import Entry
from docsum_nb.library.folder import (
    Marker,
    discard_unmarked,
    mark,
    marker_of,
    new_database,
    set_aside,
    writing,
)
from docsum_nb.library.query import index_query, index_words
from docsum_nb.library.repair import repaired
from docsum_nb.library.upgrade import discard_first_layout, upgraded
from docsum_nb.results import Added

__all__ = ["Match", "Store", "StoreSnapshot"]

_T = TypeVar("_T")
_AT_ONCE = 500
"""Names in one query; SQLite takes at least 999."""
_MOST_FOUND = 10_000
"""Passages that a search scores, at about 30 µs each. In a larger library, the most common words of
a query find nothing by themselves; they count in the scores of the passages that others find."""
_RAREST = 10
"""Words that choose the best passage of one document, and common ones that count in a score."""
_ATTEMPTS = 2
"""A damaged database is repaired once; if it is damaged again, the disk or the memory is."""


@dataclass(frozen=True)
class Match:
    """A passage that matched a search."""

    document: str
    score: float
    text: str
    start: int
    """Where the passage begins in the document, in characters."""
    headings: tuple[str, ...]


class StoreSnapshot:
    """A library as it was when it was opened, until it is closed."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self._db = db
        self._chosen: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}

    def count(self) -> int:
        """Return the number of documents."""
        return int(self._db.execute("SELECT count(*) FROM documents").fetchone()[0])

    def count_passages(self) -> int:
        """Return the number of passages of all documents."""
        return int(self._db.execute("SELECT count(*) FROM passages").fetchone()[0])

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

    def match_documents(self, terms: Sequence[str], *, limit: int) -> list[tuple[str, float]]:
        """Return the best whole documents by BM25, with their scores; equal ones by name."""
        query = (
            "SELECT name, score FROM (SELECT rowid AS document, -bm25(document_index) AS score "
            "FROM document_index WHERE document_index MATCH ? ORDER BY rank LIMIT ?) "
            "JOIN documents ON documents.id = document"
        )
        rare, _ = self._rare_and_common(terms)
        # Of a book, the places of a common word alone are many. A name is in all its passages.
        rows = self._match(query, index_query(rare), limit)
        return sorted(
            ((_text(name), score) for name, score in rows), key=lambda row: (-row[1], row[0])
        )

    def match_passages(
        self, terms: Sequence[str], *, limit: int, within: str | None = None
    ) -> list[Match]:
        """Return the best passages by BM25; equal scores in order of document and place.

        Args:
            terms: What to search for; a passage matches if it has any of them.
            limit: The largest number of passages.
            within: The name of a document to search; ``None`` for all.
        """
        span: tuple[int, ...] = ()
        if within is not None:
            find = "SELECT first, last FROM documents WHERE name = ?"
            span = self._db.execute(find, (within,)).fetchone() or (0, 0)
        where = "AND rowid BETWEEN ? AND ?" if span else ""
        query = (
            "SELECT name, score, text, start, headings FROM (SELECT rowid AS passage, "  # noqa: S608
            f"-bm25(passage_index) AS score FROM passage_index WHERE passage_index MATCH ? {where} "
            "ORDER BY rank LIMIT ?) JOIN passages ON passages.id = passage "
            "JOIN documents ON documents.id = passages.document"
        )
        found = []
        rare, common = self._rare_and_common(terms)
        rows = []
        if span and common:
            # The index looks at all texts that have a word, to know how rare it is.
            rows = self._match(query, index_query(rare[:_RAREST]), *span, limit)
        if not rows:
            rows = self._match(query, index_query(rare, common), *span, limit)
        for name, score, text, start, headings in rows:
            above = self._json(headings, list, "headings", name)
            if type(start) is not int:
                raise DamageError("the place of a passage is no number")
            found.append(Match(_text(name), score, _text(text), start, tuple(map(str, above))))
        return sorted(found, key=lambda match: (-match.score, match.document, match.start))

    def _match(self, query: str, words: str, *values: int) -> list[tuple[Any, ...]]:
        return self._db.execute(query, (words, *values)).fetchall() if words else []

    def _rare_and_common(self, terms: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the words to search for, rarest first, and those in too many passages for that."""
        if (chosen := self._chosen.get(tuple(terms))) is not None:
            return chosen
        counts = self._counts(index_words(terms))
        words = sorted(counts, key=lambda word: counts[word])
        totals = accumulate(counts[word] for word in words)
        # The rarest one is always searched for.
        some = max(1, sum(total <= _MOST_FOUND for total in totals))
        chosen = words[:some], words[some : some + _RAREST]
        self._chosen[tuple(terms)] = chosen
        return chosen

    def _counts(self, words: Sequence[str]) -> dict[str, int]:
        """Return the number of passages of each word, or a little more than are ever scored."""
        query = (
            "SELECT count(*) FROM (SELECT 1 FROM passage_index WHERE passage_index MATCH ? LIMIT ?)"
        )
        counts = {}
        for word in words:
            row = self._db.execute(query, (index_query([word]), _MOST_FOUND + 1)).fetchone()
            counts[word] = int(row[0])
        return counts

    def _rows(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        columns = ("document", "digest", "path", "pages", "metadata")
        for at in range(0, len(names), _AT_ONCE):
            some = names[at : at + _AT_ONCE]
            places = ", ".join("?" * len(some))
            query = (
                "SELECT name, digest, path, pages, metadata FROM documents "  # noqa: S608  # places
                f"WHERE name IN ({places})"
            )
            for row in self._db.execute(query, some):
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
                with explained(self._folder), closing(open_to_read(_database(marker))) as db:
                    return work(StoreSnapshot(self._folder, db))
            except DamageError as damage:
                self._repair(marker, damage, again=attempt > 0)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them if their digest differs, in a single transaction.

        Raises:
            LibraryError: If the folder cannot be written, or is in use for too long.
        """
        return self._commit(lambda db: _replace(db, entries))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in one transaction; return the names of those that were there."""
        if not names or not self.read(lambda snapshot: snapshot.digests(names)):
            return ()
        return self._commit(
            lambda db: tuple(name for name in sorted(set(names)) if take_out(db, name))
        )

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

    def _commit(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
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
        insert(db, entry)
    updated = sum(entry.name in known for entry in changed)
    return Added(
        added=len(changed) - updated,
        updated=updated,
        unchanged=len(entries) - len(changed),
        passages=sum(len(entry.passages) for entry in changed),
    )
