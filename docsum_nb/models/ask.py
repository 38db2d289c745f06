"""Asking a model: the ledger first, then in turn, with retries and fallbacks; stored, then seen.

Every request of a run goes through one ``Asker``, so its count of calls and costs is the truth.
When the run is stopped, nothing new is sent; an answer that still arrives is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from docsum_nb.errors import InputError, ModelError
from docsum_nb.events import CallFinished, CallStarted, Warned
from docsum_nb.ledger import Ledger, key_of
from docsum_nb.models.chat import ChatModel, Converser
from docsum_nb.models.keep import Keeper
from docsum_nb.models.limit import limiter_for
from docsum_nb.models.retry import retrying
from docsum_nb.records import Answer, Omission, Request, Usage
from docsum_nb.run import Control, in_thread

__all__ = ["Asker"]


@dataclass(frozen=True)
class _Call:
    """One way to get an answer: which model, its key in the ledger, and how to ask it once."""

    model: ChatModel
    key_parts: Any
    ask: Callable[[], Awaitable[Answer]]

    @cached_property
    def key(self) -> str:
        """The key; hashing a long prompt is done once, and not at all without a ledger."""
        return key_of(self.key_parts)


_flying: dict[tuple[object, ...], asyncio.Future[None]] = {}
"""The questions that are being asked, over all runs of the process."""


@asynccontextmanager
async def _alone(question: tuple[str, str]) -> AsyncIterator[None]:
    """Ask a question by oneself: whoever has the same one waits, and finds the answer stored.

    A run that was stopped may have it in flight still when it is run again.
    """
    loop = asyncio.get_running_loop()
    place = (loop, *question)
    while (flying := _flying.get(place)) is not None:
        await asyncio.wait([flying])
    landed = _flying[place] = loop.create_future()
    try:
        yield
    finally:
        del _flying[place]
        landed.set_result(None)


class Asker:
    """Asks the models of one run: the first one, and its fallbacks in order."""

    def __init__(
        self, models: Sequence[ChatModel], *, ledger: Ledger | None, control: Control
    ) -> None:
        self.model = models[0]
        self._models = models
        self._keeper: Keeper | None = None
        if ledger is not None:
            self._keeper = Keeper(ledger, run_id=control.run_id, warn=self._say)
        self._control = control
        self.usage = Usage()
        self._failed: set[str] = set()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to a request, from the ledger where it has it.

        Raises:
            Exception: the error of the last model asked, after its retries, as it was raised; a
                note tells the errors of those before it.
            Stopping: if the run is stopping; then nothing was sent.
        """
        calls = [
            _Call(each, each.key_parts(request), partial(each.answer, request))
            for each in self._models
        ]
        return await self._stored(calls, lambda: self._size(request))

    async def stored(self, requests: Callable[[], Iterable[Request]]) -> dict[int, Answer]:
        """Look up what the ledger has for many requests at once, and ask nobody.

        Args:
            requests: Makes them; called in a worker thread, and not without a ledger.

        Returns:
            The answers that are there, by the place of their requests, in order.

        Raises:
            LedgerError: if the ledger cannot be read.
            Stopping: if the run is stopping.
        """
        self._control.check()
        if self._keeper is None:
            return {}
        return await in_thread(self._look_up, requests, self._keeper)

    def _look_up(
        self, requests: Callable[[], Iterable[Request]], keeper: Keeper
    ) -> dict[int, Answer]:
        missing, found = dict(enumerate(requests())), dict[int, Answer]()
        for model in self._models:
            keys = {at: key_of(model.key_parts(request)) for at, request in missing.items()}
            stored = keeper.find_all(list(keys.values()))
            found |= {at: stored[key] for at, key in keys.items() if key in stored}
            missing = {at: request for at, request in missing.items() if at not in found}
        return dict(sorted(found.items()))

    def _size(self, request: Request) -> int:
        model = self.model
        texts = (request.role, request.instructions, request.text)
        return sum(map(model.count, texts)) + request.max_tokens + model.overhead + model.thinking

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

        def size() -> int:
            texts = (str(message.get("content")) for message in messages)
            return sum(map(self.model.count, texts)) + max_tokens + self.model.overhead

        options: dict[str, Any] = {"max_tokens": max_tokens, "stop": stop}
        calls = [
            _Call(
                each,
                each.key_of_messages(messages, **options),
                partial(each.complete, messages, **options),
            )
            for each in models
        ]
        return await self._stored(calls, size)

    async def _stored(self, calls: Sequence[_Call], size: Callable[[], int]) -> Answer:
        """Return the answer that is stored for the first of the calls, or make them in turn.

        Args:
            calls: The first model's, and those of its fallbacks.
            size: Counts the tokens of one, which takes a while.
        """
        self._control.check()
        if self._keeper is None:
            return (await self._first_answer(calls, size()))[1]
        keys = [call.key for call in calls]
        async with _alone((self._keeper.place, keys[0])):
            found = await self._keeper.find(keys)
            if found is not None:
                return found
            call, answer = await self._first_answer(calls, size())
            await self._keeper.keep(call.key, answer)
            return answer

    def unkept(self) -> tuple[Omission, ...]:
        """Tell which answers of this run could not be stored; empty where all were."""
        return self._keeper.unkept() if self._keeper else ()

    def _say(self, message: str) -> None:
        self._control.emit(Warned(message))

    async def _first_answer(self, calls: Sequence[_Call], tokens: int) -> tuple[_Call, Answer]:
        errors: list[str] = []
        for call in calls:
            try:
                answer = await self._persist(call, tokens)
                # Metered before it is stored: it is paid for, whatever happens to the file.
                self._meter(answer.model, answer.usage)
                return call, answer
            except Exception as error:
                name = call.model.name
                if call is calls[-1] or self._control.stopped_by() is not None:
                    if errors:
                        error.add_note(f"asked last: {name}; before it failed {'; '.join(errors)}")
                    raise
                errors.append(f"{name} ({type(error).__name__}: {error})")
                if name not in self._failed:
                    self._failed.add(name)
                    self._control.emit(Warned(f"{errors[-1]}: the next model is asked"))
        raise AssertionError("there is at least one model")

    async def _persist(self, call: _Call, tokens: int) -> Answer:
        """Ask one model until it answers or its retries are used up."""
        settings, name = call.model.settings, call.model.name
        limiter = limiter_for(settings)
        going = lambda: self._control.stopped_by() is None  # noqa: E731
        async for attempt in retrying(settings.max_retries, while_=going):
            with attempt:
                async with limiter.turn(tokens):
                    self._control.check()
                    self._control.emit(CallStarted(name, attempt.retry_state.attempt_number))
                    try:
                        return replace(await call.ask(), model=name)
                    except ModelError as error:
                        # An answer that cannot be used is paid for like any other.
                        self._meter(name, error.usage or Usage(calls=1))
                        raise
        raise AssertionError("tenacity ends with an answer or an error")

    def _meter(self, model: str, usage: Usage) -> None:
        self.usage += usage
        self._control.emit(CallFinished(model, usage))
