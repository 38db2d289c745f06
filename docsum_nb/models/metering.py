"""What an answer took: tokens, as the provider reports them or counted here, and dollars.

A reported usage is believed only if it is possible: some servers send zeros, or sums over requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from docsum_nb.models.message_tokens import message_tokens
from docsum_nb.models.model import Model
from docsum_nb.models.prices import price_in
from docsum_nb.models.responses import ModelReply
from docsum_nb.records import Price, Usage

__all__ = ["Meter"]

_DOUBTED = 100_000
"""Tokens of a prompt from which a reported count is compared with what was sent."""
_MOST_TIMES = 20
"""How many times the tokens counted here a reported count may be: providers add prompts of their
own, and vocabularies differ."""
_LONGEST_ANSWER = 1_000_000
"""Tokens; a larger count is believed only of a model whose window is larger."""


class Meter:
    """The tokens and prices of one model.

    Args:
        settings: How the model is called; the user's own prices hold in every service tier.
        info: What LiteLLM knows of it.
        window: Tokens of prompt and answer together.
        count: Returns the number of tokens of a text.
    """

    def __init__(
        self, settings: Model, info: Mapping[str, Any], window: int, count: Callable[[str], int]
    ) -> None:
        self._name = settings.name
        self._prices = settings.prices
        self._info = info
        self._window = window
        self._count = count
        self._price = self._price_of(settings.params.get("service_tier"))

    def most(self, prompt: int, completion: int, *, largest: int | None = None) -> float | None:
        """Return what tokens can cost at most; see ``ChatModel.price``."""
        if self._price is None:
            return None
        return self._price.at_most(prompt, completion, largest=largest)

    def counted(self, messages: Sequence[dict[str, Any]]) -> int:
        """Return the number of tokens of messages, without what their format takes."""
        return message_tokens(messages, self._count, name=self._name)

    def usage(self, reply: ModelReply, messages: Sequence[dict[str, Any]]) -> Usage:
        """Return what an answer to messages took; one that is counted here says so."""
        believed = self._believed(reply, messages)
        prompt, completion = believed or (self.counted(messages), self._count(reply.text))
        # A tier that was asked for is not always the one that answers.
        price = self._price_of(reply.tier) if reply.tier else self._price
        cost = None
        if price is not None:
            read, written = reply.cached
            thought = reply.reasoning
            cost = price.of(prompt, completion, read=read, written=written, reasoning=thought)
        return Usage(1, prompt, completion, cost, counted=int(believed is None))

    def _believed(
        self, reply: ModelReply, messages: Sequence[dict[str, Any]]
    ) -> tuple[int, int] | None:
        """Return the tokens that the provider reported; ``None`` if they cannot be."""
        if reply.tokens is None:
            return None
        prompt, completion = reply.tokens
        if reply.text and not completion:
            return None
        # Counting takes a while, and hardly a prompt is so long.
        if prompt > _DOUBTED and prompt > _MOST_TIMES * self.counted(messages) + _DOUBTED:
            return None
        return None if completion > max(self._window, _LONGEST_ANSWER) else (prompt, completion)

    def _price_of(self, tier: Any) -> Price | None:
        """Return the price in a service tier; ``None`` if it is not known."""
        if self._prices is None:
            return price_in(self._info, tier if isinstance(tier, str) else None)
        prompt, completion = self._prices
        return Price(prompt / 1_000_000, completion / 1_000_000)
