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
    "role_of",
    "title_of",
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
    """Tell a crew from a flow, or from anything else."""
    return isinstance(value, Crew)


def agents_of(crew: Any) -> list[Any]:
    """List the agents of a crew and of its tasks, each once, the manager last."""
    found: dict[int, Any] = {}
    for agent in (*crew.agents, *(task.agent for task in crew.tasks), crew.manager_agent):
        if agent is not None:
            found.setdefault(id(agent), agent)
    return list(found.values())


def uses_of_models(crew: Any) -> Iterator[ModelUse]:
    """List the models of a crew's agents, and those that the crew itself makes use of."""
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
    """Group the tasks that CrewAI runs beside one another: asynchronous ones in a row."""
    groups = groupby(crew.tasks, key=lambda task: bool(task.async_execution))
    return [tasks for asynchronous, row in groups if asynchronous and len(tasks := list(row)) > 1]


def field_of(part: Any, name: str) -> Any:
    """Read a field, which a class of the user's own may lack; deprecated ones do not warn."""
    values = vars(part)
    return values[name] if name in values else getattr(part, name, None)


def role_of(agent: Any) -> str:
    """Name an agent."""
    return str(agent.role) if agent is not None else "none"


def title_of(task: Any) -> str:
    """Name a task."""
    text = " ".join(str(task.name or task.description).split())
    return text if len(text) <= 60 else f"{text[:59]}…"
