from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from docsum_nb.models.limiter import Limiter, SlotTimeout, limiter_for, new_ticket
from docsum_nb.models.model import Model
from tests.support.loops import on_loop

FREE = Model("m")
ONE = Model("m", max_concurrency=1)


async def settled() -> None:
    """Run everything that needs no time to pass."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_turns_come_in_order_and_one_at_a_time() -> None:
    """With room for one, requests go in the order of their tickets, whenever they began to wait."""

    async def work() -> list[int]:
        limiter, order = Limiter(), []
        tickets = [new_ticket() for _ in range(5)]

        async def one(number: int) -> None:
            async with limiter.slot(ONE, tickets[number], 1):
                order.append(number)
                await settled()

        await asyncio.gather(*map(one, (2, 4, 3, 0, 1)))
        return order

    assert on_loop(work()) == [2, 0, 1, 3, 4]


def test_cancelled_waiter_loses_no_place() -> None:
    """Cancelled while waiting, or in the very moment of its turn, it passes the turn on."""

    async def work() -> int:
        limiter = Limiter()
        end = asyncio.Event()

        async def one() -> None:
            async with limiter.slot(ONE, new_ticket(), 1):
                await end.wait()

        async def first() -> None:
            await one()
            # Its turn has just gone to the third, which has not run since.
            tasks[2].cancel()

        tasks = [asyncio.create_task(work()) for work in (first, one, one, one)]
        await settled()
        tasks[1].cancel()
        await settled()
        end.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        return sum(result is None for result in results)

    assert on_loop(asyncio.wait_for(work(), 10)) == 2


def test_pause_holds_for_all_and_ends() -> None:
    """After one request was turned away nobody is sent until the time is over, then all are."""

    async def work() -> tuple[float, list[float]]:
        limiter, sent = Limiter(), []
        loop = asyncio.get_running_loop()
        async with limiter.slot(FREE, new_ticket(), 1) as slot:
            slot.turned_away(0.2)
        until = loop.time() + 0.2

        async def one() -> None:
            async with limiter.slot(FREE, new_ticket(), 1) as slot:
                sent.append(loop.time())
                slot.answered = True

        await asyncio.gather(*(one() for _ in range(20)))
        return until, sent

    until, sent = on_loop(work())
    assert len(sent) == 20
    assert min(sent) >= until - 0.01


def test_a_request_that_gives_up_was_not_sent() -> None:
    """A slot that is not free in time is a SlotTimeout, and it is free for the next request."""

    async def work() -> None:
        limiter, loop = Limiter(), asyncio.get_running_loop()
        async with limiter.slot(ONE, new_ticket(), 1):
            with pytest.raises(SlotTimeout):
                async with limiter.slot(ONE, new_ticket(), 1, until=loop.time() + 0.01):
                    raise AssertionError("sent")
        async with limiter.slot(ONE, new_ticket(), 1):
            pass

    on_loop(work())


def test_waiting_is_told_of_only_where_there_is_any() -> None:
    """Who may go at once does not wait; who waits says so from the beginning to the end."""
    told: list[str] = []

    @contextmanager
    def waiting() -> Iterator[None]:
        told.append("begins")
        yield
        told.append("ends")

    async def work() -> None:
        limiter = Limiter()

        async def one() -> None:
            async with limiter.slot(ONE, new_ticket(), 1, waiting=waiting):
                await settled()

        await one()
        assert told == []
        await asyncio.gather(one(), one())

    on_loop(work())
    assert told == ["begins", "ends"]


def test_newest_limits_hold_for_those_who_wait() -> None:
    """A record of the same model with a wider limit lets those go who waited under the old one."""

    async def work() -> int:
        limiter, in_flight = Limiter(), 0
        end = asyncio.Event()

        async def one(settings: Model) -> None:
            nonlocal in_flight
            async with limiter.slot(settings, new_ticket(), 1):
                in_flight += 1
                await end.wait()

        tasks = [asyncio.create_task(one(ONE)) for _ in range(3)]
        await settled()
        assert in_flight == 1
        tasks.append(asyncio.create_task(one(Model("m", max_concurrency=4))))
        await settled()
        end.set()
        await asyncio.gather(*tasks)
        return in_flight

    assert on_loop(work()) == 4


def test_rates_pace_requests_and_tokens() -> None:
    """A minute's limit is a second's share: the first second does not get the whole minute."""

    async def passed(settings: Model, tokens: int) -> int:
        limiter, done = Limiter(), 0

        async def one() -> None:
            nonlocal done
            async with limiter.slot(settings, new_ticket(), tokens):
                done += 1

        tasks = [asyncio.create_task(one()) for _ in range(50)]
        await asyncio.wait(tasks, timeout=0.2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return done

    assert 5 <= on_loop(passed(Model("m", requests_per_minute=300), 1)) <= 30
    assert 2 <= on_loop(passed(Model("m", tokens_per_minute=12_000), 100)) <= 30
    assert on_loop(passed(FREE, 1)) == 50


def test_ten_thousand_waiters_are_cheap() -> None:
    """Ten thousand requests go through a narrow limit in little time of the processor's."""

    async def work() -> None:
        limiter, settings = Limiter(), Model("m", max_concurrency=10, requests_per_minute=10**9)

        async def one() -> None:
            async with limiter.slot(settings, new_ticket(), 100) as slot:
                await asyncio.sleep(0)
                slot.answered = True

        await asyncio.gather(*(one() for _ in range(10_000)))

    began = time.process_time()
    on_loop(work())
    # Each costs tens of microseconds; were each to look at all others, it would be minutes.
    assert time.process_time() - began < 20


def test_one_limiter_for_each_account() -> None:
    """All who name the same account share a limiter; other accounts have their own."""

    async def work() -> tuple[bool, bool]:
        first = limiter_for(("openai", "", "1"))
        return (
            limiter_for(("openai", "", "1")) is first,
            limiter_for(("openai", "http://other", "1")) is first,
        )

    assert on_loop(work()) == (True, False)
