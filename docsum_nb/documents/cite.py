"""Which passage of the sources supports each sentence of a text, found after it was written.

Two stages: the few chunks that may hold the passage are those with the sentence's very wording, or
else the best by BM25 (Robertson & Zaragoza 2009), counting only the words of the text. In these,
every window of one to three sentences is compared with the sentence. A citation's score is the
share of the sentence's words, weighted by rarity, that the window holds.

Spans lie within their texts and follow the order of the text. A sentence that no passage supports
enough has no citation: a wrong one is worse than none. Shared words are evidence, not proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import log

from docsum_nb.documents.outline import Outline, outline
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk, Citation

__all__ = ["VERSION", "cite"]

VERSION = "4"
"""Raised whenever the same text may be cited otherwise; citations are remembered under it."""
# Chosen on QMSum (validation): benchmarks/citation_quality.py.
_FLOOR = 0.4  # without its source, one sentence in four finds as much elsewhere by chance
_CANDIDATES = 8  # chunks that are searched sentence by sentence
_WINDOW = 3  # sentences of the longest passage
_LENGTHENING = 0.08  # support that each further sentence of a passage must add
_NEARBY = 8  # sentences on each side of a window that count as its neighborhood
_NEARBY_WEIGHT = 0.6  # of the neighborhood's support, when windows are compared
_COMPARED = 5  # windows of a chunk whose neighborhoods are looked at
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


def cite(text: str, chunks: Sequence[Chunk]) -> tuple[Citation, ...]:
    """Find the passages that support the sentences of a text.

    Args:
        text: The text that was written from the chunks.
        chunks: The sources.

    Returns:
        At most one citation for each sentence, in the order of the text; none for sentences without
        support. The page of a citation is the page on which its chunk begins.
    """
    sentences = [
        (start, end, _Sought(found, _wording(text[start:end])))
        for start, end in _trimmed_sentences(text)
        if (found := frozenset(_content(text[start:end])))
    ]
    index = _Index(chunks, {term for _, _, sought in sentences for term in sought.terms})
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    for start, end, sought in sentences:
        best = index.best_passage(sought)
        if best is None or best.support < _FLOOR:
            continue
        chunk, high = best.chunk, best.end
        structure = index.structure(chunk)
        low = _past_headings(structure, best.start, high)
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


def _past_headings(structure: Outline, start: int, end: int) -> int:
    """Move the beginning of a passage past headings that stand before its sentence."""
    for block in structure.blocks:
        if block.start <= start < block.end <= end and block.heading:
            start = block.end
    return start


def _trimmed_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Give the spans of a text's sentences without the white space around them."""
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if bare := sentence.strip():
            low = start + sentence.index(bare)
            yield low, low + len(bare)


def _wording(text: str) -> str:
    return f" {' '.join(words(text))} "


def _content(text: str) -> list[str]:
    """Reduce a text to the stems of its words, or of its content words where it has any."""
    found = words(text)
    return [_stem(word) for word in found if word not in STOP_WORDS] or [*map(_stem, found)]


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


