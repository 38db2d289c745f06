"""Executions of agents under a guard: one at a time for each agent, with one layer of retries.

CrewAI gives an agent one executor, which refuses a second execution at the same time, and which is
reached in many ways: by tasks, delegation, planners, tools and callbacks of the user's. So the
methods of CrewAI that execute an agent are wrapped. Under a guard, a clone (``clone.py``) executes
in place of an agent that is executing already, or that is delegated to.

An agent's ``max_execution_time`` is kept here: CrewAI itself waits for a call after it has given it
up. An agent retries after an error only if its ``max_retry_limit`` was set: by default, its retries
multiply with those of the provider's client, and repeat refusals.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from docsum_nb.crew.clone import clone_of_agent, copy_results, original_of, write_back_agent
from docsum_nb.crew.crewai_names.executions import (
    AEXECUTE_CORE,
    CHECK_EXECUTION_ERROR,
    DELEGATE,
    EXECUTE_CORE,
    IS_EXECUTING,
    BaseAgentTool,
)
from docsum_nb.crew.crewai_names.flows import EXECUTE_METHOD, Flow
from docsum_nb.crew.crewai_names.table import Agent, BaseAgent, Task
from docsum_nb.crew.watcher import Intercepted, wrap_function
from docsum_nb.errors import InputError
from docsum_nb.run import DAEMON_THREADS, Scope, current_scope
from docsum_nb.upstream import complete_classes

__all__ = ["install_executions"]

_lock = threading.Lock()
_executing: set[int] = set()
"""Agents that are executing under a guard, and flows that are running under one, by ``id``."""
_innermost: ContextVar[tuple[int, int] | None] = ContextVar("docsum_nb_execution", default=None)
"""The agent that executes in this context and its task, by ``id``."""
_running: dict[int, _Running] = {}
"""Flows that are running under a guard, by ``id``."""
_ENDING_S = 10.0
"""How long a kickoff waits for an earlier run of the same flow to end."""
_LOOK_S = 0.02
_flows: ContextVar[frozenset[int]] = ContextVar("docsum_nb_flows", default=frozenset())
"""The flows that this context is in."""


def install_executions() -> None:
    """Wrap the methods of CrewAI that execute an agent or run a flow; call it once."""
    complete_classes("crewai")  # some of its events, and its tools for delegation
    for kind, name, handle in (
        (Task, EXECUTE_CORE.name, _execute_core),
        (Task, AEXECUTE_CORE.name, _aexecute_core),
        (Agent, "execute_task", _execute_task),
        (Agent, "aexecute_task", _aexecute_task),
        (Agent, "kickoff", _kickoff),
        (Agent, "kickoff_async", _kickoff_async),
        (Agent, CHECK_EXECUTION_ERROR.name, _check_execution_error),
        (BaseAgent, "copy", _copy),
        (BaseAgentTool, DELEGATE.name, _delegate),
        (Flow, "kickoff_async", _run_flow),
        (Flow, EXECUTE_METHOD.name, _run_step),
    ):
        wrap_function(kind, name, handle)


# --- agents ---------------------------------------------------------------------------------------


@contextmanager
def _free(agent: Any, work: object) -> Iterator[Any]:
    """Yield an agent for one execution: itself, or a clone of it if it is executing already.

    A retry, or a call by the task that the agent is executing, is the same execution.
    """
    if _innermost.get() == (id(agent), id(work)):
        yield agent
        return
    mine = agent
    if not _claimed(agent):
        mine = clone_of_agent(agent)
        _claimed(mine)
    token = _innermost.set((id(mine), id(work)))
    try:
        yield mine
    finally:
        with suppress(ValueError):
            # A coroutine that is closed by the garbage collector ends in another context.
            _innermost.reset(token)
        _release(mine)
        if id(original_of(mine)) not in _executing:
            write_back_agent(mine)


def _claimed(worker: Any) -> bool:
    """Claim an agent or a flow; ``False`` if it is executing already, guarded or not."""
    running = IS_EXECUTING.of(getattr(worker, "agent_executor", None))
    with _lock:
        if running or id(worker) in _executing:
            return False
        _executing.add(id(worker))
        return True


def _release(worker: Any) -> None:
    with _lock:
        _executing.discard(id(worker))


def _execute_core(call: Intercepted, task: Any, agent: Any, *args: Any, **kwargs: Any) -> Any:
    wanted = agent or task.agent
    if wanted is None:
        return call.own(task, agent, *args, **kwargs)
    with _free(wanted, task) as mine:
        try:
            return call.own(task, mine, *args, **kwargs)
        finally:
            _ended(task, wanted)


async def _aexecute_core(
    call: Intercepted, task: Any, agent: Any, *args: Any, **kwargs: Any
) -> Any:
    wanted = agent or task.agent
    if wanted is None:
        return await call.own(task, agent, *args, **kwargs)
    with _free(wanted, task) as mine:
        try:
            return await call.own(task, mine, *args, **kwargs)
        finally:
            _ended(task, wanted)


def _ended(task: Any, agent: Any) -> None:
    """Restore a task's agent, which CrewAI sets, and drop an executor that is not used again."""
    task.agent = agent
    if task.async_execution and original_of(task) is not task:
        # The run keeps its tasks, of which the executor, with its conversation, is the largest.
        agent.agent_executor = None


def _delegate(call: Intercepted, tool: Any, *args: Any, **kwargs: Any) -> Any:
    """Delegate to clones: coworkers belong to all tasks, and may be of any class."""
    coworkers = [clone_of_agent(agent) for agent in tool.agents]
    return call.own(tool.model_copy(update={"agents": coworkers}), *args, **kwargs)


