"""What a search looks for, how rankings are fused, and which words of a passage are shown.

Pure functions. A query is plain text, never a query language: parentheses, ``AND`` or ``-`` mean
nothing. Refuses nothing.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.terms import term_spans, words
from docsum_nb.library.analysis import STOP_WORDS

__all__ = ["excerpt", "fuse", "fuse_by_rank", "matches", "search_terms"]

_Name = TypeVar("_Name", bound=Hashable)
_MAX_TERMS = 100
_RANK = 60
"""Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion": it serves all collections well."""
_MAX_EXCERPT_WORDS = 80
# Longest first where one ends another.
_SUFFIXES = (
    *("ations", "ation", "ators", "ator", "ating", "ated", "ates", "ate"),
    *("ments", "ment", "ings", "ing", "ions", "ion", "ally", "able", "ible"),
    *("ies", "ied", "ers", "ed", "er", "es", "al", "ly", "y", "s", "e"),
)
_SHORTEST_STEM = 3
_SUBWORD = re.compile("[^'’\\-_\u2010\u2011]+")
# What it finds in text that is ASCII and in lower case.
_ASCII_PART = re.compile(r"[a-z0-9]++")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
# A run without spaces, as in Chinese or in encoded data, counts as several words.
_WORD_LIKE = re.compile(r"\S{1,20}")


def search_terms(query: str) -> list[str]:
    """Choose the words to search for.

    Args:
        query: Plain text of any length, such as a question or a whole summary.

    Returns:
        Distinct lower-case words without the most common English ones, most informative first:
        those used often, then the long ones, which tend to be rare. At most 100, so that a
        search with a whole book is as fast as one with a page.
    """
    counts = Counter(word for word in words(query) if word not in STOP_WORDS)
    return sorted(counts, key=lambda word: (-counts[word], -len(word)))[:_MAX_TERMS]


def fuse(rankings: Sequence[Sequence[tuple[_Name, float]]]) -> list[tuple[_Name, float]]:
    """Merge rankings by the sum of their scores, each ranking's best score counting the same.

    Args:
        rankings: Names with positive scores, best first; a name counts once in each ranking, with
            its best score.

    Returns:
        Every name with its score, best first: 1 for a name that leads all rankings. Equal scores
        in order of first appearance.
    """
    scores: defaultdict[_Name, float] = defaultdict(float)
    for ranking in rankings:
        best: dict[_Name, float] = {}
        for name, score in ranking:
            best.setdefault(name, score)
        top = max(best.values(), default=1.0)
        for name, score in best.items():
            scores[name] += score / top / len(rankings)
    return sorted(scores.items(), key=lambda item: -item[1])


def fuse_by_rank(rankings: Sequence[Sequence[tuple[_Name, float]]]) -> list[tuple[_Name, float]]:
    """Merge rankings whose scores cannot be compared, by reciprocal rank.

    Args:
        rankings: Names, best first; a name counts once in each ranking, with its best rank.

    Returns:
        Every name with its score, best first: 1 for a name that leads all rankings. Equal scores
        in order of first appearance.
    """
    scores: defaultdict[_Name, float] = defaultdict(float)
    for ranking in rankings:
        for rank, name in enumerate(dict.fromkeys(name for name, _ in ranking)):
            scores[name] += (_RANK + 1) / (_RANK + 1 + rank) / len(rankings)
    return sorted(scores.items(), key=lambda item: -item[1])


def excerpt(text: str, terms: Iterable[str]) -> tuple[int, int]:
    """Find the part of a passage that a person should read.

    Args:
        text: The passage.
        terms: What was searched for.

    Returns:
        The span of at most about 80 words, in whole sentences where they are short enough, that
        holds most of the terms; of several, one that begins with a match. Without white space
        at its ends.
    """
    pieces = _pieces(text)
    starts = [start for start, _ in pieces]
    found: list[set[str]] = [set() for _ in pieces]
    for start, _, stems in _matching(text, _wanted(tuple(terms))):
        found[bisect_right(starts, start) - 1] |= stems
    best, best_value = (0, 0), (-1, False, 0)
    sizes = [len(_WORD_LIKE.findall(text, *piece)) for piece in pieces]
    for first in range(len(pieces)):
        last = _window_end(sizes, first)
        matched = set[str]().union(*found[first:last])
        value = (len(matched), bool(found[first]), sum(map(len, found[first:last])))
        if value > best_value:
            best, best_value = (pieces[first][0], pieces[last - 1][1]), value
    return _stripped(text, *best)


