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
import importlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal

from crewai import Crew
from crewai.events.utils.console_formatter import set_suppress_console_output
from crewai.tasks.task_output import TaskOutput

from docsum_nb.crew.evaluate import RunModel
from docsum_nb.crew.isolate import double_of
from docsum_nb.errors import BudgetExceeded, WorkExited
from docsum_nb.events import (
    CallStarted,
    ChunkFailed,
    ChunksPlanned,
    ChunkStarted,
    ChunkSummarized,
    Event,
    StageStarted,
    Warned,
)
from docsum_nb.run import Control, Stopping, Whereabouts, describe_frame, own_frame, thread_frames

__all__ = ["Guard", "OnTaskError", "current_guard"]

# ``crewai.hooks.dispatch`` names a function of that module as well.
_hooks = importlib.import_module("crewai.hooks.dispatch")

OnTaskError = Callable[[Any, BaseException], Any]

_MOST_PLACES = 5

_current: ContextVar[Guard | None] = ContextVar("docsum_nb_guard", default=None)


class _Stopped(_hooks.HookAborted):  # type: ignore[name-defined]
    """Raised in a hook: the only kind of error that CrewAI lets out of one."""


@dataclass
class _Active:
    """A task that is running, and the thread it was last seen in."""

    label: str
    agent: str
    thread: int


class Guard:
    """Watches over the crews of one run."""

    def __init__(
        self,
        control: Control,
        *,
        on_error: Literal["raise", "collect", "skip"] = "raise",
        on_task_error: OnTaskError | None = None,
        max_concurrency: int | None = None,
        max_calls: int | None = None,
    ) -> None:
        self._control = control
        self._on_error = on_error
        self._on_task_error = on_task_error
        self._slots = threading.BoundedSemaphore(max_concurrency) if max_concurrency else None
        self._max_calls = max_calls
        self._lock = threading.Lock()
        self._calls = 0
        self._planned = 0
        self._planned_calls = 0
        self._stage = ""
        self._active: dict[int, _Active] = {}
        self._outputs: list[Any] = []
        self.failures: list[Exception] = []

    def kick_off(self, work: Any, inputs: dict[str, Any] | None) -> Any:
        """Run a Crew or Flow to its end, blocking; call it in a thread without a running loop.

        Args:
            work: A Crew or Flow.
            inputs: What its ``kickoff`` takes; ``None`` for nothing.

        Raises:
            BaseException: what it raised, or what stopped the run.
            ExceptionGroup: with ``on_error="collect"``, of all tasks that failed.
        """
        with self.watching():
            result = work.kickoff(inputs=inputs)
        self.check_collected()
        return result

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Guard every crew that is kicked off in this context, and in what is started from it."""
        _install()
        set_suppress_console_output(True)
        token = _current.set(self)
        try:
            with _hooks.scoped_hooks():
                _hooks.register_scoped(_hooks.InterceptionPoint.PRE_MODEL_CALL, self._before_call)
                yield
        finally:
            _current.reset(token)

    def double(self, crew: Any) -> Any:
        """Make a crew's double, each task of which passes through this guard."""
        double = double_of(crew)
        with self._lock:
            self._planned += len(double.tasks)
            self._stage = ""
        self._control.emit(ChunksPlanned(self._planned, self._planned_calls))
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
        """Name the tasks that are running, their agents, and where their threads are."""
        active = list(self._active.copy().values())
        if not active:
            return Whereabouts(f"while {self._stage}" if self._stage else "between two tasks")
        places = [
            f"task {each.label!r} of agent {each.agent!r}"
            + (f", in {describe_frame(frame)}" if frame else "")
            for each in active[:_MOST_PLACES]
            for frame in [own_frame(thread_frames(each.thread))]
        ]
        more = f"; and {len(active) - _MOST_PLACES} more" if len(active) > _MOST_PLACES else ""
        text = f"while running {'; '.join(places)}{more}"
        return Whereabouts(text, active[0].label, active[0].agent)

    def outputs(self) -> tuple[Any, ...] | None:
        """Return the outputs of the tasks that are finished; ``None`` where none is."""
        return tuple(self._outputs.copy()) or None

    # --- a run inside the guarded one ----------------------------------------------------------

    def control_of(self, inner: Control) -> Control:
        """Have what a run inside this one does be seen, and its model calls counted, in this one.

        Returns:
            The control for the inner run's work. A call above ``max_calls`` raises BudgetExceeded
            where it is told, before it is made.
        """

        def emit(event: Event) -> None:
            self._tell(event)
            inner.emit(event)

        return replace(inner, emit=emit)

    def _tell(self, event: Event) -> None:
        if isinstance(event, CallStarted):
            self._count_call("")
        elif isinstance(event, StageStarted):
            self._stage = event.stage
        elif isinstance(event, ChunksPlanned):
            with self._lock:
                self._planned += event.chunks
                self._planned_calls += event.calls
            event = ChunksPlanned(self._planned, self._planned_calls)
        self._control.emit(event)

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
        self._active[id(task)] = _Active(label, _role(task), threading.get_ident())
        try:
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
            self._active.pop(id(task), None)

    def _failed(self, task: Any, label: str, error: BaseException) -> Any:
        """Decide what a failed task comes to: a replacement, or the error."""
        if self._control.stopped_by() is not None:
            raise Stopping from None if isinstance(error, _Stopped) else error
        if isinstance(error, _Stopped):
            error = error.source if isinstance(error.source, Exception) else error
        if not isinstance(error, Exception):
            exited = WorkExited(
                f"task {label!r} of agent {_role(task)!r} raised {error!r}",
                run_id=self._control.run_id,
                step="working",
                task=label,
                agent=_role(task),
                partial=self.outputs(),
            )
            exited.__cause__ = error
            error = exited
        self._control.emit(ChunkFailed(label, f"{type(error).__name__}: {error}"))
        replacement = self._replacement(task, error)
        if replacement is not None:
            return _output(task, replacement)
        # Behind a provider's error are its client's, some hundred lines that say the same.
        error.__suppress_context__ = True
        _note(error, f"docsum_nb run {self._control.run_id}: task {label!r}, agent {_role(task)!r}")
        if self._on_error == "raise" or isinstance(error, BudgetExceeded):
            self._control.fail(error)
            raise error
        with self._lock:
            self.failures.append(error)
        self._control.emit(Warned(f"task {label!r} failed: {type(error).__name__}: {error}"))
        return _output(task, f"[This part is missing: {type(error).__name__}]")

    def _replacement(self, task: Any, error: Exception) -> Any:
        if self._on_task_error is None:
            return None
        try:
            return self._on_task_error(task, error)
        except BaseException as second:  # noqa: BLE001  # the task's own error is the one to show
            _note(error, f"on_task_error raised {second!r}")
            return None

    # --- a model call --------------------------------------------------------------------------

    def _before_call(self, context: Any) -> None:
        stopped = self._control.stopped_by()
        if stopped is not None:
            raise _Stopped(f"the run is stopping: {stopped}", source=stopped)
        if isinstance(context.llm, RunModel):
            return  # asked, counted and stopped by the run that it was lent by
        try:
            self._count_call(_label(context.task) if context.task is not None else "")
        except BudgetExceeded as error:
            raise _Stopped(str(error), source=error) from None
        active = self._active.get(id(context.task))
        if active is not None:
            # An agent calls its model from a thread of its own.
            active.thread = threading.get_ident()
        model = getattr(context.llm, "model", None) or "model"
        self._control.emit(CallStarted(str(model), 1))

    def _count_call(self, task: str) -> None:
        with self._lock:
            if self._max_calls is not None and self._calls >= self._max_calls:
                raise BudgetExceeded(
                    f"max_calls={self._max_calls} calls are made; the next one was not",
                    run_id=self._control.run_id,
                    step="working",
                    task=task,
                    partial=self.outputs(),
                )
            self._calls += 1


