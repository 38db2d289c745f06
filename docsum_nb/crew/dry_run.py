"""A dry run of a crew: its copy on a scripted model.

The copy does the user's work without anything that costs or leaves a trace: no provider, no memory
or knowledge, no server, no file. It shares its agents between tasks exactly as the user's crew
does, so that it fails as that crew would.
"""

from __future__ import annotations

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
from docsum_nb.crew.output import redirect_log
from docsum_nb.crew.scripted_model import ProbedCall, ScriptedModel, in_dry_run
from docsum_nb.upstream import once

__all__ = ["DryRun", "dry_run_of", "silence_crewai"]


@dataclass(frozen=True)
class DryRun:
    """A crew's copy on a scripted model."""

    crew: Any
    calls: list[ProbedCall]
    """Every call of the model, in order; grows while the crew runs."""


def dry_run_of(crew: Any) -> DryRun:
    """Return a copy of a crew on a scripted model.

    The copy shares its agents as the crew does, and has its retries.

    Args:
        crew: A Crew; it is not changed.
    """
    model = ScriptedModel(model="scripted")
    copied = copy_of(crew)
    for task in copied.tasks:
        _strip_task(task, model)
    agents = [*copied.agents, copied.manager_agent, *(task.agent for task in copied.tasks)]
    for agent in {id(each): each for each in agents if each is not None}.values():
        _strip_agent(agent, model)
    _strip_crew(copied, model)
    return DryRun(copied, model._calls)


def _put(part: Any, **values: Any) -> None:
    """Set the fields that a part has, without validation, as ``model_copy`` does."""
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

    GUARDRAIL.set(task, _scripted(GUARDRAIL.of(task), model))
    GUARDRAILS.set(task, [_scripted(each, model) for each in GUARDRAILS.of(task)])


def _scripted(guardrail: Any, model: BaseLLM) -> Any:
    """Return a guardrail that asks the scripted model, if it asks a model at all."""
    if isinstance(guardrail, LLMGuardrail):
        return LLMGuardrail(guardrail.description, model)
    return guardrail


class _NoRecord:
    """Replaces CrewAI's record of the last kickoff, and keeps nothing."""

    def update(self, task_index: int, log: Any) -> None:
        """Keep nothing."""

    def reset(self) -> None:
        """Delete nothing."""

    def load(self) -> None:
        """Return no record."""


def silence_crewai() -> None:
    """Keep CrewAI's panels and log lines off the screen, in the calling context from now on."""
    _install()
    set_suppress_console_output(True)


class _DroppedLog:
    """Drops CrewAI's log lines in dry runs."""

    def is_active(self) -> bool:
        """Check whether the caller's context is that of a dry run."""
        return in_dry_run()

    def log(self, level: int, text: str, error: BaseException | None) -> None:
        """Drop a warning or an error."""


@once
def _install() -> None:
    redirect_log(_DroppedLog())
