"""The sentences of a text that read as prose, each with its place in the source.

Decides what may be quoted in a summary: running text does; code, tables, headings, images, badges,
link definitions, directives and lines of addresses do not. Markdown, reStructuredText, HTML inside
Markdown and plain text are read alike.

The spans lie within the text, in order of their starts, and the given text is never changed.
Refuses nothing: rubbish simply has no prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.documents.furniture import is_furniture
from docsum_nb.documents.marks import MARKS
from docsum_nb.documents.paragraphs import paragraphs_of
from docsum_nb.documents.plain import hyphens_joined
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.terms import letter_count, words
from docsum_nb.documents.turns import FIELDS

if TYPE_CHECKING:
    from docsum_nb.records import Syntax

__all__ = ["Sentence", "not_prose", "prose_sentences"]

_END_MARKS = ".!?…。！？｡．؟۔।॥።፧፨։။។།׃᠃‼⁇⁈⁉"
_CLOSERS = "\"'”’»›)\\]」』）】》〉"
_TERMINAL = re.compile(
    rf"[{_END_MARKS}](?:[{_CLOSERS}]|\s?\[[0-9, –-]{{1,12}}\])*$"
    r"|(?<=[\u0370-\u03ff\u1f00-\u1fff])[;\u037e]$"
)
_TOKEN = re.compile(rf"[\w{MARKS}]+")
_CLOSING = re.compile(f"[*_`{_CLOSERS}]*[{_END_MARKS}]*[*_`{_CLOSERS}]*")
_FIELD = re.compile(r":\w[\w ]{0,60}:")  # of reStructuredText, as in ":param name:"
_SCHEME = re.compile(r"(?:https?|ftp|mailto):(?=\S)")
# What transcribers mark is heard, and no words: they are taken off as markup is.
_TRANSCRIBED = re.compile(r"\{(?:disfmarker|vocalsound|nonvocalsound|gap|pause|comment)\}")
_TEXT_WORDS = re.compile(r"[^\W\d_]{2,}")

# What stands before a sentence in its paragraph: a title with its rule, a bullet, the name of the
# field of data that it is in.
_RULE = re.compile(r"(?:^|\s)([~=*_#^-])\1{3,}\s+")
_BULLET = re.compile(r"\s*[-*•‣◦▪·]\s+(?=\w)")
_LABEL = re.compile(rf"\s*(?:{'|'.join(FIELDS)})\s?:\s+")
_LETTER_SHARE = 0.65  # of what is no digit; below this it is a formula or a listing
_LEAST_LETTERS = 0.45  # of all; below this it is a row of numbers
_UNENDED_WORDS = 8  # a fragment without a full stop must be this long to pass for a sentence
_MIN_WORDS = 3
_SHORTEST = 8  # characters of three words of two letters, and the blanks between them
_REACH = 5_000  # characters of markup between two words of a sentence, at most


@dataclass(frozen=True)
class Sentence:
    """One sentence, as it should be read, and its position."""

    text: str
    """On one line, without markup."""
    start: int
    end: int
    """Its span in the given text, markup included: at widest the lines of its paragraph."""
    paragraph: int
    """The paragraph it belongs to, counted from 0."""
    section: int
    """How many headings of the first or second level stand above it."""
    label: str = ""
    """What names its speaker, if it stands in a transcript and does not begin with it."""
    speech: int = -1
    """As of its turn; -1 if it is in none."""


def prose_sentences(text: str, *, syntax: Syntax = "markdown") -> list[Sentence]:
    """Find the sentences that read as prose.

    Args:
        text: Any text.
        syntax: How it is written, see ``paragraphs_of``.

    Returns:
        The sentences in order, without those that surround a text (``is_furniture``) unless there
        are no others; empty if nothing reads as prose.
    """
    numbered = [each for each in enumerate(paragraphs_of(text, syntax)) if _is_long(each[1].plain)]
    found: list[Sentence] = []
    cursor = 0
    for place, start, end in _cuts([paragraph.plain for _, paragraph in numbered]):
        index, paragraph = numbered[place]
        start = _begin(paragraph.plain, start, end, is_plain=syntax == "plain")
        plain = hyphens_joined(paragraph.plain[start:end])
        readable = " ".join(_TRANSCRIBED.sub(" ", plain).split())
        if not _reads_as_prose(readable):
            continue
        if paragraph.exact is None:
            start, end = _locate(readable, text, max(cursor, paragraph.start), paragraph.end)
        else:
            start, end = _trimmed(text, paragraph.exact + start, paragraph.exact + end)
        cursor = end
        found.append(Sentence(readable, start, end, index, paragraph.section))
    if syntax == "summaries":
        return found
    return [sentence for sentence in found if not is_furniture(sentence.text)] or found


def not_prose(text: str, sentences: Sequence[Sentence]) -> tuple[int, int]:
    """Count the words of a text that are in none of its sentences.

    Args:
        text: The text.
        sentences: All that ``prose_sentences`` found in it.

    Returns:
        The number of words outside of the sentences, and of all words.
    """
    parts = [0, *(at for each in sentences for at in (each.start, each.end)), len(text)]
    outside = sum(
        _count(text[start:end]) for start, end in zip(parts[::2], parts[1::2], strict=True)
    )
    return outside, outside + sum(_count(text[each.start : each.end]) for each in sentences)


def _count(text: str) -> int:
    spaced = len(text.split())
    return spaced if text.isascii() else max(spaced, len(words(text)))


def _is_long(plain: str) -> bool:
    """Check whether a text can hold as many words as a sentence has at least."""
    return len(plain) >= _SHORTEST or not plain.isascii()


def _cuts(plains: list[str]) -> Iterator[tuple[int, int, int]]:
    """Cut paragraphs into sentences: the paragraph's index and the span in it."""
    index = base = 0
    # One call for all of them: a call for each paragraph takes five times as long.
    for start, end in sentence_spans("\n\n".join(plains)):
        while start < end and index < len(plains):
            stop = base + len(plains[index])
            if start < stop:
                yield index, max(start - base, 0), min(end, stop) - base
            if end <= stop:
                break
            index += 1
            base = start = stop + 2


