"""Which task or step of a flow the caller's code belongs to, and what that task is doing.

Both are known in the context: each thread, loop or agent that a task starts belongs to it, since
CrewAI copies the context. A coworker that is delegated to works on the task that delegated. What is
being done is known by CrewAI's events: agents, tools, model calls, servers.
"""

from __future__ import annotations

import re
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from docsum_nb.crew.inspection.parts import label_of
from docsum_nb.crew.watcher import Stopped
from docsum_nb.run import Scope, current_scope

__all__ = [
    "Activity",
    "Caller",
    "TaskWork",
    "begin_work",
    "caller_of",
    "check_stop",
    "current_part",
    "current_work",
    "end_work",
    "in_step",
]

_PLANNER = "Task Execution Planner"
"""The role that CrewAI gives to the agent that plans a crew's tasks."""


# --- what a task is doing -------------------------------------------------------------------------

_TEXTS = {
    "ToolUsage": "tool {0.tool_name!r}",
    "MCPConnection": "a connection to MCP server {0.server_name!r}",
    "MCPToolExecution": "tool {0.tool_name!r} of MCP server {0.server_name!r}",
    "LLMCall": "a call of {0.model}",
    "LLMGuardrail": "a guardrail",
    "MemoryRetrieval": "a look into memory",
    "MemoryQuery": "a look into memory",
    "MemorySave": "a write to memory",
    "KnowledgeRetrieval": "a search of the knowledge",
    "AgentReasoning": "a plan",
}
_AGENTS = ("AgentExecution", "LiteAgentExecution")
_NAME = re.compile(r"(\w+?)(Started|Completed|Finished|Failed|Error)Event")


@dataclass(frozen=True)
class _Part:
    kind: str
    agent: str
    text: str


class Activity:
    """What a task is doing: the operations that have started and not ended. For any thread.

    Each operation is kept until the event of its end. If that never comes, as for a failure without
    an event, it is dropped with the agent that it belongs to.
    """

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}

    def seen(self, event: Any) -> None:
        """Process an event of CrewAI."""
        named = _NAME.fullmatch(type(event).__name__)
        if named is None or not (named[1] in _TEXTS or named[1] in _AGENTS):
            return
        if named[2] == "Started":
            self._parts[str(event.event_id)] = _part(named[1], event)
        else:
            self._end(named[1], str(getattr(event, "started_event_id", None)))

    def _end(self, kind: str, started: str) -> None:
        parts = self._parts
        if started not in parts:
            started = next((key for key in reversed([*parts]) if parts[key].kind == kind), "")
        if started in parts:
            # An agent ends with all that started after it.
            after = [*parts][[*parts].index(started) :]
            for key in after if kind in _AGENTS else [started]:
                parts.pop(key, None)

    def agent(self) -> str:
        """Return the role of the agent that is working now; empty if none is."""
        agents = [part.agent for part in self._parts.copy().values() if part.kind in _AGENTS]
        return agents[-1] if agents else ""

    def text(self) -> str:
        """Return what the agent that is working now is doing; empty if it is not known."""
        texts: list[str] = []
        for part in self._parts.copy().values():
            texts = [] if part.kind in _AGENTS else [*texts, part.text]
        return ", in ".join(texts[-2:])


def _part(kind: str, event: Any) -> _Part:
    agent = getattr(event, "agent", None)
    role = getattr(agent, "role", None) or getattr(event, "agent_role", None)
    if role is None and isinstance(info := getattr(event, "agent_info", None), dict):
        role = info.get("role")
    try:
        text = _TEXTS.get(kind, "").format(event)
    except (AttributeError, IndexError, KeyError, ValueError):
        text = kind
    return _Part(kind, str(role or ""), text)


# --- which task the code belongs to ---------------------------------------------------------------


@dataclass(eq=False)
class TaskWork:
    """The execution of one task."""

    task: str = ""
    agent: str = ""
    refusal: Exception | None = None
    """The refusal of a provider that ends the task, although CrewAI has swallowed it."""
    over: bool = False
    """Whether the task has ended."""
    doing: Activity = field(default_factory=Activity)

    def check(self) -> None:
        """Raise the refusal, if there is one."""
        if self.refusal is not None:
            raise self.refusal


class Caller(NamedTuple):
    """Who calls a model: names for a person, empty if there is none."""

    task: str
    """The task; outside of tasks, the step of a flow, or ``"planning"``."""
    agent: str


_work: ContextVar[TaskWork | None] = ContextVar("docsum_nb_task", default=None)
_step: ContextVar[str] = ContextVar("docsum_nb_step", default="")


def current_work() -> TaskWork | None:
    """Return the task that the caller's code belongs to; ``None`` outside of one."""
    return _work.get()


def begin_work(work: TaskWork | None) -> Token[TaskWork | None]:
    """Make the code in this context, and what it starts, belong to a task, or to none."""
    return _work.set(work)


def end_work(token: Token[TaskWork | None]) -> None:
    """Undo ``begin_work`` in this context."""
    _work.reset(token)


def in_step(name: str) -> None:
    """Make the code in this context belong to a step of a flow; to none if the name is empty."""
    _step.set(name)


def caller_of(context: Any) -> Caller:
    """Return who makes the call that a hook's context describes."""
    role = str(getattr(getattr(context, "agent", None), "role", None) or "")
    work = _work.get()
    if work is not None:
        return Caller(work.task, role)
    if role == _PLANNER:
        return Caller("planning", role)
    task = getattr(context, "task", None)
    return Caller(_step.get() or (label_of(task) if task is not None else ""), role)


# --- whether the code may go on -------------------------------------------------------------------


def current_part(run: Scope) -> Scope:
    """Return the crew or flow that the caller's code belongs to; of other code, the whole run."""
    return current_scope() or run


def check_stop(run: Scope) -> None:
    """Raise ``Stopped`` if the caller must start nothing more: its part or its task is ending."""
    stopped = current_part(run).stopped_by()
    if stopped is not None:
        raise Stopped(f"nothing more is started here: {stopped}", source=stopped)
    work = current_work()
    if work is not None and work.refusal is not None:
        raise Stopped(f"the task ends by a refusal: {work.refusal}", source=work.refusal)
