"""The styles of a Word document, and the numbers that Word shows before paragraphs.

Decides which paragraphs are headings (by their style, the styles that it is based on, or an outline
level) and counts numbered paragraphs as Word does. The order of calls is the order of the document.
Refuses nothing: what is broken counts as not given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from docsum_nb.documents.numerals import numeral
from docsum_nb.documents.xml_parts import attribute, children, number

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

__all__ = ["Numbering", "Style", "Styles", "is_on", "value"]

_DEEPEST_STYLE = 30
_LEVELS = 9
_LONGEST_PATTERN = 60


@dataclass(frozen=True)
class Style:
    """What a style says, with what the styles say that it is based on."""

    name: str = ""
    heading: int = 0
    """The level of a heading; 0 if it is none."""
    hidden: bool = False
    raised: str = ""
    """``"superscript"`` or ``"subscript"``."""
    list_id: str = ""
    list_level: int | None = None
    """``None`` if the style does not say."""


@dataclass(frozen=True)
class Level:
    """One level of a numbered list."""

    start: int = 1
    format: str = "decimal"
    pattern: str = ""
    style: str = ""
    restarts_after: int | None = None
    """Restarts after a paragraph of this level or an outer one; ``None`` after every outer one."""
    decimal: bool = False
    """Whether the numbers of outer levels are written in digits."""


def value(element: Element | None, *path: str) -> str | None:
    """Return the ``val`` of an element's descendant by a path of names; ``None`` if not there."""
    for name in path:
        element = next(children(element, name), None)
    return None if element is None else (attribute(element, "val") or "")


def is_on(text: str | None) -> bool:
    """Return whether a property is on: it is there, and does not say that it is off."""
    return text is not None and text not in ("0", "false", "off", "none")


class Styles:
    """The styles of a document, by their identifiers."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {
            attribute(each, "styleId") or "": each for each in children(root, "style")
        }
        self._default = next(
            (
                attribute(each, "styleId") or ""
                for each in children(root, "style")
                if attribute(each, "type") == "paragraph" and is_on(attribute(each, "default"))
            ),
            "",
        )
        self._known: dict[str, Style] = {}

    def paragraph(self, identifier: str | None) -> Style:
        """Return the style of a paragraph that names this one; ``None`` names the usual one."""
        return self.get(self._default if identifier is None else identifier)

    def get(self, identifier: str) -> Style:
        """Return a style; one that says nothing if it is not known."""
        if identifier not in self._known:
            self._known[identifier] = self._resolved(identifier)
        return self._known[identifier]

    def _resolved(self, identifier: str) -> Style:
        chain: list[Element] = []
        names = [identifier]
        while (
            len(chain) < _DEEPEST_STYLE and (element := self._elements.get(names[-1])) is not None
        ):
            chain.append(element)
            names.append(value(element, "basedOn") or "")
        if not chain:
            return Style(identifier, _named_level(identifier))
        return Style(
            value(chain[0], "name") or identifier,
            self._heading(chain),
            is_on(_first(chain, "rPr", "vanish")),
            _first(chain, "rPr", "vertAlign") or "",
            _first(chain, "pPr", "numPr", "numId") or "",
            _level_or_none(_first(chain, "pPr", "numPr", "ilvl")),
        )

    def _heading(self, chain: list[Element]) -> int:
        for element in chain:
            level = value(element, "pPr", "outlineLvl")
            if level is not None:
                return _outline_level(level)
            if named := _named_level(value(element, "name") or ""):
                return named
        return 0


def _first(chain: list[Element], *path: str) -> str | None:
    found = (value(element, *path) for element in chain)
    return next((each for each in found if each is not None), None)


def _outline_level(text: str) -> int:
    level = number(text, _LEVELS)
    return level + 1 if 0 <= level < _LEVELS else 0


def _named_level(name: str) -> int:
    """Return the level of a heading that a style's name or identifier shows; 0 for others."""
    folded = name.lower().replace(" ", "")
    if folded == "title":
        return 1
    level = number(folded.removeprefix("heading")) if folded.startswith("heading") else 0
    return level if 0 < level <= _LEVELS else 0


def _level_or_none(text: str | None) -> int | None:
    return None if text is None else min(max(number(text), 0), _LEVELS - 1)


