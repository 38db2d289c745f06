"""The passages of sources that support the sentences of a text best.

A passage with a sentence's very wording is its source; of several, the one whose surroundings hold
most of what stands around the sentence. Else the best chunks by BM25 (Robertson & Zaragoza 2009),
counting only the words of the text, are searched: every window of one to three sentences is
compared with the sentence, and with its neighbors in the text, which a source supports close by.

Spans lie within their chunks. Headings alone are no passage. Time is linear in the length of the
sources, but for the few chunks that are opened for each sentence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate
from math import log

from docsum_nb.documents.outline import may_have_headings, outline
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk

__all__ = ["Passage", "PassageIndex", "Sought", "content_terms", "trimmed_sentences"]

_VERBATIM = 50  # chunks with a sentence's wording that are compared
_CANDIDATES = 8  # chunks that are searched sentence by sentence
_WINDOW = 3  # sentences of the longest passage
_LENGTHENING = 0.08  # support that each further sentence of a passage must add
_NEAR = 20  # sentences on each side of a window in which neighbors are supported
_AROUND_WEIGHT = 0.5  # of the words around a sentence, when chunks are chosen
_NO_NEIGHBOR = 0.6  # of a sentence's own support, for that of neighbors that it does not have
# What a passage counts if no neighbor of the sentence is near it: in one document, what stands
# together in the text mostly stands together in the source; of several, the next may be elsewhere.
_ALONE_IN_ONE, _ALONE_IN_MANY = 0.25, 1.0
_NEARBY = 8  # sentences on each side of a very wording that count as its neighborhood
_COMPARED = 24  # windows of a chunk whose neighborhoods are looked at
_OCCURRENCES = 50  # of a sentence's wording in one chunk, that are compared
_K1, _B = 0.9, 0.4  # of BM25: a chunk that holds every word once is what counts
_COMPLETE = 200  # chunks with all words of a sentence in which its wording is looked for
_SENTENCE_WORDS = 20  # about
_EDGE_CHARS = 4_000  # of the chunks before and after, to see the sentences at the edges
_SUFFIXES = ("ing", "ed", "es", "s")


@dataclass(frozen=True)
class Passage:
    """A window of a chunk, and how well it supports a sentence."""

    chunk: Chunk
    start: int
    end: int
    """Its span in the chunk's text."""
    around: tuple[int, int]
    """The span of the sentences near it, in the chunk's text."""
    support: float
    """Share of the sentence's words, weighted by rarity, that it holds: 0 to 1."""
    nearby: float
    """The same of the sentence's neighbors in the text and the sentences near the passage."""
    verbatim: bool = False
    """Whether it has the very wording of the sentence."""

    @property
    def confidence(self) -> float:
        """The mean of both, by which the best passage is accepted."""
        return (self.support + self.nearby) / 2

    def rank(self, alone: float) -> float:
        """Return what passages are compared by.

        Args:
            alone: What a passage counts if no neighbor of the sentence is near it.
        """
        return self.support * (alone + self.nearby)


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


def trimmed_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a text's sentences without the white space around them."""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if bare := sentence.strip():
            low = start + sentence.index(bare)
            yield low, low + len(bare)


def content_terms(text: str) -> frozenset[str]:
    """Return the stems of a text's words, or of its content words if it has any."""
    found = words(text)
    content = [_stem(word) for word in found if word not in STOP_WORDS]
    return frozenset(content or map(_stem, found))


def _wording(text: str) -> str:
    return f" {' '.join(words(text))} "


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


class _Known(dict[str, str]):
    """From a word to its stem if the text has it, else to nothing; grows with each look-up."""

    def __init__(self, terms: set[str]) -> None:
        super().__init__()
        self._terms = terms

    def __missing__(self, word: str) -> str:
        stem = _stem(word)
        self[word] = found = stem if stem in self._terms else ""
        return found


