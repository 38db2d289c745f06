"""A crew's clone for one run: the same work, nothing shared that a run changes.

CrewAI keeps a run's state in the objects of the crew: the executor in the agent, the filled-in
description and the output in the task. So two tasks that share an agent crash, and two runs of one
crew mix. The clone has its own tasks and agents; models, tools, memory and callbacks are the
user's. An asynchronous task gets a clone of its agent when it starts.

The clones of tasks and agents keep the ids of the user's, so that what CrewAI stores or reports by
id (replay, training, checkpoints, events) names the user's objects. Descriptions, agents and
executors of the user stay unchanged; what CrewAI documents to be there after a kickoff is written
back by ``write_back_task``, ``write_back_agent`` and ``write_back_crew``.

``Crew.copy()`` does not serve: it identifies agents by role and loses what a custom agent holds in
private attributes.
"""

from __future__ import annotations

import copy
import datetime
import functools
import weakref
from types import MethodType
from typing import Any
from uuid import uuid4

from docsum_nb.crew.crewai_names.executions import (
    ADD_DELEGATION_TOOLS,
    CREW_INPUTS,
    GET_AGENT_TO_USE,
    GUARDRAIL_RETRY_COUNTS,
    KICKOFF_EVENT_ID,
    LAST_MESSAGES,
    MCP_RESOLVER,
    STORE_EXECUTION_LOG,
    TIMES_EXECUTED,
    TOOL_FAILURES,
    CrewEvaluator,
    ToolsHandler,
)
from docsum_nb.crew.crewai_names.reports import UsageMetrics
from docsum_nb.upstream import Attribute

__all__ = [
    "clone_of",
    "clone_of_agent",
    "copy_of",
    "copy_results",
    "is_clone",
    "original_of",
    "write_back_agent",
    "write_back_crew",
    "write_back_task",
]

_TASK_RESULTS = (
    "start_time",
    "end_time",
    "used_tools",
    "tools_errors",
    "delegations",
    "retry_count",
    "prompt_context",
    "processed_by_agents",
)
"""What CrewAI stores in a task beside its output."""
_AGENT_RESULTS = (LAST_MESSAGES, TOOL_FAILURES, Attribute("tools_results"))
"""What CrewAI stores in an agent of its last execution."""


class _Originals:
    """The user's object behind each clone. Usable from any thread."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def note(self, clone: Any, original: Any) -> None:
        """Store the original of a clone; of a clone's clone, the first original."""
        key = id(clone)
        # By id, since a class of the user's may not be hashable.
        forget = weakref.ref(clone, lambda _: self._of.pop(key, None))
        self._of[key] = (forget, self.of(original) or original)

    def of(self, clone: Any) -> Any:
        """Return the user's object; ``None`` if this is no clone."""
        entry = self._of.get(id(clone))
        return entry[1] if entry is not None and entry[0]() is clone else None


_originals = _Originals()


def is_clone(crew: Any) -> bool:
    """Return whether a crew is the clone of another: a streaming one kicks itself off again."""
    return _originals.of(crew) is not None


def original_of(clone: Any) -> Any:
    """Return the user's crew, task or agent behind a clone; anything else unchanged."""
    original = _originals.of(clone)
    return clone if original is None else original


def clone_of(crew: Any) -> Any:
    """Return a crew's clone for one run under a guard.

    Args:
        crew: A Crew, which may be running. One that was restored from a checkpoint keeps the
            outputs of its finished tasks, and goes on from there.

    Returns:
        A crew of the same class, with tasks and agents in the same order.
    """
    clone = copy_of(crew)
    _originals.note(clone, crew)
    for task, own in zip(crew.tasks, clone.tasks, strict=True):
        _originals.note(own, task)
        if task.agent is not None:
            _originals.note(own.agent, task.agent)
    for agent, own in zip(crew.agents, clone.agents, strict=True):
        _originals.note(own, agent)
    if crew.manager_agent is not None:
        _originals.note(clone.manager_agent, crew.manager_agent)
    if crew.stream:
        _give_own_models([*clone.agents, *(task.agent for task in clone.tasks if task.agent)])
    _evaluate_clone(crew, clone)
    members: dict[int, Any] = {}
    GET_AGENT_TO_USE.replace(clone, functools.partial(_agent_for, clone, members))
    ADD_DELEGATION_TOOLS.replace(clone, functools.partial(_delegation_tools, clone, members))
    STORE_EXECUTION_LOG.replace(clone, functools.partial(_store_log, clone))
    return clone


def copy_of(crew: Any) -> Any:
    """Return a crew with tasks and agents of its own, shared among them as in the crew.

    Nothing of what it does is written back to the crew.
    """
    restored = crew.checkpoint_kickoff_event_id is not None
    agents = {id(agent): _copy_of_agent(agent) for agent in crew.agents}
    tasks: dict[int, Any] = {}
    for task in crew.tasks:
        tasks[id(task)] = _copy_of_task(task, keep_output=restored)
        if task.agent is not None:
            if id(task.agent) not in agents:
                agents[id(task.agent)] = _copy_of_agent(task.agent)
            tasks[id(task)].agent = agents[id(task.agent)]
    for task in crew.tasks:
        if isinstance(task.context, list):
            tasks[id(task)].context = [tasks.get(id(each), each) for each in task.context]
    manager = crew.manager_agent
    clone = crew.model_copy(
        update={
            "id": uuid4(),
            "agents": [agents[id(agent)] for agent in crew.agents],
            "tasks": [tasks[id(task)] for task in crew.tasks],
            "manager_agent": None if manager is None else _copy_of_agent(manager),
        }
    )
    if not restored:
        CREW_INPUTS.set(clone, None)
        KICKOFF_EVENT_ID.set(clone, None)
    return clone


