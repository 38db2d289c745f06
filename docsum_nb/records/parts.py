"""The parts of a result: summaries, citations, hits of a library, omissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docsum_nb.characters import clean
from docsum_nb.records.calls import Usage
from docsum_nb.records.sources import Chunk

__all__ = ["ChunkSummary", "Citation", "DocumentSummary", "Hit", "Omission", "PlannedDocument"]


@dataclass(frozen=True)
class ChunkSummary:
    """The summary of one chunk."""

    chunk: Chunk
    text: str
    model: str
    cached: bool = False
    usage: Usage = field(default_factory=Usage)
    """What this run paid for it; nothing for an answer from the ledger. Attempts that failed or
    were thrown away count only in ``Summary.usage``."""


@dataclass(frozen=True)
class DocumentSummary:
    """The summary of one document."""

    name: str
    text: str
    chunks: int
    """How many of its chunks the summary covers."""
    model: str
    path: str | None = None
    usage: Usage = field(default_factory=Usage)
    """What this run paid for it: its chunks, counted as in them, and the merges into one."""
    sha256: str = ""
    """Of the document's text, as ``Document.digest``; empty in a result of an earlier version."""


@dataclass(frozen=True)
class Citation:
    """The passage of a source that supports one span of the final text."""

    number: int
    """Counted from 1 in order of first use; equal passages share a number."""
    start: int
    end: int
    """The supported span of ``Summary.text``."""
    document: str
    passage: str
    source_start: int
    source_end: int
    """The passage's span in the document's text."""
    score: float
    """Share of the sentence's words, weighted by rarity, that the passage holds: 0 to 1."""
    page: int | None = None
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A document of the library that was found, with the passage that matched."""

    name: str
    """The document's name."""
    passage: str
    score: float
    """Higher is better; only comparable within one search."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    why: str | None = None
    """Why it is relevant, in the words of a language model; if none was asked, the words that a
    related document shares with the summary; ``None`` of a search."""
    marks: tuple[tuple[int, int], ...] = ()
    """The spans of the passage that hold what was searched for, in order, none over another. Words
    count by their stems, roughly as the search takes them."""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return " ".join(clean(f"{self.name}{why}: {self.passage}").split())


OWN_CITATIONS = "citations by the model"
"""What an omission is of that says which of the model's own citations do not hold."""


@dataclass(frozen=True)
class Omission:
    """Something that the result does not cover, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class PlannedDocument:
    """A document that a run would read and send."""

    name: str
    characters: int
    chunks: int
    tokens: int
    """Of its chunks, in the model's tokens."""
    path: str | None = None
    """The file it comes from; ``None`` if it came as text."""
