"""Waiting for a slot with a provider.

All runs of the process that use the same provider, address and key share one ``Limiter``. It waits
and never refuses. Its order is that of the tickets, so a request that was turned away goes before
those that came after it. Waiting can be cancelled and loses nothing. ``rate_limit.py`` decides
which request goes next.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from weakref import WeakKeyDictionary

from docsum_nb.models.model import Model
from docsum_nb.models.rate_limit import RateLimits

__all__ = ["Limiter", "Slot", "SlotTimeout", "limiter_for", "new_ticket"]

_tickets = itertools.count()


def new_ticket() -> int:
    """Return the position of a new question in the order of all; kept through all of its tries."""
    return next(_tickets)


class SlotTimeout(Exception):  # noqa: N818  # caught by the caller, never seen by a user
    """No slot became free in time."""


class Slot:
    """A request's time in flight; its holder notes how it ended."""

    answered = False
    pause: float | None = None

    def turned_away(self, pause: float) -> None:
        """Note that the provider turned the request away; none is sent for ``pause`` seconds."""
        self.pause = pause


class Limiter:
    """The limits of one account with a provider; bound to the loop it is first used on."""

    def __init__(self) -> None:
        self._limits = RateLimits()
        self._loop = asyncio.get_running_loop()
        self._admitted: dict[int, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def slot(
        self,
        settings: Model,
        ticket: int,
        tokens: int,
        *,
        until: float | None = None,
        waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> AsyncIterator[Slot]:
        """Wait until a request may go out; its slot is held until the block is left.

        Args:
            settings: The model to be asked. Its limits hold from now on, for all that wait for it.
            ticket: From ``new_ticket``.
            tokens: Of the prompt and the longest possible answer.
            until: The time of the loop at which to give up; ``None`` to wait without limit.
            waiting: Entered while the request has to wait; not entered if it need not wait.

        Raises:
            SlotTimeout: if no slot was free until then; nothing was sent.
        """
        await self._acquire(settings, ticket, tokens, until, waiting)
        slot = Slot()
        try:
            yield slot
        finally:
            now = self._loop.time()
            if slot.pause is None:
                self._limits.end(ticket, now=now, answered=slot.answered)
            else:
                self._limits.refuse(ticket, pause=slot.pause, now=now)
            self._admit()

    async def _acquire(
        self,
        settings: Model,
        ticket: int,
        tokens: int,
        until: float | None,
        waiting: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._limits.limit(
            settings.name,
            concurrency=settings.max_concurrency,
            requests=settings.requests_per_minute,
            tokens=settings.tokens_per_minute,
            now=self._loop.time(),
        )
        admitted = self._admitted[ticket] = self._loop.create_future()
        self._limits.enter(ticket, settings.name, tokens)
        try:
            self._admit()
            if not admitted.done():
                with waiting():
                    await _until(admitted, until)
        except BaseException:
            # It may have been admitted in the same moment; then the slot goes to the next one.
            self._limits.withdraw(ticket)
            self._admit()
            raise
        finally:
            del self._admitted[ticket]

    def _admit(self) -> None:
        """Wake all that may go now, and set the timer for the next one."""
        now = self._loop.time()
        for ticket in self._limits.admit(now):
            admitted = self._admitted[ticket]
            if not admitted.done():
                admitted.set_result(None)
        next_at = self._limits.wake_at(now)
        if self._timer is not None:
            if self._timer.when() == next_at:
                return
            self._timer.cancel()
        self._timer = None if next_at is None else self._loop.call_at(next_at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._admit()


async def _until(admitted: asyncio.Future[None], until: float | None) -> None:
    try:
        async with asyncio.timeout_at(until):
            await admitted
    except TimeoutError:
        raise SlotTimeout from None


_limiters: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, Limiter]]
_limiters = WeakKeyDictionary()


def limiter_for(account: Hashable) -> Limiter:
    """Return the limiter that all runs on the running loop share for this account."""
    limiters = _limiters.setdefault(asyncio.get_running_loop(), {})
    if account not in limiters:
        limiters[account] = Limiter()
    return limiters[account]
