"""What a run has finished so far, and the summary that it makes.

The steps of the job add to it on the loop; a partial result may be read from any thread.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from docsum_nb.documents.source_marks import Mark
from docsum_nb.models import ModelClient
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.records import (
    OWN_CITATIONS,
    ChunkSummary,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    Omission,
    SourceSpan,
)
from docsum_nb.render.formats import count_text
from docsum_nb.results import Summary

__all__ = ["Results"]

_TOO_LONG = 2
"""How often the words that were asked for a text may have before that is reported."""
_SLACK_WORDS = 50
_UNFINISHED = "the run ended before its summary was finished"


class Results:
    """The results of one run.

    Args:
        prepared: What the run works with.
        client: Has the usage of the run, and the answers that could not be stored.
        run_id: The run.
        began: When it began, by the monotonic clock.
    """

    def __init__(
        self, prepared: Prepared, client: ModelClient, *, run_id: str, began: float
    ) -> None:
        self.chunks: dict[int, ChunkSummary] = {}
        """By the index of the chunk."""
        self.marks: dict[int, tuple[tuple[Mark, ...], int]] = {}
        """By the index of the chunk, the passages that its summary names, and how many numbers it
        names that no passage has."""
        self.documents: dict[str, DocumentSummary] = {}
        """Of the documents that took a merge, by name."""
        self.omitted: list[Omission] = [*prepared.omitted]
        self.text, self.model = "", prepared.options.model.name
        self.citations: tuple[Citation, ...] = ()
        self.related: tuple[Hit, ...] = ()
        self.data: Any = None
        self._digests: dict[str, str] = {}
        self._prepared = prepared
        self._client = client
        self._run_id = run_id
        self._began = began

    def add_chunk(
        self, index: int, summary: ChunkSummary, marks: tuple[tuple[Mark, ...], int] = ((), 0)
    ) -> None:
        """Add the summary of a chunk, with its marks."""
        self.marks[index] = marks
        self.chunks[index] = summary

    def add_document(self, summary: DocumentSummary) -> None:
        """Add the summary of a document that took a merge."""
        self.documents[summary.name] = summary

    def omit(self, omissions: Iterable[Omission]) -> None:
        """Add what the result lacks."""
        self.omitted.extend(omissions)

    def in_order(self) -> tuple[ChunkSummary, ...]:
        """Return the summaries of the chunks, in input order."""
        return tuple(summary for _, summary in sorted(self.chunks.copy().items()))

    def by_document(self) -> list[DocumentSummary]:
        """Return the summaries of the documents that are finished, in input order."""
        counts = self._prepared.chunk_counts()
        # Of a document in one chunk, that chunk's summary is the document's.
        single = {
            each.chunk.document: DocumentSummary(
                each.chunk.document, each.text, 1, each.model, usage=each.usage
            )
            for each in self.chunks.copy().values()
            if counts[each.chunk.document] == 1
        }
        summaries = [
            (document, self.documents.get(document.name) or single.get(document.name))
            for document in self._prepared.documents
        ]
        return [
            replace(each, path=document.path, sha256=self._digest(document))
            for document, each in summaries
            if each
        ]

    def _digest(self, document: Document) -> str:
        """Return the hash of a document; a long text takes a while, so it is kept."""
        if document.name not in self._digests:
            self._digests[document.name] = document.digest
        return self._digests[document.name]

    @property
    def in_flight(self) -> int:
        """The number of requests that are not answered yet."""
        return self._client.in_flight

    def summary(self, *, partial: bool = False) -> Summary:
        """Return the summary; a partial one lists the documents it lacks in its omissions."""
        documents = self.by_document()
        omitted = [*self.omitted, *self._client.omissions()]
        if partial:
            finished = {each.name for each in documents}
            omitted += [
                Omission(document.name, _UNFINISHED)
                for document in self._prepared.documents
                if document.name not in finished
            ]
        return Summary(
            text=self.text,
            model=self.model,
            citations=self.citations,
            documents=tuple(documents),
            chunks=self.in_order(),
            related=self.related,
            data=self.data,
            usage=self._client.usage,
            omitted=tuple(omitted),
            question=self._prepared.options.question,
            run_id=self._run_id,
            seconds=time.monotonic() - self._began,
        )

    def note_fallbacks(self) -> None:
        """Add how many chunks were summarized by a fallback model, if any were."""
        asked = self._prepared.model.name
        others = Counter(each.model for each in self.chunks.values() if each.model != asked)
        for model, count in others.items():
            reason = f"written by {model}, because {asked} failed"
            self.omitted.append(Omission(f"{count} of {len(self.chunks)} chunks", reason))

    def note_marks(self, marks: Sequence[Mark], unknown: int) -> None:
        """Add how many of the model's own citations do not hold, if any do not."""
        named = [
            [
                each
                for each in self.citations
                if each.start < mark.end and mark.start < each.end and _is_in(each, mark.places)
            ]
            for mark in marks
        ]
        wrong = sum(not each for each in named)
        reasons = [
            f"{wrong} of {len(marks)} name a passage that does not support their sentence"
            if wrong
            else "",
            f"{count_text(unknown, 'number')} of no passage" if unknown else "",
        ]
        if wrong or unknown:
            reason = f"not used: {', and '.join(filter(None, reasons))}"
            self.omitted.append(Omission(OWN_CITATIONS, reason))

    def note_length(self) -> None:
        """Add that the text is far longer than was asked for, if it is.

        Words are counted between spaces: of scripts without them, this says nothing.
        """
        asked, count = self._prepared.sizes.final_words, len(self.text.split())
        if count > _TOO_LONG * asked + _SLACK_WORDS:
            reason = f"it has {count:,} words; at most {asked:,} were asked for"
            self.omitted.append(Omission("the length of the summary", reason))


def _is_in(citation: Citation, places: Sequence[SourceSpan]) -> bool:
    return any(
        each.document == citation.document
        and each.start < citation.source_end
        and citation.source_start < each.end
        for each in places
    )
