"""How well the sources support each sentence of a text, and what of it they do not have.

A sentence is supported if its best passage holds enough of its words, by rarity, the sentences
around it are supported close by, and nothing in it speaks against the passage: a number or a date
that it does not have, names none of which stands near it, a negation that one of the two lacks. A
passage with the very wording of a sentence always supports it. A speaker's name before a sentence
is no part of it if that speaker says it in the source.

Shared words are evidence, not proof. ``benchmarks/citation_quality.py`` measures how often this is
wrong, and chose the settings.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from docsum_nb.documents.claims import bare_term, has_name, name_spans
from docsum_nb.documents.negation import differs_in_negation
from docsum_nb.documents.passages import (
    Passage,
    PassageIndex,
    Sought,
    content_terms,
    trimmed_sentences,
)
from docsum_nb.documents.quantities import Quantity, quantities
from docsum_nb.documents.quantity_set import Quantities
from docsum_nb.documents.source_marks import Mark
from docsum_nb.documents.terms import words
from docsum_nb.documents.turns import Speakers, label_of
from docsum_nb.records import Chunk, SourceSpan

__all__ = ["Lacking", "SentenceSupport", "supports"]

# Of the confidence, chosen on QMSum (validation): many documents hold more by chance than one.
_FLOOR, _FLOOR_OF_MANY = 0.23, 0.3
_LEAST_SUPPORT = 0.1  # of the passage alone
_SAYS_THE_SAME = 0.6  # support, from which a number that a passage lacks is not sought elsewhere
_MOST_SOUGHT = 8  # numbers of a sentence, and passages with one, that are looked at
_LEAST_MARKED = 0.2  # support of a passage that a model named for its sentence
_FEW = 10  # up to which a number is in many passages
_NEIGHBORS = 2  # sentences on each side, in the text
_OTHER_SUPPORT = 0.4  # of the passages of several documents, at least


@dataclass(frozen=True)
class Lacking:
    """Something in a sentence that its passage does not have."""

    kind: Literal["number", "date", "name", "negation"]
    start: int
    end: int
    """Its span in the text; of a negation, that of the sentence."""
    near: bool = False
    """Whether it stands among the sentences near the passage."""
    quantity: Quantity | None = None
    """The number or date."""


@dataclass(frozen=True)
class SentenceSupport:
    """A sentence of a text, and the passage that supports it best."""

    start: int
    end: int
    """Its span in the text."""
    passage: Passage | None
    """The best one, also if it does not support the sentence; ``None`` without shared words."""
    lacking: tuple[Lacking, ...] = ()
    """What the passage does not have."""
    supported: bool = False
    """Whether the passage supports the sentence: it is cited."""
    shares_enough: bool = False
    """Whether the passage has enough of its words, apart from what it lacks."""
    others: tuple[Passage, ...] = ()
    """The best passages of several documents, if they were asked for."""

    @property
    def says_the_same(self) -> bool:
        """Whether the passage has most of the sentence, and so would have its numbers."""
        return self.passage is not None and self.passage.support >= _SAYS_THE_SAME


def supports(
    text: str, chunks: Sequence[Chunk], *, others: bool = False, marks: Sequence[Mark] = ()
) -> tuple[SentenceSupport, ...]:
    """Return how well each sentence of a text is supported.

    Args:
        text: The text that was written from the chunks.
        chunks: The sources; those of a document in order.
        others: Whether to return the passages of several documents for each sentence.
        marks: Passages that are named for sentences, in order: one that holds its sentence is
            taken, with less support than a passage must have that was found.

    Returns:
        One for each sentence that has words, in order.
    """
    sentences = _sought(text)
    spoken = [_spoken(text, start, end, sought) for start, end, sought in sentences]
    all_sought = [*(each for _, _, each in sentences), *(each.words for each in spoken if each)]
    terms = set[str]().union(*(each.terms | each.around for each in all_sought))
    index = PassageIndex(chunks, terms)
    several = any(each.document != chunks[0].document for each in chunks)
    floor = _FLOOR_OF_MANY if several else _FLOOR
    turns = _Turns(chunks)
    judged = [
        _judged(text, start, end, index.best_passage(sought), floor)
        for start, end, sought in sentences
    ]
    judged = [
        _as_said(found, own, index, turns) if own else found
        for found, own in zip(judged, spoken, strict=True)
    ]
    found = [
        _with_quantities(text, each, sought, index, floor)
        for each, (_, _, sought) in zip(judged, sentences, strict=True)
    ]
    if marks:
        starts = [each.start for each in marks]
        found = [
            _as_marked(text, each, sought, index, _marked_for(each, marks, starts))
            for each, (_, _, sought) in zip(found, sentences, strict=True)
        ]
    if others:
        found = [
            replace(each, others=index.passages_by_document(sought, least=_OTHER_SUPPORT))
            for each, (_, _, sought) in zip(found, sentences, strict=True)
        ]
    return tuple(found)


def _sought(text: str) -> list[tuple[int, int, Sought]]:
    """Return the sentences of a text that have words, each after its span."""
    spans = [(a, b) for a, b in trimmed_sentences(text) if content_terms(text[a:b])]
    terms = [content_terms(text[a:b]) for a, b in spans]
    # A sentence belongs to its paragraph, if that has others.
    apart = [True, *("\n\n" in text[a:b] for (_, a), (b, _) in pairwise(spans))]
    found = []
    for at, (start, end) in enumerate(spans):
        places = range(max(0, at - _NEIGHBORS), min(len(spans), at + _NEIGHBORS + 1))
        own = [p for p in places if not any(apart[min(p, at) + 1 : max(p, at) + 1])]
        around = [terms[p] for p in (own if len(own) > 1 else places) if p != at]
        found.append((start, end, Sought.of(text[start:end], around)))
    return found


@dataclass(frozen=True)
class _Spoken:
    """What stands behind a speaker's label at the beginning of a sentence."""

    label: str
    start: int
    """Where it begins in the text."""
    words: Sought


