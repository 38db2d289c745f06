"""One flow object has one state: it runs once at a time, and again when that run is done."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crewai.flow.flow import Flow, FlowState, listen, start
from crewai.flow.persistence import persist
from crewai.flow.persistence.sqlite import SQLiteFlowPersistence
from pydantic import Field

import docsum_nb as ds
from docsum_nb.errors import InputError, RunCancelled
from docsum_nb.testing import ScriptedServer
from tests.crew.crew_samples import LONG_S, field_crew, llm_of

OPTIONS: dict[str, Any] = {"show": False, "deadline": LONG_S}


class State(FlowState):
    """What the flow works on."""

    topic: str = ""
    seen: list[str] = Field(default_factory=list)


class TopicFlow(Flow[State]):
    """Returns its topic once it may go on; sets an event when it has started."""

    began: Any = None
    go_on: Any = None

    @start()
    def first(self) -> None:
        self.state.seen.append(self.state.topic)
        if self.began is not None:
            self.began.set()
            assert self.go_on.wait(LONG_S)

    @listen(first)
    def second(self) -> str:
        return f"about {self.state.topic}"


class AsyncTopicFlow(Flow[State]):
    """The same with asynchronous steps."""

    began: Any = None
    go_on: Any = None

    @start()
    async def first(self) -> None:
        if self.began is not None:
            self.began.set()
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)

    @listen(first)
    async def second(self) -> str:
        return f"about {self.state.topic}"


KICKOFFS: dict[str, Callable[..., Any]] = {
    "ds.kickoff": lambda flow, inputs: ds.kickoff(flow, inputs, **OPTIONS),
    "kickoff": lambda flow, inputs: ds.start(flow.kickoff, inputs, **OPTIONS),
    "kickoff_async": lambda flow, inputs: ds.start(flow.kickoff_async, inputs, **OPTIONS),
    "akickoff": lambda flow, inputs: ds.start(flow.akickoff, inputs, **OPTIONS),
    "in a function": lambda flow, inputs: ds.start(lambda: flow.kickoff(inputs=inputs), **OPTIONS),
}


@pytest.mark.parametrize("kind", [TopicFlow, AsyncTopicFlow])
@pytest.mark.parametrize("way", KICKOFFS)
def test_flow_that_is_running_is_refused_and_then_runs_again(way: str, kind: Any) -> None:
    """Bare, both runs answer with the second's inputs."""
    flow = kind()
    flow.began, flow.go_on = threading.Event(), threading.Event()
    first = KICKOFFS[way](flow, {"topic": "whales"})
    assert flow.began.wait(LONG_S)
    error = KICKOFFS[way](flow, {"topic": "seals"}).exception()
    assert isinstance(error, InputError)
    assert f"this {kind.__name__} is running already" in str(error)
    assert "\n" not in str(error)
    flow.go_on.set()
    assert first.result() == "about whales"
    assert flow.state.topic == "whales"
    assert KICKOFFS[way](flow, {"topic": "seals"}).result() == "about seals"


def test_two_objects_of_one_flow_run_at_once() -> None:
    """What the error suggests works."""
    flows = [TopicFlow(), TopicFlow()]
    for flow in flows:
        flow.began, flow.go_on = threading.Event(), threading.Event()
    runs = [ds.kickoff(flow, {"topic": str(i)}, **OPTIONS) for i, flow in enumerate(flows)]
    for flow in flows:
        assert flow.began.wait(LONG_S)
        flow.go_on.set()
    assert [run.result() for run in runs] == ["about 0", "about 1"]


