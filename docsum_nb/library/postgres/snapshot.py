"""A library on a server as it was when it was opened: what a search reads of it.

The postings of all terms of a query are read at once, and what each block says of its passages is
kept from search to search, since the server may be far away. Rows that make no sense raise
``ValueError``, and the store says so.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from docsum_nb.library.entries import Passage
from docsum_nb.library.postgres.connection import Connection
from docsum_nb.library.postgres.values import key_of, restored, storable, wanted_labels
from docsum_nb.library.postgres.vectors import extension, nearest
from docsum_nb.library.postings import BLOCK, POSTING_BYTES
from docsum_nb.library.ranking import Floats

__all__ = ["PostgresSnapshot"]

_MOST_KEPT = 500
"""Blocks of all libraries, of 32 kB each at most."""

_kept_blocks: OrderedDict[Any, bytes] = OrderedDict()
"""By version, which is another after each change."""


class PostgresSnapshot:
    """A library as it was when it was opened, until it is closed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._is_filtered = False
        # A query is ranked twice: what was read for the first ranking is kept for the second.
        self._postings: dict[str, list[tuple[int, bytes]]] = {}
        self._sizes: dict[str, int] = {}

    def count(self) -> int:
        """Return the number of documents."""
        return int(self._one("SELECT count(*) FROM documents"))

    def count_passages(self) -> int:
        """Return the number of passages of all documents."""
        return int(self._one("SELECT count(*) FROM passages"))

    def sizes_of_all(self) -> dict[str, Any]:
        """Return how many documents, passages, vectors and characters there are."""
        found = extension(self._connection)
        return {
            "documents": self.count(),
            "passages": self.count_passages(),
            "vectors": int(self._one("SELECT count(*) FROM vectors")),
            "characters": int(self._one("SELECT coalesce(sum(length(text)), 0) FROM passages")),
            "embedder": self.setting("embedder"),
            "pgvector": None if found is None else found[0],
        }

    def bytes_on_disk(self) -> int:
        """Return the size of all tables and indexes."""
        return int(
            self._one(
                "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
                "WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'"
            )
        )

    def names(self, limit: int) -> list[str]:
        """Return the names of the first documents by name."""
        query = "SELECT name FROM documents ORDER BY name LIMIT %s"
        return [restored(name) for (name,) in self._connection.execute(query, (limit,))]

    def digests(self, names: Sequence[str]) -> dict[str, str]:
        """Return the digests of those among the named documents that are there."""
        return {name: row[0] for name, row in self._rows("digest", names)}

    def paths(self) -> dict[str, str | None]:
        """Return the path of each document; ``None`` for one that came from no file."""
        rows = self._connection.execute("SELECT name, path FROM documents")
        return {restored(name): path and restored(path) for name, path in rows}

    def documents(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return path, pages and metadata of the named documents."""
        return {
            name: {
                "document": name,
                "digest": digest,
                "path": path and restored(path),
                "pages": json.loads(pages),
                "metadata": json.loads(metadata),
            }
            for name, (digest, path, pages, metadata) in self._rows(
                "digest, path, pages, metadata", names
            )
        }

    def blocks(self) -> list[tuple[int, bytes]]:
        """Return what each block says of its passages, in order."""
        now = self._connection.execute("SELECT id, version FROM blocks ORDER BY id").fetchall()
        found = {version: _kept_blocks[version] for _, version in now if version in _kept_blocks}
        new = [number for number, version in now if version not in found]
        if new:
            query = "SELECT version, passages FROM blocks WHERE id = ANY(%s)"
            found |= {
                version: bytes(data)
                for version, data in self._connection.execute(query, (new,), binary=True)
            }
            _kept_blocks.update(found)
            while len(_kept_blocks) > _MOST_KEPT:
                _kept_blocks.popitem(last=False)
        return [(number, found[version]) for number, version in now]

    def postings(self, terms: Sequence[str]) -> dict[str, list[tuple[int, bytes]]]:
        """Return the postings of each term in each block that has it, in order."""
        new = {storable(term): term for term in terms if term not in self._postings}
        if new:
            self._postings.update((term, []) for term in new.values())
            rows = self._connection.execute(
                "SELECT term, block, passages FROM postings WHERE term = ANY(%s) "
                "ORDER BY term, block",
                ([*new],),
                binary=True,
            )
            for term, block, data in rows:
                self._postings[new[term]].append((block, bytes(data)))
        return {term: self._postings[term] for term in terms}

    def sizes(self, terms: Sequence[str]) -> dict[str, int]:
        """Return the number of passages that have each term."""
        new = {storable(term): term for term in terms if term not in self._sizes}
        if new:
            self._sizes.update(dict.fromkeys(new.values(), 0))
            rows = self._connection.execute(
                "SELECT term, sum(length(passages)) FROM postings WHERE term = ANY(%s) "
                "GROUP BY term",
                ([*new],),
            )
            self._sizes.update((new[term], int(size) // POSTING_BYTES) for term, size in rows)
        return {term: self._sizes[term] for term in terms}

    def names_of(self, documents: Sequence[int]) -> dict[int, str]:
        """Return the names of documents by their numbers."""
        query = "SELECT id, name FROM documents WHERE id = ANY(%s)"
        rows = self._connection.execute(query, ([*documents],))
        return {number: restored(name) for number, name in rows}

    def passages(self, numbers: Sequence[int]) -> dict[int, Passage]:
        """Return passages by their numbers."""
        query = "SELECT id, text, start, headings FROM passages WHERE id = ANY(%s)"
        rows = self._connection.execute(query, ([*numbers],)).fetchall()
        found = {
            number: Passage(restored(text), start, tuple(json.loads(headings)))
            for number, text, start, headings in rows
        }
        return {number: found[number] for number in numbers if number in found}

    def with_metadata(self, where: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the documents whose metadata is as it should be."""
        self._is_filtered = True
        labels = wanted_labels(where)
        conditions = " AND ".join(["true", *["labels && %s::text[]"] * len(labels)])
        rows = self._connection.execute(
            f"SELECT id FROM documents WHERE {conditions}".encode(),  # noqa: S608  # constants
            labels,
        )
        return [number for (number,) in rows]

    def setting(self, key: str) -> str | None:
        """Return a setting of the library; ``None`` if it is not set."""
        query = "SELECT value FROM settings WHERE key = %s"
        row = self._connection.execute(query, (key,)).fetchone()
        return None if row is None else restored(row[0])

    def without_vector(self, after: int, limit: int) -> dict[int, Passage]:
        """Return the first passages after a number that have no vector."""
        rows = self._connection.execute(
            "SELECT id FROM passages WHERE id > %s AND NOT EXISTS "
            # The bound is repeated, or the vectors of all passages before are read each time.
            "(SELECT FROM vectors WHERE passage = id AND passage > %s) ORDER BY id LIMIT %s",
            (after, after, limit),
        )
        return self.passages([number for (number,) in rows])

    def nearest(
        self, vector: Floats, order: Mapping[int, int], allowed: Any, limit: int
    ) -> list[tuple[int, float]]:
        """Return the positions of the passages whose vectors are nearest, with their cosines."""
        among = None
        if self._is_filtered:
            blocks = np.array([*order], np.int64)
            at = np.flatnonzero(allowed)
            among = (blocks[at // BLOCK] * BLOCK + at % BLOCK).tolist()
        found = nearest(self._connection, vector, among, limit)
        return [
            (order[number // BLOCK] * BLOCK + number % BLOCK, cosine) for number, cosine in found
        ]

    def _one(self, query: str) -> Any:
        return self._connection.execute(query.encode()).fetchall()[0][0]

    def _rows(self, columns: str, names: Sequence[str]) -> Iterable[tuple[str, tuple[Any, ...]]]:
        query = f"SELECT name, {columns} FROM documents WHERE key = ANY(%s)"  # noqa: S608  # constants
        keys = [key_of(name) for name in names]
        for name, *row in self._connection.execute(query.encode(), (keys,)):
            yield restored(name), tuple(row)
