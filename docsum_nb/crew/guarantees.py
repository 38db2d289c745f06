"""What a guard needs of the installed CrewAI, and what follows if that is missing: it fails closed.

Checked when the guard is made: a bound that cannot hold is refused before anything is paid for, any
other lost promise is a warning. Checked again during the run, since CrewAI ignores the errors of
hooks: a hook that fails, or a task whose model was called without the guard, ends the run if a
bound is set, and is a warning otherwise.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any

from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.table import (
    GUARD,
    MAX_CALLS,
    MAX_COST,
    NOT_OF_A_GUARD,
    RESUMED,
    STOP,
    Agent,
)
from docsum_nb.errors import UpstreamError
from docsum_nb.events import Warned
from docsum_nb.run import Control

__all__ = ["Guarantees"]

_asked: ContextVar[bool] = ContextVar("docsum_nb_asked", default=False)
"""Whether a model call of this context passed the guard."""


class Guarantees:
    """The promises of the guard of one run. Usable from any thread.

    Args:
        control: The run's.
        max_calls: Whether calls are bounded.
        max_cost: Whether cost is bounded.
        deadline: Whether the run has a deadline.
    """

    def __init__(
        self, control: Control, *, max_calls: bool, max_cost: bool, deadline: bool
    ) -> None:
        bounds = ((MAX_CALLS, max_calls), (MAX_COST, max_cost))
        self._control = control
        self._bounds = tuple(promise for promise, needed in bounds if needed)
        self._needed = (GUARD, *self._bounds, *((STOP,) if deadline else ()))
        self._lock = threading.Lock()
        self._tasks: dict[int, Any] = {}
        """The tasks of which a model call passed the guard, by ``id``."""
        self._warned: set[str] = set()

    def check(self) -> None:
        """Check the installed CrewAI; warn of lost promises and of a version that was not tested.

        Raises:
            UpstreamError: if a bound that is set, or the guard itself, cannot hold.
        """
        beside = {*NOT_OF_A_GUARD, MAX_CALLS, MAX_COST}.difference(self._bounds)
        lost = [each for each in TABLE.lost() if each.promise not in beside]
        if refused := [each for each in lost if each.promise in self._needed]:
            raise TABLE.error("; ".join(map(str, refused)))
        for line in (TABLE.news(), *map(str, lost)):
            self._warn(line)

    def check_crew(self, crew: Any) -> None:
        """Check the promises that a crew that is kicked off relies on.

        Raises:
            UpstreamError: if it was restored, and finished tasks might be paid for again.
        """
        if getattr(crew, "checkpoint_kickoff_event_id", None) is not None:
            TABLE.require(RESUMED)

    def failed(self, hook: str, error: Exception) -> UpstreamError | None:
        """Return the error that a failed hook ends the run with; ``None`` if it is a warning.

        Args:
            hook: The name of the hook.
            error: The error that it raised.
        """
        what = f"the guard's {hook} failed ({type(error).__name__}: {error})"
        if not self._bounds:
            self._warn(f"{what} with {TABLE.release()}")
            return None
        failure = TABLE.error(f"{self._of_bounds()} with {TABLE.release()}: {what}")
        failure.__cause__ = error
        return failure

    def asked(self, task: Any) -> None:
        """Note that a model call of this context passed the guard, and its task if there is one."""
        _asked.set(True)
        with self._lock:
            self._tasks[id(task)] = task

    def answered(self) -> UpstreamError | None:
        """Return the error of an answer whose call did not pass the guard; ``None`` if it did."""
        return None if _asked.get() else self._unasked()

    def ended(self, task: Any, output: Any) -> UpstreamError | None:
        """Return the error of a finished task whose calls did not pass the guard; else ``None``.

        Only CrewAI's own agents call a model for every task: an agent of another class may answer
        from a cache, by tools only, or in another way. The output of CrewAI's has the messages.
        """
        with self._lock:
            asked = self._tasks.pop(id(task), None) is not None
        if asked or not _is_stock(task.agent) or not getattr(output, "messages", None):
            return None
        return self._unasked()

    def _unasked(self) -> UpstreamError | None:
        what = "a model was called without the guard being asked"
        if not self._bounds:
            self._warn(f"{what} with {TABLE.release()}: nothing of it is counted or stopped")
            return None
        return TABLE.error(f"{self._of_bounds()} with {TABLE.release()}: {what}")

    def _of_bounds(self) -> str:
        names = " and ".join(each.text for each in self._bounds)
        return f"{names} {'do' if len(self._bounds) > 1 else 'does'} not hold"

    def _warn(self, line: str) -> None:
        if line and line not in self._warned:
            self._warned.add(line)
            self._control.emit(Warned(line))


def _is_stock(agent: Any) -> bool:
    """Check whether an agent executes tasks as CrewAI's own do."""
    own = getattr(type(agent), "execute_task", None) is Agent.execute_task
    executor = getattr(agent, "executor_class", None)
    return (
        isinstance(agent, Agent)
        and own
        and "execute_task" not in vars(agent)
        and str(getattr(executor, "__module__", "")).startswith("crewai.")
    )
