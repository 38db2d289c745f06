"""The LanceDB table of a library: one row for each whole document and for each of its passages.

All rows of a document are replaced in a single commit, so that readers, and whoever opens the
folder after a crash, see its old version or its new one. Readers take no lock and keep to the
snapshot they opened. The indexes are made before the first row, so every row can be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from docsum_nb.library.connection import connect, explained, is_conflict
from docsum_nb.library.entries import Entry
from docsum_nb.library.folder import is_library, make_library, writing
from docsum_nb.records import Added

__all__ = ["Match", "Snapshot", "Store"]

_TABLE = "passages"
_DOCUMENT, _PASSAGE = "document_terms", "passage_terms"
# Readers hold a snapshot for the length of one search; an hour is far beyond that.
_KEEP_VERSIONS = timedelta(hours=1)
_COMMIT_ATTEMPTS = 6
_FEW_ROWS, _SMALL_PART, _MANY_ROWS = 200, 0.1, 5_000
"""Rows that may stand beside the index: so many, or a part of all, and never more than these."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Match:
    """A passage that matched a search."""

    document: str
    score: float
    text: str
    start: int
    """Where the passage begins in the document, in characters."""
    headings: tuple[str, ...]


class Snapshot:
    """A library as it was when it was opened, whatever is written meanwhile."""

    def __init__(self, folder: Path, table: Any) -> None:
        self._folder = folder
        self._table = table

    def count(self) -> int:
        """Count the documents."""
        with explained(self._folder):
            return int(self._table.count_rows("number = 0"))

    def count_passages(self) -> int:
        """Count the passages of all documents."""
        with explained(self._folder):
            return int(self._table.count_rows("number > 0"))

    def is_optimization_due(self) -> bool:
        """Return whether so much was written since the last optimization that it slows searches.

        Rows that are not indexed are found all the same. An optimization rewrites the index, so it
        waits for a part of all rows: then the thousandth ``add`` costs what the first one did.
        """
        with explained(self._folder):
            stats = [self._table.index_stats(index.name) for index in self._table.list_indices()]
            rows = self._table.count_rows()
        unindexed = max((each.num_unindexed_rows for each in stats if each), default=0)
        return unindexed > min(max(_FEW_ROWS, int(_SMALL_PART * rows)), _MANY_ROWS)

    def digests(self, names: Sequence[str] | None = None) -> dict[str, str]:
        """Give the digest of each document, or of those among the given names that are there."""
        rows = self._documents(names, ["document", "digest"])
        return {row["document"]: row["digest"] for row in rows}

    def paths(self) -> dict[str, str | None]:
        """Give the path of each document; ``None`` for one that came from no file."""
        return {row["document"]: row["path"] for row in self._documents(None, ["document", "path"])}

    def documents(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Give path, pages and metadata, as JSON, of the named documents."""
        rows = self._documents(names, ["document", "path", "pages", "metadata"])
        return {row["document"]: row for row in rows}

    def match_documents(self, terms: Sequence[str], *, limit: int) -> list[tuple[str, float]]:
        """Rank whole documents by BM25, with their scores; best first, equal ones by name."""
        found = self._match(_DOCUMENT, ["document"], terms, limit=limit)
        return [(row["document"], row["_score"]) for row in found]

    def match_passages(
        self, terms: Sequence[str], *, limit: int, within: Sequence[str] | None = None
    ) -> list[Match]:
        """Rank passages by BM25; best first, equal scores in order of document and number.

        Args:
            terms: What to search for; a passage matches where it holds any of them.
            limit: How many at most.
            within: The documents to search; ``None`` for all.
        """
        columns = ["document", "number", "text", "start", "headings"]
        found = self._match(_PASSAGE, columns, terms, limit=limit, within=within)
        return [
            Match(
                row["document"],
                row["_score"],
                row["text"],
                row["start"],
                tuple(row["headings"] or ()),
            )
            for row in found
        ]

    def _match(
        self,
        column: str,
        columns: list[str],
        terms: Sequence[str],
        *,
        limit: int,
        within: Sequence[str] | None = None,
    ) -> list[dict[str, Any]]:
        from lancedb.query import MatchQuery

        with explained(self._folder):
            query = self._table.search(MatchQuery(" ".join(terms), column), query_type="fts")
            if within is not None:
                query = query.where(_is_one_of(within), prefilter=True)
            # Without _score, LanceDB logs a deprecation for each query.
            rows = query.select([*columns, "_score"]).limit(limit).to_list()
        return sorted(rows, key=lambda row: (-row["_score"], row["document"], row.get("number", 0)))

    def _documents(self, names: Sequence[str] | None, columns: list[str]) -> list[dict[str, Any]]:
        where = "number = 0" if names is None else f"number = 0 AND {_is_one_of(names)}"
        with explained(self._folder):
            rows: list[dict[str, Any]] = (
                self._table.search()
                .where(where)
                .select(columns)
                # Without a limit, ten rows are returned.
                .limit(self._table.count_rows() + 1)
                .to_list()
            )
        return rows


class Store:
    """Opens the table for readers and writers; holds only a path, so it can be pickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def snapshot(self) -> Snapshot | None:
        """Open the library as it is now; ``None`` where there is none yet.

        Raises:
            LibraryError: If there is something else at the path, or it cannot be read.
        """
        if not is_library(self._folder):
            return None
        with explained(self._folder):
            table = _open_table(self._folder)
        return None if table is None else Snapshot(self._folder, table)

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them where their digest differs, in a single commit.

        Raises:
            LibraryError: If the folder cannot be written, or is in use for too long.
        """
        with self._writing():
            return self._commit(lambda table: self._replace(table, entries))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in a single commit; give the names of those that were there."""
        if not names or self.snapshot() is None:
            return ()
        with self._writing():
            return self._commit(lambda table: self._delete(table, names))

    def is_optimization_due(self) -> bool:
        """Return whether enough was written for ``optimize`` to be worth its time."""
        snapshot = self.snapshot()
        return snapshot is not None and snapshot.is_optimization_due()

    def optimize(self) -> None:
        """Merge small files, complete the indexes, drop versions that no reader can be using."""
        with self._writing():
            self._commit(lambda table: table.optimize(cleanup_older_than=_KEEP_VERSIONS))

    def _replace(self, table: Any, entries: Sequence[Entry]) -> Added:
        names = [entry.name for entry in entries]
        known = Snapshot(self._folder, table).digests(names)
        changed = [entry for entry in entries if known.get(entry.name) != entry.digest]
        if changed:
            _merge(table, changed)
        updated = sum(entry.name in known for entry in changed)
        return Added(
            added=len(changed) - updated,
            updated=updated,
            unchanged=len(entries) - len(changed),
            passages=sum(len(entry.rows) - 1 for entry in changed),
        )

    def _delete(self, table: Any, names: Sequence[str]) -> tuple[str, ...]:
        there = tuple(sorted(Snapshot(self._folder, table).digests(names)))
        if there:
            table.delete(_is_one_of(there))
        return there

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with writing(self._folder):
            make_library(self._folder)
            with explained(self._folder):
                yield

    def _commit(self, change: Callable[[Any], _T]) -> _T:
        """Run a change on the newest version, again where somebody without our lock came first."""
        from tenacity import (
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            wait_random_exponential,
        )

        for attempt in Retrying(
            retry=retry_if_exception(is_conflict),
            stop=stop_after_attempt(_COMMIT_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            reraise=True,
        ):
            with attempt:
                return change(_ensure_table(self._folder))
        raise AssertionError("unreachable: the last attempt returns or raises")


def _merge(table: Any, entries: Sequence[Entry]) -> None:
    import pyarrow

    names = [entry.name for entry in entries]
    rows = [row for entry in entries for row in entry.rows]
    (
        table.merge_insert(["document", "number"])
        .when_matched_update_all()
        .when_not_matched_insert_all()
        # The passages that the new version of a document no longer has.
        .when_not_matched_by_source_delete(_is_one_of(names))
        .execute(pyarrow.Table.from_pylist(rows, schema=_schema()))
    )


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("document", pa.string(), nullable=False),
            pa.field("number", pa.int32(), nullable=False),  # 0: the whole document
            # Of the whole document:
            pa.field("digest", pa.string()),
            pa.field("path", pa.string()),
            pa.field("pages", pa.list_(pa.int64())),
            pa.field("metadata", pa.string()),
            pa.field(_DOCUMENT, pa.string()),
            # Of a passage:
            pa.field("text", pa.string()),
            pa.field("start", pa.int64()),
            pa.field("headings", pa.list_(pa.string())),
            pa.field(_PASSAGE, pa.string()),
        ]
    )


def _ensure_table(folder: Path) -> Any:
    from lancedb.index import FTS

    table = _open_table(folder)
    if table is None:
        table = connect(folder).create_table(_TABLE, schema=_schema(), exist_ok=True)
    indexed = {column for index in table.list_indices() for column in index.columns}
    for column in (_DOCUMENT, _PASSAGE):
        if column not in indexed:
            table.create_index(column, config=FTS())
    return table


def _open_table(folder: Path) -> Any:
    if not (folder / f"{_TABLE}.lance").is_dir():
        return None
    return connect(folder).open_table(_TABLE)


def _is_one_of(names: Sequence[str]) -> str:
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"document IN ({quoted})"
