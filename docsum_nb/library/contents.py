"""What a library's database holds: documents are inserted and taken out, with their passages.

The index of a passage is derived from its row, so it can be taken out exactly, and built again. The
callers hold a transaction. Refuses rows that are not what was written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress

from docsum_nb.library.analysis import Analyzed, analyzed
from docsum_nb.library.database import DamageError
from docsum_nb.library.entries import Entry
from docsum_nb.library.postings import (
    BLOCK,
    POSTING_BYTES,
    WRITTEN_PASSAGES,
    Additions,
    described,
    numbers_of,
    with_described,
    without,
)
from docsum_nb.library.vectors import forget_vectors

__all__ = ["insert", "passage_terms", "take_out", "wipe"]

_MOST_NUMBER = 2**31


def insert(db: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Add documents that are not there."""
    last, newest = _highest(db, "passages"), _highest(db, "documents")
    additions = Additions()
    for document, entry in enumerate(entries, start=newest + 1):
        first, last = last + 1, last + len(entry.passages)
        pages = json.dumps(entry.pages)
        db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(document, entry.name, entry.digest, entry.path, pages, entry.metadata),
                *(first, last),
            ),
        )
        for number, passage in enumerate(entry.passages, start=first):
            db.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?)",
                (number, document, passage.text, passage.start, json.dumps(passage.headings)),
            )
            terms = passage_terms(entry.name, passage.headings, passage.text)
            additions.add(number, document, terms)
            if additions.passages >= WRITTEN_PASSAGES:
                _write(db, additions)
                additions = Additions()
    _write(db, additions)


def take_out(db: sqlite3.Connection, name: str) -> bool:
    """Remove a document, and return whether it was there; ``wipe`` takes its words off the disk."""
    found = db.execute("SELECT id, first, last FROM documents WHERE name = ?", (name,))
    row = found.fetchone()
    if row is None:
        return False
    if not all(isinstance(each, int) for each in row):
        raise DamageError(f"the row of {name!r} is of other types")
    document, first, last = row
    passages = db.execute(
        "SELECT id, text, headings FROM passages WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, last),
    ).fetchall()
    if len(passages) != last - first + 1:
        raise DamageError(f"passages of {name!r} are missing")
    terms: dict[int, set[str]] = {}
    for number, text, headings in passages:
        if not isinstance(text, str) or not isinstance(headings, str):
            raise DamageError(f"a passage of {name!r} is of other types")
        above = [str(each) for each in _parsed(headings)]
        terms.setdefault(number // BLOCK, set()).update(passage_terms(name, above, text).counts)
    for block, slots in numbers_of(first, last).items():
        _take_out_of_block(db, block, slots, terms[block])
    forget_vectors(db, first, last)
    db.execute("DELETE FROM passages WHERE id BETWEEN ? AND ?", (first, last))
    db.execute("DELETE FROM documents WHERE id = ?", (document,))
    return True


def passage_terms(name: str, headings: Iterable[str], text: str) -> Analyzed:
    """Return what the index has of a passage: its document's name and its headings count too."""
    return analyzed([name, *headings, text])


def wipe(db: sqlite3.Connection) -> None:
    """Delete what was removed from the disk: free pages and the log."""
    # execute() stops after the first page, because the statement returns no columns.
    db.executescript("PRAGMA incremental_vacuum")


def _highest(db: sqlite3.Connection, table: str) -> int:
    (highest,) = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608
    if not 0 <= highest <= _MOST_NUMBER:
        raise DamageError(f"a row of {table} has a number that was never given")
    return int(highest)


def _write(db: sqlite3.Connection, additions: Additions) -> None:
    for block, postings in additions.postings.items():
        db.executemany(
            "INSERT INTO postings VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
            "SET passages = CAST(passages || excluded.passages AS BLOB)",
            ((block, term, bytes(data)) for term, data in sorted(postings.items())),
        )
    for block, changes in additions.descriptions.items():
        _describe(db, block, changes)


def _take_out_of_block(
    db: sqlite3.Connection, block: int, slots: Sequence[int], terms: Iterable[str]
) -> None:
    row = db.execute("SELECT passages FROM blocks WHERE id = ?", (block,)).fetchone()
    if row is None:
        raise DamageError("a block is missing")
    expected = sum(int(described(row[0])[2][slot]) for slot in slots)
    one = "SELECT term, passages FROM postings WHERE block = ? AND term = ?"
    rows = [found for term in terms for found in db.execute(one, (block, term))]
    removed = _take_out_of_postings(db, block, slots, rows)
    if removed != expected:
        # Another version of Unicode, or of the rules for words, has made them.
        every = "SELECT term, passages FROM postings WHERE block = ?"
        _take_out_of_postings(db, block, slots, db.execute(every, (block,)).fetchall())
    _describe(db, block, dict.fromkeys(slots, (0, 0, 0)))


def _take_out_of_postings(
    db: sqlite3.Connection, block: int, slots: Sequence[int], rows: Iterable[tuple[str, bytes]]
) -> int:
    removed = 0
    for term, data in rows:
        left = without(data, slots)
        removed += (len(data) - len(left)) // POSTING_BYTES
        if left and left != data:
            db.execute(
                "UPDATE postings SET passages = ? WHERE block = ? AND term = ?", (left, block, term)
            )
        elif not left:
            db.execute("DELETE FROM postings WHERE block = ? AND term = ?", (block, term))
    return removed


def _describe(db: sqlite3.Connection, block: int, changes: dict[int, tuple[int, int, int]]) -> None:
    row = db.execute("SELECT passages FROM blocks WHERE id = ?", (block,)).fetchone()
    data = with_described(row[0] if row else b"", changes)
    if data:
        db.execute("INSERT OR REPLACE INTO blocks VALUES (?, ?)", (block, data))
    else:
        db.execute("DELETE FROM blocks WHERE id = ?", (block,))


def _parsed(headings: str) -> list[object]:
    # A value that is damaged was reported when it was read.
    with suppress(ValueError, RecursionError):
        found = json.loads(headings)
        if isinstance(found, list):
            return found
    return []
