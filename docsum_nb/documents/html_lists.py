"""The marks at the beginning of a line: those of lists and quotations that are open.

Decides the number or bullet of each item, as a browser counts it, and how deep lists indent. Items
of one list follow one another line by line. Refuses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from docsum_nb.documents.html_names import Attributes
from docsum_nb.documents.numerals import numeral

__all__ = ["LISTS", "Lists"]

LISTS = frozenset(("ul", "ol", "menu", "dir"))
_DEEPEST = 16
"""Lists and quotations in one another that indent: each makes every line in it longer."""
_TYPES = {"a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([a-z-]+)", re.I)


@dataclass(slots=True)
class _List:
    style: str
    """``""`` for bullets, else how items are numbered: ``"decimal"``, ``"lower-alpha"``, ..."""
    next: int
    step: int
    serial: int
    """That of the outermost list around it."""


@dataclass(slots=True)
class _Frame:
    marker: str
    """What begins its first line; empty once that is written."""
    rest: str


class Lists:
    """The open lists and quotations."""

    def __init__(self) -> None:
        self._lists: list[_List] = []
        self._frames: list[_Frame] = []
        self._serial = self._last = self._beyond = 0
        self.quotes = 0
        """How many quotations are open."""

    def start(self, name: str, attributes: Attributes) -> None:
        """Open a list, an item or a quotation."""
        if name in LISTS:
            if not self._lists:
                self._serial += 1
            self._lists.append(_list(name, attributes, self._serial))
        elif name == "li":
            marker = _marker(self._lists[-1], attributes) if self._lists else "- "
            self._push(marker, " " * len(marker))
        else:
            self.quotes += 1
            self._push("> ", "> ")

    def end(self, name: str) -> None:
        """Close what is innermost."""
        if name in LISTS:
            self._lists.pop()
            return
        self.quotes -= name == "blockquote"
        if self._beyond:
            self._beyond -= 1
        else:
            self._frames.pop()

    def lead(self) -> str:
        """Return the line ends that stand before the next block."""
        serial = self._lists[0].serial if self._lists else 0
        item = bool(self._frames) and bool(self._frames[-1].marker.strip("> "))
        tight = item and serial and serial == self._last
        self._last = serial
        return "\n" if tight else "\n\n"

    def written(self, text: str) -> str:
        """Return a block with its marks."""
        if not self._frames:
            return text
        first = "".join(frame.marker or frame.rest for frame in self._frames)
        rest = "".join(frame.rest for frame in self._frames)
        for frame in self._frames:
            frame.marker = ""
        return first + text.replace("\n", "\n" + rest)

    def _push(self, marker: str, rest: str) -> None:
        if len(self._frames) < _DEEPEST:
            self._frames.append(_Frame(marker, rest))
        else:
            self._beyond += 1


def _list(name: str, attributes: Attributes, serial: int) -> _List:
    if name != "ol":
        return _List("", 1, 1, serial)
    style = _TYPES.get(attributes.get("type", ""), "decimal")
    if found := _STYLE.search(attributes.get("style", "")[:1_000]):
        style = found[1].lower()
    step = -1 if "reversed" in attributes else 1
    start = _number(attributes.get("start"))
    if step < 0 and start is None:
        # It begins with the number of its items, which are not read yet.
        style = ""
    return _List(style, 1 if start is None else start, step, serial)


def _marker(within: _List, attributes: Attributes) -> str:
    if not within.style:
        return "- "
    value = _number(attributes.get("value"))
    number = within.next if value is None else value
    within.next = number + within.step
    label = numeral(number, within.style)
    if label.isascii() and label.isdecimal():
        return f"{label}. "
    # Markdown numbers with digits only.
    return f"- {label}. " if label else "- "


def _number(value: str | None) -> int | None:
    text = (value or "").strip()
    digits = text.lstrip("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 9):
        return None
    return int(text) if text.count("-") < 2 else None
