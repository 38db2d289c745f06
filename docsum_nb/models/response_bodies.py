"""What the JSON of a provider's answer says, in the forms that providers use.

That is why it ended, an error, the usage, the text. Read from the body as it was sent, because
LiteLLM replaces a provider's word for the end by OpenAI's, loses an error that comes beside a text,
and fails on odd values. Every function accepts any JSON value and returns ``None`` for what is not
there; none of them raises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from operator import is_not
from typing import Any

from docsum_nb.provider_errors import status_in

__all__ = [
    "BodyError",
    "count_in",
    "end_in",
    "error_in",
    "repaired",
    "text_in",
    "tier_in",
    "usage_in",
]

_MOST_WORDS = 1_000
"""Characters of an error's message that are kept."""
_SERVER_FAILED = 500
_STATUS_OF_MINIMAX = {1002: 429, 1004: 401, 1008: 402, 1039: 400, 1041: 429, 2013: 400, 2049: 401}
"""https://platform.minimax.io/docs/api-reference/errorcode"""
_REFUSED_BY_MINIMAX = (1026, 1027)
_STATUS_OF_BAIDU = {4: 429, 17: 429, 18: 429, 19: 429, 6: 403, 110: 401, 111: 401}
"""https://cloud.baidu.com/theme/A/2231465-8"""
_ANSWER_FIELDS = ("choices", "candidates", "content", "message", "output", "results", "response")
_NO_ERROR_FIELDS = (*_ANSWER_FIELDS[:3], "output", "results", "response", "delta", "usage", "id")
_BARE_FIELDS = 4
_NO_SUCH_PATH = "unexpected endpoint"


@dataclass(frozen=True)
class BodyError:
    """An error that a body with status 200 holds."""

    status: int
    """The HTTP status that it amounts to; 500 if the body names none that is known."""
    message: str
    body: Any
    """The error as it was sent."""


def error_in(value: Any) -> BodyError | None:
    """Return the error in a body, in its first choice or in an event of a stream."""
    if isinstance(value, list):  # as Gemini sends it for a stream
        value = _first(value)
    if not isinstance(value, Mapping):
        return None
    choice = _first(value.get("choices"))
    for holder in (value, choice, choice.get("message"), value.get("response")):
        if found := _held_error(holder):
            return _error(found, value)
    if several := _first(value.get("errors")):
        return _error(several, value)
    minimax = value.get("base_resp")
    if isinstance(minimax, Mapping):
        code = count_in(minimax.get("status_code"))
        if code and code not in _REFUSED_BY_MINIMAX:
            status = _STATUS_OF_MINIMAX.get(code, _SERVER_FAILED)
            return BodyError(
                status, _words(minimax.get("status_msg")) or f"error {code}", dict(minimax)
            )
    code = count_in(value.get("error_code"))
    if code:
        status = _STATUS_OF_BAIDU.get(code) or status_in({"code": code}) or _SERVER_FAILED
        words = _words(value.get("error_msg")) or _words(value.get("text"))  # FastChat's
        return BodyError(status, words or f"error {code}", dict(value))
    return _bare_error(value)


def end_in(value: Any) -> str | None:
    """Return the provider's word for why its answer ended."""
    if not isinstance(value, Mapping):
        return None
    choice, candidate = _first(value.get("choices")), _first(value.get("candidates"))
    delta, minimax = value.get("delta"), value.get("base_resp")
    response = value.get("response")
    if isinstance(response, Mapping) and str(value.get("type")).startswith("response."):
        value = response
    if value.get("object") == "response":
        details = value.get("incomplete_details")
        return _word(details, "reason") or _word(value, "status")
    if isinstance(minimax, Mapping) and minimax.get("status_code") in _REFUSED_BY_MINIMAX:
        return "content_filter"
    return (
        _word(choice, "finish_reason")
        or _word(choice.get("finish_reason"), "type")
        or _word(candidate, "finishReason", "finish_reason")
        or _word(value.get("promptFeedback"), "blockReason")
        or _word(value, "stop_reason", "stopReason", "finish_reason", "done_reason")
        or _word(delta, "stop_reason", "finish_reason")
        or _word(_first(value.get("results")), "stop_reason", "completionReason")
        or _word(value.get("details"), "finish_reason")
    )


def usage_in(value: Any) -> Mapping[str, Any] | None:
    """Return the usage that an OpenAI-compatible body holds, as it was sent."""
    usage = value.get("usage") if isinstance(value, Mapping) else None
    return usage if isinstance(usage, Mapping) else None


def tier_in(value: Any) -> str | None:
    """Return the service tier that answered, as OpenAI or Anthropic name it."""
    if not isinstance(value, Mapping):
        return None
    return _word(value, "service_tier") or _word(value.get("usage"), "service_tier")


