"""Crews under a guard: they complete, stop, fail, and leave the user's objects as they were."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Task

import docsum_nb as ds
from docsum_nb import environment
from docsum_nb.errors import InputError, RunCancelled
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import (
    LONG_S,
    PARTS,
    AsyncFieldFlow,
    FieldFlow,
    field_crew,
    kickoff,
    llm_of,
    part_of,
    snapshot,
    until,
)
from tests.support.warm_python import warm_python


def test_shared_agent_completes_and_the_objects_stay_as_they_were(server: ScriptedServer) -> None:
    """All tasks run at once, each with its own prompt; the crew is untouched and runs again."""

    async def script(call: Call) -> Reply:
        if part_of(call) is not None:
            await until(lambda: len(server.calls) % (PARTS + 2) >= PARTS)
        return Reply(f"About {part_of(call)}.")

    server.script = script
    crew = field_crew(llm_of(server))
    before = snapshot(crew)
    for _ in range(2):
        result = kickoff(crew).result()
        assert [output.raw for output in result.tasks_output[:PARTS]] == [
            f"About {i}." for i in range(PARTS)
        ]
        assert snapshot(crew) == before
    assert len(server.calls) == 2 * (PARTS + 2)


def test_same_crew_twice_at_once_does_not_mix(server: ScriptedServer) -> None:
    """Two runs of one crew with different inputs each get their own prompts."""
    crew = field_crew(llm_of(server))
    runs = [kickoff(crew, topic) for topic in ("whales", "seals")]
    for run in runs:
        assert run.result().raw == "A summary."
    for topic in ("whales", "seals"):
        assert sum(f"of {topic}" in call.prompt for call in server.calls) >= PARTS


def test_crew_runs_in_a_running_loop_and_outside(server: ScriptedServer) -> None:
    """A crew with asynchronous tasks completes where its own kickoff() would fail."""
    crew = field_crew(llm_of(server), parts=2)

    async def cell() -> Any:
        return await kickoff(crew)

    assert asyncio.run(cell()).raw == "A summary."
    result = ds.run_with_deadline(crew, LONG_S, inputs={"topic": "seals"}, show=False)
    assert result.raw == "A summary."
    assert len(server.calls) == 8
    assert sum("of whales" in call.prompt for call in server.calls) >= 2


def test_every_kickoff_method_is_guarded_when_it_is_started(server: ScriptedServer) -> None:
    """kickoff, kickoff_async, akickoff and kickoff_for_each run the shared-agent crew."""
    crew = field_crew(llm_of(server), parts=3)
    inputs = {"topic": "whales"}
    options: dict[str, Any] = {"show": False, "deadline": LONG_S, "max_concurrency": 2}
    for method in (crew.kickoff, crew.kickoff_async, crew.akickoff):
        assert ds.start(method, inputs, **options).result().raw == "A summary."
    results = ds.start(crew.kickoff_for_each, [inputs, {"topic": "seals"}], **options).result()
    assert [result.raw for result in results] == ["A summary."] * 2
    assert len(server.calls) == 5 * 5

    async def own_code() -> str:
        first = crew.kickoff_async(inputs)
        second = crew.kickoff_async({"topic": "seals"})
        return "".join(result.raw for result in await asyncio.gather(first, second))

    assert ds.start(own_code, **options).result() == "A summary." * 2


def test_crews_outside_a_guard_are_left_alone(server: ScriptedServer) -> None:
    """Once a guard was used, a bare kickoff() still runs the user's own objects."""
    llm = llm_of(server)
    agent = Agent(role="r", goal="g", backstory="b", llm=llm)
    task = Task(description="d", expected_output="e", agent=agent)
    crew = Crew(agents=[agent], tasks=[task])
    ds.kickoff(crew, deadline=LONG_S, show=False).result()
    assert agent.agent_executor is None
    crew.kickoff()
    assert agent.agent_executor is not None


def test_cancelled_crew_makes_no_further_call(server: ScriptedServer) -> None:
    """After cancel(), tasks in flight end and nothing more is asked."""
    flying, gate = threading.Event(), threading.Event()

    async def script(call: Call) -> Reply:
        if len(server.calls) >= PARTS:
            flying.set()
        await until(gate.is_set)
        return Reply("fine")

    server.script = script
    run = kickoff(field_crew(llm_of(server)))
    assert flying.wait(LONG_S)
    run.cancel("enough")
    assert isinstance(run.exception(), RunCancelled)
    gate.set()
    threads = [t for t in threading.enumerate() if t.name.startswith("docsum_nb-work")]
    for thread in threads:
        thread.join(LONG_S)
    assert len(server.calls) == PARTS


