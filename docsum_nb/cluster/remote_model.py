"""Models whose calls are made on a cluster; everything else about them is known here.

Counting tokens, keys of the ledger, prices and sizes take no request, so they stay with the caller,
and a key for the provider is needed on the workers only. The extractive model merges here: what it
selects from is the whole text.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from docsum_nb.cluster.connection import Connection
from docsum_nb.models import ChatModel
from docsum_nb.models.base import Converser, Streamer
from docsum_nb.records import Answer, Request

__all__ = ["remote_models"]


def remote_models(models: Sequence[ChatModel], connection: Connection) -> tuple[ChatModel, ...]:
    """Return models that are asked on a cluster.

    Args:
        models: As they are open here.
        connection: To the cluster.
    """
    return tuple(
        _Conversing(each, connection) if isinstance(each, Converser) else _Asked(each, connection)
        for each in models
    )


class _Asked:
    """A model that is asked on a cluster; see ``ChatModel``."""

    def __init__(self, model: ChatModel, connection: Connection) -> None:
        self._model: Any = model
        self._connection = connection
        self.settings = model.settings
        self.name = model.name
        self.account = model.account
        self.window = model.window
        self.overhead = model.overhead
        self.missing_key = model.missing_key
        self.name_warning = model.name_warning
        self.count: Callable[[str], int] = model.count
        self.longest_answer = model.longest_answer
        self.with_more_room = model.with_more_room
        self.key_parts = model.key_parts
        self.price = model.price

    def answer(self, request: Request) -> Coroutine[Any, Any, Answer]:
        """Ask once, on a worker; see ``ChatModel``."""
        if request.sources:
            found: Coroutine[Any, Any, Answer] = self._model.answer(request)
            return found
        return self._connection.call(self._model, "answer", request)


class _Conversing(_Asked):
    """A model that also takes messages and streams, on a cluster."""

    def __init__(self, model: ChatModel, connection: Connection) -> None:
        super().__init__(model, connection)
        assert isinstance(model, Converser)
        self.key_of_messages = model.key_of_messages

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        may_be_empty: bool = False,
    ) -> Answer:
        """Send messages unchanged, once, from a worker; see ``Converser``."""
        return await self._connection.call(
            self._model,
            "complete",
            list(messages),
            max_tokens=max_tokens,
            stop=stop,
            may_be_empty=may_be_empty,
        )

    @property
    def streams(self) -> bool:
        """Whether it is worth asking for a stream; see ``Streamer``."""
        return isinstance(self._model, Streamer) and self._model.streams

    async def stream(self, request: Request, show: Callable[[str], None]) -> Answer:
        """Ask once for a stream, on a worker; see ``Streamer``."""
        return await self._connection.call(self._model, "stream", request, show=show)

    def stream_no_more(self) -> None:
        """Remember that streams fail; see ``Streamer``."""
        if isinstance(self._model, Streamer):
            self._model.stream_no_more()
