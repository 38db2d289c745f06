from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Process, Task
from crewai.flow.flow import Flow, listen, start

import docsum_nb as ds
from docsum_nb import environment
from docsum_nb.errors import DeadlineExceeded, InputError
from tests.loopback import Loopback, Reply

LONG_S = 60.0


def crew_of(server: Loopback, *, parts: int = 3) -> Any:
    """Make the crew from the field, with an agent for each concurrent task."""
    llm = LLM(model="openai/gpt-4o-mini", base_url=server.base_url, api_key="k", max_retries=0)

    def agent(role: str) -> Any:
        return Agent(role=role, goal="g", backstory="b", llm=llm, max_retry_limit=0)

    tasks = [
        Task(
            description=f"Summarize part {i} of {{topic}}",
            expected_output="A summary.",
            agent=agent(f"summarizer {i}"),
            async_execution=True,
        )
        for i in range(parts)
    ]
    combine = Task(
        description="Combine.", expected_output="One.", agent=agent("editor"), context=tasks
    )
    agents = [task.agent for task in [*tasks, combine]]
    return Crew(agents=agents, tasks=[*tasks, combine], process=Process.sequential)


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


def test_crew_runs_in_a_running_loop_and_outside(server: Loopback) -> None:
    """A crew with asynchronous tasks completes where its own kickoff() would fail."""

    async def cell() -> Any:
        return await ds.kickoff(crew_of(server), {"topic": "whales"}, deadline=LONG_S, show=False)

    assert asyncio.run(cell()).raw == "A summary."
    result = ds.run_with_deadline(crew_of(server), LONG_S, inputs={"topic": "seals"}, show=False)
    assert result.raw == "A summary."
    assert len(server.calls) == 8
    assert sum("whales" in call.prompt for call in server.calls) >= 3


def test_providers_error_is_raised_from_a_crew(server: Loopback) -> None:
    """What the provider refused with comes out of the run, not a hang."""
    server.script = lambda call: Reply("forbidden", status=403)
    with pytest.raises(Exception, match="forbidden"):
        ds.kickoff(crew_of(server), {"topic": "x"}, deadline=LONG_S, show=False).result()


def test_crew_whose_model_hangs_ends_with_the_deadline(server: Loopback) -> None:
    """A model that never answers costs the deadline."""
    server.script = lambda call: Reply(hang=True)
    with pytest.raises(DeadlineExceeded):
        ds.run_with_deadline(crew_of(server), 3, inputs={"topic": "x"}, show=False)


def test_flow_runs_and_shows_its_own_error() -> None:
    """A flow's result comes back; its RuntimeError is not replaced by one about event loops."""
    assert ds.kickoff(TwoSteps(), deadline=LONG_S, show=False).result() == "first, second"

    async def cell() -> None:
        flow = TwoSteps()
        flow.error = RuntimeError("the flow's own")
        await ds.kickoff(flow, deadline=LONG_S, show=False)

    with pytest.raises(RuntimeError, match="the flow's own"):
        asyncio.run(cell())


def test_inputs_that_are_no_mapping_are_refused(server: Loopback) -> None:
    """Inputs of the wrong form are an InputError at the call."""
    with pytest.raises(InputError, match="mapping"):
        ds.kickoff(TwoSteps(), ["a"])  # type: ignore[arg-type]
    with pytest.raises(InputError, match="inputs="):
        ds.start(TwoSteps(), "argument")


def test_importing_crewai_left_the_users_switches_alone() -> None:
    """Switches that are set stay; the others are set before CrewAI is imported."""
    before = os.environ["CREWAI_DISABLE_TELEMETRY"]
    os.environ["CREWAI_TRACING_ENABLED"] = "mine"
    try:
        environment.prepare()
        assert os.environ["CREWAI_TRACING_ENABLED"] == "mine"
        assert os.environ["CREWAI_DISABLE_TELEMETRY"] == before
    finally:
        os.environ["CREWAI_TRACING_ENABLED"] = "false"
