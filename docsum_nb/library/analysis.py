"""The terms of a text as the index keeps them and a query looks them up.

A term is a word without accents, reduced to its stem (Porter's, which never changes, so that what
was stored is found later). A compound counts as its parts, and is kept whole besides: "E-1234" is
found by "E1234", and "email" in "e-mail". Scripts written without spaces count as pairs of
characters, and single ones are kept besides. Common English words are not kept. Refuses nothing.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from docsum_nb.documents.terms import is_unspaced, words

__all__ = ["STOP_WORDS", "Analyzed", "analyzed", "phrase_form", "query_terms", "to_the_letter"]

STOP_WORDS = frozenset(
    words("""
    a about after all also an and any are as at be because been before being between both but by
    can could did do does doing during each few for from further had has have having he her here
    him his how i if in into is it its itself just may me might more most must my no nor not of
    off on once only or other our out over own same she should so some such than that the their
    them then there these they this those through to too under until up very was we were what
    when where which while who whom why will with would you your
    """)
)
"""Fewer than a summary passes over: "last", "make" or "two" may be what is looked for."""
_PART = re.compile(r"[^'’\-_\u2010\u2011]+")
_RUN = re.compile(r"[^\W_]+")
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_LONGEST = 100
"""Characters of a term: beyond them, two are taken for one."""


@dataclass(frozen=True)
class Analyzed:
    """The terms of a text."""

    counts: Counter[str]
    length: int
    """Words, without those that are kept besides their parts."""


def analyzed(texts: Iterable[str]) -> Analyzed:
    """Return the terms of texts, to be stored."""
    counts: Counter[str] = Counter()
    length = 0
    for word, times in Counter(word for text in texts for word in words(text)).items():
        main, besides = _terms(word)
        length += times * len(main)
        for term in (*main, *besides):
            counts[term] += times
    return Analyzed(counts, length)


def query_terms(text: str) -> Counter[str]:
    """Return the terms to look up, each with how often it is in the text."""
    counts: Counter[str] = Counter()
    for word in words(text):
        main, besides = _terms(word)
        counts.update(main)
        # The whole of "boundary-layer" says no more than its parts; that of a part number does.
        if any(map(str.isdigit, word)):
            counts.update(besides)
    return counts


def to_the_letter(text: str) -> str:
    """Return the words of a text in a row, in lower case, with a space around each.

    A phrase is in a text if ``to_the_letter`` of the phrase is in that of the text: hyphens, line
    breaks and punctuation do not matter. In a script that is written without spaces, a phrase may
    begin and end inside a run.
    """
    return f" {' '.join(_RUN.findall(unicodedata.normalize('NFKC', text).lower()))} "


def phrase_form(phrase: str) -> str:
    """Return what is looked for in ``to_the_letter`` of a text; a space if there are no words."""
    form = to_the_letter(phrase)
    words = form.strip()
    if not words:
        return form
    begin = "" if is_unspaced(words[0]) else " "
    return f"{begin}{words}{'' if is_unspaced(words[-1]) else ' '}"


@lru_cache(maxsize=65_536)
def _terms(word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the terms of a word of ``words``: those that count, and those kept besides."""
    if len(word) <= 2 and is_unspaced(word[0]):
        return (word,), tuple(word) if len(word) == 2 else ()
    parts = [part for part in _PART.findall(_folded(word)) if part]
    if len(parts) > 1 and parts[-1] == "s":
        parts.pop()
    main = tuple(_stem(part) for part in parts if part not in STOP_WORDS)
    return main, (_stem("".join(parts)),) if len(parts) > 1 else ()


def _folded(word: str) -> str:
    # The marks of other scripts than Latin are part of their words.
    if word.isascii():
        return word
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", word.casefold()))
    # Hangul is composed again.
    return unicodedata.normalize("NFC", bare)


def _stem(word: str) -> str:
    return _STEMMER.stemmer.stemWord(word) if word.isascii() and word.isalpha() else word[:_LONGEST]


class _Stemmer(threading.local):
    """A stemmer for each thread: it keeps the word that it works on."""

    @cached_property
    def stemmer(self) -> Any:
        import snowballstemmer

        return snowballstemmer.stemmer("porter")


_STEMMER = _Stemmer()
