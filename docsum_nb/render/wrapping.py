"""Clean text in the columns of a terminal, wrapped at 88 or a given width.

Columns are counted as a terminal does: wide characters of East Asian scripts take two, combining
marks none. Words that are longer than a line are broken.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

__all__ = ["columns_of", "wrap"]

_WIDTH = 88


def wrap(
    text: str, *, first: str | None = None, indent: str = "", width: int = _WIDTH
) -> list[str]:
    """Break a text into lines.

    Args:
        text: A clean text; white space is collapsed.
        first: What the first line begins with; ``None`` for the indent.
        indent: What the other lines begin with.
        width: Columns of a line at most.

    Returns:
        The lines; none for a blank text.
    """
    lines: list[str] = []
    line, glue = indent if first is None else first, ""
    for word in text.split():
        for part in _parts(word, width - len(indent)):
            if glue and columns_of(line + glue + part) > width:
                lines.append(line)
                line, glue = indent, ""
            line, glue = line + glue + part, " "
    return [*lines, line] if glue else lines


def _parts(word: str, room: int) -> Iterator[str]:
    """Yield the parts of a word, each of at most ``room`` columns."""
    if len(word) * 2 <= room:
        yield word
        return
    start = used = 0
    for place, char in enumerate(word):
        width = columns_of(char)
        if used + width > room:
            yield word[start:place]
            start, used = place, 0
        used += width
    yield word[start:]


def columns_of(text: str) -> int:
    """Count the columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
