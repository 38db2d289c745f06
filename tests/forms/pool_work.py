"""What worker processes are given to do: functions that a pool can find by name."""

from __future__ import annotations

import asyncio
import os
import time

import docsum_nb as ds

__all__ = ["fails", "gives", "runs_late"]


def gives(number: int) -> tuple[int, int]:
    """Do work in both forms; returns the process and the answer."""

    async def awaited() -> int:
        return int(await ds.start(lambda: number, show=False))

    blocked = ds.start(lambda: number, show=False).result()
    return os.getpid(), blocked + asyncio.run(awaited())


def fails(number: int) -> None:
    def work() -> None:
        raise LookupError(f"no {number}")

    ds.start(work, show=False).result()


def stuck() -> None:
    time.sleep(60)


def runs_late(number: int) -> None:
    """Run into a deadline after something was finished."""
    from docsum_nb.run import Control, Run, Work, in_thread

    class Stuck(Work[None]):
        async def __call__(self, control: Control) -> None:
            await in_thread(stuck)

        def partial(self) -> tuple[str, int]:
            return ("first", number)

    Run(Stuck(), title="late", deadline=2).result()
