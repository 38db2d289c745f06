"""What the steps of a run give, and what a library finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docsum_nb.records.calls import Usage
from docsum_nb.records.sources import Chunk
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text
from docsum_nb.render.one_line import clean
from docsum_nb.render.table import Table
from docsum_nb.render.tables import added_table, hits_table, plan_table

__all__ = [
    "Added",
    "ChunkSummary",
    "Citation",
    "DocumentSummary",
    "Hit",
    "Hits",
    "Omission",
    "Plan",
]


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
    """Why it is relevant, in the words of a language model; ``None`` where none was asked."""
    marks: tuple[tuple[int, int], ...] = ()
    """The spans of the passage that hold what was searched for, in order, none over another. Words
    count by their stems, roughly as the search takes them."""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return " ".join(clean(f"{self.name}{why}: {self.passage}").split())


class Hits(Tabled, list[Hit]):
    """What a search found, best first: a list that displays itself as a table.

    Args:
        hits: Best first.
        query: What was searched for; empty where that is not known.
    """

    def __init__(self, hits: Iterable[Hit] = (), query: str = "") -> None:
        super().__init__(hits)
        self.query = query

    def _table(self) -> Table:
        return hits_table(self, self.query)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001  # IPython's hook
        # IPython would print any list as one, whatever it says of itself.
        printer.text(self.to_text())

    def __str__(self) -> str:
        return self.to_text()


@dataclass(frozen=True)
class Omission:
    """Something that the result does not cover, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Added(Tabled):
    """What adding to a library changed, in documents, and the passages written."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    omitted: tuple[Omission, ...] = ()
    """What was found but not read, and why."""
    gone: tuple[str, ...] = ()
    """Documents that are still in the library although the folder they came from, which was added
    again, no longer has them: ``library.remove(NAME)``, or ``add(..., prune=True)``. Sorted."""
    removed: tuple[str, ...] = ()
    """Documents that ``prune=True`` removed for that. Sorted."""

    def _table(self) -> Table:
        return added_table(self)


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


@dataclass(frozen=True)
class Plan(Tabled):
    """What a run will do, known before its first call; displays itself as a table."""

    documents: int
    chunks: int
    calls: int
    """Calls of the model where nothing is in the ledger yet: one a chunk, and the merges."""
    tokens: int
    """At most this many tokens, prompts and answers together."""
    depth: int
    """Levels of calls that wait for one another: 1 for the chunks, 1 for each level of merging."""
    cost_usd: float | None
    """At most this much, in US dollars; ``None`` where the model's price is not known."""
    model: str
    omitted: tuple[Omission, ...] = ()
    warnings: tuple[str, ...] = ()
    """What looks wrong and does not stop a run, such as a model's name that may be misspelled."""
    no_key: str | None = None
    """What to do for the key that a run needs and that is not there; ``None`` where it is."""
    contents: tuple[PlannedDocument, ...] = field(default=(), repr=False)
    """The documents, in the order of the source: what would be read and sent."""

    def _table(self) -> Table:
        return plan_table(self)

    def __str__(self) -> str:
        cost = f"at most {cost_text(self.cost_usd)}"
        if self.cost_usd is None:
            cost = "price not known (give Model(..., prices=...))"
        takes = f"at most {self.tokens:,} tokens, {cost}" if self.tokens else "free"
        return (
            f"{self.documents} documents, {self.chunks} chunks: {self.calls} calls of {self.model} "
            f"in {self.depth} levels, {takes}"
            + "".join(f"; {said}" for said in (*self.warnings, self.no_key) if said)
        )
