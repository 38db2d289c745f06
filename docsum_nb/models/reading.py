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
from enum import Enum
from typing import Any

from docsum_nb.models.chat import Tell

__all__ = ["Said", "StreamedText", "read_stream", "read_whole"]

_OPENINGS = ("<think>", "<thinking>", "<budget:thinking>")
_THOUGHT_END = re.compile(r"</(?:think|thinking|budget:thinking)>")
"""As LiteLLM takes a thought off: ``parse_content_for_reasoning``."""
_LONGEST_MARK = 20
_BREATH_S = 0.01
"""Of reading, after which others on the loop get their turn."""
_UNMARKED = "Stream ended before a finish_reason"


class _Phase(Enum):
    """What part of an answer a stream has come to."""

    OPENING = "it may begin with a thought"
    THOUGHT = "in a thought"
    TEXT = "in the text"


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
    character. Every piece is looked at a bounded number of times, however many there are.
    """

    def __init__(self) -> None:
        self._shown: list[str] = []
        self._held: list[str] = []
        self._phase = _Phase.OPENING
        self._tail = ""
        """The last characters of a thought, in which its end mark may have begun."""

    @property
    def whole(self) -> str:
        """All that was shown."""
        return "".join(self._shown)

    def add(self, piece: str) -> str:
        """Take a piece; return what can be shown of the text by now, or nothing."""
        if self._phase is _Phase.OPENING:
            # No longer than a mark: a longer one is decided on.
            piece = "".join(self._held) + piece
            self._held.clear()
            self._phase = _opening_phase(piece)
        if self._phase is _Phase.THOUGHT:
            piece = self._after_thought(piece)
        if self._phase is not _Phase.TEXT:
            self._held.append(piece)
            return ""
        return self._show(piece)

    def end(self) -> str:
        """Return what is left to be shown: a thought, too, that never ended."""
        text = self._taken("").rstrip()
        return self._shown_now(text) if text else ""

    def _after_thought(self, piece: str) -> str:
        """Return what of a piece comes after the thought, or the piece while it goes on."""
        seen = self._tail + piece
        end = _THOUGHT_END.search(seen)
        if end is None:
            self._tail = seen[-_LONGEST_MARK:]
            return piece
        self._held.clear()
        self._phase = _Phase.TEXT
        return seen[end.end() :]

    def _show(self, piece: str) -> str:
        if not piece.strip():
            # Held back unjoined: a megabyte of white space may come in pieces of one character.
            if self._shown:
                self._held.append(piece)
            return ""
        held = self._taken(piece)
        text = held.rstrip()
        if "\ud800" <= text[-1] <= "\udbff":
            text = text[:-1]
        self._held = [held[len(text) :]] if len(text) < len(held) else []
        return self._shown_now(text) if text else ""

    def _taken(self, piece: str) -> str:
        """Join what is held back with a piece; nothing is held back any longer."""
        held = "".join([*self._held, piece])
        self._held = []
        return held if self._shown else held.lstrip()

    def _shown_now(self, text: str) -> str:
        text = _writable(text)
        self._shown.append(text)
        return text


def _opening_phase(text: str) -> _Phase:
    if text.startswith(_OPENINGS):
        return _Phase.THOUGHT
    unsure = any(mark.startswith(text) for mark in _OPENINGS)
    return _Phase.OPENING if unsure else _Phase.TEXT


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
