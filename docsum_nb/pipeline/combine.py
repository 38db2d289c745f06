"""Merging summaries into one, level by level.

Each level has fewer texts than the one before, so it ends. Summaries that together are too long
for the model after all are merged in halves; what was left out of one is told, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.models import is_too_long
from docsum_nb.pipeline.sizes import groups
from docsum_nb.records import Answer, Omission, Usage
from docsum_nb.run import Control, Failed, fan_out

if TYPE_CHECKING:
    from docsum_nb.models import SummaryStream
    from docsum_nb.pipeline.requests import RequestBuilder

__all__ = ["Combiner", "PartialSummary"]


@dataclass(frozen=True)
class PartialSummary:
    """A summary on its way up: what it is of, and who wrote it."""

    name: str
    text: str
    model: str
    usage: Usage
    """What this run paid for it and for what it is made of."""


class Combiner:
    """Merges the summaries of one run.

    Args:
        writer: Writes each merge.
        control: The run's.
        limit: Merges at once, of one level.
        omit: Told what was left out.
        blame: Told of every error, with what was being done.
    """

    def __init__(
        self,
        writer: RequestBuilder,
        control: Control,
        *,
        limit: int,
        omit: Callable[[Sequence[Omission]], None],
        blame: Callable[[str, Exception], None],
    ) -> None:
        self._writer = writer
        self._control = control
        self._limit = limit
        self._omit = omit
        self._blame = blame

    async def merge(
        self,
        label: str,
        level: Sequence[PartialSummary],
        words: int,
        *,
        telling: SummaryStream | None = None,
        apart: bool = False,
    ) -> PartialSummary:
        """Merge summaries into one.

        Args:
            label: What they are of.
            level: At least one; a single one is returned as it is.
            words: Length of the last merge.
            telling: Told the text of the last merge as it is written.
            apart: An error is raised, and the caller's affair; else it ends the run at once.

        Raises:
            Stopping: if the run was stopped, by the first error or otherwise.
            Exception: the first error, with ``apart``.
        """
        sizes = self._writer.prepared.sizes
        while len(level) > 1:
            parts = groups(level, sizes.fan_in)
            last = len(parts) == 1
            length = words if last else sizes.document_words

            async def one(
                place: tuple[int, Sequence[PartialSummary]],
                *,
                last: bool = last,
                length: int = length,
            ) -> PartialSummary:
                index, group = place
                if len(group) == 1:
                    return group[0]
                name = label if last else f"part {index + 1} of {label}"
                try:
                    return await self._together(name, group, length, telling if last else None)
                except Exception as error:
                    if self._control.stopped_by() is None:
                        self._blame(f"combining {name}", error)
                    raise

            merged = await fan_out(
                one,
                list(enumerate(parts)),
                limit=self._limit,
                control=self._control,
                keep_failures=apart,
            )
            for each in merged:
                if isinstance(each, Failed):
                    raise each.error
            level = [each for each in merged if isinstance(each, PartialSummary)]
        return level[0]

    def omit_flaws(self, name: str, answer: Answer) -> None:
        """Report what is wrong with a summary that goes into a merge."""
        self._omit(omissions_of(name, answer))

    async def _together(
        self,
        name: str,
        group: Sequence[PartialSummary],
        words: int,
        telling: SummaryStream | None = None,
    ) -> PartialSummary:
        try:
            answer, cut = await self._writer.combine(
                name, [(each.name, each.text) for each in group], words=words, telling=telling
            )
        except Exception as error:
            if not is_too_long(error) or len(group) < 3:
                raise
            middle = len(group) // 2
            halves = [
                part[0] if len(part) == 1 else await self._together(half, part, words)
                for half, part in (
                    (f"the first half of {name}", group[:middle]),
                    (f"the second half of {name}", group[middle:]),
                )
            ]
            return await self._together(name, halves, words, telling)
        self._omit([*cut, *omissions_of(name, answer)])
        usage = sum((each.usage for each in group), answer.paid)
        return PartialSummary(name, answer.text, answer.model, usage)


def omissions_of(label: str, answer: Answer) -> list[Omission]:
    """Return what is wrong with a summary: that it was cut off at the limit, and its flaws."""
    flaws = list(answer.flaws)
    if answer.finish_reason == "length":
        flaws.insert(0, "its summary was cut off at the length limit of the model")
    return [Omission(label, flaw) for flaw in flaws]
