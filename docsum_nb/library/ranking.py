"""BM25 over postings: how well passages and whole documents match the terms of a query.

A document's count of a term is the sum of its passages', so documents need no index of their own. A
term of most texts still counts a little (as in Lucene), and words that the index does not keep do
not count in lengths. Works on whole arrays; refuses nothing, and knows no database.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from docsum_nb.library.index_cache import cache_of
from docsum_nb.library.postings import BLOCK, Integers, Postings, decoded, described

__all__ = ["Index", "PostingSource", "Scores", "expanded", "top"]

_K1, _B = 1.2, 0.75
_MOST_POSTINGS = 4_000_000
"""Postings that a search reads, at about 50 ns each, the rarest terms first. In a large library,
the most common terms of a long query do not count beyond them; the rarest one always does."""
_FEEDBACK_TERMS = 20
_FEEDBACK_SHARE = 0.4
"""What the terms of the best passages count against those of the query, 0.6. As in RM3."""

_COMMON = 16
"""A term of more than this part of the passages is common."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


class PostingSource(Protocol):
    """A database that keeps postings."""

    def blocks(self) -> list[tuple[int, bytes]]:
        """Return what each block says of its passages, in order."""

    def postings(self, terms: Sequence[str]) -> Mapping[str, list[tuple[int, bytes]]]:
        """Return the postings of each term in each block that has it, in order."""

    def sizes(self, terms: Sequence[str]) -> dict[str, int]:
        """Return the number of passages that have each term."""

    def nearest(
        self, vector: Floats, order: Mapping[int, int], allowed: Any, limit: int
    ) -> list[tuple[int, float]]:
        """Return the positions of the passages that are nearest to a vector, with their cosines."""


@dataclass(frozen=True)
class Scores:
    """How well everything matches a query; 0 if it does not."""

    passages: Floats
    """By position."""
    documents: Floats
    """By ordinal."""


@dataclass(frozen=True)
class _Layout:
    """Where the passages and documents of a library are, and how long they are."""

    blocks: Any
    """The number of each block."""
    order: Mapping[int, int]
    live: Any
    """Of each position, whether it has a passage."""
    documents: Integers
    first: Any
    """The first position of each document; then the last one."""
    last: Any
    owners: Integers
    passage_norms: Floats
    document_norms: Floats
    passage_count: int

    def size(self) -> int:
        """Return its bytes, about."""
        return 40 * len(self.owners) + 1_000


@dataclass(frozen=True)
class _Added:
    """What a term of weight 1 adds to scores."""

    at: Integers | None
    """Where; ``None`` for everywhere, in order."""
    gains: Floats

    def add_to(self, scores: Floats, weight: np.float32, room: Floats) -> None:
        """Add it to the scores; ``room`` is an array of their length that may be written to."""
        if self.at is None:
            scores += np.multiply(self.gains, weight, out=room)
        else:
            # Each is there once.
            scores[self.at] += weight * self.gains


@dataclass(frozen=True)
class _Gains:
    """What a term of weight 1 adds to the scores of passages and documents."""

    passages: _Added
    documents: _Added
    count: int
    """The passages that have it."""

    def size(self) -> int:
        """Return its bytes, about."""
        return 8 * (len(self.passages.gains) + len(self.documents.gains)) + 500


