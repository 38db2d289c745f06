"""What every rendering shows, in order, before it takes the form of text, Markdown or HTML.

Decides where citation marks stand, which passages are shortened, and what a partial result says.
Invariant: every string is clean (see ``clean``) and none is escaped: that belongs to each form.
Spans that point outside the text are clamped, never an error: a result must always display.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from docsum_nb.records import ChunkSummary, Citation, DocumentSummary, SummaryRecord
from docsum_nb.records.json_form import to_json
from docsum_nb.render.formats import cost_text, count_text, duration_text
from docsum_nb.render.highlight import Highlight, marked_line, plain_line
from docsum_nb.render.one_line import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


__all__ = [
    "EXTRACTIVE_NOTE",
    "MOST_IN_A_CELL",
    "LayoutEntry",
    "LayoutPiece",
    "LayoutSource",
    "Mark",
    "Paragraph",
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
_EXTRACTIVE = "extractive"
_MAX_LOOSE_CHUNKS = 20


class Mark(NamedTuple):
    """A citation mark in the text."""

    number: int
    first: bool
    """Whether it is the first mark of this number: the one a source links back to."""


class LayoutPiece(NamedTuple):
    """A stretch of text, and the marks that stand at its end."""

    text: str
    marks: tuple[Mark, ...] = ()


Paragraph = tuple[LayoutPiece, ...]


class LayoutSource(NamedTuple):
    """A cited passage."""

    number: int
    document: str
    place: tuple[str, ...]
    """Page and innermost heading, as far as they are known."""
    passage: str


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
    """Model, calls, tokens, cost, duration."""


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
    body = _paragraphs(summary.text, _marks(summary))
    loose = () if body else _loose_chunks(summary)
    documents = _shown_documents(summary)
    return SummaryLayout(
        question=one_line(summary.question or "", max_chars=1000),
        body=body,
        status="" if body else _status(summary),
        data="" if summary.data is None else clean(to_json(summary.data)),
        sources=_sources(summary.citations, passage_chars),
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


def _marks(summary: SummaryRecord) -> dict[int, tuple[Mark, ...]]:
    """Map each place in the text to the marks that stand there, in order of number."""
    numbers: defaultdict[int, set[int]] = defaultdict(set)
    for citation in summary.citations:
        # Sentence spans end with the white space that follows; a mark belongs before it.
        numbers[len(summary.text[: max(0, citation.end)].rstrip())].add(citation.number)
    marks: dict[int, tuple[Mark, ...]] = {}
    seen: set[int] = set()
    for place in sorted(numbers):
        marks[place] = tuple(Mark(n, n not in seen) for n in sorted(numbers[place]))
        seen |= numbers[place]
    return marks


def _paragraphs(text: str, marks: Mapping[int, tuple[Mark, ...]]) -> tuple[Paragraph, ...]:
    places = sorted(marks)
    found = []
    for start, end in _paragraph_spans(text):
        pieces = []
        for place in (p for p in places if start < p <= end):
            pieces.append(LayoutPiece(clean(text[start:place]), marks[place]))
            start = place
        if start < end:
            pieces.append(LayoutPiece(clean(text[start:end])))
        found.append(tuple(pieces))
    return tuple(found)


def _paragraph_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans between blank lines, without white space at either end."""
    start = end = position = 0
    for line in (*text.split("\n"), ""):
        stripped = line.strip()
        if stripped:
            if end <= start:
                start = position + line.index(stripped[0])
            end = position + len(line.rstrip())
        elif end > start:
            yield start, end
            start = end
        position += len(line) + 1


def _sources(citations: tuple[Citation, ...], passage_chars: int) -> tuple[LayoutSource, ...]:
    first = {citation.number: citation for citation in reversed(citations)}
    return tuple(
        LayoutSource(
            number,
            _name(citation.document),
            _place(citation.page, citation.headings),
            one_line(citation.passage, max_chars=passage_chars),
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
    return LayoutEntry(_name(item.name), detail, _paragraphs(item.text, {}))


def _loose_chunks(summary: SummaryRecord) -> tuple[ChunkSummary, ...]:
    covered = {item.name for item in summary.documents}
    return tuple(item for item in summary.chunks if item.chunk.document not in covered)


def _status(summary: SummaryRecord) -> str:
    documents = count_text(len(summary.documents), "document")
    chunks = count_text(len(summary.chunks), "chunk")
    return f"No final summary yet. Finished so far: summaries of {documents} and {chunks}."


def _facts(summary: SummaryRecord) -> tuple[str, ...]:
    usage = summary.usage
    free = summary.model == _EXTRACTIVE and usage.cost_usd == 0
    return (
        one_line(summary.model) or "no model",
        count_text(usage.calls, "call"),
        count_text(usage.prompt_tokens + usage.completion_tokens, "token"),
        "free" if free else cost_text(usage.cost_usd),
        duration_text(summary.seconds),
    )
