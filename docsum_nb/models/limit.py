"""Waiting for one's turn: requests in flight, requests and tokens a minute.

A limit belongs to a model and its address and is shared by all runs of the process. Waiting can be
cancelled and loses nothing; nothing is ever refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from aiolimiter import AsyncLimiter

from docsum_nb.models.model import Model

__all__ = ["Limiter", "limiter_for"]


class Limiter:
    """The limits of one model; bound to the loop it is first used on."""

    def __init__(self, settings: Model) -> None:
        most = settings.max_concurrency
        self._slots = asyncio.Semaphore(most) if most else nullcontext()
        self._requests = _requests(settings.requests_per_minute)
        self._tokens = _tokens(settings.tokens_per_minute)

    @asynccontextmanager
    async def turn(self, tokens: int) -> AsyncIterator[None]:
        """Wait until a request of so many tokens may go out; the place is held until the end."""
        async with self._slots:
            if self._tokens:
                await _acquire(self._tokens, tokens)
            if self._requests:
                await self._requests.acquire()
            yield


def _requests(per_minute: float | None) -> AsyncLimiter | None:
    # A bucket of one second's worth: a bucket of a minute's would let two minutes' worth through
    # in the first minute, and providers count windows.
    if per_minute is None:
        return None
    a_second = per_minute / 60
    return AsyncLimiter(a_second, 1) if a_second >= 1 else AsyncLimiter(1, 60 / per_minute)


def _tokens(per_minute: float | None) -> AsyncLimiter | None:
    return None if per_minute is None else AsyncLimiter(per_minute / 12, 5)


async def _acquire(limiter: AsyncLimiter, amount: float) -> None:
    # One request may be larger than the bucket.
    while amount > 0:
        part = min(amount, limiter.max_rate)
        await limiter.acquire(part)
        amount -= part


_limiters: dict[tuple[object, ...], Limiter] = {}


def limiter_for(settings: Model) -> Limiter:
    """Return the limiter that all runs share for this model, address and limits."""
    key = (
        asyncio.get_running_loop(),
        settings.name,
        settings.base_url,
        settings.max_concurrency,
        settings.requests_per_minute,
        settings.tokens_per_minute,
    )
    if key not in _limiters:
        _limiters[key] = Limiter(settings)
    return _limiters[key]
