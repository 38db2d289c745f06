"""CrewAI's hooks and events under a guard: whether a call may be made, and what has happened.

Before each model call and tool CrewAI calls a hook, which prevents it once the run is stopping or
its budget is used up. A hook that fails does the same if a bound is set: CrewAI ignores its error.
"""

from __future__ import annotations

import threading
from typing import Any

from docsum_nb.crew.clone import write_back_task
from docsum_nb.crew.concurrency import CallSlots
from docsum_nb.crew.current_task import check_stop, current_work, in_step
from docsum_nb.crew.evaluate import RunModel
from docsum_nb.crew.failures import Failures
from docsum_nb.crew.guarantees import Guarantees
from docsum_nb.crew.inspection.parts import label_of, role_of
from docsum_nb.crew.inspection.texts import unfilled
from docsum_nb.crew.locations import Locations
from docsum_nb.crew.model_calls import ModelCalls
from docsum_nb.crew.tasks import Tasks
from docsum_nb.crew.watcher import Stopped
from docsum_nb.errors import RunError
from docsum_nb.events import Warned
from docsum_nb.run import Control, Scope

__all__ = ["Hooks"]


class Hooks:
    """Handles the hooks and events of one run. Usable from any thread."""

    def __init__(
        self,
        control: Control,
        run: Scope,
        *,
        tasks: Tasks,
        calls: ModelCalls,
        slots: CallSlots,
        locations: Locations,
        guarantees: Guarantees,
        failures: Failures,
    ) -> None:
        self._control = control
        self._run = run
        self._tasks = tasks
        self._calls = calls
        self._slots = slots
        self._locations = locations
        self._guarantees = guarantees
        self._failures = failures
        self._lock = threading.Lock()
        self._unfilled: set[str] = set()

    def with_inputs(self, context: Any) -> None:
        """Warn once of placeholders without an input, after callbacks have added theirs."""
        if context.crew is None:
            return
        missing = unfilled(context.crew, context.payload)
        with self._lock:
            known = not missing or missing in self._unfilled
            self._unfilled.add(missing)
        if not known:
            self._control.emit(Warned(missing))

    # --- model calls and tools ------------------------------------------------------------------

    def before_call(self, context: Any) -> None:
        """Allow a model call, unless the run is stopping or its budget refuses it.

        Raises:
            Stopped: if the call must not be made.
        """
        check_stop(self._run)
        self._guarantees.asked(context.task)
        self._failures.goes_on()
        if isinstance(context.llm, RunModel):
            return  # asked, counted and stopped by the run that lends it
        self._locations.task_seen(context.task)
        try:
            # A wait for the budget may be for a call that waits for this one's slot.
            with self._slots.lent():
                self._allow(context)
        except Exception as error:
            raise Stopped(str(error), source=error) from error
        check_stop(self._run)

    def _allow(self, context: Any) -> None:
        """Allow a call; an error against it names the task it was to be made for."""
        try:
            self._calls.before(context)
        except RunError as error:
            error.run_id, error.step = self._control.run_id, "working"
            error.partial = self._tasks.outputs()
            if context.task is not None:
                error.task, error.agent = label_of(context.task), role_of(context.task.agent)
            raise

    def after_call(self, context: Any) -> None:
        """Count a text that a model has answered."""
        if not isinstance(context.llm, RunModel):
            self._calls.answered(context.response)

    def answered(self, answer: Any) -> None:
        """Count what a model has answered an agent, in the thread that called it."""
        failure = self._guarantees.answered()
        if failure is not None:
            self._control.fail(failure)
        self._calls.answered(answer)

    def tracked(self, usage: Any) -> None:
        """Count the usage of one request, as the provider reported it."""
        self._calls.tracked(usage)

    def before_tool(self, context: Any) -> None:
        """Allow a tool in this thread, unless the run is stopping.

        Raises:
            Stopped: if it must not be called.
        """
        check_stop(self._run)
        self._locations.task_seen(context.task)

    # --- steps and events -----------------------------------------------------------------------

    def before_step(self, context: Any) -> None:
        """Process the start of a step of a flow."""
        if context.kind == "flow_method":
            self._locations.step_began(context.flow, context.step_name)
            if not type(context.flow).is_crewai_internal:
                in_step(context.step_name)

    def after_step(self, context: Any) -> None:
        """Process the end of a step of a flow, or of a task."""
        if context.kind == "flow_method":
            self._locations.step_ended(context.flow, context.step_name)
            if not type(context.flow).is_crewai_internal:
                in_step("")
        else:
            # Now, since callbacks and the tasks that follow may read it.
            write_back_task(context.task, context.payload)

    def seen(self, source: Any, event: Any) -> None:
        """Process an event of CrewAI."""
        self._failures.seen(event)
        work = current_work()
        (self._locations if work is None else work).doing.seen(event)
        self._calls.seen(source, event)

    # --- what fails here ------------------------------------------------------------------------

    def hook_failed(self, hook: str, error: Exception) -> None:
        """Prevent the call of a failed hook if a bound is set or the run is stopping, else warn.

        Raises:
            Stopped: if the call must not be made.
        """
        check_stop(self._run)
        failure = self._guarantees.failed(hook, error)
        if failure is not None:
            raise Stopped(str(failure), source=failure)

    def view_failed(self, error: Exception) -> None:
        """End the run if a bound is set, since usage is not known any more; else warn."""
        failure = self._guarantees.failed("view of events", error)
        if failure is not None:
            self._control.fail(failure)
