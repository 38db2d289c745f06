"""What a crew does beside its tasks: memory, knowledge, planning, traces, output on the screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from docsum_nb.crew.inspection.parts import agents_of, field_of, role_of
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["service_findings"]


def service_findings(crew: Any) -> Iterator[Finding]:
    """Examine what a crew uses beside its agents' models."""
    yield _memory(crew)
    yield _knowledge(crew)
    yield _planning(crew)
    yield from _own_tracing(crew)
    yield _verbose(crew)


def _key() -> str:
    if os.environ.get("OPENAI_API_KEY"):
        return "OPENAI_API_KEY is set"
    return "OPENAI_API_KEY is not set"


def _memory(crew: Any) -> Finding:
    holders = [("the crew", crew)] + [
        (f"agent {role_of(each)!r}", each) for each in agents_of(crew)
    ]
    using = [
        name
        for name, holder in holders
        if field_of(holder, "memory") and not _has_embedder(holder, field_of(holder, "memory"))
    ]
    if not using:
        return Finding("ok", "memory", "memory", "not used, or with an embedder of your choice")
    return Finding(
        "warning",
        "memory",
        f"memory of {', '.join(using[:4])}",
        f"embeds with OpenAI's text-embedding-3-large, the default; {_key()}",
        "Every task makes calls for it that no figure of the crew counts; without key or network "
        "it fails, or is skipped without a word.",
        "Crew(..., embedder={'provider': 'onnx', 'config': {}}) embeds on this machine; or "
        "memory=False.",
    )


def _has_embedder(holder: Any, memory: Any) -> bool:
    if field_of(holder, "embedder") is not None:
        return True
    return memory is not True and field_of(memory, "embedder") is not None


def _knowledge(crew: Any) -> Finding:
    holders = [("the crew", crew)] + [
        (f"agent {role_of(each)!r}", each) for each in agents_of(crew)
    ]
    using = [
        name
        for name, holder in holders
        if field_of(holder, "knowledge_sources") and field_of(holder, "embedder") is None
    ]
    if not using:
        return Finding("ok", "knowledge", "knowledge", "not used, or with an embedder")
    return Finding(
        "warning",
        "knowledge",
        f"knowledge of {', '.join(using[:4])}",
        f"embeds with OpenAI's text-embedding-3-small, the default; {_key()}",
        "Without key or network CrewAI logs a warning and the crew runs without its knowledge.",
        "Crew(..., embedder={'provider': 'onnx', 'config': {}}) embeds on this machine; or "
        "knowledge=ds.LibraryKnowledge(...), which searches a ds.Library without a key.",
    )


def _planning(crew: Any) -> Finding:
    if not field_of(crew, "planning"):
        return Finding("ok", "planning", "planning", "not used")
    model = field_of(crew, "planning_llm")
    return Finding(
        "note" if model is not None else "warning",
        "planning",
        "planning",
        "one more call before the first task"
        + ("" if model is not None else f", on CrewAI's default model of OpenAI; {_key()}"),
        "All tasks wait for it, and a plan that cannot be read fails the crew before they begin.",
        "Crew(..., planning=False), or name its model: planning_llm=LLM(model=..., timeout=60).",
    )


def _own_tracing(crew: Any) -> Iterator[Finding]:
    if field_of(crew, "tracing"):
        yield Finding(
            "warning",
            "crew-tracing",
            "the crew",
            "tracing=True: its prompts and answers are sent to CrewAI's service",
            "This holds for every value of CREWAI_TRACING_ENABLED.",
            "Crew(..., tracing=False), if that is not meant.",
        )


def _verbose(crew: Any) -> Finding:
    loud = [role_of(each) for each in agents_of(crew) if field_of(each, "verbose")]
    if not loud and not field_of(crew, "verbose"):
        return Finding("ok", "verbose", "verbose", "off")
    who = "the crew" if field_of(crew, "verbose") else f"agents {listed(loud)}"
    return Finding(
        "note",
        "verbose",
        who,
        "verbose=True: prints every step",
        "In a notebook, concurrent tasks print into one another, and many panels slow the page.",
        "ds.kickoff(crew) keeps them silent and shows a line for each run instead; or "
        "verbose=False.",
    )
