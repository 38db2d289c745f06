"""What a run and a view of it need of each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from docsum_nb.events import RunState
from docsum_nb.run.progress import Pace
from docsum_nb.run.work import Detail, Question

__all__ = [
    "Console",
    "Display",
    "PendingQuestion",
    "RunView",
    "Snapshot",
    "View",
    "Waited",
]

Waited = Literal["awaiting", "blocking"]
"""How a cell waits for a run: in ``await run``, or in ``run.result()``."""


@dataclass(frozen=True)
class PendingQuestion:
    """A question that waits for a person's answer."""

    number: int
    """By which it is answered."""
    question: Question
    behind: int
    """The number of questions that wait behind it."""


@dataclass(frozen=True)
class Snapshot:
    """What there is to show of a run at a moment."""

    state: RunState
    cells: bytes = field(default=b"", repr=False)
    """The state of each chunk or task: a byte that ``PART_STATES`` translates."""
    pace: Pace = field(default_factory=Pace)
    writing: str = ""
    """The end of what the model is writing, if it streams; else empty."""
    waited: Waited | None = None
    """``None`` if no cell waits for the run."""
    pending: PendingQuestion | None = None
    """What a person is asked; ``None`` if nothing is."""


class RunView(Protocol):
    """A run as its views see it; all of it usable from any thread."""

    title: str

    def cancel(self) -> object:
        """Stop the run."""

    def snapshot(self) -> Snapshot:
        """Return what there is to show now."""

    def labels(self) -> list[str]:
        """Return the names of the chunks or tasks, as far as they are known."""

    def detail(self, index: int) -> Detail | None:
        """Return one chunk or task; ``None`` if nothing is known of it."""

    def answer(self, number: int, text: str) -> bool:
        """Answer a question; returns whether it was still open."""


class Console(Protocol):
    """A place where a person is asked by text, line by line. None of it blocks.

    Attributes:
        needs_waiter: Whether only a thread that waits for the run may look for a line.
    """

    needs_waiter: bool

    def open(self, question: Question) -> bool:
        """Show a question; returns whether it is shown: another may have the place."""

    def poll(self) -> str | None:
        """Return the line that was entered; ``None`` if there is none yet.

        Raises:
            InputError: if there will never be one.
        """

    def close(self) -> None:
        """Leave the place to others; a line that comes now is theirs."""


class View(Protocol):
    """A live view of one run. Its methods are called from one thread of the run's own."""

    shows_text: bool
    """Whether it shows a text while it is written; models are asked for streams only then."""

    def takes_answers(self) -> bool:
        """Return whether a person can answer questions in it."""

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot; called at most ten times a second."""

    def close(self, snapshot: Snapshot, result: object | None) -> bool:
        """Show the last snapshot, and the result if there is one; called once.

        Returns:
            Whether a person can see it.
        """

    def amend(self, snapshot: Snapshot) -> None:
        """Show the figures of the end, after ``close``; called once at most."""


class Display(Protocol):
    """The ways a run can be shown."""

    def open(self, shown: RunView) -> View | None:
        """Show a live view where the caller is; ``None`` if there is nowhere to show it."""

    def embed(self, shown: RunView) -> tuple[View, Any]:
        """Return a new live view and its widget, which the caller shows."""

    def console(self, waited: Waited | None, *, form: bool) -> Console | None:
        """Return where a person can be asked by text now; ``None`` if nowhere, or in the form.

        Args:
            waited: How the main thread waits for the run; ``None`` if it does not.
            form: Whether a form is on the screen.

        Raises:
            InputError: if there is no way to ask a person here.
        """

    def bundle(self, shown: RunView, snapshot: Snapshot, result: object | None) -> dict[str, str]:
        """Render a snapshot of a run by MIME type, without anything live."""
