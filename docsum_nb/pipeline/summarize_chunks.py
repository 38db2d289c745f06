"""The map step: a summary for every chunk, from the ledger or from the model.

Summaries are there for a partial result as soon as they are finished. What is stored needs no task:
a run of ten thousand finished chunks takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from docsum_nb.events import ChunkFailed, ChunkStarted, ChunkSummarized
from docsum_nb.models import with_cause
from docsum_nb.options import OnError
from docsum_nb.pipeline.combine import Combiner, omissions_of
from docsum_nb.pipeline.halving import in_pieces
from docsum_nb.records import Answer, Chunk, ChunkSummary, Omission
from docsum_nb.run import Control, Failed, about, fan_out

if TYPE_CHECKING:
    from docsum_nb.models import SummaryStream
    from docsum_nb.pipeline.requests import RequestBuilder

__all__ = ["ChunkSummarizer"]

_REPORTED_SHARE = 0.1
"""Of a document that cannot be quoted, from which it is an omission."""
_BREATH = 200
"""Stored chunks after which other runs get their turn."""


class ChunkSummarizer:
    """Summarizes the chunks of one run.

    Args:
        writer: Writes each summary.
        merger: Merges the pieces of a chunk that is too long.
        control: The run's.
        omit: Told what the result will lack.
        blame: Told of every error, with what was being done.
        telling: Told the summary as it is written where there is one chunk only: it is the result.
    """

    def __init__(
        self,
        writer: RequestBuilder,
        merger: Combiner,
        control: Control,
        *,
        omit: Callable[[Sequence[Omission]], None],
        blame: Callable[[str, Exception], None],
        telling: SummaryStream | None = None,
    ) -> None:
        self._writer = writer
        self._merger = merger
        self._control = control
        self._omit = omit
        self._blame = blame
        self._chunks = writer.prepared.chunks
        self._telling = telling if len(self._chunks) == 1 else None
        counts = writer.prepared.chunk_counts()
        self._quoting: dict[tuple[str, str], tuple[int, int]] = {}
        """By document and model: the words that cannot be quoted, and all of them."""
        self._words = [writer.prepared.words_for(chunk, counts) for chunk in self._chunks]

    async def summarize(
        self, done: dict[int, ChunkSummary], *, limit: int, on_error: OnError
    ) -> None:
        """Summarize every chunk.

        Args:
            done: Takes the summaries, by the place of their chunk, as they are finished.
            limit: Chunks in work at once.
            on_error: As for ``summarize``.

        Raises:
            Stopping: if the run was stopped, by the first error or otherwise.
            ExceptionGroup: with ``on_error="collect"``, of all chunks that failed.
            Exception: with ``on_error="skip"``, the first error where all of them failed.
        """
        stored = await self._writer.stored(list(zip(self._chunks, self._words, strict=True)))
        for count, (place, answer) in enumerate(stored.items(), start=1):
            self._control.emit(ChunkStarted(self._chunks[place].label, place=place))
            self._finish(done, place, answer)
            if count % _BREATH == 0:
                await asyncio.sleep(0)
                self._control.check()

        async def one(place: int) -> None:
            with about(place):
                self._finish(done, place, await self._ask(place))

        outcomes = await fan_out(
            one,
            [place for place in range(len(self._chunks)) if place not in stored],
            limit=limit,
            control=self._control,
            keep_failures=on_error != "raise",
        )
        self._omit(_not_quoted(self._quoting))
        failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
        if failed:
            self._judge(failed, on_error)

    async def _ask(self, place: int) -> Answer:
        chunk = self._chunks[place]
        self._control.emit(ChunkStarted(chunk.label))
        try:
            return await in_pieces(
                chunk, self._words[place], self._writer, self._merger, telling=self._telling
            )
        except Exception as error:
            if self._control.stopped_by() is None:
                self._control.emit(ChunkFailed(chunk.label, with_cause(error)))
                self._blame(f"summarizing {chunk.label}", error)
            raise

    def _finish(self, done: dict[int, ChunkSummary], place: int, answer: Answer) -> None:
        chunk: Chunk = self._chunks[place]
        done[place] = ChunkSummary(
            chunk, answer.text, answer.model, answer.cached, usage=answer.paid
        )
        self._omit(omissions_of(chunk.label, answer))
        if any(answer.words):
            before = self._quoting.get((chunk.document, answer.model), (0, 0))
            counts = (before[0] + answer.words[0], before[1] + answer.words[1])
            self._quoting[chunk.document, answer.model] = counts
        self._control.emit(ChunkSummarized(chunk.label, answer.cached, place=place))

    def _judge(self, failed: Sequence[Failed[int]], on_error: OnError) -> None:
        chunks = len(self._chunks)
        if on_error == "collect":
            raise ExceptionGroup(
                f"{len(failed)} of {chunks} chunks failed; the others are kept: run the same call "
                "again to go on",
                [failure.error for failure in failed],
            )
        if len(failed) == chunks:
            raise failed[0].error
        self._omit(
            [
                Omission(
                    self._chunks[failure.item].label,
                    f"not summarized: {with_cause(failure.error)}",
                )
                for failure in failed
            ]
        )


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
