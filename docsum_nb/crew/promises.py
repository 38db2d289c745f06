"""What a guard needs of the installed CrewAI, and what follows if that is lost: it fails closed.

Checked when the guard is made: a bound that cannot hold is refused before anything is paid for, any
other lost promise is a warning. Checked again while it works, since CrewAI goes on from whatever a
hook raises: a hook that fails, and a task whose model was called without the guard being asked, end
the run if a bound is set, and are warnings otherwise.
"""

from __future__ import annotations

import threading
from typing import Any

from docsum_nb.crew.upstream import (
    GUARD,
    MAX_CALLS,
    MAX_COST,
    NOT_OF_A_GUARD,
    RESUMED,
    STOP,
    TABLE,
    Agent,
)
from docsum_nb.errors import UpstreamError
from docsum_nb.events import Warned
from docsum_nb.run import Control

__all__ = ["Promises"]


class Promises:
    """What the guard of one run promises. Usable from any thread.

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
        self._asked: dict[int, Any] = {}
        """The tasks for which a model call was asked for, by their ids."""
        self._warned: set[str] = set()

    def check(self) -> None:
        """Check the installed CrewAI; warn of what is lost, or was not tested.

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
        """Check what a crew that is kicked off relies on.

        Raises:
            UpstreamError: if it was restored, and might be paid for from its start again.
        """
        if getattr(crew, "checkpoint_kickoff_event_id", None) is not None:
            TABLE.require(RESUMED)

    def failed(self, hook: str, error: Exception) -> UpstreamError | None:
        """Return the error that a failed hook ends the run with; ``None`` if it is a warning.

        Args:
            hook: What failed.
            error: What it raised.
        """
        what = f"the guard's {hook} failed ({type(error).__name__}: {error})"
        if not self._bounds:
            self._warn(f"{what} with {TABLE.release()}")
            return None
        failure = TABLE.error(f"{self._of_bounds()} with {TABLE.release()}: {what}")
        failure.__cause__ = error
        return failure

    def asked(self, task: Any) -> None:
        """Note that a model call of a task was asked for."""
        with self._lock:
            self._asked[id(task)] = task

    def unasked(self, task: Any, output: Any) -> UpstreamError | None:
        """Return the error of a finished task whose model was called without asking.

        Known by the conversation in its output: one that holds an answer of a model. Agents of a
        class of the user's own may answer without a model, or call one in their own way.
        """
        with self._lock:
            asked = self._asked.pop(id(task), None) is not None
        if asked or not isinstance(task.agent, Agent):
            return None
        messages = getattr(output, "messages", None) or ()
        if not any(isinstance(each, dict) and each.get("role") == "assistant" for each in messages):
            return None
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