def text_in(content: Any) -> str:
    """Return the text of a message's content, which may be a list of parts.

    Parts that hold a thought are dropped, as Mistral's models send them:
    https://github.com/microsoft/agent-framework/issues/6978
    """
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        if str(content.get("type", "text")) not in ("text", "output_text"):
            return ""
        return text_in(content.get("text"))
    if isinstance(content, list):
        # One level: no provider nests parts of a text, and depth must not be the sender's choice.
        return "".join(text_in(part) for part in content if isinstance(part, str | Mapping))
    return ""


def count_in(value: Any) -> int | None:
    """Return a count of tokens or a code; ``None`` for what is no whole number from 0 on."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or value < 0 or value != int(value):
        return None
    return int(value)


def repaired(value: Any) -> dict[str, Any] | None:
    """Return a body or event as LiteLLM can read it; ``None`` if it can already.

    What is odd in it is replaced: a content in parts by its text, an impossible count by none, a
    reason that LiteLLM makes an error of by one that it takes (``end_in`` has the true one).
    """
    if not isinstance(value, Mapping):
        return None
    changes: dict[str, Any] = {}
    if value.get("usage") is not None and not _is_usage(value["usage"]):
        changes["usage"] = None
    choices = value.get("choices")
    if choices and value.get("error") is not None and not _held_error(value):
        changes["error"] = None
    if "choices" in value and not isinstance(choices, list):
        changes["choices"] = []
    elif choices:
        better = [_repaired_choice(each) for each in choices if isinstance(each, Mapping)]
        if len(better) < len(choices) or any(map(is_not, better, choices)):
            changes["choices"] = better
    return {**value, **changes} if changes else None


def _repaired_choice(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    changes: dict[str, Any] = {}
    for name in ("message", "delta"):
        message = choice.get(name)
        if name in choice and not isinstance(message, Mapping):
            changes[name] = {"role": "assistant", "content": text_in(message) or None}
        content = message.get("content") if isinstance(message, Mapping) else None
        if content is not None and not isinstance(content, str):
            changes[name] = {**choice[name], "content": text_in(content)}
    reason = choice.get("finish_reason")
    if reason is not None and (not isinstance(reason, str) or reason == "error"):
        changes["finish_reason"] = "stop"
    return {**choice, **changes} if changes else choice


def _is_usage(usage: Any) -> bool:
    """Return whether a usage, its groups included, holds possible counts only."""
    if not isinstance(usage, Mapping):
        return False
    groups = [usage, *(usage.get(f"{name}_tokens_details") for name in ("prompt", "completion"))]
    counts = [
        each
        for group in groups
        if isinstance(group, Mapping)
        for name, each in group.items()
        if name.endswith("_tokens")
    ]
    if any(group is not None and not isinstance(group, Mapping) for group in groups):
        return False
    return all(each is None or count_in(each) is not None for each in counts)


def _held_error(holder: Any) -> Mapping[str, Any] | str | None:
    """Return what stands in the field for an error; ``None`` if nothing does.

    Some servers send the fields of an error, all of them empty, beside every answer.
    """
    found = holder.get("error") if isinstance(holder, Mapping) else None
    if isinstance(found, list):
        found = _first(found)
    if isinstance(found, Mapping):
        return found if any(found.values()) else None
    return found if isinstance(found, str) else None


def _error(found: Mapping[str, Any] | str, value: Mapping[str, Any]) -> BodyError:
    if isinstance(found, str):
        missing = _NO_SUCH_PATH in found.lower()
        status = 404 if missing else _status(value) or _SERVER_FAILED
        return BodyError(status, _words(found), found)
    message = _words(found.get("message")) or _words(found.get("msg")) or _words(found)
    return BodyError(_status(found) or _status(value) or _SERVER_FAILED, message, dict(found))


def _bare_error(value: Mapping[str, Any]) -> BodyError | None:
    """Return the error in a body that is nothing else: a code and a message."""
    if value.get("object") != "error" and any(name in value for name in _ANSWER_FIELDS[:3]):
        return None
    words = next(
        (value[name] for name in ("message", "msg", "detail") if isinstance(value.get(name), str)),
        None,
    )
    status = _status(value) if words is not None else None
    # A few words and nothing that any answer has, such as {"detail": "Not authenticated"}.
    bare = len(value) <= _BARE_FIELDS and not any(name in value for name in _NO_ERROR_FIELDS)
    if words is None or (status is None and value.get("object") != "error" and not bare):
        return None
    return BodyError(status or _SERVER_FAILED, _words(words), dict(value))


def _status(holder: Mapping[str, Any]) -> int | None:
    """Return the HTTP status that the codes of an error amount to; those of its parts are not."""
    flat = {name: each for name, each in holder.items() if isinstance(each, str | int)}
    return status_in(flat)


def _word(holder: Any, *names: str) -> str | None:
    found = (holder.get(name) for name in names) if isinstance(holder, Mapping) else ()
    return next((each for each in found if isinstance(each, str) and each), None)


def _first(value: Any) -> Mapping[str, Any]:
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, Mapping) else {}


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else str(value) if value else ""
    return " ".join(text[:_MOST_WORDS].split())
