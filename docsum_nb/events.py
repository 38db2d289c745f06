"""What happened in a run, and the state it adds up to.

Events are frozen and named in the past tense. ``RunState`` is a pure fold over them: the same
events give the same state, in every thread. Views and users' observers see the events only, never
the workers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from docsum_nb.records import Notice, Usage

__all__ = [
    "BudgetSet",
    "CallFinished",
    "CallStarted",
    "ChunkFailed",
    "ChunkSkipped",
    "ChunkStarted",
    "ChunkSummarized",
    "ChunksPlanned",
    "Event",
    "FilesFetched",
    "MergeFinished",
    "MergesPlanned",
    "Notice",
    "PagesRead",
    "RunEnded",
    "RunSettled",
    "RunState",
    "StageStarted",
    "TextStreamed",
    "Throttled",
    "WaitEnded",
    "WaitStarted",
    "Warned",
    "fold",
]

Stage = Literal[
    "starting",
    "importing",
    "loading",
    "recognizing",
    "summarizing",
    "combining",
    "evaluating",
    "working",
]
Outcome = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened."""

    at: float = field(default_factory=time.time, compare=False)
    """When, in seconds since the epoch."""
    run_id: str = field(default="", compare=False)
    """The run it happened in; the run itself fills it in."""
    place: int | None = field(default=None, compare=False)
    """The chunk (of a crew: task) it is about, counted from 0; ``None`` if it is about none."""


@dataclass(frozen=True)
class StageStarted(Event):
    """A step of the work began."""

    stage: Stage


@dataclass(frozen=True)
class FilesFetched(Event):
    """Files at addresses have arrived, or parts of them; at most about twice a second."""

    files: int
    """Those that are whole, so far."""
    bytes: int
    """Of all that has arrived, so far."""


@dataclass(frozen=True)
class PagesRead(Event):
    """Pages that are pictures were read by a model, or are now to be read."""

    done: int
    """Those whose text is there, so far, and those that could not be read."""
    pages: int
    """All of them."""


@dataclass(frozen=True)
class ChunksPlanned(Event):
    """The number of chunks (of a crew: tasks) became known, or grew."""

    chunks: int
    calls: int
    """Calls planned in all, merges included."""
    labels: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The names of all of them, by place."""


@dataclass(frozen=True)
class MergesPlanned(Event):
    """The number of merges of summaries became known, or grew: a model refused one as too long."""

    merges: int


@dataclass(frozen=True)
class MergeFinished(Event):
    """Summaries were merged into one; of the pieces of a chunk, if ``place`` is set."""

    label: str
    cached: bool
    """Taken from the ledger: nothing was paid."""


@dataclass(frozen=True)
class BudgetSet(Event):
    """The run is bounded; ``None`` is no bound."""

    max_cost: float | None = None
    """In US dollars."""
    max_calls: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class ChunkStarted(Event):
    """Work on a chunk began; it may still wait for the rate limit or find its answer stored."""

    label: str


@dataclass(frozen=True)
class ChunkSummarized(Event):
    """A chunk's summary is stored."""

    label: str
    cached: bool
    """Taken from the ledger: nothing was paid."""


@dataclass(frozen=True)
class ChunkFailed(Event):
    """A chunk's summary could not be had, after all retries."""

    label: str
    error: str


@dataclass(frozen=True)
class ChunkSkipped(Event):
    """A crew's task was skipped by its condition."""

    label: str


@dataclass(frozen=True)
class WaitStarted(Event):
    """A request waits for its turn: a limit is reached, or the provider turned requests away."""

    model: str


@dataclass(frozen=True)
class WaitEnded(Event):
    """A request waits no longer: it goes out, or was given up."""

    model: str


@dataclass(frozen=True)
class Throttled(Event):
    """A provider had no room for a request, which is sent again; so wait all others to it."""

    model: str
    words: str
    """The provider's own, on one line; empty if it gave none."""
    next_at: float
    """When the next request goes out at the earliest, in seconds since the epoch."""
    status: int | None = None
    """Of HTTP; ``None`` if none is known."""


@dataclass(frozen=True)
class CallStarted(Event):
    """A request went out to a model; ``attempt`` counts from 1."""

    model: str
    attempt: int
    task: str = ""
    """The CrewAI task it was made for, or the step of a flow; empty if there is none."""
    agent: str = ""
    """The CrewAI agent that made it, which may be a coworker; empty if there is none."""


@dataclass(frozen=True)
class CallFinished(Event):
    """A model answered, well or not; it is paid for."""

    model: str
    usage: Usage
    task: str = ""
    """The CrewAI task it was made for, or the step of a flow; empty if there is none."""
    agent: str = ""
    """The CrewAI agent that made it, which may be a coworker; empty if there is none."""


@dataclass(frozen=True)
class TextStreamed(Event):
    """A model that streams wrote a piece of its answer.

    Of ``summarize``, only the final text is reported, and only to a view or an observer: some
    twenty pieces a second at most. Joined from the last one that ``begins``, they are the text so
    far; in the end they are ``Summary.text``, in one piece if it was not streamed.
    """

    label: str
    """``"summary"``; of a user's own crew, the task."""
    text: str
    """Not always a whole word."""
    begins: bool = False
    """The first piece of an answer: earlier pieces with this label are void, as after a broken
    stream, or if a cut or refused answer was asked for again."""


@dataclass(frozen=True)
class Warned(Event):
    """Something the user should know that did not stop the run."""

    message: str
    task: str = ""
    """The CrewAI task it happened in; empty if none is known."""
    agent: str = ""
    """The CrewAI agent it happened to, which may be a coworker; empty if none is known."""


@dataclass(frozen=True)
class RunEnded(Event):
    """The run has an outcome; calls in flight may still land and be stored."""

    outcome: Outcome
    error: str | None = None


