"""What a model call may cost at most, and what it took: in tokens and in US dollars.

A call is reserved at the most it may cost before it is made, so price and longest answer must be
known of every model before the first call. Nothing is guessed: all that is missing is named at
once.

A call took what the provider reported, otherwise what is counted here. Zeros are no report, since
no request is that short; of servers that report nothing CrewAI has zeros, an empty mapping or
nothing at all. Hidden thinking and pictures cannot be seen and are not counted, so a count is
rather too low for models that think.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from docsum_nb.crew.crewai_names.reports import UsageMetrics
from docsum_nb.crew.inspection.parts import ModelUse
from docsum_nb.documents.tokens import SPARE, token_counter
from docsum_nb.errors import InputError
from docsum_nb.records import Price
from docsum_nb.render.formats import listed

__all__ = [
    "Meter",
    "PriceList",
    "add_to_meter",
    "check_affordable",
    "cost_of",
    "counted_usage",
    "longest_answer",
    "metered",
    "name_of",
    "price_of_model",
    "prompt_tokens",
    "reported_usage",
    "sum_of_usages",
]

_MESSAGE_TOKENS = 16
"""Tokens that the format may take around a message, generously, for a bound."""
_FRAME_TOKENS = 3
"""Tokens that the chat format takes around each message, and before the answer, for a count."""


class PriceList(Protocol):
    """Knows what models cost."""

    def price_of(self, model: str, provider: str | None) -> Price | None:
        """Return the price of a model by its name and provider; ``None`` if it is not known."""


# --- before a call --------------------------------------------------------------------------------


def check_affordable(uses: Iterable[ModelUse], prices: PriceList) -> None:
    """Check that the most a call may cost is known of every model.

    Args:
        uses: The models, and who uses them.
        prices: What they cost.

    Raises:
        InputError: naming everything that is missing, with the arguments to give.
    """
    unpriced: dict[str, None] = {}
    endless: dict[str, list[str]] = {}
    for use in uses:
        name, price = name_of(use.llm), price_of_model(use.llm, prices)
        if price is None:
            unpriced[name] = None
        if not (longest_answer(use.llm) or (price and price.most_output)):
            endless.setdefault(name, []).append(use.user)
    missing = []
    if unpriced:
        pairs = ", ".join(f"{json.dumps(name)}: (0.15, 0.60)" for name in unpriced)
        missing.append(
            f"what {listed(unpriced)} costs is not known: add prices={{{pairs}}}, with its own US "
            "dollars for a million tokens of prompt and of answer"
        )
    for name, users in endless.items():
        missing.append(
            f"how long an answer of {name!r} may be is not known: give the LLM of "
            f"{', '.join(dict.fromkeys(users))} max_tokens=1000 or so"
        )
    if missing:
        raise InputError(f"max_cost cannot hold: {'; '.join(missing)}")


def name_of(llm: Any) -> str:
    """Return a model's name in CrewAI: without its provider if CrewAI has a client for that."""
    return llm if isinstance(llm, str) else str(getattr(llm, "model", None) or "model")


def price_of_model(llm: Any, prices: PriceList) -> Price | None:
    """Return the price of a model; ``None`` if it is not known."""
    return prices.price_of(name_of(llm), getattr(llm, "provider", None))


def longest_answer(llm: Any) -> Any:
    """Return the number of tokens that an answer may have; ``None`` if the LLM sets no limit."""
    return getattr(llm, "max_tokens", None) or getattr(llm, "max_completion_tokens", None)


def prompt_tokens(context: Any, model: str) -> int:
    """Estimate the tokens of the prompt that a hook's context is about to send, rather too high."""
    count = token_counter(model)
    texts = [str(message.get("content")) for message in context.messages]
    tools = [
        *(getattr(context.agent, "tools", None) or []),
        *(getattr(context.task, "tools", None) or []),
    ]
    # A tool's description holds its arguments, which native calls send again as a schema.
    texts += [2 * str(getattr(tool, "description", "")) for tool in tools]
    return int(SPARE * sum(map(count, texts))) + _MESSAGE_TOKENS * (len(texts) + 1)


# --- after a call ---------------------------------------------------------------------------------


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
    """Return what a call took, counted with the vocabulary that is nearest to the model's.

    Args:
        model: The model's name.
        messages: What was sent, one text or messages.
        tools: The descriptions of the tools that were sent with it; ``None`` without any.
        answer: A text, a record, or a list of tool calls; ``None`` if it is not known.
        reported: What the provider reported nevertheless, such as the answer's tokens only.
    """
    count = token_counter(model)
    texts = [messages] if isinstance(messages, str) else [_text_of(each) for each in messages]
    prompt = sum(count(text) + _FRAME_TOKENS for text in texts) + _FRAME_TOKENS
    prompt += count(_text_of(tools))
    completion = count(_text_of(answer))
    if (partial := UsageMetrics.from_provider_dict(dict(reported or {}))) is not None:
        completion = max(completion, partial.completion_tokens)
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


def sum_of_usages(usages: Iterable[Mapping[str, Any]]) -> UsageMetrics | None:
    """Return what the requests of one call took; ``None`` if that of any was not reported."""
    total = UsageMetrics()
    for each in map(reported_usage, usages):
        if each is None:
            return None
        total.add_usage_metrics(each)
    if not total.successful_requests:
        return None
    total.successful_requests = 1
    return total


def cost_of(used: UsageMetrics, price: Price | None) -> float | None:
    """Return what a call cost, in US dollars; ``None`` if its price is not known."""
    if price is None:
        return None
    return price.of(
        used.prompt_tokens,
        used.completion_tokens,
        read=used.cached_prompt_tokens,
        written=used.cache_creation_tokens,
    )


# --- the total of a kickoff -----------------------------------------------------------------------


class Meter:
    """The total of what the calls of one kickoff took. Usable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = UsageMetrics()

    def add(self, used: UsageMetrics) -> None:
        """Add what a call took."""
        with self._lock:
            self._total.add_usage_metrics(used)

    def total(self) -> UsageMetrics:
        """Return a copy of the total so far."""
        with self._lock:
            return self._total.model_copy()


_meter: ContextVar[Meter | None] = ContextVar("docsum_nb_meter", default=None)


@contextmanager
def metered() -> Iterator[Meter]:
    """Meter the calls that are made in this context, and in threads and tasks started from it.

    CrewAI adds up the lifetime counts of every agent's model, so what agents share counts twice.
    """
    meter = Meter()
    token = _meter.set(meter)
    try:
        yield meter
    finally:
        _meter.reset(token)


def add_to_meter(used: UsageMetrics) -> None:
    """Add what a call took to the kickoff of this context, if there is one."""
    meter = _meter.get()
    if meter is not None:
        meter.add(used)
