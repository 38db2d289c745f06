"""Merging summaries into one, level by level.

Each level has fewer texts than the one before, so it ends. Summaries that together are too long
for the model after all are merged in halves. What was cut off a summary is in the omissions of the
merge, never dropped in silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docsum_nb.documents.source_marks import Mark, unmarked
from docsum_nb.events import MergeFinished, MergesPlanned
from docsum_nb.models import ModelClient, is_too_long
from docsum_nb.pipeline.error_notes import ErrorNotes
from docsum_nb.pipeline.evidence import evidence_for
from docsum_nb.pipeline.requests import RequestBuilder
from docsum_nb.pipeline.sizes import Merging, groups
from docsum_nb.pipeline.task_executor import TaskExecutor
from docsum_nb.prompts import TaskSpec
from docsum_nb.records import Answer, ChunkSummary, Omission, SourceSpan, SourceText, Usage
from docsum_nb.render.one_line import one_line
from docsum_nb.run import Control, Failed, fan_out, in_thread

__all__ = ["Combiner", "PartialSummary", "omissions_of", "one_below_the_other"]

_NAME_CHARS = 80


@dataclass(frozen=True)
class PartialSummary:
    """A summary that goes into a merge, or came out of one."""

    name: str
    """What it is a summary of."""
    text: str
    model: str
    """The model that wrote it."""
    usage: Usage
    """What this run paid for it and for what it is made of."""
    cached: bool = False
    """Whether nothing of it was asked for in this run."""
    omissions: tuple[Omission, ...] = ()
    """What it lacks, and what the summaries lack that it is made of."""
    sources: tuple[SourceText, ...] = ()
    """What it is a summary of; empty if that is not at hand."""
    evidence: tuple[str, ...] = ()
    """Sentences of the texts that its parts rest on, for the next merge."""
    marks: tuple[Mark, ...] = ()
    """The passages that its model named for its sentences."""
    unknown_marks: int = 0
    """Numbers that it named and no passage has, with those in what it is made of."""
    words: tuple[int, int] = (0, 0)
    """As of its answer: the words of the text that its model cannot quote, and all of them."""

    @classmethod
    def of_chunk(
        cls, summary: ChunkSummary, marks: tuple[Mark, ...] = (), unknown: int = 0
    ) -> PartialSummary:
        """Return the summary of a chunk, with the marks of its answer."""
        chunk = summary.chunk
        source = SourceText(chunk.document, chunk.text, chunk.syntax)
        return cls(
            chunk.label,
            summary.text,
            summary.model,
            summary.usage,
            sources=(source,),
            marks=marks,
            unknown_marks=unknown,
        )

    @classmethod
    def of(
        cls,
        name: str,
        answer: Answer,
        *,
        places: Sequence[SourceSpan] = (),
        material: str = "",
        parts: Sequence[PartialSummary] = (),
        cut: Sequence[Omission] = (),
    ) -> PartialSummary:
        """Return an answer as a summary.

        Args:
            name: What it is a summary of.
            answer: The answer.
            places: The passages that its request had numbers for; empty if they were not asked.
            material: The text of the request.
            parts: The summaries that it merges.
            cut: What was cut off them to make the request fit.
        """
        found = unmarked(answer.text, places, material)
        omitted = [omission for part in parts for omission in part.omissions]
        return cls(
            name,
            found.text,
            answer.model,
            sum((part.usage for part in parts), answer.paid),
            answer.cached and all(part.cached for part in parts),
            (*omitted, *cut, *omissions_of(name, answer)),
            evidence=tuple(each for part in parts for each in part.evidence),
            marks=found.marks,
            unknown_marks=found.unknown + sum(part.unknown_marks for part in parts),
            words=answer.words,
        )

    def rests_on(self) -> tuple[str, ...]:
        """Return the sentences of its sources that it rests on most."""
        return evidence_for(self.text, self.evidence or [each.text for each in self.sources])


@dataclass(frozen=True)
class _Group:
    """The summaries of one merge."""

    name: str
    """What the merge is a summary of."""
    parts: tuple[PartialSummary, ...]
    words: int
    """Length of the merge."""
    part_words: int
    """Length of each of them, at most."""
    evidence_tokens: int
    """Of the quotations beside each of them, at most; 0 for none."""
    final: bool
    """Whether the merge is the final text of the run."""


class Combiner:
    """Merges the summaries of one run.

    Args:
        builder: Builds the task of each merge.
        tasks: Runs it.
        client: Has the merges that are stored already.
        notes: Completes each error with what was being done.
        control: The run's.
        limit: Merges of one level at the same time.
    """

    def __init__(
        self,
        builder: RequestBuilder,
        tasks: TaskExecutor,
        client: ModelClient,
        notes: ErrorNotes,
        control: Control,
        *,
        limit: int,
    ) -> None:
        self._builder = builder
        self._tasks = tasks
        self._client = client
        self._notes = notes
        self._control = control
        self._limit = limit
        # Counting the tokens of many summaries takes a while; many threads would take turns on
        # Python's lock.
        self._counting = asyncio.Semaphore(2)

    async def merge(
        self,
        label: str,
        summaries: Sequence[PartialSummary],
        merging: Merging,
        *,
        final: bool = False,
        apart: bool = False,
    ) -> PartialSummary:
        """Merge summaries into one.

        Args:
            label: What they are summaries of.
            summaries: At least one; a single one is returned unchanged.
            merging: How that number of summaries is merged.
            final: Whether the last merge is the final text of the run.
            apart: Raise an error to the caller only; else it also ends the run at once.

        Raises:
            Stopping: if the run was stopped, by the first error or otherwise.
            Exception: the first error, with ``apart``.
        """
        level = list(summaries)
        for planned in merging.levels:
            parts = [tuple(group) for group in groups(level, planned.groups)]
            level_groups = [
                _Group(
                    label if len(parts) == 1 else f"part {number} of {label}",
                    each,
                    planned.merged_words,
                    planned.words,
                    planned.evidence_tokens,
                    final=final and len(parts) == 1,
                )
                for number, each in enumerate(parts, start=1)
            ]
            merged = await fan_out(
                self._merge_group,
                level_groups,
                limit=self._limit,
                control=self._control,
                keep_failures=apart,
            )
            level = []
            for each in merged:
                if isinstance(each, Failed):
                    raise each.error
                level.append(each)
        return level[0]

    async def _merge_group(self, group: _Group) -> PartialSummary:
        if len(group.parts) == 1:
            return group.parts[0]
        try:
            return await self._whole_or_halves(group)
        except Exception as error:
            if self._control.stopped_by() is None:
                self._notes(f"combining {group.name}", error)
            raise

    async def _whole_or_halves(self, group: _Group) -> PartialSummary:
        """Merge summaries; if the model refuses them as too long, merge each half first."""
        try:
            return await self._merge_once(group)
        except Exception as error:
            quoted = group.evidence_tokens and await in_thread(_rests_on_any, group.parts)
            if not is_too_long(error) or (len(group.parts) < 3 and not quoted):
                raise
        if quoted:
            return await self._whole_or_halves(replace(group, evidence_tokens=0))
        middle = len(group.parts) // 2
        self._plan_more(1 + (middle > 1))
        words = self._builder.prepared.sizes.of_chunks(2, group.words).part_words
        halves = [
            part[0]
            if len(part) == 1
            else await self._whole_or_halves(
                replace(group, name=name, parts=part, words=words, final=False)
            )
            for name, part in (
                (f"the first half of {group.name}", group.parts[:middle]),
                (f"the second half of {group.name}", group.parts[middle:]),
            )
        ]
        longest = max(words, group.part_words)
        return await self._whole_or_halves(replace(group, parts=tuple(halves), part_words=longest))

    async def _merge_once(self, group: _Group) -> PartialSummary:
        async with self._counting:
            group, spec, cut, answer = await in_thread(self._prepare, group)
        if answer is None:
            answer = await self._tasks.run(spec)
        self._control.emit(MergeFinished(group.name, answer.cached))
        return PartialSummary.of(
            group.name,
            answer,
            places=spec.places,
            material=spec.request.text,
            parts=group.parts,
            cut=cut,
        )

    def _plan_more(self, merges: int) -> None:
        # Those of the pieces of a chunk are part of its own progress.
        if planned := self._control.state().merges:
            self._control.emit(MergesPlanned(planned + merges))

    def _prepare(self, group: _Group) -> tuple[_Group, TaskSpec, list[Omission], Answer | None]:
        """Return a merge with its evidence, its task, what was cut off, and a stored answer."""
        if group.evidence_tokens:
            parts = tuple(replace(part, evidence=part.rests_on()) for part in group.parts)
            group = replace(group, parts=parts)
        spec, cut = self._builder.merge(
            group.name,
            [(part.name, part.text) for part in group.parts],
            group.words,
            part_words=group.part_words,
            evidence=[part.evidence for part in group.parts],
            evidence_tokens=group.evidence_tokens,
            marks=[part.marks for part in group.parts],
            final=group.final,
            sources=[source for part in group.parts for source in part.sources]
            if all(part.sources for part in group.parts)
            else (),
        )
        return group, spec, cut, self._client.look_up([spec.request]).get(0)


def _rests_on_any(parts: Sequence[PartialSummary]) -> bool:
    return any(part.rests_on() for part in parts)


def omissions_of(label: str, answer: Answer) -> list[Omission]:
    """Return what is wrong with a summary: that it was cut off at the limit, and its flaws."""
    flaws = list(answer.flaws)
    if answer.finish_reason == "length":
        flaws.insert(0, "its summary was cut off at the length limit of the model")
    return [Omission(label, flaw) for flaw in flaws]


def one_below_the_other(summaries: Sequence[PartialSummary]) -> PartialSummary:
    """Return summaries as one, each below its name."""
    text, marks = "", list[Mark]()
    for at, each in enumerate(summaries):
        apart = "\n\n" if at else ""
        text += f"{apart}{one_line(each.name, max_chars=_NAME_CHARS)}\n\n"
        marks += [mark.moved(len(text)) for mark in each.marks]
        text += each.text
    unknown = sum(each.unknown_marks for each in summaries)
    return replace(summaries[0], text=text, marks=tuple(marks), unknown_marks=unknown)
