"""Lines of PDF pages as running text: what repeats on pages, divided words, paragraphs, headings.

Decides without PDFium, from the lines and their positions. Running heads, footers and page numbers
are recognized by what repeats at the same height, numbers aside if they count the pages; the first
occurrence of one that holds words stays. Takes linear time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, product
from statistics import median

from docsum_nb.documents.markdown import escaped, heading

__all__ = [
    "DIVIDED",
    "Line",
    "Whole",
    "ends_open",
    "joined",
    "vocabulary",
    "whole_words",
    "with_headings",
    "with_tables",
    "without_running",
]

DIVIDED = "\x02"
"""Stands where a hyphen at a line's end divides a word or a compound."""
_EDGE = 0.11
"""The share of a page's height, above and below, in which running heads and footers stand."""
_FEWEST = 3
"""Pages on which a line stands before it is taken for a running head."""
_HEIGHT_STEP = 8.0
_MOST_NUMBERS = 3
_LONGEST = 200
_GAP = 1.55
"""A distance of lines, as a multiple of the usual one, above which a paragraph begins."""
_NUMBER = re.compile(r"\d{1,6}")
_ROMAN = re.compile(r"[ivxl]{1,8}")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}
_WORD = re.compile(r"[^\W\d_]{1,60}")
_COMPOUND = re.compile(r"[^\W\d_]{1,60}-[^\W\d_]{1,60}")
_DIVISION = re.compile(rf"(\w{{0,60}}){DIVIDED}(\w{{0,60}})")
_LONGEST_WORD = 60
_LAST_WORD = re.compile(r"\w{1,60}$")
_FIRST_WORD = re.compile(r"\w{1,60}")
_CJK = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_SENTENCE_ENDS = frozenset(".!?:;。！？：；…।۔|")
"""And of rows of tables."""
_FIRST_PARTS = frozenset(
    (
        *("self", "non", "long", "short", "high", "low", "well", "half", "cross", "two"),
        *("three", "four", "five", "six", "second", "third", "large", "small", "price"),
        *("cost", "year", "semi", "quasi", "state", "user", "risk"),
    )
)
"""Words that begin compounds with a hyphen far more often than longer words."""
_LAST_PARTS = frozenset(
    (
        *("based", "term", "related", "free", "driven", "oriented", "specific", "level"),
        *("scale", "determining", "dependent", "known", "defined", "led", "owned", "making"),
        *("friendly", "party", "quality", "sized", "sector"),
    )
)
_NUMBERING = re.compile(r"^[\d.]{1,12}(?=[^\d.])")
_SUFFIXES = re.compile(
    r"(?:er|est|ing|ed|ly|age|ness|itude|evity|ish|sense|way|land|hand|ment)s?\b"
)


@dataclass(frozen=True)
class Whole:
    """A table that lines make up."""

    text: str
    """Markdown."""
    count: int
    """Of its lines."""


@dataclass(frozen=True)
class Line:
    """A line of a page."""

    text: str
    page: int
    """Counted from 0."""
    top: float
    """Distance of its first character's baseline from the lower edge of the page, in points."""
    bottom: float
    """That of its last character."""
    height: float
    """Of the page."""
    level: int = 0
    """Of a heading, from 1; 0 for other lines."""
    table: Whole | None = None
    """The table that it is a part of."""
    is_table: bool = False
    """Whether it is a whole table."""


def without_running(lines: Sequence[Line], pages: int) -> tuple[list[Line], int]:
    """Return the lines without running heads, footers and page numbers, and how many went.

    Args:
        lines: Of all pages, in order.
        pages: The number of pages.
    """
    fewest = _FEWEST if pages > _FEWEST - 1 else pages
    keys = [tuple(_keys(line)) if pages > 1 else () for line in lines]
    times = Counter(key for line in keys for key in line)
    kept: list[Line] = []
    seen: set[str] = set()
    for _, each in groupby(zip(lines, keys, strict=True), key=lambda pair: pair[0].page):
        page = list(each)
        # A page of nothing else is no page with a running head.
        alone = all(_is_running(own, times, fewest) for _, own in page)
        for line, own in page:
            running = not alone and _is_running(own, times, fewest)
            title = line.text not in seen and _is_title(own, times, line.text)
            if not running or title:
                kept.append(line)
            if running:
                seen.add(line.text)
    return kept, len(lines) - len(kept)


def _is_running(keys: Sequence[str], times: Mapping[str, int], fewest: int) -> bool:
    """Return whether a line is on enough pages; on two pages, it must count them too."""
    if any(times[key] > 1 and "\0" in key and _WORD.search(key) for key in keys):
        return True
    running = [key for key in keys if times[key] >= fewest]
    return any("\0" in key for key in running) if fewest < _FEWEST else bool(running)


def _is_title(keys: Sequence[str], times: Mapping[str, int], text: str) -> bool:
    """Return whether a running head holds words, and no number of the page."""
    counts = any("\0" in key and times[key] > 1 for key in keys)
    return not counts and _WORD.search(text) is not None


