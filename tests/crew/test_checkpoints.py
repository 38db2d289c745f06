"""Crews and flows that go on from a checkpoint of CrewAI's: they pay for what is missing only."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.events.event_bus import crewai_event_bus
from crewai.flow.flow import Flow, listen, start
from crewai.state.checkpoint_config import CheckpointConfig

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, llm_of

ALL = ["Answer 0.", "Answer 1.", "The third."]
OPTIONS: dict[str, Any] = {"show": False, "deadline": LONG_S}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """CrewAI stores no key in a checkpoint, and asks the environment for it."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")


@pytest.fixture(autouse=True)
def own_context() -> Any:
    """CrewAI keeps crews, and what it has restored, in the context of all that runs later."""
    crewai_event_bus.reset_runtime_state()
    yield
    crewai_event_bus.reset_runtime_state()


def crew_of(server: ScriptedServer, folder: Path, **options: Any) -> Any:
    """Make a crew of three tasks, one after another, that writes checkpoints."""
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm_of(server))
    tasks = [
        Task(description=f"Do {i}.", expected_output="It.", agent=agent, **options)
        for i in range(3)
    ]
    return Crew(agents=[agent], tasks=tasks, checkpoint=written_to(folder))


def written_to(folder: Path) -> CheckpointConfig:
    """Return a configuration that writes one of a crew that has failed, too.

    CrewAI writes in threads of its own, and loses what it writes while other events come.
    """
    on_events: Any = ["task_completed", "crew_kickoff_failed"]
    return CheckpointConfig(location=str(folder), on_events=on_events)


def refuse_the_last(call: Call) -> Reply:
    """Refuse the third task."""
    return Reply("no", status=403) if "Do 2." in call.prompt else Reply(f"Answer {call.number}.")


def newest(folder: Path, trigger: str = "crew_kickoff_failed") -> CheckpointConfig:
    """Return how to go on from the checkpoint that was written when something failed."""
    give_up = time.monotonic() + LONG_S
    while True:
        crewai_event_bus.flush()
        for file in folder.rglob("*.json"):
            if f'"trigger": "{trigger}"' in file.read_text():
                return CheckpointConfig(restore_from=file, location=str(folder / "more"))
        assert time.monotonic() < give_up, list(folder.rglob("*"))
        time.sleep(0.05)


def interrupted(server: ScriptedServer, folder: Path, method: str = "kickoff") -> Any:
    """Return a guarded crew the third task of which was refused."""
    server.script = refuse_the_last
    crew = crew_of(server, folder)
    run = ds.start(getattr(crew, method), **OPTIONS)
    assert type(run.exception()).__name__ == "PermissionDeniedError"
    assert len(server.calls) == 3
    server.calls.clear()
    server.script = lambda call: Reply("The third.")
    return crew


def restored(crew: Any, config: CheckpointConfig) -> Any:
    return type(crew).from_checkpoint(config)


WAYS: dict[str, Callable[[Any, CheckpointConfig], Any]] = {
    "bare kickoff": lambda crew, config: crew.kickoff(from_checkpoint=config),
    "kickoff": lambda crew, config: ds.kickoff(crew, from_checkpoint=config, **OPTIONS).result(),
    "start kickoff": lambda crew, config: ds.start(
        partial(crew.kickoff, from_checkpoint=config), **OPTIONS
    ).result(),
    "start kickoff_async": lambda crew, config: ds.start(
        partial(crew.kickoff_async, from_checkpoint=config), **OPTIONS
    ).result(),
    "start akickoff": lambda crew, config: ds.start(
        partial(crew.akickoff, from_checkpoint=config), **OPTIONS
    ).result(),
    "from_checkpoint": lambda crew, config: ds.kickoff(restored(crew, config), **OPTIONS).result(),
    "from_checkpoint, akickoff": lambda crew, config: ds.start(
        restored(crew, config).akickoff, **OPTIONS
    ).result(),
    "fork": lambda crew, config: ds.kickoff(type(crew).fork(config), **OPTIONS).result(),
}


