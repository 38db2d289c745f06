"""The parts of a crew, and what to call them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from docsum_nb.crew.crewai_names.table import Crew, Process

__all__ = [
    "ModelUse",
    "agents_of",
    "concurrent_groups",
    "field_of",
    "is_crew",
    "label_of",
    "name_of_work",
    "one_line_of",
    "role_of",
    "uses_of_models",
]


class ModelUse(NamedTuple):
    """A model, and who uses it."""

    llm: Any
    """A model of CrewAI's, or its name."""
    user: str
    agent: Any = None
    """The agent among them; ``None`` for the crew itself."""


def is_crew(value: object) -> bool:
    """Check whether something is a crew, and not a flow or anything else."""
    return isinstance(value, Crew)


def agents_of(crew: Any) -> list[Any]:
    """Return the agents of a crew and of its tasks, each once, the manager last."""
    found: dict[int, Any] = {}
    for agent in (*crew.agents, *(task.agent for task in crew.tasks), crew.manager_agent):
        if agent is not None:
            found.setdefault(id(agent), agent)
    return list(found.values())


def uses_of_models(crew: Any) -> Iterator[ModelUse]:
    """Yield the models of a crew's agents, and those that the crew itself uses."""
    for agent in agents_of(crew):
        llm = field_of(agent, "llm")
        if llm is not None:
            yield ModelUse(llm, f"agent {role_of(agent)!r}", agent)
    managed = field_of(crew, "process") == Process.hierarchical
    for name, used in (("manager_llm", managed), ("planning_llm", field_of(crew, "planning"))):
        llm = field_of(crew, name)
        if llm is not None and used:
            yield ModelUse(llm, name)


def concurrent_groups(crew: Any) -> list[list[Any]]:
    """Return the groups of tasks that CrewAI runs concurrently: asynchronous ones in a row."""
    groups = groupby(crew.tasks, key=lambda task: bool(task.async_execution))
    return [tasks for asynchronous, row in groups if asynchronous and len(tasks := list(row)) > 1]


def field_of(part: Any, name: str) -> Any:
    """Return a field; ``None`` if a user's class lacks it. Deprecated ones do not warn."""
    values = vars(part)
    return values[name] if name in values else getattr(part, name, None)


def role_of(agent: Any) -> str:
    """Return an agent's role; ``"none"`` without an agent."""
    return str(agent.role) if agent is not None else "none"


def label_of(task: Any) -> str:
    """Return the name of a task, or else its description, in one line."""
    return one_line_of(str(task.name or task.description))


def one_line_of(text: str) -> str:
    """Return a name or description in one line of 60 characters at most."""
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def name_of_work(work: Any) -> str:
    """Return the name of a crew or flow, or else that of its class."""
    return str(getattr(work, "name", None) or type(work).__name__)
