"""What a run and its work know of each other, and nothing more.

The work is called with a ``Control``, by which it reports events and learns of a stop. The run asks
its ``Work`` what is finished and where it is. Both sides are used from any thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from docsum_nb.events import Event, RunState

__all__ = [
    "Control",
    "DelegatedControl",
    "Detail",
    "FunctionWork",
    "Location",
    "Question",
    "Stopping",
    "Work",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Location:
    """Where work is at a moment."""

    text: str
    """For a person: the tasks, functions and lines."""
    task: str = ""
    """The CrewAI task; the first one if several are running, empty if none is."""
    agent: str = ""


@dataclass(frozen=True)
class Detail:
    """One chunk or task, for a person who clicks on it."""

    text: str
    """What is worked on."""
    result: str = ""
    """The summary or output; empty until there is one."""
    error: str = ""
    """Why it failed; empty if it did not. The run fills it in."""


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


class Stopping(Exception):  # noqa: N818  # a signal to the work, never seen by a user
    """Raised in the work of a run that has its outcome already.

    Not the outcome's own error: raised in many tasks, one exception object would gather all their
    frames and contexts.
    """


class Control(ABC):
    """The work's side of a run. All of it may be used from any thread.

    Attributes:
        run_id: The run.
    """

    run_id: str

    @abstractmethod
    def emit(self, event: Event) -> None:
        """Report an event; never blocks, never raises."""

    @abstractmethod
    def fail(self, error: BaseException) -> None:
        """Publish the run's error now and begin to stop; the first error counts, later ones do not.

        Waiters get the error at once, while calls in flight may still land.
        """

    @abstractmethod
    def stopped_by(self) -> BaseException | None:
        """Return the error, deadline or cancellation that stops the run; ``None`` until then."""

    def check(self) -> None:
        """Raise ``Stopping`` if the run is to stop; call before anything that costs."""
        if self.stopped_by() is not None:
            raise Stopping

    @abstractmethod
    def state(self) -> RunState:
        """Return what has happened so far."""

    @abstractmethod
    def underway(self) -> tuple[str, ...]:
        """Return the names of the chunks or tasks that are in work now, in input order."""

    @abstractmethod
    def watched(self) -> bool:
        """Check whether a text is seen while it is written: by an observer, or in a view."""

    @abstractmethod
    def when_stopped(self, call: Callable[[], object]) -> None:
        """Call something once, in a thread, as soon as the run is stopped; at once if it is.

        Waiters for the run wait for that too, for half a second at most.
        """

    @abstractmethod
    def annotate(self, error: BaseException, doing: str, details: str = "") -> None:
        """Add a note to an error: the run, what was being done, what is kept, how to go on.

        Args:
            error: The error, which stays the same object.
            doing: What was being done, such as ``"summarizing a.pdf, chunk 3"``.
            details: Follows that in the note, such as ``" with openai/gpt-4o"``.

        A ``BudgetExceeded`` that names no run is completed as well: its run, its step, the partial
        result and what remains. The figures are brought up to date by ``settled``.
        """

    @abstractmethod
    def settled(self) -> None:
        """Report that nothing of the work is in flight any more.

        The figures in the run's errors are brought up to date, whether it has ended already or not.
        """

    @abstractmethod
    def ask(self, question: Question, stopped: Callable[[], object | None]) -> str:
        """Ask a person, blocking the calling thread, which must not be that of a loop.

        Args:
            question: What to ask.
            stopped: Returns something other than ``None`` if the answer is no longer needed.

        Returns:
            The answer; empty to accept what is to be judged.

        Raises:
            Stopping: if the answer is no longer needed.
            InputError: if there is no way to ask a person here.
            BaseException: what the user's ``ask`` raised.
        """


class DelegatedControl(Control):
    """A control that hands everything to another one; a subclass changes some of it.

    Args:
        control: The other one.
    """

    def __init__(self, control: Control) -> None:
        self.run_id = control.run_id
        self._to = control

    def emit(self, event: Event) -> None:
        """Report an event there."""
        self._to.emit(event)

    def fail(self, error: BaseException) -> None:
        """Publish an error there."""
        self._to.fail(error)

    def stopped_by(self) -> BaseException | None:
        """Return what stops the other one."""
        return self._to.stopped_by()

    def state(self) -> RunState:
        """Return the state of the other one."""
        return self._to.state()

    def underway(self) -> tuple[str, ...]:
        """Return what is in work there."""
        return self._to.underway()

    def watched(self) -> bool:
        """Check whether a text is seen there."""
        return self._to.watched()

    def when_stopped(self, call: Callable[[], object]) -> None:
        """Call something once the other one is stopped."""
        self._to.when_stopped(call)

    def annotate(self, error: BaseException, doing: str, details: str = "") -> None:
        """Add a note of the other one's run."""
        self._to.annotate(error, doing, details)

    def settled(self) -> None:
        """Report there that nothing is in flight."""
        self._to.settled()

    def ask(self, question: Question, stopped: Callable[[], object | None]) -> str:
        """Ask a person there."""
        return self._to.ask(question, stopped)


class Work(Protocol[T_co]):
    """What a run carries out, and what it reports of itself meanwhile.

    A class that derives from it needs ``__call__`` only. The other methods are called from any
    thread, also while the work is stuck, so they must not block; an error of theirs is ignored.
    """

    async def __call__(self, control: Control) -> T_co:
        """Do the work; awaited once, on the package's loop."""

    def partial(self) -> Any:
        """Return what is finished so far; ``None`` if the work has no parts."""
        return None

    def kept(self) -> str:
        """Return what is kept of the run and how to go on, in one line; empty if nothing is."""
        return ""

    def remaining(self) -> str:
        """Return what is left to do, in one line; empty if that is not known."""
        return ""

    def detail(self, index: int) -> Detail | None:
        """Return one chunk or task, counted from 0; ``None`` if nothing is known of it."""
        return None

    def location(self) -> Location | None:
        """Return where the work is; ``None`` to name the line that its task waits in."""
        return None


class FunctionWork(Work[T], Generic[T]):
    """A coroutine function as the work of a run; it has no parts."""

    def __init__(self, function: Callable[[Control], Awaitable[T]]) -> None:
        self._function = function

    async def __call__(self, control: Control) -> T:
        """Await the function."""
        return await self._function(control)
