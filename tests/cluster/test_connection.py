from __future__ import annotations

import asyncio
from typing import Any

from distributed import Client, Scheduler

from docsum_nb.cluster.connection import Connection
from tests.support.controls import StandaloneControl


async def _cancelled(client: Any, steps: int) -> None:
    """Connect, and cancel that after some steps of the loop."""
    opening = asyncio.create_task(Connection.open(client, StandaloneControl()))
    for _ in range(steps):
        await asyncio.sleep(0)
    opening.cancel()
    try:
        connection = await opening
    except asyncio.CancelledError:
        return
    await connection.close()


async def _stopped_everywhere() -> list[str]:
    """Stop the connecting of runs at many points; return the runs' clients that are not closed."""
    async with (
        Scheduler(port=0, dashboard=False, host="127.0.0.1") as scheduler,
        Client(scheduler.address, asynchronous=True, set_as_default=False) as client,
    ):
        for power in range(11):
            await _cancelled(client, 2**power)
        queues = scheduler.extensions["queues"].queues
        while any("docsum_nb" in each for each in scheduler.clients) or queues:
            await asyncio.sleep(0.02)
        # One that was stopped before its first step has opened nothing that could be closed; it is
        # still listed if no garbage was collected meanwhile.
        clients = [
            each
            for each in Client._instances
            if "docsum_nb" in each.id and each.status != "newly-created"
        ]
        return [each.status for each in clients if each.status != "closed"]


def test_a_run_that_is_stopped_while_it_connects_leaves_nothing_with_the_scheduler() -> None:
    """Wherever it is stopped, its client is closed and its queue removed; else this hangs."""
    assert asyncio.run(_stopped_everywhere()) == []
