"""What is found in a flow's own code, and in the crews that it holds."""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from crewai.flow.flow import Flow, listen, start
from crewai.flow.persistence import persist

import docsum_nb as ds
from tests.crew.crew_samples import field_crew
from tests.doctor.doctor_samples import crew, found, llm, only, task


class Blocking(Flow[Any]):
    """A flow whose asynchronous steps block."""

    crew: Any = None

    @start()
    async def load(self) -> str:
        time.sleep(0)  # noqa: ASYNC251
        sleep(0)  # noqa: ASYNC251
        subprocess.run(["true"], check=True)  # noqa: ASYNC221
        return "whales"

    @listen(load)
    async def summarize(self, topic: str) -> Any:
        return self.crew.kickoff(inputs={"topic": topic}).raw


class Polite(Flow[Any]):
    """A flow that does the same without blocking."""

    crew: Any = None

    @start()
    async def load(self) -> str:
        await asyncio.sleep(0)
        await asyncio.to_thread(time.sleep, 0)

        def later() -> None:
            time.sleep(0)

        await asyncio.to_thread(later)
        return "whales"

    @listen(load)
    async def summarize(self, topic: str) -> Any:
        await ds.kickoff(self.crew, {"topic": topic}, show=False)
        return (await self.crew.kickoff_async(inputs={"topic": topic})).raw

    @listen(summarize)
    def report(self, text: str) -> Any:
        time.sleep(0)
        return self.crew.kickoff(inputs={"topic": text}).raw


@persist()
class Kept(Flow[Any]):
    """A flow whose state is stored."""

    @start()
    def load(self) -> str:
        return "whales"


def test_blocking_calls_in_async_steps() -> None:
    """A crew's kickoff() in an async step is a problem, what blocks a warning, each with a line."""
    findings = found(Blocking(), "flow-blocking")
    assert [(each.level, each.subject) for each in findings] == [
        ("problem", "step summarize()"),
        *[("warning", "step load()")] * 3,
    ]
    assert "await self.crew.kickoff_async(...)" in findings[0].do
    for finding, call in zip(
        findings[1:], ["time.sleep(...)", "calls sleep(...)", "subprocess.run(...)"], strict=True
    ):
        assert call in finding.seen
    lines = [int(each.seen.rpartition(" ")[2]) for each in findings[1:]]
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert "time.sleep(0)" in source[lines[0] - 1]
    assert "subprocess.run" in source[lines[2] - 1]


def test_the_problem_found_is_one() -> None:
    """The step that is called a problem really fails, without a guard."""
    flow = Blocking()
    flow.crew = crew(task())
    with pytest.raises(RuntimeError, match="kickoff_async"):
        asyncio.run(flow.kickoff_async())


def test_flow_that_does_not_block() -> None:
    """Awaited calls, calls in threads, plain steps and ds.kickoff are fine."""
    assert only(Polite(), "flow-blocking").level == "ok"


def test_crews_of_a_flow_are_examined() -> None:
    """A crew that the flow holds is examined with it."""
    flow = Polite()
    assert found(flow, "shared-agent") == ()
    flow.crew = field_crew(llm())
    assert only(flow, "shared-agent").level == "problem"


def test_persisted_state() -> None:
    """A stored state is a note."""
    assert only(Kept(), "flow-persistence").level == "note"
    assert only(Polite(), "flow-persistence").level == "ok"


def test_flow_has_no_probe() -> None:
    """A probe of a flow is refused, with what to give instead."""
    with pytest.raises(ds.errors.InputError, match="each crew that the flow kicks off"):
        ds.doctor(Polite(), probe=2)
