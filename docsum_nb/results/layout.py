"""What every rendering shows, in order, before it takes the form of text, Markdown or HTML.

Decides where citation marks stand, which passages are shortened, and what a partial result says.
Invariant: every string is clean (see ``clean``) and none is escaped: that belongs to each form.
Spans that point outside the text are clamped, never an error: a result must always display.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from docsum_nb.records import ChunkSummary, DocumentSummary, SummaryRecord
from docsum_nb.records.json_form import to_json
from docsum_nb.render.formats import cost_text, count_text, duration_text
from docsum_nb.render.highlight import Highlight, marked_line, plain_line
from docsum_nb.render.one_line import clean, one_line
from docsum_nb.results.paragraphs import UNSUPPORTED, Paragraph, paragraphs
from docsum_nb.results.reading import ChunkTexts, Reading

__all__ = [
    "EXTRACTIVE_NOTE",
    "MOST_IN_A_CELL",
    "NOTHING_SUPPORTED_NOTE",
    "UNSUPPORTED_NOTE",
    "LayoutEntry",
    "LayoutSource",
    "SummaryLayout",
    "more_text",
    "outline",
]

MOST_IN_A_CELL = 100
"""Documents and omissions that a notebook cell lists: more is slow to open, and no better read."""

EXTRACTIVE_NOTE = (
    "Extractive summary: its sentences are taken from the sources as they are; "
    "no language model wrote it."
)
UNSUPPORTED_NOTE = (
    f"{UNSUPPORTED} No passage of the sources was found that supports this: compare it with them."
)
NOTHING_SUPPORTED_NOTE = (
    "No passage of the sources was found that supports a sentence of this text: compare it with "
    "them."
)
_EXTRACTIVE = "extractive"
_MAX_LOOSE_CHUNKS = 20


class LayoutSource(NamedTuple):
    """A cited passage."""

    number: int
    document: str
    place: tuple[str, ...]
    """Page and innermost heading, as far as they are known."""
    passage: str
    reading: Reading | None
    """The passage in its document; ``None`` if the result does not hold that text."""


class LayoutEntry(NamedTuple):
    """A name with what is said of it."""

    name: str
    detail: str
    """A short remark on the name; may be empty."""
    body: tuple[Paragraph, ...] = ()
    passage: tuple[Highlight, ...] = ()


@dataclass(frozen=True)
class SummaryLayout:
    """The contents of a rendering, top to bottom."""

    question: str
    body: tuple[Paragraph, ...]
    """The summary's paragraphs; empty while there is no final summary."""
    unsupported: str
    """What the marks of sentences without a source mean; empty without such sentences."""
    status: str
    """Why there is no final summary and what is finished; empty if there is one."""
    data: str
    """The data that was asked for, as JSON; empty without."""
    sources: tuple[LayoutSource, ...]
    documents: tuple[LayoutEntry, ...]
    more_documents: int
    """Documents beyond the ones listed."""
    chunks: tuple[LayoutEntry, ...]
    """Finished chunks that no other text covers yet; only in a partial result."""
    more_chunks: int
    """Such chunks beyond the ones listed."""
    related: tuple[LayoutEntry, ...]
    omitted: tuple[LayoutEntry, ...]
    more_omitted: int
    """Omissions beyond the ones listed."""
    note: str
    """How the text was made if no language model wrote it; else empty."""
    facts: tuple[str, ...]
    """How many documents are cited, model, calls, tokens, cost, duration."""


def more_text(hidden: int, noun: str) -> str:
    """Return the line that counts what is not listed, and says where all of it is."""
    where = ".chunks" if noun == "chunk" else ".to_html(page=True)"
    return f"… and {count_text(hidden, f'more {noun}')}; {where} has all of them."