@dataclass(frozen=True)
class RunSettled(Event):
    """Calls that were in flight when the run ended early have ended; the figures are final."""

    error: str | None = None
    """What the run's error says of its figures now."""


@dataclass(frozen=True)
class RunState:
    """What has happened so far: counts of chunks, what was asked of the model, how it ended."""

    stage: Stage = "starting"
    fetched: FilesFetched | None = None
    """What has arrived of files at addresses; ``None`` if there are none."""
    pages: PagesRead | None = None
    """Of pages that are pictures, those that are read; ``None`` if there are none."""
    queued: int = 0
    """Chunks not started."""
    running: int = 0
    done: int = 0
    """Chunks whose summary is there, whether paid for now or taken from the ledger."""
    failed: int = 0
    skipped: int = 0
    """Tasks of a crew that their condition has kept from being carried out."""
    cached: int = 0
    """Of those done, the ones whose answer was in the ledger."""
    waiting: int = 0
    """Requests that wait for their turn under the limits; their chunks count as running."""
    calls: int = 0
    """Requests that went out to a model, retries included."""
    retried: int = 0
    """Of these, the ones that were sent again after a failure."""
    planned_calls: int = 0
    merges: int = 0
    """Merges of summaries in all; 0 until they begin."""
    merged: int = 0
    """Of these, the ones that are finished."""
    usage: Usage = field(default_factory=Usage)
    """Of the answers that came back."""
    budget: BudgetSet = field(default_factory=BudgetSet)
    warnings: tuple[str, ...] = ()
    """One text for each message, in the order of their first report; with the task, the agent and
    the count, if there are any."""
    notices: tuple[Notice, ...] = ()
    """The same warnings as records, in the same order."""
    throttled: Throttled | None = None
    """The last time that a provider had no room; ``None`` once the same model has answered."""
    outcome: Outcome | None = None
    """``None`` while the run goes on."""
    error: str | None = None
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def chunks(self) -> int:
        """All chunks of the run; 0 until they are known."""
        return self.queued + self.running + self.done + self.failed + self.skipped

    @property
    def unit(self) -> str:
        """What is counted as chunks, in the plural: of a user's own crew, its tasks."""
        return "tasks" if self.stage == "working" else "chunks"

    @property
    def tokens(self) -> int:
        """Tokens of prompts and answers together."""
        return self.usage.prompt_tokens + self.usage.completion_tokens

    @property
    def cost_usd(self) -> float | None:
        """US dollars paid so far; ``None`` if a price is not known."""
        return self.usage.cost_usd


def fold(state: RunState, event: Event) -> RunState:  # noqa: C901  # a flat table
    """Return the state after one more event; unknown events change nothing."""
    if state.started_at is None:
        state = _changed(state, started_at=event.at)
    match event:
        case StageStarted(stage=stage):
            return _changed(state, stage=stage)
        case FilesFetched():
            return _changed(state, fetched=event)
        case PagesRead():
            return _changed(state, pages=event)
        case ChunksPlanned(chunks=chunks, calls=calls):
            started = state.running + state.done + state.failed + state.skipped
            return _changed(state, queued=chunks - started, planned_calls=calls)
        case ChunkStarted():
            return _changed(state, queued=state.queued - 1, running=state.running + 1)
        case ChunkSummarized(cached=cached):
            done, stored = state.done + 1, state.cached + cached
            return _changed(state, running=state.running - 1, done=done, cached=stored)
        case ChunkFailed(error=error):
            # The error that ended the run stays the one that is shown.
            shown = error if state.outcome is None else state.error
            return _changed(state, running=state.running - 1, failed=state.failed + 1, error=shown)
        case MergesPlanned(merges=merges):
            return _changed(state, merges=merges)
        case MergeFinished(place=None):
            return _changed(state, merged=state.merged + 1)
        case ChunkSkipped():
            return _changed(state, queued=state.queued - 1, skipped=state.skipped + 1)
        case WaitStarted():
            return _changed(state, waiting=state.waiting + 1)
        case WaitEnded():
            return _changed(state, waiting=state.waiting - 1)
        case CallStarted(attempt=attempt):
            return _changed(state, calls=state.calls + 1, retried=state.retried + (attempt > 1))
        case CallFinished(usage=usage, model=model):
            held = state.throttled
            held = None if held is not None and held.model == model else held
            return _changed(state, usage=state.usage + usage, throttled=held)
        case Throttled():
            return _changed(state, throttled=event)
        case BudgetSet():
            return _changed(state, budget=event)
        case Warned():
            return _warned(state, event)
        case RunEnded(outcome=outcome, error=error):
            return _changed(state, outcome=outcome, error=error or state.error, ended_at=event.at)
        case RunSettled(error=error):
            return _changed(state, error=error or state.error)
    return state


def _warned(state: RunState, event: Warned) -> RunState:
    """Return the state after a warning: the same message again is counted, not repeated."""
    for at, notice in enumerate(state.notices):
        if notice.message == event.message:
            more = notice.plus(task=event.task, agent=event.agent)
            return _changed(
                state,
                notices=(*state.notices[:at], more, *state.notices[at + 1 :]),
                warnings=(*state.warnings[:at], str(more), *state.warnings[at + 1 :]),
            )
    first = Notice(event.message, 0).plus(task=event.task, agent=event.agent)
    return _changed(state, notices=(*state.notices, first), warnings=(*state.warnings, str(first)))


def _changed(state: RunState, **changes: Any) -> RunState:
    """Return a changed copy, ten times as fast as ``replace``: a run has twenty thousand events."""
    new = object.__new__(RunState)
    vars(new).update(vars(state), **changes)
    return new


def __dir__() -> list[str]:
    return __all__
