"""The passages of sources that support the sentences of a text best.

A passage with a sentence's very wording is its source; of several, the one whose surroundings hold
most of what stands around the sentence. If none has it, one that is read so without its markup is.
Else the best chunks by BM25 (Robertson & Zaragoza 2009),
counting only the words of the text, are searched: every window of one to three sentences is
compared with the sentence, and with its neighbors in the text, which a source supports close by.

Spans lie within their chunks. Headings alone are no passage. Time is linear in the length of the
sources, but for the few chunks that are opened for each sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import log

from docsum_nb.documents.quantities import Quantity
from docsum_nb.documents.source_sentences import (
    KnownTerms,
    Passage,
    SourceSentences,
    content_terms,
    trimmed_sentences,
)
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk, SourceSpan

__all__ = ["Passage", "PassageIndex", "Sought", "content_terms", "trimmed_sentences"]

_VERBATIM = 50  # chunks with a sentence's wording that are compared
_CANDIDATES = 8  # chunks that are searched sentence by sentence
_AROUND_WEIGHT = 0.5  # of the words around a sentence, when chunks are chosen
# What a passage counts if no neighbor of the sentence is near it: in one document, what stands
# together in the text mostly stands together in the source; of several, the next may be elsewhere.
_ALONE_IN_ONE, _ALONE_IN_MANY = 0.05, 0.5
# What has nearly all words of a sentence of some is its source, wherever its neighbors stand.
_LEAST_QUOTED, _NEARLY_ALL = 6, 0.85
_K1, _B = 0.9, 0.4  # of BM25: a chunk that holds every word once is what counts
_COMPLETE = 200  # chunks with all words of a sentence in which its wording is looked for
_WITH_MARKUP = 0.6  # of a sentence's words, from which a chunk is read without its markup
_SENTENCE_WORDS = 20  # about
_EDGE_CHARS = 4_000  # of the chunks before and after, to see the sentences at the edges


@dataclass(frozen=True)
class Sought:
    """A sentence that is to be found in the sources."""

    terms: frozenset[str]
    wording: str
    """All its words in order; a passage with the same wording is its source."""
    neighbors: tuple[frozenset[str], ...] = ()
    """The terms of the sentences around it."""

    @classmethod
    def of(cls, text: str, neighbors: Sequence[frozenset[str]] = ()) -> Sought:
        """Return a sentence to be found.

        Args:
            text: The sentence.
            neighbors: The terms of the sentences around it, as of ``content_terms``.
        """
        return cls(content_terms(text), _wording(text), tuple(neighbors))

    @property
    def around(self) -> frozenset[str]:
        """The terms around it that it does not have."""
        return frozenset[str]().union(*self.neighbors) - self.terms


def _is_quoted(sought: Sought, passage: Passage) -> bool:
    """Return whether a passage has nearly all words of a sentence that has some."""
    return len(sought.terms) >= _LEAST_QUOTED and passage.support >= _NEARLY_ALL


def _wording(text: str) -> str:
    return f" {' '.join(words(text))} "


class PassageIndex:
    """The chunks, as far as the words of one text go.

    Args:
        chunks: The sources; those of a document in order.
        terms: The terms of all sentences that will be sought.
    """

    def __init__(self, chunks: Sequence[Chunk], terms: set[str]) -> None:
        self._chunks = chunks
        self._known = KnownTerms(terms)
        self._opened: dict[int, SourceSentences] = {}
        self._wordings: dict[int, str] = {}
        self._answered: dict[Sought, Passage | None] = {}
        self._postings: dict[str, list[tuple[int, int]]] = {term: [] for term in terms}
        self._counts: Counter[str] = Counter()
        self._lengths: list[int] = []
        self._chunks_of: dict[str, list[int]] = {}
        for at, chunk in enumerate(chunks):
            self._chunks_of.setdefault(chunk.document, []).append(at)
            counts = Counter(map(self._known.__getitem__, words(chunk.text)))
            self._lengths.append(counts.total())
            for term, count in counts.items():
                if term:
                    self._postings[term].append((at, count))
                    self._counts[term] += count
        several = any(each.document != chunks[0].document for each in chunks)
        self._alone = _ALONE_IN_MANY if several else _ALONE_IN_ONE
        self._mean = sum(self._lengths) / max(1, len(chunks)) or 1.0
        self._sentences_in_all = sum(self._lengths) / _SENTENCE_WORDS

    def rarity(self, term: str) -> float:
        """Weigh a term by how often it stands in the sources, a sentence of average length each."""
        return log(2 + self._sentences_in_all / (0.5 + self._counts[term]))

    def best_passage(self, sought: Sought) -> Passage | None:
        """Return the window that supports a sentence best; ``None`` if no word is found."""
        if sought not in self._answered:
            self._answered[sought] = self._search(sought)
        return self._answered[sought]

    def _search(self, sought: Sought) -> Passage | None:
        weights, around = self._weights(sought.terms), self._weights(sought.around)
        found = self._occurrences(sought, weights, around)
        if not found:
            found = [
                each
                for at in self._nearly_complete(weights)
                for each in self._open(at).occurrences_as_read(sought.wording, around)
            ]
        if not found:
            neighbors = [self._weights(each) for each in sought.neighbors]
            found = [
                (each.rank(self._alone) + _is_quoted(sought, each), each)
                for at in self._best(weights, around)
                for each in self._open(at).passages(weights, neighbors)
            ]
        return max(found, key=lambda each: round(each[0], 9), default=(0.0, None))[1]

    def _occurrences(
        self, sought: Sought, weights: dict[str, float], around: dict[str, float]
    ) -> list[tuple[float, Passage]]:
        return [
            each
            for at in self._verbatim(weights, sought.wording)[:_VERBATIM]
            for each in self._open(at).occurrences(sought.wording, around)
        ]

    def verbatim_passages(self, sought: Sought) -> list[Passage]:
        """Return the passages with a sentence's very wording, the best first."""
        weights, around = self._weights(sought.terms), self._weights(sought.around)
        found = self._occurrences(sought, weights, around)
        return [each for _, each in sorted(found, key=lambda each: -round(each[0], 9))]

    def passages_with(self, sought: Sought, quantity: Quantity) -> list[Passage]:
        """Return the passages that have a quantity, the one that supports a sentence best first."""
        weights = self._weights(sought.terms)
        neighbors = [self._weights(each) for each in sought.neighbors]
        found = [
            each
            for at in self._best(weights, self._weights(sought.around))
            for each in self._open(at).passages_with(quantity, weights, neighbors)
        ]
        return sorted(found, key=lambda each: -round(each.rank(self._alone), 9))

    def passages_in(self, sought: Sought, places: Iterable[SourceSpan]) -> list[Passage]:
        """Return the best passage in each of some places that hold a word of a sentence."""
        weights = self._weights(sought.terms)
        neighbors = [self._weights(each) for each in sought.neighbors]
        found = []
        for place in places:
            for at in self._chunks_of.get(place.document, ()):
                chunk = self._chunks[at]
                if chunk.start < place.end and place.start < chunk.end:
                    span = (place.start - chunk.start, place.end - chunk.start)
                    passage = self._open(at).passage_in(*span, weights, neighbors)
                    found += [passage] if passage else []
        return found

    def passages_by_document(self, sought: Sought, *, least: float) -> tuple[Passage, ...]:
        """Return the best passage of each of the documents that hold most of a sentence's words.

        Args:
            sought: The sentence.
            least: The support that a passage has at least.
        """
        weights = self._weights(sought.terms)
        neighbors = [self._weights(each) for each in sought.neighbors]
        best: dict[str, Passage] = {}
        for at in self._best(weights, self._weights(sought.around)):
            for each in self._open(at).passages(weights, neighbors):
                own = best.get(each.chunk.document)
                if each.support >= least and (own is None or each.rank(1.0) > own.rank(1.0)):
                    best[each.chunk.document] = each
        return tuple(best.values())

    def _weights(self, terms: frozenset[str]) -> dict[str, float]:
        return {term: self.rarity(term) for term in sorted(terms)}

    def _verbatim(self, weights: dict[str, float], wording: str) -> list[int]:
        """Find the chunks that hold a sentence's very wording, those with its words often first."""
        scores, held = self._scores(weights)
        complete = [at for at, terms in held.items() if terms == len(weights)]
        return [
            at
            for at in nlargest(_COMPLETE, complete, key=lambda at: (scores[at], -at))
            if wording in self._wording_of(at)
        ]

    def _nearly_complete(self, weights: dict[str, float]) -> list[int]:
        """Find the chunks with most words of a sentence: markup may be part of words in them."""
        scores, held = self._scores(weights)
        least = _WITH_MARKUP * len(weights)
        near = [at for at, terms in held.items() if terms >= least]
        return nlargest(_CANDIDATES, near, key=lambda at: (held[at], scores[at], -at))

    def _best(self, weights: dict[str, float], around: dict[str, float]) -> list[int]:
        """Find the best chunks by BM25, of the sentence and in part of what stands around it."""
        scores, _ = self._scores(weights)
        also, _ = self._scores(around)
        share = _AROUND_WEIGHT * sum(weights.values()) / (sum(around.values()) or 1.0)
        for at in scores:
            scores[at] += share * also.get(at, 0.0)
        return nlargest(_CANDIDATES, scores, key=lambda at: (scores[at], -at))

    def _scores(self, weights: dict[str, float]) -> tuple[dict[int, float], Counter[int]]:
        """Return the BM25 of the chunks with any of the terms, and how many terms each holds."""
        scores: dict[int, float] = {}
        held: Counter[int] = Counter()
        for term, weight in weights.items():
            for at, count in self._postings[term]:
                relative = 1 - _B + _B * self._lengths[at] / self._mean
                gain = weight * count * (_K1 + 1) / (count + _K1 * relative)
                scores[at] = scores.get(at, 0.0) + gain
                held[at] += 1
        return scores, held

    def _wording_of(self, at: int) -> str:
        if at not in self._wordings:
            self._wordings[at] = _wording(self._chunks[at].text)
        return self._wordings[at]

    def _open(self, at: int) -> SourceSentences:
        if at not in self._opened:
            chunk = self._chunks[at]
            before, after = self._neighbor(at, -1), self._neighbor(at, 1)
            self._opened[at] = SourceSentences(
                chunk, self._known, before[-_EDGE_CHARS:], after[:_EDGE_CHARS]
            )
        return self._opened[at]

    def _neighbor(self, at: int, step: int) -> str:
        """Return the text of the chunk before or after another; empty if there is none."""
        if not 0 <= at + step < len(self._chunks):
            return ""
        own, other = self._chunks[at], self._chunks[at + step]
        joins = own.start == other.end if step < 0 else own.end == other.start
        return other.text if own.document == other.document and joins else ""
