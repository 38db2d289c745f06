"""What flows between the steps: frozen records, and nothing that acts.

    sources.py   Document, Chunk: what is read
    calls.py     Request, Answer, Usage, Price: what is asked of a model, and what it costs
    results.py   what the steps give (ChunkSummary, Citation, Plan ...), what a library finds (Hit)
    summary.py   Summary: the result
    usage.py     RunUsage: what a run took, by task and agent
    reading.py   a record from its JSON

A chunk knows its document, its heading path, its page and its exact character span; a citation ties
a span of the final text to such a span of a source. Whatever was left out of a result is in it, as
an ``Omission``: a text is never cut in silence.

The renderings live in ``render/``; the methods here only name them.
"""

from docsum_nb.records.calls import Answer, Price, Request, Usage
from docsum_nb.records.results import (
    Added,
    ChunkSummary,
    Citation,
    DocumentSummary,
    Hit,
    Hits,
    Omission,
    Plan,
    PlannedDocument,
)
from docsum_nb.records.sources import Chunk, Document, Syntax
from docsum_nb.records.summary import Summary
from docsum_nb.records.usage import RunUsage, UsageRow

__all__ = [
    "Added",
    "Answer",
    "Chunk",
    "ChunkSummary",
    "Citation",
    "Document",
    "DocumentSummary",
    "Hit",
    "Hits",
    "Omission",
    "Plan",
    "PlannedDocument",
    "Price",
    "Request",
    "RunUsage",
    "Summary",
    "Syntax",
    "Usage",
    "UsageRow",
]
