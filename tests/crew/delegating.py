"""Crews whose agents delegate, and a model server that answers as such agents do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from crewai import Agent, Crew, Task

from docsum_nb.testing import Call, Reply, tool_call, tool_result
from tests.crew.crew_samples import until

__all__ = [
    "Barrier",
    "asks",
    "delegates",
    "delegating_crew",
    "is_from",
    "tool_call",
    "tool_result",
]

DELEGATE = "delegate_work_to_coworker"
ASK = "ask_question_to_coworker"


def is_from(call: Call, role: str) -> bool:
    """Return whether a call is made by an agent of a role."""
    return f"You are {role}." in call.prompt


def delegates(work: str, coworker: str = "expert") -> Reply:
    """Return the answer of a model that delegates."""
    return tool_call(DELEGATE, task=work, context="c", coworker=coworker)


def asks(question: str, coworker: str = "expert") -> Reply:
    """Return the answer of a model that asks a coworker."""
    return tool_call(ASK, question=question, context="c", coworker=coworker)


def part(call: Call) -> str:
    """Return which part a call is about."""
    found = re.search(r"part (\d+)", call.prompt)
    return found.group(1) if found else "none"


class Barrier:
    """Holds calls back until a number of them has arrived; for handlers of one loop."""

    def __init__(self, parties: int) -> None:
        self._missing = parties

    async def wait(self) -> None:
        """Wait for the others."""
        self._missing -= 1
        await until(lambda: self._missing <= 0)


def delegating_crew(
    llm: Any, *, parts: int = 4, agent: Callable[..., Any] = Agent, **options: Any
) -> Any:
    """Return a crew whose lead delegates each of its concurrent tasks to one expert."""
    lead = agent(role="lead", goal="g", backstory="b", llm=llm, allow_delegation=True)
    expert = agent(role="expert", goal="g", backstory="b", llm=llm)
    tasks = [
        Task(
            name=f"part {i}",
            description=f"Delegate part {i} of {{topic}}.",
            expected_output="It.",
            agent=lead,
            async_execution=True,
        )
        for i in range(parts)
    ]
    combine = Task(
        name="combine", description="Combine.", expected_output="It.", agent=lead, context=tasks
    )
    return Crew(agents=[lead, expert], tasks=[*tasks, combine], **options)


def expert_beside_others(parts: int) -> Callable[[Call], Any]:
    """Return a script whose expert answers once it was asked for all parts at once."""
    barrier = Barrier(parts)

    async def script(call: Call) -> Reply:
        if is_from(call, "expert"):
            await barrier.wait()
            return Reply(f"The expert on part {part(call)}.")
        if "Combine." in call.prompt:
            return Reply("Combined.")
        if (said := tool_result(call)) is None:
            return delegates(f"Do part {part(call)}.")
        return Reply(said)

    return script
