"""Postings: which passages have a term, and how often; kept in blocks of passages.

Passages are numbered, and 4,096 numbers in a row are a block. A block has one row for each of its
terms, so a commit writes to the last block only, and one look-up in each block reads a term of the
whole library. A block also says of each passage to which document it belongs and how long it is.
The bytes are the same for every database that keeps them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from docsum_nb.library.analysis import Analyzed

__all__ = [
    "BLOCK",
    "POSTING_BYTES",
    "WRITTEN_PASSAGES",
    "Additions",
    "Postings",
    "decoded",
    "described",
    "numbers_of",
    "with_described",
    "without",
]

BLOCK = 4_096
"""Passages of a block."""
_POSTING = np.dtype([("slot", "<u2"), ("count", "u1")])
POSTING_BYTES = _POSTING.itemsize
WRITTEN_PASSAGES = 4_000
"""Passages whose postings are gathered in memory before they are written."""
_DESCRIPTION = np.dtype([("document", "<u4"), ("length", "<u2"), ("terms", "<u2")])
_MOST_COUNT, _MOST_LENGTH = 255, 65_535

Integers = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(frozen=True)
class Postings:
    """The passages of a term, in order."""

    positions: Integers
    """Where they are in the blocks, laid one after another."""
    counts: Integers
    """How often each of them has the term; 255 at most."""


@dataclass
class Additions:
    """Passages to be added, gathered by block until they are written."""

    postings: defaultdict[int, defaultdict[str, bytearray]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(bytearray))
    )
    descriptions: dict[int, dict[int, tuple[int, int, int]]] = field(default_factory=dict)
    """By block and slot: the document, the length and the number of terms."""
    passages: int = 0

    def add(self, number: int, document: int, terms: Analyzed) -> None:
        """Add a passage; its number must be higher than any other's."""
        block, slot = divmod(number, BLOCK)
        place = slot.to_bytes(2, "little")
        postings = self.postings[block]
        for term, count in terms.counts.items():
            postings[term] += place + bytes((min(count, _MOST_COUNT),))
        length = min(terms.length, _MOST_LENGTH)
        description = document, length, min(len(terms.counts), _MOST_LENGTH)
        self.descriptions.setdefault(block, {})[slot] = description
        self.passages += 1


def decoded(rows: Sequence[tuple[int, bytes]], order: Mapping[int, int]) -> Postings:
    """Return the postings of a term.

    Args:
        rows: Of the term, each with its block, in the order of the blocks.
        order: Where each block is laid, from 0.

    Raises:
        ValueError: If the bytes of a row are not postings.
        KeyError: If a block is not there.
    """
    if not rows:
        return Postings(np.zeros(0, np.int32), np.zeros(0, np.int32))
    found = np.frombuffer(b"".join(data for _, data in rows), _POSTING)
    sizes = [len(data) // POSTING_BYTES for _, data in rows]
    first = np.repeat(np.array([order[block] * BLOCK for block, _ in rows], np.int32), sizes)
    return Postings(first + found["slot"], found["count"].astype(np.int32))


def without(data: bytes, slots: Iterable[int]) -> bytes:
    """Return the postings of a row without those of some passages."""
    found = np.frombuffer(data, _POSTING)
    return found[~np.isin(found["slot"], list(slots))].tobytes()


def described(data: bytes) -> tuple[Integers, Integers, Integers]:
    """Return document, length and number of terms of each slot; document 0 if it is empty.

    Raises:
        ValueError: If the bytes are not those of a block.
    """
    found = np.frombuffer(data, _DESCRIPTION)
    if len(found) > BLOCK:
        raise ValueError("a block has more passages than it can hold")
    whole = np.zeros(BLOCK, _DESCRIPTION)
    whole[: len(found)] = found
    documents, lengths, terms = (whole[name].astype(np.int32) for name in _DESCRIPTION.names or ())
    return documents, lengths, terms


def with_described(data: bytes, changes: dict[int, tuple[int, int, int]]) -> bytes:
    """Return what a block says of its passages after changes; without trailing empty slots."""
    found = np.zeros(BLOCK, _DESCRIPTION)
    old = np.frombuffer(data, _DESCRIPTION)
    found[: len(old)] = old
    for slot, description in changes.items():
        found[slot] = description
    used = np.flatnonzero(found["document"])
    return found[: used[-1] + 1 if len(used) else 0].tobytes()


def numbers_of(first: int, last: int) -> dict[int, list[int]]:
    """Return the slots of a range of passages by block."""
    found: dict[int, list[int]] = defaultdict(list)
    for number in range(first, last + 1):
        block, slot = divmod(number, BLOCK)
        found[block].append(slot)
    return dict(found)
