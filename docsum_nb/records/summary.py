"""The fields of a result; ``results.Summary`` adds how it displays itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from docsum_nb.records.calls import Usage
from docsum_nb.records.parts import ChunkSummary, Citation, DocumentSummary, Hit, Omission

__all__ = ["Data_co", "SummaryRecord"]

Data_co = TypeVar("Data_co", covariant=True, default=Any)
"""The class of a summary's ``data``; of a ``Summary`` without brackets, any."""


@dataclass(frozen=True)
class SummaryRecord(Generic[Data_co]):
    """What ``summarize`` returns, as data; complete, or what is finished so far."""

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
    data: Data_co = None  # type: ignore[assignment]  # without a response_model it is None
    """The result as an instance of the ``response_model`` asked for; ``None`` without one."""
    usage: Usage = field(default_factory=Usage)
    """What this run paid for."""
    omitted: tuple[Omission, ...] = ()
    """Everything the summary does not cover."""
    question: str | None = None
    run_id: str = ""
    seconds: float = 0.0
    """How long the run took."""
