"""The tasks of a guarded crew: bounded in number, and each failure published when it happens.

Every task of a crew's clone is executed here. A BaseException, which would make CrewAI wait for
ever, becomes an ordinary error. What follows from a failed task is decided here only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from docsum_nb.crew.clone import write_back_task
from docsum_nb.crew.concurrency import Slots
from docsum_nb.crew.crewai_names.executions import (
    AEXECUTE_CORE,
    EXECUTE_CORE,
    SKIPPED_OUTPUT,
    TaskOutput,
)
from docsum_nb.crew.current_task import current_part
from docsum_nb.crew.failures import Failures, StartedTask
from docsum_nb.crew.guarantees import Guarantees
from docsum_nb.crew.inspection.parts import label_of, role_of
from docsum_nb.crew.locations import Locations
from docsum_nb.crew.model_calls import ModelCalls
from docsum_nb.crew.watcher import Exited, Stopped
from docsum_nb.errors import WorkExited, described
from docsum_nb.events import ChunkFailed, ChunkSkipped, ChunkStarted, ChunkSummarized, Warned
from docsum_nb.provider_errors import fault_of, without_secrets
from docsum_nb.run import (
    Control,
    Detail,
    Scope,
    Stopping,
    about,
    blocks_a_loop,
    cancelled_with,
    is_on_a_loop,
    span,
)

__all__ = ["OnTaskError", "Tasks", "source_of"]

_holds_a_slot: ContextVar[bool] = ContextVar("docsum_nb_holds_a_slot", default=False)
OnTaskError = Callable[[Any, BaseException], Any]


class Tasks:
    """The tasks of the crews of one run. Usable from any thread.

    Args:
        control: The run's.
        run: The scope of the whole run.
        locations: Keeps the tasks that are running.
        calls: The run's model calls.
        guarantees: The promises of the guard.
        failures: The failures that CrewAI swallows.
        on_error, on_task_error: As for ``kickoff``.
        max_concurrency: The number of asynchronous tasks at once; ``None`` for no limit.
    """

    def __init__(
        self,
        control: Control,
        run: Scope,
        *,
        locations: Locations,
        calls: ModelCalls,
        guarantees: Guarantees,
        failures: Failures,
        on_error: Literal["raise", "collect", "skip"],
        on_task_error: OnTaskError | None,
        max_concurrency: int | None,
    ) -> None:
        self.control = control
        self.locations = locations
        self.calls = calls
        self.guarantees = guarantees
        self.failures = failures
        self.on_error = on_error
        self.on_task_error = on_task_error
        self._run = run
        self._limit = max_concurrency
        self._slots = Slots(max_concurrency)
        self._outputs: list[Any] = []
        self._by_index: dict[int, Any] = {}

    @property
    def scope(self) -> Scope:
        """The crew or flow that the caller's code belongs to; of other code, the whole run."""
        return current_part(self._run)

    def slots(self, *, blocking: bool) -> Slots:
        """Return the slots for the asynchronous tasks of a crew that is kicked off here.

        All crews of a run share them. A crew that a task with a slot kicks off has its own, since
        that task waits for it; so has one that blocks a loop, which other tasks may need.

        Args:
            blocking: Whether the crew blocks the loop that it is kicked off on, if it is on one.
        """
        blocking = blocks_a_loop() or (blocking and is_on_a_loop())
        return Slots(self._limit) if _holds_a_slot.get() or blocking else self._slots

    def take_over(self, task: Any, index: int, slots: Slots) -> None:
        """Make all executions of a clone's task pass through here.

        Args:
            task: The task.
            index: Its number among the run's tasks, from 0.
            slots: The slots for the asynchronous tasks of its crew.
        """
        self._by_index[index] = task
        guarded = _GuardedTask(self, task, index, slots)
        # CrewAI looks the methods up on the task.
        EXECUTE_CORE.replace(task, guarded.execute)
        AEXECUTE_CORE.replace(task, guarded.aexecute)
        if SKIPPED_OUTPUT.known(task):
            SKIPPED_OUTPUT.replace(task, guarded.skip)

    def check_collected(self) -> None:
        """Raise the errors of the tasks of this crew that have failed, if they are collected.

        Raises:
            ExceptionGroup: of all tasks that have failed.
        """
        failures = self.scope.failures
        if self.on_error == "collect" and failures:
            raise ExceptionGroup(f"{len(failures)} tasks failed", failures)

    def add_output(self, output: Any) -> None:
        """Add the output of a finished task."""
        self._outputs.append(output)

    def outputs(self) -> tuple[Any, ...]:
        """Return the outputs of the finished tasks, in the order in which they finished."""
        return tuple(self._outputs.copy())

    def detail(self, index: int) -> Detail | None:
        """Return a task's description and its output; ``None`` if there is no such task."""
        task = self._by_index.get(index)
        if task is None:
            return None
        return Detail(str(task.description), str(task.output.raw) if task.output else "")


