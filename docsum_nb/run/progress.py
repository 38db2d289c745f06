"""How each part of a run's work stands, since when, how fast it goes, and what is being written.

The parts are chunks, or a crew's tasks; ``RunState`` has only counts of them. One byte a part, so
that a view of ten thousand of them is one small message. Not a frozen record like the state: parts
change too often. The run writes it under its lock; readers get copies.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal, get_args

from docsum_nb.events import (
    CallFinished,
    CallStarted,
    ChunkFailed,
    ChunkSkipped,
    ChunksPlanned,
    ChunkStarted,
    ChunkSummarized,
    Event,
    MergeFinished,
    RunState,
    StageStarted,
    TextStreamed,
    Throttled,
    WaitEnded,
    WaitStarted,
)
from docsum_nb.records import Usage, UsageRow
from docsum_nb.results import RunUsage

__all__ = ["PART_STATES", "Duration", "Pace", "PartState", "Progress"]

PartState = Literal[
    "queued", "running", "waiting", "retrying", "done", "from the ledger", "failed", "skipped"
]
PART_STATES: tuple[PartState, ...] = get_args(PartState)
"""By the byte that stands for each."""
_BYTE = {state: byte for byte, state in enumerate(PART_STATES)}
_OVER = {_BYTE["done"], _BYTE["from the ledger"], _BYTE["failed"], _BYTE["skipped"]}

_WINDOW_S = 30.0
_LEAST_FINISHED = 3
"""A rate of fewer would be a guess."""
_MOST_TEXT = 4000
"""Characters of what is being written that a view gets: the end of it."""


@dataclass(frozen=True)
class Duration:
    """A stretch of time in which a part of the work stood in one state."""

    place: int
    """The part, counted from 0."""
    label: str
    state: PartState
    started_at: float
    """In seconds since the epoch, like ``ended_at``."""
    ended_at: float
    """Now, if the stretch has not ended."""


@dataclass(frozen=True)
class Pace:
    """How fast parts are finished, as measured; answers from the ledger are not counted.

    While a run merges, its parts are the merges. A pause that a provider has asked for is not part
    of the measured time; what is left of it is part of the time that is left.
    """

    per_second: float | None = None
    """Over the last half minute; ``None`` while too few are finished."""
    left_s: float | None = None
    """Seconds left at that rate; ``None`` if it is not known."""


class _Pauses:
    """The times in which a provider took no request; they follow one another, never overlapping."""

    def __init__(self) -> None:
        self._ended_s = 0.0
        self._began_at = self._ends_at = 0.0

    def add(self, at: float, until: float) -> None:
        """Add a pause, or lengthen the one that goes on."""
        if at > self._ends_at:
            self._ended_s += self._ends_at - self._began_at
            self._began_at = self._ends_at = at
        self._ends_at = max(self._ends_at, until)

    def active(self, at: float) -> float:
        """Return a time without the pauses before it; only for times since the last one began."""
        return at - self._ended_s - max(0.0, min(at, self._ends_at) - self._began_at)

    def left(self, now: float) -> float:
        """Return the seconds that are left of the pause that goes on; 0 if none does."""
        return max(0.0, self._ends_at - now)


@dataclass
class _OpenCalls:
    """The calls of one caller so far."""

    sent: int = 0
    usage: Usage = field(default_factory=Usage)


def _index_of(item: tuple[tuple[int | None, str, str], _OpenCalls]) -> float:
    """Return a key that sorts tasks by index; what belongs to none comes last, in order of time."""
    place = item[0][0]
    return float("inf") if place is None else place


class Progress:
    """The parts of one run."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self._cells = bytearray()
        self._attempts: dict[int, int] = {}
        self._changes: list[tuple[float, int, int]] = []
        self._errors: dict[int, str] = {}
        self._pauses = _Pauses()
        self._began: float | None = None
        """When the first part of this stage was started, or the merging."""
        self._finished: deque[float] = deque(maxlen=10_000)
        """When parts or merges were finished, without the pauses before."""
        self._writing: dict[str, str] = {}
        self._newest = ""
        self._stage = ""
        self._callers: dict[tuple[int | None, str, str], _OpenCalls] = {}

    def record(self, event: Event) -> None:
        """Add one event."""
        match event:
            case StageStarted(stage=stage):
                self._stage = stage
                # Merges take other times than chunks.
                self._finished.clear()
                self._began = self._pauses.active(event.at) if stage == "combining" else None
            case Throttled(next_at=next_at):
                self._pauses.add(event.at, next_at)
            case MergeFinished(cached=False, place=None):
                self._finished.append(self._pauses.active(event.at))
            case ChunkFailed(error=error, place=int(place)):
                self._errors[place] = error
            case CallStarted():
                self._calls_of(event).sent += 1
            case CallFinished(usage=usage):
                calls = self._calls_of(event)
                calls.usage += usage
        match event:
            case ChunksPlanned(chunks=chunks, labels=labels):
                self._grow(chunks)
                self.labels[: len(labels)] = labels
            case TextStreamed(label=label, text=text, begins=begins):
                self._newest = label
                before = "" if begins else self._writing.get(label, "")
                self._writing[label] = (before + text)[-_MOST_TEXT:]
            case _ if event.place is not None:
                self._change(event, event.place)

    def cells(self) -> bytes:
        """Return the state of each part: a byte that ``PART_STATES`` translates."""
        return bytes(self._cells)

    def error(self, place: int) -> str:
        """Return why a part failed; empty if it did not."""
        return self._errors.get(place, "")

    def underway(self) -> list[str]:
        """Return the names of the parts that are started and not over, in order."""
        idle = {_BYTE["queued"], *_OVER}
        return [
            label for label, byte in zip(self.labels, self._cells, strict=False) if byte not in idle
        ]

    def writing(self) -> str:
        """Return the end of the text that a model wrote last, if it streams; else empty."""
        return self._writing.get(self._newest, "")

    def spans(self, now: float) -> tuple[Duration, ...]:
        """Return what state each part was in and when, by part and time; not the final state."""
        since: dict[int, tuple[float, int]] = {}
        spans: list[Duration] = []
        for at, place, byte in self._changes:
            began = since.pop(place, None)
            if began is not None:
                spans.append(self._span(place, began, at))
            if byte not in _OVER:
                since[place] = (at, byte)
        spans += [self._span(place, began, now) for place, began in since.items()]
        return tuple(sorted(spans, key=lambda span: (span.place, span.started_at)))

    def usage(self) -> RunUsage:
        """Return what was asked of models, by task and agent; by stage if there are no tasks."""
        return RunUsage(
            tuple(
                UsageRow(task, agent, each.usage, max(0, each.sent - each.usage.calls))
                for (_, task, agent), each in sorted(self._callers.items(), key=_index_of)
            )
        )

    def _calls_of(self, event: CallStarted | CallFinished) -> _OpenCalls:
        # Chunks are many, and their usage is in the result: they are counted by stage.
        place = event.place if event.task else None
        return self._callers.setdefault(
            (place, event.task or self._stage, event.agent), _OpenCalls()
        )

    def pace(self, state: RunState, now: float) -> Pace:
        """Measure how fast parts are being finished."""
        active = self._pauses.active(now)
        while self._finished and self._finished[0] < active - _WINDOW_S:
            self._finished.popleft()
        if len(self._finished) < _LEAST_FINISHED or state.outcome is not None:
            return Pace()
        began = max(active - _WINDOW_S, self._began or 0.0)
        if state.stage == "combining" and not state.merges:
            return Pace()
        rate = len(self._finished) / max(active - began, 0.001)
        if state.stage == "combining":
            left = max(0, state.merges - state.merged)
        else:
            merges = max(0, state.planned_calls - state.chunks)
            left = state.queued + state.running + merges
        return Pace(rate, self._pauses.left(now) + left / rate)

    def _change(self, event: Event, place: int) -> None:
        self._grow(place + 1)
        before = self._cells[place]
        if before in _OVER and not isinstance(event, ChunkStarted):
            return  # what lands late changes nothing
        byte = self._byte_after(event, place)
        if byte is None or byte == before:
            return
        self._cells[place] = byte
        if self._began is None:
            self._began = self._pauses.active(event.at)
        self._changes.append((event.at, place, byte))
        if byte == _BYTE["done"]:
            self._finished.append(self._pauses.active(event.at))

    def _byte_after(self, event: Event, place: int) -> int | None:
        match event:
            case ChunkStarted(label=label):
                self.labels[place] = label
                self._attempts.pop(place, None)
                return _BYTE["running"]
            case WaitStarted():
                return _BYTE["waiting"]
            case WaitEnded():
                return _BYTE["retrying" if self._attempts.get(place, 1) > 1 else "running"]
            case CallStarted(attempt=attempt):
                self._attempts[place] = attempt
                return _BYTE["retrying" if attempt > 1 else "running"]
            case ChunkSummarized(cached=cached):
                return _BYTE["from the ledger" if cached else "done"]
            case ChunkFailed():
                return _BYTE["failed"]
            case ChunkSkipped():
                return _BYTE["skipped"]
        return None

    def _grow(self, parts: int) -> None:
        more = parts - len(self._cells)
        if more > 0:
            self._cells.extend(bytes(more))
            self.labels.extend([""] * more)

    def _span(self, place: int, began: tuple[float, int], ended_at: float) -> Duration:
        at, byte = began
        return Duration(place, self.labels[place], PART_STATES[byte], at, max(at, ended_at))
