"""A user's own Crew or Flow, run so that it fails at once, stops when told, and shares nothing.

A guarded crew runs as a clone (``isolate.py``) in a thread without an event loop, where CrewAI
works as in a plain script. Every task passes through the guard: the first error is published when
it happens, whichever task CrewAI waits for; a BaseException, which would leave CrewAI waiting for
ever, becomes an ordinary error; once the run is stopping, no task and no model call begins. Crews
that a guarded Flow kicks off are guarded with it.

What is in flight in a thread cannot be killed; it is left to end by itself.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from docsum_nb.budget import Budget
from docsum_nb.crew.clone import clone_of, write_back_task
from docsum_nb.crew.concurrency import CallSlots
from docsum_nb.crew.cost_bounds import PriceOf
from docsum_nb.crew.crewai_names.executions import (
    ASYNC_ITERATOR,
    StreamingOutputBase,
    StreamSessionBase,
)
from docsum_nb.crew.current_task import current_work, in_step
from docsum_nb.crew.evaluate import RunModel
from docsum_nb.crew.failures import Failures
from docsum_nb.crew.guarantees import Guarantees
from docsum_nb.crew.human_input import asked_through
from docsum_nb.crew.inspection.parts import uses_of_models
from docsum_nb.crew.inspection.texts import unfilled
from docsum_nb.crew.kickoffs import Exited, is_racing
from docsum_nb.crew.locations import Locations
from docsum_nb.crew.model_calls import ModelCalls
from docsum_nb.crew.patches import Stopped, watched_by, watcher
from docsum_nb.crew.tasks import OnTaskError, Tasks, label_of, one_line_of, role_of, source_of
from docsum_nb.errors import RunError, WorkExited
from docsum_nb.events import (
    BudgetSet,
    ChunksPlanned,
    Event,
    StageStarted,
    Warned,
)
from docsum_nb.run import Control, DelegatedControl, Detail, Location, Question, placed

__all__ = ["Guard", "current_guard"]

STREAMS = (StreamingOutputBase, StreamSessionBase)
"""What a crew and a flow return that stream: done when it was taken to its end."""

_REFUSED_S = 0.1
"""How long a kickoff in stopped work takes: code that tries again for ever must not take a core."""


class Guard:
    """Watches over the crews of one run.

    Raises:
        UpstreamError: if a bound that is set cannot hold with the installed CrewAI.
    """

    def __init__(
        self,
        control: Control,
        *,
        price_of: PriceOf,
        on_error: Literal["raise", "collect", "skip"] = "raise",
        on_task_error: OnTaskError | None = None,
        max_concurrency: int | None = None,
        max_calls: int | None = None,
        max_cost: float | None = None,
        asks: bool = False,
        has_deadline: bool = False,
    ) -> None:
        self._asks = asks
        """Whether the run was given who answers, which comes before a provider of the user's."""
        self._control = control
        self._promises = Guarantees(
            control,
            max_calls=max_calls is not None,
            max_cost=max_cost is not None,
            deadline=has_deadline,
        )
        self._promises.check()
        self.budget = Budget(max_calls=max_calls, max_cost=max_cost)
        """The bounds of all model calls of this run, and of runs inside it."""
        self._calls = ModelCalls(control, budget=self.budget, price_of=price_of)
        self._places = Locations()
        self.failures = Failures(
            control.emit,
            stopped=lambda: self._tasks.scope.stopped_by() is not None,
            fail=lambda error: self._tasks.scope.fail(error),
        )
        """What CrewAI swallows, and goes on from."""
        self._tasks = Tasks(
            control,
            self._places,
            self._calls,
            self._promises,
            self.failures,
            on_error=on_error,
            on_task_error=on_task_error,
            max_concurrency=max_concurrency,
        )
        self.slots = CallSlots(
            max_concurrency,
            control,
            lambda: self._tasks.scope,
            self._check_stop,
            self._calls.failed,
        )
        """Bounds the model calls of this run that are in flight."""
        self._lock = threading.Lock()
        self._planned = ChunksPlanned(0, 0)
        self._unfilled: set[str] = set()

    def kick_off(
        self, work: Any, inputs: dict[str, Any] | None, from_checkpoint: Any = None
    ) -> Any:
        """Run a Crew or Flow to its end, blocking; call it in a thread without a running loop.

        Args:
            work: A Crew or Flow.
            inputs: What its ``kickoff`` takes; ``None`` for nothing.
            from_checkpoint: What its ``kickoff`` takes to go on from a checkpoint.

        Returns:
            Its output; of one that streams, the output at the end of the stream.

        Raises:
            BaseException: what it raised, or what stopped the run.
            ExceptionGroup: with ``on_error="collect"``, of all tasks that failed.
        """
        given = {} if from_checkpoint is None else {"from_checkpoint": from_checkpoint}
        with self.watching():
            return self.streamed(work.kickoff(inputs=inputs, **given))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Guard every crew that is kicked off in this context, and in what is started from it."""
        self._places.thread = threading.get_ident()
        try:
            with (
                self._tasks.run.entered(),
                watched_by(self),
                asked_through(self, always=self._asks),
                self._unwrapping(),
            ):
                yield
        finally:
            self.failures.end_run(sys.exception())

    def kick_off_within(self, work: Any, kickoff: Callable[[], Any]) -> Any:
        """Run a Crew or Flow that code of this run kicks off, until its outcome is known.

        Its first error is raised at once, and stops what it has started; the caller may go on.

        Args:
            work: The Crew or Flow.
            kickoff: CrewAI's own way to run it.
        """
        before = self._places.thread

        def call() -> Any:
            self._places.thread = threading.get_ident()
            with self._unwrapping():
                result = kickoff()
                self._tasks.check_collected()
                return result

        if self._tasks.scope.stopped_by() is not None:
            time.sleep(_REFUSED_S)
        self._check_begins()
        try:
            with self.slots.lent():
                return self._tasks.scope_of(work).run(call)
        except Exception as error:
            self.failures.handed(str(getattr(work, "name", None) or type(work).__name__), error)
            raise
        finally:
            self._places.thread = before

    async def akick_off_within(self, work: Any, kickoff: Callable[[], Awaitable[Any]]) -> Any:
        """Do the same on the running loop."""

        async def call() -> Any:
            with self._unwrapping():
                result = await kickoff()
                self._tasks.check_collected()
                return result

        if self._tasks.scope.stopped_by() is not None:
            await asyncio.sleep(_REFUSED_S)
        self._check_begins()
        try:
            with self.slots.lent():
                return await self._tasks.scope_of(work).arun(call)
        except Exception as error:
            self.failures.handed(str(getattr(work, "name", None) or type(work).__name__), error)
            raise

    def _check_begins(self) -> None:
        """Raise what keeps code of this run from kicking off anything more."""
        self._tasks.scope.check()
        work = current_work()
        if work is not None:
            # CrewAI calls a tool that has failed again, up to three times.
            work.check()

    def streamed(self, result: Any) -> Any:
        """Return the output of a stream at its end; anything else unchanged."""
        if not isinstance(result, STREAMS):
            return result
        for _ in result:
            self._tasks.scope.check()
        return result.result

    async def astreamed(self, result: Any) -> Any:
        """Return the output of a stream of either kind at its end, on the running loop."""
        if not isinstance(result, STREAMS) or ASYNC_ITERATOR.of(result) is None:
            return result
        async for _ in result:
            self._tasks.scope.check()
        return result.result

    def clone(self, crew: Any, *, blocking: bool) -> Any:
        """Make a crew's clone, each task of which passes through this guard.

        Args:
            crew: A Crew that is about to be kicked off.
            blocking: Whether the kickoff blocks the calling thread.

        Raises:
            InputError: if cost is bounded, and the most a call may cost is not known of a model.
            UpstreamError: if it was restored, and might be paid for from its start again.
        """
        self._promises.check_crew(crew)
        self._calls.check(use for use in uses_of_models(crew) if not isinstance(use.llm, RunModel))
        clone = clone_of(crew)
        labels = tuple(label_of(task) for task in clone.tasks)
        first = self._plan(ChunksPlanned(len(labels), 0, labels))
        slots = self._tasks.slots(blocking=blocking)
        for place, task in enumerate(clone.tasks, start=first):
            self._tasks.take_over(task, place, slots)
        return clone

    def ask(
        self, *, task: str, agent: str, text: str, message: str = "", until: float = math.inf
    ) -> str:
        """Ask a person, blocking the calling thread; see ``Control.ask``.

        Args:
            task: The task or step that asks.
            agent: Its agent, or the flow.
            text: What is to be judged; empty if nothing is.
            message: What is asked.
            until: When to give up, by ``time.monotonic``.
        """
        label, scope = one_line_of(task), self._tasks.scope

        def stopped() -> object | None:
            return scope.stopped_by() or (time.monotonic() >= until or None)

        with self._places.asking(label):
            question = Question(self._control.run_id, label, agent, text, message)
            return self._control.ask(question, stopped)

    def warn(self, message: str) -> None:
        """Report what the work goes on from."""
        self._control.emit(Warned(message))

    def busy(self) -> bool:
        """Return whether a task or a step is running."""
        return self._places.busy()

    def whereabouts(self) -> Location:
        """Name the tasks or steps that are running, and where their threads are."""
        return self._places.whereabouts()

    def detail(self, place: int) -> Detail | None:
        """Return what a task is about and what came of it."""
        return self._tasks.detail(place)

    def outputs(self) -> tuple[Any, ...]:
        """Return the outputs of the tasks that are finished."""
        return self._tasks.outputs()

    # --- a run inside the guarded one ----------------------------------------------------------

    def control_of(self, inner: Control) -> Control:
        """Return a control that shows a run inside this one in this one; ``budget`` bounds it.

        Returns:
            The control for the inner run's work.
        """
        return _InnerControl(inner, self)

    def _tell(self, event: Event) -> None:
        if isinstance(event, StageStarted):
            self._places.stage = event.stage
        self._control.emit(event)

    def _plan(self, more: ChunksPlanned) -> int:
        """Add to what is planned; return the place of the first that was added."""
        with self._lock:
            before = self._planned
            self._planned = ChunksPlanned(
                before.chunks + more.chunks, before.calls + more.calls, before.labels + more.labels
            )
            self._control.emit(self._planned)
        return before.chunks

    # --- what CrewAI tells --------------------------------------------------------------------

    def with_inputs(self, context: Any) -> None:
        """Warn of placeholders without an input, once, when callbacks have given what they can."""
        if context.crew is None:
            return
        lacking = unfilled(context.crew, context.payload)
        with self._lock:
            known = not lacking or lacking in self._unfilled
            self._unfilled.add(lacking)
        if not known:
            self._control.emit(Warned(lacking))

    def before_call(self, context: Any) -> None:
        """Allow a model call, unless the run is stopping or its budget says no."""
        self._check_stop()
        self._promises.asked(context.task)
        self.failures.goes_on()
        if isinstance(context.llm, RunModel):
            return  # asked, counted and stopped by the run that it was lent by
        self._places.task_seen(context.task)
        try:
            # The call that a wait for the budget is for may itself wait for this one's slot.
            with self.slots.lent():
                self._allow(lambda: self._calls.before(context), context.task)
        except Exception as error:
            raise Stopped(str(error), source=error) from error
        self._check_stop()

    def _allow(self, ask: Callable[[], None], task: Any) -> None:
        """Allow a call; an error against it names the task it was to be made for."""
        try:
            ask()
        except RunError as error:
            error.run_id, error.step = self._control.run_id, "working"
            error.partial = self.outputs()
            if task is not None:
                error.task, error.agent = label_of(task), role_of(task)
            raise

    def after_call(self, context: Any) -> None:
        """Count a text that a model has answered."""
        if not isinstance(context.llm, RunModel):
            self._calls.answered(context.response)

    def answered(self, answer: Any) -> None:
        """Count what a model has answered an agent, in the thread that called it."""
        failure = self._promises.answered()
        if failure is not None:
            self._control.fail(failure)
        self._calls.answered(answer)

    def tracked(self, usage: Any) -> None:
        """Count the usage of one request, as the provider reported it."""
        self._calls.tracked(usage)

    def before_tool(self, context: Any) -> None:
        """See a tool that is about to be called in this thread, unless the run is stopping."""
        self._check_stop()
        self._places.task_seen(context.task)

    def _check_stop(self) -> None:
        stopped = self._tasks.scope.stopped_by()
        if stopped is not None:
            raise Stopped(f"nothing more is begun here: {stopped}", source=stopped)
        work = current_work()
        if work is not None and work.refusal is not None:
            raise Stopped(f"the task ends by a refusal: {work.refusal}", source=work.refusal)

    def before_step(self, context: Any) -> None:
        """Process the start of a step of a flow."""
        if context.kind == "flow_method":
            self._places.step_began(context.flow, context.step_name)
            if not type(context.flow).is_crewai_internal:
                in_step(context.step_name)

    def after_step(self, context: Any) -> None:
        """Process the end of a step of a flow, or of a task."""
        if context.kind == "flow_method":
            self._places.step_ended(context.flow, context.step_name)
            if not type(context.flow).is_crewai_internal:
                in_step("")
        else:
            # Now, since callbacks and the tasks that follow may read it.
            write_back_task(context.task, context.payload)

    def seen(self, source: Any, event: Any) -> None:
        """Process an event of CrewAI."""
        self.failures.seen(event)
        work = current_work()
        (self._places if work is None else work).doing.seen(event)
        self._calls.seen(source, event)

    def hook_failed(self, hook: str, error: Exception) -> None:
        """Stop what a hook could not judge if a bound is set or the run is stopping, else warn."""
        self._check_stop()
        failure = self._promises.failed(hook, error)
        if failure is not None:
            raise Stopped(str(failure), source=failure)

    def view_failed(self, error: Exception) -> None:
        """End the run if a bound is set: what its calls took is not known any more; else warn."""
        failure = self._promises.failed("view of events", error)
        if failure is not None:
            self._control.fail(failure)

    def step_failed(self, flow: Any, name: str, error: Exception) -> None:
        """Publish the error of a step at once: CrewAI waits for blocking steps beside it."""
        scope = self._tasks.scope
        if scope.work is not flow or scope.stopped_by() is not None:
            return
        if is_racing(flow):
            what = f"step {name!r} failed: {type(error).__name__}: {error}"
            self._control.emit(Warned(f"{what}; a step beside it may stand for it"))
        else:
            scope.fail(self._unwrapped(error))

    def _unwrapped(self, error: Exception) -> Exception:
        """Return the error that something of the guard's own stands for."""
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
        """Raise what something of the guard's own stands for: in a task, its task does that."""
        try:
            yield
        except (Exited, Stopped) as error:
            raise self._unwrapped(error) from None


class _InnerControl(DelegatedControl):
    """The control of a run inside a guarded one: its events are those of the outer run, too."""

    def __init__(self, inner: Control, guard: Guard) -> None:
        super().__init__(inner)
        self._guard = guard
        self._first = 0

    def emit(self, event: Event) -> None:
        """Report an event to both runs; its chunk is counted behind those of the outer one."""
        event = placed(event, self.run_id)
        if isinstance(event, ChunksPlanned):
            self._first = self._guard._plan(event)
        elif not isinstance(event, BudgetSet):  # its bounds are not the outer run's
            self._guard._tell(event if event.place is None else _moved(event, self._first))
        super().emit(event)

    def watched(self) -> bool:
        """Check whether a text of either run is seen while it is written."""
        return super().watched() or self._guard._control.watched()


def _moved(event: Event, by: int) -> Event:
    """Count an event's place from the first of the outer run's."""
    assert event.place is not None
    return replace(event, place=event.place + by)


def current_guard() -> Guard | None:
    """Return the guard of the run that the caller is in; ``None`` outside of one."""
    guard = watcher()
    return guard if isinstance(guard, Guard) else None
