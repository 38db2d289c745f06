"""Asking a model: the ledger first, then one model after the other; stored, then seen.

What comes back is checked; a refused, cut or malformed answer is asked for again, and only a
cut one is ever passed on, marked as such. When the run is stopped, nothing new is sent; an answer
that still arrives is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from docsum_nb.budget import Budget
from docsum_nb.errors import InputError, ModelError, RunError
from docsum_nb.ledger import Ledger, key_of
from docsum_nb.models.asked_model import name_asked
from docsum_nb.models.base import ChatModel
from docsum_nb.models.cache import AnswerCache
from docsum_nb.models.dispatch import Dispatcher
from docsum_nb.models.in_flight import share
from docsum_nb.models.prepared_call import Call, calls_of_messages, calls_of_request
from docsum_nb.models.streaming import SummaryStream
from docsum_nb.models.structured_output import check_schema
from docsum_nb.models.validation import AnswerProblem
from docsum_nb.provider_errors import explained
from docsum_nb.records import Answer, Omission, Request, Usage
from docsum_nb.run import Control, Stopping, in_thread

__all__ = ["ModelClient"]


class ModelClient:
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
        self._control = control
        self._sender = Dispatcher(control, budget or Budget())
        self._thinkers: set[str] = set()
        """Models that wrote nothing but a thought until they got more room; they get it at once."""
        self._keeper: AnswerCache | None = None
        if ledger is not None:
            self._keeper = AnswerCache(ledger, run_id=control.run_id, warn=self._sender.warn_once)

    @property
    def usage(self) -> Usage:
        """What the run has paid for so far."""
        return self._sender.usage

    @property
    def in_flight(self) -> int:
        """The number of requests that are not answered yet."""
        return self._sender.in_flight

    async def ask(self, request: Request, *, telling: SummaryStream | None = None) -> Answer:
        """Return the answer to a request, from the ledger where it has it.

        Args:
            request: What is asked.
            telling: Told the text while a model writes it, where it streams; ``None`` asks for all
                at once. Others that ask for the same meanwhile share the answer, not the telling.

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
        return await self._stored(calls_of_request(self._models, request, telling))

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
        self, requests: Callable[[], Iterable[Request]], keeper: AnswerCache
    ) -> dict[int, Answer]:
        missing, found = dict(enumerate(requests())), dict[int, Answer]()
        for model in self._models:
            keys = {at: key_of(model.key_parts(request)) for at, request in missing.items()}
            stored = keeper.find_all(list(keys.values()))
            found |= {at: stored[key] for at, key in keys.items() if key in stored}
            missing = {at: request for at, request in missing.items() if at not in found}
        return dict(sorted(found.items()))

    async def converse(
        self, messages: Sequence[dict[str, Any]], *, max_tokens: int, stop: Sequence[str]
    ) -> Answer:
        """Return the answer to messages as an agent with tools sends them; like ``ask``.

        Raises:
            InputError: if none of the models can converse.
        """
        calls = calls_of_messages(self._models, messages, max_tokens=max_tokens, stop=stop)
        return await self._stored(calls)

    async def _stored(self, calls: Sequence[Call]) -> Answer:
        """Return the answer that is stored or in flight for the calls, or make them in turn."""
        self._control.check()
        if self._keeper is None:
            return await self._unstored(calls)
        keeper, keys = self._keeper, [call.key for call in calls]
        shared = True

        async def find_or_ask() -> Answer:
            nonlocal shared
            shared = False
            found = await keeper.find(keys)
            if found is not None and calls[0].still_fits(found):
                return found
            call, answer = await self._first_answer(calls)
            await (keeper.keep if found is None else keeper.replace)(call.key, answer)
            return answer

        answer = await share((keeper.place, *keys), find_or_ask)
        if shared:
            # Another run asked; forgetting that one must not take the answer from this one.
            await keeper.note(keys)
        return answer

    async def _unstored(self, calls: Sequence[Call]) -> Answer:
        async def ask() -> Answer:
            return (await self._first_answer(calls))[1]

        try:
            keys = [call.key for call in calls]
        except InputError:
            return await ask()  # parameters that no key can be made of
        return await share(("", *keys), ask)

    def unkept(self) -> tuple[Omission, ...]:
        """Return which answers of this run could not be stored; empty if all were."""
        return self._keeper.unkept() if self._keeper else ()

    async def _first_answer(self, calls: Sequence[Call]) -> tuple[Call, Answer]:
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
                name_asked(error, call.model.settings)
                if last or self._control.stopped_by() is not None:
                    if errors:
                        error.add_note(f"asked last: {name}; before it failed {'; '.join(errors)}")
                    raise
                errors.append(f"{name} ({explained(error, call.model.settings.base_url)})")
                self._sender.warn_once(f"{errors[-1]}: the next model is asked", of=name)
        raise AssertionError("there is at least one model")

    async def _usable(self, call: Call, *, last: bool) -> Answer:
        """Ask one model for an answer that can be used, once more where the first cannot."""
        answer, flaw = call.check(await self._at_first(call, last=last))
        if flaw is None:
            return answer
        try:
            again = await self._sender.answer(call.repaired(flaw, answer), last=last)
        except (RunError, Stopping):
            raise  # the next run asks once more
        except Exception:
            if flaw.is_tolerable:
                return _flawed(answer, flaw)  # it is paid for, and better than none
            raise
        if flaw.kind == "no room" and again.text:
            self._thinkers.add(call.model.name)
        repaired, flaw_again = call.check(again)
        if flaw_again is None or flaw_again.kind == "cut":
            return repaired
        if flaw_again.is_tolerable and flaw.kind != "cut":
            # Of two loops, the one that said more before.
            loops = flaw.kind == flaw_again.kind == "loop"
            if loops and len(answer.text) > len(repaired.text):
                return _flawed(answer, flaw)
            return _flawed(repaired, flaw_again)
        if flaw.is_tolerable:
            return _flawed(answer, flaw)
        raise ModelError(_unusable(call.model, flaw_again, again), usage=again.usage)

    async def _at_first(self, call: Call, *, last: bool) -> Answer:
        """Ask for the first time; an answer that was cut off in a run before is taken as it is."""
        keeper = None if call.model.settings.embedded else self._keeper
        if keeper is not None and (found := await keeper.find([call.cut_key])) is not None:
            return found
        asked = call.with_more_room() if call.model.name in self._thinkers else call
        answer = await self._sender.answer(asked, last=last)
        flaw = call.check(answer)[1]
        if keeper is not None and flaw is not None and flaw.kind in ("cut", "no room"):
            # It is paid for, and the run may end before the second one is there.
            await keeper.keep(call.cut_key, answer)
        return answer


def _flawed(answer: Answer, flaw: AnswerProblem) -> Answer:
    """Return an answer that says what is wrong with it."""
    return replace(answer, flaws=(*answer.flaws, flaw.reason)) if flaw.reason else answer


def _unusable(model: ChatModel, flaw: AnswerProblem, answer: Answer) -> str:
    name = model.name
    if flaw.kind == "no room":
        spent = answer.usage.completion_tokens
        return (
            f"{name} thinks before it writes, and used up its room ({spent:,} tokens) before the "
            "first word of an answer, twice: set params={'max_tokens': ...} higher, or let it "
            "think less, with params={'reasoning_effort': 'low'} or as its provider names it; its "
            f"window is {model.window:,} tokens (context_window)"
        )
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
