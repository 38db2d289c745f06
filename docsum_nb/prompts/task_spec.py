"""What one CrewAI task of a run is made of: its texts, and the request that answers it."""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.prompts.texts import TaskText
from docsum_nb.records import Request, SourceSpan

__all__ = ["TaskSpec"]


@dataclass(frozen=True)
class TaskSpec:
    """What one CrewAI task is made of."""

    agent: str
    """Which of the runner's agents does it."""
    name: str
    """The task's name in CrewAI's events."""
    text: TaskText
    """Description and expected output, filled in."""
    request: Request
    """What the model is sent."""
    final: bool = False
    """Whether its answer is the final text of the run."""
    places: tuple[SourceSpan, ...] = ()
    """The passages that the request has numbers for, the first of number 1; empty if it is not
    asked which it rests on."""
