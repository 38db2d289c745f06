"""Verify a summary against its sources, read again: quotations in their places, hashes of texts.

For readers who trust neither the result nor this program's memory of the sources. A document is
found by its name, else by the hash of its text. Refuses a source that cannot be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from docsum_nb.documents.given import sources_in
from docsum_nb.documents.load import Loaded, load
from docsum_nb.records import Citation, Document, DocumentSummary, SummaryRecord
from docsum_nb.render.formats import count_text
from docsum_nb.results import Verification, VerifiedDocument

__all__ = ["verify"]

_VERSIONS = (
    "A text is not as summarized: its file was changed, or is read in another way now: by another "
    "version of docsum_nb, or then with a model for scanned pages (vision=)."
)


def verify(summary: SummaryRecord, source: object) -> Verification:
    """Compare a summary with its sources.

    Args:
        summary: A result, complete or partial.
        source: The documents, named as for ``summarize``.

    Raises:
        InputError: If the source is of no accepted type, or holds nothing.
        LoadError: If a file is missing or cannot be read.
    """
    loaded: Loaded = load(sources_in(source), on_error="skip")
    by_name = {each.name: each for each in loaded.documents}
    by_digest = {each.digest: each for each in loaded.documents}
    quoted: defaultdict[str, list[Citation]] = defaultdict(list)
    for each in summary.citations:
        quoted[each.document].append(each)
    documents = _named(summary, quoted)
    verified = tuple(
        _verified(each, by_name.get(each.name), by_digest.get(each.sha256), quoted[each.name])
        for each in documents
    )
    outside = sum(not 0 <= each.start < each.end <= len(summary.text) for each in summary.citations)
    return Verification(verified, outside, tuple(_unchecked(summary, loaded, verified)))


def _named(summary: SummaryRecord, quoted: dict[str, list[Citation]]) -> Iterator[DocumentSummary]:
    yield from summary.documents
    known = {each.name for each in summary.documents}
    for name in quoted:
        if name not in known:
            yield DocumentSummary(name, "", 0, "")


def _verified(
    summarized: DocumentSummary,
    named: Document | None,
    same: Document | None,
    citations: Sequence[Citation],
) -> VerifiedDocument:
    document = same or named
    if document is None:
        numbers = tuple(dict.fromkeys(each.number for each in citations))
        return VerifiedDocument(summarized.name, "missing", None, len(citations), numbers)
    misplaced = dict.fromkeys(
        each.number
        for each in citations
        if document.text[max(0, each.source_start) : each.source_end] != each.passage
        or not each.passage
    )
    state = "unchanged" if same else "changed" if summarized.sha256 else "unknown"
    return VerifiedDocument(
        summarized.name,
        state,  # type: ignore[arg-type]
        document.name,
        len(citations),
        tuple(misplaced),
    )


def _unchecked(
    summary: SummaryRecord, loaded: Loaded, verified: Sequence[VerifiedDocument]
) -> Iterator[str]:
    if any(each.state == "changed" for each in verified):
        yield _VERSIONS
    unknown = sum(each.state == "unknown" for each in verified)
    if unknown:
        yield (
            f"No hash of {count_text(unknown, 'document')}: the result was made by an earlier "
            "version; only its quotations were compared."
        )
    if not summary.citations and summary.text:
        yield "The summary has no citations: no quotation was compared."
    for each in loaded.omitted:
        yield f"{each.what}: {each.reason}"