def current_guard() -> Guard | None:
    """Return the guard of the run that the caller is in; ``None`` outside of one."""
    return _current.get()


@functools.cache
def _install() -> None:
    """Put the guard before a crew's kickoff, once; without a guard it does nothing.

    A Flow kicks its crews off in the user's own code, so this is the only place to reach them.
    """
    kickoff, akickoff = Crew.kickoff, Crew.akickoff

    @functools.wraps(kickoff)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = _current.get()
        crew = self if guard is None or _is_double(self) else guard.double(self)
        return kickoff(crew, *args, **kwargs)

    @functools.wraps(akickoff)
    async def aguarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = _current.get()
        crew = self if guard is None or _is_double(self) else guard.double(self)
        return await akickoff(crew, *args, **kwargs)

    Crew.kickoff, Crew.akickoff = guarded, aguarded
    # CrewAI logs through the root logger as well; a logger's filter sees its own records only.
    for name in (None, "crewai.flow.runtime", "crewai.llms.base_llm", "crewai.llm"):
        logging.getLogger(name).addFilter(_OutsideGuard())


def _is_double(crew: Any) -> bool:
    # A streaming crew kicks itself off again.
    return any("_execute_core" in vars(task) for task in crew.tasks)


class _OutsideGuard(logging.Filter):
    """Keeps CrewAI's log lines on an error out of the cell that is shown the error itself.

    Threads that a stopped run has left to themselves are still in its context.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return _current.get() is None or "crewai" not in record.pathname


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
