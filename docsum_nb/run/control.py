"""What running work sees of its run: a place to tell what happened, and word when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docsum_nb.errors import InputError
from docsum_nb.events import Event, RunState

__all__ = ["Control", "Location", "Question", "Stopping"]


@dataclass(frozen=True)
class Location:
    """Where work is at a moment."""

    text: str
    """For a person: the tasks, functions and lines."""
    task: str = ""
    """The CrewAI task, where there is a single one or a first one."""
    agent: str = ""


@dataclass(frozen=True)
class Question:
    """What the work of a run asks a person; given to the ``ask`` of ``kickoff`` and ``start``."""

    run_id: str
    task: str
    """The name of the CrewAI task; of a flow, of its step."""
    agent: str
    """The role of the task's agent; of a flow, its name."""
    text: str
    """What is to be judged: an empty answer accepts it. Empty if nothing is."""
    message: str = ""
    """What is asked, in the words of CrewAI or of the flow."""


class Stopping(Exception):  # noqa: N818  # a word to the work, never seen by a user
    """Raised in the work of a run that has its outcome already.

    Not the outcome's own error: raised in many tasks, one exception object would gather all their
    frames and contexts.
    """


def _nobody(question: Question, stopped: Callable[[], object | None]) -> str:
    raise InputError(f"nobody can answer {question.task!r} here")


@dataclass(frozen=True)
class Control:
    """The work's side of a run. All of it may be used from any thread."""

    run_id: str
    emit: Callable[[Event], None]
    """Tell what happened; never blocks, never raises."""
    fail: Callable[[BaseException], object]
    """Publish the run's error now and begin to stop; the first error wins, later ones do nothing.

    The waiter gets the error at once, while calls in flight may still land.
    """
    stopped_by: Callable[[], BaseException | None]
    """The error, deadline or cancellation that stops the run; ``None`` while it goes on."""
    state: Callable[[], RunState] = RunState
    """What has happened so far."""
    watched: Callable[[], bool] = lambda: False
    """Whether somebody sees a text while it is written: an observer, or a view that shows texts."""
    when_stopped: Callable[[Callable[[], object]], None] = lambda call: None
    """Have something called once, in a thread, as soon as the run is stopped; at once where it is.

    Whoever waits for the run waits for that too, for a moment.
    """

    settled: Callable[[], object] = lambda: None
    """Report that nothing of the work is in flight any more, if the run ended before: its error is
    completed by the figures of the end."""
    ask: Callable[[Question, Callable[[], object | None]], str] = _nobody
    """Ask a person, blocking the calling thread, which must not be that of a loop.

    Takes the question, and a function that returns something once nobody waits for the answer any
    more; then it raises ``Stopping``. Raises InputError if nobody can answer here, and what the
    ``ask`` of the user's raised.
    """

    def check(self) -> None:
        """Raise ``Stopping`` if the run is to stop; call before anything that costs."""
        if self.stopped_by() is not None:
            raise Stopping
