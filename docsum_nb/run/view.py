"""What a run needs of whoever shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from docsum_nb.events import RunState

__all__ = ["Display", "View"]


class View(Protocol):
    """A live view of one run. Both methods are called from one thread of the run's own."""

    shows_text: bool
    """Whether it shows a text while it is written; models are asked for streams only then."""

    def update(self, state: RunState) -> None:
        """Show a state; called at most ten times a second."""

    def close(self, state: RunState, result: object | None) -> None:
        """Show the last state, and the result where there is one; called once."""


class Display(Protocol):
    """The ways a run can be shown."""

    def open(self, title: str, cancel: Callable[[], object]) -> View | None:
        """Show a live view where the caller is; ``None`` where there is nowhere to show it."""

    def bundle(self, state: RunState, title: str, result: object | None) -> dict[str, str]:
        """Render a state as it is now, by MIME type."""
