"""Vectors of passages: kept in a byte for each number, and searched in two steps.

The signs of all vectors, one bit for each number, are compared first; the vectors themselves only
of those whose signs agree most. So a search compares 48 bytes of each passage. Both are kept
between searches while they are small. A passage without a vector is not found by meaning.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from docsum_nb.errors import InputError
from docsum_nb.library.index_cache import IndexCache, cache_of
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
_MOST_KEPT_BYTES = 64 * 1024**2
"""Vectors of a larger library are read again for each search, those that are compared."""
_PART = BLOCK // 2
"""Vectors that a search reads to keep them: all at once would take a second of the first search."""
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
    return _cosines(query, small, _lengths(small))


def _cosines(query: Floats, small: Bytes, lengths: Floats) -> Floats:
    # Not @: its threads wait busily for each other, and what it returns for a vector depends on how
    # many others there are, so on what is kept.
    near: Floats = np.einsum("ij,j->i", small.astype(np.float32), query) / lengths
    return near


def _lengths(small: Bytes) -> Floats:
    """Return the lengths of vectors, none of which is 0."""
    # Whole numbers: the sums are exact, and no vector is copied.
    sums = np.einsum("ij,ij->i", small, small, dtype=np.int32, casting="unsafe")
    lengths: Floats = np.maximum(np.sqrt(sums.astype(np.float32)), np.float32(1e-9))
    return lengths


def write_vectors(db: sqlite3.Connection, numbers: Sequence[int], vectors: Floats) -> None:
    """Store the vectors of passages; the caller holds a transaction."""
    vectors = np.asarray(vectors, np.float32)
    _check_size(db, vectors.shape[1])
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
    db: sqlite3.Connection,
    query: Floats,
    order: Mapping[int, int],
    allowed: Any,
    limit: int,
    kept: IndexCache | None = None,
) -> list[tuple[int, float]]:
    """Return the positions of the passages whose vectors are nearest, with their cosines.

    Args:
        db: The database.
        query: The vector to compare with.
        order: Where each block is laid, from 0.
        allowed: Of each position, whether it may be found.
        limit: The largest number of passages.
        kept: What earlier searches of the same version have read; ``None`` for nothing.
    """
    _check_size(db, len(query))
    kept = kept if kept is not None else cache_of("")
    width = -(-len(query) // 8)
    signs, there = kept.get(
        ("signs", width),
        lambda: _signs_of_all(db, order, width, len(allowed)),
        lambda found: int(found[0].nbytes + found[1].nbytes),
    )
    differing = np.zeros(len(allowed), np.int16)
    both = np.empty(len(allowed), signs.dtype)
    for column, word in zip(signs, np.packbits(query > 0).view(signs.dtype), strict=True):
        differing += np.bitwise_count(np.bitwise_xor(column, word, out=both))
    differing[~(there & allowed)] = 8 * width + 1
    most = min(len(differing), max(CANDIDATES, 4 * limit))
    found = np.argpartition(differing, most - 1)[:most] if most else np.zeros(0, np.int64)
    found = np.sort(found[differing[found] <= 8 * width])
    near, at = _compared(db, query, order, found, kept)
    best = np.lexsort((at, -near))[:limit]
    return [*zip(at[best].tolist(), near[best].tolist(), strict=True)]


def _check_size(db: sqlite3.Connection, size: int) -> None:
    """Raise an error if the vectors of the library have another count of numbers.

    Raises:
        InputError: It says how to compute them again.
    """
    row = db.execute(
        "SELECT length(vector) FROM vectors WHERE typeof(vector) = 'blob' LIMIT 1"
    ).fetchone()
    if row is not None and row[0] != size:
        raise InputError(
            f"the embedder returned a vector of {size} numbers, and the library has vectors of "
            f"{row[0]}: give one whose vectors are all of one length; for a function of another "
            "name, embed() computes all of them again"
        )


def _signs_of_all(
    db: sqlite3.Connection, order: Mapping[int, int], width: int, positions: int
) -> tuple[Any, Any]:
    """Return the signs of each position, in columns, and whether its block has any."""
    signs = np.zeros((positions, width), np.uint8)
    there = np.zeros(positions, bool)
    for block, data in db.execute("SELECT block, signs FROM signs"):
        if block in order:
            begin = order[block] * BLOCK
            signs[begin : begin + BLOCK] = np.frombuffer(data, np.uint8).reshape(BLOCK, width)
            there[begin : begin + BLOCK] = True
    return np.ascontiguousarray(signs.view(_word(width)).T), there


def _compared(
    db: sqlite3.Connection, query: Floats, order: Mapping[int, int], found: Any, kept: IndexCache
) -> tuple[Floats, Any]:
    """Return the cosines of those of the positions that have a vector, and these positions."""
    size = len(query)
    near: list[Floats] = []
    have: list[Any] = []
    read = not len(order) * BLOCK * size <= _MOST_KEPT_BYTES
    unread: list[Any] = []
    begins = np.searchsorted(found, np.arange(len(order) + 1) * BLOCK).tolist()
    for block, index in order.items():
        mine = found[begins[index] : begins[index + 1]]
        vectors = kept.known(("vectors", block, size))
        if not read and len(mine) and (vectors is None or vectors.read < BLOCK):
            read = True
            vectors = _more_of_block(db, block, size, vectors)
            kept.keep(("vectors", block, size), vectors, vectors.nbytes)
        if vectors is None:
            unread.append(mine)
            continue
        slots = mine - index * BLOCK
        unread.append(mine[slots >= vectors.read])
        slots = slots[slots < vectors.read]
        slots = slots[vectors.norms[slots] > 0]
        near.append(_cosines(query, vectors.small[slots], vectors.norms[slots]))
        have.append(slots + index * BLOCK)
    small, at = _read_at(db, size, order, np.concatenate([np.zeros(0, np.int64), *unread]))
    return np.concatenate([cosines(query, small), *near]), np.concatenate([at, *have])


@dataclass(frozen=True)
class _BlockOfVectors:
    """The vectors of a block, by slot; what was not read yet may change."""

    small: Bytes
    norms: Floats
    """0 for a slot without a vector."""
    read: int
    """How many slots were read, from the first."""

    @property
    def nbytes(self) -> int:
        """Its bytes."""
        return int(self.small.nbytes + self.norms.nbytes)


def _more_of_block(
    db: sqlite3.Connection, block: int, size: int, before: _BlockOfVectors | None
) -> _BlockOfVectors:
    """Return what was read of a block, and the next part of it."""
    if before is None:
        empty = np.zeros((BLOCK, size), np.int8), np.zeros(BLOCK, np.float32)
        before = _BlockOfVectors(*empty, read=0)
    begin, end = block * BLOCK + before.read, block * BLOCK + before.read + _PART
    query = "SELECT passage, vector FROM vectors WHERE passage BETWEEN ? AND ?"
    rows = [row for row in db.execute(query, (begin, end - 1)) if len(row[1]) == size]
    slots = np.array([number for number, _ in rows], np.int64) - block * BLOCK
    small = np.frombuffer(b"".join(data for _, data in rows), np.int8).reshape(-1, size)
    # Another search may read the same part: it writes the same.
    before.small[slots] = small
    before.norms[slots] = _lengths(small)
    return replace(before, read=before.read + _PART)


def _read_at(
    db: sqlite3.Connection, size: int, order: Mapping[int, int], found: Any
) -> tuple[Bytes, Any]:
    """Return the vectors of positions, and of which of these there are any."""
    blocks = np.array([*order], np.int64)
    numbers = (blocks[found // BLOCK] * BLOCK + found % BLOCK).tolist()
    places = dict(zip(numbers, found.tolist(), strict=True))
    rows: list[tuple[int, bytes]] = []
    for start in range(0, len(numbers), _AT_ONCE):
        some = numbers[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        read = db.execute(f"SELECT passage, vector FROM vectors WHERE passage IN ({marks})", some)  # noqa: S608
        rows += [row for row in read if len(row[1]) == size]
    small = np.frombuffer(b"".join(data for _, data in rows), np.int8).reshape(-1, size)
    return small, np.array([places[number] for number, _ in rows], np.int64)


def _word(width: int) -> type[np.unsignedinteger[Any]]:
    return np.uint64 if width % 8 == 0 else np.uint8


def _signs(db: sqlite3.Connection, block: int, width: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    row = db.execute("SELECT signs FROM signs WHERE block = ?", (block,)).fetchone()
    if row is None or len(row[0]) != BLOCK * width:
        return np.zeros((BLOCK, width), np.uint8)
    return np.frombuffer(row[0], np.uint8).reshape(BLOCK, width).copy()
