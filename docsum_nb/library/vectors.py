"""Vectors of passages: kept in a byte for each number, and searched in two steps.

The signs of all vectors, one bit for each number, are compared first; the vectors themselves only
of those whose signs agree most. So a search reads 48 bytes of each passage, and the memory that it
takes does not grow with the size of a vector. A passage without a vector is not found by meaning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from docsum_nb.library.postings import BLOCK

__all__ = [
    "CANDIDATES",
    "Bytes",
    "cosines",
    "forget_all_vectors",
    "forget_vectors",
    "nearest",
    "quantized",
    "write_vectors",
]

CANDIDATES = 2_000
"""Vectors that are compared exactly, at least: the best hundred are nearly always among them."""
_AT_ONCE = 500
_LARGEST = 127

Floats = np.ndarray[Any, np.dtype[np.float32]]
Bytes = np.ndarray[Any, np.dtype[np.int8]]


def quantized(vectors: Floats) -> Bytes:
    """Return vectors with a byte for each number, the largest of each being 127."""
    scale = np.maximum(np.abs(vectors).max(1, keepdims=True), 1e-9) / _LARGEST
    small: Bytes = np.rint(vectors / scale).astype(np.int8)
    return small


def cosines(query: Floats, small: Bytes) -> Floats:
    """Return the cosines of a vector of length 1 with vectors of bytes."""
    vectors = small.astype(np.float32)
    near: Floats = vectors @ query / np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    return near


def write_vectors(db: sqlite3.Connection, numbers: Sequence[int], vectors: Floats) -> None:
    """Store the vectors of passages; the caller holds a transaction."""
    vectors = np.asarray(vectors, np.float32)
    small = quantized(vectors)
    rows = ((number, row.tobytes()) for number, row in zip(numbers, small, strict=True))
    db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
    bits = np.packbits(vectors > 0, axis=1)
    for block in sorted({number // BLOCK for number in numbers}):
        mine = [index for index, number in enumerate(numbers) if number // BLOCK == block]
        whole = _signs(db, block, bits.shape[1])
        whole[[numbers[index] % BLOCK for index in mine]] = bits[mine]
        db.execute("INSERT OR REPLACE INTO signs VALUES (?, ?)", (block, whole.tobytes()))


def forget_vectors(db: sqlite3.Connection, first: int, last: int) -> None:
    """Delete the vectors of passages; the caller holds a transaction."""
    row = db.execute("SELECT length(vector) FROM vectors LIMIT 1").fetchone()
    if row is None:
        return
    db.execute("DELETE FROM vectors WHERE passage BETWEEN ? AND ?", (first, last))
    for block in range(first // BLOCK, last // BLOCK + 1):
        if db.execute("SELECT 1 FROM signs WHERE block = ?", (block,)).fetchone():
            whole = _signs(db, block, -(-row[0] // 8))
            begin = block * BLOCK
            whole[max(0, first - begin) : last - begin + 1] = 0
            db.execute("INSERT OR REPLACE INTO signs VALUES (?, ?)", (block, whole.tobytes()))


def forget_all_vectors(db: sqlite3.Connection) -> None:
    """Delete all vectors; the caller holds a transaction."""
    db.execute("DELETE FROM vectors")
    db.execute("DELETE FROM signs")


def nearest(
    db: sqlite3.Connection, query: Floats, order: Mapping[int, int], allowed: Any, limit: int
) -> list[tuple[int, float]]:
    """Return the positions of the passages whose vectors are nearest, with their cosines.

    Args:
        db: The database.
        query: The vector to compare with.
        order: Where each block is laid, from 0.
        allowed: Of each position, whether it may be found.
        limit: The largest number of passages.
    """
    width = -(-len(query) // 8)
    wanted = np.packbits(query > 0)
    differing = np.full(len(allowed), 8 * width + 1, np.int16)
    for block, data in db.execute("SELECT block, signs FROM signs"):
        if block in order:
            signs = np.frombuffer(data, np.uint8).reshape(BLOCK, width)
            begin = order[block] * BLOCK
            bits = np.bitwise_count((signs ^ wanted).view(_word(width)))
            differing[begin : begin + BLOCK] = bits.sum(1, dtype=np.int16)
    differing[~allowed] = 8 * width + 1
    most = min(len(differing), max(CANDIDATES, 4 * limit))
    found = np.argpartition(differing, most - 1)[:most] if most else np.zeros(0, np.int64)
    found = np.sort(found[differing[found] <= 8 * width])
    return _compared(db, query, order, found, limit)


def _compared(
    db: sqlite3.Connection, query: Floats, order: Mapping[int, int], found: Any, limit: int
) -> list[tuple[int, float]]:
    blocks = {index: block for block, index in order.items()}
    places = {blocks[int(at) // BLOCK] * BLOCK + int(at) % BLOCK: int(at) for at in found}
    numbers = [*places]
    compared: list[tuple[int, float]] = []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = db.execute(f"SELECT passage, vector FROM vectors WHERE passage IN ({marks})", some)  # noqa: S608
        read = [row for row in rows.fetchall() if len(row[1]) == len(query)]
        if read:
            small = np.frombuffer(b"".join(row[1] for row in read), np.int8)
            near = cosines(query, small.reshape(len(read), -1))
            compared += [
                (places[row[0]], float(each)) for row, each in zip(read, near, strict=True)
            ]
    return sorted(compared, key=lambda each: (-each[1], each[0]))[:limit]


def _word(width: int) -> type[np.unsignedinteger[Any]]:
    return np.uint64 if width % 8 == 0 else np.uint8


def _signs(db: sqlite3.Connection, block: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    row = db.execute("SELECT signs FROM signs WHERE block = ?", (block,)).fetchone()
    if row is None or len(row[0]) != BLOCK * width:
        return np.zeros((BLOCK, width), np.uint8)
    return np.frombuffer(row[0], np.uint8).reshape(BLOCK, width).copy()
