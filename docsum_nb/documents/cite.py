"""Which passage of the sources supports each sentence of a text, found after it was written.

``support`` decides whether a passage supports a sentence; a citation's score is the share of the
sentence's words, weighted by rarity, that the passage holds.

Spans lie within their texts and follow the order of the text. A sentence that no passage supports
has no citation: a wrong one is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence

from docsum_nb.documents.source_marks import Mark
from docsum_nb.documents.support import supports
from docsum_nb.records import Chunk, Citation

__all__ = ["VERSION", "cite"]

VERSION = "10"
"""Raised whenever the same text may be cited otherwise; citations are remembered under it."""


def cite(text: str, chunks: Sequence[Chunk], marks: Sequence[Mark] = ()) -> tuple[Citation, ...]:
    """Find the passages that support the sentences of a text.

    Args:
        text: The text that was written from the chunks.
        chunks: The sources; those of a document in order.
        marks: The passages that the model named for its sentences: claims, which are verified.

    Returns:
        At most one citation for each sentence, in the order of the text; none for sentences without
        support. The page of a citation is the page on which its chunk begins.
    """
    numbers: dict[tuple[str, int, int], int] = {}
    citations: list[Citation] = []
    for each in supports(text, chunks, marks=marks):
        if each.passage is None or not each.supported:
            continue
        passage, chunk = each.passage, each.passage.chunk
        place = (chunk.document, chunk.start + passage.start, chunk.start + passage.end)
        number = numbers.setdefault(place, len(numbers) + 1)
        citations.append(
            Citation(
                number=number,
                start=each.start,
                end=each.end,
                document=chunk.document,
                passage=chunk.text[passage.start : passage.end],
                source_start=place[1],
                source_end=place[2],
                score=round(min(1.0, passage.support), 4),
                page=chunk.page,
                headings=chunk.headings,
            )
        )
    return tuple(citations)
