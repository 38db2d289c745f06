"""The map step: a summary for every chunk, from the ledger or from the model.

A partial result has every summary that is finished. What is stored needs no task: a run of
ten thousand finished chunks takes seconds. The plan counts tokens with the nearest vocabulary it
has, and a provider may take less than it says: a chunk that is refused as too long is summarized in
halves, and only that chunk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from docsum_nb.documents.split import split
from docsum_nb.events import ChunkFailed, ChunkStarted, ChunkSummarized
from docsum_nb.models import ModelClient, is_too_long, with_cause
from docsum_nb.options import OnError
from docsum_nb.pipeline.combine import Combiner, PartialSummary
from docsum_nb.pipeline.error_notes import ErrorNotes
from docsum_nb.pipeline.requests import RequestBuilder
from docsum_nb.pipeline.results import Results
from docsum_nb.pipeline.task_executor import TaskExecutor
from docsum_nb.records import (
    Answer,
    Chunk,
    ChunkSummary,
    Document,
    Omission,
    SourceSpan,
    Usage,
)
from docsum_nb.run import Control, Failed, about, fan_out, in_thread
from docsum_nb.wording import others_kept

__all__ = ["ChunkSummarizer"]

_REPORTED_SHARE = 0.1
"""Of a document that cannot be quoted, from which it is an omission."""
_BREATH = 200
"""Stored chunks after which other runs may go on."""
_LEAST_TOKENS = 64
"""A shorter piece that is too long is refused for another reason."""


class ChunkSummarizer:
    """Summarizes the chunks of one run.

    Args:
        builder: Builds the task of each summary.
        tasks: Runs it.
        client: Has the summaries that are stored already.
        combiner: Merges the summaries of the pieces of a chunk that is too long.
        results: Collects the summaries, and what the result lacks.
        notes: Completes each error with what was being done.
        control: The run's.
    """

    def __init__(
        self,
        builder: RequestBuilder,
        tasks: TaskExecutor,
        client: ModelClient,
        combiner: Combiner,
        results: Results,
        notes: ErrorNotes,
        control: Control,
    ) -> None:
        self._builder = builder
        self._tasks = tasks
        self._client = client
        self._combiner = combiner
        self._results = results
        self._notes = notes
        self._control = control
        self._chunks = builder.prepared.chunks
        self._quoting: dict[tuple[str, str], tuple[int, int]] = {}
        """By document and model: the words that cannot be quoted, and all of them."""
        counts = builder.prepared.chunk_counts()
        self._words = [builder.prepared.words_for(chunk, counts) for chunk in self._chunks]

    async def summarize(self, *, limit: int, on_error: OnError) -> None:
        """Summarize every chunk; each summary is in the results once it is finished.

        Args:
            limit: Chunks in work at the same time.
            on_error: As for ``summarize``.

        Raises:
            Stopping: if the run was stopped, by the first error or otherwise.
            ExceptionGroup: with ``on_error="collect"``, of all chunks that failed.
            Exception: with ``on_error="skip"``, the first error if all of them failed.
        """
        self._control.check()
        if self._builder.prepared.refines:
            await self._refine(limit=limit, on_error=on_error)
            return
        stored = await in_thread(self._look_up) if self._client.stores else {}
        for count, (index, summary) in enumerate(stored.items(), start=1):
            self._control.emit(ChunkStarted(summary.name, place=index))
            self._finish(index, summary)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
                self._control.check()
        outcomes = await fan_out(
            self._summarize_chunk,
            [index for index in range(len(self._chunks)) if index not in stored],
            limit=limit,
            control=self._control,
            keep_failures=on_error != "raise",
        )
        self._results.omit(_not_quoted(self._quoting))
        failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        if failed:
            self._raise_or_omit(failed, on_error)

    async def _refine(self, *, limit: int, on_error: OnError) -> None:
        """Summarize the chunks of each document in order, rewriting one summary; as above."""
        documents: dict[str, list[int]] = {}
        for index, chunk in enumerate(self._chunks):
            documents.setdefault(chunk.document, []).append(index)

        async def one(name: str) -> list[Failed[int]]:
            so_far, failed = "", []
            for index in documents[name]:
                try:
                    so_far = await self._summarize_chunk(index, so_far)
                except Exception as error:
                    if self._control.stopped_by() is not None or on_error == "raise":
                        raise
                    failed.append(Failed(index, error))
            return failed

        outcomes = await fan_out(one, list(documents), limit=limit, control=self._control)
        failed = [each for found in outcomes if not isinstance(found, Failed) for each in found]
        if failed:
            self._raise_or_omit(failed, on_error)

    def _look_up(self) -> dict[int, PartialSummary]:
        """Return the summaries that are stored, by the index of their chunk, in order."""
        # Made one by one: all of them would take as much memory as the texts.
        found = self._client.look_up(
            self._builder.summary(chunk, words).request
            for chunk, words in zip(self._chunks, self._words, strict=True)
        )
        return {
            index: _summary_of(chunk, answer, self._builder.places(chunk), chunk.label)
            for index, answer in found.items()
            for chunk in [self._chunks[index]]
        }

    async def _summarize_chunk(self, index: int, so_far: str = "") -> str:
        """Summarize a chunk; returns the text.

        Args:
            index: The chunk's.
            so_far: The summary of what stands before it, which is rewritten to be one of both.
        """
        chunk = self._chunks[index]
        with about(index):
            self._control.emit(ChunkStarted(chunk.label))
            try:
                summary = await self._whole_or_halves(
                    chunk,
                    chunk.label,
                    self._words[index],
                    so_far=so_far,
                    final=len(self._chunks) == 1,
                )
            except Exception as error:
                if self._control.stopped_by() is None:
                    self._control.emit(ChunkFailed(chunk.label, with_cause(error)))
                    self._notes(f"summarizing {chunk.label}", error)
                raise
            self._finish(index, summary)
        return summary.text

    async def _whole_or_halves(
        self, chunk: Chunk, name: str, words: int, *, so_far: str = "", final: bool = False
    ) -> PartialSummary:
        """Summarize a chunk; if the model refuses it as too long, in halves that are merged.

        Args:
            chunk: What to summarize.
            name: What the summary and its omissions are of.
            words: Length of the summary.
            so_far: The summary of what stands before it; empty to summarize the chunk alone.
            final: Whether it is the final text of the run.

        Raises:
            Exception: what the model raised; that a piece is too long only if it cannot be cut.
        """
        try:
            asked = self._builder.summary(chunk, words, so_far=so_far, final=final)
            answer = await self._tasks.run(asked)
            return _summary_of(chunk, answer, asked.places, name)
        except Exception as error:
            if not is_too_long(error) or chunk.tokens < 2 * _LEAST_TOKENS:
                raise
            pieces = self._halves(chunk)
            if len(pieces) < 2:
                raise
        if self._builder.prepared.refines:
            return await self._in_turn(pieces, name, words, so_far)
        merging = self._builder.prepared.sizes.of_chunks(len(pieces), words)
        summaries = [
            await self._whole_or_halves(
                piece, f"part {number} of {chunk.label}", merging.part_words
            )
            for number, piece in enumerate(pieces, start=1)
        ]
        # A chunk that fails may be omitted, even if it failed in its merge.
        merged = await self._combiner.merge(
            chunk.label, summaries, merging, final=final, apart=True
        )
        return replace(merged, name=name)

    async def _in_turn(
        self, pieces: Sequence[Chunk], name: str, words: int, so_far: str
    ) -> PartialSummary:
        """Return the summary that was rewritten for each of the pieces of a chunk."""
        paid = Usage()
        omissions: list[Omission] = []
        for piece in pieces:
            last = await self._whole_or_halves(piece, name, words, so_far=so_far)
            so_far, paid = last.text, paid + last.usage
            omissions += last.omissions
        return replace(last, usage=paid, omissions=tuple(omissions))

    def _halves(self, chunk: Chunk) -> list[Chunk]:
        document = Document(chunk.document, chunk.text, syntax=chunk.syntax)
        count = self._builder.prepared.model.count
        return [
            replace(
                piece,
                index=chunk.index,
                start=chunk.start + piece.start,
                end=chunk.start + piece.end,
                headings=piece.headings or chunk.headings,
                page=chunk.page,
            )
            for piece in split(document, max_tokens=chunk.tokens // 2 + 1, count=count)
        ]

    def _finish(self, index: int, summary: PartialSummary) -> None:
        chunk = self._chunks[index]
        self._results.add_chunk(
            index,
            ChunkSummary(chunk, summary.text, summary.model, summary.cached, usage=summary.usage),
            (summary.marks, summary.unknown_marks),
        )
        self._results.omit(summary.omissions)
        if any(summary.words):
            document = (chunk.document, summary.model)
            outside, total = self._quoting.get(document, (0, 0))
            self._quoting[document] = (outside + summary.words[0], total + summary.words[1])
        self._control.emit(ChunkSummarized(chunk.label, summary.cached, place=index))

    def _raise_or_omit(self, failed: Sequence[Failed[int]], on_error: OnError) -> None:
        chunks = len(self._chunks)
        if on_error == "collect":
            raise ExceptionGroup(
                f"{len(failed)} of {chunks} chunks failed"
                + others_kept(len(failed), chunks, stores=self._client.stores),
                [failure.error for failure in failed],
            )
        if len(failed) == chunks:
            raise failed[0].error
        self._results.omit(
            Omission(
                self._chunks[failure.item].label,
                f"not summarized: {with_cause(failure.error)}",
            )
            for failure in failed
        )


def _summary_of(
    chunk: Chunk, answer: Answer, places: Sequence[SourceSpan], name: str
) -> PartialSummary:
    return PartialSummary.of(name, answer, places=places, material=chunk.text)


def _not_quoted(counts: Mapping[tuple[str, str], tuple[int, int]]) -> list[Omission]:
    """Return an omission for each document of which a tenth or more cannot be quoted."""
    return [
        Omission(
            document,
            f"{outside:,} of its {total:,} words ({outside / total:.0%}) are not running text "
            f"(headings, tables, code, fragments), so '{model}' does not quote them",
        )
        for (document, model), (outside, total) in counts.items()
        if outside > _REPORTED_SHARE * total
    ]
