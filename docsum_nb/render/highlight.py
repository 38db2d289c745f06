"""A passage on one line, with the words that a search matched kept apart.

Invariant: joined, the spans are what ``one_line`` makes of the passage; marks never change what is
read. Marks that point outside the passage, or over one another, are clamped, never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from docsum_nb.render.one_line import clean, one_line, shown_head

__all__ = ["Highlight", "joined", "marked_line", "plain_line"]


class Highlight(NamedTuple):
    """A stretch of clean text."""

    text: str
    marked: bool = False


def plain_line(text: str, *, max_chars: int = 200) -> tuple[Highlight, ...]:
    """Clean a text and put it on one line, without marks; no span for a blank text."""
    line = one_line(text, max_chars=max_chars)
    return (Highlight(line),) if line else ()


def joined(spans: Iterable[Highlight]) -> str:
    """Return the text without its marks."""
    return "".join(span.text for span in spans)


def marked_line(
    text: str, marks: Iterable[tuple[int, int]], *, max_chars: int
) -> tuple[Highlight, ...]:
    """Clean a text and put it on one line, as ``one_line`` does, with its marks.

    Args:
        text: Any string.
        marks: Half-open character spans of it, in any order.
        max_chars: The longest result.

    Returns:
        The line in spans; white space within a mark belongs to it.
    """
    line = one_line(text, max_chars=max_chars)
    # Cleaning and shortening keep the characters that can be seen in their order, so counting
    # identifies those of the line; a line that was shortened has one more at its end.
    before = len(text) - len(text.lstrip())
    head = shown_head(text, max_chars=max_chars)
    shifted = [(max(0, start - before), stop - before) for start, stop in marks]
    owners = list(_owners(head, shifted))[: len(line)]
    whole = len(owners) == sum(not char.isspace() for char in line)
    found: list[int] = []
    seen = 0
    for char in line:
        if char.isspace():
            before, after = (owners[at] if 0 <= at < len(owners) else 0 for at in (seen - 1, seen))
            found.append(before if before == after else 0)
        else:
            found.append(owners[seen] if seen < len(owners) else 0)
            seen += 1
    if not whole and line.endswith("…"):
        found[-1] = 0
    groups = groupby(zip(found, line, strict=True), key=lambda pair: pair[0])
    return tuple(
        Highlight("".join(char for _, char in group), owner > 0) for owner, group in groups
    )


def _owners(text: str, marks: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield, for each character that can be seen, the number of its mark; 0 for none."""
    end = 0
    for number, (start, stop) in enumerate(sorted(marks), start=1):
        start = min(max(start, end), len(text))
        yield from _seen(text[end:start], 0)
        end = max(start, min(stop, len(text)))
        yield from _seen(text[start:end], number)
    yield from _seen(text[end:], 0)


def _seen(text: str, owner: int) -> Iterator[int]:
    return (owner for char in clean(text) if not char.isspace())
