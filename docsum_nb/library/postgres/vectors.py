"""Vectors of passages on a server: searched in two steps, as in a folder.

The server compares the signs, one bit for each number, and then the vectors of those whose signs
agree most: with the extension pgvector in the server, without it here, which costs their transfer.
Both give the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from psycopg import errors, sql

from docsum_nb.library.postgres.connection import Connection
from docsum_nb.library.ranking import Floats
from docsum_nb.library.vectors import CANDIDATES, Bytes, cosines, quantized

__all__ = ["add_column", "extension", "forget_all_vectors", "nearest", "write_vectors"]

_OLDEST = (0, 7)
"""pgvector 0.7 has the type of two bytes for each number."""

_NEAR = (
    "WITH near AS MATERIALIZED (SELECT passage FROM signs WHERE length(signs) = %(size)s "
    "AND (%(among)s::int4[] IS NULL OR passage = ANY(%(among)s)) "
    "ORDER BY bit_count(signs # %(signs)s::varbit), passage LIMIT %(most)s) "
)
"""The passages whose signs agree most."""
_COMPARED_HERE = (
    "SELECT passage, small FROM near JOIN vectors USING (passage) WHERE length(small) = %(size)s"
)
_COMPARED_THERE = (
    "SELECT passage, 1 - (vector::{schema}.vector OPERATOR({schema}.<=>) "
    "%(query)s::{schema}.vector) FROM near JOIN vectors USING (passage) "
    "WHERE length(small) = %(size)s AND vector IS NOT NULL ORDER BY 2 DESC, 1 LIMIT %(limit)s"
)


def extension(connection: Connection) -> tuple[str, str] | None:
    """Return the version and the schema of pgvector; ``None`` if vectors are compared without it.

    It counts if the table of vectors has a column of its type.
    """
    row = connection.execute(
        "SELECT extversion, nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = "
        "extnamespace JOIN pg_attribute ON attrelid = to_regclass('vectors') AND attname = "
        "'vector' AND NOT attisdropped WHERE extname = 'vector'"
    ).fetchone()
    return None if row is None else (row[0], row[1])


def add_column(connection: Connection) -> None:
    """Add a column of pgvector's type, if the extension is there and the user owns the table."""
    row = connection.execute(
        "SELECT extversion, nspname FROM pg_extension JOIN pg_namespace "
        "ON pg_namespace.oid = extnamespace WHERE extname = 'vector'"
    ).fetchone()
    if row is None or tuple(map(int, row[0].split(".")[:2])) < _OLDEST:
        return
    add = sql.SQL("ALTER TABLE vectors ADD COLUMN IF NOT EXISTS vector {schema}.halfvec")
    try:
        with connection.transaction():
            connection.execute(add.format(schema=sql.Identifier(row[1])))
    except errors.InsufficientPrivilege:
        # Without it, the vectors are compared here.
        return


def forget_all_vectors(connection: Connection) -> None:
    """Delete all vectors."""
    connection.execute("DELETE FROM signs")
    connection.execute("DELETE FROM vectors")


def write_vectors(connection: Connection, numbers: Sequence[int], vectors: Floats) -> None:
    """Store the vectors of passages."""
    small = quantized(vectors)
    connection.execute(
        "INSERT INTO signs SELECT number, bits::varbit FROM unnest(%s::int4[], %s::text[]) "
        "AS new (number, bits) ON CONFLICT (passage) DO UPDATE SET signs = excluded.signs",
        ([*numbers], [_signs(row) for row in vectors]),
    )
    connection.execute(
        "INSERT INTO vectors (passage, small) SELECT * FROM unnest(%s::int4[], %s::bytea[]) "
        "ON CONFLICT (passage) DO UPDATE SET small = excluded.small",
        ([*numbers], [row.tobytes() for row in small]),
    )
    found = extension(connection)
    if found is not None:
        query = sql.SQL(
            "UPDATE vectors SET vector = numbers::{schema}.halfvec "
            "FROM unnest(%s::int4[], %s::text[]) AS new (passage, numbers) "
            "WHERE vectors.passage = new.passage"
        )
        written = [_written(row.tolist()) for row in small]
        connection.execute(query.format(schema=sql.Identifier(found[1])), ([*numbers], written))


def nearest(
    connection: Connection, query: Floats, passages: Sequence[int] | None, limit: int
) -> list[tuple[int, float]]:
    """Return the passages whose vectors are nearest, with their cosines.

    Args:
        connection: In a transaction.
        query: The vector to compare with, of length 1.
        passages: Those that may be found; ``None`` for all.
        limit: The largest number of passages.
    """
    values = {
        "size": len(query),
        "signs": _signs(query),
        "most": max(CANDIDATES, 4 * limit),
        "among": passages,
        "query": _written(query.tolist()),
        "limit": limit,
    }
    found = extension(connection)
    if found is None:
        return _compared_here(connection, values, query)[:limit]
    compared = sql.SQL(_NEAR + _COMPARED_THERE).format(schema=sql.Identifier(found[1]))
    rows = connection.execute(compared, values, binary=True).fetchall()
    return [(passage, float(cosine)) for passage, cosine in rows]


def _compared_here(
    connection: Connection, values: dict[str, Any], query: Floats
) -> list[tuple[int, float]]:
    rows = connection.execute(_NEAR + _COMPARED_HERE, values, binary=True).fetchall()
    small: Bytes = np.frombuffer(b"".join(data for _, data in rows), np.int8)
    found = cosines(query, small.reshape(len(rows), len(query)))
    pairs = [(row[0], float(each)) for row, each in zip(rows, found, strict=True)]
    return sorted(pairs, key=lambda each: (-each[1], each[0]))


def _signs(vector: Floats) -> str:
    return "".join("1" if each else "0" for each in vector > 0)


def _written(numbers: list[float]) -> str:
    return f"[{','.join(map(repr, numbers))}]"
