"""What a provider's response holds, whole or in pieces: text, why it ended, tokens.

A stream gives the same reply as the whole response. The provider's own values, which
``TransportFacts`` has, go before LiteLLM's. Refuses a stream that did not say why it ended:
LiteLLM says "stop" for it, and it may have broken off in the middle of a sentence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from docsum_nb.models.finish_reasons import Ending, ending_of
from docsum_nb.models.reasoning import SplitAnswer, part
from docsum_nb.models.response_bodies import count_in, text_in
from docsum_nb.models.streaming import StreamedText
from docsum_nb.models.transport import TransportFacts
from docsum_nb.models.unicode import has_text, writable

__all__ = ["ModelReply", "read_stream", "read_whole"]

_BREATH_S = 0.01
"""Of reading, after which others on the loop get their turn."""
_REPEATED = "repeating the same chunk"
"""LiteLLM's words when it breaks off a model that writes one piece a hundred times."""
_UNMARKED = "Stream ended before a finish_reason"


@dataclass(frozen=True)
class ModelReply:
    """What a response holds."""

    text: str
    """Without a thought and without white space around it; empty if there is none."""
    reason: str | None
    """Why it ended, in the provider's own word; ``None`` for a stream that did not say so."""
    tokens: tuple[int, int] | None
    """Of the prompt and of the answer; ``None`` if the provider reported no possible usage."""
    cached: tuple[int, int] = (0, 0)
    """Tokens of the prompt that came from the provider's cache, and that went into it."""
    untagged: bool = False
    """Whether its thought had no opening mark, so that the next one will have none either."""
    unfinished: bool = False
    """Whether it ends within a thought."""
    tier: str | None = None
    """The service tier that answered; ``None`` if the provider named none."""
    reasoning: int = 0
    """Tokens of the answer that were thought."""

    @property
    def ending(self) -> Ending:
        """What the reason means."""
        return ending_of(self.reason)


def read_whole(response: Any, wire: TransportFacts) -> ModelReply:
    """Read an answer that came at once."""
    choice = response.choices[0] if response.choices else None
    message = choice.message if choice else None
    text, refusal = _message(message)
    fields = getattr(choice, "provider_specific_fields", None) or {}
    reason = wire.end or fields.get("native_finish_reason") or getattr(choice, "finish_reason", "")
    usage = getattr(response, "usage", None)
    return _reply(text, "refusal" if refusal else str(reason or "stop"), usage, wire)


async def read_stream(
    stream: Any,
    show: Callable[[str], None],
    heard: Callable[[], object],
    *,
    wire: TransportFacts,
    held: bool,
) -> ModelReply:
    """Read an answer that is being written, to its end; the connection is closed in any case.

    Args:
        stream: LiteLLM's; an answer that LiteLLM has made whole is read as such.
        show: Called with the text as it comes; see ``Streamer``.
        heard: Called with every piece, those without a text included.
        wire: What the provider sends.
        held: Show nothing before it is known what is a thought.
    """
    if not hasattr(stream, "__aiter__"):
        reply = read_whole(stream, wire)
        show(reply.text)
        return reply
    text = StreamedText(held=held)
    last = _Last()
    try:
        await _read_pieces(stream, text, last, show, heard)
    except Exception as error:
        # LiteLLM before 1.110 says "stop" where others raise this; both are for the caller to see
        # as what it is, no broken connection.
        if _UNMARKED in str(error):
            return ModelReply(text.whole, None, None)
        if _REPEATED not in str(error):
            raise
        # It is paid for, and may have a good beginning; the loop is found in the text.
        return _reply(text.parted, "length", None, wire)
    finally:
        await stream.aclose()
    parted = _unless_repeated(text.parted, "".join(last.thought))
    if parted.answer and (rest := text.end()):
        show(rest)
    # LiteLLM's last piece has a count of its own if the provider sent none.
    counted = any(getattr(piece, "usage", None) for piece in stream.chunks)
    reason = wire.end or stream.received_finish_reason or stream.intermittent_finish_reason
    usage = last.usage if counted else None
    return _reply(parted, reason and str(reason), usage, wire)


