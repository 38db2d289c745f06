"""What a user's own code reads in its tasks, agents and crews is there, as CrewAI documents it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.events import crewai_event_bus
from crewai.events.types.task_events import TaskCompletedEvent
from crewai.flow.flow import Flow, listen, start
from crewai.tasks.conditional_task import ConditionalTask

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, field_crew, llm_of, until
from tests.crew.delegating import delegating_crew, expert_beside_others

pytestmark = pytest.mark.filterwarnings("ignore:.*callbacks cannot be:UserWarning")
OPTIONS: dict[str, Any] = {"show": False, "deadline": LONG_S}


def three_tasks(llm: Any, **options: Any) -> Any:
    """Make a crew of two concurrent tasks, and one that builds on them."""
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
    tasks = [
        Task(
            description=f"Do {i} of {{topic}}.",
            expected_output="It.",
            agent=agent,
            async_execution=i < 2,
            **options,
        )
        for i in range(3)
    ]
    return Crew(agents=[agent], tasks=tasks)


def numbered(call: Call) -> Reply:
    """Answer with what was asked."""
    asked = next(i for i in range(3) if f"Do {i} of" in call.prompt)
    return Reply(f"Answer {asked}.")


class ReadingFlow(Flow[Any]):
    """A flow whose steps read the tasks of its crew, as CrewAI's documentation does."""

    crew: Any = None
    read: Any = None
    method: Any = "kickoff"

    @start()
    async def work(self) -> None:
        kick_off = getattr(self.crew, self.method)
        if self.method == "kickoff":
            await asyncio.to_thread(kick_off, inputs={"topic": "whales"})
        else:
            await kick_off(inputs={"topic": "whales"})

    @listen(work)
    def report(self) -> Any:
        return self.read(self.crew)


def read(crew: Any) -> Any:
    """Read what CrewAI's documentation reads after a kickoff."""
    return (
        [task.output.raw for task in crew.tasks],
        [task.execution_duration >= 0 for task in crew.tasks],
        [sorted(task.processed_by_agents) for task in crew.tasks],
        crew.usage_metrics.successful_requests,
        crew.token_usage.successful_requests,
        "Do 2 of whales." in crew.agents[0].last_messages[-1]["content"],
    )


EXPECTED = (
    ["Answer 0.", "Answer 1.", "Answer 2."],
    [True] * 3,
    [["writer"]] * 3,
    3,
    3,
    True,
)


@pytest.mark.parametrize("method", ["kickoff", "kickoff_async", "akickoff"])
def test_step_of_a_flow_reads_the_tasks_of_its_crew(server: ScriptedServer, method: str) -> None:
    """Bare, it works; guarded, it was an AttributeError after all calls were paid for."""
    server.script = numbered
    flow = ReadingFlow()
    flow.crew, flow.read, flow.method = three_tasks(llm_of(server)), read, method
    assert ds.kickoff(flow, **OPTIONS).result() == EXPECTED


@pytest.mark.parametrize("method", ["kickoff", "kickoff_async", "akickoff", "ds.kickoff"])
def test_function_reads_the_tasks_of_its_crew(server: ScriptedServer, method: str) -> None:
    """After ds.kickoff and in a function that is started, everything is in the user's objects."""
    server.script = numbered
    crew = three_tasks(llm_of(server))
    inputs = {"topic": "whales"}
    if method == "ds.kickoff":
        result = ds.kickoff(crew, inputs, **OPTIONS).result()
    else:
        result = ds.start(getattr(crew, method), inputs, **OPTIONS).result()
    assert read(crew) == EXPECTED
    assert [task.output for task in crew.tasks] == result.tasks_output
    assert [task.description for task in crew.tasks] == [f"Do {i} of {{topic}}." for i in range(3)]


def test_failed_crew_leaves_the_outputs_of_finished_tasks(server: ScriptedServer) -> None:
    """As bare: what was done before the error can be read, in the step that handles it, too."""

    async def script(call: Call) -> Reply:
        if "Do 2 of" in call.prompt:
            return Reply("no", status=403)
        return numbered(call)

    server.script = script
    crew = three_tasks(llm_of(server))
    assert ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).exception() is not None
    assert [task.output and task.output.raw for task in crew.tasks] == [
        "Answer 0.",
        "Answer 1.",
        None,
    ]
    assert crew.tasks[2].end_time is not None


