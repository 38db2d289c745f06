"""What a run and whoever shows it need of each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from docsum_nb.events import RunState
from docsum_nb.run.board import Pace

__all__ = ["Detail", "Display", "Shown", "Snapshot", "View", "Waited"]

Waited = Literal["awaiting", "blocking"]
"""How a cell waits for a run: in ``await run``, or in ``run.result()``."""


@dataclass(frozen=True)
class Snapshot:
    """What there is to show of a run at a moment."""

    state: RunState
    cells: bytes = field(default=b"", repr=False)
    """The state of each chunk or task: a byte that ``PART_STATES`` translates."""
    pace: Pace = field(default_factory=Pace)
    writing: str = ""
    """The end of what the model is writing, where it streams; else empty."""
    waited: Waited | None = None
    """``None`` where no cell waits for the run."""


@dataclass(frozen=True)
class Detail:
    """One chunk or task, for whoever clicks on it."""

    text: str
    """What is worked on."""
    result: str = ""
    """What came of it; empty while nothing has."""


class Shown(Protocol):
    """What is asked of a run that is shown; all of it from any thread."""

    title: str

    def cancel(self) -> object:
        """Stop the run."""

    def snapshot(self) -> Snapshot:
        """Return what there is to show now."""

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks, as far as they are known."""

    def detail(self, place: int) -> Detail | None:
        """Return one chunk or task; ``None`` where nothing can be told of it."""


class View(Protocol):
    """A live view of one run. Both methods are called from one thread of the run's own."""

    shows_text: bool
    """Whether it shows a text while it is written; models are asked for streams only then."""

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot; called at most ten times a second."""

    def close(self, snapshot: Snapshot, result: object | None) -> bool:
        """Show the last snapshot, and the result if there is one; called once.

        Returns:
            Whether a person can see it.
        """


class Display(Protocol):
    """The ways a run can be shown."""

    def open(self, shown: Shown) -> View | None:
        """Show a live view where the caller is; ``None`` where there is nowhere to show it."""

    def embed(self, shown: Shown) -> tuple[View, Any]:
        """Make a live view as a widget; the caller shows it."""

    def bundle(self, snapshot: Snapshot, title: str, result: object | None) -> dict[str, str]:
        """Render a snapshot by MIME type, without anything live."""
