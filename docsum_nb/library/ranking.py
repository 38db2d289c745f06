"""BM25 over postings: how well passages and whole documents match the terms of a query.

A document's count of a term is the sum of its passages', so documents need no index of their own. A
term of most texts still counts a little (as in Lucene), and words that the index does not keep do
not count in lengths. Works on whole arrays; refuses nothing, and knows no database.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from docsum_nb.library.postings import BLOCK, Integers, Postings, decoded, described

__all__ = ["Index", "PostingSource", "Scores", "expanded", "top"]

_K1, _B = 1.2, 0.75
_MOST_POSTINGS = 4_000_000
"""Postings that a search reads, at about 50 ns each, the rarest terms first. In a large library,
the most common terms of a long query do not count beyond them; the rarest one always does."""
_FEEDBACK_TERMS = 20
_FEEDBACK_SHARE = 0.4
"""What the terms of the best passages count against those of the query, 0.6. As in RM3."""

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


class Index:
    """The passages and documents of a library, as arrays, and the scores of both."""

    def __init__(self, source: PostingSource) -> None:
        self._source = source
        blocks = source.blocks()
        self._blocks = np.array([block for block, _ in blocks], np.int64)
        self._order = {block: index for index, (block, _) in enumerate(blocks)}
        parts = [described(data)[:2] for _, data in blocks] or [(np.zeros(0, np.int32),) * 2]
        owners, lengths = (np.concatenate([part[index] for part in parts]) for index in (0, 1))
        live = np.flatnonzero(owners)
        self._findable = owners > 0
        # The passages of a document are in a row.
        begins = np.flatnonzero(np.diff(owners[live], prepend=0))
        self.documents = owners[live][begins]
        """The database's number of each document, by ordinal."""
        self._first = live[begins]
        self._last = np.append(live[begins[1:] - 1], live[-1:])
        self.owners = np.zeros(len(owners), np.int32)
        """The ordinal of the document of each position."""
        self.owners[live] = np.repeat(
            np.arange(len(begins), dtype=np.int32), np.diff(begins, append=len(live))
        )
        totals = np.add.reduceat(lengths[live], begins) if len(live) else lengths[:0]
        self._passage_count, self._document_count = len(live), len(begins)
        self._passage_norms = _norms(lengths, len(live))
        self._document_norms = _norms(totals, len(begins))

    def number(self, position: int) -> int:
        """Return the database's number of a passage."""
        return int(self._blocks[position // BLOCK]) * BLOCK + position % BLOCK

    def positions(self, ordinal: int) -> tuple[int, int]:
        """Return the first and the last position of a document's passages."""
        return int(self._first[ordinal]), int(self._last[ordinal])

    def sizes(self, terms: Iterable[str]) -> dict[str, int]:
        """Return the number of passages that have each term."""
        return self._source.sizes(list(terms))

    def score(self, weights: Mapping[str, float]) -> Scores:
        """Return the scores of all passages and documents.

        Args:
            weights: The terms to look for, each with how much it counts.
        """
        passages = np.zeros(len(self.owners), np.float32)
        documents = np.zeros(len(self.documents), np.float32)
        for term, found in self._postings(self._affordable(weights)):
            weight = weights[term]
            at, counts = found.positions, found.counts
            if not len(at):
                continue
            passages[at] += _gains(weight, counts, self._passage_norms[at], self._passage_count)
            owners = self.owners[at]
            begins = np.flatnonzero(np.diff(owners, prepend=-1))
            owners, counts = owners[begins], np.add.reduceat(counts, begins)
            documents[owners] += _gains(
                weight, counts, self._document_norms[owners], self._document_count
            )
        passages[~self._findable] = 0
        findable = self._findable[self._first]
        return Scores(passages, np.where(findable, documents, np.float32(0)))

    def nearest(self, vector: Floats, limit: int) -> list[tuple[int, float]]:
        """Return the positions of the passages that are nearest to a vector, with their cosines."""
        return self._source.nearest(vector, self._order, self._findable, limit)

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
            yield term, decoded(found[term], self._order)

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
    return [int(index) for index in found[order]]


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


def _norms(lengths: Integers, count: int) -> Floats:
    average = max(1.0, float(lengths.sum()) / max(1, count))
    norms: Floats = (_K1 * (1 - _B + _B * lengths / average)).astype(np.float32)
    return norms


def _gains(weight: float, counts: Integers, norms: Floats, total: int) -> Floats:
    rarity = math.log(1 + (total - len(counts) + 0.5) / (len(counts) + 0.5))
    gains: Floats = np.float32(weight * rarity * (_K1 + 1)) * counts / (counts + norms)
    return gains