def outline(
    summary: SummaryRecord, *, passage_chars: int, most: int | None = None
) -> SummaryLayout:
    """Lay out a result.

    Args:
        summary: The result, complete or partial.
        passage_chars: The length at which passages of sources and library are shortened.
        most: Documents and omissions that are listed; ``None`` for all.

    Returns:
        What to show, in the order in which to show it.
    """
    body = paragraphs(summary.text, summary.citations)
    loose = () if body else _loose_chunks(summary)
    documents = _shown_documents(summary)
    return SummaryLayout(
        question=one_line(summary.question or "", max_chars=1000),
        body=body,
        status="" if body else _status(summary),
        data="" if summary.data is None else clean(to_json(summary.data)),
        unsupported=_unsupported(summary, body),
        sources=_sources(summary, passage_chars),
        documents=tuple(map(_document, documents[:most])),
        more_documents=len(documents) - len(documents[:most]),
        chunks=tuple(
            LayoutEntry(_name(item.chunk.label), "", passage=plain_line(item.text, max_chars=600))
            for item in loose[:_MAX_LOOSE_CHUNKS]
        ),
        more_chunks=max(0, len(loose) - _MAX_LOOSE_CHUNKS),
        related=tuple(
            LayoutEntry(
                _name(hit.name),
                one_line(hit.why or "", max_chars=600),
                passage=marked_line(hit.passage, hit.marks, max_chars=passage_chars),
            )
            for hit in summary.related
        ),
        omitted=tuple(
            LayoutEntry(_name(item.what), one_line(item.reason, max_chars=400))
            for item in summary.omitted[:most]
        ),
        more_omitted=len(summary.omitted) - len(summary.omitted[:most]),
        note=EXTRACTIVE_NOTE if summary.model == _EXTRACTIVE else "",
        facts=_facts(summary),
    )


def _unsupported(summary: SummaryRecord, body: tuple[Paragraph, ...]) -> str:
    if any(not piece.supported for paragraph in body for piece in paragraph):
        return UNSUPPORTED_NOTE
    # Texts of other makers than a run have no chunks; nothing was sought for them.
    return NOTHING_SUPPORTED_NOTE if body and summary.chunks and not summary.citations else ""


def _sources(summary: SummaryRecord, passage_chars: int) -> tuple[LayoutSource, ...]:
    first = {citation.number: citation for citation in reversed(summary.citations)}
    texts = ChunkTexts(summary.chunks)
    return tuple(
        LayoutSource(
            number,
            _name(citation.document),
            _place(citation.page, citation.headings),
            one_line(citation.passage, max_chars=passage_chars),
            texts.reading(citation),
        )
        for number, citation in sorted(first.items())
    )


def _place(page: int | None, headings: tuple[str, ...]) -> tuple[str, ...]:
    parts = [] if page is None else [f"page {page}"]
    return (*parts, *(one_line(heading, max_chars=120) for heading in headings[-1:]))


def _name(name: str) -> str:
    return one_line(name) or "(no name)"


def _shown_documents(summary: SummaryRecord) -> tuple[DocumentSummary, ...]:
    if len(summary.documents) == 1 and summary.documents[0].text == summary.text:
        return ()  # the only document's summary is the final one, shown above
    return summary.documents


def _document(item: DocumentSummary) -> LayoutEntry:
    paid = f", {cost_text(item.usage.cost_usd)}" if item.usage.cost_usd else ""
    detail = count_text(item.chunks, "chunk") + paid
    return LayoutEntry(_name(item.name), detail, paragraphs(item.text))


def _loose_chunks(summary: SummaryRecord) -> tuple[ChunkSummary, ...]:
    covered = {item.name for item in summary.documents}
    return tuple(item for item in summary.chunks if item.chunk.document not in covered)


def _status(summary: SummaryRecord) -> str:
    documents = count_text(len(summary.documents), "document")
    chunks = count_text(len(summary.chunks), "chunk")
    return f"No final summary yet. Finished so far: summaries of {documents} and {chunks}."


def _drawn_on(summary: SummaryRecord) -> tuple[str, ...]:
    """Return how many of several documents are cited; nothing if none is."""
    count = len(summary.documents)
    names = {each.name for each in summary.documents}
    cited = len(names & {each.document for each in summary.citations})
    return (f"cites {cited:,} of {count:,} documents",) if count > 1 and cited else ()


def _facts(summary: SummaryRecord) -> tuple[str, ...]:
    usage = summary.usage
    free = summary.model == _EXTRACTIVE and usage.cost_usd == 0
    return (
        *_drawn_on(summary),
        one_line(summary.model) or "no model",
        count_text(usage.calls, "call"),
        count_text(usage.prompt_tokens + usage.completion_tokens, "token"),
        "free" if free else cost_text(usage.cost_usd),
        duration_text(summary.seconds),
    )