def test_cancelled_native_kickoff_ends_as_cancelled(server: ScriptedServer) -> None:
    """akickoff() on the loop takes its cancellation, and its run says so."""
    server.script = lambda call: Reply(hang=True)
    crew = field_crew(llm_of(server), parts=2)
    run = ds.start(crew.akickoff, {"topic": "whales"}, show=False)
    while len(server.calls) < 2:
        assert not run.done
        threading.Event().wait(0.02)
    run.cancel("enough")
    assert isinstance(run.exception(), RunCancelled)
    assert run.join(LONG_S)


@pytest.mark.long
def test_script_ends_after_a_deadline_though_its_crew_hangs(server: ScriptedServer) -> None:
    """Threads that CrewAI left in a call that never returns do not keep the process."""
    script = (
        "import sys\n"
        "import docsum_nb as ds\n"
        "from tests.crew.crew_samples import *\n"
        "class Server: base_url = sys.argv[1]\n"
        "try:\n"
        "    crew = field_crew(llm_of(Server))\n"
        "    ds.run_with_deadline(crew, 2, inputs={'topic': 'x'}, show=False)\n"
        "except ds.errors.DeadlineExceeded:\n"
        "    print('deadline')\n"
    )
    server.script = lambda call: Reply(hang=True)
    done = subprocess.run(
        [*warm_python(), "-c", script, server.base_url],
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "deadline\n"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", [FieldFlow, AsyncFieldFlow])
def test_crew_in_a_flow_step_is_guarded_with_the_flow(server: ScriptedServer, kind: Any) -> None:
    """The flow completes though its crew shares an agent, and shows the crew's own error."""
    flow = kind()
    flow.crew = field_crew(llm_of(server))
    assert ds.kickoff(flow, deadline=LONG_S, show=False).result() == "A summary."

    async def script(call: Call) -> Reply:
        return Reply("no", status=403) if part_of(call) == 5 else Reply(hang=True)

    server.script = script
    flow = kind()
    flow.crew = field_crew(llm_of(server))
    error = ds.kickoff(flow, deadline=LONG_S, show=False).exception()
    assert type(error).__name__ == "PermissionDeniedError"


def test_crewais_own_events_stay_as_they_are(server: ScriptedServer) -> None:
    """A handler of the user's on the event bus sees the failed task of a guarded crew."""
    from crewai.events import crewai_event_bus
    from crewai.events.types.task_events import TaskFailedEvent

    seen: list[str] = []
    handler = crewai_event_bus.on(TaskFailedEvent)(lambda source, event: seen.append(event.error))
    try:
        server.script = lambda call: Reply("no harbor for this crew", status=403)
        kickoff(field_crew(llm_of(server), parts=1)).exception()
        crewai_event_bus.flush()
    finally:
        crewai_event_bus.off(TaskFailedEvent, handler)
    # Crews of other tests, whose threads cannot be ended, may fail meanwhile, of other refusals.
    assert sum("no harbor for this crew" in error for error in seen) == 1


def test_error_of_a_guarded_crew_prints_nothing_beside_itself(
    server: ScriptedServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """No log line and no panel of CrewAI's is in the cell that is shown the error."""
    server.script = lambda call: Reply("no", status=403)
    kickoff(field_crew(llm_of(server))).exception()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_partial_is_a_tuple_also_before_a_task_is_finished(server: ScriptedServer) -> None:
    """A crew without finished tasks has none, not None; a flow without any has no parts."""
    server.script = lambda call: Reply("no", status=403)
    run = kickoff(field_crew(llm_of(server), parts=2))
    assert run.partial == ()
    assert run.exception() is not None
    assert run.partial == ()
    run = kickoff(field_crew(llm_of(server), parts=2))
    run.cancel()
    cancelled = run.exception()
    assert isinstance(cancelled, RunCancelled)
    assert cancelled.partial == ()


def test_run_of_a_crew_is_not_in_the_ledger_and_resume_says_so(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """With and without a ledger's file, the error says what is kept and where the rest is."""
    run = kickoff(field_crew(llm_of(server), parts=1))
    run.result()
    for ledger in (tmp_path / "none", tmp_path / "some"):
        if ledger.name == "some":
            ds.summarize({"a": "A text."}, ledger=ledger, show=False).result(LONG_S)
        with pytest.raises(InputError, match=r"only runs of summarize are kept.*run\.partial") as e:
            ds.resume(run.id, ledger=ledger, show=False)
        assert "\n" not in str(e.value)


def test_inputs_that_are_no_mapping_are_refused(server: ScriptedServer) -> None:
    """Inputs of the wrong form are an InputError at the call."""
    with pytest.raises(InputError, match="mapping"):
        ds.kickoff(FieldFlow(), ["a"])  # type: ignore[call-overload]
    with pytest.raises(InputError, match="inputs="):
        ds.start(FieldFlow(), "argument")


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
