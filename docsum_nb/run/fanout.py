"""Many pieces of work at once, a bounded number at a time.

Results come in input order. The first error is published at once and nothing new is started; what
is in flight may still land until the run's settle time is over, then it is cancelled. When this
returns or raises, nothing it started runs any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from docsum_nb.errors import RunError, WorkExited
from docsum_nb.run.control import Control

__all__ = ["Failed", "fan_out"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Failed(Generic[T]):
    """A piece of work that failed, where failures are kept."""

    item: T
    error: Exception


async def fan_out(
    work: Callable[[T], Awaitable[R]],
    items: Sequence[T],
    *,
    limit: int,
    control: Control,
    keep_failures: bool = False,
) -> list[R | Failed[T]]:
    """Apply ``work`` to every item, at most ``limit`` at a time, begun in input order.

    Args:
        work: Awaited once for each item.
        items: What to work on.
        limit: How many may run at once; at least 1.
        control: The run this belongs to.
        keep_failures: Go on after an error, with a ``Failed`` in the result's place.

    Returns:
        One result for each item, in input order.

    Raises:
        Stopping: if the run was stopped, by the first error of ``work`` or otherwise.
    """
    results: dict[int, R | Failed[T]] = {}
    waiting = iter(enumerate(items))

    async def one(index: int, item: T) -> None:
        try:
            results[index] = await _uncancelled(work, item)
        except Exception as error:
            # A bound of the run's, unlike a failure, is not one piece's own affair.
            final = isinstance(error, RunError) and not isinstance(error, WorkExited)
            if final or not keep_failures or control.stopped_by() is not None:
                # At once: workers that end at this moment must begin nothing new.
                control.fail(error)
                raise
            results[index] = Failed(item, error)

    workers = [
        asyncio.create_task(_drain(waiting, one, control))
        for _ in range(min(max(limit, 1), len(items)))
    ]
    await _all_or_first_error(workers, control)
    control.check()
    return [results[index] for index in range(len(items))]


async def _drain(
    waiting: Iterator[tuple[int, T]],
    one: Callable[[int, T], Awaitable[None]],
    control: Control,
) -> None:
    for index, item in waiting:
        if control.stopped_by() is not None:
            return
        await one(index, item)


async def _uncancelled(work: Callable[[T], Awaitable[R]], item: T) -> R:
    """Turn a CancelledError that nobody asked for into an error that is seen."""
    try:
        return await work(item)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise WorkExited("a call was cancelled from within, not by the run") from error
    except (KeyboardInterrupt, SystemExit) as error:
        raise WorkExited(f"a call raised {error!r}") from error


async def _all_or_first_error(workers: list[asyncio.Task[None]], control: Control) -> None:
    if not workers:
        return
    try:
        done, running = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        for worker in done:
            error = worker.exception()
            if error is not None:
                control.fail(error)
        if running:
            await asyncio.wait(running)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
