"""Split a document into chunks along its structure.

Decides where to cut: before headings rather than between blocks, between blocks rather than inside
one, and inside a block that is too long at inner blocks, sentences, lines, words and at last
characters. A fenced block is cut only where it alone exceeds the limit. The chunks' texts, joined,
are the document's text, and each is at most ``max_tokens`` long by the given count. Refuses limits
below 16 tokens.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from docsum_nb.documents.atoms import Atom, Measure, Rank, atoms
from docsum_nb.documents.outline import outline
from docsum_nb.records import Chunk, Document

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["VERSION", "split"]

VERSION = "4"
"""Raised whenever the same text may be cut otherwise; cuts are remembered under it."""
_FEWEST_TOKENS = 16


def split(document: Document, *, max_tokens: int, count: Callable[[str], int]) -> list[Chunk]:
    """Split a document into chunks.

    Args:
        document: What to split.
        max_tokens: The longest a chunk may be, in tokens as ``count`` counts them; at least 16.
        count: Counts the tokens of a text. It must give the same count for the same text, and a
            longer text should not have fewer tokens.

    Returns:
        The chunks in order, none of them empty: one if the document fits, none if it is
        empty.

    Raises:
        ValueError: ``max_tokens`` is below 16, or a single character counts more than
            ``max_tokens``.
    """
    if max_tokens < _FEWEST_TOKENS:
        raise ValueError(f"max_tokens={max_tokens}: give at least {_FEWEST_TOKENS}")
    text = document.text
    if not text:
        return []
    measure = Measure(text, count)
    found = outline(text)
    whole = measure.within(0, len(text), max_tokens)
    if whole is not None:
        spans = [(0, len(text), whole)]
    else:
        spans = _Packing(atoms(found, measure, max_tokens), measure, max_tokens).spans()
    return [
        Chunk(
            document.name,
            index,
            text[start:end],
            start,
            end,
            tokens,
            found.path_at(start),
            document.page_at(start),
            document.syntax,
        )
        for index, (start, end, tokens) in enumerate(spans)
    ]


class _Packing:
    """Packs atoms into chunks of nearly equal size, which end at the best places near by.

    Sums of the atoms' tokens stand for the tokens of a chunk until it is chosen: the exact count
    differs little, and is then asked for.
    """

    def __init__(self, atoms: list[Atom], measure: Measure, limit: int) -> None:
        self._atoms = atoms
        self._measure = measure
        self._limit = limit
        self._sums = [0]
        for atom in atoms:
            # An atom of no tokens would let a window grow without end.
            self._sums.append(self._sums[-1] + max(1, atom.tokens))

    def spans(self) -> list[tuple[int, int, int]]:
        """Choose the span of each chunk, and count its tokens."""
        spans, first = [], 0
        while first < len(self._atoms):
            last, tokens = self._chunk_end(first)
            spans.append((self._atoms[first].start, self._atoms[last - 1].end, tokens))
            first = last
        return spans

    def _chunk_end(self, first: int) -> tuple[int, int]:
        """Choose the atom before which the chunk that begins with ``first`` ends; count it."""
        most = len(self._atoms)
        while True:
            last = self._best(first, most)
            exact = self._measure(self._atoms[first].start, self._atoms[last - 1].end)
            if exact <= self._limit or last == first + 1:
                return last, exact
            most = max(first + 1, min(last - 1, first + (last - first) * self._limit // exact))

    def _best(self, first: int, most: int) -> int:
        remaining = self._sums[-1] - self._sums[first]
        if remaining <= self._limit and most == len(self._atoms):
            return most
        even = remaining / -(-remaining // self._limit)
        begun = self._sums[first]
        fits = min(most, bisect_right(self._sums, begun + self._limit) - 1)
        half = bisect_left(self._sums, begun + self._limit / 2)
        # Chunks that are not half full are worse than all others.
        ends = range(max(half, first + 1) if half <= fits else first + 1, fits + 1)
        return min(ends, key=lambda last: (self._key(first, last, even), -last), default=first + 1)

    def _size(self, first: int, last: int) -> int:
        return self._sums[last] - self._sums[first]

    def _key(self, first: int, last: int, even: float) -> tuple[bool, bool, int, bool, float]:
        """Rate an end of a chunk; the lowest is the best.

        In this order: the chunk is half full, the rest is not a tiny one, the place is a good one
        to cut, and the size is near that which makes the remaining chunks equal.
        """
        size = self._size(first, last)
        rest = self._size(last, len(self._atoms))
        tiny_rest = 0 < rest < self._limit / 4
        rank = self._atoms[last].rank if last < len(self._atoms) else Rank.CHAPTER
        if size < self._limit / 2:
            return (True, tiny_rest, rank == Rank.AFTER_HEADING, False, -size)
        return (False, tiny_rest, rank, size < even, abs(size - even))