@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_conditions_guardrails_and_callbacks_read_other_tasks(
    server: ScriptedServer, method: str
) -> None:
    """Through closures over the user's own tasks, while the crew is running."""
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm_of(server))
    seen: dict[str, Any] = {}

    def reads(name: str, answer: Any = None) -> Callable[..., Any]:
        def reader(output: Any) -> Any:
            seen[name] = first.output and first.output.raw, first.execution_duration is not None
            return answer

        return reader

    first = Task(
        description="Do 0 of it.",
        expected_output="e",
        agent=agent,
        async_execution=True,
        callback=reads("its own callback"),
    )
    second = Task(
        description="Do 1 of it.",
        expected_output="e",
        agent=agent,
        guardrail=lambda output: reads("guardrail", (True, output.raw))(output),
        callback=reads("callback"),
    )
    third = ConditionalTask(
        description="Do 2 of it.",
        expected_output="e",
        agent=agent,
        condition=reads("condition", answer=True),
    )
    crew = Crew(
        agents=[agent],
        tasks=[first, second, third],
        task_callback=reads("crew's callback"),
        after_kickoff_callbacks=[lambda result: reads("after kickoff", result)(result)],
    )
    server.script = numbered
    ds.start(getattr(crew, method), **OPTIONS).result()
    assert seen == dict.fromkeys(
        [
            "its own callback",
            "guardrail",
            "callback",
            "condition",
            "crew's callback",
            "after kickoff",
        ],
        ("Answer 0.", True),
    )


def test_context_of_another_crews_tasks_is_there(server: ScriptedServer) -> None:
    """A crew whose task builds on a task of a crew that was guarded before."""
    server.script = lambda call: Reply("Found." if "Look." in call.prompt else "Told.")
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm_of(server))
    look = Task(description="Look.", expected_output="e", agent=agent)
    tell = Task(description="Tell.", expected_output="e", agent=agent, context=[look])
    first, second = (Crew(agents=[agent], tasks=[task]) for task in (look, tell))

    def work() -> str:
        first.kickoff()
        return str(second.kickoff().raw)

    assert ds.start(work, **OPTIONS).result() == "Told."
    assert "Found." in server.calls[-1].prompt


def test_replaced_output_is_that_of_the_users_task(server: ScriptedServer) -> None:
    """What on_task_error puts in a failed task's place, and pydantic outputs."""
    server.script = lambda call: Reply("no", status=403)
    crew = three_tasks(llm_of(server))
    inputs = {"topic": "whales"}
    ds.kickoff(crew, inputs, on_task_error=lambda task, error: "instead", **OPTIONS).result()
    assert [task.output.raw for task in crew.tasks] == ["instead"] * 3


def test_two_runs_of_one_crew_return_their_own(server: ScriptedServer) -> None:
    """What each returns is its own; the user's tasks show the run that ended last."""
    release = threading.Event()

    async def script(call: Call) -> Reply:
        whales = "whales" in call.prompt
        await until(lambda: not whales or release.is_set())
        return Reply("whales" if whales else "seals")

    server.script = script
    crew = field_crew(llm_of(server), parts=2)
    first = ds.kickoff(crew, {"topic": "whales"}, **OPTIONS)
    second = ds.kickoff(crew, {"topic": "seals"}, **OPTIONS)
    assert [output.raw for output in second.result().tasks_output[:2]] == ["seals"] * 2
    release.set()
    assert [output.raw for output in first.result().tasks_output[:2]] == ["whales"] * 2
    assert [task.output.raw for task in crew.tasks[:2]] == ["whales"] * 2


def test_usage_of_a_crew_for_each_input_is_the_sum(server: ScriptedServer) -> None:
    """kickoff_for_each adds up what its copies took; bare counts the model's life each time."""
    crew = three_tasks(llm_of(server))
    inputs = [{"topic": "whales"}, {"topic": "seals"}]
    for method in (crew.kickoff_for_each, crew.kickoff_for_each_async, crew.akickoff_for_each):
        ds.start(method, inputs, **OPTIONS).result()
        assert crew.usage_metrics.successful_requests == 6


