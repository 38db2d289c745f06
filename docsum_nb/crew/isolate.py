"""A crew's double for one run: same work, nothing shared that a run changes.

CrewAI keeps a run's state in the objects of the crew: the executor in the agent, the filled-in
description and the output in the task. So two tasks that share an agent crash, and two runs of one
crew mix. The double has its own tasks, and an agent of its own for every task that runs beside
others; models, tools, memory and callbacks are the user's. The user's objects stay as they were.

An agent's ``max_execution_time`` holds in the double: CrewAI waits for what it has given up.

``Crew.copy()`` does not serve: it tells agents apart by role and loses what a custom agent holds
in private.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import functools
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from docsum_nb.crew.upstream import (
    CREW_INPUTS,
    EXECUTE_CORE,
    GET_AGENT_TO_USE,
    GUARDRAIL_RETRY_COUNTS,
    INTERPOLATE_INPUTS,
    KICKOFF_EVENT_ID,
    TIMES_EXECUTED,
    ToolsHandler,
)
from docsum_nb.run import DAEMON_THREADS

__all__ = ["double_of", "is_double"]


def double_of(crew: Any) -> Any:
    """Make a crew's double.

    Args:
        crew: A Crew, which may be running.

    Returns:
        A crew of the same class, with tasks and agents in the same order.
    """
    make = _Agents(own_models=bool(crew.stream)).double
    agents: dict[int, Any] = {id(agent): make(agent) for agent in crew.agents}
    members = set(agents)
    more: list[Any] = []
    tasks: dict[int, Any] = {}
    for task in crew.tasks:
        double = tasks[id(task)] = _task(task)
        if task.agent is not None:
            if id(task.agent) not in agents:
                agents[id(task.agent)] = make(task.agent)
            double.agent = agents[id(task.agent)]
            if task.async_execution:
                double.agent = make(task.agent)
                if id(task.agent) in members:
                    more.append(double.agent)
    for task, double in zip(crew.tasks, tasks.values(), strict=True):
        if isinstance(task.context, list):
            double.context = [tasks.get(id(each), each) for each in task.context]
    manager = crew.manager_agent
    double = crew.model_copy(
        update={
            "id": uuid4(),
            "agents": list(agents.values())[: len(crew.agents)],
            "tasks": list(tasks.values()),
            "manager_agent": None if manager is None else make(manager),
        }
    )
    CREW_INPUTS.set(double, None)
    KICKOFF_EVENT_ID.set(double, None)
    INTERPOLATE_INPUTS.replace(double, functools.partial(_fill_in, double, more))
    GET_AGENT_TO_USE.replace(double, functools.partial(_agent_for, double, make, {}))
    return double


def is_double(crew: Any) -> bool:
    """Tell whether a crew is the double of another: a streaming one kicks itself off again."""
    return any(EXECUTE_CORE.replaced(task) for task in crew.tasks)


def _fill_in(crew: Any, agents: list[Any], inputs: Any) -> None:
    """Fill the inputs in, also in agents that stand for members of the crew, unknown to CrewAI."""
    # The instance's own would be that of the crew it is a copy of, where that is a double, too.
    INTERPOLATE_INPUTS.of(type(crew))(crew, inputs)
    for agent in agents:
        agent.interpolate_inputs(inputs)


def _agent_for(crew: Any, make: Callable[[Any], Any], managers: dict[int, Any], task: Any) -> Any:
    """Choose who carries a task out; where a manager does, one of its own beside others."""
    agent = GET_AGENT_TO_USE.of(type(crew))(crew, task)
    if agent is None or agent is task.agent or not task.async_execution:
        return agent
    if id(task) not in managers:
        managers[id(task)] = make(agent)
    return managers[id(task)]


class _Agents:
    """Makes the doubles of the agents of one crew."""

    def __init__(self, *, own_models: bool) -> None:
        self._own_models = own_models
        self._models: dict[int, Any] = {}

    def double(self, agent: Any) -> Any:
        double = agent.model_copy(update={"id": uuid4()})
        # The executor is what must not be shared; the next task makes a new one.
        double.agent_executor = None
        if isinstance(handler := getattr(agent, "tools_handler", None), ToolsHandler):
            # What was called last is the agent's own; what tools have answered is the crew's.
            double.tools_handler = ToolsHandler(cache=handler.cache)
        if TIMES_EXECUTED.known(double):
            # CrewAI counts an agent's failures over its life, so old ones would end a new run.
            TIMES_EXECUTED.set(double, 0)
        retries = "max_retry_limit"
        if retries in type(agent).model_fields and retries not in agent.model_fields_set:
            # It multiplies with the retries of the provider's client, and repeats refusals.
            double.max_retry_limit = 0
        if self._own_models and hasattr(agent.llm, "model_copy"):
            # A crew that streams switches its agents' models to streaming, for good.
            own = self._models.setdefault(id(agent.llm), agent.llm.model_copy())
            double.llm = own
        limit = getattr(agent, "max_execution_time", None)
        if isinstance(limit, int) and limit > 0:
            _limit(double, limit)
        return double


def _limit(agent: Any, seconds: int) -> None:
    """Have an agent give a task up in time, where CrewAI would wait for the call in flight."""
    agent.max_execution_time = None
    for name, limited in (("execute_task", _execute_in_time), ("aexecute_task", _aexecute_in_time)):
        own = getattr(agent, name)
        # Pydantic knows fields only; the task looks the method up on the agent.
        object.__setattr__(agent, name, functools.partial(limited, own, seconds))


def _execute_in_time(own: Callable[..., Any], seconds: int, *args: Any, **kwargs: Any) -> Any:
    context = contextvars.copy_context()
    asked = DAEMON_THREADS.submit(context.run, own, *args, **kwargs)
    try:
        return asked.result(timeout=seconds)
    except concurrent.futures.TimeoutError:
        if asked.done():
            raise
        raise _out_of_time(seconds) from None


async def _aexecute_in_time(
    own: Callable[..., Awaitable[Any]], seconds: int, *args: Any, **kwargs: Any
) -> Any:
    working = asyncio.ensure_future(own(*args, **kwargs))
    try:
        done, _ = await asyncio.wait([working], timeout=seconds)
        if not done:
            raise _out_of_time(seconds)
        return working.result()
    finally:
        # Also where the wait itself is cancelled: its call would go on, and be paid for.
        working.cancel()


def _out_of_time(seconds: int) -> TimeoutError:
    return TimeoutError(f"the task took longer than its agent's max_execution_time of {seconds} s")


def _task(task: Any) -> Any:
    double = task.model_copy(
        update={
            "id": uuid4(),
            "output": None,
            "tools": list(task.tools or []),
            "used_tools": 0,
            "tools_errors": 0,
            "processed_by_agents": set(),
        }
    )
    GUARDRAIL_RETRY_COUNTS.set(double, {})
    return double
