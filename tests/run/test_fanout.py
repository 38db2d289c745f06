from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.errors import WorkExited
from docsum_nb.run import Control, Failed, Run, fan_out
from tests.run.run_samples import LONG_S, run_with_control


def fanned(work: Any, items: Sequence[Any], **options: Any) -> Run[list[Any]]:
    async def body(control: Control) -> list[Any]:
        return await fan_out(work, items, control=control, **{"limit": 4, **options})

    return run_with_control(body, settle_s=LONG_S)


@given(st.permutations(range(6)))
def test_results_keep_input_order_whatever_ends_first(order: list[int]) -> None:
    """Pieces that end in any order give their results in input order."""
    events: dict[int, asyncio.Event] = {}

    async def work(item: int) -> int:
        events.setdefault(item, asyncio.Event())
        place = order.index(item)
        if place:
            await events.setdefault(order[place - 1], asyncio.Event()).wait()
        events[item].set()
        return item * 10

    assert fanned(work, range(6), limit=6).result(LONG_S) == [0, 10, 20, 30, 40, 50]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_no_more_run_at_once_than_the_limit(limit: int) -> None:
    """The bound holds and is used."""
    running, most = 0, 0

    async def work(item: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    fanned(work, range(20), limit=limit).result(LONG_S)
    assert most == min(limit, 20)


def test_first_error_is_seen_at_once_and_nothing_is_begun_after_it() -> None:
    """The error does not wait for a sibling; the sibling lands; no further piece begins."""
    begun: list[int] = []
    gate = asyncio.Event()

    async def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            await gate.wait()
        if item == 1:
            raise PermissionError("403")

    run = fanned(work, range(10), limit=2)
    with pytest.raises(PermissionError, match="403"):
        run.result(LONG_S)
    assert begun == [0, 1]
    assert not run.join(0.0)
    run._execution.loop.loop.call_soon_threadsafe(gate.set)
    assert run.join(LONG_S)
    assert begun == [0, 1]


def test_kept_failures_stand_in_the_results_place() -> None:
    """With failures kept, every other piece is finished and each failure is where it belongs."""

    async def work(item: int) -> int:
        if item % 3 == 0:
            raise ValueError(item)
        return item

    results = fanned(work, range(7), keep_failures=True).result(LONG_S)
    assert [r if isinstance(r, int) else r.item for r in results] == list(range(7))
    assert [r.item for r in results if isinstance(r, Failed)] == [0, 3, 6]


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1), KeyboardInterrupt()])
def test_a_piece_that_cancels_itself_is_an_error_not_a_hang(error: BaseException) -> None:
    """What would silently end a worker is raised as WorkExited."""

    async def work(item: int) -> None:
        if item == 2:
            raise error

    with pytest.raises(WorkExited):
        fanned(work, range(5)).result(LONG_S)


def test_nothing_to_do_is_done() -> None:
    """No items give no results."""

    async def work(item: int) -> int:
        return item

    assert fanned(work, []).result(LONG_S) == []
