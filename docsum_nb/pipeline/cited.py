"""The citations of the final text, each with its own page and headings: a chunk knows its first.

Refuses nothing; takes as long as citing, a few milliseconds a chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from docsum_nb.documents.outline import may_have_headings, outline
from docsum_nb.records import Citation

if TYPE_CHECKING:
    from docsum_nb.documents.source_marks import Mark
    from docsum_nb.pipeline.preparation import Prepared
    from docsum_nb.pipeline.run_log import RunLog

__all__ = ["citations_of"]


def citations_of(
    text: str, prepared: Prepared, log: RunLog, marks: Sequence[Mark] = ()
) -> tuple[Citation, ...]:
    """Return the citations of a text of a run.

    Args:
        text: The final text.
        prepared: The documents.
        log: Knows the citations that were found before.
        marks: The passages that the model named for its sentences.
    """
    documents = {document.name: document for document in prepared.documents}
    citations = log.cite(text, prepared.chunks, marks)
    outlines = {
        name: outline(whole)
        for name in {each.document for each in citations}
        if may_have_headings(whole := documents[name].text)
    }
    return tuple(
        replace(
            each,
            page=documents[each.document].page_at(each.source_start),
            headings=(
                outlines[each.document].path_at(each.source_start)
                if each.document in outlines
                else ()
            ),
        )
        for each in citations
    )