def matches(text: str, terms: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Find the words of a text that are searched for.

    Args:
        text: A passage.
        terms: What was searched for.

    Returns:
        The half-open spans of the words that share a stem with a term, in order; of scripts without
        spaces, of the characters that match. Spans that touch or overlap are one.
    """
    found: list[tuple[int, int]] = []
    for start, end, _ in _matching(text, _wanted(tuple(terms))):
        begin = found.pop()[0] if found and start <= found[-1][1] else start
        found.append((begin, end))
    return tuple(found)


@dataclass(frozen=True)
class _Wanted:
    """What matches a query."""

    stems: frozenset[str]
    beginnings: frozenset[str]
    """Of the stems. A stem is the beginning of its words, so other words need not be stemmed."""


@lru_cache(maxsize=16)
def _wanted(terms: tuple[str, ...]) -> _Wanted:
    stems = frozenset(stem for term in terms for stem in _stems(term))
    return _Wanted(stems, frozenset(stem[:_SHORTEST_STEM] for stem in stems))


def _matching(text: str, wanted: _Wanted) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Yield the span of each part of a word that matches, in order, with the stems that it has."""
    stems, beginnings = wanted.stems, wanted.beginnings
    if text.isascii():
        for match in _ASCII_PART.finditer(text.lower()):
            part = match.group()
            if part[:_SHORTEST_STEM] in beginnings and (stem := _stem(part)) in stems:
                yield *match.span(), frozenset((stem,))
        return
    for first, last, _ in term_spans(text):
        for match in _SUBWORD.finditer(text, first, last):
            part = match.group()
            if part.isascii() and part[:_SHORTEST_STEM].lower() not in beginnings:
                continue
            if matched := stems & _stems_within(part):
                yield *match.span(), matched


def _window_end(sizes: Sequence[int], first: int) -> int:
    """Find how far an excerpt that begins with a piece can go: the index after its last piece.

    Args:
        sizes: The number of words of each piece.
        first: The index of the first piece.
    """
    room = _MAX_EXCERPT_WORDS
    last = first
    while last < len(sizes):
        room -= sizes[last]
        if room < 0 and last > first:
            break
        last += 1
    return last


def _pieces(text: str) -> list[tuple[int, int]]:
    """Cut into sentences, and those that are too long into runs of half an excerpt."""
    half = _MAX_EXCERPT_WORDS // 2
    pieces: list[tuple[int, int]] = []
    for start, end in sentence_spans(text):
        starts = [match.start() for match in _WORD_LIKE.finditer(text, start, end)]
        inner = starts[half::half] if len(starts) > _MAX_EXCERPT_WORDS else []
        pieces.extend(pairwise([start, *inner, end]))
    return pieces


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    kept = start + len(text[start:end].rstrip())
    return kept - len(text[start:kept].lstrip()), kept


def _stems(text: str) -> set[str]:
    """Reduce to word stems, roughly as the index does; only excerpts depend on it."""
    return {stem for word in words(text) for stem in _stems_of_word(word)}


@lru_cache(maxsize=65_536)
def _stems_of_word(word: str) -> tuple[str, ...]:
    return tuple(_stem(part) for part in _SUBWORD.findall(_folded(word)))


@lru_cache(maxsize=65_536)
def _stems_within(part: str) -> frozenset[str]:
    return frozenset(_stems(part))


def _folded(term: str) -> str:
    # The marks of other scripts than Latin are part of their words.
    return term if term.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", term))


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    stem = word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            # What ends in "ss" is no plural.
            stem = word if suffix == "s" and word.endswith("ss") else word[: -len(suffix)]
            break
    if len(stem) <= _SHORTEST_STEM:
        return stem
    # "getting" is of "get", "tuples" of "tuple"; "call" and "class" keep their letters.
    return stem[:-1] if stem[-1] == "e" or stem[-1] == stem[-2] not in "ls" else stem