class PassageIndex:
    """The chunks, as far as the words of one text go.

    Args:
        chunks: The sources; those of a document in order.
        terms: The terms of all sentences that will be sought.
    """

    def __init__(self, chunks: Sequence[Chunk], terms: set[str]) -> None:
        self._chunks = chunks
        self._known = _Known(terms)
        self._opened: dict[int, _Sentences] = {}
        self._wordings: dict[int, str] = {}
        self._answered: dict[Sought, Passage | None] = {}
        self._postings: dict[str, list[tuple[int, int]]] = {term: [] for term in terms}
        self._counts: Counter[str] = Counter()
        self._lengths: list[int] = []
        for at, chunk in enumerate(chunks):
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
        verbatim = self._verbatim(weights, sought.wording)
        found = [
            each
            for at in verbatim[:_VERBATIM]
            for each in self._open(at).occurrences(sought.wording, around)
        ]
        if not found:
            neighbors = [self._weights(each) for each in sought.neighbors]
            found = [
                (each.rank(self._alone), each)
                for at in self._best(weights, around)
                for each in self._open(at).passages(weights, neighbors)
            ]
        return max(found, key=lambda each: round(each[0], 9), default=(0.0, None))[1]

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

    def _open(self, at: int) -> _Sentences:
        if at not in self._opened:
            chunk = self._chunks[at]
            before, after = self._neighbor(at, -1), self._neighbor(at, 1)
            self._opened[at] = _Sentences(
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


class _Sentences:
    """The sentences of one chunk, to be searched; headings are none.

    The sentences of the chunks before and after count for what is near, never as passages.
    """

    def __init__(self, chunk: Chunk, known: _Known, before: str, after: str) -> None:
        self._chunk = chunk
        self._spans = list(_below_headings(chunk))
        found = [words(chunk.text[start:end]) for start, end in self._spans]
        own = [_stems(each, known) for each in found]
        # The first of them is cut in its middle.
        earlier = [
            _stems(words(before[a:b]), known) for a, b in list(trimmed_sentences(before))[1:]
        ]
        later = [_stems(words(after[a:b]), known) for a, b in trimmed_sentences(after)]
        self._terms = own
        self._first = len(earlier[-_NEAR:])
        self._all = [*earlier[-_NEAR:], *own, *later[:_NEAR]]
        # The words of each sentence begin behind the blank at its place.
        joined = [" ".join(each) for each in found]
        self._wording = f" {' '.join(joined)} "
        self._places = [0, *accumulate(len(each) + 1 for each in joined)]
        self._supports: dict[frozenset[str], list[float]] = {}

    def occurrences(
        self, wording: str, around: dict[str, float]
    ) -> Iterator[tuple[float, Passage]]:
        """Yield the passages with a sentence's very wording, each with how its context fits."""
        total = sum(around.values()) or 1.0
        everywhere = _weight(set().union(*self._terms), around) if self._terms else 0.0
        at = self._wording.find(wording)
        for _ in range(_OCCURRENCES):
            if at < 0:
                return
            first = bisect_right(self._places, at) - 1
            last = bisect_left(self._places, at + len(wording) - 1) - 1
            near = set().union(*self._terms[max(0, first - _NEARBY) : last + _NEARBY + 1])
            whole = len(wording) / (self._places[last + 1] - self._places[first] + 1)
            fit = (everywhere + _weight(near, around)) / total
            yield 1.0 + whole + fit, self._passage(first, last, 1.0, 1.0, verbatim=True)
            at = self._wording.find(wording, at + 1)

    def passages(
        self, weights: dict[str, float], neighbors: Sequence[dict[str, float]]
    ) -> Iterator[Passage]:
        """Yield the windows that hold most of a sentence's words."""
        total = sum(weights.values())
        windows = self._windows(self._terms, weights)
        for support, first, last, weight in nlargest(_COMPARED, windows, key=lambda each: each[0]):
            low = self._first + first - _NEAR
            high = self._first + first + _NEAR + 1
            near = [max(self._supported(each)[max(0, low) : high]) for each in neighbors]
            nearby = sum(near) / len(near) if near else _NO_NEIGHBOR * support
            yield self._passage(first, last, weight / total, nearby)

    def _passage(
        self, first: int, last: int, support: float, nearby: float, *, verbatim: bool = False
    ) -> Passage:
        around = (
            self._spans[max(0, first - _NEAR)][0],
            self._spans[min(len(self._spans) - 1, last + _NEAR)][1],
        )
        start, end = self._spans[first][0], self._spans[last][1]
        return Passage(self._chunk, start, end, around, support, nearby, verbatim)

    def _supported(self, weights: dict[str, float]) -> list[float]:
        """Return how well the best window from each sentence supports one of the text."""
        key = frozenset(weights)
        if key not in self._supports:
            best = [0.0] * len(self._all)
            for support, first, _, _ in self._windows(self._all, weights):
                best[first] = max(best[first], support)
            self._supports[key] = best
        return self._supports[key]

    def _windows(
        self, sentences: Sequence[set[str]], weights: dict[str, float]
    ) -> Iterator[tuple[float, int, int, float]]:
        """Yield for each window its support, its first and last sentence, its words' weight."""
        total = sum(weights.values()) or 1.0
        held = [terms & weights.keys() for terms in sentences]
        for first in (at for at, own in enumerate(held) if own):
            window: set[str] = set()
            weight = 0.0
            for last in range(first, min(first + _WINDOW, len(held))):
                if added := held[last] - window:
                    window |= added
                    weight += sum(weights[term] for term in sorted(added))
                    yield weight / total - _LENGTHENING * (last - first), first, last, weight


def _stems(found: Sequence[str], known: _Known) -> set[str]:
    return {stem for word in found if (stem := known[word])}


def _weight(terms: set[str], weights: dict[str, float]) -> float:
    return sum(weights[term] for term in sorted(terms & weights.keys()))


def _below_headings(chunk: Chunk) -> Iterator[tuple[int, int]]:
    """Yield the spans of a chunk's sentences, without the headings in and among them."""
    headings = _headings(chunk)
    at = 0
    for start, end in trimmed_sentences(chunk.text):
        low = start
        while at < len(headings) and headings[at][0] <= low:
            low = max(low, headings[at][1])
            at += 1
        if bare := chunk.text[low:end].strip():
            low += chunk.text[low:end].index(bare)
            yield low, low + len(bare)


def _headings(chunk: Chunk) -> list[tuple[int, int]]:
    if chunk.syntax == "plain" or not may_have_headings(chunk.text):
        return []
    return [
        (block.start, block.end)
        for block in outline(chunk.text).blocks
        # A rule right under a paragraph makes a heading of it by mistake.
        if block.heading and not block.heading.title.endswith((".", "!", "?", "…"))
    ]
