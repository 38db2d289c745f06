"""Summarizing a chunk that turns out to be too long for its model: in halves, then merged.

The plan counts tokens with the nearest vocabulary it has, and a provider may take less than it
says. Only the chunk that was refused is cut again; the others stay as they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from docsum_nb.documents import split
from docsum_nb.models import is_too_long
from docsum_nb.pipeline.combine import Combiner, PartialSummary
from docsum_nb.records import Answer, Chunk, Document, Usage

if TYPE_CHECKING:
    from docsum_nb.models import SummaryStream
    from docsum_nb.pipeline.requests import RequestBuilder

__all__ = ["in_pieces"]

_LEAST_TOKENS = 64
"""A shorter piece that is too long is refused for another reason."""


async def in_pieces(
    chunk: Chunk,
    words: int,
    writer: RequestBuilder,
    merger: Combiner,
    *,
    telling: SummaryStream | None = None,
) -> Answer:
    """Summarize a chunk, in pieces where the model refuses it as too long.

    Args:
        chunk: What to summarize.
        words: Length of the summary.
        writer: Summarizes.
        merger: Merges what the pieces come to.
        telling: Told the text as it is written; of pieces, that of their merge.

    Raises:
        Exception: what the model raised, too long a piece included where it cannot be cut.
    """
    try:
        return await writer.summarize(chunk, words=words, telling=telling)
    except Exception as error:
        if not is_too_long(error) or chunk.tokens < 2 * _LEAST_TOKENS:
            raise
        pieces = _halves(chunk, writer)
        if len(pieces) < 2:
            raise
    answers = [await in_pieces(piece, words, writer, merger) for piece in pieces]
    named: list[PartialSummary] = []
    for number, answer in enumerate(answers, start=1):
        name = f"part {number} of {chunk.label}"
        merger.omit_flaws(name, answer)
        named.append(PartialSummary(name, answer.text, answer.model, answer.paid))
    # A chunk that fails may be left out, whichever of its calls it was.
    merged = await merger.merge(chunk.label, named, words, telling=telling, apart=True)
    # Each call is metered where it is made; this answer tells what they came to.
    cached = all(answer.cached for answer in answers) and merged.usage == Usage()
    return Answer(merged.text, merged.model, merged.usage, cached=cached)


def _halves(chunk: Chunk, writer: RequestBuilder) -> list[Chunk]:
    document = Document(chunk.document, chunk.text, syntax=chunk.syntax)
    count = writer.prepared.model.count
    return [
        replace(
            piece,
            index=chunk.index,
            start=chunk.start + piece.start,
            end=chunk.start + piece.end,
            headings=piece.headings or chunk.headings,
            page=chunk.page,
        )
        for piece in split(document, max_tokens=chunk.tokens // 2 + 1, count=count)
    ]
