"""What running work sees of its run: a place to tell what happened, and word when to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from docsum_nb.events import Event, RunState

__all__ = ["Control", "Stopping", "Whereabouts"]


@dataclass(frozen=True)
class Whereabouts:
    """Where work is at a moment."""

    text: str
    """For a person: the tasks, functions and lines."""
    task: str = ""
    """The CrewAI task, where there is a single one or a first one."""
    agent: str = ""


class Stopping(Exception):  # noqa: N818  # a word to the work, never seen by a user
    """Raised in the work of a run that has its outcome already.

    Not the outcome's own error: raised in many tasks, one exception object would gather all their
    frames and contexts.
    """


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

    def check(self) -> None:
        """Raise ``Stopping`` if the run is to stop; call before anything that costs."""
        if self.stopped_by() is not None:
            raise Stopping
