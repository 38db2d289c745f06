"""Find the structure of a text: its blocks, headings and the places where it may be cut.

Decides by CommonMark (with tables) what a heading, a fenced block or a paragraph is; plain text
is Markdown without much of it. Blocks follow one another without a gap; blank lines belong to the
block before. Refuses nothing: every text is some Markdown.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from docsum_nb.documents.block_rules import quicken
from docsum_nb.documents.block_runs import (
    SHORT_HEADINGS,
    SHORT_ITEMS,
    SHORT_PARAGRAPHS,
    SHORT_QUOTES,
    words_of,
)
from docsum_nb.documents.markup import mask_front_matter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["Block", "Heading", "Outline", "may_have_headings", "outline"]

# What markdown-it takes for the end of a line.
_LINE_END = re.compile(r"\r\n?|\n")
# Only where lines begin and what they begin with matters; a longer line would cost time only.
_LINE_SHOWN = 1_000
# A paragraph that happens to stand above a rule is no heading.
_LONGEST_HEADING = 200
_LONGEST_MARKED = 20_000  # characters of a heading with its marks
# The ends of a link, with an address that may hold parentheses.
_LINK_ENDS = re.compile(r"(!?\[|\](?:\((?:[^()]++|\([^()]*+\))*+\))?+)")
_HEADING_SIGN = re.compile(
    r"(?:^|\r)(?:[ >*+\-0-9.)]*+#| {0,3}(?:=++|-++)[ \t]*+(?:$|\r))", re.MULTILINE
)
# Emphasis, tags, and the line that reStructuredText sets above a title.
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# What stands for an escaped sign while marks are taken off: characters that no text may hold.
_KEPT = {sign: chr(0xFDD0 + n) for n, sign in enumerate("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")}
_AGAIN = {ord(kept): sign for sign, kept in _KEPT.items()}
_MARKS = re.compile(r"[*`]++|<[^<>]*+>|^[=~#^-]{3,}+\s")

_PARAGRAPHS = ("paragraph_open", SHORT_PARAGRAPHS)
_LEAVES = (*_PARAGRAPHS, SHORT_HEADINGS, "heading_open")
_RUNS_OF_TOPS = (SHORT_PARAGRAPHS, SHORT_QUOTES, SHORT_HEADINGS)
"""Runs whose lines are blocks of their own."""
_NO_ITEMS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Heading:
    """A heading of the document, outside of lists and quotations."""

    start: int
    level: int
    """1 is the outermost."""
    title: str
    """Its words, without marks."""


class Block(NamedTuple):
    """A span of the text that belongs together."""

    start: int
    end: int
    heading: Heading | None = None
    """Set if the block is a heading."""
    prose: bool = False
    """A paragraph: its sentences matter more than its lines."""
    lines: tuple[int, ...] = ()
    """Offsets of its lines but the first, without those inside a fenced block."""
    items: frozenset[int] = frozenset()
    """Those of ``lines`` at which a list item, a table row or another inner block begins."""


@dataclass(frozen=True)
class Outline:
    """The structure of a text."""

    blocks: tuple[Block, ...]
    """In order and without gaps; empty for an empty text."""
    headings: tuple[Heading, ...]

    def path_at(self, offset: int) -> tuple[str, ...]:
        """List the headings above a character offset, outermost first, its own included."""
        last = bisect_right(self.headings, offset, key=lambda heading: heading.start) - 1
        path: list[str] = []
        while last >= 0:
            path.append(self.headings[last].title)
            last = self._above[last]
        return tuple(reversed(path))

    @cached_property
    def _above(self) -> tuple[int, ...]:
        """For each heading, the index of the last one before it of an outer level; -1 for none."""
        above: list[int] = []
        for at, heading in enumerate(self.headings):
            outer = at - 1
            while outer >= 0 and self.headings[outer].level >= heading.level:
                outer = above[outer]
            above.append(outer)
        return tuple(above)


def outline(text: str) -> Outline:
    """Find the structure of a text."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    if starts[-1] == len(text):
        starts.pop()
    tokens = _parse(text, starts)
    inner = {starts[token.map[0]] for token in tokens if token.map and token.level}
    for token in tokens:
        if token.type in (SHORT_ITEMS, SHORT_QUOTES) and token.map:
            inner.update(starts[line] for line in _full_lines(token, text, starts))
    fenced = {line for token in tokens if token.type == "fence" for line in _after_first(token)}
    tops = list(_tops(tokens, text, starts))
    if not tops:
        whole = Block(0, len(text), prose=True, lines=tuple(starts[1:]))
        return Outline((whole,) if text else (), ())
    # What comes before the first block, such as blank lines, counts as part of it.
    if tops[0][1].type in _LEAVES:
        inner.add(starts[tops[0][0]])
    firsts = [0, *(line for line, _ in tops[1:]), len(starts)]
    starts.append(len(text))
    blocks: list[Block] = []
    for (first, last), (own, token) in zip(pairwise(firsts), tops, strict=True):
        lines = tuple(starts[first + 1 : last])
        if fenced and not fenced.isdisjoint(range(first + 1, last)):
            lines = tuple(starts[n] for n in range(first + 1, last) if n not in fenced)
        heading = None
        if token.type == SHORT_HEADINGS:
            heading = _short_heading(text[starts[own] : starts[last]], starts[first])
        elif token.type == "heading_open":
            heading = _heading(token.content, int(token.tag[1:]), starts[first])
        prose = token.type in _PARAGRAPHS
        items = _NO_ITEMS if inner.isdisjoint(lines) else frozenset(inner.intersection(lines))
        blocks.append(Block(starts[first], starts[last], heading, prose, lines, items))
    return Outline(tuple(blocks), tuple(block.heading for block in blocks if block.heading))


