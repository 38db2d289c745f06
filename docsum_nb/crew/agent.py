"""The lean agent: a CrewAI agent that makes one asynchronous call of a model, and nothing else.

CrewAI's stock agent builds an executor for every task, blocks a thread for every call and cannot be
cancelled. Summarizing needs none of what it offers for that. A lean agent holds nothing that a call
changes, so it may be shared by any number of tasks at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import PrivateAttr

from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.flows import set_suppress_console_output
from docsum_nb.crew.crewai_names.table import SUMMARIZE, BaseAgent, Task
from docsum_nb.prompts import AgentText, TaskText
from docsum_nb.records import Answer, Request

__all__ = ["LeanAgent", "RequestTask", "perform"]

Ask = Callable[[Request], Awaitable[Answer]]


class RequestTask(Task):
    """A CrewAI task that knows the request it stands for, and later its answer."""

    _request: Request = PrivateAttr()
    _answer: Answer = PrivateAttr()


class LeanAgent(BaseAgent):
    """Answers a ``RequestTask`` by asking a model once, on the running loop."""

    _ask: Ask = PrivateAttr()

    async def aexecute_task(
        self, task: Any, context: str | None = None, tools: Sequence[Any] | None = None
    ) -> str:
        """Ask for the task's request, with the context as its text."""
        task._answer = await self._ask(replace(task._request, text=context or ""))
        answer: str = task._answer.text
        return answer

    def execute_task(
        self, task: Any, context: str | None = None, tools: Sequence[Any] | None = None
    ) -> str:
        """Refuse: a synchronous call would block the loop that the answer needs."""
        raise RuntimeError("a LeanAgent is asynchronous; use Task.aexecute_sync")

    @property
    def last_messages(self) -> list[Any]:
        """Return no messages: they would be another task's as often as not."""
        return []

    def create_agent_executor(self, tools: Sequence[Any] | None = None) -> None:
        """Create nothing: there is no executor."""

    def get_delegation_tools(self, agents: Sequence[BaseAgent]) -> list[Any]:
        """Return no tools."""
        return []

    def get_platform_tools(self, apps: Sequence[Any]) -> list[Any]:
        """Return no tools."""
        return []

    def get_mcp_tools(self, mcps: Sequence[Any]) -> list[Any]:
        """Return no tools."""
        return []


def lean_agent(text: AgentText, ask: Ask) -> LeanAgent:
    """Make an agent of its texts and the way to ask a model.

    Raises:
        UpstreamError: if the installed CrewAI lacks what ``summarize`` needs.
    """
    TABLE.require(SUMMARIZE)
    agent = LeanAgent(role=text.role, goal=text.goal, backstory=text.backstory)
    agent._ask = ask
    return agent


async def perform(agent: LeanAgent, text: TaskText, *, name: str, request: Request) -> Answer:
    """Run one CrewAI task on the running loop and return the model's answer.

    Args:
        agent: Who does it.
        text: What is asked, filled in.
        name: The task's name in CrewAI's events.
        request: What the model is sent; its text goes to the task as context, uninterpreted.

    Raises:
        Exception: what asking the model raised, as it is, after CrewAI's TaskFailedEvent.
    """
    # For this run's context only: without it CrewAI prints a panel for each task.
    set_suppress_console_output(True)
    task = RequestTask(
        name=name,
        description=text.description,
        expected_output=text.expected_output,
        agent=agent,
    )
    task._request = request
    await task.aexecute_sync(context=request.text)
    return task._answer
