"""The sentences of one chunk of a source: which windows of them support a sentence of a text.

A window is one to three sentences. What supports the neighbors of the sentence in the text is
looked at around it, with falling weight. Headings are no passage. A wording is looked for in the
text itself and, if asked for, in its sentences as they are read: without markup. Linear time for
each sentence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate

from docsum_nb.documents.outline import may_have_headings, outline
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.quantities import Quantity, quantities
from docsum_nb.documents.quantity_set import Quantities
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk

__all__ = ["KnownTerms", "Passage", "SourceSentences", "content_terms", "stem", "trimmed_sentences"]

_WINDOW = 3  # sentences of the longest passage
_LENGTHENING = 0.08  # support that each further sentence of a passage must add
_NEAR = 20  # sentences on each side of a window that count as near it
_REACH = 40  # sentences on each side over which the weight of a supported neighbor falls to nothing
_NO_NEIGHBOR = 0.6  # of a sentence's own support, for that of neighbors that it does not have
_NEARBY = 8  # sentences on each side of a very wording that count as its neighborhood
_COMPARED = 24  # windows of a chunk whose neighborhoods are looked at
_OCCURRENCES = 50  # of a sentence's wording in one chunk, that are compared
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
    """How well the sentence's neighbors in the text are supported near the passage, from 0."""
    verbatim: bool = False
    """Whether it has the very wording of the sentence."""

    @property
    def confidence(self) -> float:
        """The mean of both, by which the best passage is accepted."""
        return (self.support + min(1.0, self.nearby)) / 2

    def rank(self, alone: float) -> float:
        """Return what passages are compared by.

        Args:
            alone: What a passage counts if no neighbor of the sentence is near it.
        """
        return self.support * (alone + self.nearby)


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
    content = [stem(word) for word in found if word not in STOP_WORDS]
    return frozenset(content or map(stem, found))