def _tops(tokens: list[Token], text: str, starts: list[int]) -> Iterator[tuple[int, Token]]:
    """Yield the first line of each outermost block, with the token that says what it is."""
    for token in tokens:
        if token.level or not token.map:
            continue
        if token.type in _RUNS_OF_TOPS:
            yield from ((line, token) for line in _full_lines(token, text, starts))
        else:
            yield token.map[0], token


def _full_lines(token: Token, text: str, starts: list[int]) -> Iterator[int]:
    """Yield the lines of a token that are not blank."""
    first, last = token.map or (0, 0)
    for line in range(first, min(last, len(starts))):
        start = starts[line]
        end = starts[line + 1] if line + 1 < len(starts) else len(text)
        if not text[start].isspace() or not text[start:end].isspace():
            yield line


def may_have_headings(text: str) -> bool:
    """Check whether any line can be or underline a heading; much faster than ``outline``."""
    return _HEADING_SIGN.search(text) is not None


def _parse(text: str, starts: list[int]) -> list[Token]:
    spans = pairwise([*starts, len(text)])
    shown = [text[start : min(start + _LINE_SHOWN, end)].rstrip("\r\n") for start, end in spans]
    # Markdown takes the end of a front matter for the underline of a heading.
    return _parser().parse("\n".join(mask_front_matter(shown)))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = quicken(MarkdownIt("commonmark").enable("table"), runs=True, leaves=True)
    # Only blocks are asked for; what is inside of a line does not matter here.
    parser.core.ruler.enableOnly(["normalize", "block"])
    # The first parse fills its tables, which threads that do so at once would find half full.
    parser.parse("a")
    return parser


def _after_first(token: Token) -> range:
    first, last = token.map or (0, 0)
    return range(first + 1, last)


def _short_heading(block: str, start: int) -> Heading | None:
    """Return the heading on the first line of a block."""
    line = _LINE_END.split(block, maxsplit=1)[0][:_LINE_SHOWN]
    signs = len(line) - len(line.lstrip("#"))
    return _heading(words_of(SHORT_HEADINGS, line), signs, start)


def _heading(content: str, level: int, start: int) -> Heading | None:
    if len(content) > _LONGEST_MARKED:
        return None
    if not content.replace(" ", "").isalnum():
        content = _ESCAPED.sub(lambda found: _KEPT[found[1]], content)
        content = _MARKS.sub("", _without_links(content)).translate(_AGAIN)
    title = " ".join(content.split())
    if not title or len(title) > _LONGEST_HEADING:
        return None
    return Heading(start, level, title)


def _without_links(text: str) -> str:
    """Return a text in which only the words of links and pictures are left of them."""
    parts = _LINK_ENDS.split(text)
    opened: list[int] = []
    for at, part in enumerate(parts):
        if part in ("[", "!["):
            opened.append(at)
        elif part.startswith("](") and opened:
            parts[opened.pop()] = parts[at] = ""
        elif part == "]" and opened:
            opened.pop()
    return "".join(parts)
