"""Tools: asynchronous ones that a loop would refuse, and ones that would block it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from docsum_nb.crew.crewai_names.table import TOOL_ARUN, TOOL_RUN
from docsum_nb.crew.inspection.code import blocking_calls
from docsum_nb.crew.inspection.parts import agents_of, field_of
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["tool_findings"]


def tool_findings(crew: Any) -> Iterator[Finding]:
    """Examine the tools of a crew's agents and tasks."""
    tools: dict[int, Any] = {}
    for holder in (*agents_of(crew), *crew.tasks):
        for tool in field_of(holder, "tools") or ():
            tools.setdefault(id(tool), tool)
    found = [finding for tool in tools.values() for finding in _examine(tool)]
    yield from found
    if not found:
        yield Finding("ok", "tools", "tools", "none blocks a loop" if tools else "none")


def _examine(tool: Any) -> Iterator[Finding]:
    subject = f"tool {str(getattr(tool, 'name', type(tool).__name__))!r}"
    function = getattr(tool, "func", None)
    run, asynchronous = TOOL_RUN.of(type(tool)), TOOL_ARUN.of(type(tool))
    blocking = [
        call
        for each in (function, run, asynchronous)
        if each is not None
        for call in blocking_calls(each)
    ]
    if blocking:
        yield Finding(
            "warning",
            "tools",
            subject,
            f"its async code calls {listed(call.call for call in blocking)}, line "
            f"{blocking[0].line}",
            "While it waits, nothing else on that loop goes on: no other task, no timeout.",
            f"{blocking[0].instead}",
        )
    if any(inspect.iscoroutinefunction(each) for each in (function, run)):
        yield Finding(
            "note",
            "tools",
            subject,
            "asynchronous; where CrewAI calls it as a function, it uses asyncio.run",
            "That fails in a running loop, as in a notebook cell or an async flow step, and "
            "clients that it keeps do not outlive one call.",
            "ds.kickoff(crew) runs it in a thread without a loop; make its client in each call.",
        )
