"""Cutting documents into chunks, or recalling the cuts from the ledger.

Counting the tokens of a pile of documents takes longer than anything else in a run whose answers
are all stored. A remembered cut is found by the text itself and by all that decides where it is
cut, so a changed document is cut again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from docsum_nb.documents.split import VERSION, split
from docsum_nb.documents.terms import has_words
from docsum_nb.errors import LedgerError
from docsum_nb.ledger import key_of, stored_json
from docsum_nb.records import Chunk, Document

__all__ = ["Cuts", "cut"]


class Cuts:
    """The cuts of one run's documents: those that are remembered, and those that were made."""

    def __init__(self, recall: Callable[[Sequence[str]], Mapping[str, bytes]]) -> None:
        self._recall = recall
        self.keys: tuple[str, ...] = ()
        self.made: dict[str, bytes] = {}
        """What is to be remembered, by key."""

    def __call__(
        self,
        documents: Sequence[Document],
        *,
        max_tokens: int,
        count: Callable[[str], int],
        vocabulary: str,
    ) -> list[Chunk]:
        """Cut documents; as ``cut``."""
        keys = [_key(document, max_tokens, vocabulary) for document in documents]
        known = self._recall(keys)
        chunks: list[Chunk] = []
        for key, document in zip(keys, documents, strict=True):
            if (again := _remembered(document, known.get(key))) is not None:
                chunks += again
            else:
                made = split(document, max_tokens=max_tokens, count=count)
                self.made[key] = json.dumps([[c.end, c.tokens, c.headings] for c in made]).encode()
                chunks += made
        self.keys = tuple(keys)
        # A chunk of rules or dashes is nothing to ask a model about.
        return [chunk for chunk in chunks if has_words(chunk.text)]


def _remembered(document: Document, stored: bytes | None) -> list[Chunk] | None:
    """Return the chunks as they were cut before; ``None`` if that is not known, or is damaged."""
    if stored is None:
        return None
    try:
        return list(_recut(document, stored_json(stored)))
    except (LedgerError, TypeError, ValueError, LookupError):
        return None


def cut(
    documents: Sequence[Document], *, max_tokens: int, count: Callable[[str], int], vocabulary: str
) -> list[Chunk]:
    """Cut documents into chunks.

    Args:
        documents: What to cut, in order.
        max_tokens: The longest a chunk may be.
        count: Counts the tokens of a text.
        vocabulary: The name of what ``count`` counts by.

    Returns:
        The chunks of all of them, in order, without those that hold no word.
    """
    return Cuts(lambda keys: {})(
        documents, max_tokens=max_tokens, count=count, vocabulary=vocabulary
    )


def _key(document: Document, max_tokens: int, vocabulary: str) -> str:
    text = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    return key_of(["cuts", VERSION, vocabulary, max_tokens, text])


def _recut(document: Document, cuts: list[Any]) -> list[Chunk]:
    ends = [0, *(end for end, _, _ in cuts)]
    return [
        Chunk(
            document.name,
            index,
            document.text[start:end],
            start,
            end,
            tokens,
            tuple(headings),
            document.page_at(start),
            document.syntax,
        )
        for index, ((start, end), (_, tokens, headings)) in enumerate(
            zip(pairwise(ends), cuts, strict=True)
        )
    ]
