"""The data that the steps of a run exchange: frozen records, which know no rendering.

    sources.py     Document, Chunk: what is read
    calls.py       Request, Answer, Usage, Price: what is asked of a model, and what it costs
    parts.py       the parts of a result (ChunkSummary, Citation, Omission ...), and Hit
    notice.py      Notice: a run's warnings with one message
    summary.py     SummaryRecord: the fields of a result
    json_form.py   a record as JSON, and a record from its JSON

A chunk knows its document, its heading path, its page and its exact character span; a citation ties
a span of the final text to such a span of a source. Everything that a result leaves out is in it,
as an ``Omission``: a text is never cut silently.
"""

from docsum_nb.records.calls import Answer, Price, Request, SourceText, Usage, UsageRow
from docsum_nb.records.notice import Notice
from docsum_nb.records.parts import (
    OWN_CITATIONS,
    ChunkSummary,
    Citation,
    DocumentSummary,
    Hit,
    Omission,
    PlannedDocument,
)
from docsum_nb.records.sources import Chunk, Document, SourceSpan, Syntax
from docsum_nb.records.summary import SummaryRecord

__all__ = [
    "OWN_CITATIONS",
    "Answer",
    "Chunk",
    "ChunkSummary",
    "Citation",
    "Document",
    "DocumentSummary",
    "Hit",
    "Notice",
    "Omission",
    "PlannedDocument",
    "Price",
    "Request",
    "SourceSpan",
    "SourceText",
    "SummaryRecord",
    "Syntax",
    "Usage",
    "UsageRow",
]
