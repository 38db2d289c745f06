"""Crews that go on from a failure, and what their runs say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crewai import Agent, Crew, Task
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.testing import Call, Reply
from tests.crew.crew_samples import LONG_S

DOORS = ["kickoff", "akickoff"]
REFUSED = "you may not use this model"


def agent_of(llm: Any, role: str = "reader", **options: Any) -> Agent:
    return Agent(role=role, goal="g", backstory="b", llm=llm, **options)


def task_of(agent: Agent | None, name: str = "t", **options: Any) -> Task:
    return Task(name=name, description="Say it.", expected_output="It.", agent=agent, **options)


def one_task(llm: Any, agent: dict[str, Any] | None = None, **options: Any) -> Crew:
    reader = agent_of(llm, **(agent or {}))
    return Crew(agents=[reader], tasks=[task_of(reader)], **options)


def run_of(work: Any, door: str = "kickoff", **options: Any) -> Any:
    """Start a crew by the door that takes a thread, or by CrewAI's own asynchronous one."""
    options = {"show": False, "deadline": LONG_S, **options}
    return ds.kickoff(work, **options) if door == "kickoff" else ds.start(work.akickoff, **options)


def warned(run: Any, *words: str) -> Any:
    """Return the one notice that holds all words."""
    found = [each for each in run.state.notices if all(word in each.message for word in words)]
    assert len(found) == 1, run.state.warnings
    return found[0]


def asked_again(call: Call) -> bool:
    return "tool" in [message["role"] for message in call.messages]


def asking(name: str, arguments: dict[str, Any]) -> Callable[[Call], Reply]:
    """Ask for a tool once, and then answer."""

    def script(call: Call) -> Reply:
        return Reply("Done.") if asked_again(call) else Reply(tool=(name, arguments))

    return script


@tool("broken")
def broken() -> str:
    """Break."""
    raise OSError("disk gone")
