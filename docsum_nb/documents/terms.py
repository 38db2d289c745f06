"""Words of a text, in one form for comparing, ranking, searching and citing.

A word is a run of letters, digits and their combining marks. Its term is what stays the same
however it was typed: composed (NFKC), lower case, without characters that cannot be seen (soft
hyphens, zero-width characters, marks of direction) and without the vowels that Arabic and Hebrew
may leave out. The text itself is never changed, so spans stay those of the text. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from unicodedata import normalize

from docsum_nb.documents.marks import MARKS

__all__ = ["has_words", "is_unspaced", "letter_count", "term_spans", "words"]

# Soft hyphen, zero-width characters, marks of direction, joiners, variation selectors.
_UNSEEN = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_JOINING = "'’\\-\u2010\u2011"
# Scripts written without spaces: Thai, Lao, Burmese, Khmer, Kana, CJK; Hangul is spaced.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59\u0e81-\u0eff\u1000-\u1049\u1050-\u109d\u1780-\u17d3"
    "\u17dc-\u17e9\u3005-\u3007\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_IN_WORD = f"[\\w{MARKS}{_UNSEEN}]*+"
_WORD = re.compile(rf"\w{_IN_WORD}(?:[{_JOINING}]\w{_IN_WORD})*+")
_ASCII_WORD = re.compile(r"\w++(?:['\-]\w++)*+", re.ASCII)
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")
# Of a word that has unspaced script in it: a stretch of that script, or of others.
_STRETCH = re.compile(
    f"(?P<unspaced>[{_UNSPACED}][{_UNSPACED}{MARKS}{_UNSEEN}]*+)"
    rf"|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[{_UNSEEN}{MARKS}]|[{_JOINING}](?![{_UNSPACED}]))*+"
)
_CLUSTER = re.compile(f"[^{MARKS}{_UNSEEN}][{MARKS}{_UNSEEN}]*+")
# Without marks, and the same in NFKC: most of Chinese and Japanese.
_COMPOSED = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff]++")
_LETTERS = re.compile(rf"(?:[^\W\d_]|[{MARKS}])++")
# Composing sorts the marks of a letter in quadratic time, and no word is that long.
_LONGEST = 200
_SHORT = 30  # words that are remembered
_FOLDED = str.maketrans(
    dict.fromkeys(
        [
            *range(0x0591, 0x05C8),  # points and accents of Hebrew
            *range(0x064B, 0x0653),  # vowels of Arabic
            *(0x0670, 0x0640),
            *(0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF),
            *range(0x200B, 0x2010),
            *range(0x202A, 0x202F),
            *range(0x2060, 0x2070),
            *range(0xFE00, 0xFE10),
        ]
    )
    | {0x2019: "'", 0x2010: "-", 0x2011: "-"}
)


def has_words(text: str) -> bool:
    """Return whether a text has any word or number: rules and dashes alone say nothing."""
    return _WORD.search(text) is not None


def words(text: str) -> list[str]:
    """Return the terms of a text, for comparing texts.

    Args:
        text: Any text. Stretches of scripts that use no spaces become overlapping pairs of
            characters, each with its marks, which is how such text is usually indexed.

    Returns:
        The terms in order, with repeats; of a word beyond ASCII, at most 200 characters count.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return [term for word in _WORD.findall(text) for _, _, term in _parts(word)]


def term_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the terms of ``words``, in order, each after the half-open span it stands in.

    The spans of pairs of characters overlap.
    """
    for match in _WORD.finditer(text):
        begin, stop = match.span()
        word = match.group()
        if word.isascii():
            yield begin, stop, word.lower()
            continue
        for start, end, term in _parts(word):
            yield begin + start, begin + end, term


def is_unspaced(character: str) -> bool:
    """Return whether a character is of a script that is written without spaces."""
    return _UNSPACED_LETTER.match(character) is not None


def letter_count(text: str) -> int:
    """Return how many characters of a text are letters or marks of letters."""
    return sum(len(run) for run in _LETTERS.findall(text))


def _parts(word: str) -> Sequence[tuple[int, int, str]]:
    """Return the terms of one word with their spans in it; none if it has only optional marks."""
    return _short_parts(word) if len(word) <= _SHORT else tuple(_stretches(word))


@lru_cache(maxsize=8192)
def _short_parts(word: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(_stretches(word))


def _stretches(word: str) -> Iterator[tuple[int, int, str]]:
    if not _UNSPACED_LETTER.search(word):
        if term := _term(word):
            yield 0, len(word), term
        return
    for stretch in _STRETCH.finditer(word):
        start, end = stretch.span()
        if stretch["unspaced"]:
            yield from _pairs(word, start, end)
        elif term := _term(word[start:end]).strip("'-"):
            yield start, end, term


def _pairs(word: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    if _COMPOSED.fullmatch(word, start, end):
        for at in range(start, max(start + 1, end - 1)):
            yield at, min(at + 2, end), word[at : min(at + 2, end)]
        return
    clusters = [each.span() for each in _CLUSTER.finditer(word, start, end)]
    for first, second in pairwise(clusters):
        yield first[0], second[1], _term(word[first[0] : second[1]])
    if len(clusters) == 1:
        yield start, end, _term(word[start:end])


def _term(word: str) -> str:
    if word.isascii():
        return word.lower()
    return normalize("NFKC", word[:_LONGEST]).lower().translate(_FOLDED)
