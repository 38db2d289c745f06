"""Documents of a library on a server: inserted and taken out, with their passages and postings.

The same postings as in a folder, written by a few statements for each batch, however far away the
server is. The callers hold a transaction and the writers' lock.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docsum_nb.library.contents import passage_terms
from docsum_nb.library.entries import Entry
from docsum_nb.library.postgres.connection import Connection
from docsum_nb.library.postgres.values import key_of, labels_of, restored, storable
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

__all__ = ["insert", "take_out"]


@dataclass
class _Rows:
    """Rows of documents and passages that are not written yet."""

    documents: list[tuple[Any, ...]] = field(default_factory=list)
    passages: list[tuple[Any, ...]] = field(default_factory=list)
    additions: Additions = field(default_factory=Additions)


def insert(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add documents that are not there."""
    newest, last = connection.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM documents), "
        "(SELECT coalesce(max(id), 0) FROM passages)"
    ).fetchall()[0]
    rows = _Rows()
    for document, entry in enumerate(entries, start=newest + 1):
        first, last = last + 1, last + len(entry.passages)
        rows.documents.append((document, *_document(entry), first, last))
        for number, passage in enumerate(entry.passages, start=first):
            headings = json.dumps(passage.headings)
            rows.passages.append(
                (number, document, storable(passage.text), passage.start, headings)
            )
            terms = passage_terms(entry.name, passage.headings, passage.text)
            rows.additions.add(number, document, terms)
            if rows.additions.passages >= WRITTEN_PASSAGES:
                _write(connection, rows)
                rows = _Rows()
    _write(connection, rows)


def take_out(connection: Connection, names: Sequence[str]) -> None:
    """Remove documents that are there."""
    documents = connection.execute(
        "SELECT id, name, first, last FROM documents WHERE key = ANY(%s)",
        ([key_of(name) for name in names],),
    ).fetchall()
    owners = {number: restored(name) for number, name, _, _ in documents}
    numbers = [each for _, _, first, last in documents for each in range(first, last + 1)]
    slots: dict[int, list[int]] = defaultdict(list)
    for _, _, first, last in documents:
        for block, some in numbers_of(first, last).items():
            slots[block] += some
    terms: dict[int, set[str]] = defaultdict(set)
    for number, document, text, headings in connection.execute(
        "SELECT id, document, text, headings FROM passages WHERE id = ANY(%s)", (numbers,)
    ):
        found = passage_terms(owners[document], json.loads(headings), restored(text))
        terms[number // BLOCK].update(found.counts)
    for block, mine in slots.items():
        _take_out_of_block(connection, block, mine, terms[block])
    for query in (
        "DELETE FROM signs WHERE passage = ANY(%s)",
        "DELETE FROM vectors WHERE passage = ANY(%s)",
        "DELETE FROM passages WHERE id = ANY(%s)",
    ):
        connection.execute(query, (numbers,))
    connection.execute("DELETE FROM documents WHERE id = ANY(%s)", ([*owners],))


def _document(entry: Entry) -> tuple[Any, ...]:
    return (
        key_of(entry.name),
        storable(entry.name),
        entry.digest,
        None if entry.path is None else storable(entry.path),
        json.dumps(entry.pages),
        entry.metadata,
        labels_of(json.loads(entry.metadata)),
    )


def _write(connection: Connection, rows: _Rows) -> None:
    with connection.cursor() as cursor:
        # They are sent together.
        cursor.executemany(
            "INSERT INTO documents VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", rows.documents
        )
    connection.execute(
        "INSERT INTO passages SELECT * FROM "
        "unnest(%s::int4[], %s::int4[], %s::text[], %s::int4[], %s::text[])",
        [list(column) for column in zip(*rows.passages, strict=True)] or [[]] * 5,
    )
    for block, postings in rows.additions.postings.items():
        found = sorted(postings.items())
        connection.execute(
            "INSERT INTO postings SELECT %s::int4, * FROM unnest(%s::text[], %s::bytea[]) "
            "ON CONFLICT (term, block) DO UPDATE "
            "SET passages = postings.passages || excluded.passages",
            (block, [term for term, _ in found], [bytes(data) for _, data in found]),
        )
    for block, changes in rows.additions.descriptions.items():
        _describe(connection, block, _block(connection, block), changes)


def _take_out_of_block(
    connection: Connection, block: int, slots: Sequence[int], terms: Iterable[str]
) -> None:
    data = _block(connection, block)
    expected = int(described(data)[2][list(slots)].sum())
    rows = connection.execute(
        "SELECT term, passages FROM postings WHERE block = %s AND term = ANY(%s)",
        (block, [*terms]),
        binary=True,
    ).fetchall()
    if _take_out_of_postings(connection, block, slots, rows) != expected:
        # Another version of Unicode, or of the rules for words, has made them.
        every = "SELECT term, passages FROM postings WHERE block = %s"
        rows = connection.execute(every, (block,), binary=True).fetchall()
        _take_out_of_postings(connection, block, slots, rows)
    _describe(connection, block, data, dict.fromkeys(slots, (0, 0, 0)))


def _take_out_of_postings(
    connection: Connection, block: int, slots: Sequence[int], rows: Iterable[tuple[Any, ...]]
) -> int:
    removed = 0
    changed: dict[str, bytes] = {}
    for term, data in rows:
        left = without(data, slots)
        removed += (len(data) - len(left)) // POSTING_BYTES
        if left != data:
            changed[term] = left
    left_over = {term: left for term, left in changed.items() if left}
    connection.execute(
        "UPDATE postings SET passages = new.passages FROM unnest(%s::text[], %s::bytea[]) "
        "AS new (term, passages) WHERE postings.term = new.term AND block = %s",
        ([*left_over], [*left_over.values()], block),
    )
    connection.execute(
        "DELETE FROM postings WHERE block = %s AND term = ANY(%s)",
        (block, [term for term in changed if term not in left_over]),
    )
    return removed


def _block(connection: Connection, block: int) -> bytes:
    query = "SELECT passages FROM blocks WHERE id = %s"
    row = connection.execute(query, (block,), binary=True).fetchone()
    return b"" if row is None else bytes(row[0])


def _describe(
    connection: Connection, block: int, data: bytes, changes: Mapping[int, tuple[int, int, int]]
) -> None:
    new = with_described(data, dict(changes))
    if new:
        connection.execute(
            "INSERT INTO blocks VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE "
            "SET version = excluded.version, passages = excluded.passages",
            (block, uuid.uuid4(), new),
        )
    else:
        connection.execute("DELETE FROM blocks WHERE id = %s", (block,))
