"""The forms in which an answer is sent, for the rows of the table of answers.

A row holds the answer and what must come of it. It is sent whole and as a stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "GITHUB",
    "GOOD",
    "HALF",
    "MADE_UP",
    "THOUGHT",
    "Row",
    "events",
    "pieces",
    "row",
    "sent",
    "whole",
]

GOOD = "Ships carry coal."
HALF = "Ships carry co"
THOUGHT = "Okay, let me see what the text says. Ships, coal"
GITHUB = "https://github.com/"
MADE_UP = ""
"""The source of a row that goes further than any report."""


@dataclass(frozen=True)
class Row:
    """One answer, and what must come of it."""

    name: str
    source: str
    """Where it is documented or was reported; empty for one that goes further than any report."""
    body: Any
    """The whole body; a text is sent unchanged."""
    stream: str | None
    """The body of the stream; ``None`` to send the whole body for one, too."""
    kind: str
    """``text``, ``cut``, ``refused``, ``broken``, ``empty``, ``room``, ``large`` or a status."""
    requests: int
    said: str
    """The text, or a part of the message."""
    streamed_requests: int
    """Of a stream: one more if a plain request has to follow."""


def whole(content: Any, reason: Any = "stop", usage: Any = None, **choice: Any) -> dict[str, Any]:
    """Return the body of a chat completion."""
    message = content if isinstance(content, dict) else {"role": "assistant", "content": content}
    reported = {"prompt_tokens": 30, "completion_tokens": 5, "total_tokens": 35}
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": reason, **choice}],
        "usage": reported if usage is None else usage,
    }


def events(parts: Iterable[Any], reason: Any = "stop", usage: Any = None, **choice: Any) -> str:
    """Return a stream of chat completion chunks."""
    body = whole("", reason, usage)
    base = {**body, "object": "chat.completion.chunk", "usage": None}
    lines = []
    for part in parts:
        delta = part if isinstance(part, dict) else {"role": "assistant", "content": part}
        each = {"index": 0, "delta": delta, "finish_reason": None}
        lines.append({**base, "choices": [each]})
    lines.append(
        {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": reason, **choice}]}
    )
    lines.append({**base, "choices": [], "usage": body["usage"]})
    return "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"


def pieces(text: str) -> list[str]:
    """Return a text in pieces of seven characters."""
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def row(
    name: str,
    source: str,
    text: Any,
    reason: Any,
    kind: str,
    requests: int,
    said: str = GOOD,
    *,
    streamed: int | None = None,
    **choice: Any,
) -> Row:
    """Return the row of a message with this text, or of this message."""
    parts = pieces(text) if isinstance(text, str) else [text]
    return Row(
        name,
        source,
        whole(text, reason, **choice),
        events(parts, reason, **choice),
        kind,
        requests,
        said,
        requests if streamed is None else streamed,
    )


def sent(
    name: str,
    source: str,
    body: Any,
    kind: str,
    requests: int,
    said: str,
    *,
    streamed: int | None = None,
    stream: str | None = None,
) -> Row:
    """Return the row of a body that is sent unchanged."""
    streamed_body = stream if stream is not None else f"data: {json.dumps(body)}\n\n"
    return Row(
        name,
        source,
        body,
        streamed_body,
        kind,
        requests,
        said,
        requests if streamed is None else streamed,
    )
