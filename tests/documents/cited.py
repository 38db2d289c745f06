"""What is cited of a document equals its span, and the spans of its chunks rebuild its text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from docsum_nb.documents.cite import cite
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.split import split
from docsum_nb.models.extractive import Extractive
from docsum_nb.records import Document, Request

__all__ = ["check_citations"]

_LONGEST = 10_000
"""Characters of a document that are looked at."""


def check_citations(document: Document) -> None:
    """Split, summarize and cite a document, and compare all spans with its text.

    Raises:
        AssertionError: if a span is not what it says.
    """
    document = replace(document, text=document.text[:_LONGEST])
    chunks = split(document, max_tokens=60, count=lambda text: -(-len(text) // 4))
    assert "".join(chunk.text for chunk in chunks) == document.text
    assert all(one.end == other.start for one, other in pairwise(chunks))
    for sentence in prose_sentences(document.text, syntax=document.syntax):
        assert 0 <= sentence.start < sentence.end <= len(document.text)
    request = Request("", "", document.text, 300, 1_000, syntax=document.syntax)
    answer = Extractive().answer(request).text
    last = 0
    for citation in cite(answer, chunks):
        assert last <= citation.start < citation.end <= len(answer)
        last = citation.end
        assert citation.passage.strip() == citation.passage != ""
        assert document.text[citation.source_start : citation.source_end] == citation.passage
