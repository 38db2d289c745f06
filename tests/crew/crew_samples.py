"""Crews, flows and models that the tests of the guard run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from crewai import LLM, Agent, BaseLLM, Crew, Task
from crewai.flow.flow import Flow, listen, start
from crewai.tools import BaseTool

import docsum_nb as ds
from docsum_nb.testing import Call, ScriptedServer

__all__ = [
    "LONG_S",
    "PARTS",
    "AsyncFieldFlow",
    "FieldFlow",
    "ScriptedLLM",
    "Tool",
    "field_crew",
    "kickoff",
    "llm_of",
    "part_of",
    "snapshot",
    "until",
]

LONG_S = 60.0
PARTS = 8


def field_crew(llm: Any, *, parts: int = PARTS, **options: Any) -> Any:
    """Make the crew that bare CrewAI fails with "Executor is already running"."""
    shared = Agent(role="summarizer", goal="Summarize {topic}", backstory="b", llm=llm)
    tasks = [
        Task(
            name=f"part {i}",
            description=f"Summarize part {i} of {{topic}}",
            expected_output="A summary.",
            agent=shared,
            async_execution=True,
        )
        for i in range(parts)
    ]
    combine = Task(
        name="combine", description="Combine.", expected_output="One.", agent=shared, context=tasks
    )
    evaluate = Task(name="evaluate", description="Evaluate.", expected_output="E.", agent=shared)
    return Crew(agents=[shared], tasks=[*tasks, combine, evaluate], **options)


def llm_of(server: ScriptedServer, **options: Any) -> Any:
    return LLM(
        base_url=server.base_url,
        api_key="k",
        **{"model": "openai/gpt-4o-mini", "max_retries": 0, **options},
    )


def part_of(call: Call) -> int | None:
    """Return the part that a call summarizes; ``None`` for combining and evaluating."""
    match = re.search(r"Summarize part (\d+)", call.prompt)
    return int(match.group(1)) if match and "Combine." not in call.prompt else None


def kickoff(crew: Any, topic: str = "whales", **options: Any) -> Any:
    return ds.kickoff(crew, {"topic": topic}, **{"show": False, "deadline": LONG_S, **options})


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def snapshot(crew: Any) -> Any:
    """Copy what a run could change in the user's objects, and must not."""
    return [
        (id(t), t.id, t.description, id(t.agent), id(t.agent.agent_executor), t.agent.role)
        for t in crew.tasks
    ]


class ScriptedLLM(BaseLLM):
    """A model in this process that does what a test says."""

    answer: Any = None

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        """Answer as the test says."""
        return str(self.answer(str(messages)))

    def supports_function_calling(self) -> bool:
        """Return false: tools are called in the prompt."""
        return False

    def get_input_tokens_count(self, *args: Any, **kwargs: Any) -> int:
        """Count nothing."""
        return 1


class Tool(BaseTool):
    """A tool that works as a test says."""

    name: str = "look_up"
    description: str = "Looks it up."
    work: Any = None

    def _run(self) -> str:
        return str(self.work())


class FieldFlow(Flow[Any]):
    """A flow one step of which kicks off the crew from the field."""

    crew: Any = None

    @start()
    def load(self) -> str:
        return "whales"

    @listen(load)
    def summarize(self, topic: str) -> Any:
        return self.crew.kickoff(inputs={"topic": topic}).raw


class AsyncFieldFlow(Flow[Any]):
    """The same with an asynchronous step."""

    crew: Any = None

    @start()
    async def summarize(self) -> Any:
        return (await self.crew.kickoff_async(inputs={"topic": "whales"})).raw
