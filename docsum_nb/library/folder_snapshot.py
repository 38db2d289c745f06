"""A library in a folder as it was when it was opened: what a search reads of its database.

Values that are not what was written raise ``DamageError``, and the store repairs the file; an entry
of a document that is no JSON costs that entry only.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from docsum_nb.library.database import DamageError
from docsum_nb.library.entries import Passage
from docsum_nb.library.filters import conditions_of
from docsum_nb.library.index_cache import cache_of
from docsum_nb.library.postings import POSTING_BYTES
from docsum_nb.library.vectors import nearest

__all__ = ["VERSION", "FolderSnapshot"]

VERSION = "version"
"""The setting that each commit gives another value."""
_AT_ONCE = 500
"""Names in one query; SQLite takes at least 999."""


class FolderSnapshot:
    """A library as it was when it was opened, until it is closed."""

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self._folder = folder
        self._db = db

    @property
    def version(self) -> str:
        """What the content is known by: another one after each commit; empty if it has none."""
        token = self.setting(VERSION)
        return f"{self._folder}\0{token}" if token else ""

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

    def postings(self, terms: Sequence[str]) -> dict[str, list[tuple[int, bytes]]]:
        """Return the postings of each term in each block that has it, in order."""
        # CROSS JOIN: the blocks are the outer loop, so that each look-up is one of the key.
        query = (
            "SELECT block, postings.passages FROM blocks CROSS JOIN postings "
            "ON block = blocks.id AND term = ? ORDER BY blocks.id"
        )
        return {term: self._db.execute(query, (term,)).fetchall() for term in terms}

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
        return nearest(self._db, vector, order, allowed, limit, cache_of(self.version))

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


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise DamageError(f"a text of a row is of type {type(value).__name__}")
    return value
