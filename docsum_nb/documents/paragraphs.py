"""The paragraphs of a text that may hold prose, with their places in the source.

Decides by the syntax of the text: plain text is read as it stands, in Markdown the markup is taken
off and code, tables, headings and definitions are passed over. Indented text is prose unless it is
a listing. Every paragraph lies within the lines that it was made of. Refuses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.block_runs import (
    SHORT_HEADINGS,
    SHORT_ITEMS,
    SHORT_PARAGRAPHS,
    SHORT_QUOTES,
    words_of,
)
from docsum_nb.documents.html_tags import plain_html
from docsum_nb.documents.markup import (
    block_parser,
    mask_extensions,
    mask_front_matter,
    mask_rst,
    notes_in,
    plain_inline,
    targets_in,
)
from docsum_nb.documents.plain import is_listing, plain_paragraphs

if TYPE_CHECKING:
    from markdown_it.token import Token

    from docsum_nb.records import Syntax

__all__ = ["Paragraph", "paragraphs_of"]

_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANK_LINES = re.compile(r"\n\s*\n")
_TERMINAL = re.compile(r"[.!?…。！？｡؟।۔][\"'”’»)\]]*$")
_SENTENCE_END = re.compile(r"[.!?…。！？｡؟।۔][\"'”’»)\]]*(?:\s|$)")
_BULLET = re.compile(r"\s*+[-*•‣◦▪·+–—]\s++(?=\S)")
_QUOTED = re.compile(r"[ \t]*+(?:>[ \t]?)++")
_STRUCK = re.compile(r"~~[^~]++~~[.\s]*")
_SECTIONS = ("# ", "## ")
_RUNS = (SHORT_ITEMS, SHORT_PARAGRAPHS, SHORT_QUOTES, SHORT_HEADINGS)
_PROSE_FENCES = frozenset(("markdown", "md", "text", "txt", "plaintext", "prose"))


@dataclass(frozen=True)
class Paragraph:
    """A paragraph that may hold prose."""

    plain: str
    """As a reader sees it."""
    start: int
    end: int
    """Its span in the text: its lines, markup included."""
    section: int
    """How many headings of the first or second level stand above it."""
    exact: int | None
    """The span of the plain text in the text; ``None`` if markup was in it."""


@dataclass(frozen=True)
class _Lines:
    text: str
    lines: list[str]
    starts: list[int]
    """The offset of each line, and of the end of the text."""

    def paragraphs(self, first: int, last: int, section: int) -> Iterator[Paragraph]:
        """Find the paragraphs of plain text in some of the lines."""
        for start, end in plain_paragraphs(self.lines[first:last]):
            yield self.paragraph(first + start, first + end, section)

    def run(
        self, token: Token, shown: Sequence[str], section: int, env: dict[str, Any]
    ) -> Iterator[Paragraph]:
        """Find the paragraphs of a run of one-line blocks."""
        first, last = token.map or (0, 0)
        headings = token.type == SHORT_HEADINGS
        for line in range(first, min(last, len(self.lines))):
            section += headings and shown[line].startswith(_SECTIONS)
            content = words_of(token.type, shown[line])
            if not content or (headings and not _TERMINAL.search(content)):
                continue
            plain = plain_inline(content, env).strip()
            if plain and not _STRUCK.fullmatch(content):
                start, end = self.starts[line], self.starts[line + 1]
                at = self.text.find(plain, start, end)
                yield Paragraph(plain, start, end, section, at if at >= 0 else None)

    def paragraph(self, first: int, last: int, section: int) -> Paragraph:
        """Return lines as one paragraph, without its bullet or the signs of a quotation."""
        start, end = self.starts[first], self.starts[last]
        lines = self.lines[first:last]
        if all(line.lstrip().startswith(">") for line in lines):
            quoted = [(line, _QUOTED.match(line)) for line in lines]
            plain = "\n".join(line[signs.end() :] if signs else line for line, signs in quoted)
            return Paragraph(plain.strip(), start, end, section, None)
        if bullet := _BULLET.match(self.text, start, end):
            start = bullet.end()
        return Paragraph(self.text[start:end].rstrip(), start, end, section, start)


def paragraphs_of(text: str, syntax: Syntax) -> Iterator[Paragraph]:
    """Find the paragraphs of a text, in order.

    Args:
        text: Any text.
        syntax: ``"markdown"``: Markdown, with reStructuredText and HTML in it; ``"plain"``: text
            without markup; ``"summaries"``: paragraphs of prose, each group below a line that
            begins with ``##``.

    Yields:
        Those that may hold prose.
    """
    starts = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
    source = _Lines(text, _LINE_END.split(text), starts)
    if syntax == "plain":
        yield from source.paragraphs(0, len(source.lines), 0)
    elif syntax == "summaries":
        yield from _summaries(source)
    else:
        yield from _markdown(source)


def _summaries(source: _Lines) -> Iterator[Paragraph]:
    section = 0
    for at, line in enumerate(source.lines):
        if line.startswith("## "):
            section += 1
        elif line.strip():
            start, end = source.starts[at], source.starts[at + 1]
            yield Paragraph(line.rstrip(), start, end, section, start)


def _markdown(source: _Lines) -> Iterator[Paragraph]:
    lines = mask_extensions(mask_front_matter(source.lines))
    shown = mask_rst(lines)
    env: dict[str, Any] = {"rst": shown is not lines, "notes": notes_in(source.lines)}
    env["targets"] = targets_in(source.lines if env["rst"] else ())
    section = 0
    for token in block_parser().parse("\n".join(shown), env):
        if token.map is None:
            continue
        first, last = (min(line, len(source.lines)) for line in token.map)
        if token.type in _RUNS:
            yield from source.run(token, shown, section, env)
            if token.type == SHORT_HEADINGS:
                section += sum(line.startswith(_SECTIONS) for line in shown[first:last])
            continue
        if token.type == "heading_open":
            section += token.tag in ("h1", "h2")
            # A rule right under a paragraph makes a heading of it by mistake.
            last -= last - first > 1
        if token.type == "code_block" and token.level == 0:
            if not _is_code_block(shown[first:last]):
                yield from source.paragraphs(first, last, section)
            continue
        start, end = source.starts[first], source.starts[last]
        for plain in _plain_blocks(token, shown[first:last], env):
            if end > start and plain:
                at = source.text.find(plain, start, end)
                yield Paragraph(plain, start, end, section, at if at >= 0 else None)


def _plain_blocks(token: Token, lines: Sequence[str], env: dict[str, Any]) -> Iterator[str]:
    """Yield the plain paragraphs of one token: one, several, or none."""
    if token.type in ("paragraph_open", "heading_open"):
        ends_sentence = token.type == "paragraph_open" or _TERMINAL.search(token.content)
        if ends_sentence and not _STRUCK.fullmatch(token.content):
            yield plain_inline(token.content, env).strip()
    elif token.type == "html_block":
        for block in _BLANK_LINES.split(plain_html(token.content)):
            yield block.strip()
    elif token.type == "code_block" or (token.type == "fence" and _holds_prose(token, lines)):
        inner = token.content.split("\n")
        if not _is_code_block(inner):
            for start, end in plain_paragraphs(inner):
                prose = "\n".join(inner[start:end])
                bullet = _BULLET.match(prose)
                yield prose[bullet.end() if bullet else 0 :].strip()


def _holds_prose(token: Token, lines: Sequence[str]) -> bool:
    """Check whether a fenced block says that it holds text, or is never closed."""
    if token.info.strip().lower() in _PROSE_FENCES:
        return True
    return len(lines) < 2 or not lines[-1].lstrip(" >\t").startswith(token.markup)


def _is_code_block(lines: Sequence[str]) -> bool:
    """Check whether what is indented is a listing: letters and plain texts indent paragraphs."""
    return is_listing(lines) or not any(_SENTENCE_END.search(line) for line in lines)
