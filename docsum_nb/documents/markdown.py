"""Write the text of documents as Markdown that reads as the document says.

Decides which signs of a text would be taken for marks of Markdown, and puts a backslash before
them; a sign that no reader of Markdown could misunderstand, as in ``2 * 3`` or ``snake_case``,
stays. Takes linear time. Refuses nothing.
"""

from __future__ import annotations

import re
from html.entities import html5
from itertools import pairwise

from docsum_nb.documents.html_tags import is_element, taken_for_markup

__all__ = [
    "MAX_TEXT",
    "SPAN",
    "ListItems",
    "as_markdown",
    "as_signs",
    "escaped",
    "heading",
    "joined",
    "literal",
    "written",
]

MAX_TEXT = 64 * 1024 * 1024
"""Characters of one document; a thousand books have as many."""
_DEEPEST_HEADING = 6
_DEEPEST_LIST = 8
_LINE_MARK = re.compile(r"^(?=#{1,6}(?:\s|$)|```|~~~|[-=]{2,}\s*$|>)", re.MULTILINE)
_NO_CHARACTERS = dict.fromkeys(range(0xFDD0, 0xFDF0))
# While a paragraph is assembled, characters that Unicode keeps out of texts stand for the signs of
# its text, which are thus not taken for the marks that are written around its words.
_SIGNS = "*_`\\<&"
_STAR, _UNDERSCORE, _TICK, _BACKSLASH, _LESS, _AMPERSAND = _PLACES = (
    "\ufdd9\ufdda\ufddb\ufddc\ufddd\ufdde"
)
SPAN = "\ufddf"
"""Stands for a span of code."""
_TO_PLACES = str.maketrans(_SIGNS, _PLACES)
_TO_PLACES_BUT_TAGS = {sign: place for sign, place in _TO_PLACES.items() if sign != ord("<")}
_TO_SIGNS = str.maketrans(_PLACES, _SIGNS)
_RUNS = {sign: re.compile(f"{sign}+") for sign in _PLACES}
_ANY_SIGN = re.compile(r"[*_`\\<&]")
_PLACED = re.compile(
    f"(?<!\\w){_UNDERSCORE}{{2}}[a-z][a-z0-9{_UNDERSCORE}]{{1,60}}{_UNDERSCORE}{{2}}(?!\\w)"
    f"|{_UNDERSCORE}+|{_STAR}+|[{_PLACES}]"
)
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_ELEMENT = re.compile(r"/?([a-zA-Z][a-zA-Z0-9-]{0,30})(?![\w-])")
_REFERENCE = re.compile(r"#\w{1,10};|(\w{1,40};)")
# What dialects of Markdown would take for a link, an emoji or a shortcode.
_DIALECT = re.compile(
    r"(?<=\])(?=\[|\((?!\)))|(?<!\S)(?=:[a-z][a-z0-9_+-]{1,30}:(?!\S))|(?<=\{)(?=\{[<%])|(?<=\{)(?=%)"
    r"|(?<=:)(?=:\s*$)",
    re.M,
)
_OF_DIALECTS = re.compile(r"\]\(|\]\[|\{| :|::")
# What would begin a block at the start of a line; a number keeps its digits before the backslash.
_LINE_START = re.compile(
    r"^[ \t]{0,3}(?=#{1,6}(?:\s|$)|~~|>|[-+*](?:\s|$)|<[a-zA-Z/!?]|[|:\-=][|:\-= ]*+$|:\s|:::"
    r"|!!!|===|\.\.(?:\s|$)|([~^\"'*+#.`:_=-])\1{2,}+\s*$|`{3,}|\[[^\[\]\n]{1,999}+\]:"
    r"|:(?:alt|target|width):)"
    r"|^[ \t]{0,3}\d{1,9}(?=[.)](?:\s|$))",
    re.M,
)
_MARKED_ITEM = re.compile(r"(?:-|\d{1,9}[.)])$")


def escaped(text: str) -> str:
    """Return a paragraph's text with backslashes where Markdown would see marks.

    Marks of items, as in ``- one`` and ``1. one``, stay: many texts have lists in them.
    """
    if _ANY_SIGN.search(text) or _OF_DIALECTS.search(text):
        text = _with_signs(text)
    if "<" in text:
        cuts = [0, *taken_for_markup(text), len(text)]
        text = "\\".join(text[start:end] for start, end in pairwise(cuts))
    return _LINE_MARK.sub(r"\\", text)