class _GuardedTask:
    """One task of a clone, with the methods that CrewAI calls instead of the task's own."""

    def __init__(self, tasks: Tasks, task: Any, index: int, slots: Slots) -> None:
        self._tasks = tasks
        self._task = task
        self._index = index
        self._slots = slots
        self._own_execute = EXECUTE_CORE.of(task)
        self._own_aexecute = AEXECUTE_CORE.of(task)
        self._own_skip = SKIPPED_OUTPUT.of(task)
        self._control = tasks.control

    @property
    def _label(self) -> str:
        return label_of(self._task)

    @property
    def _role(self) -> str:
        return role_of(self._task.agent)

    def skip(self) -> Any:
        """Report that a task's condition has prevented it."""
        output = self._own_skip()
        self._control.emit(ChunkSkipped(self._label, place=self._index))
        return output

    # The names of the next two methods are known in permanent_failures.py.

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Execute the task in this thread; returns its output, or what replaces it."""
        failure: BaseException | None = None
        with ExitStack() as held:
            held.enter_context(about(self._index))
            if self._task.async_execution:
                held.enter_context(self._slots.held(self._tasks.scope))
                held.enter_context(_holding())
            started = self._start()
            try:
                with self._span():
                    output = self._checked(started, self._own_execute(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # see _instead
                failure = self._failure(started, error)
                output = self._instead(failure)
            else:
                self._finish(output)
            finally:
                self._end(started, failure)
        return output

    async def aexecute(self, *args: Any, **kwargs: Any) -> Any:
        """Execute the task on the running loop; returns its output, or what replaces it."""
        failure: BaseException | None = None
        async with AsyncExitStack() as held:
            held.enter_context(about(self._index))
            if self._task.async_execution:
                held.enter_context(_cancelled_with_its_crew(self._tasks.scope))
                await held.enter_async_context(self._slots.aheld(self._tasks.scope))
                held.enter_context(_holding())
            started = self._start()
            try:
                with self._span():
                    output = self._checked(started, await self._own_aexecute(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # see _instead
                failure = self._failure(started, error)
                output = self._instead(failure)
            else:
                self._finish(output)
            finally:
                self._end(started, failure)
        return output

    # --- the steps of an execution --------------------------------------------------------------

    def _start(self) -> StartedTask:
        self._tasks.scope.check()
        if not self._task.async_execution:
            # The next tasks build on those before: better none of them than half.
            self._tasks.check_collected()
        label, role = self._label, self._role
        self._control.emit(ChunkStarted(label))
        started = self._tasks.failures.begin(label, role)
        self._tasks.locations.task_began(self._task, label, role, started.work.doing)
        return started

    def _span(self) -> Any:
        attributes = {"docsum_nb.task": self._label, "docsum_nb.agent": self._role}
        return span(f"task {self._label}", attributes)

    def _checked(self, started: StartedTask, output: Any) -> Any:
        """Return the task's output, unless its model was called without the guard."""
        unasked = self._tasks.guarantees.ended(self._task, output)
        if unasked is not None:
            raise Stopped(str(unasked), source=unasked)
        started.work.check()
        return output

    def _finish(self, output: Any) -> None:
        if missing := _missing_form(self._task, output):
            self._control.emit(Warned(missing, self._label, self._role))
        self._tasks.add_output(output)
        self._control.emit(ChunkSummarized(self._label, cached=False))

    def _end(self, started: StartedTask, failure: BaseException | None) -> None:
        self._tasks.failures.end(started, failure)
        write_back_task(self._task)
        self._tasks.locations.task_ended(self._task)
        self._tasks.calls.ended(self._task)

    # --- failures -------------------------------------------------------------------------------

    def _failure(self, started: StartedTask, error: BaseException) -> BaseException:
        """Return what the task failed by; a cancellation from outside is raised again."""
        # Before the error is published: the code that handles it may read the task.
        write_back_task(self._task)
        if _is_cancelled(error):
            raise error
        return started.work.refusal or error

    def _instead(self, error: BaseException) -> Any:
        """Return the output that replaces a failed task's; otherwise raise its error.

        Any other BaseException than the task's error would make CrewAI wait for ever.
        """
        tasks, scope = self._tasks, self._tasks.scope
        if scope.stopped_by() is not None:
            raise Stopping from None if isinstance(error, Stopped) else error
        refused = isinstance(error, Stopped)
        failure = self._as_exception(error)
        cause = fault_of(failure).line
        text = f"{described(failure)} ({cause})" if cause else described(failure)
        self._control.emit(ChunkFailed(self._label, text))
        replacement = self._replacement(failure)
        if replacement is not None:
            return self._set_output(replacement)
        # Behind a provider's error are its client's, some hundred lines; the cause is in the note.
        without_secrets(failure).__suppress_context__ = True
        note = f"docsum_nb run {self._control.run_id}: task {self._label!r}, agent {self._role!r}"
        _add_note(failure, f"{note}; {cause}" if cause else note)
        if tasks.on_error == "raise" or refused:
            scope.fail(failure)
            raise failure
        scope.failures.append(failure)
        self._control.emit(Warned(f"task {self._label!r} failed: {text}"))
        return self._set_output(f"[This part is missing: {type(failure).__name__}]")

    def _as_exception(self, error: BaseException) -> Exception:
        if isinstance(error, Stopped):
            return source_of(error)
        if isinstance(error, Exited):
            error = error.source
        if isinstance(error, Exception):
            return error
        exited = WorkExited(
            f"task {self._label!r} of agent {self._role!r} raised {error!r}",
            run_id=self._control.run_id,
            step="working",
            task=self._label,
            agent=self._role,
            partial=self._tasks.outputs(),
        )
        exited.__cause__ = error
        return exited

    def _replacement(self, error: Exception) -> Any:
        if self._tasks.on_task_error is None:
            return None
        try:
            return self._tasks.on_task_error(self._task, error)
        except BaseException as second:  # noqa: BLE001  # the task's own error is the one to show
            _add_note(error, f"on_task_error raised {second!r}")
            return None

    def _set_output(self, replacement: Any) -> Any:
        """Set the task's output to what replaces it, and return it."""
        task = self._task
        if not isinstance(replacement, TaskOutput):
            replacement = TaskOutput(
                name=task.name or task.description,
                description=task.description,
                expected_output=task.expected_output,
                raw=str(replacement),
                agent=self._role,
            )
        task.output = replacement
        return replacement


