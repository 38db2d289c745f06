"""How many tokens a model call took: as the provider reported, else counted here.

Zeros are not a report: no request is that short. Servers that report nothing reach CrewAI as zeros,
as an empty mapping or as nothing at all. Refuses to guess what cannot be seen: hidden thinking and
pictures are not counted, so a count is rather too low for models that think.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from docsum_nb.crew.crewai_names.reports import UsageMetrics
from docsum_nb.documents.tokens import token_counter

__all__ = ["counted_usage", "reported_usage"]

_FRAME_TOKENS = 3
"""What the chat format puts around each message, and in front of the answer."""


def reported_usage(usage: Mapping[str, Any] | None) -> UsageMetrics | None:
    """Return the usage that a provider reported; ``None`` if it reported none, or zeros."""
    used = UsageMetrics.from_provider_dict(dict(usage) if usage else None)
    if used is None or used.prompt_tokens <= 0:
        return None
    return used


def counted_usage(
    model: str,
    messages: str | Iterable[Any],
    tools: Any,
    answer: Any,
    reported: Mapping[str, Any] | None,
) -> UsageMetrics:
    """Count what a call took, with the vocabulary that is nearest to the model's.

    Args:
        model: The model's name.
        messages: What was sent, one text or messages.
        tools: The descriptions of the tools that were sent with it; ``None`` without any.
        answer: A text, a record, or a list of tool calls; ``None`` if nothing is known of it.
        reported: What the provider reported all the same, such as the answer's tokens alone.
    """
    count = token_counter(model)
    texts = [messages] if isinstance(messages, str) else [_text_of(each) for each in messages]
    prompt = sum(count(text) + _FRAME_TOKENS for text in texts) + _FRAME_TOKENS
    prompt += count(_text_of(tools))
    completion = count(_text_of(answer))
    if (said := UsageMetrics.from_provider_dict(dict(reported or {}))) is not None:
        completion = max(completion, said.completion_tokens)
    return UsageMetrics(
        total_tokens=prompt + completion,
        prompt_tokens=prompt,
        completion_tokens=completion,
        successful_requests=1,
    )


def _text_of(part: Any) -> str:
    """Return the texts in a message, an answer or a description, joined; pictures have none."""
    if part is None:
        return ""
    if isinstance(part, str):
        return "" if part.startswith("data:") else part
    if hasattr(part, "model_dump"):
        part = part.model_dump()
    if isinstance(part, Mapping):
        return "\n".join(filter(None, (_text_of(each) for each in part.values())))
    if isinstance(part, list | tuple):
        return "\n".join(filter(None, (_text_of(each) for each in part)))
    if isinstance(part, bool | int | float):
        return json.dumps(part)
    return str(part)
