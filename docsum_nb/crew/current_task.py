"""Which task or step of a flow the code belongs to, known in the context.

Whatever thread, loop or agent a task starts belongs to it: CrewAI copies the context there. A
coworker that is delegated to works on the task that delegated.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from docsum_nb.crew.activity import Activity
from docsum_nb.crew.inspection.parts import title_of

__all__ = ["Caller", "TaskWork", "begin_work", "caller_of", "current_work", "end_work", "in_step"]

_PLANNER = "Task Execution Planner"
"""The role that CrewAI gives to the agent that plans a crew's tasks."""


@dataclass(eq=False)
class TaskWork:
    """The execution of one task."""

    task: str = ""
    agent: str = ""
    refusal: Exception | None = None
    """The refusal of a provider that ends the task, although CrewAI has swallowed it."""
    over: bool = False
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


def end_work(begun: Token[TaskWork | None]) -> None:
    """End what was begun in this context."""
    _work.reset(begun)


def in_step(name: str) -> None:
    """Make the code in this context belong to a step of a flow; to none if the name is empty."""
    _step.set(name)


def caller_of(context: Any) -> Caller:
    """Return who makes the call that a hook is asked about."""
    role = str(getattr(getattr(context, "agent", None), "role", None) or "")
    work = _work.get()
    if work is not None:
        return Caller(work.task, role)
    if role == _PLANNER:
        return Caller("planning", role)
    task = getattr(context, "task", None)
    return Caller(_step.get() or (title_of(task) if task is not None else ""), role)