@dataclass
class _Counters:
    """The numbers that a list has reached, by level."""

    at: list[int | None] = field(default_factory=lambda: [None] * _LEVELS)


class Numbering:
    """The lists of a document, counted paragraph by paragraph."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        self._abstract = {
            attribute(each, "abstractNumId") or "": each for each in children(root, "abstractNum")
        }
        self._lists = {attribute(each, "numId") or "": each for each in children(root, "num")}
        self._levels: dict[str, list[Level]] = {}
        self._counters: dict[str, _Counters] = {}
        self._started: set[tuple[str, int]] = set()

    def level_of(self, list_id: str, style: str) -> int:
        """Return the level that a list has for a style that names the list without a level."""
        levels = self._of(list_id)
        return next((at for at, level in enumerate(levels) if level.style == style), 0)

    def label(self, list_id: str, level: int) -> str | None:
        """Count a paragraph, and return what Word shows before it.

        Args:
            list_id: The list.
            level: Counted from 0.

        Returns:
            The number with what stands around it, ``"-"`` for a bullet, an empty text if Word shows
            nothing; ``None`` if there is no such list.
        """
        if list_id not in self._lists:
            return None
        levels = self._of(list_id)
        counters = self._counters.setdefault(self._abstract_id(list_id), _Counters()).at
        self._count(list_id, levels, counters, level)
        shown = levels[level]
        if shown.format == "bullet":
            return "-"
        return _filled(shown, levels, counters).strip()

    def _count(
        self, list_id: str, levels: list[Level], counters: list[int | None], level: int
    ) -> None:
        restart = self._restart(list_id, level)
        previous = counters[level]
        if restart is not None and (list_id, level) not in self._started:
            counters[level] = restart
        else:
            counters[level] = levels[level].start if previous is None else previous + 1
        self._started.add((list_id, level))
        for outer in range(level):
            if counters[outer] is None:
                counters[outer] = levels[outer].start
        for inner in range(level + 1, _LEVELS):
            after = levels[inner].restarts_after
            if after is None or level < after:
                counters[inner] = None

    def _restart(self, list_id: str, level: int) -> int | None:
        for override in children(self._lists[list_id], "lvlOverride"):
            start = value(override, "startOverride")
            if number(attribute(override, "ilvl"), -1) == level and start is not None:
                return number(start, 1)
        return None

    def _abstract_id(self, list_id: str) -> str:
        return value(self._lists.get(list_id), "abstractNumId") or ""

    def _of(self, list_id: str) -> list[Level]:
        if list_id not in self._levels:
            levels = [Level()] * _LEVELS
            abstract = self._abstract.get(self._abstract_id(list_id))
            linked = value(abstract, "numStyleLink")
            if linked:
                # The list stands in a style; that style's list has the levels.
                inner = self._styles.get(linked).list_id
                abstract = self._abstract.get(self._abstract_id(inner), abstract)
            given = list(children(abstract, "lvl"))
            for override in children(self._lists.get(list_id), "lvlOverride"):
                given += children(override, "lvl")
            for each in given:
                at = number(attribute(each, "ilvl"), -1)
                if 0 <= at < _LEVELS:
                    levels[at] = _level(each)
            self._levels[list_id] = levels
        return self._levels[list_id]


def _level(element: Element) -> Level:
    restart = value(element, "lvlRestart")
    return Level(
        number(value(element, "start"), 1),
        value(element, "numFmt") or _alternate_format(element) or "decimal",
        (value(element, "lvlText") or "")[:_LONGEST_PATTERN],
        value(element, "pStyle") or "",
        None if restart is None else number(restart),
        is_on(value(element, "isLgl")),
    )


def _alternate_format(element: Element) -> str:
    """Return the format that stands in ``mc:AlternateContent``, which newer ones do."""
    return next((attribute(each, "val") or "" for each in element.iter("{*}numFmt")), "")


def _filled(shown: Level, levels: list[Level], counters: list[int | None]) -> str:
    text = shown.pattern
    for at in range(_LEVELS):
        mark = f"%{at + 1}"
        if mark in text:
            kind = levels[at].format
            # A bullet above has no number that could be shown.
            digits = shown.decimal and kind not in ("none", "bullet")
            text = text.replace(mark, numeral(counters[at] or 0, "decimal" if digits else kind))
    return text
