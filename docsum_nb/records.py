"""What flows between the steps: frozen records, and nothing that acts.

A chunk knows its document, its heading path, its page and its exact character span; a citation ties
a span of the final text to such a span of a source. Whatever was left out of a result is in it, as
an ``Omission``: a text is never cut in silence.

The result's renderings live in ``render/``; the methods here only name them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Added",
    "Answer",
    "Chunk",
    "ChunkSummary",
    "Citation",
    "Document",
    "DocumentSummary",
    "Hit",
    "Omission",
    "Plan",
    "Price",
    "Request",
    "Summary",
    "Usage",
]


@dataclass(frozen=True)
class Document:
    """One text to summarize or to keep in a library."""

    name: str
    """What the reader calls it; unique within a run. For files, the path below the given folder."""
    text: str = field(repr=False)
    """The whole text. Headings are Markdown headings where the format knew of any."""
    path: str | None = None
    """The file it was read from; ``None`` where it came as text."""
    pages: tuple[int, ...] = field(default=(), repr=False)
    """The character offset at which each page begins; empty where the format has no pages."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Whatever else is known of it; must be JSON-serializable to be kept in a library."""

    def page_at(self, offset: int) -> int | None:
        """Tell the page, counted from 1, that holds a character offset; ``None`` without pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None


@dataclass(frozen=True)
class Chunk:
    """A span of a document, small enough for one call of the model."""

    document: str
    """The document's name."""
    index: int
    """Its place in the document, counted from 0."""
    text: str = field(repr=False)
    """Exactly ``document.text[start:end]``."""
    start: int
    end: int
    tokens: int
    """Length of the text in the model's tokens."""
    headings: tuple[str, ...] = ()
    """The headings above its first line, outermost first."""
    page: int | None = None
    """The page, counted from 1, on which it begins; ``None`` without pages."""

    @property
    def label(self) -> str:
        """Name the chunk for a person: document, place, innermost heading."""
        heading = f" ({self.headings[-1]})" if self.headings else ""
        return f"{self.document}, chunk {self.index}{heading}"


