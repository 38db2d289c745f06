"""Names of a sentence: what a summary gets wrong in words that look right.

A name is a word with a capital that does not begin its sentence, or one with capitals or digits
within. In a text in German, whose nouns have capitals, and in one that has capitals everywhere, no
word is taken for a name. Refuses nothing; linear time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from docsum_nb.documents.quantity_words import MONTHS
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import term_spans

__all__ = ["bare_term", "has_name", "name_spans"]


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_CAPITAL_SHARE = 0.8  # of the words, from which capitals say nothing
_GERMAN = _words("""
    der die das und ist den dem des von mit im ein eine einen zu auf für
""")
_GERMAN_SHARE = 0.12  # of the words
_DAYS = _words("""
    monday tuesday wednesday thursday friday saturday sunday
""")
_OPENING = re.compile(r"[\s\"'“”‘’«»„(\[*_#>•\-–—:;]*\Z")
_END = re.compile(r"[.!?:]\s*[\"'“”‘’«»„(\[*_]*\Z")


def bare_term(term: str) -> str:
    """Return a term without the ending of an English genitive, and as "L_C_D_" was meant."""
    return term.removesuffix("'s").removesuffix("'").replace("_", "")


def has_name(name: str, terms: Collection[str]) -> bool:
    """Return whether a text has a name, or of one such as "NASA-like" its first part.

    Args:
        name: The term of the name.
        terms: Those of the text, as of ``bare_term``.
    """
    if name in terms:
        return True
    first, dash, rest = name.partition("-")
    return bool(dash) and len(first) > 1 and rest.isalpha() and first in terms


def name_spans(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return the names in a text: the span of each word, and its term.

    Args:
        text: A sentence, or a few.
    """
    found = [each for each in term_spans(text) if text[each[0]].isalpha()]
    capitals = [each for each in found if text[each[0]].isupper()]
    german = sum(term in _GERMAN for _, _, term in found)
    if german > _GERMAN_SHARE * len(found) or len(capitals) > _CAPITAL_SHARE * len(found):
        return ()
    return tuple(_names(text, capitals))


def _names(text: str, capitals: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    for start, end, term in capitals:
        word = text[start:end]
        bare = bare_term(term)
        inner = any(char.isupper() or char.isdigit() for char in word[1:])
        before = text[max(0, start - 12) : start]
        first = (start <= 12 and _OPENING.fullmatch(before)) or _END.search(before)
        ordinary = bare in STOP_WORDS or bare in MONTHS or bare in _DAYS
        if len(bare) > 1 and not ordinary and (inner or not first):
            yield start, end, bare
