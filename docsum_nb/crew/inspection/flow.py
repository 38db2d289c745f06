"""Flows: steps that block the loop they run on, and what is kept of their state."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from docsum_nb.crew.crewai_names.flows import FLOW_STATE
from docsum_nb.crew.inspection.code import Blocking, blocking_calls
from docsum_nb.crew.inspection.parts import field_of, is_crew
from docsum_nb.findings import Finding

__all__ = ["crews_of", "flow_findings"]


def flow_findings(flow: Any) -> Iterator[Finding]:
    """Examine a flow's own code and what it keeps."""
    findings = [
        _finding(name, call)
        for name, method in _own_methods(type(flow))
        for call in blocking_calls(method)
    ]
    yield from findings
    if not findings:
        yield Finding("ok", "flow-blocking", type(flow).__name__, "no async step blocks its loop")
    yield _persistence(flow)


def crews_of(flow: Any) -> list[Any]:
    """Return the crews that are attributes of a flow, of its class or of its state."""
    state = FLOW_STATE.of(flow)
    holders = [vars(flow), vars(type(flow)), getattr(flow, "__pydantic_extra__", None) or {}]
    holders.append(state if isinstance(state, dict) else getattr(state, "__dict__", {}))
    values = [value for holder in holders for value in holder.values()]
    crews = {id(each): each for each in values if is_crew(each)}
    return list(crews.values())


def _own_methods(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the functions of the user's own classes, without CrewAI's wrapping."""
    seen = set()
    for each in kind.__mro__:
        if each.__module__.partition(".")[0] in ("crewai", "pydantic", "builtins", "typing"):
            continue
        for name, value in vars(each).items():
            unwrap = getattr(type(value), "unwrap", None)
            function = inspect.unwrap(unwrap(value) if unwrap is not None else value)
            if inspect.isfunction(function) and name not in seen:
                seen.add(name)
                yield name, function


def _finding(step: str, call: Blocking) -> Finding:
    if call.kickoff:
        return Finding(
            "problem",
            "flow-blocking",
            f"step {step}()",
            f"is async and calls {call.call}(...), line {call.line}",
            "In a running loop a crew's kickoff() fails at its first synchronous task, after the "
            "asynchronous ones were paid for. In a guarded run it works, but blocks the loop, as a "
            "flow's does everywhere.",
            f"{call.instead}; or make the step a plain def, which CrewAI runs in a thread.",
        )
    return Finding(
        "warning",
        "flow-blocking",
        f"step {step}()",
        f"is async and calls {call.call}(...), line {call.line}",
        "While it waits, no other step of the flow goes on, and cancelling it does nothing.",
        f"{call.instead}; or make the step a plain def, which CrewAI runs in a thread.",
    )


def _persistence(flow: Any) -> Finding:
    store = field_of(flow, "persistence")
    if store is None:
        return Finding("ok", "flow-persistence", "state", "not persisted")
    return Finding(
        "note",
        "flow-persistence",
        "state",
        f"persisted by {type(store).__name__} after each step",
        "The whole state is stored unencrypted, with documents and keys in it.",
        "Keep paths in the state instead of texts.",
    )