@pytest.mark.parametrize("way", WAYS)
def test_restored_crew_pays_for_what_is_missing(
    server: ScriptedServer, tmp_path: Path, way: str
) -> None:
    """By each kickoff, two of three tasks are taken from the checkpoint of a guarded run."""
    crew = interrupted(server, tmp_path)
    config = newest(tmp_path)
    result = contextvars.copy_context().run(WAYS[way], crew, config)
    assert [output.raw for output in result.tasks_output] == [
        "Answer 0.",
        "Answer 1.",
        "The third.",
    ]
    assert len(server.calls) == 1
    assert "Answer 1." in server.calls[0].prompt


def test_checkpoint_of_an_asynchronous_kickoff_is_restored(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The same for a crew that was kicked off by akickoff."""
    crew = interrupted(server, tmp_path, "akickoff")
    config = newest(tmp_path)
    run = ds.kickoff(crew, from_checkpoint=config, **OPTIONS)
    assert run.result().raw == "The third."
    assert len(server.calls) == 1


def test_restored_crew_is_that_of_the_user(server: ScriptedServer, tmp_path: Path) -> None:
    """Tasks and agents in a checkpoint of a guarded run have the ids of the user's."""
    crew = interrupted(server, tmp_path)
    again = contextvars.copy_context().run(restored, crew, newest(tmp_path))
    assert [task.id for task in again.tasks] == [task.id for task in crew.tasks]
    assert [agent.id for agent in again.agents] == [agent.id for agent in crew.agents]
    assert ds.kickoff(again, **OPTIONS).result().raw == "The third."
    assert [task.output.raw for task in again.tasks] == ALL


def test_crew_that_writes_checkpoints_runs_again_from_the_start(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The user's own object is not restored; bare, the second kickoff answers with the first's."""
    crew = crew_of(server, tmp_path)
    for _ in range(2):
        ds.kickoff(crew, **OPTIONS).result()
    assert len(server.calls) == 6


def test_concurrent_tasks_are_restored(server: ScriptedServer, tmp_path: Path) -> None:
    """Of concurrent tasks, those are asked again that the checkpoint does not have."""
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm_of(server))
    parts = [
        Task(description=f"Do {i}.", expected_output="It.", agent=agent, async_execution=True)
        for i in range(2)
    ]
    last = Task(description="Do 2.", expected_output="It.", agent=agent, context=parts)
    crew = Crew(agents=[agent], tasks=[*parts, last], checkpoint=written_to(tmp_path))
    server.script = refuse_the_last
    assert ds.kickoff(crew, **OPTIONS).exception() is not None
    server.calls.clear()
    server.script = lambda call: Reply("Now.")
    again = contextvars.copy_context().run(restored, crew, newest(tmp_path))
    assert ds.kickoff(again, **OPTIONS).result().raw == "Now."
    assert len(server.calls) == 1


class TwoSteps(Flow[Any]):
    """A flow the second step of which kicks a crew off."""

    @start()
    def first(self) -> str:
        steps.append("first")
        return "first"

    @listen(first)
    def second(self, before: str) -> str:
        steps.append("second")
        if len(steps) == 2:
            raise ValueError("not yet")
        return f"{before}, second"


steps: list[str] = []


def test_restored_flow_repeats_no_step(tmp_path: Path) -> None:
    """A flow's checkpoint, written by a guarded run, is gone on from by a guarded run."""
    steps.clear()
    on_events: Any = ["method_execution_failed"]
    flow = TwoSteps(checkpoint=CheckpointConfig(location=str(tmp_path), on_events=on_events))
    assert isinstance(ds.kickoff(flow, **OPTIONS).exception(), ValueError)
    config = newest(tmp_path, "method_execution_failed")
    assert ds.kickoff(TwoSteps(), from_checkpoint=config, **OPTIONS).result() == "first, second"
    assert steps == ["first", "second", "second"]