class _Turns:
    """Who says what in the sources; each document is read when it is first asked for."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self._read: dict[str, tuple[list[int], Speakers]] = {}

    def label(self, passage: Passage) -> str:
        """Return the label of the turn that a passage is in; empty if it is in none."""
        name = passage.chunk.document
        if name not in self._read:
            own = [each for each in self._chunks if each.document == name]
            self._read[name] = ([each.start for each in own], Speakers([e.text for e in own]))
        starts, speakers = self._read[name]
        turn = speakers.at(bisect_left(starts, passage.chunk.start), passage.start)
        return turn[0].label if turn else ""


def _spoken(text: str, start: int, end: int, sought: Sought) -> _Spoken | None:
    found = label_of(text[start:end])
    if found is None or not content_terms(text[start + found[1] : end]):
        return None
    label, at = found
    return _Spoken(label, start + at, Sought.of(text[start + at : end], sought.neighbors))


def _as_said(
    found: SentenceSupport, spoken: _Spoken, index: PassageIndex, turns: _Turns
) -> SentenceSupport:
    """Return the support of a sentence without its label, if its speaker says it in a source."""
    if found.passage is not None and found.passage.verbatim:
        return found
    for passage in index.verbatim_passages(spoken.words):
        if turns.label(passage) == spoken.label:
            return SentenceSupport(spoken.start, found.end, passage, supported=True)
    return found


def _judged(
    text: str, start: int, end: int, passage: Passage | None, floor: float
) -> SentenceSupport:
    if passage is None or passage.verbatim:
        return SentenceSupport(start, end, passage, supported=passage is not None)
    names = name_spans(text[start:end])
    lacking = tuple(_lacking(text[start:end], start, passage, names))
    enough = passage.confidence >= floor and passage.support >= _LEAST_SUPPORT
    supported = enough and not _speaks_against(lacking, len(names))
    return SentenceSupport(start, end, passage, lacking, supported, enough)


def _with_quantities(
    text: str, found: SentenceSupport, sought: Sought, index: PassageIndex, floor: float
) -> SentenceSupport:
    """Return another passage if one supports the sentence and has the numbers that this lacks."""
    if found.says_the_same:
        return found
    for each in found.lacking[:_MOST_SOUGHT]:
        passages = index.passages_with(sought, each.quantity) if each.quantity else []
        for passage in passages[:_MOST_SOUGHT]:
            other = _judged(text, found.start, found.end, passage, floor)
            if other.supported:
                return other
    return found


def _marked_for(
    found: SentenceSupport, marks: Sequence[Mark], starts: Sequence[int]
) -> list[SourceSpan]:
    """Return the places that are named for a sentence."""
    first = max(0, bisect_right(starts, found.start) - 1)
    own = marks[first : bisect_left(starts, found.end)]
    return [place for each in own if each.end > found.start for place in each.places]


def _as_marked(
    text: str,
    found: SentenceSupport,
    sought: Sought,
    index: PassageIndex,
    places: Sequence[SourceSpan],
) -> SentenceSupport:
    """Return the best of the passages that are named for a sentence, if it holds the sentence."""
    if not places or (found.passage is not None and found.passage.verbatim):
        return found
    sentence = text[found.start : found.end]
    stated = [each for each in quantities(sentence) if _is_telling(each)]
    names = name_spans(sentence)
    for passage in sorted(index.passages_in(sought, places), key=lambda each: -each.support):
        lacking = tuple(_lacking(sentence, found.start, passage, names))
        if (passage.support >= _LEAST_MARKED or stated) and not _speaks_against(
            lacking, len(names)
        ):
            return replace(found, passage=passage, lacking=lacking, supported=True)
    return found


def _is_telling(quantity: Quantity) -> bool:
    """Return whether few passages have a number: one in another language is known by it."""
    return not quantity.counted and (bool(quantity.dates) or quantity.values[0] > _FEW)


def _speaks_against(lacking: Sequence[Lacking], names: int) -> bool:
    """Return whether what a passage lacks outweighs what it has.

    Args:
        lacking: What it lacks.
        names: The names in the sentence.
    """
    far = sum(each.kind == "name" and not each.near for each in lacking)
    return (
        any(each.kind in ("number", "date") for each in lacking)
        or (names > 0 and far == names)
        or any(each.kind == "negation" for each in lacking)
    )


def _lacking(
    sentence: str, start: int, passage: Passage, names: Sequence[tuple[int, int, str]]
) -> list[Lacking]:
    """Return what of a sentence its passage does not have; spans are those of the text."""
    source = passage.chunk.text
    own = source[passage.start : passage.end]
    near = source[passage.around[0] : passage.around[1]]
    found = []
    asked = [each for each in quantities(sentence) if not each.counted]
    if asked:
        inside, around = Quantities(quantities(own)), Quantities(quantities(near))
        for each in asked:
            if not inside.holds(each):
                kind: Literal["number", "date"] = "date" if each.dates else "number"
                span = (start + each.start, start + each.end)
                found.append(Lacking(kind, *span, around.holds(each), each))
    if names:
        chunk = passage.chunk
        above = " ".join((chunk.document, *chunk.headings))
        inside_terms, near_terms = _bare(own), _bare(f"{near} {above}")
        found += [
            Lacking("name", start + low, start + high, has_name(term, near_terms))
            for low, high, term in names
            if not has_name(term, inside_terms)
        ]
    if differs_in_negation(sentence, own):
        found.append(Lacking("negation", start, start + len(sentence)))
    return found


def _bare(text: str) -> set[str]:
    """Return the terms of a text, without endings of the genitive."""
    return set(map(bare_term, words(text)))
