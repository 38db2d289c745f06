"""Asking a model: the ledger first, then in turn, with retries and fallbacks; stored, then seen.

Every request of a run goes through one ``Asker``, so its count of calls and costs is the truth.
When the run is stopped, nothing new is sent; an answer that still arrives is stored.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import CallFinished, CallStarted
from docsum_nb.ledger import Ledger, key_of
from docsum_nb.models.chat import ChatModel, Converser
from docsum_nb.models.limit import limiter_for
from docsum_nb.models.retry import retrying
from docsum_nb.records import Answer, Request, Usage
from docsum_nb.run import Control, in_thread

__all__ = ["Asker"]

Call = tuple[ChatModel, Callable[[], Awaitable[Answer]]]


class Asker:
    """Asks the models of one run: the first one, and its fallbacks in order."""

    def __init__(
        self, models: Sequence[ChatModel], *, ledger: Ledger | None, control: Control
    ) -> None:
        self.model = models[0]
        self._models = models
        self._ledger = ledger
        self._control = control
        self.usage = Usage()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to a request, from the ledger where it has it.

        Raises:
            Exception: the error of the last model asked, after its retries, as it was raised.
            BaseException: what stopped the run, if it is stopping; then nothing was sent.
        """
        model = self.model
        size = model.count(request.role) + model.count(request.instructions)
        size += model.count(request.text) + request.max_tokens + model.overhead
        return await self._stored(
            model.key_parts(request),
            [(each, partial(each.answer, request)) for each in self._models],
            size,
        )

    async def converse(
        self, messages: Sequence[dict[str, Any]], *, max_tokens: int, stop: Sequence[str]
    ) -> Answer:
        """Return the answer to messages as an agent with tools sends them; like ``ask``.

        Raises:
            InputError: if none of the models can converse.
        """
        models = [each for each in self._models if isinstance(each, Converser)]
        if not models:
            raise InputError(f"{self.model.name} takes no messages; choose a language model")
        size = sum(self.model.count(str(message.get("content"))) for message in messages)
        return await self._stored(
            models[0].key_of_messages(messages, max_tokens=max_tokens, stop=stop),
            [
                (each, partial(each.complete, messages, max_tokens=max_tokens, stop=stop))
                for each in models
            ],
            size + max_tokens + self.model.overhead,
        )

    async def _stored(self, key_parts: Any, calls: Sequence[Call], tokens: int) -> Answer:
        """Return the stored answer of a key, or make the calls in turn and store the answer."""
        self._control.check()
        key = key_of(key_parts)
        if self._ledger is not None:
            found = await in_thread(self._ledger.get, key)
            if found is not None:
                return found
        answer = await self._first_answer(calls, tokens)
        if self._ledger is not None:
            await in_thread(self._ledger.put, key, answer, run_id=self._control.run_id)
        self.usage += answer.usage
        self._control.emit(CallFinished(answer.model, answer.usage))
        return answer

    async def _first_answer(self, calls: Sequence[Call], tokens: int) -> Answer:
        *others, last = calls
        for call in others:
            try:
                return await self._persist(call, tokens)
            except Exception:  # noqa: BLE001  # any failure is a reason for the next model
                self._control.check()
        return await self._persist(last, tokens)

    async def _persist(self, call: Call, tokens: int) -> Answer:
        """Ask one model until it answers or its retries are used up."""
        model, ask = call
        limiter = limiter_for(model.settings)
        going = lambda: self._control.stopped_by() is None  # noqa: E731
        async for attempt in retrying(model.settings.max_retries, while_=going):
            with attempt:
                async with limiter.turn(tokens):
                    self._control.check()
                    number = attempt.retry_state.attempt_number
                    self._control.emit(CallStarted(model.name, number))
                    return replace(await ask(), model=model.name)
        raise AssertionError("tenacity ends with an answer or an error")
