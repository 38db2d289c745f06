"""Which passage of the sources supports each sentence of a text, found after it was written.

A passage with the sentence's very wording is its source; of several, the one whose surroundings
hold most of what stands around the sentence. Else the best chunks by BM25 (Robertson & Zaragoza
2009), counting only the words of the text, are searched: every window of one to three sentences is
compared with the sentence. A citation's score is the share of the sentence's words, weighted by
rarity, that the window holds. Headings alone are no passage.

Spans lie within their texts and follow the order of the text. A sentence that no passage supports
enough has no citation: a wrong one is worse than none. Shared words are evidence, not proof.
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
from docsum_nb.records import Chunk, Citation

__all__ = ["VERSION", "cite"]

VERSION = "6"
"""Raised whenever the same text may be cited otherwise; citations are remembered under it."""
# Chosen on QMSum (validation): benchmarks/citation_quality.py.
_FLOOR = 0.4  # without its source, one sentence in four finds as much elsewhere by chance
_VERBATIM = 50  # chunks with a sentence's wording that are compared
_CANDIDATES = 8  # chunks that are searched sentence by sentence
_WINDOW = 3  # sentences of the longest passage
_LENGTHENING = 0.08  # support that each further sentence of a passage must add
_AROUND = 2  # sentences on each side, in the text that is cited
_NEARBY = 8  # sentences on each side of a window that count as its neighborhood
_NEARBY_WEIGHT = 0.6  # of the neighborhood's support, when windows are compared
_COMPARED = 5  # windows of a chunk whose neighborhoods are looked at
_OCCURRENCES = 50  # of a sentence's wording in one chunk, that are compared
_K1, _B = 0.9, 0.4  # of BM25: a chunk that holds every word once is what counts
_COMPLETE = 200  # chunks with all words of a sentence in which its wording is looked for
_SUFFIXES = ("ing", "ed", "es", "s")


@dataclass(frozen=True)
class _Passage:
    chunk: Chunk
    start: int
    end: int
    support: float


@dataclass(frozen=True)
class _Sought:
    """A sentence that is to be found in the sources."""

    terms: frozenset[str]
    wording: str
    """All its words in order; a passage with the same wording is its source."""
    context: frozenset[str]
    """The terms of the sentences around it, by which one of several such passages is chosen."""


def cite(text: str, chunks: Sequence[Chunk]) -> tuple[Citation, ...]:
    """Find the passages that support the sentences of a text.

    Args:
        text: The text that was written from the chunks.
        chunks: The sources.

    Returns:
        At most one citation for each sentence, in the order of the text; none for sentences without
        support. The page of a citation is the page on which its chunk begins.
    """
    sentences = list(_sought(text))
    index = _Index(chunks, {term for _, _, sought in sentences for term in sought.terms})
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    for start, end, sought in sentences:
        best = index.best_passage(sought)
        if best is None or best.support < _FLOOR:
            continue
        chunk, low, high = best.chunk, best.start, best.end
        place = (chunk.document, chunk.start + low, chunk.start + high)
        number = numbers.setdefault(place, len(numbers) + 1)
        citations.append(
            Citation(
                number=number,
                start=start,
                end=end,
                document=chunk.document,
                passage=chunk.text[low:high],
                source_start=place[1],
                source_end=place[2],
                score=round(min(1.0, best.support), 4),
                page=chunk.page,
                headings=chunk.headings,
            )
        )
    return tuple(citations)


def _sought(text: str) -> Iterator[tuple[int, int, _Sought]]:
    """Yield the sentences of a text that have words, each after its span."""
    spans = list(_trimmed_sentences(text))
    terms = [frozenset(_content(text[start:end])) for start, end in spans]
    for at, ((start, end), own) in enumerate(zip(spans, terms, strict=True)):
        if own:
            around = frozenset[str]().union(*terms[max(0, at - _AROUND) : at + _AROUND + 1])
            yield start, end, _Sought(own, _wording(text[start:end]), around - own)


def _trimmed_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Return the spans of a text's sentences without the white space around them."""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if bare := sentence.strip():
            low = start + sentence.index(bare)
            yield low, low + len(bare)


def _wording(text: str) -> str:
    return f" {' '.join(words(text))} "


def _content(text: str) -> list[str]:
    """Reduce a text to the stems of its words, or of its content words if it has any."""
    found = words(text)
    return [_stem(word) for word in found if word not in STOP_WORDS] or [*map(_stem, found)]


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


