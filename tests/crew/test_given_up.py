"""Crews that the user's code waits for no more: they begin nothing more, and nobody pays for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import docsum_nb as ds
from tests.crew.crew_samples import LONG_S, field_crew, llm_of, until
from tests.loopback import Call, Loopback, Reply

DOORS = {
    "kickoff_async": lambda crew: crew.kickoff_async(inputs={"topic": "whales"}),
    "akickoff": lambda crew: crew.akickoff(inputs={"topic": "whales"}),
    "kickoff_for_each_async": lambda crew: crew.kickoff_for_each_async([{"topic": "whales"}]),
    "akickoff_for_each": lambda crew: crew.akickoff_for_each([{"topic": "whales"}]),
}


@pytest.mark.parametrize("door", DOORS)
def test_crew_whose_wait_is_cancelled_makes_no_further_call(server: Loopback, door: str) -> None:
    """As by asyncio.wait_for: a call in flight may end, and the code goes on without the crew."""
    given_up = asyncio.Event()

    async def script(call: Call) -> Reply:
        if "whales" in call.prompt:
            await until(given_up.is_set)
        return Reply()

    async def work() -> Any:
        waiting = asyncio.ensure_future(DOORS[door](crew))
        await until(lambda: bool(server.calls))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        given_up.set()
        # What was in flight ends meanwhile, and what would follow it would be made.
        return (await crew.akickoff(inputs={"topic": "seals"})).raw

    server.script = script
    crew = field_crew(llm_of(server), parts=1)
    run = ds.start(work, deadline=LONG_S, show=False)
    assert run.result() == "A summary."
    assert run.join(LONG_S)
    # Part, combine and evaluate of the seals; of the whales, the call that was in flight.
    about_whales = [call for call in server.calls if "of whales" in call.prompt]
    assert len(about_whales) == 1
    assert len(server.calls) == 1 + 3
