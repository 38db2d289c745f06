"""Asking a model: the ledger first, then one model after the other; stored, then seen.

What comes back is checked. A refused, cut or malformed answer is asked for again; of answers that
are bad twice, only those that are better than none are passed on, with their flaws. When the run is
stopped, nothing new is sent; an answer that still arrives is stored.

An answer takes four layers: ``_answer`` (stored or shared), ``_in_turn`` (fallback models),
``_usable`` (checked and asked again), ``Dispatcher.send`` (retries, limits, budget).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from typing import Any

from docsum_nb.budget import Budget
from docsum_nb.errors import InputError, ModelError, RunError
from docsum_nb.ledger import Ledger, key_of
from docsum_nb.models.base import ChatModel
from docsum_nb.models.cache import AnswerCache, asked_once
from docsum_nb.models.dispatch import Dispatcher, Payer
from docsum_nb.models.model import note_model
from docsum_nb.models.prepared_call import (
    Call,
    Check,
    calls_of_messages,
    calls_of_request,
    cut_key_of,
)
from docsum_nb.models.streaming import SummaryStream
from docsum_nb.models.structured_output import check_schema
from docsum_nb.models.validation import AnswerProblem
from docsum_nb.provider_errors import explained
from docsum_nb.records import Answer, Omission, Request, Usage
from docsum_nb.run import Control, Stopping

__all__ = ["ModelClient"]

_LOOKED_UP = 512
"""Requests that are looked up together: more of them would be held in memory for nothing."""


class ModelClient:
    """Asks the models of one run: the first one, and its fallbacks in order.

    Args:
        models: In the order in which they are asked; at least one.
        ledger: Where answers are looked up and stored; ``None`` to store none.
        control: The run's.
        budget: The bounds of the run; ``None`` for none.
    """

    def __init__(
        self,
        models: Sequence[ChatModel],
        *,
        ledger: Ledger | None,
        control: Control,
        budget: Budget | None = None,
    ) -> None:
        self.model = models[0]
        self.stream: SummaryStream | None = None
        """Shows the final text while it is written; ``None`` asks for the whole answer at once."""
        self._models = models
        self._control = control
        self._dispatcher = Dispatcher(control, budget or Budget())
        self._thinkers: set[str] = set()
        """Models that wrote nothing but a thought until they got more room; they get it at once."""
        self._cache = AnswerCache(ledger, run_id=control.run_id, warn=self._dispatcher.warn_once)

    def of_models(self, models: Sequence[ChatModel]) -> ModelClient:
        """Return a client of the same run for other models: ledger, budget and usage are shared."""
        other = copy(self)
        other.model, other.stream, other._models = models[0], None, models
        return other

    @property
    def usage(self) -> Usage:
        """What the run has paid for so far."""
        return self._dispatcher.usage

    @property
    def in_flight(self) -> int:
        """The number of requests that are not answered yet."""
        return self._dispatcher.in_flight

    def payer(self) -> Payer:
        """Return who pays for requests that threads send by other means; call it on the loop."""
        return Payer(self._dispatcher, asyncio.get_running_loop())

    def omissions(self) -> tuple[Omission, ...]:
        """Return which answers of this run could not be stored; empty if all were."""
        return self._cache.omissions()

    def ask(self, request: Request, *, final: bool = False) -> Coroutine[Any, Any, Answer]:
        """Return the answer to a request, from the ledger if it is stored there.

        Args:
            request: What is asked.
            final: Whether the answer is the final text, which ``stream`` shows while it is written.
                Others that ask for the same meanwhile share the answer, not the stream.

        Returns:
            The answer. With a schema, its text is JSON that fits it. One that was cut off twice
            has ``finish_reason`` "length"; the caller has to report it.

        Raises:
            Exception: the error of the last model asked, after its retries, as it was raised; a
                note names the errors of those before it.
            ModelError: if the answer was empty, refused or malformed, and was so again.
            InputError: if the request's schema is no pydantic model class, or the model takes none.
            BudgetExceeded: if the next request might exceed a bound of the run; it was not sent.
            Stopping: if the run is stopping; then nothing was sent.
        """
        if request.schema is not None:
            check_schema(request.schema)
        return self._answer(calls_of_request(self._models, request, self.stream if final else None))

    def converse(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int,
        stop: Sequence[str] | None = None,
        check: Check | None = None,
    ) -> Coroutine[Any, Any, Answer]:
        """Return the answer to messages that are sent unchanged; like ``ask``.

        Args:
            messages: In the form of OpenAI's API; their contents may hold pictures.
            max_tokens: Of the answer, at most.
            stop: Texts at which the model stops; ``None`` for none.
            check: Returns what is wrong with an answer, which is then asked for again; ``None`` if
                any text will do.

        Raises:
            InputError: if none of the models can converse.
        """
        return self._answer(
            calls_of_messages(self._models, messages, max_tokens=max_tokens, stop=stop, check=check)
        )

    @property
    def stores(self) -> bool:
        """Whether there is a ledger, so that an answer may be stored."""
        return self._cache.stores

    def look_up(self, requests: Iterable[Request]) -> dict[int, Answer]:
        """Return the stored answers to requests, by their index, in order; blocking.

        At most about a thousand requests of an iterator are held at a time. What is not stored is
        remembered, so that ``ask`` does not look it up again.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        found: dict[int, Answer] = {}
        waiting, begun = iter(requests), 0
        while self._cache.stores and (batch := list(islice(waiting, _LOOKED_UP))):
            found |= {begun + at: answer for at, answer in self._look_up_batch(batch).items()}
            begun += len(batch)
        return found

    def _look_up_batch(self, requests: Sequence[Request]) -> dict[int, Answer]:
        found: dict[int, Answer] = {}
        missing = dict(enumerate(requests))
        for model in self._models:
            keys = {index: key_of(model.key_parts(request)) for index, request in missing.items()}
            stored = self._cache.look_up([*keys.values(), *map(cut_key_of, keys.values())])
            found |= {index: stored[key] for index, key in keys.items() if key in stored}
            missing = {at: request for at, request in missing.items() if at not in found}
        return dict(sorted(found.items()))

    async def _answer(self, calls: Sequence[Call]) -> Answer:
        """Return the answer that is stored or in flight for the calls, or make them in turn."""
        self._control.check()
        try:
            keys = [call.key for call in calls]
        except InputError:  # parameters that no key can be made of
            if self._cache.stores:
                raise
            return (await self._in_turn(calls, {}))[1]
        async with asked_once((self._cache.path, *keys)) as shared:
            if shared.answer is not None:
                # Another run asked; forgetting that one must not take the answer from this one.
                await self._cache.note(keys)
                return replace(shared.answer, cached=True)
            stored: Mapping[str, Answer] = {}
            if self._cache.stores:
                stored = await self._cache.find([*keys, *map(cut_key_of, keys)])
            found = next((stored[key] for key in keys if key in stored), None)
            if found is not None and calls[0].still_fits(found):
                shared.answer = found
                return found
            call, answer = await self._in_turn(calls, stored)
            if found is None:
                await self._cache.keep(call.key, answer)
            else:
                await self._cache.replace(call.key, answer)
            shared.answer = answer
            return answer

    async def _in_turn(
        self, calls: Sequence[Call], stored: Mapping[str, Answer]
    ) -> tuple[Call, Answer]:
        """Ask one model after the other until one gives an answer that can be used."""
        errors: list[str] = []
        for call in calls:
            last = call is calls[-1]
            cut = stored.get(call.cut_key) if stored else None
            try:
                return call, await self._usable(call, cut, last=last)
            except RunError:
                raise  # a bound of the run's holds for the next model as well
            except Exception as error:
                name = call.model.name
                note_model(error, call.model.settings)
                if last or self._control.stopped_by() is not None:
                    if errors:
                        error.add_note(f"asked last: {name}; before it failed {'; '.join(errors)}")
                    raise
                errors.append(f"{name} ({explained(error, call.model.settings.base_url)})")
                self._dispatcher.warn_once(f"{errors[-1]}: the next model was asked", of=name)
        raise AssertionError("there is at least one model")

    async def _usable(self, call: Call, cut: Answer | None, *, last: bool) -> Answer:
        """Ask one model for an answer that can be used; if the first cannot, ask once again.

        Args:
            call: What is asked.
            cut: An answer that was cut off in an earlier run, stored as such; it is not paid again.
            last: Whether there is no other model to ask.
        """
        answer = cut
        if answer is None:
            asked = call.with_more_room() if call.model.name in self._thinkers else call
            answer = await self._dispatcher.send(asked, last=last)
        checked, problem = call.check(answer)
        if problem is None:
            return checked
        if cut is None and problem.kind in ("cut", "no room") and self._cache.stores:
            # It is paid for, and the run may end before the second one is there.
            await self._cache.keep(call.cut_key, answer)
        return await self._second(call, checked, problem, last=last)

    async def _second(
        self, call: Call, answer: Answer, problem: AnswerProblem, *, last: bool
    ) -> Answer:
        """Ask again after a bad answer, and return the better one of the two."""
        try:
            again = await self._dispatcher.send(call.repaired(problem, answer), last=last)
        except (RunError, Stopping):
            raise  # the next run asks again
        except Exception:
            if problem.is_tolerable:
                return _flawed(answer, problem)  # it is paid for, and better than none
            raise
        if problem.kind == "no room" and again.text:
            self._thinkers.add(call.model.name)
        repaired, second_problem = call.check(again)
        if second_problem is None or second_problem.kind == "cut":
            return repaired
        if second_problem.is_tolerable and problem.kind != "cut":
            # Of two loops, the one that said more before.
            loops = problem.kind == second_problem.kind == "loop"
            if loops and len(answer.text) > len(repaired.text):
                return _flawed(answer, problem)
            return _flawed(repaired, second_problem)
        if problem.is_tolerable:
            return _flawed(answer, problem)
        raise ModelError(_unusable(call.model, second_problem, again), usage=again.usage)


def _flawed(answer: Answer, problem: AnswerProblem) -> Answer:
    """Return an answer that says what is wrong with it."""
    return replace(answer, flaws=(*answer.flaws, problem.reason)) if problem.reason else answer


def _unusable(model: ChatModel, problem: AnswerProblem, answer: Answer) -> str:
    name = model.name
    if problem.kind == "no room":
        spent = answer.usage.completion_tokens
        return (
            f"{name} thinks before it writes, and used up its room ({spent:,} tokens) before the "
            "first word of an answer, twice: set params={'max_tokens': ...} higher, or let it "
            "think less, with params={'reasoning_effort': 'low'} or as its provider names it; its "
            f"window is {model.window:,} tokens (context_window)"
        )
    said = " ".join(answer.text.split())[:200]
    if problem.kind == "refused":
        return (
            f"{name} refused to answer, twice (finish reason {answer.finish_reason!r}): {said!r}; "
            "choose another model, give fallbacks, or leave this text out"
        )
    return (
        f"{name} gave JSON that does not fit the schema, twice: {problem.detail}; make the schema "
        f"simpler, or choose another model. It said {said!r}"
    )
