"""Requests as CrewAI tasks: each is one asynchronous call of a model by a lean agent.

CrewAI's stock agent builds an executor for every task, blocks a thread for every call and cannot be
cancelled. Summarizing needs nothing of what it offers for that. A lean agent holds nothing that a
call changes, so any number of tasks may share one at the same time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

from pydantic import PrivateAttr

from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.flows import set_suppress_console_output
from docsum_nb.crew.crewai_names.table import CLEAR_FILES, SUMMARIZE, BaseAgent, Task, task_module
from docsum_nb.prompts import AgentText, TaskSpec
from docsum_nb.records import Answer, Request
from docsum_nb.upstream import once

__all__ = ["LeanAgent", "RequestTask", "TaskFactory"]


_without_files: ContextVar[Any] = ContextVar("docsum_nb_task_without_files", default=None)
"""The id of the request's task that is executed in this context."""


class _Client(Protocol):
    """What answers the requests."""

    def ask(self, request: Request, *, final: bool = False) -> Coroutine[Any, Any, Answer]:
        """Return the answer to a request; see ``ModelClient.ask``."""


class RequestTask(Task):
    """A CrewAI task that knows what it is made of, and later its answer."""

    _spec: TaskSpec = PrivateAttr()
    _answer: Answer = PrivateAttr()

    @property
    def answer(self) -> Answer:
        """The model's answer, once the task is executed."""
        return self._answer

    async def aexecute_sync(self, *args: Any, **kwargs: Any) -> Any:
        """Execute the task, as CrewAI does; it has no files."""
        token = _without_files.set(self.id)
        try:
            return await super().aexecute_sync(*args, **kwargs)
        finally:
            _without_files.reset(token)


class LeanAgent(BaseAgent):
    """Answers a ``RequestTask`` by asking a model once, on the running loop."""

    _client: _Client = PrivateAttr()

    async def aexecute_task(
        self, task: Any, context: str | None = None, tools: Sequence[Any] | None = None
    ) -> str:
        """Ask for the task's request; its text is the context already."""
        task._answer = await self._client.ask(task._spec.request, final=task._spec.final)
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


class TaskFactory:
    """Creates the tasks of one run.

    Args:
        agents: The texts of its agents, by name.
        client: Answers the requests.

    Raises:
        UpstreamError: if the installed CrewAI lacks what ``summarize`` needs.
    """

    def __init__(self, agents: Mapping[str, AgentText], client: _Client) -> None:
        TABLE.require(SUMMARIZE)
        _delete_no_absent_files()
        self._agents = {name: _lean_agent(text, client) for name, text in agents.items()}

    def create(self, spec: TaskSpec) -> RequestTask:
        """Return a CrewAI task, to be executed by ``aexecute_sync`` in the caller's context.

        Its ``context`` is to be the text of the request, so that nothing in it is interpreted.
        """
        # For this run's context only: without it CrewAI prints a panel for each task.
        set_suppress_console_output(True)
        task = RequestTask(
            name=spec.name,
            description=spec.text.description,
            expected_output=spec.text.expected_output,
            agent=self._agents[spec.agent],
        )
        task._spec = spec
        return task


@once
def _delete_no_absent_files() -> None:
    """Make CrewAI delete no files of a request's task: it starts a thread and a loop for that."""
    delete = CLEAR_FILES.of(task_module)
    if delete is None:
        return

    def delete_if_any(task_id: Any) -> None:
        if task_id != _without_files.get():
            delete(task_id)

    CLEAR_FILES.set(task_module, delete_if_any)


def _lean_agent(text: AgentText, client: _Client) -> LeanAgent:
    agent = LeanAgent(role=text.role, goal=text.goal, backstory=text.backstory)
    agent._client = client
    return agent
