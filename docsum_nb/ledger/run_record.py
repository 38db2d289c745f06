"""What a ledger knows of one run, and the attempts that it is done in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Attempt", "RunRecord", "Totals"]

State = Literal["running", "done", "failed", "cancelled", "interrupted", "unknown"]


@dataclass(frozen=True)
class Totals:
    """How far a run came and what it took."""

    done: int = 0
    """Chunks that have a summary, asked for or stored."""
    calls: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Totals) -> Totals:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Totals(
            max(self.done, other.done),
            self.calls + other.calls,
            self.tokens + other.tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


@dataclass(frozen=True)
class Attempt:
    """One attempt at a run: from its begin, or from where it was resumed."""

    run_id: str
    since: float
    before: Totals
    """What it took in the attempts before."""


@dataclass(frozen=True)
class RunRecord:
    """One run of ``summarize``, as the ledger knows it."""

    id: str
    what: str
    """The source, in words."""
    model: str
    state: State
    """``"interrupted"``: its process is gone; ``"unknown"``: recorded by an earlier version."""
    started_at: float
    """In seconds since the epoch."""
    ended_at: float | None
    """``None`` while anything of it is in flight, and if its process was gone before."""
    chunks: int
    """Planned."""
    done: int
    """Chunks that have a summary."""
    calls: int
    """Requests that went out to the model; of an interrupted run, those that were answered."""
    tokens: int
    cost_usd: float | None
    """In US dollars; ``None`` if a price is not known."""
    error: str | None
    """Why it failed or was cancelled."""
    host: str
    pid: int
    settling: bool = False
    """Whether it has ended, and calls that were in flight then may still be answered and stored."""
    question: str | None = None
    """What the summary was to answer."""
    sources: tuple[str, ...] = ()
    """The files, folders and globs among its sources, as absolute paths, in order."""

    active_at: float = 0.0
    """When it ended; without an end, when it went on or stored an answer last."""

    @property
    def unfinished(self) -> bool:
        """Whether it ended before its work was complete, and can be resumed."""
        return self.state in ("failed", "cancelled", "interrupted")
