"""Asking a model: the ledger first, then in turn, with retries and fallbacks; stored, then seen.

Every request of a run goes through one ``Asker``, so its count of calls and costs is the truth.
What comes back is checked; a refused, cut or malformed answer is asked for once more, and only a
cut one is ever passed on, marked as such. When the run is stopped, nothing new is sent; an answer
that still arrives is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from typing import Any

from docsum_nb.budget import Budget, Reservation
from docsum_nb.errors import InputError, ModelError, RunError
from docsum_nb.events import CallFinished, CallStarted, WaitEnded, WaitStarted, Warned
from docsum_nb.ledger import Ledger, key_of
from docsum_nb.models.chat import ChatModel, Converser
from docsum_nb.models.check import Flaw, checked, refused, repairing
from docsum_nb.models.flight import share
from docsum_nb.models.keep import Keeper
from docsum_nb.models.limit import NoTurn, Turn, limiter_for, new_ticket
from docsum_nb.models.retry import Tries
from docsum_nb.models.structured import check_schema, schema_instructions
from docsum_nb.records import Answer, Omission, Request, Usage
from docsum_nb.run import Control, chat_attributes, in_thread, span

__all__ = ["Asker"]

_SPARE = 1.1
"""Tokens are counted with OpenAI's encodings; other vocabularies differ by some percent."""
_LOOK_S = 0.1
"""How often whoever waits for the budget looks whether the run is stopping."""


@dataclass(frozen=True)
class _Size:
    """Tokens of a call at most, as the first model counts them."""

    prompt: int
    answer: int

    @property
    def tokens(self) -> int:
        return self.prompt + self.answer


@dataclass(frozen=True)
class _Call:
    """One way to get an answer: which model, its key in the ledger, and how to ask it once."""

    model: ChatModel
    key_parts: Any
    ask: Callable[[], Awaitable[Answer]]
    measure: Callable[[], _Size]
    request: Request | None = None
    """What is asked, where it is not messages as they are."""

    @cached_property
    def key(self) -> str:
        """The key; hashing a long prompt is done once."""
        return key_of(self.key_parts)

    @cached_property
    def size(self) -> _Size:
        """The size; counting takes a while, and is not needed for what is stored."""
        return self.measure()

    def check(self, answer: Answer) -> tuple[Answer, Flaw | None]:
        """Look at an answer; the embedded model quotes, and may quote a refusal."""
        if self.model.settings.embedded:
            return answer, None
        if self.request is None:
            return answer, Flaw("refused") if refused(answer) else None
        return checked(answer, self.request)

    def repaired(self, flaw: Flaw, answer: Answer) -> _Call:
        """Return the call that asks once more after a bad answer."""
        if self.request is None:
            return self
        request = repairing(self.request, flaw, answer)
        more = self.model.count(request.instructions) - self.model.count(self.request.instructions)
        size = replace(self.size, prompt=self.size.prompt + more)
        return replace(self, ask=partial(self.model.answer, request), measure=lambda: size)


