"""The tasks of a guarded crew: bounded in number, and each failure seen when it happens.

Every task of a crew's clone is carried out through here. A BaseException, which would leave CrewAI
waiting for ever, becomes an ordinary error; what a failed task comes to is decided here alone.
"""

from __future__ import annotations

import asyncio
import functools
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
from docsum_nb.crew.failures import Failures
from docsum_nb.crew.guarantees import Guarantees
from docsum_nb.crew.kickoffs import Exited
from docsum_nb.crew.locations import Locations
from docsum_nb.crew.model_calls import ModelCalls
from docsum_nb.crew.patches import Stopped
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
    current_scope,
    is_on_a_loop,
    span,
)

__all__ = ["OnTaskError", "Tasks", "label_of", "one_line_of", "role_of", "source_of"]

_holds_a_slot: ContextVar[bool] = ContextVar("docsum_nb_holds_a_slot", default=False)
OnTaskError = Callable[[Any, BaseException], Any]


class Tasks:
    """Carries out the tasks of the crews of one run. Usable from any thread."""

    def __init__(
        self,
        control: Control,
        places: Locations,
        calls: ModelCalls,
        promises: Guarantees,
        failures: Failures,
        *,
        on_error: Literal["raise", "collect", "skip"],
        on_task_error: OnTaskError | None,
        max_concurrency: int | None,
    ) -> None:
        self._control = control
        self.run = Scope(control)
        """The whole run."""
        self._places = places
        self._calls = calls
        self._promises = promises
        self._failures_seen = failures
        self._on_error = on_error
        self._on_task_error = on_task_error
        self._limit = max_concurrency
        self._slots = Slots(max_concurrency)
        self._outputs: list[Any] = []
        self._at: dict[int, Any] = {}

    def slots(self, *, blocking: bool) -> Slots:
        """Return the slots for the asynchronous tasks of a crew that is kicked off here.

        All crews of a run share them; but one that a task with a slot kicks off has its own, as
        that task waits for it, and so has one that blocks a loop, which others may need.

        Args:
            blocking: Whether the crew blocks the loop that it is kicked off on, if it is on one.
        """
        blocking = blocks_a_loop() or (blocking and is_on_a_loop())
        return Slots(self._limit) if _holds_a_slot.get() or blocking else self._slots

    def take_over(self, task: Any, place: int, slots: Slots) -> None:
        """Make the executions of a clone's task pass through here.

        Args:
            task: The task.
            place: Which of the run's it is, counted from 0.
            slots: Those for the asynchronous tasks of its crew.
        """
        self._at[place] = task
        for method, carry_out in ((EXECUTE_CORE, self._execute), (AEXECUTE_CORE, self._aexecute)):
            own = method.of(task)
            # CrewAI looks the method up on the task.
            method.replace(task, functools.partial(carry_out, task, place, slots, own))
        if (skipped := SKIPPED_OUTPUT.of(task)) is not None:
            SKIPPED_OUTPUT.replace(task, functools.partial(self._skip, task, place, skipped))

    @property
    def scope(self) -> Scope:
        """The crew or flow that the caller's code belongs to; of other code, the whole run."""
        return current_scope() or self.run

    def scope_of(self, work: Any) -> Scope:
        """Make the scope of a crew or flow that is kicked off in the caller's."""
        return Scope(self._control, self.scope, work)

    def check_collected(self) -> None:
        """Raise the errors of the tasks of this crew that failed so far, if they are collected.

        Raises:
            ExceptionGroup: of all tasks that failed.
        """
        failures = self.scope.failures
        if self._on_error == "collect" and failures:
            raise ExceptionGroup(f"{len(failures)} tasks failed", failures)

    def outputs(self) -> tuple[Any, ...]:
        """Return the outputs of the tasks that are finished."""
        return tuple(self._outputs.copy())

    def detail(self, place: int) -> Detail | None:
        """Return what a task is about and its output; ``None`` where there is no such task."""
        task = self._at.get(place)
        if task is None:
            return None
        return Detail(str(task.description), str(task.output.raw) if task.output else "")

    def _skip(self, task: Any, place: int, own: Callable[[], Any]) -> Any:
        """Report that a task's condition has kept it from being carried out."""
        output = own()
        self._control.emit(ChunkSkipped(label_of(task), place=place))
        return output

    # --- one task ------------------------------------------------------------------------------

    def _execute(
        self,
        task: Any,
        place: int,
        slots: Slots,
        own: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        with ExitStack() as held:
            held.enter_context(about(place))
            if task.async_execution:
                held.enter_context(slots.held(self.scope, self.scope.check))
                held.enter_context(_holding())
            with self._failing(task) as outcome:
                outcome.append(self._asked_for(task, own(*args, **kwargs)))
        return outcome[0]

    async def _aexecute(
        self,
        task: Any,
        place: int,
        slots: Slots,
        own: Callable[..., Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        async with AsyncExitStack() as held:
            held.enter_context(about(place))
            if task.async_execution:
                held.enter_context(self._cancelled_with_its_crew())
                await held.enter_async_context(slots.aheld(self.scope, self.scope.check))
                held.enter_context(_holding())
            with self._failing(task) as outcome:
                outcome.append(self._asked_for(task, await own(*args, **kwargs)))
        return outcome[0]

    def _asked_for(self, task: Any, output: Any) -> Any:
        """Return a task's output, if the guard was asked for the calls behind it."""
        failure = self._promises.ended(task, output)
        if failure is not None:
            raise Stopped(str(failure), source=failure)
        return output

    @contextmanager
    def _cancelled_with_its_crew(self) -> Iterator[None]:
        """Cancel an asyncio task of CrewAI's when its crew is stopped; no error is complained of.

        CrewAI awaits them one after the other, and forgets the others when one has failed.
        """
        working = asyncio.current_task()
        assert working is not None
        working.add_done_callback(_retrieve)
        with cancelled_with(self.scope):
            yield

    @contextmanager
    def _failing(self, task: Any) -> Iterator[list[Any]]:
        """Report how a task ends; what it yields holds the task's output in the end."""
        outcome: list[Any] = []
        self.scope.check()
        if not task.async_execution:
            # What follows builds on the tasks before: better nothing than half of it.
            self.check_collected()
        label = label_of(task)
        self._control.emit(ChunkStarted(label))
        begun = self._failures_seen.begin(label, role_of(task))
        self._places.task_began(task, label, role_of(task), begun.work.doing)
        failure: BaseException | None = None
        try:
            with span(f"task {label}", {"docsum_nb.task": label, "docsum_nb.agent": role_of(task)}):
                yield outcome
                begun.work.check()
        except BaseException as error:
            # Before the error is published: the code that handles it may read the task.
            write_back_task(task)
            if _cancelled(error):
                raise
            failure = begun.work.refusal or error
            # Any other BaseException would leave CrewAI waiting for ever.
            outcome[:] = [self._failed(task, label, failure)]
        else:
            if lacking := _lacking_form(task, outcome[0]):
                self._control.emit(Warned(lacking, label, role_of(task)))
            self._outputs.append(outcome[0])
            self._control.emit(ChunkSummarized(label, cached=False))
        finally:
            self._failures_seen.end(begun, failure)
            write_back_task(task)
            self._places.task_ended(task)
            self._calls.ended(task)

    def _failed(self, task: Any, label: str, error: BaseException) -> Any:
        """Decide what a failed task comes to: a replacement, or the error."""
        scope = self.scope
        if scope.stopped_by() is not None:
            raise Stopping from None if isinstance(error, Stopped) else error
        refused = isinstance(error, Stopped)
        failure = self._as_exception(task, label, error)
        why = fault_of(failure).line
        said = f"{described(failure)} ({why})" if why else described(failure)
        self._control.emit(ChunkFailed(label, said))
        replacement = self._replacement(task, failure)
        if replacement is not None:
            return _output(task, replacement)
        # Behind a provider's error are its client's, some hundred lines; the cause is in the note.
        without_secrets(failure).__suppress_context__ = True
        run = self._control.run_id
        note = f"docsum_nb run {run}: task {label!r}, agent {role_of(task)!r}"
        _note(failure, f"{note}; {why}" if why else note)
        if self._on_error == "raise" or refused:
            scope.fail(failure)
            raise failure
        scope.failures.append(failure)
        self._control.emit(Warned(f"task {label!r} failed: {said}"))
        return _output(task, f"[This part is missing: {type(failure).__name__}]")

    def _as_exception(self, task: Any, label: str, error: BaseException) -> Exception:
        if isinstance(error, Stopped):
            return source_of(error)
        if isinstance(error, Exited):
            error = error.source
        if isinstance(error, Exception):
            return error
        exited = WorkExited(
            f"task {label!r} of agent {role_of(task)!r} raised {error!r}",
            run_id=self._control.run_id,
            step="working",
            task=label,
            agent=role_of(task),
            partial=self.outputs(),
        )
        exited.__cause__ = error
        return exited

    def _replacement(self, task: Any, error: Exception) -> Any:
        if self._on_task_error is None:
            return None
        try:
            return self._on_task_error(task, error)
        except BaseException as second:  # noqa: BLE001  # the task's own error is the one to show
            _note(error, f"on_task_error raised {second!r}")
            return None


@contextmanager
def _holding() -> Iterator[None]:
    """Note in this context that a task holds a slot."""
    token = _holds_a_slot.set(True)
    try:
        yield
    finally:
        _holds_a_slot.reset(token)


def source_of(stopped: Stopped) -> Exception:
    """Return what a hook had against a call."""
    return stopped.source if isinstance(stopped.source, Exception) else stopped


def _retrieve(ended: asyncio.Task[Any]) -> None:
    if not ended.cancelled():
        ended.exception()


def _cancelled(error: BaseException) -> bool:
    """Check whether a task of the running loop was cancelled from outside, and must end so."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def _lacking_form(task: Any, output: Any) -> str:
    """Return what is missing of an output that was to be structured; empty if nothing is.

    If an answer cannot be converted, CrewAI goes on with the text.
    """
    for wanted, form in (("output_pydantic", "pydantic"), ("output_json", "json_dict")):
        model = getattr(task, wanted, None)
        if model is not None and getattr(output, form, None) is None:
            name = getattr(model, "__name__", model)
            return f"the answer was not converted to {name}: output.{form} is None"
    return ""


def label_of(task: Any) -> str:
    """Return the name of a task, in one line."""
    return one_line_of(str(task.name or task.description))


def one_line_of(text: str) -> str:
    """Return a name or description in one line of 60 characters at most."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def role_of(task: Any) -> str:
    """Name the agent of a task."""
    return str(task.agent.role) if task.agent is not None else "none"


def _output(task: Any, replacement: Any) -> Any:
    """Set a failed task's output to what takes its place."""
    if not isinstance(replacement, TaskOutput):
        replacement = TaskOutput(
            name=task.name or task.description,
            description=task.description,
            expected_output=task.expected_output,
            raw=str(replacement),
            agent=role_of(task),
        )
    task.output = replacement
    return replacement


def _note(error: BaseException, note: str) -> None:
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