def _with_signs(text: str) -> str:
    """Return a text with backslashes before the signs that are marks within a paragraph."""
    bare = text if text.isascii() else text.translate(_NO_CHARACTERS)
    placed = _DIALECT.sub(r"\\", bare.translate(_TO_PLACES_BUT_TAGS))
    return _Signs(placed, titles=False).written()


def as_markdown(text: str) -> str:
    """Return a text as Markdown that reads as it, without characters that no text may hold."""
    return written(literal(text if text.isascii() else text.translate(_NO_CHARACTERS)))


def literal(text: str) -> str:
    """Return a text whose signs stand for themselves, until ``written`` returns them.

    Args:
        text: Without the characters U+FDD9 to U+FDDF.
    """
    return text.translate(_TO_PLACES) if _ANY_SIGN.search(text) else text


def as_signs(text: str) -> str:
    """Return a text of ``literal`` unchanged by it."""
    return text if text.isascii() else text.translate(_TO_SIGNS)


def written(paragraph: str, *, titles: bool = False) -> str:
    """Return a paragraph as Markdown that reads as its text.

    Args:
        paragraph: Marks of Markdown, and the text between them from ``literal``.
        titles: Whether it is the text of a heading, of which marks and tags are taken off.
    """
    if paragraph[:1] == ":" or _OF_DIALECTS.search(paragraph):
        paragraph = _DIALECT.sub(r"\\", paragraph)
    if not paragraph.isascii() and _PLACED.search(paragraph):
        paragraph = _Signs(paragraph, titles=titles).written()
    if titles:
        return f"{paragraph[:-1]}\\#" if paragraph.endswith(" #") else paragraph
    if paragraph[:1].isalpha() and "\n" not in paragraph:
        return paragraph
    return _LINE_START.sub(lambda found: f"{found[0]}\\", paragraph)


class _Signs:
    """The signs of one paragraph."""

    def __init__(self, text: str, *, titles: bool) -> None:
        self._text = text
        self._titles = titles
        self._marked = "*" in text
        self._ticks = text.count(_TICK) + text.count("`") + 2 * text.count(SPAN)
        self._pairs = {sign: self._may_pair(sign) for sign in (_STAR, _UNDERSCORE) if sign in text}

    def written(self) -> str:
        """Return the paragraph with backslashes."""
        return _PLACED.sub(self._sign, self._text)

    def _sign(self, found: re.Match[str]) -> str:
        place = found[0]
        if place[0] == _UNDERSCORE and place.strip(_UNDERSCORE):
            return as_signs(place)
        signs = as_signs(place)
        return "".join(f"\\{sign}" for sign in signs) if self._is_mark(place[0], found) else signs

    def _is_mark(self, place: str, found: re.Match[str]) -> bool:
        after = self._text[found.end() : found.end() + 1]
        if place == _STAR:
            before = self._text[max(0, found.start() - 1) : found.start()]
            within = _is_ascii_word(before) and _is_ascii_word(after) and not self._marked
            return self._titles or (self._pairs[place] and any(self._flanks(found)) and not within)
        if place == _UNDERSCORE:
            return self._pairs[place] and any(self._flanks(found))
        if place == _TICK:
            return self._titles or self._ticks > 1
        if place == _BACKSLASH:
            return not after or after in _PUNCTUATION or after in _PLACES or after in ("\n", SPAN)
        if place == _LESS:
            element = _ELEMENT.match(self._text, found.end())
            known = element is not None and (self._titles or is_element(element[1]))
            return known or after in ("!", "?")
        reference = _REFERENCE.match(self._text, found.end())
        return reference is not None and (reference[1] is None or reference[1] in html5)

    def _may_pair(self, sign: str) -> bool:
        """Return whether one of the signs may begin emphasis that another ends."""
        if sign == _STAR and self._marked:
            return True
        opened = False
        for found in _RUNS[sign].finditer(self._text):
            begins, ends = self._flanks(found)
            if ends and opened:
                return True
            opened = opened or begins
        return False

    def _flanks(self, found: re.Match[str]) -> tuple[bool, bool]:
        """Return whether a run of signs may begin emphasis and whether it may end it."""
        before = self._text[max(0, found.start() - 1) : found.start()]
        after = self._text[found.end() : found.end() + 1]
        before_blank, after_blank = not before.strip(), not after.strip()
        before_sign = not before_blank and not before.isalnum()
        after_sign = not after_blank and not after.isalnum()
        left = not after_blank and (not after_sign or before_blank or before_sign)
        right = not before_blank and (not before_sign or after_blank or after_sign)
        if found[0][0] == _STAR:
            return left, right
        return left and (not right or before_sign), right and (not left or after_sign)


def _is_ascii_word(character: str) -> bool:
    return character.isascii() and character.isalnum()


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