def test_flow_that_failed_or_was_cancelled_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once its steps have ended, for any reason."""
    monkeypatch.setattr("docsum_nb.crew.executions._ENDING_S", 0.5)
    flow = TopicFlow()
    flow.began, flow.go_on = threading.Event(), threading.Event()
    run = ds.kickoff(flow, {"topic": "whales"}, **OPTIONS)
    assert flow.began.wait(LONG_S)
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    # Its step is still waiting, and would go on with the state of the next run.
    assert isinstance(ds.kickoff(flow, **OPTIONS).exception(), InputError)
    monkeypatch.undo()
    flow.go_on.set()
    give_up = time.monotonic() + LONG_S
    while isinstance(ds.kickoff(flow, {"topic": "seals"}, **OPTIONS).exception(), InputError):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert flow.state.topic == "seals"


@pytest.mark.parametrize("way", KICKOFFS)
def test_cancelled_flow_whose_steps_can_be_cancelled_runs_again_at_once(way: str) -> None:
    """An asynchronous step that would never end is ended with its run."""
    flow = AsyncTopicFlow()
    flow.began, flow.go_on = threading.Event(), threading.Event()
    run = KICKOFFS[way](flow, {"topic": "whales"})
    assert flow.began.wait(LONG_S)
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    flow.began = None
    assert KICKOFFS[way](flow, {"topic": "seals"}).result() == "about seals"


class Outer(Flow[Any]):
    """A flow that runs another one, and a crew, at each step."""

    inner: Any = None
    crew: Any = None

    @start()
    async def first(self) -> Any:
        return await self.inner.kickoff_async(inputs={"topic": "whales"})

    @listen(first)
    def second(self, before: str) -> Any:
        return f"{before}, {self.inner.kickoff(inputs={'topic': 'seals'})}"

    @listen(second)
    def third(self, before: str) -> Any:
        return f"{before}: {self.crew.kickoff(inputs={'topic': 'whales'}).raw}"


@pytest.mark.parametrize("kind", [TopicFlow, AsyncTopicFlow])
def test_nested_flow_runs_at_each_step(server: ScriptedServer, kind: Any) -> None:
    """The same inner object one time after another, in both kinds of steps."""
    outer = Outer()
    outer.inner, outer.crew = kind(), field_crew(llm_of(server), parts=2)
    expected = "about whales, about seals: A summary."
    assert ds.kickoff(outer, **OPTIONS).result() == expected
    assert ds.start(outer.kickoff_async, **OPTIONS).result() == expected


class Again(Flow[State]):
    """A flow that kicks itself off again, which CrewAI allows."""

    @start()
    async def only(self) -> str:
        if self.state.topic != "inner":
            return f"outer {await self.kickoff_async(inputs={'topic': 'inner'})}"
        return "inner"


def test_flow_may_kick_itself_off() -> None:
    """Inside its own run this is no second run at once."""
    assert ds.kickoff(Again(), {"topic": "x"}, **OPTIONS).result() in ("outer inner", "inner")


def test_persisted_flow_goes_on_with_its_state(tmp_path: Path) -> None:
    """@persist under the guard: another object takes the state up by its id."""
    store = SQLiteFlowPersistence(str(tmp_path / "flow.db"))

    @persist(store)
    class Counting(Flow[State]):
        @start()
        def count(self) -> int:
            self.state.seen.append("once")
            return len(self.state.seen)

    flow = Counting()
    assert ds.kickoff(flow, **OPTIONS).result() == 1
    assert ds.kickoff(Counting(), {"id": flow.state.id}, **OPTIONS).result() == 2
    assert ds.start(Counting().kickoff_async, {"id": flow.state.id}, **OPTIONS).result() == 3


def test_streaming_flow_that_is_running_is_refused() -> None:
    """A stream of a flow is a run of it as well."""
    flow = TopicFlow(stream=True)
    flow.began, flow.go_on = threading.Event(), threading.Event()
    first = ds.kickoff(flow, {"topic": "whales"}, **OPTIONS)
    assert flow.began.wait(LONG_S)
    assert isinstance(ds.kickoff(flow, {"topic": "seals"}, **OPTIONS).exception(), InputError)
    flow.go_on.set()
    assert first.result() == "about whales"
