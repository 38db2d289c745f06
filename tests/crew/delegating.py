"""Crews whose agents delegate, and a model server that answers as such agents do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from crewai import Agent, Crew, Task

from tests.crew.crew_samples import until
from tests.loopback import Call, Reply

__all__ = [
    "Barrier",
    "answered_by",
    "asks",
    "calls_tool",
    "delegates",
    "delegating_crew",
    "is_from",
]

DELEGATE = "delegate_work_to_coworker"
ASK = "ask_question_to_coworker"


def is_from(call: Call, role: str) -> bool:
    """Return whether a call is made by an agent of a role."""
    return f"You are {role}." in call.prompt


def answered_by(call: Call) -> str | None:
    """Return what a tool has answered; ``None`` before one was called."""
    found = [str(each["content"]) for each in call.messages if each["role"] == "tool"]
    return found[-1] if found else None


def calls_tool(name: str, **arguments: str) -> Reply:
    call = {
        "id": "call-1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini"}
    return Reply(raw=json.dumps({**body, "choices": [choice], "usage": usage}))


def delegates(work: str, coworker: str = "expert") -> Reply:
    """Return the answer of a model that delegates."""
    return calls_tool(DELEGATE, task=work, context="c", coworker=coworker)


def asks(question: str, coworker: str = "expert") -> Reply:
    """Return the answer of a model that asks a coworker."""
    return calls_tool(ASK, question=question, context="c", coworker=coworker)


def part(call: Call) -> str:
    """Return which part a call is about."""
    found = re.search(r"part (\d+)", call.prompt)
    return found.group(1) if found else "none"


class Barrier:
    """Lets calls go on once so many of them have come; for handlers of one loop."""

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
        if (said := answered_by(call)) is None:
            return delegates(f"Do part {part(call)}.")
        return Reply(said)

    return script
