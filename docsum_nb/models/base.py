"""What a model must offer so that it can be asked: the protocols of models and of their streams."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, runtime_checkable

from docsum_nb.models.model import Model
from docsum_nb.records import Answer, Request, Usage

__all__ = ["ChatModel", "Converser", "NotStreamed", "Streamer"]


class NotStreamed(Exception):  # noqa: N818  # caught by the caller, never seen by a user
    """A stream failed where a plain request for the same may succeed.

    Args:
        reason: What was seen.
        refused: The provider refused to stream; it charged nothing.
        lasting: Whether the next stream would fail, too.
        usage: What it took; ``None`` if that is not known.
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
    """The provider, its address and the key: what has one set of limits."""
    window: int
    """Tokens of prompt and answer together."""
    overhead: int
    """Tokens a request takes beside its texts and its answer."""
    missing_key: str | None
    """How to give a key, if it is missing; else ``None``."""
    name_warning: str | None
    """A warning if its name looks misspelled; else ``None``."""
    count: Callable[[str], int]
    """Count the tokens of a text, offline."""

    def answer(self, request: Request) -> Coroutine[Any, Any, Answer]:
        """Ask once: no retry, no limit, no storing. Errors of the provider are raised unchanged.

        Returns:
            The answer as it came; it may be cut off, refused or malformed (``validation.py``). Its
            text is empty if it was refused, or if a thought used up its room.

        Raises:
            ModelError: if it answered with no text for no known reason, or broke off.
            InputError: if it cannot give what the request's schema asks for.
        """

    def longest_answer(self, max_tokens: int) -> int:
        """Return the tokens that an answer may take if ``max_tokens`` are meant for its text.

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
    """A model that also takes messages, as an agent with tools needs."""

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        may_be_empty: bool = False,
    ) -> Answer:
        """Send messages unchanged, once; raises like ``ChatModel.answer``.

        Args:
            messages: In the form of OpenAI's API.
            max_tokens: Of the answer, at most.
            stop: Texts at which the model stops.
            may_be_empty: Return an answer without any text, instead of raising an error.
        """

    def key_of_messages(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
    ) -> Any:
        """Return everything that decides the answer to messages."""


@runtime_checkable
class Streamer(Protocol):
    """A model that also sends an answer while it is written."""

    @property
    def streams(self) -> bool:
        """Whether it is worth asking for a stream; not any more after ``stream_no_more``."""

    async def stream(self, request: Request, show: Callable[[str], None]) -> Answer:
        """Ask once, like ``ChatModel.answer``.

        Args:
            request: What is asked.
            show: Called with the pieces of the text as they come. Joined, they are the answer's
                text or, if a thought was recognized late, something else.

        Raises:
            NotStreamed: if no whole answer came by the stream; a plain request may get one.
        """

    def stream_no_more(self) -> None:
        """Remember, for this process, that streams of this model fail."""
