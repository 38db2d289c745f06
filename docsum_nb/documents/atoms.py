"""Cut a text into atoms: spans that fit the limit and are not cut further.

Decides how finely a block is cut: not at all if it fits, else at its inner blocks, sentences and
lines, and what still does not fit at white space, or at last between characters. Atoms follow one
another without a gap, and none is empty or longer than the limit. Refuses a count by which a single
character exceeds the limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from docsum_nb.documents.outline import Block, Outline
from docsum_nb.documents.sentences import sentence_spans

__all__ = ["Atom", "Measure", "Rank", "atoms"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
# Pieces of what has no structure are small, so that chunks of equal size can be made of them.
_PIECES = 16
_SHORT = 200  # characters that are counted sooner than found again
_TINY = 16  # characters of a text that is likely to come again
_TELLING = 12  # characters for each token of a limit, in which a longer text exceeds it already
_FINEST = 64  # spans of as many characters as the limit has tokens, which short lines are joined to


class Rank(IntEnum):
    """How good a place is to cut before; lower is better."""

    CHAPTER = 0  # a heading of the first two levels
    HEADING = 1
    BLOCK = 2
    ITEM = 3
    SENTENCE = 4
    LINE = 5
    WORD = 6
    CHARACTER = 7
    AFTER_HEADING = 8  # a heading must not be left alone


class Atom(NamedTuple):
    """A span that is not cut further."""

    start: int
    end: int
    tokens: int
    rank: Rank
    """How good it is to cut before it."""


class Measure:
    """Counts the tokens of spans of a text; long ones once only."""

    def __init__(self, text: str, count: Callable[[str], int]) -> None:
        self.text = text
        self._count = count
        self._counted = lru_cache(maxsize=64)(self._count_span)
        self._counted_tiny = lru_cache(maxsize=4096)(count)

    def __call__(self, start: int, end: int) -> int:
        """Count the tokens of ``text[start:end]``."""
        if end - start < _TINY:
            return self._counted_tiny(self.text[start:end])
        if end - start < _SHORT:
            return self._count(self.text[start:end])
        return self._counted(start, end)

    def within(self, start: int, end: int, limit: int) -> int | None:
        """Count the tokens of a span; ``None`` if there are more than a limit.

        A long text is then counted only as far as it needs to be.
        """
        probe = start + _TELLING * limit
        if probe < end and self._count(self.text[start:probe]) > limit:
            return None
        tokens = self(start, end)
        return tokens if tokens <= limit else None

    def _count_span(self, start: int, end: int) -> int:
        return self._count(self.text[start:end])


def atoms(found: Outline, measure: Measure, limit: int) -> list[Atom]:
    """Cut a text into atoms.

    Args:
        found: The structure of the text.
        measure: Counts its tokens.
        limit: The longest an atom may be, in tokens.

    Returns:
        The atoms in order.

    Raises:
        ValueError: A single character counts more than the limit.
    """
    cut: list[Atom] = []
    after_heading = False
    for block in found.blocks:
        rank = _rank(block, after_heading=after_heading)
        tokens = measure.within(block.start, block.end, limit)
        if tokens is not None:
            cut.append(Atom(block.start, block.end, tokens, rank))
        else:
            cut.extend(_inside(block, rank, measure, limit))
        after_heading = block.heading is not None
    return cut


def _rank(block: Block, *, after_heading: bool) -> Rank:
    if after_heading:
        return Rank.AFTER_HEADING
    if block.heading is None:
        return Rank.BLOCK
    return Rank.CHAPTER if block.heading.level <= 2 else Rank.HEADING


def _inside(block: Block, rank: Rank, measure: Measure, limit: int) -> Iterator[Atom]:
    """Cut a block that is too long at its inner structure."""
    ranks = dict.fromkeys(block.lines, Rank.LINE)
    ranks.update(dict.fromkeys(block.items, Rank.ITEM))
    if block.prose:
        sentences = _sentences(measure.text, block.start, block.end)
        # The end of a sentence that is the end of a line as well ends a paragraph, most likely.
        ranks.update({at: Rank.ITEM if at in ranks else Rank.SENTENCE for at in sentences})
    ranks[block.start] = rank
    for start, end in pairwise([*_spread(ranks, limit // _FINEST), block.end]):
        tokens = measure.within(start, end, limit)
        if tokens is not None:
            yield Atom(start, end, tokens, ranks[start])
        else:
            yield from _lines(start, end, ranks[start], measure, limit)


def _spread(ranks: dict[int, Rank], least: int) -> list[int]:
    """Choose the places of a block to cut at: among those of a kind, none too near another.

    Args:
        ranks: How good each place is.
        least: Characters between two places of a kind. A block of very short lines, such as a list
            of numbers, would have more atoms than anybody needs.
    """
    places = sorted(ranks)
    if least < 2 or places[-1] - places[0] >= least * len(places):
        return places
    chosen = places[:1]
    for at in places[1:]:
        if at - chosen[-1] >= least or ranks[at] < ranks[chosen[-1]]:
            chosen.append(at)
    return chosen


def _lines(start: int, end: int, rank: Rank, measure: Measure, limit: int) -> Iterator[Atom]:
    """Cut what is too long, such as a fenced block, at its lines, and those at sentences."""
    for match in _LINE.finditer(measure.text, start, end):
        first, last = match.span()
        tokens = measure(first, last)
        if tokens <= limit:
            yield Atom(first, last, tokens, rank)
        else:
            yield from _line(first, last, rank, measure, limit)
        rank = Rank.LINE


def _line(start: int, end: int, rank: Rank, measure: Measure, limit: int) -> Iterator[Atom]:
    for first, last in pairwise([start, *_sentences(measure.text, start, end), end]):
        tokens = measure(first, last)
        if tokens <= limit:
            yield Atom(first, last, tokens, rank)
        else:
            yield from _pieces(first, last, rank, measure, limit)
        rank = Rank.SENTENCE


def _sentences(text: str, start: int, end: int) -> list[int]:
    """List where the sentences of a span begin, but for the first."""
    return [start + first for first, _ in sentence_spans(text[start:end])[1:]]


def _pieces(start: int, end: int, rank: Rank, measure: Measure, limit: int) -> Iterator[Atom]:
    """Cut a text without structure into pieces of a sixteenth of the limit, at white space."""
    text = measure.text
    aim = max(2, limit // _PIECES)
    step = max(1, (end - start) * aim // measure(start, end))
    while start < end:
        last = _at_space(text, start, min(start + step, end), end)
        tokens = measure(start, last)
        while tokens > limit and last > start + 1:
            last = start + max(1, (last - start) // 2)
            tokens = measure(start, last)
        if tokens > limit:
            raise ValueError(f"a single character counts {tokens} tokens, more than {limit}")
        yield Atom(start, last, tokens, rank)
        start = last
        rank = Rank.WORD if text[last - 1].isspace() else Rank.CHARACTER


def _at_space(text: str, start: int, last: int, end: int) -> int:
    """Move a cut back to behind the nearest white space, if that leaves half of the piece."""
    if last == end:
        return last
    for at in range(last, start + (last - start) // 2, -1):
        if text[at - 1].isspace():
            return at
    return last
