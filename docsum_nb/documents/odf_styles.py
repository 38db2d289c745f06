"""The styles of an OpenDocument file, and the numbers of its lists and headings.

Decides what a style hides or raises, and counts lists as the program that wrote them shows them.
The order of calls is the order of the document. Refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.documents.numerals import numeral
from docsum_nb.documents.xml_parts import attribute, children, local, number

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

__all__ = ["OdfStyles"]

_LEVELS = 10
_FORMATS = {
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "": "none",
    "一, 二, 三, ...": "chineseCounting",
}
_LONGEST_AFFIX = 60


@dataclass(frozen=True)
class _Style:
    hides: bool = False
    raised: str = ""
    hides_table: bool = False
    parent: str = ""


@dataclass(frozen=True)
class _Level:
    """One level of a list."""

    bullet: bool = True
    format: str = "decimal"
    before: str = ""
    after: str = ""
    start: int = 1
    shown: int = 1
    """How many levels are shown in its number."""


class OdfStyles:
    """The styles of one file, and how far its lists have counted."""

    def __init__(self) -> None:
        self._styles: dict[str, _Style] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        self._counts: list[int | None] = [None] * _LEVELS
        """The numbers that the list being read has reached, by level."""
        self._headings: list[int | None] = [None] * _LEVELS
        self._known: dict[str, list[int | None]] = {}
        """The numbers of lists by their identifiers."""
        self._last: dict[str, list[int | None]] = {}
        """The numbers of the last list of each style."""

    def add(self, root: Element) -> None:
        """Add the styles of a file's ``styles.xml``."""
        for group in children(root, "styles", "automatic-styles"):
            self.add_automatic(group)

    def add_automatic(self, group: Element) -> None:
        """Add a group of styles."""
        for each in children(group):
            name = attribute(each, "name") or ""
            if local(each) in ("list-style", "outline-style"):
                key = name if local(each) == "list-style" else "\0outline"
                self._lists[key] = dict(_levels(each))
            elif local(each) == "style":
                self._styles[name] = _style(each)

    def hides_text(self, name: str) -> bool:
        """Return whether text of a style is not shown."""
        return any(style.hides for style in self._chain(name))

    def raised(self, name: str) -> str:
        """Return ``"superscript"``, ``"subscript"`` or nothing."""
        return next((style.raised for style in self._chain(name) if style.raised), "")

    def hides_table(self, name: str) -> bool:
        """Return whether a sheet of a style is not shown."""
        return any(style.hides_table for style in self._chain(name))

    def is_title(self, name: str) -> bool:
        """Return whether a style is the one of the document's title, or is based on it."""
        return name == "Title" or any(style.parent == "Title" for style in self._chain(name))

    def _chain(self, name: str) -> list[_Style]:
        chain: list[_Style] = []
        while len(chain) < _LEVELS and (style := self._styles.get(name)) is not None:
            chain.append(style)
            name = style.parent
        return chain

    # --- numbers --------------------------------------------------------------------------------

    def begin_list(self, style: str, element: Element) -> None:
        """Begin a list, or go on with an earlier one if it says so."""
        earlier = self._known.get(attribute(element, "continue-list") or "")
        if earlier is None and attribute(element, "continue-numbering") == "true":
            earlier = self._last.get(style)
        self._counts = [None] * _LEVELS if earlier is None else earlier
        self._last[style] = self._counts
        if identifier := attribute(element, "id"):
            self._known[identifier] = self._counts

    def label(self, style: str, level: int, entry: Element) -> str:
        """Count an item, and return what is shown before it; ``"-"`` for a bullet."""
        counts = self._counts
        start = attribute(entry, "start-value")
        given = self._lists.get(style, {})
        self._count(counts, given, level, number(start, 1) if start else None)
        shown = given.get(level, _Level())
        return "-" if shown.bullet else _written(given, counts, level)

    def heading_label(self, level: int) -> str:
        """Count a heading, and return its number; empty if headings have none."""
        given = self._lists.get("\0outline", {})
        at = min(max(level - 1, 0), _LEVELS - 1)
        if at not in given or given[at].bullet or given[at].format == "none":
            return ""
        self._count(self._headings, given, at, None)
        return _written(given, self._headings, at)

    def _count(
        self, counts: list[int | None], given: dict[int, _Level], level: int, start: int | None
    ) -> None:
        previous = counts[level]
        first = given.get(level, _Level()).start
        counts[level] = start if start is not None else first if previous is None else previous + 1
        for outer in range(level):
            if counts[outer] is None:
                counts[outer] = given.get(outer, _Level()).start
        counts[level + 1 :] = [None] * (_LEVELS - level - 1)


def _written(given: dict[int, _Level], counts: list[int | None], level: int) -> str:
    shown = given.get(level, _Level(bullet=False))
    first = max(0, level - shown.shown + 1)
    parts = [
        numeral(counts[at] or 0, given[at].format)
        for at in range(first, level + 1)
        if at in given and not given[at].bullet
    ]
    return f"{shown.before}{'.'.join(filter(None, parts))}{shown.after}".strip()


def _levels(element: Element) -> list[tuple[int, _Level]]:
    found = []
    for each in children(element):
        at = number(attribute(each, "level"), 1) - 1
        if not 0 <= at < _LEVELS:
            continue
        form = attribute(each, "num-format") or ""
        level = _Level(
            local(each) in ("list-level-style-bullet", "list-level-style-image"),
            _FORMATS.get(form, "decimal"),
            (attribute(each, "num-prefix") or "")[:_LONGEST_AFFIX],
            (attribute(each, "num-suffix") or "")[:_LONGEST_AFFIX],
            number(attribute(each, "start-value"), 1),
            number(attribute(each, "display-levels"), 1),
        )
        found.append((at, level))
    return found


def _style(element: Element) -> _Style:
    hides = hides_table = False
    raised = ""
    for properties in children(element):
        name = local(properties)
        if name == "text-properties":
            hides = hides or attribute(properties, "display") == "none"
            position = (attribute(properties, "text-position") or "").split(" ")[0]
            if position == "super" or (
                position.endswith("%") and position > "0" and position[0] != "-"
            ):
                raised = "superscript" if position != "0%" else ""
            elif position == "sub" or position.startswith("-"):
                raised = "subscript"
        elif name == "table-properties":
            hides_table = attribute(properties, "display") == "false"
    return _Style(hides, raised, hides_table, attribute(element, "parent-style-name") or "")
