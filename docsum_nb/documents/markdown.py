"""Write the text of documents as Markdown that reads as the document says.

Decides which signs of a text would be taken for marks of Markdown, and puts a backslash before
them. Refuses nothing.
"""

from __future__ import annotations

import re
from itertools import pairwise

from docsum_nb.documents.html_tags import taken_for_markup

__all__ = ["MAX_TEXT", "ListItems", "escaped", "heading", "joined"]

MAX_TEXT = 64 * 1024 * 1024
"""Characters of one document; a thousand books have as many."""
_DEEPEST_HEADING = 6
_DEEPEST_LIST = 8
_LINE_MARK = re.compile(r"^(?=#{1,6}(?:\s|$)|```|~~~|[-=]{2,}\s*$|>)", re.MULTILINE)
_MARKED_ITEM = re.compile(r"(?:-|\d{1,9}[.)])$")


def escaped(text: str) -> str:
    """Return a paragraph's text with backslashes where Markdown would see marks of its blocks."""
    if "<" in text:
        cuts = [0, *taken_for_markup(text), len(text)]
        text = "\\".join(text[start:end] for start, end in pairwise(cuts))
    return _LINE_MARK.sub(r"\\", text)


def heading(level: int, text: str) -> str:
    """Return a heading on one line.

    Args:
        level: 1 is the outermost; Markdown has six.
        text: Its words, escaped.
    """
    return f"{'#' * min(max(level, 1), _DEEPEST_HEADING)} {' '.join(text.split())}"


class ListItems:
    """Indents the items of lists by the items above them."""

    def __init__(self) -> None:
        self._open: list[tuple[int, int]] = []
        """Level and indentation of what stands below each open item."""

    def end(self) -> None:
        """End all lists: a paragraph stands between."""
        self._open.clear()

    def item(self, label: str, level: int, text: str) -> str:
        """Return an item.

        Args:
            label: ``"-"``, ``"2."`` or whatever else stands before it, such as ``"(a)"``.
            level: Counted from 0.
            text: Its words, escaped.
        """
        while self._open and (self._open[-1][0] >= level or len(self._open) > _DEEPEST_LIST):
            self._open.pop()
        indent = self._open[-1][1] if self._open else 0
        marked = _MARKED_ITEM.match(label) is not None
        width = len(label) + 1 if marked else 0
        self._open.append((level, indent + width))
        below = " " * (indent + width)
        lines = text.split("\n")
        first = f"{' ' * indent}{label} {lines[0]}".rstrip()
        return "\n".join([first, *(f"{below}{line}" for line in lines[1:])])


_ITEM = re.compile(r" *(?:-|\d{1,9}[.)]) ")


def joined(blocks: list[str]) -> str:
    """Return blocks as one text; items of a list follow each other without a blank line."""
    parts: list[str] = []
    was_item = False
    for block in blocks:
        is_item = _ITEM.match(block) is not None
        if parts:
            parts.append("\n" if is_item and was_item else "\n\n")
        parts.append(block)
        was_item = is_item
    return "".join(parts)
