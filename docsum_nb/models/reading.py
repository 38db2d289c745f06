"""What LiteLLM's responses say, whole or in pieces: text, why it ended, tokens.

A stream says what the same answer would say whole. Where LiteLLM passes pieces on as they are, this
does what it does with a whole answer: a thought in front is taken off, reasons are named as OpenAI
names them. Refuses to take a stream for whole that did not say why it ended: LiteLLM says "stop"
for it, and it may have broken off in the middle of a sentence.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docsum_nb.models.chat import Tell

__all__ = ["Said", "StreamedText", "read_stream", "read_whole"]

_THOUGHT = re.compile(
    r"<(?:think|thinking|budget:thinking)>.*?</(?:think|thinking|budget:thinking)>", re.DOTALL
)
"""As LiteLLM takes it off: ``parse_content_for_reasoning``."""
_BREATH_S = 0.01
"""Of reading, after which others on the loop get their turn."""
_UNMARKED = "Stream ended before a finish_reason"
_OPENINGS = ("<think>", "<thinking>", "<budget:thinking>")


@dataclass(frozen=True)
class Said:
    """What a response says."""

    text: str
    """Without white space around it; empty where there is none."""
    reason: str | None
    """Why it ended, as OpenAI names it; ``None`` for a stream that did not say so."""
    tokens: tuple[int, int] | None
    """Of the prompt and of the answer; ``None`` where the provider told no usage."""
    cached: tuple[int, int] = (0, 0)
    """Tokens of the prompt that came from the provider's cache, and that went into it."""


def read_whole(response: Any) -> Said:
    """Read an answer that came at once."""
    choice = response.choices[0] if response.choices else None
    text, reason = _message(choice.message if choice else None)
    reason = reason or str((choice.finish_reason if choice else None) or "stop")
    usage = getattr(response, "usage", None)
    return Said(_writable(text), reason, _tokens(usage), _cached(usage))


async def read_stream(stream: Any, tell: Tell, heard: Callable[[], object]) -> Said:
    """Read an answer that is being written, to its end; the connection is closed in any case.

    Args:
        stream: LiteLLM's; where it has made a whole answer of it, that.
        tell: Given the text as it comes; what it was given, joined, is the text.
        heard: Called with every piece, those without a text included.
    """
    if not hasattr(stream, "__aiter__"):
        said = read_whole(stream)
        tell(said.text)
        return said
    text, usage = StreamedText(), None
    loop = asyncio.get_running_loop()
    breathed = loop.time()
    try:
        async for piece in stream:
            heard()
            usage = getattr(piece, "usage", None) or usage
            written = piece.choices[0].delta.content if piece.choices else None
            if written and (shown := text.add(str(written))):
                tell(shown)
            # Pieces that are here already come without a wait, and each takes a millisecond.
            if loop.time() - breathed > _BREATH_S:
                await asyncio.sleep(0)
                breathed = loop.time()
    except Exception as error:
        # LiteLLM before 1.110 says "stop" where others raise this; both are for the caller to see
        # as what it is, no broken connection.
        if _UNMARKED not in str(error):
            raise
        return Said(text.whole, None, None)
    finally:
        await stream.aclose()
    if rest := text.end():
        tell(rest)
    # LiteLLM's last piece has a count of its own where the provider sent none.
    if not any(getattr(piece, "usage", None) for piece in stream.chunks):
        usage = None
    return Said(text.whole, _reason(stream), _tokens(usage), _cached(usage))


class StreamedText:
    """A text as it comes: what is sure to be part of it, in pieces.

    Held back are a thought in front, white space that may turn out to be the last, and half of a
    character.
    """

    def __init__(self) -> None:
        self._shown: list[str] = []
        self._held: list[str] = []
        self._may_think = True
        """Whether what is held may be, or be in, a thought."""
        self._thinks = False
        """Whether it is in one."""

    @property
    def whole(self) -> str:
        """All that was shown."""
        return "".join(self._shown)

    def add(self, piece: str) -> str:
        """Take a piece; return what can be shown of the text by now, or nothing."""
        self._held.append(piece)
        if self._may_think and not self._is_past_thought(piece):
            return ""
        return self._show(self._stripped().rstrip())

    def end(self) -> str:
        """Return what is left to be shown: a thought, too, that never ended."""
        return self._show(self._stripped().rstrip(), last=True)

    def _stripped(self) -> str:
        held = "".join(self._held)
        return held if self._shown else held.lstrip()

    def _show(self, text: str, *, last: bool = False) -> str:
        held = self._stripped()
        if text and not last and "\ud800" <= text[-1] <= "\udbff":
            text = text[:-1]
        self._held = [held[len(text) :]]
        if text:
            text = _writable(text)
            self._shown.append(text)
        return text

    def _is_past_thought(self, piece: str) -> bool:
        if self._thinks and ">" not in piece:
            return False
        held = "".join(self._held)
        if thought := _THOUGHT.match(held):
            self._held, self._may_think = [held[thought.end() :]], False
            return True
        self._thinks = held.startswith(_OPENINGS)
        self._may_think = self._thinks or any(each.startswith(held) for each in _OPENINGS)
        return not self._may_think


def _message(message: Any) -> tuple[str, str | None]:
    """Return what a message says, and ``"refusal"`` where it is marked as one."""
    text = str(getattr(message, "content", None) or "").strip()
    # LiteLLM keeps what only OpenAI has beside the rest.
    fields = getattr(message, "provider_specific_fields", None) or {}
    refusal = fields.get("refusal") or getattr(message, "refusal", None)
    return (text, None) if not refusal else (str(refusal).strip(), "refusal")


def _reason(stream: Any) -> str | None:
    from litellm.litellm_core_utils.core_helpers import map_finish_reason

    said = stream.received_finish_reason or stream.intermittent_finish_reason
    return str(map_finish_reason(said)) if said else None


def _tokens(usage: Any) -> tuple[int, int] | None:
    prompt = int(getattr(usage, "prompt_tokens", 0) or 0)
    completion = int(getattr(usage, "completion_tokens", 0) or 0)
    # LiteLLM writes zeros where the provider told nothing; no request is that short.
    return (prompt, completion) if prompt or completion else None


def _cached(usage: Any) -> tuple[int, int]:
    details = getattr(usage, "prompt_tokens_details", None)
    read, written = (
        int(getattr(details, name, 0) or 0) for name in ("cached_tokens", "cache_creation_tokens")
    )
    return read, written


def _writable(text: str) -> str:
    """Replace half of a pair of surrogates, as JSON can hold it: it cannot be written anywhere."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # In pieces, the halves of a pair come one by one.
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return paired.encode("utf-8", "replace").decode("utf-8")
    return text