def stem(word: str) -> str:
    """Return a word without its ending, for comparing."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


class KnownTerms(dict[str, str]):
    """From a word to its stem if the text has it, else to nothing; grows with each look-up."""

    def __init__(self, terms: set[str]) -> None:
        super().__init__()
        self._terms = terms

    def __missing__(self, word: str) -> str:
        own = stem(word)
        self[word] = found = own if own in self._terms else ""
        return found


@dataclass(frozen=True)
class _Wording:
    """The words of sentences, joined by blanks."""

    text: str
    places: Sequence[int]
    """The words of each sentence begin behind the blank at its place; the last is the end."""

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]]) -> _Wording:
        joined = [" ".join(each) for each in sentences]
        places = [0, *accumulate(len(each) + 1 for each in joined)]
        return cls(f" {' '.join(joined)} ", places)

    def find(self, wording: str) -> Iterator[tuple[int, int, float]]:
        """Yield the first and the last sentence that hold a wording, and its share of them."""
        at = self.text.find(wording)
        for _ in range(_OCCURRENCES):
            if at < 0:
                return
            first = bisect_right(self.places, at) - 1
            last = bisect_left(self.places, at + len(wording) - 1) - 1
            yield first, last, len(wording) / (self.places[last + 1] - self.places[first] + 1)
            at = self.text.find(wording, at + 1)


class SourceSentences:
    """The sentences of one chunk, to be searched; headings are none.

    The sentences of the chunks before and after count for what is near, never as passages.
    """

    def __init__(self, chunk: Chunk, known: KnownTerms, before: str, after: str) -> None:
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
        self._first = len(earlier[-_REACH:])
        self._all = [*earlier[-_REACH:], *own, *later[:_REACH]]
        self._wording = _Wording.of(found)
        self._read: tuple[list[tuple[int, int]], _Wording] | None = None
        self._supports: dict[frozenset[str], list[float]] = {}
        self._quantities: dict[int, Quantities] | None = None

    def occurrences(
        self, wording: str, around: dict[str, float]
    ) -> Iterator[tuple[float, Passage]]:
        """Yield the passages with a sentence's very wording, each with how its context fits."""
        for first, last, whole in self._wording.find(wording):
            fit = self._fit(first, last, around)
            yield 1.0 + whole + fit, self._passage(first, last, 1.0, 1.0, verbatim=True)

    def occurrences_as_read(
        self, wording: str, around: dict[str, float]
    ) -> Iterator[tuple[float, Passage]]:
        """Yield the same of the chunk's sentences as they are read, such as without links."""
        spans, read = self._as_read()
        for first, last, whole in read.find(wording):
            start, end = spans[first][0], spans[last][1]
            low = max(0, bisect_right(self._spans, start, key=lambda span: span[0]) - 1)
            high = max(low, bisect_left(self._spans, end, key=lambda span: span[0]) - 1)
            fit = self._fit(low, high, around)
            near = self._around(low, high)
            found = Passage(self._chunk, start, end, near, 1.0, 1.0, verbatim=True)
            yield 1.0 + whole + fit, found

    def _as_read(self) -> tuple[list[tuple[int, int]], _Wording]:
        if self._read is None:
            found = prose_sentences(self._chunk.text, syntax=self._chunk.syntax)
            # What was only quoted of headings is no passage.
            kept = found if self._spans else []
            spans = [(each.start, each.end) for each in kept]
            self._read = spans, _Wording.of([words(each.text) for each in kept])
        return self._read

    def _fit(self, first: int, last: int, around: dict[str, float]) -> float:
        """Return how much of what stands around a sentence is in the chunk, and near a place."""
        everywhere = _weight(set().union(*self._terms), around) if self._terms else 0.0
        near = set().union(*self._terms[max(0, first - _NEARBY) : last + _NEARBY + 1])
        return (everywhere + _weight(near, around)) / (sum(around.values()) or 1.0)

    def passages(
        self, weights: dict[str, float], neighbors: Sequence[dict[str, float]]
    ) -> Iterator[Passage]:
        """Yield the windows that hold most of a sentence's words."""
        total = sum(weights.values())
        windows = self._windows(self._terms, weights)
        for support, first, last, weight in nlargest(_COMPARED, windows, key=lambda each: each[0]):
            nearby = self._nearby(first, neighbors, support)
            yield self._passage(first, last, weight / total, nearby)

    def passage_in(
        self,
        start: int,
        end: int,
        weights: dict[str, float],
        neighbors: Sequence[dict[str, float]],
    ) -> Passage | None:
        """Return the best window in a span of the chunk's text; ``None`` if no word is in it."""
        total = sum(weights.values()) or 1.0
        inside = [at for at, (low, _) in enumerate(self._spans) if start <= low < end]
        own = self._terms[inside[0] : inside[-1] + 1] if inside else []
        found = max(self._windows(own, weights), key=lambda each: each[0], default=None)
        if found is None:
            return None
        _, first, last, weight = found
        first, last = first + inside[0], last + inside[0]
        nearby = self._nearby(first, neighbors, weight / total)
        return self._passage(first, last, weight / total, nearby)

    def passages_with(
        self, quantity: Quantity, weights: dict[str, float], neighbors: Sequence[dict[str, float]]
    ) -> Iterator[Passage]:
        """Yield the best window around each sentence that has a quantity."""
        total = sum(weights.values()) or 1.0
        for at in self._with(quantity):
            best = (0.0, at, at)
            for first in range(max(0, at - _WINDOW + 1), at + 1):
                for last in range(at, min(first + _WINDOW, len(self._terms))):
                    held = _weight(set().union(*self._terms[first : last + 1]), weights) / total
                    best = max(best, (held - _LENGTHENING * (last - first), first, last))
            support, first, last = best
            held = support + _LENGTHENING * (last - first)
            nearby = self._nearby(first, neighbors, support)
            yield self._passage(first, last, held, nearby)

    def _with(self, quantity: Quantity) -> list[int]:
        """Return the sentences that have a quantity."""
        if self._quantities is None:
            found = [quantities(self._chunk.text[start:end]) for start, end in self._spans]
            self._quantities = {at: Quantities(each) for at, each in enumerate(found) if each}
        return [at for at, each in self._quantities.items() if each.holds(quantity)]

    def _nearby(self, at: int, neighbors: Sequence[dict[str, float]], support: float) -> float:
        """Return how well the neighbors of a sentence are supported near a place."""
        sizes = [sum(each.values()) for each in neighbors]
        total = sum(sizes)
        if not total:
            return _NO_NEIGHBOR * support
        place = self._first + at
        return sum(
            size / total * self._supported(each)[place]
            for size, each in zip(sizes, neighbors, strict=True)
        )

    def _passage(
        self, first: int, last: int, support: float, nearby: float, *, verbatim: bool = False
    ) -> Passage:
        start, end = self._spans[first][0], self._spans[last][1]
        near = self._around(first, last)
        return Passage(self._chunk, start, end, near, support, nearby, verbatim)

    def _around(self, first: int, last: int) -> tuple[int, int]:
        return (
            self._spans[max(0, first - _NEAR)][0],
            self._spans[min(len(self._spans) - 1, last + _NEAR)][1],
        )

    def _supported(self, weights: dict[str, float]) -> list[float]:
        """Return how well a sentence of the text is supported around each of the source.

        It is the sum of the squared supports of the best windows, the near ones with more weight:
        several places that hold a part say less than one that holds most.
        """
        key = frozenset(weights)
        if key not in self._supports:
            best = [0.0] * len(self._all)
            for support, first, _, _ in self._windows(self._all, weights):
                best[first] = max(best[first], support)
            sums = _sums_around(_sums_around([each**2 for each in best]))
            self._supports[key] = [each / (_REACH + 1) for each in sums]
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


def _sums_around(values: Sequence[float]) -> list[float]:
    """Return for each value the sum of those around it; of these again, with falling weight."""
    sums, half, count = [0.0, *accumulate(values)], _REACH // 2, len(values)
    return [sums[min(count, at + half + 1)] - sums[max(0, at - half)] for at in range(count)]


def _stems(found: Sequence[str], known: KnownTerms) -> set[str]:
    return {own for word in found if (own := known[word])}


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
