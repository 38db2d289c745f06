"""What the pipeline needs of a model that can be asked, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from docsum_nb.models.model import Model
from docsum_nb.records import Answer, Request

__all__ = ["ChatModel", "Converser"]


class ChatModel(Protocol):
    """A model that is ready to be asked: its name is known and its key is there."""

    settings: Model
    name: str
    account: tuple[str, ...]
    """Who is asked with which key: what has one set of limits with its provider."""
    window: int
    """Tokens of prompt and answer together."""
    overhead: int
    """Tokens a request takes beside its texts and its answer."""
    thinking: int
    """Tokens a reasoning model may take before it writes, which count as part of its answer."""
    count: Callable[[str], int]
    """Count the tokens of a text, offline."""

    async def answer(self, request: Request) -> Answer:
        """Ask once: no retry, no limit, no storing. Errors of the provider are raised as they are.

        Returns:
            The answer as it came; it may be cut off, refused or malformed (``check.py``).

        Raises:
            ModelError: if it answered with no text.
            InputError: if it cannot give what the request's schema asks for.
        """

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer, for the ledger's key."""

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Return what so many tokens cost in US dollars; ``None`` where that is not known."""


@runtime_checkable
class Converser(Protocol):
    """A model that also takes messages as they are, as an agent with tools needs."""

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
    ) -> Answer:
        """Send messages as they are, once; raises like ``ChatModel.answer``."""

    def key_of_messages(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
    ) -> Any:
        """Return everything that decides the answer to messages as they are."""
