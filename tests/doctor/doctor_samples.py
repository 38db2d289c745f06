"""Crews for the doctor's tests: a healthy one, and what is needed to make it sick."""

from __future__ import annotations

from functools import cache
from typing import Any

from crewai import LLM, Agent, Crew, Task
from crewai.agents.agent_builder.base_agent import BaseAgent

import docsum_nb as ds
from docsum_nb.findings import Finding

__all__ = ["Stateless", "agent", "crew", "found", "llm", "only", "task"]


def llm(**options: Any) -> Any:
    """Return a model without a server, with everything set as the doctor advises."""
    return LLM(
        model="openai/gpt-4o-mini",
        **{
            "base_url": "http://127.0.0.1:9/v1",
            "api_key": "k",
            "timeout": 60,
            "max_retries": 0,
            **options,
        },
    )


@cache
def _shared_llm() -> Any:
    # Making a client takes a good while.
    return llm()


def agent(role: str = "writer", **options: Any) -> Any:
    """Make a stock agent, with everything set as the doctor advises."""
    options.setdefault("llm", _shared_llm())
    return Agent(role=role, **{"goal": "Write.", "backstory": "b", "max_retry_limit": 0, **options})


def task(description: str = "Write.", **options: Any) -> Any:
    """Make a task."""
    options.setdefault("agent", agent())
    return Task(description=description, **{"expected_output": "A text.", **options})


def crew(*tasks: Any, **options: Any) -> Any:
    """Make a crew of tasks and their agents; without tasks, a healthy one."""
    if not tasks:
        parts = [
            task(f"Write part {i}.", agent=agent(f"writer {i}"), async_execution=True)
            for i in range(3)
        ]
        tasks = (*parts, task("Combine.", agent=agent("editor"), context=parts))
    agents = {id(each.agent): each.agent for each in tasks}
    return Crew(**{"agents": list(agents.values()), "tasks": list(tasks), **options})


class Stateless(BaseAgent):
    """An agent of the user's own that holds nothing a task changes."""

    function_calling_llm: Any = None
    step_callback: Any = None

    def execute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
        """Answer with the task's own text."""
        return f"Done: {task.description}"

    async def aexecute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
        """Answer the same."""
        return self.execute_task(task, context, tools)

    @property
    def last_messages(self) -> list[Any]:
        """Return no messages."""
        return []

    def create_agent_executor(self, tools: Any = None) -> None:
        """Create nothing."""

    def get_delegation_tools(self, agents: Any) -> list[Any]:
        """Return no tools."""
        return []

    def get_platform_tools(self, apps: Any) -> list[Any]:
        """Return no tools."""
        return []

    def get_mcp_tools(self, mcps: Any) -> list[Any]:
        """Return no tools."""
        return []


def found(work: Any, check: str, **options: Any) -> tuple[Finding, ...]:
    """Return the findings of one kind on a crew or flow."""
    return ds.doctor(work, **options).about(check)


def only(work: Any, check: str, **options: Any) -> Finding:
    """Return the one finding of a kind on a crew or flow."""
    (finding,) = found(work, check, **options)
    return finding