def _keys(line: Line) -> Iterator[str]:
    """Yield what a line has in common with lines of other pages, each number read in two ways."""
    share = line.top / line.height if line.height else 0.5
    text = line.text.strip()
    if _EDGE < share < 1 - _EDGE or not 0 < len(text) <= _LONGEST:
        return
    height = round(line.top / _HEIGHT_STEP)
    if _ROMAN.fullmatch(text):
        yield f"{height} \0{_roman(text) - line.page}"
        return
    numbers = _NUMBER.findall(text)
    if len(numbers) > _MOST_NUMBERS:
        yield f"{height} {text}"
        return
    parts = _NUMBER.split(text)
    # NUL marks a number that counts the pages.
    for filled in product(*(_readings(number, line.page) for number in numbers)):
        whole = "".join(part for pair in zip(parts, (*filled, ""), strict=True) for part in pair)
        yield f"{height} {whole}"


def _readings(number: str, page: int) -> tuple[str, str]:
    return number, f"\0{int(number) - page}"


def _roman(text: str) -> int:
    values = [_VALUES[letter] for letter in text]
    return sum(-value if value < after else value for value, after in pairwise([*values, 0]))


def with_tables(lines: Sequence[Line]) -> list[Line]:
    """Return the lines, those of a table as one; a table that misses a line stays lines."""
    found: list[Line] = []
    for _, each in groupby(lines, key=lambda line: (line.page, id(line.table))):
        own = list(each)
        table = own[0].table
        if table is None or len(own) != table.count:
            found += own
        else:
            whole = replace(own[0], text=table.text, level=0, is_table=True)
            found.append(replace(whole, bottom=min(line.bottom for line in own)))
    return found


def vocabulary(lines: Iterable[Line]) -> frozenset[str]:
    """Return the words of lines, and their compounds with a hyphen, in lower case."""
    found: set[str] = set()
    for line in lines:
        text = line.text.lower()
        found.update(_COMPOUND.findall(text))
        # What stands at a division may be half a word.
        found.update(_WORD.findall(_DIVISION.sub(" ", text)))
    return frozenset(found)


def whole_words(text: str, words: frozenset[str]) -> str:
    """Return a text whose divided words are whole again; genuine hyphens stay.

    Args:
        text: With ``DIVIDED`` if a line ended in a hyphen.
        words: The document's, as ``vocabulary`` returns them.
    """
    first, *others = text.split(DIVIDED)
    parts = [first]
    before = first[-_LONGEST_WORD:]
    for part in others:
        left, right = _LAST_WORD.search(before), _FIRST_WORD.match(part)
        if _is_kept(left[0] if left else "", right[0] if right else "", words):
            parts.append("-")
            before = ""
        parts.append(part)
        # The next division may be of the same word.
        before = (before + part)[-_LONGEST_WORD:]
    return "".join(parts)


def _is_kept(left: str, right: str, words: frozenset[str]) -> bool:
    """Return whether the hyphen between two parts is of a compound, and not of a divided word."""
    lower_left, lower_right = left.lower(), right.lower()
    if f"{lower_left}-{lower_right}" in words:
        return True
    if lower_left + lower_right in words:
        return False
    if not left or not right or not right[0].islower() or left[-1].isdigit():
        return True
    if left.isupper() and len(left) > 1:
        return True
    if lower_right in _LAST_PARTS and len(left) > 2:
        return True
    if lower_left in _FIRST_PARTS and len(right) > 3 and not _SUFFIXES.match(lower_right):
        return True
    return lower_left in words and lower_right in words and min(len(left), len(right)) > 3


def joined(lines: Sequence[Line]) -> str:
    """Return the lines of one page as text: a blank line between paragraphs and about headings."""
    distances = [a.bottom - b.top for a, b in pairwise(lines)]
    usual = [distance for distance in distances if 1 < distance < 60]
    most = _GAP * median(usual) if len(usual) > 2 else float("inf")
    parts: list[str] = []
    held: list[str] = []
    for number, line in enumerate(lines):
        if number:
            between = _between(lines[number - 1], line, far=distances[number - 1] > most)
            if between == "\n\n":
                parts += (escaped("".join(held)), between)
                held = []
            else:
                held.append(between)
        if line.is_table:
            parts.append(line.text)
        elif line.level:
            parts.append(heading(line.level, escaped(line.text)))
        else:
            held.append(line.text)
    return "".join([*parts, escaped("".join(held))])


def _between(before: Line, after: Line, *, far: bool) -> str:
    if before.level or after.level or before.is_table or after.is_table:
        return "\n\n"
    goes_on = after.text[:1].islower() and ends_open(before.text)
    if far and not goes_on:
        return "\n\n"
    if _CJK.match(before.text[-1:]) and _CJK.match(after.text[:1]):
        return ""
    # PDFium keeps a hyphen at a line's end if a capital or a number follows.
    whole = before.text[-2:-1].isalnum() and before.text.endswith("-") and after.text[:1].isalnum()
    return "" if whole else "\n"


def ends_open(text: str) -> bool:
    """Return whether a sentence goes on after the text."""
    last = text.rstrip("\"')]»”’ ")[-1:]
    return bool(last) and last not in _SENTENCE_ENDS


def with_headings(lines: Sequence[Line], titles: Mapping[int, Mapping[str, int]]) -> list[Line]:
    """Return the lines with the levels of those that bookmarks name.

    Args:
        lines: Of all pages.
        titles: For each page the bookmarks' titles, in lower case without blanks, and levels.
    """
    return [
        replace(line, level=_level(line.text, titles[line.page])) if line.page in titles else line
        for line in lines
    ]


def _level(text: str, titles: Mapping[str, int]) -> int:
    """Return the level of a line that is a title, with its number or without."""
    plain = "".join(text.lower().split())
    return titles.get(plain, 0) or titles.get(_NUMBERING.sub("", plain), 0)