class _Index:
    """The chunks, as far as the words of one text go."""

    def __init__(self, chunks: Sequence[Chunk], terms: set[str]) -> None:
        self._chunks = chunks
        self._known = _Known(terms)
        self._opened: dict[int, _Sentences] = {}
        self._wordings: dict[int, str] = {}
        self._answered: dict[_Sought, _Passage | None] = {}
        self._postings: dict[str, list[tuple[int, int]]] = {term: [] for term in terms}
        self._lengths: list[int] = []
        for at, chunk in enumerate(chunks):
            counts = Counter(map(self._known.__getitem__, words(chunk.text)))
            self._lengths.append(counts.total())
            for term, count in counts.items():
                if term:
                    self._postings[term].append((at, count))
        self._mean = sum(self._lengths) / max(1, len(chunks)) or 1.0

    def rarity(self, term: str) -> float:
        """Weigh a term by the chunks that lack it: 1 for one that stands in all."""
        return 1.0 + log((1 + len(self._chunks)) / (1 + len(self._postings[term])))

    def best_passage(self, sought: _Sought) -> _Passage | None:
        """Find the window that supports a sentence best; ``None`` if no word is found."""
        if sought not in self._answered:
            self._answered[sought] = self._search(sought)
        return self._answered[sought]

    def _search(self, sought: _Sought) -> _Passage | None:
        weights = {term: self.rarity(term) for term in sorted(sought.terms)}
        around = {term: self.rarity(term) for term in sorted(sought.context)}
        verbatim = self._verbatim(weights, sought.wording)
        found = [
            each
            for at in verbatim[:_VERBATIM]
            for each in self._sentences(at).occurrences(sought.wording, around)
        ]
        if not found:
            found = [
                each for at in self._best(weights) for each in self._sentences(at).passages(weights)
            ]
        return max(found, key=lambda each: round(each[0], 9), default=(0.0, None))[1]

    def _verbatim(self, weights: dict[str, float], wording: str) -> list[int]:
        """Find the chunks that hold a sentence's very wording, those with its words often first."""
        scores, held = self._scores(weights)
        complete = [at for at, terms in held.items() if terms == len(weights)]
        return [
            at
            for at in nlargest(_COMPLETE, complete, key=lambda at: (scores[at], -at))
            if wording in self._wording_of(at)
        ]

    def _best(self, weights: dict[str, float]) -> list[int]:
        """Find the best chunks by BM25."""
        scores, _ = self._scores(weights)
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

    def _sentences(self, at: int) -> _Sentences:
        if at not in self._opened:
            self._opened[at] = _Sentences(self._chunks[at], self._known)
        return self._opened[at]


class _Sentences:
    """The sentences of one chunk, to be searched; headings are none."""

    def __init__(self, chunk: Chunk, known: _Known) -> None:
        self._chunk = chunk
        self._spans = list(_below_headings(chunk))
        found = [words(chunk.text[start:end]) for start, end in self._spans]
        self._terms = [{stem for word in each if (stem := known[word])} for each in found]
        # The words of each sentence begin behind the blank at its place.
        joined = [" ".join(each) for each in found]
        self._wording = f" {' '.join(joined)} "
        self._places = [0, *accumulate(len(each) + 1 for each in joined)]

    def occurrences(
        self, wording: str, around: dict[str, float]
    ) -> Iterator[tuple[float, _Passage]]:
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
            start, end = self._spans[first][0], self._spans[last][1]
            yield 1.0 + whole + fit, _Passage(self._chunk, start, end, 1.0)
            at = self._wording.find(wording, at + 1)

    def passages(self, weights: dict[str, float]) -> Iterator[tuple[float, _Passage]]:
        """Yield the windows that hold most of a sentence's words, each with its rank."""
        total = sum(weights.values())
        held = [terms & weights.keys() for terms in self._terms]
        best = nlargest(_COMPARED, self._windows(held, weights), key=lambda each: each[0])
        for rank, first, last, weight in best:
            around = set().union(*held[max(0, first - _NEARBY) : first + _NEARBY + 1])
            nearby = _NEARBY_WEIGHT * _weight(around, weights)
            start, end = self._spans[first][0], self._spans[last][1]
            passage = _Passage(self._chunk, start, end, weight / total)
            yield (rank + nearby) / total, passage

    def _windows(
        self, held: list[set[str]], weights: dict[str, float]
    ) -> Iterator[tuple[float, int, int, float]]:
        """Return for each window its rank alone, its first and last sentence, its words' weight."""
        cost = _LENGTHENING * sum(weights.values())
        for first in (at for at, own in enumerate(held) if own):
            window: set[str] = set()
            for last in range(first, min(first + _WINDOW, len(held))):
                if held[last] <= window:
                    continue
                window |= held[last]
                weight = sum(weights[term] for term in sorted(window))
                yield weight - cost * (last - first), first, last, weight


def _weight(terms: set[str], weights: dict[str, float]) -> float:
    return sum(weights[term] for term in sorted(terms & weights.keys()))


def _below_headings(chunk: Chunk) -> Iterator[tuple[int, int]]:
    """Yield the spans of a chunk's sentences, without the headings in and among them."""
    headings = _headings(chunk)
    at = 0
    for start, end in _trimmed_sentences(chunk.text):
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
