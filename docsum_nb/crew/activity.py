"""What a task is doing at a moment, as CrewAI's events tell: agents, tools, model calls, servers.

Each thing that begins is noted until its end is seen. An end that never comes, as of something that
failed without a word, is dropped with what it was part of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Activity"]

_SAID = {
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
    """What has begun and not ended. Usable from any thread."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}

    def seen(self, event: Any) -> None:
        """Process an event of CrewAI."""
        named = _NAME.fullmatch(type(event).__name__)
        if named is None or not (named[1] in _SAID or named[1] in _AGENTS):
            return
        if named[2] == "Started":
            self._parts[str(event.event_id)] = _part(named[1], event)
        else:
            self._end(named[1], str(getattr(event, "started_event_id", None)))

    def _end(self, kind: str, begun: str) -> None:
        parts = self._parts
        if begun not in parts:
            begun = next((key for key in reversed([*parts]) if parts[key].kind == kind), "")
        if begun in parts:
            # With all that began after it, if it is one thing at a time.
            after = [*parts][[*parts].index(begun) :]
            for key in after if kind in _AGENTS else [begun]:
                parts.pop(key, None)

    def agent(self) -> str:
        """Return the role of the agent that is working now; empty if none has begun."""
        agents = [part.agent for part in self._parts.copy().values() if part.kind in _AGENTS]
        return agents[-1] if agents else ""

    def text(self) -> str:
        """Return what the agent that works now is doing; empty if that is not known."""
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
        text = _SAID.get(kind, "").format(event)
    except (AttributeError, IndexError, KeyError, ValueError):
        text = kind
    return _Part(kind, str(role or ""), text)
