"""A Summary as Markdown, with footnote-like numbered sources.

Invariant: names and texts are shown as they read. Nothing in them becomes a heading, a link, a
table, code, mathematics or an HTML tag, because every character that could begin one is escaped.
MathJax is the exception: it looks for formulas in what a page shows, where the escapes are gone, so
two amounts in dollars would be one. A result that holds what it takes for a formula is wrapped in
an element that it leaves alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.records import SummaryRecord
from docsum_nb.results.layout import (
    LayoutEntry,
    SummaryLayout,
    more_text,
    outline,
)
from docsum_nb.results.paragraphs import UNSUPPORTED, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docsum_nb.render.highlight import Highlight

__all__ = ["escape_markdown", "to_markdown"]

_PASSAGE_CHARS = 400
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$&^]|(?<=www)\.|:(?=//)", re.IGNORECASE)
_FORMULA = re.compile(r"\\\\|\\\$.*\\\$", re.DOTALL)
"""In escaped text, what MathJax may take for one: a backslash, or two dollar signs."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CODE = "    "
# What begins a list, a setext heading, a fence, a definition or a comment, first on its line.
_OPENING = re.compile(r"^([-+=:%@!]|\d{1,9}(?=[.)]))", re.MULTILINE)


def escape_markdown(text: str) -> str:
    """Escape a clean text so that Markdown shows it as it reads.

    Args:
        text: A clean text; its line feeds become hard line breaks.

    Returns:
        Inline Markdown, to stand alone on its line or within one.
    """
    lines = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    escaped = _SPECIAL.sub(lambda match: "\\" + match.group(), lines)
    return _OPENING.sub(_escape_opening, escaped).replace("\n", "  \n")


def _escape_opening(match: re.Match[str]) -> str:
    # A backslash before a digit means nothing; the list is undone at the mark behind the number.
    opening = match.group()
    return opening + "\\" if opening.isdigit() else "\\" + opening


def to_markdown(summary: SummaryRecord, *, most: int | None = None) -> str:
    """Render as Markdown.

    Args:
        summary: The result, complete or partial.
        most: Documents and omissions that are listed; ``None`` for all.

    Returns:
        CommonMark, from the summary's text down to a last line of facts; within a ``div`` if
        MathJax would find a formula in it.
    """
    page = outline(summary, passage_chars=_PASSAGE_CHARS, most=most)
    blocks = [*_opening(page), *_sections(page)]
    if page.note:
        blocks.append(f"*{escape_markdown(page.note)}*")
    blocks.append(escape_markdown(" · ".join(page.facts)))
    return "\n\n".join(_without_formulas(blocks)) + "\n"


def _without_formulas(blocks: list[str]) -> list[str]:
    """Return blocks in which neither JupyterLab nor MathJax finds a formula.

    JupyterLab looks for delimiters in the Markdown, escaped ones included; there they are entities.
    """
    if not any(_FORMULA.search(block) for block in blocks if not block.startswith(_CODE)):
        return blocks
    spelled = [
        block if block.startswith(_CODE) else _ESCAPED.sub(_as_entity, block) for block in blocks
    ]
    return ['<div class="tex2jax_ignore mathjax_ignore">', *spelled, "</div>"]


def _as_entity(escaped: re.Match[str]) -> str:
    char = escaped.group(1)
    return f"&#{ord(char)};" if char in "\\$" else escaped.group()


def _opening(page: SummaryLayout) -> Iterator[str]:
    if page.question:
        yield f"**Question:** {escape_markdown(page.question)}"
    if page.status:
        yield escape_markdown(page.status)
    yield from map(_paragraph, page.body)
    if page.unsupported:
        yield escape_markdown(page.unsupported)


def _sections(page: SummaryLayout) -> Iterator[str]:
    if page.data:
        yield "### Data"
        yield "\n".join(f"{_CODE}{line}" for line in page.data.splitlines())
    if page.sources:
        yield "### Sources"
        yield "\n".join(_source_lines(page))
    if page.documents:
        yield "### Documents"
        for entry in page.documents:
            yield f"**{escape_markdown(entry.name)}** ({escape_markdown(entry.detail)})"
            yield from map(_paragraph, entry.body)
        yield from _more(page.more_documents, "document")
    if page.chunks:
        yield "### Finished chunks"
        yield "\n".join(_entry_lines(page.chunks))
        yield from _more(page.more_chunks, "chunk")
    if page.related:
        yield "### Related documentation"
        yield "\n".join(_entry_lines(page.related))
    if page.omitted:
        yield "### Left out"
        yield "\n".join(
            f"- **{escape_markdown(entry.name)}**: {escape_markdown(entry.detail)}"
            for entry in page.omitted
        )
        yield from _more(page.more_omitted, "omission")


def _more(hidden: int, noun: str) -> Iterator[str]:
    if hidden:
        yield escape_markdown(more_text(hidden, noun))


def _paragraph(paragraph: Paragraph) -> str:
    # Escaped piece by piece, a bullet after a mark would be taken for one at the line's start;
    # marks are set in afterwards, at a character that clean texts cannot hold.
    text = escape_markdown("\0".join(piece.text for piece in paragraph))
    parts = text.split("\0")
    return "".join(
        part
        + "".join(rf"\[{mark.number}\]" for mark in piece.marks)
        + ("" if piece.supported else escape_markdown(UNSUPPORTED))
        for part, piece in zip(parts, paragraph, strict=True)
    )


def _source_lines(page: SummaryLayout) -> Iterator[str]:
    for source in page.sources:
        place = "".join(f", {escape_markdown(part)}" for part in source.place)
        yield rf"- \[{source.number}\] **{escape_markdown(source.document)}**{place}"
        if source.passage:
            yield f"  > {escape_markdown(source.passage)}"


def _entry_lines(entries: tuple[LayoutEntry, ...]) -> Iterator[str]:
    for entry in entries:
        detail = f": {escape_markdown(entry.detail)}" if entry.detail else ""
        yield f"- **{escape_markdown(entry.name)}**{detail}"
        if entry.passage:
            yield f"  > {_marked(entry.passage)}"


def _marked(spans: tuple[Highlight, ...]) -> str:
    # As in _paragraph: set in afterwards, at a character that clean texts cannot hold.
    parts = escape_markdown("\0".join(span.text for span in spans)).split("\0")
    return "".join(
        f"**{part}**" if span.marked and _can_be_bold(span.text) else part
        for part, span in zip(parts, spans, strict=True)
    )


def _can_be_bold(text: str) -> bool:
    # Stars beside white space or punctuation are shown as stars.
    return text[0].isalnum() and text[-1].isalnum()