def _kickoff(call: Intercepted, agent: Any, *args: Any, **kwargs: Any) -> Any:
    with _free(agent, object()) as mine:
        # If a loop is running, this returns a coroutine, which claims its agent itself.
        return call.own(mine, *args, **kwargs)


async def _kickoff_async(call: Intercepted, agent: Any, *args: Any, **kwargs: Any) -> Any:
    with _free(agent, object()) as mine:
        return await call.own(mine, *args, **kwargs)


# --- max_execution_time of agents -----------------------------------------------------------------


def _execute_task(call: Intercepted, agent: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
    with _free(agent, task) as mine:
        seconds = mine.max_execution_time
        if not isinstance(seconds, int) or seconds <= 0:
            return call.own(mine, task, *args, **kwargs)
        with _unlimited(mine) as worker:
            context = contextvars.copy_context()
            asked = DAEMON_THREADS.submit(context.run, call.own, worker, task, *args, **kwargs)
            try:
                return asked.result(timeout=seconds)
            except concurrent.futures.TimeoutError:
                if asked.done():
                    raise
                raise _out_of_time(seconds) from None


async def _aexecute_task(
    call: Intercepted, agent: Any, task: Any, *args: Any, **kwargs: Any
) -> Any:
    with _free(agent, task) as mine:
        seconds = mine.max_execution_time
        if not isinstance(seconds, int) or seconds <= 0:
            return await call.own(mine, task, *args, **kwargs)
        with _unlimited(mine) as worker:
            working = asyncio.ensure_future(call.own(worker, task, *args, **kwargs))
            try:
                done, _ = await asyncio.wait([working], timeout=seconds)
                if not done:
                    raise _out_of_time(seconds)
                return working.result()
            finally:
                # Also if the wait itself is cancelled: the call would continue, and be paid for.
                working.cancel()


@contextmanager
def _unlimited(agent: Any) -> Iterator[Any]:
    """Yield a clone without a time limit of CrewAI's; its results are copied to the agent."""
    worker = clone_of_agent(agent)
    worker.max_execution_time = None
    yield worker
    copy_results(worker, agent)


def _out_of_time(seconds: int) -> TimeoutError:
    return TimeoutError(f"the task took longer than its agent's max_execution_time of {seconds} s")


# --- retries --------------------------------------------------------------------------------------


def _check_execution_error(call: Intercepted, agent: Any, error: Exception, task: Any) -> None:
    """Raise the error unless the agent was given a number of retries, and some are left."""
    call.own(agent, error, task)
    given = agent.model_fields_set
    # All fields of a copy, and of what is restored from a checkpoint, count as given.
    copied = "entity_type" in given
    default = type(agent).model_fields["max_retry_limit"].default
    if "max_retry_limit" not in given or (copied and agent.max_retry_limit == default):
        raise error


def _copy(call: Intercepted, agent: Any) -> Any:
    """Copy an agent, with the same fields marked as given by the user."""
    copied = call.own(agent)
    copied.model_fields_set.intersection_update(agent.model_fields_set)
    return copied


# --- flows ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class _Running:
    """One run of a flow."""

    scope: Scope | None
    """The part of the run that it belongs to; ``None`` outside of one."""
    blocking: int = 0
    """The number of its steps that are running in threads, where nothing can end them."""
    ended: bool = False

    def is_over(self) -> bool:
        """Return whether none of its steps can change the flow any more."""
        return self.ended and not self.blocking


def _is_ending(flow: Any) -> bool:
    """Check whether a flow is ending: its error was raised before its steps were over."""
    running = _running.get(id(flow))
    scope = None if running is None else running.scope
    return scope is not None and scope.stopped_by() is not None


def _release_flow(flow: Any, running: _Running) -> None:
    """Release a flow to be kicked off again, unless a step is still running in a thread."""
    with _lock:
        over = running.is_over() and _running.get(id(flow)) is running
        if over:
            del _running[id(flow)]
    if over:
        _release(flow)


async def _run_step(
    call: Intercepted,
    flow: Any,
    name: Any,
    method: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """Run a step; a blocking one may still be running in its thread when its flow has ended."""
    running = _running.get(id(flow))
    if running is None or asyncio.iscoroutinefunction(method):
        return await call.own(flow, name, method, *args, **kwargs)

    @functools.wraps(method)
    def blocking(*given: Any, **named: Any) -> Any:
        with _lock:
            running.blocking += 1
        try:
            return method(*given, **named)
        finally:
            with _lock:
                running.blocking -= 1
            _release_flow(flow, running)

    return await call.own(flow, name, blocking, *args, **kwargs)


async def _run_flow(call: Intercepted, flow: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a flow, unless it is running outside of this context: a flow object has one state.

    Raises:
        InputError: if it is.
    """
    if getattr(flow, "is_crewai_internal", False) or id(flow) in _flows.get():
        return await call.own(flow, *args, **kwargs)
    give_up = time.monotonic() + _ENDING_S
    while not _claimed(flow):
        if time.monotonic() > give_up or not _is_ending(flow):
            name = type(flow).__name__
            raise InputError(
                f"this {name} is running already, and one flow object has one state: "
                f"kick off another object ({name}()), or wait until that run is done"
            )
        await asyncio.sleep(_LOOK_S)
    running = _running[id(flow)] = _Running(current_scope())
    token = _flows.set(_flows.get() | {id(flow)})
    try:
        return await call.own(flow, *args, **kwargs)
    finally:
        with suppress(ValueError):
            _flows.reset(token)
        running.ended = True
        _release_flow(flow, running)
