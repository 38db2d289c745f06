"""The guard of a user's own Crew or Flow: it fails at once, can be stopped, and shares nothing.

A guarded crew runs as a clone (``clone.py``) in a thread without an event loop, where CrewAI works
as in a plain script. Every task passes through the guard: the first error is published when it
happens, no matter which task CrewAI waits for; a BaseException, which would make CrewAI wait for
ever, becomes an ordinary error; once the run is stopping, no task and no model call is started.
Crews that a guarded Flow kicks off are guarded with it.

What is in flight in a thread cannot be killed; it ends by itself.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from docsum_nb.budget import Budget
from docsum_nb.crew.call_costs import PriceList
from docsum_nb.crew.clone import clone_of
from docsum_nb.crew.concurrency import CallSlots
from docsum_nb.crew.crewai_names.executions import (
    ASYNC_ITERATOR,
    StreamingOutputBase,
    StreamSessionBase,
)
from docsum_nb.crew.current_task import current_work
from docsum_nb.crew.evaluate import RunModel
from docsum_nb.crew.failures import Failures
from docsum_nb.crew.guarantees import Guarantees
from docsum_nb.crew.hooks import Hooks
from docsum_nb.crew.human_input import asked_through
from docsum_nb.crew.inner_run import InnerControl, RunPlan
from docsum_nb.crew.inspection.parts import label_of, name_of_work, one_line_of, uses_of_models
from docsum_nb.crew.kickoffs import is_racing
from docsum_nb.crew.locations import Locations
from docsum_nb.crew.model_calls import ModelCalls
from docsum_nb.crew.patches import watched_by
from docsum_nb.crew.tasks import OnTaskError, Tasks, source_of
from docsum_nb.crew.watcher import Exited, Stopped, watcher
from docsum_nb.errors import WorkExited
from docsum_nb.events import ChunksPlanned, Warned
from docsum_nb.run import Control, Detail, Location, Question, Scope

__all__ = ["Guard", "current_guard"]

STREAMS = (StreamingOutputBase, StreamSessionBase)
"""The output of a crew or flow that streams: it must be read to its end."""

_REFUSED_S = 0.1
"""How long a refused kickoff takes: code that retries for ever must not use up a processor."""


class Guard:
    """Guards the crews and flows of one run.

    Args:
        control: The run's.
        prices: What models cost.
        on_error: As for ``kickoff``.
        on_task_error: As for ``kickoff``.
        max_concurrency: The number of tasks, and of model calls, at once; ``None`` for no limit.
        max_calls: The number of model calls; ``None`` for no bound.
        max_cost: US dollars for model calls; ``None`` for no bound.
        asks: Whether the run was given ``ask``, which takes precedence over a provider of the
            user's that CrewAI asks.
        has_deadline: Whether the run has a deadline.

    Raises:
        UpstreamError: if a bound that is set cannot hold with the installed CrewAI.
    """

    def __init__(
        self,
        control: Control,
        *,
        prices: PriceList,
        on_error: Literal["raise", "collect", "skip"] = "raise",
        on_task_error: OnTaskError | None = None,
        max_concurrency: int | None = None,
        max_calls: int | None = None,
        max_cost: float | None = None,
        asks: bool = False,
        has_deadline: bool = False,
    ) -> None:
        self._asks = asks
        self._control = control
        self._run = Scope(control)
        """The whole run."""
        self._guarantees = Guarantees(
            control,
            max_calls=max_calls is not None,
            max_cost=max_cost is not None,
            deadline=has_deadline,
        )
        self._guarantees.check()
        self.budget = Budget(max_calls=max_calls, max_cost=max_cost)
        """The bounds of all model calls of this run, and of runs inside it."""
        self._calls = ModelCalls(control, budget=self.budget, prices=prices)
        self._locations = Locations()
        self._plan = RunPlan(control)
        self.failures = Failures(control, self._run)
        """The failures that CrewAI swallows."""
        self._tasks = Tasks(
            control,
            self._run,
            locations=self._locations,
            calls=self._calls,
            guarantees=self._guarantees,
            failures=self.failures,
            on_error=on_error,
            on_task_error=on_task_error,
            max_concurrency=max_concurrency,
        )
        self.slots = CallSlots(max_concurrency, control, self._run, self._calls)
        """Bounds the model calls of this run that are in flight."""
        self.hooks = Hooks(
            control,
            self._run,
            tasks=self._tasks,
            calls=self._calls,
            slots=self.slots,
            locations=self._locations,
            guarantees=self._guarantees,
            failures=self.failures,
        )
        """Handles CrewAI's hooks and events."""

    # --- kickoffs -------------------------------------------------------------------------------

    def kick_off(
        self, work: Any, inputs: dict[str, Any] | None, from_checkpoint: Any = None
    ) -> Any:
        """Run a Crew or Flow to its end, blocking; call it in a thread without a running loop.

        Args:
            work: A Crew or Flow.
            inputs: The argument of its ``kickoff``; ``None`` for none.
            from_checkpoint: The argument of its ``kickoff``, to continue from a checkpoint.

        Returns:
            Its output; if it streams, the output at the end of the stream.

        Raises:
            BaseException: what it raised, or what stopped the run.
            ExceptionGroup: with ``on_error="collect"``, of all tasks that failed.
        """
        given = {} if from_checkpoint is None else {"from_checkpoint": from_checkpoint}
        with self.watching():
            return self.streamed(work.kickoff(inputs=inputs, **given))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Guard every crew that is kicked off in this context, or in what is started from it."""
        self._locations.thread = threading.get_ident()
        try:
            with (
                self._run.entered(),
                watched_by(self),
                asked_through(self, always=self._asks),
                self._unwrapping(),
            ):
                yield
        finally:
            self.failures.end_run(sys.exception())

    def kick_off_within(self, work: Any, kickoff: Callable[[], Any]) -> Any:
        """Run a Crew or Flow that code of this run kicks off, until its outcome is known.

        Its first error is raised at once, and stops what it has started; the caller may handle it.

        Args:
            work: The Crew or Flow.
            kickoff: Calls CrewAI's own kickoff of it.
        """
        before = self._locations.thread

        def call() -> Any:
            self._locations.thread = threading.get_ident()
            with self._unwrapping():
                result = kickoff()
                self._tasks.check_collected()
                return result

        if self._tasks.scope.stopped_by() is not None:
            time.sleep(_REFUSED_S)
        self._check_may_start()
        try:
            with self.slots.lent():
                return Scope(self._control, self._tasks.scope, work).run(call)
        except Exception as error:
            self.failures.raised_to_user(name_of_work(work), error)
            raise
        finally:
            self._locations.thread = before

    async def akick_off_within(self, work: Any, kickoff: Callable[[], Awaitable[Any]]) -> Any:
        """Do the same on the running loop."""

        async def call() -> Any:
            with self._unwrapping():
                result = await kickoff()
                self._tasks.check_collected()
                return result

        if self._tasks.scope.stopped_by() is not None:
            await asyncio.sleep(_REFUSED_S)
        self._check_may_start()
        try:
            with self.slots.lent():
                return await Scope(self._control, self._tasks.scope, work).arun(call)
        except Exception as error:
            self.failures.raised_to_user(name_of_work(work), error)
            raise

    def _check_may_start(self) -> None:
        """Raise the error that prevents code of this run from kicking off anything more."""
        self._tasks.scope.check()
        work = current_work()
        if work is not None:
            # CrewAI calls a tool that has failed up to three times.
            work.check()

    def streamed(self, result: Any) -> Any:
        """Return the output at the end of a stream; anything else unchanged."""
        if not isinstance(result, STREAMS):
            return result
        for _ in result:
            self._tasks.scope.check()
        return result.result

    async def astreamed(self, result: Any) -> Any:
        """Do the same for a stream of either kind, on the running loop."""
        if not isinstance(result, STREAMS) or ASYNC_ITERATOR.of(result) is None:
            return result
        async for _ in result:
            self._tasks.scope.check()
        return result.result

    def clone(self, crew: Any, *, blocking: bool) -> Any:
        """Return a crew's clone, each task of which passes through this guard.

        Args:
            crew: A Crew that is about to be kicked off.
            blocking: Whether the kickoff blocks the calling thread.

        Raises:
            InputError: if cost is bounded and the most a call may cost is not known for a model.
            UpstreamError: if it was restored, and finished tasks might be paid for again.
        """
        self._guarantees.check_crew(crew)
        self._calls.check(use for use in uses_of_models(crew) if not isinstance(use.llm, RunModel))
        clone = clone_of(crew)
        labels = tuple(label_of(task) for task in clone.tasks)
        first = self._plan.add(ChunksPlanned(len(labels), 0, labels))
        slots = self._tasks.slots(blocking=blocking)
        for index, task in enumerate(clone.tasks, start=first):
            self._tasks.take_over(task, index, slots)
        return clone

    def ask(
        self, *, task: str, agent: str, text: str, message: str = "", until: float = math.inf
    ) -> str:
        """Ask a person, blocking the calling thread; see ``Control.ask``.

        Args:
            task: The name of the task or step that asks.
            agent: The role of its agent, or the name of the flow.
            text: The text to be judged; empty if there is none.
            message: The question.
            until: When to give up, by ``time.monotonic``.
        """
        label, scope = one_line_of(task), self._tasks.scope

        def stopped() -> object | None:
            return scope.stopped_by() or (time.monotonic() >= until or None)

        with self._locations.asking(label):
            question = Question(self._control.run_id, label, agent, text, message)
            return self._control.ask(question, stopped)

    def warn(self, message: str) -> None:
        """Report a warning."""
        self._control.emit(Warned(message))

    def busy(self) -> bool:
        """Return whether a task or a step is running."""
        return self._locations.busy()

    def whereabouts(self) -> Location:
        """Return the tasks or steps that are running, and the lines of their threads."""
        return self._locations.whereabouts()

    def detail(self, index: int) -> Detail | None:
        """Return a task's description and its output; ``None`` if there is no such task."""
        return self._tasks.detail(index)

    def outputs(self) -> tuple[Any, ...]:
        """Return the outputs of the finished tasks."""
        return self._tasks.outputs()

    def control_of(self, inner: Control) -> Control:
        """Return a control that shows a run inside this one in this one; ``budget`` bounds it."""
        return InnerControl(inner, self._control, self._plan, self._locations)

    # --- errors ---------------------------------------------------------------------------------

    def step_failed(self, flow: Any, name: str, error: Exception) -> None:
        """Publish the error of a step at once: CrewAI waits for blocking steps beside it."""
        scope = self._tasks.scope
        if scope.work is not flow or scope.stopped_by() is not None:
            return
        if is_racing(flow):
            what = f"step {name!r} failed: {type(error).__name__}: {error}"
            self._control.emit(Warned(f"{what}; a step beside it may take its place"))
        else:
            scope.fail(self._unwrapped(error))

    def _unwrapped(self, error: Exception) -> Exception:
        """Return the error that an exception of the guard's own stands for; others unchanged."""
        if isinstance(error, Stopped):
            return source_of(error)
        if isinstance(error, Exited):
            exited = WorkExited(
                f"the work raised {error.source!r}",
                run_id=self._control.run_id,
                step="working",
                partial=self.outputs(),
            )
            exited.__cause__ = error.source
            return exited
        return error

    @contextmanager
    def _unwrapping(self) -> Iterator[None]:
        """Raise the error that an exception of the guard's own stands for."""
        try:
            yield
        except (Exited, Stopped) as error:
            raise self._unwrapped(error) from None


def current_guard() -> Guard | None:
    """Return the guard of the run that the caller is in; ``None`` outside of one."""
    guard = watcher()
    return guard if isinstance(guard, Guard) else None
