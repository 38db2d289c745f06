"""A rehearsal of a crew: its copy on a scripted model.

The copy does the user's work with nothing that costs or leaves a trace: no provider, no memory
or knowledge, no server, no file. It shares its agents between tasks exactly as the user's crew
does, so that it fails as that would.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from docsum_nb.crew.clone import copy_of
from docsum_nb.crew.crewai_names.executions import (
    CREW_MEMORY,
    GUARDRAIL,
    GUARDRAILS,
    ORIGINAL_OUTPUT_FILE,
    OUTPUT_HANDLER,
    RPM_CONTROLLER,
    LLMGuardrail,
)
from docsum_nb.crew.crewai_names.flows import set_suppress_console_output
from docsum_nb.crew.crewai_names.table import BaseLLM
from docsum_nb.crew.output import hear_log
from docsum_nb.crew.scripted_model import ProbedCall, ScriptedModel, rehearsing

__all__ = ["DryRun", "be_quiet", "rehearse"]


@dataclass(frozen=True)
class DryRun:
    """A crew's copy on a scripted model."""

    crew: Any
    asked: list[ProbedCall]
    """Every call, in order; grows while the crew runs."""


def rehearse(crew: Any) -> DryRun:
    """Create a crew's copy on a scripted model.

    Args:
        crew: A Crew; it stays as it is.

    Returns:
        A copy that shares its agents as the crew does, with the retries it has.
    """
    model = ScriptedModel(model="rehearsal")
    copied = copy_of(crew)
    for task in copied.tasks:
        _strip_task(task, model)
    agents = [*copied.agents, copied.manager_agent, *(task.agent for task in copied.tasks)]
    for agent in {id(each): each for each in agents if each is not None}.values():
        _strip_agent(agent, model)
    _strip_crew(copied, model)
    return DryRun(copied, model._asked)


def _put(part: Any, **values: Any) -> None:
    """Set those fields that a part has; unvalidated, as ``model_copy`` does."""
    for name, value in values.items():
        if name in type(part).model_fields:
            vars(part)[name] = value


def _strip_crew(crew: Any, model: BaseLLM) -> None:
    _put(
        crew,
        planning_llm=model,
        chat_llm=model,
        function_calling_llm=None,
        memory=False,
        knowledge=None,
        knowledge_sources=None,
        skills=None,
        max_rpm=None,
        output_log_file=None,
        stream=False,
        verbose=False,
        tracing=False,
        checkpoint=False,
        share_crew=False,
    )
    if crew.manager_llm is not None:
        _put(crew, manager_llm=model)
    CREW_MEMORY.set(crew, None)
    # CrewAI deletes the record of the last kickoff, for replay, at the start of each.
    OUTPUT_HANDLER.set(crew, _NoRecord())


def _strip_agent(agent: Any, model: BaseLLM) -> None:
    if getattr(agent, "llm", None) is not None:
        _put(agent, llm=model)
    _put(
        agent,
        function_calling_llm=None,
        memory=None,
        knowledge=None,
        knowledge_sources=None,
        skills=None,
        mcps=None,
        apps=None,
        a2a=None,
        max_rpm=None,
        planning=False,
        planning_config=None,
        reasoning=False,
        verbose=False,
        checkpoint=False,
    )
    RPM_CONTROLLER.set(agent, None)


def _strip_task(task: Any, model: BaseLLM) -> None:
    _put(task, output_file=None, human_input=False)
    ORIGINAL_OUTPUT_FILE.set(task, None)

    def scripted(guardrail: Any) -> Any:
        if isinstance(guardrail, LLMGuardrail):
            return LLMGuardrail(guardrail.description, model)
        return guardrail

    GUARDRAIL.set(task, scripted(GUARDRAIL.of(task)))
    GUARDRAILS.set(task, [scripted(each) for each in GUARDRAILS.of(task)])


class _NoRecord:
    """In the place of CrewAI's record of the last kickoff: keeps nothing."""

    def update(self, task_index: int, log: Any) -> None:
        """Keep nothing."""

    def reset(self) -> None:
        """Delete nothing."""

    def load(self) -> None:
        """Return no record."""


def be_quiet() -> None:
    """Keep CrewAI's panels and log lines off the screen, in the calling context from now on."""
    _install()
    set_suppress_console_output(True)


@functools.cache
def _install() -> None:
    hear_log(rehearsing, lambda level, text, error: None)
