"""A crew's double for one run: same work, nothing shared that a run changes.

CrewAI keeps a run's state in the objects of the crew: the executor in the agent, the filled-in
description and the output in the task. So two tasks that share an agent crash, and two runs of one
crew mix. The double has its own tasks, and an agent of its own for every task that runs beside
others; models, tools, memory and callbacks are the user's. The user's objects stay as they were.

``Crew.copy()`` does not serve: it tells agents apart by role and loses what a custom agent holds
in private.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

__all__ = ["double_of"]


def double_of(crew: Any) -> Any:
    """Make a crew's double.

    Args:
        crew: A Crew, which may be running.

    Returns:
        A crew of the same class, with tasks and agents in the same order.
    """
    agents: dict[int, Any] = {id(agent): _agent(agent) for agent in crew.agents}
    tasks: dict[int, Any] = {}
    for task in crew.tasks:
        tasks[id(task)] = _task(task, agents)
    for task, double in zip(crew.tasks, tasks.values(), strict=True):
        if isinstance(task.context, list):
            double.context = [tasks.get(id(each), each) for each in task.context]
    manager = crew.manager_agent
    double = crew.model_copy(
        update={
            "id": uuid4(),
            "agents": list(agents.values())[: len(crew.agents)],
            "tasks": list(tasks.values()),
            "manager_agent": None if manager is None else _agent(manager),
        }
    )
    double._inputs = None
    double._kickoff_event_id = None
    return double


def _agent(agent: Any) -> Any:
    double = agent.model_copy(update={"id": uuid4()})
    # The executor is what must not be shared; the next task makes a new one.
    double.agent_executor = None
    if hasattr(double, "_times_executed"):
        # CrewAI counts an agent's failures over its life, so old ones would end a new run.
        double._times_executed = 0
    retries = "max_retry_limit"
    if retries in type(agent).model_fields and retries not in agent.model_fields_set:
        # It multiplies with the retries of the provider's client, and repeats refusals.
        double.max_retry_limit = 0
    return double


def _task(task: Any, agents: dict[int, Any]) -> Any:
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
    double._guardrail_retry_counts = {}
    if task.agent is not None:
        own = agents.setdefault(id(task.agent), _agent(task.agent))
        double.agent = _agent(task.agent) if task.async_execution else own
    return double
