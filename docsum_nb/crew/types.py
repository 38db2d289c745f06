"""What type checkers know of CrewAI's classes in the signatures of public functions.

A crew is described by what it has, so that checkers that skip CrewAI still tell it from other work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import crewai

    CrewOutput: TypeAlias = crewai.CrewOutput

__all__ = ["CrewLike", "CrewOutput"]


class CrewLike(Protocol):
    """A Crew."""

    @property
    def agents(self) -> Sequence[Any]:
        """Its agents."""

    @property
    def tasks(self) -> Sequence[Any]:
        """Its tasks."""