@dataclass
class _Last:
    """The last usage and the thought in the pieces of a stream."""

    usage: Any = None
    thought: list[str] = field(default_factory=list)
    """What was sent as thought, in pieces."""


async def _read_pieces(
    stream: Any,
    text: StreamedText,
    last: _Last,
    show: Callable[[str], None],
    heard: Callable[[], object],
) -> None:
    loop = asyncio.get_running_loop()
    breathed = loop.time()
    async for piece in stream:
        heard()
        last.usage = getattr(piece, "usage", None) or last.usage
        delta = piece.choices[0].delta if piece.choices else None
        if thought := getattr(delta, "reasoning_content", None):
            last.thought.append(str(thought))
            text.separated()
        written = text_in(getattr(delta, "content", None))
        if written and (shown := text.add(written)):
            show(shown)
        # Pieces that are here already come without a wait, and each takes a millisecond.
        if loop.time() - breathed > _BREATH_S:
            await asyncio.sleep(0)
            breathed = loop.time()


def _unless_repeated(parted: SplitAnswer, thought: str) -> SplitAnswer:
    """Return a text without its thought; nothing if it is the thought itself.

    A server that runs out of room within a thought may send it as the text, too:
    https://github.com/jundot/omlx/issues/2457
    """
    repeated = bool(parted.answer) and parted.answer == thought.strip()
    return SplitAnswer("", unfinished=True) if repeated else parted


def _reply(
    text: str | SplitAnswer, reason: str | None, usage: Any, wire: TransportFacts
) -> ModelReply:
    parted = part(writable(text)) if isinstance(text, str) else text
    raw = wire.usage or {}
    return ModelReply(
        parted.answer if has_text(parted.answer) else "",
        reason,
        _tokens(usage, raw),
        _cached(usage, raw),
        untagged=parted.untagged,
        unfinished=parted.unfinished,
        tier=wire.tier,
        reasoning=_detail(usage, raw, "completion_tokens_details", "reasoning_tokens"),
    )


def _message(message: Any) -> tuple[str, bool]:
    """Return the text of a message, and whether it is marked as a refusal."""
    # LiteLLM keeps what only OpenAI has beside the rest.
    fields = getattr(message, "provider_specific_fields", None) or {}
    refusal = fields.get("refusal") or getattr(message, "refusal", None)
    if isinstance(refusal, str) and refusal.strip():
        return refusal, True
    return text_in(getattr(message, "content", None)), False


def _tokens(usage: Any, raw: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the tokens of prompt and answer; ``None`` if either is no possible count."""
    prompt, completion, total = (
        count_in(raw[name] if name in raw else getattr(usage, name, None))
        for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    thought = _detail(usage, raw, "completion_tokens_details", "reasoning_tokens")
    if prompt and completion is not None and total == prompt + completion + thought:
        completion += thought  # some, such as xAI, do not count it into the answer
    # LiteLLM writes zeros if the provider reported nothing; no prompt is that short.
    return (prompt, completion) if prompt and completion is not None else None


def _cached(usage: Any, raw: Mapping[str, Any]) -> tuple[int, int]:
    read, written = (
        _detail(usage, raw, "prompt_tokens_details", name)
        for name in ("cached_tokens", "cache_creation_tokens")
    )
    return read, written


def _detail(usage: Any, raw: Mapping[str, Any], group: str, name: str) -> int:
    """Return one of the counts that are part of another; 0 for what is no count."""
    details = getattr(usage, group, None)
    sent = raw.get(group) if usage is None else None
    value = sent.get(name) if isinstance(sent, Mapping) else getattr(details, name, None)
    return count_in(value) or 0
