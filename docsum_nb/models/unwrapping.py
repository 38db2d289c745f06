"""What models put around an answer: a fence, a first line that announces it, an offer at its end.

Decides what of a text is the answer. Only what says nothing of the source is taken off: one fence
around the whole, a line such as "Here is the summary:", further turns of a chat, an offer of more,
and JSON around a single text. A text that would be empty without it stays unchanged. Takes
linear time.
"""

from __future__ import annotations

import json
import re

__all__ = ["unwrapped"]

_FENCE = re.compile(r"```[ \t]*+(?:markdown|md|text|txt|plaintext|json)?[ \t]*+\n", re.IGNORECASE)
_FENCE_END = "```"
# Where an answer ends and the model has gone on with the next turn of a chat.
_NEXT_TURN = re.compile(
    r"<\|(?:im_end|eot_id|end|endoftext|end_of_text)\|>\s{0,8}"
    r"<\|(?:im_start|start_header_id|start|user|assistant|system)\|>"
)
_ROLE = re.compile(
    r"#{0,4}[ \t]{0,8}(?:assistant|answer|response)[ \t]{0,8}:[ \t]{0,8}\n", re.IGNORECASE
)
_LONGEST_LINE = 160  # characters of a line that announces or offers something
_POLITE = r"(?:(?:sure|certainly|of course|absolutely|okay|ok)(?: thing)?[!,.:]?[ \t]+)?"
_SUMMARY = r"(?:summar(?:y|ies)|overview|synopsis|answer|response)"
_ANNOUNCED = re.compile(
    rf"\W{{0,4}}{_POLITE}(?:here(?:['’]s| is| are)|below is|(?:the )?following is|this is)\b"
    rf"[^\n:]{{0,80}}\b{_SUMMARY}\b[^\n:]{{0,60}}:\W{{0,4}}\n",
    re.IGNORECASE,
)
_OFFERED = re.compile(
    r"\W{0,4}(?:please )?(?:let me know if|feel free to ask|i hope this|would you like me to|"
    r"if you(?:['’]d like| would like| need| want))\b[^\n]{0,140}\Z",
    re.IGNORECASE,
)
_KEYS = frozenset(("summary", "text", "answer", "response", "result", "output", "content"))
_LARGEST_JSON = 100_000  # characters


def unwrapped(text: str) -> str:
    """Return the answer in a text, without what a model put around it.

    Args:
        text: What a model wrote, without its thoughts.
    """
    kept = text.strip()
    if turn := _NEXT_TURN.search(kept):
        kept = kept[: turn.start()].rstrip() or kept
    for pattern in (_ANNOUNCED, _ROLE):
        kept = _without_line(kept, pattern)
    kept = _only_text(_without_fence(kept))
    lead, _, last = kept.rpartition("\n")
    if lead.strip() and len(last) <= _LONGEST_LINE and _OFFERED.match(last):
        kept = lead.rstrip()
    return kept if kept != text.strip() else text


def _without_line(text: str, pattern: re.Pattern[str]) -> str:
    """Return a text without a first line that announces the rest."""
    end = text.find("\n")
    if not 0 <= end <= _LONGEST_LINE or not pattern.fullmatch(text, 0, end + 1):
        return text
    return text[end:].strip() or text


def _without_fence(text: str) -> str:
    """Return what is in a fence around the whole text."""
    opening = _FENCE.match(text)
    inner = text[opening.end() :] if opening else ""
    if not inner.endswith(_FENCE_END) or inner.count(_FENCE_END) > 1:
        return text
    return inner.removesuffix(_FENCE_END).strip() or text


def _only_text(text: str) -> str:
    """Return the text of a JSON object that has nothing but one."""
    if not (text.startswith("{") and text.endswith("}")) or len(text) > _LARGEST_JSON:
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, dict) or len(found) != 1:
        return text
    ((key, value),) = found.items()
    known = isinstance(value, str) and key.lower() in _KEYS
    return value.strip() or text if known else text