class Asker:
    """Asks the models of one run: the first one, and its fallbacks in order."""

    def __init__(
        self,
        models: Sequence[ChatModel],
        *,
        ledger: Ledger | None,
        control: Control,
        budget: Budget | None = None,
    ) -> None:
        self.model = models[0]
        self._models = models
        self._keeper: Keeper | None = None
        if ledger is not None:
            self._keeper = Keeper(ledger, run_id=control.run_id, warn=self._say)
        self._control = control
        self._budget = budget or Budget()
        self.usage = Usage()
        self._warned: set[object] = set()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to a request, from the ledger where it has it.

        Returns:
            The answer. With a schema, its text is JSON that fits it. One that was cut off twice
            has ``finish_reason`` "length"; the caller has to report it.

        Raises:
            Exception: the error of the last model asked, after its retries, as it was raised; a
                note tells the errors of those before it.
            ModelError: if the answer was empty, refused or malformed, and was so again.
            InputError: if the request's schema is no pydantic model class, or the model takes none.
            BudgetExceeded: if the next request might exceed a bound of the run; it was not sent.
            Stopping: if the run is stopping; then nothing was sent.
        """
        if request.schema is not None:
            check_schema(request.schema)
        measure = cache(partial(self._size, request))
        calls = [
            _Call(each, each.key_parts(request), partial(each.answer, request), measure, request)
            for each in self._models
        ]
        return await self._stored(calls)

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

    def _size(self, request: Request) -> _Size:
        model = self.model
        texts = [request.role, request.instructions, request.text]
        if request.schema is not None:
            texts.append(schema_instructions(request.schema))
        prompt = sum(map(model.count, texts)) + model.overhead
        return _Size(prompt, request.max_tokens + model.thinking)

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

        @cache
        def measure() -> _Size:
            prompt = sum(self.model.count(str(message.get("content"))) for message in messages)
            return _Size(prompt + self.model.overhead, max_tokens + self.model.thinking)

        options: dict[str, Any] = {"max_tokens": max_tokens, "stop": stop}
        calls = [
            _Call(
                each,
                each.key_of_messages(messages, **options),
                partial(each.complete, messages, **options),
                measure,
            )
            for each in models
        ]
        return await self._stored(calls)

    async def _stored(self, calls: Sequence[_Call]) -> Answer:
        """Return the answer that is stored or in flight for the calls, or make them in turn."""
        self._control.check()
        if self._keeper is None:
            return await self._unstored(calls)
        keeper, keys = self._keeper, [call.key for call in calls]

        async def find_or_ask() -> Answer:
            found = await keeper.find(keys)
            if found is not None:
                return found
            call, answer = await self._first_answer(calls)
            await keeper.keep(call.key, answer)
            return answer

        return await share((keeper.place, *keys), find_or_ask)

    async def _unstored(self, calls: Sequence[_Call]) -> Answer:
        async def ask() -> Answer:
            return (await self._first_answer(calls))[1]

        try:
            keys = [call.key for call in calls]
        except InputError:
            return await ask()  # parameters that no key can be made of
        return await share(("", *keys), ask)

    def unkept(self) -> tuple[Omission, ...]:
        """Tell which answers of this run could not be stored; empty where all were."""
        return self._keeper.unkept() if self._keeper else ()

    def _say(self, message: str) -> None:
        self._control.emit(Warned(message))

    async def _first_answer(self, calls: Sequence[_Call]) -> tuple[_Call, Answer]:
        """Ask one model after the other until one gives an answer that can be used."""
        errors: list[str] = []
        for call in calls:
            last = call is calls[-1]
            try:
                return call, await self._usable(call, last=last)
            except RunError:
                raise  # a bound of the run's holds for the next model as well
            except Exception as error:
                name = call.model.name
                if last or self._control.stopped_by() is not None:
                    if errors:
                        error.add_note(f"asked last: {name}; before it failed {'; '.join(errors)}")
                    raise
                errors.append(f"{name} ({type(error).__name__}: {error})")
                self._warn_once(f"{errors[-1]}: the next model is asked", of=name)
        raise AssertionError("there is at least one model")

    async def _usable(self, call: _Call, *, last: bool) -> Answer:
        """Ask one model for an answer that can be used, once more where the first cannot."""
        answer, flaw = call.check(await self._persist(call, last=last))
        if flaw is None:
            return answer
        try:
            again = await self._persist(call.repaired(flaw, answer), last=last)
        except Exception:
            if flaw.kind == "cut":
                return answer  # it is paid for, and better than none
            raise
        repaired, flaw_again = call.check(again)
        if flaw_again is None or flaw_again.kind == "cut":
            return repaired
        if flaw.kind == "cut":
            return answer
        raise ModelError(_unusable(call.model.name, flaw_again, again), usage=again.usage)

    async def _persist(self, call: _Call, *, last: bool) -> Answer:
        """Ask one model until it answers or its retries are used up."""
        going = lambda: self._control.stopped_by() is None  # noqa: E731
        # With another model to ask, a slow one is not worth a second try.
        tries = Tries(call.model.settings, going=going, after_timeout=last)
        ticket = new_ticket()
        async for attempt in tries.attempts():
            with attempt:
                number = attempt.retry_state.attempt_number
                return await self._attempt(call, tries, ticket, number)
        raise AssertionError("tenacity ends with an answer or an error")

    async def _attempt(self, call: _Call, tries: Tries, ticket: int, number: int) -> Answer:
        """Wait for one's turn, then send one request."""
        waiting = partial(self._waiting, call.model.name)
        turn_of = limiter_for(call.model.account).turn(
            call.model.settings, ticket, call.size.tokens, until=tries.give_up_at, waiting=waiting
        )
        try:
            async with turn_of as turn:
                place = await self._reserve(call)
                return await self._send(call, tries, turn, number, place)
        except NoTurn:
            # Only what has failed before has a time to give up at.
            assert tries.last_error is not None
            raise tries.last_error from None

    async def _reserve(self, call: _Call) -> Reservation:
        """Reserve what a call may take, once those in flight leave room for it."""
        name, size = call.model.name, call.size
        prompt = int(_SPARE * size.prompt)
        cost = call.model.price(prompt, size.answer)
        loop, settled = asyncio.get_running_loop(), asyncio.Event()
        unsubscribe = self._budget.on_change(lambda: loop.call_soon_threadsafe(settled.set))
        try:
            while True:
                self._control.check()
                settled.clear()
                place = self._budget.reserve(name, prompt + size.answer, cost)
                if place is not None:
                    return place
                with suppress(TimeoutError):
                    await asyncio.wait_for(settled.wait(), _LOOK_S)
        finally:
            unsubscribe()

    async def _send(
        self, call: _Call, tries: Tries, turn: Turn, number: int, place: Reservation
    ) -> Answer:
        name = call.model.name
        self._control.emit(CallStarted(name, number))
        tries.begin()
        used: Usage | None = None
        try:
            with span(f"chat {name}", chat_attributes(name)):
                answer = replace(await call.ask(), model=name)
            used = answer.usage
        except Exception as error:
            used = self._used_by_failure(name, error)
            pause = tries.pause_for(error)
            if pause is not None:
                turn.turned_away(pause)
                self._warn_once(
                    f"{name} turned a request away (status {getattr(error, 'status_code', '?')}); "
                    "all that it is asked waits until it takes requests again"
                )
            raise
        finally:
            # A call that was cancelled may be paid for all the same.
            self._budget.settle(place, used)
        turn.answered = True
        # Metered before it is stored: it is paid for, whatever happens to the file.
        self._meter(name, answer.usage)
        return answer

    def _used_by_failure(self, name: str, error: Exception) -> Usage | None:
        """Tell what a failed call took; ``None`` where the provider may have answered unheard."""
        if isinstance(error, ModelError):
            # An answer that cannot be used is paid for like any other.
            used: Usage = error.usage or Usage(calls=1)
            self._meter(name, used)
            return used
        return Usage(calls=1) if isinstance(getattr(error, "status_code", None), int) else None

    @contextmanager
    def _waiting(self, name: str) -> Iterator[None]:
        self._control.emit(WaitStarted(name))
        try:
            yield
        finally:
            self._control.emit(WaitEnded(name))

    def _meter(self, model: str, usage: Usage) -> None:
        self.usage += usage
        self._control.emit(CallFinished(model, usage))

    def _warn_once(self, message: str, *, of: object = None) -> None:
        """Warn, unless it was said before; ``of`` is what it is about where its words vary."""
        if (of or message) not in self._warned:
            self._warned.add(of or message)
            self._control.emit(Warned(message))


def _unusable(name: str, flaw: Flaw, answer: Answer) -> str:
    said = " ".join(answer.text.split())[:200]
    if flaw.kind == "refused":
        return (
            f"{name} refused to answer, twice (finish reason {answer.finish_reason!r}): {said!r}; "
            "choose another model, give fallbacks, or leave this text out"
        )
    return (
        f"{name} gave JSON that does not fit the schema, twice: {flaw.detail}; make the schema "
        f"simpler, or choose another model. It said {said!r}"
    )