def clone_of_agent(agent: Any) -> Any:
    """Return an agent for one execution: the same work, an executor and tool results of its own."""
    clone = _copy_of_agent(agent)
    _originals.note(clone, agent)
    return clone


def _copy_of_agent(agent: Any) -> Any:
    clone = agent.model_copy()
    # The executor is what must not be shared; the next task makes a new one.
    clone.agent_executor = None
    clone.tools = list(agent.tools) if isinstance(agent.tools, list) else agent.tools
    if isinstance(handler := getattr(agent, "tools_handler", None), ToolsHandler):
        # What was called last is the agent's own; what tools have answered is the crew's.
        clone.tools_handler = ToolsHandler(cache=handler.cache)
    # A tool's result that is to be the answer would be that of another task, too.
    clone.tools_results = []
    for result in (LAST_MESSAGES, TOOL_FAILURES):
        _set(clone, result, [])
    # Closed by CrewAI at the end of each task, also if another one uses it.
    _set(clone, MCP_RESOLVER, None)
    # CrewAI counts an agent's failures over its life, so old ones would end a new run.
    _set(clone, TIMES_EXECUTED, 0)
    return clone


def _copy_of_task(task: Any, *, keep_output: bool) -> Any:
    clone = task.model_copy(
        update={
            "output": task.output if keep_output else None,
            "tools": list(task.tools or []),
            "used_tools": 0,
            "tools_errors": 0,
            "processed_by_agents": set(),
            # CrewAI keeps files by the task's id, and drops them when any run of it is done.
            "id": uuid4() if task.input_files else task.id,
        }
    )
    GUARDRAIL_RETRY_COUNTS.set(clone, {})
    return clone


def _set(agent: Any, attribute: Attribute, value: Any) -> None:
    """Set an attribute that is the agent's own; a user's class may have a property instead."""
    if attribute.name in {*type(agent).model_fields, *(agent.__pydantic_private__ or ())}:
        attribute.set(agent, value)


def write_back_task(task: Any, output: Any = None) -> None:
    """Copy the results of a clone to the user's task; does nothing if the task is no clone.

    Args:
        task: The clone.
        output: Its output, if it has just been made and is not in the task yet.
    """
    original = _originals.of(task)
    if original is None:
        return
    for name in _TASK_RESULTS:
        setattr(original, name, getattr(task, name))
    if output is not None:
        # A callback may ask how long the task took.
        original.end_time = datetime.datetime.now()
    if (output := output or task.output) is not None:
        original.output = output


def write_back_agent(agent: Any) -> None:
    """Copy the results of a clone's last execution to the user's agent."""
    original = _originals.of(agent)
    if original is not None:
        copy_results(agent, original)


def copy_results(agent: Any, other: Any) -> None:
    """Copy the results of an agent's last execution to another agent."""
    for result in _AGENT_RESULTS:
        if result.known(agent):
            _set(other, result, result.of(agent))


def write_back_crew(crew: Any, used: UsageMetrics) -> None:
    """Copy the usage of a clone's kickoff, and its tasks' outputs, to the user's crew."""
    original = _originals.of(crew)
    if original is None:
        return
    for each in (crew, original):
        each.usage_metrics = each.token_usage = used
    for task in crew.tasks:
        write_back_task(task)
    for agent in crew.agents:
        agent.agent_executor = None
        if getattr(agent, "knowledge", None) is not None:
            # Replaying does not build it again.
            original_of(agent).knowledge = agent.knowledge


def _agent_for(crew: Any, members: dict[int, Any], task: Any) -> Any:
    """Return the agent that executes a task; of an asynchronous task, a clone of its own."""
    agent = GET_AGENT_TO_USE.of(type(crew))(crew, task)
    if agent is None or not task.async_execution:
        return agent
    # Cloned now: the crew's agent has its inputs, knowledge and skills by now, and not yet the
    # clients of MCP servers, which belong to one task.
    own = clone_of_agent(agent)
    if agent is task.agent:
        members[id(task)] = agent
        task.agent = own
    return own


def _delegation_tools(crew: Any, members: dict[int, Any], task: Any, tools: Any) -> Any:
    """Return the tools to delegate with; the clone of a member is no coworker of that member."""
    own = task.agent
    task.agent = members.get(id(task), own)
    try:
        return ADD_DELEGATION_TOOLS.of(type(crew))(crew, task, tools)
    finally:
        task.agent = own


def _store_log(crew: Any, task: Any, *args: Any, **kwargs: Any) -> None:
    """Store a task's output under the id of the user's task, by which it is replayed."""
    if task.id != original_of(task).id:
        task = task.model_copy(update={"id": original_of(task).id})
    STORE_EXECUTION_LOG.of(type(crew))(crew, task, *args, **kwargs)


def _give_own_models(agents: Any) -> None:
    """Copy the models of agents: a crew that streams switches its models to streaming for ever."""
    models: dict[int, Any] = {}
    for agent in agents:
        if hasattr(agent.llm, "model_copy"):
            agent.llm = models.setdefault(id(agent.llm), agent.llm.model_copy())


def _evaluate_clone(crew: Any, clone: Any) -> None:
    """Make ``crew.test()`` evaluate the clone's tasks: its evaluator looks tasks up in its crew."""
    for task in clone.tasks:
        evaluator = getattr(task.callback, "__self__", None)
        if isinstance(evaluator, CrewEvaluator) and evaluator.crew is crew:
            own = copy.copy(evaluator)
            own.crew = clone
            task.callback = MethodType(type(evaluator).evaluate, own)