class _Known(dict[str, str]):
    """From a word to its stem where the text has it, else to nothing; grows as it is asked."""

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
        self._structures: dict[Chunk, Outline] = {}
        self._postings: dict[str, list[tuple[int, int]]] = {term: [] for term in terms}
        self._lengths: list[int] = []
        for at, chunk in enumerate(chunks):
            counts = Counter(map(self._known.__getitem__, words(chunk.text)))
            self._lengths.append(counts.total())
            for term, count in counts.items():
                if term:
                    self._postings[term].append((at, count))
        self._mean = sum(self._lengths) / max(1, len(chunks)) or 1.0

    def structure(self, chunk: Chunk) -> Outline:
        """Return the structure of a chunk's text."""
        if chunk not in self._structures:
            self._structures[chunk] = outline(chunk.text)
        return self._structures[chunk]

    def rarity(self, term: str) -> float:
        """Weigh a term by the chunks that lack it: 1 for one that stands in all."""
        return 1.0 + log((1 + len(self._chunks)) / (1 + len(self._postings[term])))

    def best_passage(self, sought: _Sought) -> _Passage | None:
        """Find the window that supports a sentence best; ``None`` where no word is found."""
        if sought not in self._answered:
            self._answered[sought] = self._search(sought)
        return self._answered[sought]

    def _search(self, sought: _Sought) -> _Passage | None:
        weights = {term: self.rarity(term) for term in sorted(sought.terms)}
        best: _Passage | None = None
        best_rank = 0.0
        for at in self._candidates(weights, sought.wording):
            for rank, passage in self._sentences(at).passages(weights, sought.wording):
                if rank > best_rank + 1e-9:
                    best, best_rank = passage, rank
        return best

    def _candidates(self, weights: dict[str, float], wording: str) -> list[int]:
        """Choose the chunks to search: those with the sentence's wording, else the best by BM25."""
        scores: dict[int, float] = {}
        held: Counter[int] = Counter()
        for term, weight in weights.items():
            for at, count in self._postings[term]:
                relative = 1 - _B + _B * self._lengths[at] / self._mean
                gain = weight * count * (_K1 + 1) / (count + _K1 * relative)
                scores[at] = scores.get(at, 0.0) + gain
                held[at] += 1
        complete = [at for at, terms in held.items() if terms == len(weights)]
        verbatim = [
            at
            for at in nlargest(_COMPLETE, complete, key=lambda at: (scores[at], -at))
            if wording in self._wording_of(at)
        ]
        best = nlargest(_CANDIDATES, scores, key=lambda at: (scores[at], -at))
        return verbatim[:_CANDIDATES] or best

    def _wording_of(self, at: int) -> str:
        if at not in self._wordings:
            self._wordings[at] = _wording(self._chunks[at].text)
        return self._wordings[at]

    def _sentences(self, at: int) -> _Sentences:
        if at not in self._opened:
            self._opened[at] = _Sentences(self._chunks[at], self._known)
        return self._opened[at]


class _Sentences:
    """The sentences of one chunk, to be searched."""

    def __init__(self, chunk: Chunk, known: _Known) -> None:
        self._chunk = chunk
        self._spans = list(_trimmed_sentences(chunk.text))
        self._terms = [
            {stem for word in words(chunk.text[start:end]) if (stem := known[word])}
            for start, end in self._spans
        ]

    def passages(self, weights: dict[str, float], wording: str) -> Iterator[tuple[float, _Passage]]:
        """Give the windows that hold any of a sentence's words, each with its rank."""
        total = sum(weights.values())
        held = [terms & weights.keys() for terms in self._terms]
        best = nlargest(_COMPARED, self._windows(held, weights), key=lambda each: each[0])
        for rank, first, last, weight in best:
            around = set().union(*held[max(0, first - _NEARBY) : first + _NEARBY + 1])
            nearby = _NEARBY_WEIGHT * sum(weights[term] for term in sorted(around))
            start, end = self._spans[first][0], self._spans[last][1]
            verbatim = wording in _wording(self._chunk.text[start:end])
            passage = _Passage(self._chunk, start, end, weight / total)
            yield (rank + nearby) / total + verbatim, passage

    def _windows(
        self, held: list[set[str]], weights: dict[str, float]
    ) -> Iterator[tuple[float, int, int, float]]:
        """Give for each window its rank alone, its first and last sentence, its words' weight."""
        cost = _LENGTHENING * sum(weights.values())
        for first in (at for at, own in enumerate(held) if own):
            window: set[str] = set()
            for last in range(first, min(first + _WINDOW, len(held))):
                if held[last] <= window:
                    continue
                window |= held[last]
                weight = sum(weights[term] for term in sorted(window))
                yield weight - cost * (last - first), first, last, weight
