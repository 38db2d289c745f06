"""A Summary as plain text for a terminal, wrapped at 88 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docsum_nb.records import SummaryRecord
from docsum_nb.render.highlight import joined
from docsum_nb.render.wrapping import wrap
from docsum_nb.results.layout import (
    LayoutEntry,
    SummaryLayout,
    more_text,
    outline,
)
from docsum_nb.results.paragraphs import UNSUPPORTED, Paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["to_text"]

_PASSAGE_CHARS = 160  # two lines at the passages' indent


def to_text(summary: SummaryRecord, *, most: int | None = None) -> str:
    """Render as plain text.

    Args:
        summary: The result, complete or partial.
        most: Documents and omissions that are listed; ``None`` for all.

    Returns:
        Lines of at most 88 columns, without terminal escapes; no line feed at the end. Data is JSON
        to be copied, whose lines are as long as they are.
    """
    page = outline(summary, passage_chars=_PASSAGE_CHARS, most=most)
    blocks = [*_opening(page), *_sections(page)]
    if page.note:
        blocks.append(wrap(page.note))
    blocks.append(wrap(" · ".join(page.facts)))
    return "\n\n".join("\n".join(block) for block in blocks)


def _opening(page: SummaryLayout) -> Iterator[list[str]]:
    if page.question:
        yield wrap(f"Question: {page.question}")
    if page.status:
        yield wrap(page.status)
    for paragraph in page.body:
        yield _wrap_paragraph(paragraph, "")
    if page.unsupported:
        yield wrap(page.unsupported)


def _sections(page: SummaryLayout) -> Iterator[list[str]]:
    if page.data:
        yield ["Data", "----", *page.data.splitlines()]
    if page.sources:
        yield ["Sources", "-------", *_source_lines(page)]
    if page.documents:
        yield ["Documents", "---------", *_document_lines(page.documents)]
        if page.more_documents:
            yield wrap(more_text(page.more_documents, "document"))
    if page.chunks:
        yield ["Finished chunks", "---------------", *_passage_lines(page.chunks)]
        if page.more_chunks:
            yield wrap(more_text(page.more_chunks, "chunk"))
    if page.related:
        yield ["Related documentation", "---------------------", *_passage_lines(page.related)]
    if page.omitted:
        lines = (wrap(f"{e.name}: {e.detail}", first="- ", indent="  ") for e in page.omitted)
        yield ["Left out", "--------", *(line for block in lines for line in block)]
        if page.more_omitted:
            yield wrap(more_text(page.more_omitted, "omission"))


def _source_lines(page: SummaryLayout) -> Iterator[str]:
    for source in page.sources:
        label = f"[{source.number}] "
        where = ", ".join((source.document, *source.place))
        yield from wrap(where, first=label, indent=" " * len(label))
        if source.passage:
            yield from wrap(f"“{source.passage}”", indent="    ")


def _document_lines(documents: tuple[LayoutEntry, ...]) -> Iterator[str]:
    for entry in documents:
        yield from wrap(f"{entry.name} ({entry.detail})", first="* ", indent="  ")
        for paragraph in entry.body:
            yield from _wrap_paragraph(paragraph, "    ")


def _passage_lines(entries: tuple[LayoutEntry, ...]) -> Iterator[str]:
    for entry in entries:
        yield from wrap(entry.name, first="* ", indent="  ")
        if entry.detail:
            yield from wrap(f"Why: {entry.detail}", indent="    ")
        if entry.passage:
            yield from wrap(f"“{joined(entry.passage)}”", indent="    ")


def _wrap_paragraph(paragraph: Paragraph, indent: str) -> list[str]:
    text = "".join(
        piece.text
        + "".join(f"[{mark.number}]" for mark in piece.marks)
        + ("" if piece.supported else UNSUPPORTED)
        for piece in paragraph
    )
    return [line for part in text.split("\n") for line in wrap(part, indent=indent)]
