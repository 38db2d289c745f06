"""The same question twice at once is one request.

Whoever asks first is in flight; all others wait for it and share its answer. If it fails or is
cancelled, that is its own affair: the next one asks by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace

from docsum_nb.records import Answer

__all__ = ["share"]

_flying: dict[Hashable, asyncio.Future[Answer | None]] = {}
"""The questions that are being asked, over all runs of the process."""


async def share(question: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask, or wait for the same question that is being asked and return its answer as cached.

    A run that was stopped may have it in flight still when it is run again.
    """
    loop = asyncio.get_running_loop()
    place = (loop, question)
    while (flying := _flying.get(place)) is not None:
        await asyncio.wait([flying])
        answer = flying.result()
        if answer is not None:
            return replace(answer, cached=True)
    landed = _flying[place] = loop.create_future()
    answer = None
    try:
        answer = await ask()
        return answer
    finally:
        del _flying[place]
        landed.set_result(answer)
