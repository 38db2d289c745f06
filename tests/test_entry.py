from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded, InputError

LONG_S = 60.0


def plain(number: int = 6) -> int:
    return number * 7


async def coroutine(number: int = 6) -> int:
    await asyncio.sleep(0)
    return number * 7


class Callee:
    def __call__(self, number: int = 6) -> int:
        return number * 7


class AsyncCallee:
    async def __call__(self, number: int = 6) -> int:
        return number * 7


@pytest.mark.parametrize(
    "work",
    [
        plain,
        coroutine,
        Callee(),
        AsyncCallee(),
        partial(plain, 6),
        partial(coroutine, 6),
        lambda: coroutine(),
    ],
)
def test_any_kind_of_work_can_be_started(work: Callable[[], Any]) -> None:
    """Functions, coroutine functions, callables, partials, and what makes a coroutine."""
    assert ds.start(work, show=False).result(LONG_S) == 42
    assert ds.run_with_deadline(work, LONG_S, show=False) == 42


def test_coroutine_and_arguments_are_taken() -> None:
    """A coroutine is run unchanged; arguments go to a function."""
    assert ds.start(coroutine(3), show=False).result(LONG_S) == 21
    assert ds.start(plain, 2, show=False).result(LONG_S) == 14
    assert ds.run_with_deadline(plain, LONG_S, inputs={"number": 2}, show=False) == 14


def test_works_where_a_loop_is_running() -> None:
    """In a coroutine, as in a notebook cell, a run is awaited, and blocking works as well."""

    async def cell() -> tuple[int, int]:
        awaited = await ds.start(plain, show=False)
        return awaited, ds.run_with_deadline(coroutine, LONG_S, show=False)

    assert asyncio.run(cell()) == (42, 42)


def test_context_variables_of_the_caller_are_seen() -> None:
    """Work sees the context it was started in, on the loop and in a thread."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("mine")

    async def from_loop() -> str:
        return variable.get()

    assert ds.start(from_loop, show=False).result(LONG_S) == "mine"
    assert ds.start(variable.get, show=False).result(LONG_S) == "mine"


def test_deadline_ends_a_blocking_callable_and_names_it() -> None:
    """A callable that never returns costs the deadline, in every form of waiting."""
    release = threading.Event()
    try:
        with pytest.raises(DeadlineExceeded, match=r"deadline of 0.2 s passed"):
            ds.run_with_deadline(release.wait, 0.2, show=False)
    finally:
        release.set()


def test_blocking_callables_are_as_many_as_are_started() -> None:
    """Thirty callables that wait for one another all run: no hidden pool is too small."""
    barrier = threading.Barrier(30)
    runs = [ds.start(barrier.wait, LONG_S, show=False) for _ in range(30)]
    assert sorted(run.result(LONG_S) for run in runs) == list(range(30))


def test_what_is_no_work_is_refused() -> None:
    """A number, a coroutine with arguments, a crew's inputs for a coroutine: InputError."""
    unstarted = coroutine()
    wrong: list[Callable[[], Any]] = [
        lambda: ds.start(42),
        lambda: ds.start(unstarted, 1),
        lambda: ds.run_with_deadline(unstarted, 1, inputs={"a": 1}),
        lambda: ds.kickoff(plain),
        lambda: ds.run_with_deadline(plain, None),  # type: ignore[call-overload]
    ]
    for call in wrong:
        with pytest.raises(InputError):
            call()
    unstarted.close()
