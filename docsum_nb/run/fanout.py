"""Many pieces of work at once, a bounded number at a time.

Results come in input order. The first error is published at once and nothing new is started; what
is in flight may still land until the run's settle time is over, then it is cancelled. When this
returns or raises, nothing it started runs any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from docsum_nb.errors import RunError, WorkExited
from docsum_nb.run.work import Control

__all__ = ["Failed", "fan_out"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Failed(Generic[T]):
    """A piece of work that failed, in place of its result."""

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
    """Apply ``work`` to every item, at most ``limit`` at a time, started in input order.

    Args:
        work: Awaited once for each item.
        items: What to work on.
        limit: How many may run at once; at least 1.
        control: The run this belongs to.
        keep_failures: Go on after an error, with a ``Failed`` in place of the result.

    Returns:
        One result for each item, in input order.

    Raises:
        Stopping: if the run was stopped, by the first error of ``work`` or otherwise.
    """
    fan = _FanOut(work, items, control, keep_failures=keep_failures)
    await fan.run(min(max(limit, 1), len(items)))
    control.check()
    return [fan.results[index] for index in range(len(items))]


class _FanOut(Generic[T, R]):
    """The workers of one call, which take the items in turn."""

    def __init__(
        self,
        work: Callable[[T], Awaitable[R]],
        items: Sequence[T],
        control: Control,
        *,
        keep_failures: bool,
    ) -> None:
        self.results: dict[int, R | Failed[T]] = {}
        """By index; complete unless the run was stopped."""
        self._work = work
        self._waiting = iter(enumerate(items))
        self._control = control
        self._keep_failures = keep_failures

    async def run(self, workers: int) -> None:
        """Run the workers to their end, or to the first error and the end of what is in flight."""
        tasks = [asyncio.create_task(self._serve()) for _ in range(workers)]
        if not tasks:
            return
        try:
            done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                error = task.exception()
                if error is not None:
                    self._control.fail(error)
            if running:
                await asyncio.wait(running)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self) -> None:
        for index, item in self._waiting:
            if self._control.stopped_by() is not None:
                return
            self.results[index] = await self._result_of(item)

    async def _result_of(self, item: T) -> R | Failed[T]:
        try:
            return await self._uncancelled(item)
        except Exception as error:
            # The run's own error, such as a bound that is reached, is not that of one piece.
            final = isinstance(error, RunError) and not isinstance(error, WorkExited)
            if final or not self._keep_failures or self._control.stopped_by() is not None:
                # At once: workers that end at this moment must start nothing new.
                self._control.fail(error)
                raise
            return Failed(item, error)

    async def _uncancelled(self, item: T) -> R:
        """Await the work; raise ``WorkExited`` for a cancellation that the run did not cause."""
        try:
            return await self._work(item)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise WorkExited("a call was cancelled from within, not by the run") from error
        except (KeyboardInterrupt, SystemExit) as error:
            raise WorkExited(f"a call raised {error!r}") from error
