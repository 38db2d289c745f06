"""A cited passage in its document: the text of its chunk around it.

Only what the result holds is shown: where its chunks are not those that were cited, nothing is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from docsum_nb.records import Chunk, ChunkSummary, Citation
from docsum_nb.render.one_line import clean

__all__ = ["ChunkTexts", "Reading"]

_AROUND_CHARS = 1200
"""On each side of a passage: enough to judge it, and few enough for a notebook to keep."""
_MOST_CHARS = 4000
"""Of a passage: three sentences, however long, are shorter."""
_BLANK_LINES = re.compile(r"\n{3,}")


class Reading(NamedTuple):
    """A passage and what stands around it, cleaned."""

    before: str
    passage: str
    after: str


class ChunkTexts:
    """The texts of the chunks of a result.

    Args:
        chunks: The chunks, with their summaries.
    """

    def __init__(self, chunks: Sequence[ChunkSummary]) -> None:
        self._of: defaultdict[str, list[Chunk]] = defaultdict(list)
        for each in chunks:
            self._of[each.chunk.document].append(each.chunk)

    def reading(self, citation: Citation) -> Reading | None:
        """Return the passage of a citation in its document; ``None`` if its text is not here."""
        start, end = citation.source_start, citation.source_end
        for chunk in self._of.get(citation.document, ()):
            low, high = start - chunk.start, end - chunk.start
            if 0 <= low < high <= len(chunk.text) and chunk.text[low:high] == citation.passage:
                return Reading(
                    _end_of(chunk.text[:low]),
                    clean(citation.passage[:_MOST_CHARS]),
                    _start_of(chunk.text[high:]),
                )
        return None


def _end_of(text: str) -> str:
    """Return the end of the text before a passage, from a word's beginning."""
    kept = text[-_AROUND_CHARS:]
    if len(kept) < len(text):
        kept = "… " + (kept.partition(" ")[2] or kept)
    return _BLANK_LINES.sub("\n\n", clean(kept)).lstrip("\n")


def _start_of(text: str) -> str:
    """Return the start of the text after a passage, to a word's end."""
    kept = text[:_AROUND_CHARS]
    if len(kept) < len(text):
        kept = (kept.rpartition(" ")[0] or kept) + " …"
    return _BLANK_LINES.sub("\n\n", clean(kept)).rstrip("\n")