class Index:
    """The passages and documents of a library, as arrays, and the scores of both."""

    def __init__(self, source: PostingSource, version: str = "") -> None:
        self._source = source
        self._cache = cache_of(version)
        self._layout = self._cache.get("layout", lambda: _layout(source.blocks()), _Layout.size)
        self._findable = self._layout.live.copy()
        self.documents = self._layout.documents
        """The database's number of each document, by ordinal."""
        self.owners = self._layout.owners
        """The ordinal of the document of each position."""

    def number(self, position: int) -> int:
        """Return the database's number of a passage."""
        return int(self._layout.blocks[position // BLOCK]) * BLOCK + position % BLOCK

    def positions(self, ordinal: int) -> tuple[int, int]:
        """Return the first and the last position of a document's passages."""
        return int(self._layout.first[ordinal]), int(self._layout.last[ordinal])

    def sizes(self, terms: Iterable[str]) -> dict[str, int]:
        """Return the number of passages that have each term."""
        terms = list(terms)
        kept = {term: self._cache.known(("size", term)) for term in terms}
        missing = [term for term in terms if kept[term] is None]
        for term, size in self._source.sizes(missing).items() if missing else ():
            self._cache.keep(("size", term), size, 200)
            kept[term] = size
        return kept

    def score(self, weights: Mapping[str, float]) -> Scores:
        """Return the scores of all passages and documents.

        Args:
            weights: The terms to look for, each with how much it counts.
        """
        passages = np.zeros(len(self.owners), np.float32)
        documents = np.zeros(len(self.documents), np.float32)
        room = np.empty_like(passages), np.empty_like(documents)
        for term, found in self._gains(weights):
            weight = np.float32(weights[term])
            found.passages.add_to(passages, weight, room[0])
            found.documents.add_to(documents, weight, room[1])
        passages[~self._findable] = 0
        findable = self._findable[self._layout.first]
        return Scores(passages, np.where(findable, documents, np.float32(0)))

    def nearest(self, vector: Floats, limit: int) -> list[tuple[int, float]]:
        """Return the positions of the passages that are nearest to a vector, with their cosines."""
        return self._source.nearest(vector, self._layout.order, self._findable, limit)

    def restrict(self, documents: Iterable[int]) -> None:
        """Find nothing but documents with these numbers of the database."""
        wanted = np.isin(self.documents, np.fromiter(documents, np.int64))
        self._findable &= wanted[self.owners] if len(wanted) else False

    def with_all(self, terms: Iterable[str]) -> Integers:
        """Return the positions of the passages that have all of the terms, in order."""
        found: Integers | None = None
        sizes = self.sizes(terms)
        for _, postings in self._postings(sorted(sizes, key=lambda term: sizes[term])):
            at = postings.positions
            found = at if found is None else np.intersect1d(found, at, assume_unique=True)
        return np.zeros(0, np.int32) if found is None else found

    def _postings(self, terms: Sequence[str]) -> Iterator[tuple[str, Postings]]:
        """Yield the postings of each term, in order; all are read at once."""
        found = self._source.postings(terms)
        for term in terms:
            yield term, decoded(found[term], self._layout.order)

    def _gains(self, terms: Collection[str]) -> Iterable[tuple[str, _Gains]]:
        """Return what each term adds to scores, the rarest first, as far as it can be read."""
        if len(terms) * self._layout.passage_count > _MOST_POSTINGS:
            return self._gains_of(self._affordable(terms))
        # All can be read, and the sizes need not be looked up.
        return sorted(self._gains_of([*terms]), key=lambda found: (found[1].count, found[0]))

    def _gains_of(self, terms: Sequence[str]) -> Iterator[tuple[str, _Gains]]:
        """Yield what each term adds to scores, in order; those that are not kept are read."""
        kept = {term: self._cache.known(("gains", term)) for term in terms}
        read = dict(self._postings([term for term in terms if kept[term] is None]))
        for term in terms:
            gains = kept[term]
            if gains is None:
                gains = _gains_of(read[term], self._layout)
                self._cache.keep(("gains", term), gains, gains.size())
            yield term, gains

    def _affordable(self, terms: Iterable[str]) -> list[str]:
        sizes = self.sizes(terms)
        chosen: list[str] = []
        total = 0
        for term in sorted(sizes, key=lambda term: (sizes[term], term)):
            total += sizes[term]
            if chosen and total > _MOST_POSTINGS:
                break
            chosen.append(term)
        return chosen


def top(scores: Floats, limit: int) -> list[int]:
    """Return where the best positive scores are, best first; equal ones in their order."""
    found = np.flatnonzero(scores > 0)
    if len(found) > limit:
        least = np.partition(scores[found], len(found) - limit)[len(found) - limit]
        found = found[scores[found] >= least]
    order = np.argsort(-scores[found], kind="stable")[:limit]
    chosen: list[int] = found[order].tolist()
    return chosen


def expanded(
    weights: Mapping[str, float], best: Sequence[tuple[float, Counter[str]]]
) -> dict[str, float]:
    """Return the terms of a query with those of the best passages that it found (RM3).

    Args:
        weights: The terms of the query.
        best: The best passages, each with its score and its terms.

    Returns:
        The terms with new weights, which add up to 1.
    """
    total = sum(score for score, _ in best)
    found: defaultdict[str, float] = defaultdict(float)
    for score, counts in best:
        length = sum(counts.values())
        for term, count in counts.items():
            if len(term) > 1 and not term.isdigit():
                found[term] += score / total * count / length
    chosen = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_FEEDBACK_TERMS]
    whole, added = sum(weights.values()), sum(weight for _, weight in chosen)
    new = {term: (1 - _FEEDBACK_SHARE) * weight / whole for term, weight in weights.items()}
    for term, weight in chosen:
        new[term] = new.get(term, 0.0) + _FEEDBACK_SHARE * weight / added
    return new


def _layout(blocks: Sequence[tuple[int, bytes]]) -> _Layout:
    """Return how the passages and documents of blocks are laid out."""
    parts = [described(data)[:2] for _, data in blocks] or [(np.zeros(0, np.int32),) * 2]
    numbers, lengths = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
    live = np.flatnonzero(numbers)
    # The passages of a document are in a row.
    begins = np.flatnonzero(np.diff(numbers[live], prepend=0))
    owners = np.zeros(len(numbers), np.int32)
    owners[live] = np.repeat(
        np.arange(len(begins), dtype=np.int32), np.diff(begins, append=len(live))
    )
    totals = np.add.reduceat(lengths[live], begins) if len(live) else lengths[:0]
    return _Layout(
        blocks=np.array([block for block, _ in blocks], np.int64),
        order={block: index for index, (block, _) in enumerate(blocks)},
        live=numbers > 0,
        documents=numbers[live][begins],
        first=live[begins],
        last=np.append(live[begins[1:] - 1], live[-1:]),
        owners=owners,
        passage_norms=_norms(lengths, len(live)),
        document_norms=_norms(totals, len(begins)),
        passage_count=len(live),
    )


def _gains_of(found: Postings, layout: _Layout) -> _Gains:
    at, counts = found.positions, found.counts
    by_passage = _gains(counts, layout.passage_norms[at], layout.passage_count)
    owners = layout.owners[at]
    begins = np.flatnonzero(np.diff(owners, prepend=-1))
    owners = owners[begins]
    counts = np.add.reduceat(counts, begins) if len(begins) else counts
    by_document = _gains(counts, layout.document_norms[owners], len(layout.documents))
    return _Gains(
        _added(at, by_passage, len(layout.owners)),
        _added(owners, by_document, len(layout.documents)),
        len(at),
    )


def _added(at: Integers, gains: Floats, total: int) -> _Added:
    """Return gains at some of all places; of a common term, at all, which are added faster."""
    if len(at) < total // _COMMON:
        return _Added(at, gains)
    whole = np.zeros(total, np.float32)
    whole[at] = gains
    return _Added(None, whole)


def _norms(lengths: Integers, count: int) -> Floats:
    average = max(1.0, float(lengths.sum()) / max(1, count))
    norms: Floats = (_K1 * (1 - _B + _B * lengths / average)).astype(np.float32)
    return norms


def _gains(counts: Integers, norms: Floats, total: int) -> Floats:
    rarity = math.log(1 + (total - len(counts) + 0.5) / (len(counts) + 0.5))
    gains: Floats = np.float32(rarity * (_K1 + 1)) * counts / (counts + norms)
    return gains