def _begin(plain: str, start: int, end: int, *, is_plain: bool) -> int:
    """Return where the words of a sentence begin, behind what only stands before it.

    In Markdown, the bullets of lists are taken off already, and a dash is the text's own.
    """
    for rule in _RULE.finditer(plain, start, end):
        start = rule.end()
    if is_plain and (bullet := _BULLET.match(plain, start, end)):
        start = bullet.end()
    if label := _LABEL.match(plain, start, end):
        start = label.end()
    return start


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    raw = text[start:end]
    return start + len(raw) - len(raw.lstrip()), start + len(raw.rstrip())


def _locate(sentence: str, text: str, low: int, high: int) -> tuple[int, int]:
    """Find a sentence in its paragraph's source, where markup stands between its words."""
    start, end = -1, low
    for token in _TOKEN.findall(sentence):
        at = text.find(token, end, min(high, end + _REACH))
        if at >= 0:
            start = at if start < 0 else start
            end = at + len(token)
    if start < 0:
        return min(low, high - 1), high
    closing = _CLOSING.match(text, end, high)
    return start, closing.end() if closing else end


def _reads_as_prose(sentence: str) -> bool:
    if not _is_long(sentence) or sentence.endswith(":") or _FIELD.match(sentence):
        return False
    addressed = "/" in sentence or ":" in sentence
    bare = " ".join(map(_without_address, sentence.split(" "))) if addressed else sentence
    letters, signs = letter_count(bare), len(bare) - bare.count(" ")
    digits = sum(map(str.isdigit, bare))
    if letters < _LETTER_SHARE * (signs - digits) or letters < _LEAST_LETTERS * signs:
        return False
    count = len(_TEXT_WORDS.findall(bare) if bare.isascii() else words(bare))
    return count >= (_MIN_WORDS if _TERMINAL.search(sentence) else _UNENDED_WORDS)


def _without_address(word: str) -> str:
    """Return what of a word is no address: no path of several parts, nothing behind a scheme."""
    if scheme := _SCHEME.search(word):
        word = word[: scheme.start()]
    slash = word.find("/", 1)
    return "" if slash > 0 and word.find("/", slash + 2) > 0 else word