def test_crew_is_replayed_by_the_id_of_the_users_task(server: ScriptedServer) -> None:
    """crew.replay(task.id) of a guarded run, bare and guarded: two of three tasks are not asked."""
    server.script = numbered
    crew = three_tasks(llm_of(server))
    ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).result()
    server.calls.clear()
    server.script = lambda call: Reply("again")
    result = ds.start(crew.replay, str(crew.tasks[2].id), **OPTIONS).result()
    assert [output.raw for output in result.tasks_output] == ["Answer 0.", "Answer 1.", "again"]
    assert len(server.calls) == 1
    assert "Answer 1." in server.calls[0].prompt
    assert [task.output.raw for task in crew.tasks] == ["Answer 0.", "Answer 1.", "again"]
    assert result.token_usage.successful_requests == 1
    crew.replay(str(crew.tasks[2].id))
    assert len(server.calls) == 2


def test_replay_of_concurrent_tasks_is_guarded(server: ScriptedServer) -> None:
    """From its first task on: the tasks share an agent, which bare CrewAI refuses."""
    crew = field_crew(llm_of(server), parts=3)
    ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).result()
    server.calls.clear()
    result = ds.start(crew.replay, str(crew.tasks[0].id), **OPTIONS).result()
    assert len(result.tasks_output) == 5
    assert len(server.calls) == 5
    server.script = lambda call: Reply("no", status=403)
    failed = ds.start(crew.replay, str(crew.tasks[0].id), max_calls=9, **OPTIONS).exception()
    assert type(failed).__name__ == "PermissionDeniedError"


@pytest.mark.parametrize("inputs", [None, {"topic": "whales"}])
def test_crew_is_tested_as_without_a_guard(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str], inputs: Any
) -> None:
    """crew.test() rates every task of each iteration, with an evaluator of CrewAI's."""

    def script(call: Call) -> Reply:
        rating = "Task Execution Evaluator" in call.prompt
        return Reply(json.dumps({"quality": 9.0}) if rating else "Answer.")

    server.script = script
    crew = three_tasks(llm_of(server))
    if inputs is None:
        for task in crew.tasks:
            task.description = task.description.replace("{topic}", "whales")
    done = ds.start(crew.test, 2, llm_of(server), inputs, **OPTIONS).result()
    assert done is None
    assert len(server.calls) == 12
    printed = capsys.readouterr().out
    assert "Tasks Scores" in printed
    assert printed.count("9.0") >= 9


def test_expert_that_was_delegated_to_has_its_last_messages(server: ScriptedServer) -> None:
    """What a coworker did last is in the user's agent, as bare."""
    server.script = expert_beside_others(2)
    crew = delegating_crew(llm_of(server), parts=2)
    ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).result()
    assert "Do part" in crew.agents[1].last_messages[-1]["content"]
    assert [task.delegations for task in crew.tasks] == [1, 1, 0]
    assert [sorted(task.processed_by_agents) for task in crew.tasks[:2]] == [["expert", "lead"]] * 2


def test_listener_of_the_user_is_told_the_ids_of_the_users_tasks(server: ScriptedServer) -> None:
    """Events of a guarded crew name the user's own tasks."""
    crew = three_tasks(llm_of(server))
    seen: list[Any] = []

    def see(source: Any, event: Any) -> None:
        seen.append(event.task.id)

    crewai_event_bus.on(TaskCompletedEvent)(see)
    try:
        ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).result()
        crewai_event_bus.flush()
    finally:
        crewai_event_bus.off(TaskCompletedEvent, see)
    assert set(seen) == {task.id for task in crew.tasks}


def test_streaming_crew_leaves_its_outputs(server: ScriptedServer) -> None:
    """The outputs come at the end of the stream; the user's model does not stream afterwards."""
    server.script = numbered
    crew = three_tasks(llm_of(server))
    crew.stream = True
    ds.kickoff(crew, {"topic": "whales"}, **OPTIONS).result()
    assert [task.output.raw for task in crew.tasks] == ["Answer 0.", "Answer 1.", "Answer 2."]
    assert crew.usage_metrics.successful_requests == 3
    assert not crew.agents[0].llm.stream


def test_output_files_and_pydantic_outputs_are_in_the_users_tasks(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A structured output is read as bare."""
    from pydantic import BaseModel

    class Found(BaseModel):
        title: str

    monkeypatch.chdir(tmp_path)
    server.script = lambda call: Reply('{"title": "Moby Dick"}')
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm_of(server))
    task = Task(
        description="d", expected_output="e", agent=agent, output_pydantic=Found, output_file="o.md"
    )
    ds.kickoff(Crew(agents=[agent], tasks=[task]), **OPTIONS).result()
    assert task.output is not None
    assert task.output.pydantic == Found(title="Moby Dick")
    assert "Moby Dick" in (tmp_path / "o.md").read_text()
