"""The examination of a crew or flow without running it.

Reads the user's objects and changes nothing in them. Each finding says what ``docsum_nb``'s guard
does about it, or otherwise the line to write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docsum_nb.crew.inspection.agents import agent_findings, tool_findings
from docsum_nb.crew.inspection.call_limits import call_findings
from docsum_nb.crew.inspection.flow import crews_of, flow_findings
from docsum_nb.crew.inspection.parts import is_crew
from docsum_nb.crew.inspection.services import service_findings
from docsum_nb.crew.inspection.tasks import task_findings
from docsum_nb.crew.inspection.texts import text_findings, variables_of
from docsum_nb.findings import Finding, examined

__all__ = ["examine", "is_crew", "variables_of"]


def examine(work: Any, inputs: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Examine a Crew, or a Flow and the crews that it holds.

    Args:
        work: A Crew or Flow.
        inputs: The inputs of its ``kickoff``; ``None`` if they are not known.
    """
    if is_crew(work):
        yield from _examine_crew(work, inputs)
        return
    yield from examined("the flow's steps", flow_findings, work)
    for crew in crews_of(work):
        # A flow's inputs are its own; those of its crews are not known.
        yield from _examine_crew(crew, None)


def _examine_crew(crew: Any, inputs: Mapping[str, Any] | None) -> Iterator[Finding]:
    yield from examined("the crew's agents", agent_findings, crew)
    yield from examined("the crew's tasks", task_findings, crew)
    yield from examined("the crew's texts", text_findings, crew, inputs)
    yield from examined("the crew's models", call_findings, crew)
    yield from examined("the crew's tools", tool_findings, crew)
    yield from examined("what the crew uses besides", service_findings, crew)
