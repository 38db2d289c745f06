"""What the tests of runs share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from docsum_nb.run import Control, FunctionWork, Run

LONG_S = 60.0


def run_of(work: Callable[[], Awaitable[Any]], **options: Any) -> Run[Any]:
    return run_with_control(lambda control: work(), **options)


def run_with_control(work: Callable[[Control], Awaitable[Any]], **options: Any) -> Run[Any]:
    return Run(FunctionWork(work), title="test", **options)


async def forever() -> None:
    await asyncio.Event().wait()
