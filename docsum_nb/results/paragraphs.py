"""A text in paragraphs, with its citation marks, and with what no source supports.

Invariant: the pieces of a paragraph, joined, are its text, cleaned. Spans that point outside the
text, or over one another, are clamped, never an error: a result must always display.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from docsum_nb.records import Citation
from docsum_nb.render.one_line import clean

__all__ = ["UNSUPPORTED", "LayoutPiece", "Mark", "Paragraph", "paragraphs"]

UNSUPPORTED = "[?]"
"""The mark of sentences without a source."""
_SENTENCE_ENDS = (*".!?…。！？।؟።", '."', ".)", '!"', '?"', ".”", "!”", "?”")
_ITEM = re.compile(r"(?:\n|^)[^\S\n]*(?:[-*+•‣▪]|(?:[0-9]{1,3}|[A-Za-z]|[ivx]{2,5})[.)])\Z")
_LEAST_CHARS = 40
"""Of a text without an end of a sentence that is taken for one, not for a heading or a label."""


class Mark(NamedTuple):
    """A citation mark in the text."""

    number: int
    first: bool
    """Whether it is the first mark of this number: the one a source links back to."""


class LayoutPiece(NamedTuple):
    """A stretch of text, and the marks that stand at its end."""

    text: str
    marks: tuple[Mark, ...] = ()
    supported: bool = True
    """Whether a source was found, or none was sought: a heading has none."""


Paragraph = tuple[LayoutPiece, ...]


class _Cited(NamedTuple):
    """A span of the text that sources support."""

    start: int
    end: int
    marks: tuple[Mark, ...]


def paragraphs(text: str, citations: Sequence[Citation] = ()) -> tuple[Paragraph, ...]:
    """Lay out a text.

    Args:
        text: The text.
        citations: Of its sentences; without any, nothing is marked.

    Returns:
        What stands between blank lines, without white space at either end.
    """
    cited = _cited(text, citations)
    ends = [each.end for each in cited]
    found = []
    for start, end in _paragraph_spans(text):
        own = cited[bisect_right(ends, start) : bisect_right(ends, end)]
        found.append(tuple(_pieces(text, start, end, own, sought=bool(cited))))
    return tuple(found)


def _cited(text: str, citations: Sequence[Citation]) -> list[_Cited]:
    """Return the cited spans in order; marks that stand at one place are one span's."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    starts: dict[int, int] = {}
    for citation in citations:
        # Sentence spans end with the white space that follows; a mark belongs before it.
        place = len(text[: max(0, citation.end)].rstrip())
        numbers[place].add(citation.number)
        starts[place] = min(starts.get(place, place), max(0, citation.start))
    cited: list[_Cited] = []
    seen: set[int] = set()
    for place in sorted(numbers):
        marks = tuple(Mark(n, n not in seen) for n in sorted(numbers[place]))
        cited.append(_Cited(starts[place], place, marks))
        seen |= numbers[place]
    return cited


def _pieces(
    text: str, start: int, end: int, cited: Sequence[_Cited], *, sought: bool
) -> Iterator[LayoutPiece]:
    """Yield the pieces of one paragraph, each with its marks.

    Args:
        text: The whole text.
        start: Where the paragraph starts.
        end: Where it ends.
        cited: The spans that end in it.
        sought: Whether what is not cited was sought in the sources.
    """
    for each in cited:
        if start < each.start and (before := _unsupported(text[start : each.start])):
            yield from _marked_pieces(before)
            start += len(before)
        yield LayoutPiece(clean(text[start : each.end]), each.marks)
        start = each.end
    rest = text[start:end]
    if sought and (before := _unsupported(rest)):
        yield from _marked_pieces(before)
        rest = rest[len(before) :]
    if rest:
        yield LayoutPiece(clean(rest))


def _marked_pieces(text: str) -> Iterator[LayoutPiece]:
    """Yield the white space before sentences without a source, and the sentences."""
    bare = text.lstrip()
    if len(bare) < len(text):
        yield LayoutPiece(clean(text[: len(text) - len(bare)]))
    yield LayoutPiece(clean(bare), supported=False)


def _unsupported(text: str) -> str:
    """Return the sentences in a text without a citation; empty if it is a label or a heading."""
    # The number of an item belongs to the sentence behind it.
    found = _ITEM.sub("", text.rstrip()).rstrip()
    last = found.rpartition("\n")[2].strip()
    is_sentence = last.endswith(_SENTENCE_ENDS) or len(last) >= _LEAST_CHARS
    return found if is_sentence and last[0] != "#" and any(map(str.isalpha, found)) else ""


def _paragraph_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans between blank lines, without white space at either end."""
    start = end = position = 0
    for line in (*text.split("\n"), ""):
        stripped = line.strip()
        if stripped:
            if end <= start:
                start = position + line.index(stripped[0])
            end = position + len(line.rstrip())
        elif end > start:
            yield start, end
            start = end
        position += len(line) + 1
