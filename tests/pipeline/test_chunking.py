"""Cuts that are remembered give the chunks that cutting gave."""

from __future__ import annotations

import pytest

from docsum_nb.pipeline.chunking import Cuts
from docsum_nb.records import Document, Syntax

TEXT = "# A heading\n\nShips wait outside the harbour. " * 40


@pytest.mark.parametrize("syntax", ["markdown", "plain"])
def test_remembered_cuts_give_equal_chunks(syntax: Syntax) -> None:
    """All that a chunk says is in its request, and so in the key of its answer."""
    document = Document("a", TEXT, "a.txt", (0, 100), syntax=syntax)
    first = Cuts(lambda keys: {})
    made = first([document], max_tokens=64, count=len, vocabulary="characters")
    again = Cuts(lambda keys: first.made)
    assert again([document], max_tokens=64, count=len, vocabulary="characters") == made
    assert len(made) > 1
    assert not again.made