@dataclass(frozen=True)
class Usage:
    """What was asked of the model and what it cost. Answers from the ledger cost nothing."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    """In US dollars; ``None`` where the price of any of the calls is not known."""

    def __add__(self, other: Usage) -> Usage:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Usage(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


@dataclass(frozen=True)
class Price:
    """The price of a model, in US dollars a token."""

    prompt: float
    completion: float
    cache_read: float | None = None
    """Of prompt tokens that the provider's cache held; ``None`` if like any other."""
    cache_write: float | None = None
    """Of prompt tokens that the provider put into its cache; ``None`` if like any other."""
    most_output: int | None = None
    """Tokens of its longest answer; ``None`` where that is not known."""

    def of(
        self, prompt_tokens: int, completion_tokens: int, *, read: int = 0, written: int = 0
    ) -> float:
        """Return what a call cost.

        Args:
            prompt_tokens: All of them, cached ones included.
            completion_tokens: Of the answer, thinking included.
            read: Prompt tokens that came from the provider's cache.
            written: Prompt tokens that went into it.
        """
        cost = self.prompt * prompt_tokens + self.completion * completion_tokens
        if self.cache_read is not None:
            cost -= (self.prompt - self.cache_read) * read
        if self.cache_write is not None:
            cost += (self.cache_write - self.prompt) * written
        return cost

    def at_most(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Return what a call can cost at most: all of its prompt may be written to the cache."""
        dearest = max(self.prompt, self.cache_write or 0.0)
        return dearest * prompt_tokens + self.completion * completion_tokens


@dataclass(frozen=True)
class Request:
    """One thing asked of a model."""

    role: str
    """Who the model is to be: the agent's role, goal and backstory."""
    instructions: str
    """What it is to do with the text."""
    text: str = field(repr=False)
    """What it is to work on; never interpreted as a template."""
    max_words: int
    """The length asked for."""
    max_tokens: int
    """The length at which the answer is cut off by the provider."""
    question: str | None = None
    """What the reader wants to know; ``None`` for a summary of everything."""
    schema: Any = None
    """A pydantic model class that the answer, as JSON, is to fit; ``None`` for plain text."""


@dataclass(frozen=True)
class Answer:
    """What a model answered, and what it took."""

    text: str
    model: str
    """The model that wrote it, which is a fallback where the first one failed."""
    usage: Usage = field(default_factory=Usage)
    finish_reason: str = "stop"
    """``"length"`` where the answer was cut off, and again when it was asked for once more."""
    cached: bool = False
    """Taken from the ledger, or from another request for the same that was in flight; its usage is
    that of the call that was paid for."""
    counted: bool = False
    """The provider told no usage: its tokens are counted here, with the nearest vocabulary."""


@dataclass(frozen=True)
class ChunkSummary:
    """The summary of one chunk."""

    chunk: Chunk
    text: str
    model: str
    cached: bool = False


@dataclass(frozen=True)
class DocumentSummary:
    """The summary of one document."""

    name: str
    text: str
    chunks: int
    """How many of its chunks the summary covers."""
    model: str
    path: str | None = None


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

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{self.name}{why}: {' '.join(self.passage.split())}"


@dataclass(frozen=True)
class Omission:
    """Something that the result does not cover, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Added:
    """What adding to a library changed, in documents, and the passages written."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    omitted: tuple[Omission, ...] = ()
    """What was found but not read, and why."""


@dataclass(frozen=True)
class Plan:
    """What a run will do, known before its first call."""

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

    def __str__(self) -> str:
        cost = f"at most ${self.cost_usd or 0:.4f}"
        if self.cost_usd is None:
            cost = "price not known (give Model(..., prices=...))"
        takes = f"at most {self.tokens:,} tokens, {cost}" if self.tokens else "free"
        return (
            f"{self.documents} documents, {self.chunks} chunks: {self.calls} calls of {self.model} "
            f"in {self.depth} levels, {takes}"
        )


@dataclass(frozen=True, repr=False)
class Summary:
    """The result of ``summarize``; displays itself in a notebook cell.

    In ``run.partial``, the same record holds what is finished so far: its text is empty until the
    last merge is done, and ``omitted`` names what is missing.
    """

    text: str
    """The final summary, without citation marks; the renderings set them."""
    model: str
    """The model that wrote the text; ``"extractive"`` takes sentences from the sources."""
    citations: tuple[Citation, ...] = ()
    documents: tuple[DocumentSummary, ...] = ()
    """A summary for each document, in input order."""
    chunks: tuple[ChunkSummary, ...] = ()
    """A summary for each chunk, in input order."""
    related: tuple[Hit, ...] = ()
    """What the library holds on the matter, best first; empty without a library."""
    data: Any = None
    """The result as an instance of the ``response_model`` asked for; ``None`` without one."""
    usage: Usage = field(default_factory=Usage)
    """What this run paid for."""
    omitted: tuple[Omission, ...] = ()
    """Everything the summary does not cover."""
    question: str | None = None
    run_id: str = ""
    seconds: float = 0.0
    """How long the run took."""

    def to_markdown(self) -> str:
        """Render as Markdown, with numbered citations."""
        from docsum_nb.render import to_markdown

        return to_markdown(self)

    def to_html(self, *, page: bool = False) -> str:
        """Render as HTML that needs no script and nothing from elsewhere.

        Args:
            page: A whole page instead of a fragment.
        """
        from docsum_nb.render import to_html, to_html_page

        return to_html_page(self) if page else to_html(self)

    def to_json(self) -> str:
        """Render as JSON: every field of the record."""
        from docsum_nb.render import to_json

        return to_json(self)

    def to_text(self) -> str:
        """Render as plain text for a terminal, wrapped at 88 columns."""
        from docsum_nb.render import to_text

        return to_text(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        gist = " ".join(self.text.split())[:60]
        return f"<Summary of {len(self.documents)} documents by {self.model}: {gist!r}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {
            "text/plain": self.to_text(),
            "text/markdown": self.to_markdown(),
            "text/html": self.to_html(),
        }