# --- helpers --------------------------------------------------------------------------------------


@contextmanager
def _holding() -> Iterator[None]:
    """Note in this context that a task holds a slot."""
    token = _holds_a_slot.set(True)
    try:
        yield
    finally:
        _holds_a_slot.reset(token)


@contextmanager
def _cancelled_with_its_crew(crew: Scope) -> Iterator[None]:
    """Cancel an asyncio task of CrewAI's when its crew is stopped; asyncio reports no error of it.

    CrewAI awaits them one after the other, and forgets the others when one has failed.
    """
    working = asyncio.current_task()
    assert working is not None
    working.add_done_callback(_retrieve)
    with cancelled_with(crew):
        yield


def _retrieve(ended: asyncio.Task[Any]) -> None:
    if not ended.cancelled():
        ended.exception()


def source_of(stopped: Stopped) -> Exception:
    """Return the reason of a hook against a call."""
    return stopped.source if isinstance(stopped.source, Exception) else stopped


def _is_cancelled(error: BaseException) -> bool:
    """Check whether a task of the running loop was cancelled from outside, and must end so."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def _missing_form(task: Any, output: Any) -> str:
    """Return what is missing of an output that was to be structured; empty if nothing is.

    If an answer cannot be converted, CrewAI continues with the text.
    """
    for wanted, form in (("output_pydantic", "pydantic"), ("output_json", "json_dict")):
        model = getattr(task, wanted, None)
        if model is not None and getattr(output, form, None) is None:
            name = getattr(model, "__name__", model)
            return f"the answer was not converted to {name}: output.{form} is None"
    return ""


def _add_note(error: BaseException, note: str) -> None:
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
