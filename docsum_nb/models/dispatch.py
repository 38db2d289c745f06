"""Sending one call until it is answered: in order, within the budget, with retries, metered.

Every request of a run goes out here, so its count of calls and costs is the truth. A stream that
fails is followed by a plain request: at once if that is the stream's fault, and in any case after
it has failed twice, as the next one may break off at the same point.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial

from docsum_nb.budget import Budget, Reservation
from docsum_nb.documents.tokens import SPARE
from docsum_nb.errors import ModelError
from docsum_nb.events import (
    CallFinished,
    CallStarted,
    Throttled,
    WaitEnded,
    WaitStarted,
    Warned,
)
from docsum_nb.models.base import NotStreamed, Streamer
from docsum_nb.models.limiter import Slot, SlotTimeout, limiter_for, new_ticket
from docsum_nb.models.prepared_call import Call
from docsum_nb.models.retry import Tries
from docsum_nb.provider_errors import fault_of
from docsum_nb.records import Answer, Usage
from docsum_nb.render.formats import refusal_text
from docsum_nb.run import Control, chat_attributes, span

__all__ = ["Dispatcher"]

_LOOK_S = 0.1
"""Seconds between the looks of a waiting call at whether the run is stopping."""
_BROKEN_STREAMS = 2
"""Tries of one answer that may fail as streams."""


class Dispatcher:
    """Sends the calls of one run."""

    def __init__(self, control: Control, budget: Budget) -> None:
        self._control = control
        self._budget = budget
        self.usage = Usage()
        """What was paid for so far."""
        self.in_flight = 0
        """The number of requests that are not answered yet."""
        self._warned: set[object] = set()
        self._longest: dict[str, int] = {}
        """By model, tokens of the longest prompt that it has read."""

    async def send(self, call: Call, *, last: bool) -> Answer:
        """Ask one model until it answers or its retries are used up.

        Args:
            call: What is asked.
            last: Whether there is no other model to ask. With one, a slow model is not worth a
                second try.

        Raises:
            Exception: the last error, as it was raised.
            BudgetExceeded: if the next request might exceed a bound of the run; it was not sent.
            Stopping: if the run is stopping; then nothing was sent.
        """
        failed_stream: NotStreamed | None = None
        while True:
            tries = Tries(call.model.settings, control=self._control, after_timeout=last)
            ticket = new_ticket()
            try:
                async for attempt in tries.attempts():
                    with attempt:
                        number = attempt.retry_state.attempt_number
                        answer = await self._send_once(call, tries, ticket, number)
                break
            except NotStreamed as error:
                failed_stream, call = error, call.plain()
                if not error.refused:
                    self.warn_once(f"{call.model.name} {error}; it was asked again, all at once")
        # Only now is it known that it was the stream's fault, not the request's.
        if failed_stream is not None and failed_stream.lasting and isinstance(call.model, Streamer):
            call.model.stream_no_more()
        return answer

    def warn_once(self, message: str, *, of: object = None) -> None:
        """Emit a warning, once for each ``of``, which stands for messages that vary."""
        if (of or message) not in self._warned:
            self._warned.add(of or message)
            self._control.emit(Warned(message))

    async def _send_once(self, call: Call, tries: Tries, ticket: int, number: int) -> Answer:
        """Wait for room in the budget and for a slot, then send one request and meter its answer.

        Args:
            call: What is asked.
            tries: The tries of this answer so far.
            ticket: Its position in the order of the limiter.
            number: Of this try, from 1.
        """
        name = call.model.name
        slot_of = limiter_for(call.model.account).slot(
            call.model.settings,
            ticket,
            call.size.tokens,
            until=tries.give_up_at,
            waiting=partial(self._waiting, name),
        )
        # In this order: a call that waits for its own budget keeps no other run from the provider.
        reserved = await self._reserve(call)
        try:
            async with slot_of as slot:
                self._control.check()
                self._control.emit(CallStarted(name, number))
                tries.begin()
                used: Usage | None = None
                self.in_flight += 1
                try:
                    with span(f"chat {name}", chat_attributes(name)):
                        answer = await call.asked(streamed=tries.failures < _BROKEN_STREAMS)
                    used = answer.usage
                except Exception as error:
                    used = self._failed(name, error, tries, slot)
                    raise
                finally:
                    self.in_flight -= 1
                    # A call that was cancelled may be paid for all the same.
                    self._budget.settle(reserved, used)
                slot.answered = True
                # Metered before it is stored: it is paid for, even if the file cannot be written.
                self._meter(name, answer.usage)
                return self._noted(call, answer)
        except SlotTimeout:
            # Only what has failed before has a time to give up at.
            assert tries.last_error is not None
            raise tries.last_error from None
        finally:
            # What was sent is settled by now.
            self._budget.release(reserved)

    async def _reserve(self, call: Call) -> Reservation:
        """Reserve what a call may take, once those in flight leave room for it."""
        name, size = call.model.name, call.size
        prompt = int(SPARE * size.prompt)
        cost = call.model.price(prompt, size.answer)
        loop, settled = asyncio.get_running_loop(), asyncio.Event()
        unsubscribe = self._budget.on_change(lambda: loop.call_soon_threadsafe(settled.set))
        try:
            while True:
                self._control.check()
                settled.clear()
                reserved = self._budget.reserve(name, prompt + size.answer, cost)
                if reserved is not None:
                    return reserved
                with suppress(TimeoutError):
                    await asyncio.wait_for(settled.wait(), _LOOK_S)
        finally:
            unsubscribe()

    def _noted(self, call: Call, answer: Answer) -> Answer:
        """Return an answer with what the usage shows about it: that its prompt was cut off."""
        name = call.model.name
        if answer.counted:
            self.warn_once(
                f"{name} reports no usage that is possible, so tokens and cost are counted here"
            )
        longest = self._longest.get(name, 0)
        if not answer.counted:
            self._longest[name] = max(longest, answer.usage.prompt_tokens)
        unread = call.unread(answer, longest=longest)
        if unread is not None:
            self.warn_once(unread.warning(name), of=("unread", name))
            answer = replace(answer, flaws=(*answer.flaws, unread.reason))
        return replace(answer, model=name)

    def _failed(self, name: str, error: Exception, tries: Tries, slot: Slot) -> Usage | None:
        """Return what a failed call took, as ``_used_by_failure``; note if it was turned away."""
        used = self._used_by_failure(name, error)
        pause = tries.pause_for(error)
        if pause is not None:
            slot.turned_away(pause)
            self._throttled(name, error, pause)
        return used

    def _throttled(self, name: str, error: Exception, pause: float) -> None:
        """Report that a provider turned a request away: its reason, and when it is asked next."""
        fault = fault_of(error)
        event = Throttled(name, fault.words, time.time() + pause, fault.status)
        self._control.emit(event)
        happened = refusal_text(name, fault.status, fault.words)
        self.warn_once(
            f"{happened}; what it was asked was held back for {pause:.1f} s",
            of=(name, "throttled", fault.status, _kind_of(fault.words)),
        )

    def _used_by_failure(self, name: str, error: Exception) -> Usage | None:
        """Return what a failed call took; ``None`` if the provider may have answered."""
        if isinstance(error, NotStreamed) and error.refused:
            return Usage(calls=1)
        if isinstance(error, NotStreamed | ModelError):
            # An answer that cannot be used is paid for like any other.
            used: Usage | None = error.usage
            if used is None and isinstance(error, ModelError):
                used = Usage(calls=1)
            if used is not None:
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


class Payer:
    """Charges a run for requests that threads send by other means, such as those for vectors.

    Args:
        dispatcher: The run's.
        loop: The loop of the run.
    """

    def __init__(self, dispatcher: Dispatcher, loop: asyncio.AbstractEventLoop) -> None:
        self._dispatcher = dispatcher
        self._loop = loop

    def reserve_now(self, model: str, tokens: int, cost_usd: float | None) -> Reservation:
        """Reserve the most that a request may take, without waiting for calls in flight.

        Raises:
            BudgetExceeded: If it does not fit.
            InputError: If there is a bound on cost and the price is not known.
            Stopping: If the run is stopping.
        """
        self._dispatcher._control.check()
        reserved = self._dispatcher._budget.reserve(model, tokens, cost_usd, may_wait=False)
        assert reserved is not None
        return reserved

    def settle_now(self, model: str, reservation: Reservation, usage: Usage) -> None:
        """Replace the reservation by what the request took."""
        self._dispatcher._budget.settle(reservation, usage)
        self._loop.call_soon_threadsafe(self._dispatcher._meter, model, usage)


def _kind_of(words: str) -> str:
    """Return words without the figures in them, which differ each time."""
    return "".join(char for char in words if not char.isdecimal())
