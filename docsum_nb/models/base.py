"""What the pipeline needs of a model that can be asked, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from docsum_nb.models.model import Model
from docsum_nb.records import Answer, Request, Usage

__all__ = ["ChatModel", "Converser", "NotStreamed", "Streamer", "Tell"]

Tell = Callable[[str], None]
"""Takes the next piece of a text."""


class NotStreamed(Exception):  # noqa: N818  # a word to the one who asks, never seen by a user
    """A stream came to nothing that a plain request for the same may not come to.

    Args:
        reason: What was seen.
        refused: The provider took no such request; it took nothing for it.
        lasting: Whether the next stream would come to nothing, too.
        usage: What it took, where that is known.
    """

    def __init__(
        self, reason: str, *, refused: bool, lasting: bool, usage: Usage | None = None
    ) -> None:
        super().__init__(reason)
        self.refused = refused
        self.lasting = lasting
        self.usage = usage


class ChatModel(Protocol):
    """A model that is ready to be asked: its name is known and its key is there.

    One that was opened for a plan only may lack the key.
    """

    settings: Model
    name: str
    account: tuple[str, ...]
    """Who is asked with which key: what has one set of limits with its provider."""
    window: int
    """Tokens of prompt and answer together."""
    overhead: int
    """Tokens a request takes beside its texts and its answer."""
    no_key: str | None
    """What to do for a key, where there is none."""
    doubt: str | None
    """What looks wrong about its name, for the user to look at."""
    count: Callable[[str], int]
    """Count the tokens of a text, offline."""

    async def answer(self, request: Request) -> Answer:
        """Ask once: no retry, no limit, no storing. Errors of the provider are raised as they are.

        Returns:
            The answer as it came; it may be cut off, refused or malformed (``check.py``). Its text
            is empty if it was refused, or if a thought used up its room.

        Raises:
            ModelError: if it answered with no text for no known reason, or broke off.
            InputError: if it cannot give what the request's schema asks for.
        """

    def longest_answer(self, max_tokens: int) -> int:
        """Return how long an answer may really become for which so many tokens are meant.

        What a reasoning model thinks before it writes counts; a setting of the user's goes first.
        """

    def with_more_room(self, request: Request) -> Request | None:
        """Return a request whose answer may be longer, for a model that thinks before it writes.

        Returns:
            ``None`` if the model, its window or the user's settings allow no more.
        """

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer, for the ledger's key."""

    def price(
        self, prompt_tokens: int, completion_tokens: int, *, largest: int | None = None
    ) -> float | None:
        """Return what tokens can cost at most, in US dollars; ``None`` if that is not known.

        Args:
            prompt_tokens: Of all prompts together.
            completion_tokens: Of all answers together.
            largest: Tokens of the longest prompt, since long ones may cost more a token; ``None``
                if it is one call.
        """


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


@runtime_checkable
class Streamer(Protocol):
    """A model that also tells an answer while it is written."""

    @property
    def streams(self) -> bool:
        """Whether it is worth asking for a stream; not any more after ``stream_no_more``."""

    async def stream(self, request: Request, tell: Tell) -> Answer:
        """Ask once, like ``ChatModel.answer``; what was told, joined, is the answer's text.

        Raises:
            NotStreamed: if there was no whole answer for want of a stream; ask for a plain one.
        """

    def stream_no_more(self) -> None:
        """Remember, for this process, that streams of this model come to nothing."""
