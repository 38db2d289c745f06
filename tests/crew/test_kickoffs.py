"""Flows and crews that code of a run kicks off: errors of steps, and waits that are cancelled."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from crewai.flow.flow import Flow, listen, or_, start

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, field_crew, llm_of, part_of, until

PARTS = 3


TOPIC = {"topic": "whales"}


class TwoSteps(Flow[Any]):
    """A flow of two methods, the second of which may fail."""

    error: Any = None

    @start()
    def first(self) -> str:
        return "first"

    @listen(first)
    def second(self, before: str) -> str:
        if self.error is not None:
            raise self.error
        return f"{before}, second"


def test_flow_runs_and_shows_its_own_error() -> None:
    """A flow's result comes back; its RuntimeError is not replaced by one about event loops."""
    assert ds.kickoff(TwoSteps(), deadline=LONG_S, show=False).result() == "first, second"

    async def cell() -> None:
        flow = TwoSteps()
        flow.error = RuntimeError("the flow's own")
        await ds.kickoff(flow, deadline=LONG_S, show=False)

    with pytest.raises(RuntimeError, match="the flow's own"):
        asyncio.run(cell())


class Branches(Flow[Any]):
    """Two branches at once, each of which kicks the same crew off; one of them fails."""

    crew: Any = None
    caught: Any = None
    answer: Any = None

    @start()
    def failing(self) -> None:
        try:
            self.crew.kickoff(inputs=TOPIC)
        except Exception as error:  # noqa: BLE001  # as users write it
            self.caught = error

    @start()
    async def working(self) -> None:
        self.answer = (await self.crew.kickoff_async(inputs={"topic": "seals"})).raw


def test_branch_whose_crew_fails_does_not_touch_the_one_beside_it(server: ScriptedServer) -> None:
    """One crew object kicked off twice at once, and only one kickoff of it fails."""
    flow = Branches()
    failed = threading.Event()

    async def script(call: Call) -> Reply:
        if "of whales" in call.prompt:
            return Reply("no", status=403) if part_of(call) == 1 else Reply(hang=True)
        await until(failed.is_set)
        return Reply()

    def see(event: Any) -> None:
        if isinstance(event, ds.events.ChunkFailed):
            failed.set()

    server.script = script
    flow.crew = field_crew(llm_of(server), parts=PARTS)
    run = ds.kickoff(flow, deadline=LONG_S, on_event=see, show=False)
    run.result()
    assert type(flow.caught).__name__ == "PermissionDeniedError"
    assert flow.answer == "A summary."
    assert (run.state.failed, run.state.done) == (1, PARTS + 2)


class FailingBesideBlocking(Flow[Any]):
    """A flow one step of which fails while another one blocks."""

    blocked: Any = None
    go_on: Any = None

    @start()
    def fails(self) -> None:
        self.blocked.wait(LONG_S)
        raise ValueError("the first error")

    @start()
    def blocks(self) -> None:
        self.blocked.set()
        self.go_on.wait(LONG_S)


def test_step_that_fails_is_seen_while_another_one_blocks() -> None:
    """CrewAI itself waits for the thread of the other step before it raises."""
    flow = FailingBesideBlocking()
    flow.blocked, flow.go_on = threading.Event(), threading.Event()
    try:
        error = ds.kickoff(flow, show=False, deadline=LONG_S / 2).exception()
        assert repr(error) == "ValueError('the first error')"
    finally:
        flow.go_on.set()


class Nested(Flow[Any]):
    """A flow in which one step fails while another one blocks."""

    blocked: Any = None
    go_on: Any = None
    suppress_flow_events: bool = True

    @start()
    def fails(self) -> None:
        self.blocked.wait(LONG_S)
        raise ValueError("the first error")

    @start()
    def blocks(self) -> None:
        self.blocked.set()
        self.go_on.wait(LONG_S)


@pytest.mark.parametrize("method", ["kickoff", "kickoff_async", "akickoff"])
def test_error_of_a_flow_within_another_is_raised_where_it_was_kicked_off(method: str) -> None:
    """At once, although a step beside the failed one blocks; caught there, the run goes on."""
    inner = Nested()
    inner.blocked, inner.go_on = threading.Event(), threading.Event()

    async def step() -> str:
        try:
            ended = getattr(inner, method)()
            await ended
        except ValueError as error:
            return str(error)
        return "no error"

    try:
        run = ds.start(step, deadline=LONG_S / 2, show=False)
        assert run.result() == "the first error"
    finally:
        inner.go_on.set()


class Racing(Flow[Any]):
    """Two steps race to go on with; CrewAI goes on when one of them fails."""

    @start()
    def begin(self) -> str:
        return "begun"

    @listen(begin)
    async def first(self) -> None:
        raise ValueError("lost")

    @listen(begin)
    async def second(self) -> str:
        await asyncio.sleep(0.1)
        return "won"

    @listen(or_(first, second))
    def last(self, result: str) -> str:
        return result


def test_step_that_fails_in_a_race_does_not_end_the_run() -> None:
    """CrewAI goes on with the step beside it; so does the guard, with a warning."""
    run = ds.kickoff(Racing(), deadline=LONG_S, show=False)
    assert run.result() == "won"
    assert any("'first' failed: ValueError: lost" in each for each in run.state.warnings)


DOORS = {
    "kickoff_async": lambda crew: crew.kickoff_async(inputs={"topic": "whales"}),
    "akickoff": lambda crew: crew.akickoff(inputs={"topic": "whales"}),
    "kickoff_for_each_async": lambda crew: crew.kickoff_for_each_async([{"topic": "whales"}]),
    "akickoff_for_each": lambda crew: crew.akickoff_for_each([{"topic": "whales"}]),
}


@pytest.mark.parametrize("door", DOORS)
def test_crew_whose_wait_is_cancelled_makes_no_further_call(
    server: ScriptedServer, door: str
) -> None:
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
