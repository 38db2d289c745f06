"""A user's own Crew or Flow, run so that it fails at once, stops when told, and shares nothing.

A guarded crew runs as a double (``isolate.py``) in a thread without an event loop, where CrewAI
works as in a plain script. Every task passes through the guard: the first error is published when
it happens, whichever task CrewAI waits for; a BaseException, which would leave CrewAI waiting for
ever, becomes an ordinary error; once the run is stopping, no task and no model call begins. Crews
that a guarded Flow kicks off are guarded with it.

What is in flight in a thread cannot be killed; it is left to end by itself.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, Literal

from crewai.tasks.task_output import TaskOutput
from crewai.types.streaming import StreamingOutputBase

from docsum_nb.budget import Budget
from docsum_nb.crew.calls import ModelCalls
from docsum_nb.crew.evaluate import RunModel
from docsum_nb.crew.install import Stopped, watched_by, watcher
from docsum_nb.crew.isolate import double_of
from docsum_nb.crew.places import Places
from docsum_nb.errors import RunError, WorkExited
from docsum_nb.events import (
    ChunkFailed,
    ChunksPlanned,
    ChunkStarted,
    ChunkSummarized,
    Event,
    StageStarted,
    Warned,
)
from docsum_nb.records import Price
from docsum_nb.run import Control, Stopping, Whereabouts, span

__all__ = ["Guard", "OnTaskError", "current_guard"]

OnTaskError = Callable[[Any, BaseException], Any]


class Guard:
    """Watches over the crews of one run."""

    def __init__(
        self,
        control: Control,
        *,
        price_of: Callable[[str, str | None], Price | None],
        on_error: Literal["raise", "collect", "skip"] = "raise",
        on_task_error: OnTaskError | None = None,
        max_concurrency: int | None = None,
        max_calls: int | None = None,
        max_cost: float | None = None,
    ) -> None:
        self._control = control
        self._on_error = on_error
        self._on_task_error = on_task_error
        self._slots = threading.BoundedSemaphore(max_concurrency) if max_concurrency else None
        self.budget = Budget(max_calls=max_calls, max_cost=max_cost)
        """The bounds of all model calls of this run, and of runs inside it."""
        self._calls = ModelCalls(control, budget=self.budget, price_of=price_of)
        self._places = Places()
        self._lock = threading.Lock()
        self._planned = ChunksPlanned(0, 0)
        self._outputs: list[Any] = []
        self.failures: list[Exception] = []

    def kick_off(self, work: Any, inputs: dict[str, Any] | None) -> Any:
        """Run a Crew or Flow to its end, blocking; call it in a thread without a running loop.

        Args:
            work: A Crew or Flow.
            inputs: What its ``kickoff`` takes; ``None`` for nothing.

        Returns:
            Its output; of one that streams, the output at the end of the stream.

        Raises:
            BaseException: what it raised, or what stopped the run.
            ExceptionGroup: with ``on_error="collect"``, of all tasks that failed.
        """
        with self.watching():
            result = self.streamed(work.kickoff(inputs=inputs))
        self.check_collected()
        return result

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Guard every crew that is kicked off in this context, and in what is started from it."""
        self._places.thread = threading.get_ident()
        try:
            with watched_by(self):
                yield
        except Stopped as stopped:
            # Outside of a task, as where a flow asks a model itself, nobody has unwrapped it.
            raise _source(stopped) from None

    def streamed(self, result: Any) -> Any:
        """Take a stream to its end, and return its output; anything else as it is."""
        if not isinstance(result, StreamingOutputBase):
            return result
        for _ in result:
            self._control.check()
        return result.result

    async def astreamed(self, result: Any) -> Any:
        """Take a stream of either kind to its end, on the running loop."""
        if not isinstance(result, StreamingOutputBase) or result._async_iterator is None:
            return result
        async for _ in result:
            self._control.check()
        return result.result

    def double(self, crew: Any) -> Any:
        """Make a crew's double, each task of which passes through this guard."""
        double = double_of(crew)
        self._plan(ChunksPlanned(len(double.tasks), 0))
        for task in double.tasks:
            own, own_async = task._execute_core, task._aexecute_core
            # Pydantic knows fields only; CrewAI looks the method up on the task.
            object.__setattr__(task, "_execute_core", functools.partial(self._execute, task, own))
            object.__setattr__(
                task, "_aexecute_core", functools.partial(self._aexecute, task, own_async)
            )
        return double

    def check_collected(self) -> None:
        """Raise what failed so far, where errors are collected."""
        if self._on_error == "collect" and self.failures:
            raise ExceptionGroup(f"{len(self.failures)} tasks failed", self.failures)

    def whereabouts(self) -> Whereabouts:
        """Name the tasks or steps that are running, and where their threads are."""
        return self._places.whereabouts()

    def outputs(self) -> tuple[Any, ...] | None:
        """Return the outputs of the tasks that are finished; ``None`` where none is."""
        return tuple(self._outputs.copy()) or None

    # --- a run inside the guarded one ----------------------------------------------------------

    def control_of(self, inner: Control) -> Control:
        """Have what a run inside this one does be seen in this one; ``budget`` bounds it.

        Returns:
            The control for the inner run's work.
        """

        def emit(event: Event) -> None:
            self._tell(event)
            inner.emit(event)

        return replace(inner, emit=emit)

    def _tell(self, event: Event) -> None:
        if isinstance(event, ChunksPlanned):
            self._plan(event)
            return
        if isinstance(event, StageStarted):
            self._places.stage = event.stage
        self._control.emit(event)

    def _plan(self, more: ChunksPlanned) -> None:
        with self._lock:
            before = self._planned
            self._planned = ChunksPlanned(before.chunks + more.chunks, before.calls + more.calls)
        self._control.emit(self._planned)

    # --- what CrewAI tells --------------------------------------------------------------------

    def before_call(self, context: Any) -> None:
        """Allow a model call, unless the run is stopping or its budget says no."""
        stopped = self._control.stopped_by()
        if stopped is not None:
            raise Stopped(f"the run is stopping: {stopped}", source=stopped)
        if isinstance(context.llm, RunModel):
            return  # asked, counted and stopped by the run that it was lent by
        self._places.task_seen(context.task)
        try:
            self._allow(lambda: self._calls.before(context), context.task)
        except Exception as error:
            raise Stopped(str(error), source=error) from error

    def _allow(self, ask: Callable[[], None], task: Any) -> None:
        """Have a call allowed; what is said against it tells where it was to be made."""
        try:
            ask()
        except RunError as error:
            error.run_id, error.step = self._control.run_id, "working"
            error.partial = self.outputs()
            if task is not None:
                error.task, error.agent = _label(task), _role(task)
            raise

    def after_call(self, context: Any) -> None:
        """See a model call that was answered."""
        self._calls.after(context)

    def before_step(self, context: Any) -> None:
        """See a step of a flow begin."""
        if context.kind == "flow_method":
            self._places.step_began(context.flow, context.step_name)

    def after_step(self, context: Any) -> None:
        """See a step of a flow end."""
        if context.kind == "flow_method":
            self._places.step_ended(context.flow, context.step_name)

    def seen(self, source: Any, event: Any) -> None:
        """See an event of CrewAI's."""
        self._calls.seen(source, event)

    # --- a task --------------------------------------------------------------------------------

    def _execute(self, task: Any, own: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self._slot(task), self._failing(task) as outcome:
            outcome.append(own(*args, **kwargs))
        return outcome[0]

    async def _aexecute(self, task: Any, own: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        async with self._async_slot(task):
            with self._failing(task) as outcome:
                outcome.append(await own(*args, **kwargs))
        return outcome[0]

    @contextmanager
    def _slot(self, task: Any) -> Iterator[None]:
        """Hold one of the places for concurrent tasks; a stop ends the wait for it."""
        if self._slots is None or not task.async_execution:
            yield
            return
        while not self._slots.acquire(timeout=0.1):
            self._control.check()
        try:
            yield
        finally:
            self._slots.release()

    @asynccontextmanager
    async def _async_slot(self, task: Any) -> AsyncIterator[None]:
        if self._slots is None or not task.async_execution:
            yield
            return
        # The places are shared with tasks in threads, so no asyncio lock can stand for them.
        while not self._slots.acquire(blocking=False):
            self._control.check()
            await asyncio.sleep(0.05)
        try:
            yield
        finally:
            self._slots.release()

    @contextmanager
    def _failing(self, task: Any) -> Iterator[list[Any]]:
        """Report how a task ends; what it yields holds the task's output in the end."""
        outcome: list[Any] = []
        self._control.check()
        if not task.async_execution:
            # What follows builds on the tasks before: better nothing than half of it.
            self.check_collected()
        label = _label(task)
        self._control.emit(ChunkStarted(label))
        self._places.task_began(task, label, _role(task))
        try:
            with span(f"task {label}", {"docsum_nb.task": label, "docsum_nb.agent": _role(task)}):
                yield outcome
        except BaseException as error:
            if _cancelled(error):
                raise
            # Any other BaseException would leave CrewAI waiting for ever.
            outcome.append(self._failed(task, label, error))
        else:
            self._outputs.append(outcome[0])
            self._control.emit(ChunkSummarized(label, cached=False))
        finally:
            self._places.task_ended(task)
            self._calls.ended(task)

    def _failed(self, task: Any, label: str, error: BaseException) -> Any:
        """Decide what a failed task comes to: a replacement, or the error."""
        if self._control.stopped_by() is not None:
            raise Stopping from None if isinstance(error, Stopped) else error
        refused = isinstance(error, Stopped)
        failure = self._as_exception(task, label, error)
        self._control.emit(ChunkFailed(label, f"{type(failure).__name__}: {failure}"))
        replacement = self._replacement(task, failure)
        if replacement is not None:
            return _output(task, replacement)
        # Behind a provider's error are its client's, some hundred lines that say the same.
        failure.__suppress_context__ = True
        run = self._control.run_id
        _note(failure, f"docsum_nb run {run}: task {label!r}, agent {_role(task)!r}")
        if self._on_error == "raise" or refused:
            self._control.fail(failure)
            raise failure
        with self._lock:
            self.failures.append(failure)
        self._control.emit(Warned(f"task {label!r} failed: {type(failure).__name__}: {failure}"))
        return _output(task, f"[This part is missing: {type(failure).__name__}]")

    def _as_exception(self, task: Any, label: str, error: BaseException) -> Exception:
        if isinstance(error, Stopped):
            return _source(error)
        if isinstance(error, Exception):
            return error
        exited = WorkExited(
            f"task {label!r} of agent {_role(task)!r} raised {error!r}",
            run_id=self._control.run_id,
            step="working",
            task=label,
            agent=_role(task),
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


def current_guard() -> Guard | None:
    """Return the guard of the run that the caller is in; ``None`` outside of one."""
    guard = watcher()
    return guard if isinstance(guard, Guard) else None


def _source(stopped: Stopped) -> Exception:
    return stopped.source if isinstance(stopped.source, Exception) else stopped


def _cancelled(error: BaseException) -> bool:
    """Tell whether a task of the running loop was cancelled from outside, and must end so."""
    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False
    return task is not None and task.cancelling() > 0


def _label(task: Any) -> str:
    text = " ".join(str(task.name or task.description).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _role(task: Any) -> str:
    return str(task.agent.role) if task.agent is not None else "none"


def _output(task: Any, replacement: Any) -> Any:
    """Set a failed task's output to what takes its place."""
    if not isinstance(replacement, TaskOutput):
        replacement = TaskOutput(
            name=task.name or task.description,
            description=task.description,
            expected_output=task.expected_output,
            raw=str(replacement),
            agent=_role(task),
        )
    task.output = replacement
    return replacement


def _note(error: BaseException, note: str) -> None:
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)
