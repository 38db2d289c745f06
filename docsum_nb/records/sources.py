"""What is read: documents, and the chunks they are cut into."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

__all__ = ["Chunk", "Document", "SourceSpan", "Syntax"]

Syntax = Literal["markdown", "plain", "summaries"]
"""How a text is written: Markdown, with reStructuredText and HTML in it; plain text, in which no
character is markup; or summaries, each group of them below a line that begins with ``##``."""


@dataclass(frozen=True)
class Document:
    """One text to summarize or to keep in a library."""

    name: str
    """What the reader calls it; unique within a run. For files, the path below the given folder."""
    text: str = field(repr=False)
    """The whole text. Headings are Markdown headings if the format has any."""
    path: str | None = None
    """The file it was read from; ``None`` if it came as text."""
    pages: tuple[int, ...] = field(default=(), repr=False)
    """The character offset at which each page begins; empty if the format has no pages."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What else is known of it; must be JSON-serializable to be kept in a library."""
    syntax: Syntax = "markdown"
    """How the text is written: ``"plain"`` if asterisks, angle brackets and the like stand for
    themselves, as in a ``.txt`` file."""

    @property
    def digest(self) -> str:
        """The SHA-256 of its text, in hexadecimal digits."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def page_at(self, offset: int) -> int | None:
        """Return the page of a character offset, counted from 1; ``None`` without pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None


@dataclass(frozen=True)
class SourceSpan:
    """A place in a document."""

    document: str
    """The document's name."""
    start: int
    end: int
    """Its span in the document's text."""


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
    syntax: Syntax = "markdown"
    """As of its document."""

    @property
    def label(self) -> str:
        """Name the chunk for a person: document, place, innermost heading."""
        heading = f" ({self.headings[-1]})" if self.headings else ""
        return f"{self.document}, chunk {self.index}{heading}"
