"""Agents and their tools: shared by concurrent tasks, alike in role, or blocking a loop."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from docsum_nb.crew.crewai_names.table import TOOL_ARUN, TOOL_RUN, Agent
from docsum_nb.crew.inspection.code import blocking_calls
from docsum_nb.crew.inspection.parts import (
    agents_of,
    concurrent_groups,
    field_of,
    label_of,
    role_of,
)
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["agent_findings", "tool_findings"]


def agent_findings(crew: Any) -> Iterator[Finding]:
    """Examine how a crew's agents are used."""
    yield from _shared(crew)
    yield from _same_role(crew)
    yield from _execution_time(crew)


def _shared(crew: Any) -> Iterator[Finding]:
    fine = True
    for group in concurrent_groups(crew):
        tasks_of: defaultdict[int, list[Any]] = defaultdict(list)
        for task in group:
            if task.agent is not None:
                tasks_of[id(task.agent)].append(task)
        for tasks in tasks_of.values():
            # An agent of the user's own class has no executor that a second task would find busy.
            if len(tasks) < 2 or not isinstance(tasks[0].agent, Agent):
                continue
            fine = False
            yield Finding(
                "problem",
                "shared-agent",
                f"agent {role_of(tasks[0].agent)!r}",
                f"{len(tasks)} tasks that run at once share it: {listed(map(label_of, tasks))}",
                "An agent has one executor: with crew.kickoff() the others fail with 'Executor is "
                "already running', and conversations and costs are booked on the wrong task.",
                "ds.kickoff(crew) gives every concurrent task an agent of its own; without it, "
                "make an Agent, with a role of its own, for each of these tasks.",
            )
    if fine:
        yield Finding("ok", "shared-agent", "agents", "none is shared between concurrent tasks")


def _same_role(crew: Any) -> Iterator[Finding]:
    alike: defaultdict[str, list[Any]] = defaultdict(list)
    for agent in agents_of(crew):
        if agent is not crew.manager_agent:
            alike[role_of(agent)].append(agent)
    same = {role: agents for role, agents in alike.items() if len(agents) > 1}
    for role, agents in same.items():
        yield Finding(
            "warning",
            "same-role",
            f"role {role!r}",
            f"{len(agents)} agents have it",
            "Crew.copy() identifies agents by role: in kickoff_for_each, train and test the "
            "first does the work of all of them, with its own goal, tools and model; if their "
            "tasks run at once, they crash.",
            "Give each a role of its own, such as "
            f"role={f'{role} 1'!r}; or start one ds.kickoff(crew, inputs) for each input, which "
            "keeps them apart.",
        )
    if not same:
        yield Finding("ok", "same-role", "roles", "no two agents have the same")


def _execution_time(crew: Any) -> Iterator[Finding]:
    bounded = [agent for agent in agents_of(crew) if field_of(agent, "max_execution_time")]
    if not bounded:
        yield Finding("ok", "max-execution-time", "max_execution_time", "not used")
        return
    yield Finding(
        "warning",
        "max-execution-time",
        f"agents {listed(map(role_of, bounded))}",
        f"max_execution_time={field_of(bounded[0], 'max_execution_time')}",
        "CrewAI raises the timeout only when the call it is waiting for has ended by itself, and "
        "it repackages every error, so that refusals such as 401 are tried again.",
        "Leave it out: ds.kickoff(crew, deadline=120) ends on time, and LLM(..., timeout=60) "
        "ends the single call.",
    )


# --- tools ----------------------------------------------------------------------------------------


def tool_findings(crew: Any) -> Iterator[Finding]:
    """Examine the tools of a crew's agents and tasks."""
    tools: dict[int, Any] = {}
    for holder in (*agents_of(crew), *crew.tasks):
        for tool in field_of(holder, "tools") or ():
            tools.setdefault(id(tool), tool)
    findings = [finding for tool in tools.values() for finding in _examine_tool(tool)]
    yield from findings
    if not findings:
        yield Finding("ok", "tools", "tools", "none blocks a loop" if tools else "none")


def _examine_tool(tool: Any) -> Iterator[Finding]:
    subject = f"tool {str(getattr(tool, 'name', type(tool).__name__))!r}"
    function = getattr(tool, "func", None)
    run, asynchronous = TOOL_RUN.of(type(tool)), TOOL_ARUN.of(type(tool))
    blocking = [
        call
        for each in (function, run, asynchronous)
        if each is not None
        for call in blocking_calls(each)
    ]
    if blocking:
        yield Finding(
            "warning",
            "tools",
            subject,
            f"its async code calls {listed(call.call for call in blocking)}, line "
            f"{blocking[0].line}",
            "While it waits, nothing else on that loop goes on: no other task, no timeout.",
            f"{blocking[0].instead}",
        )
    if any(inspect.iscoroutinefunction(each) for each in (function, run)):
        yield Finding(
            "note",
            "tools",
            subject,
            "asynchronous; if CrewAI calls it as a function, it uses asyncio.run",
            "That fails in a running loop, as in a notebook cell or an async flow step, and "
            "clients that it keeps do not outlive one call.",
            "ds.kickoff(crew) runs it in a thread without a loop; make its client in each call.",
        )
