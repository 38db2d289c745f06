"""The crew from the field: many asynchronous tasks on one shared agent, then combine, evaluate."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, DeadlineExceeded, RunCancelled, WorkExited
from tests.crew.crew_samples import (
    LONG_S,
    PARTS,
    AsyncFieldFlow,
    FieldFlow,
    ScriptedLLM,
    field_crew,
    kickoff,
    llm_of,
    part_of,
    snapshot,
    until,
)
from tests.loopback import Call, Loopback, Reply


def test_shared_agent_completes_and_the_objects_stay_as_they_were(server: Loopback) -> None:
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


def test_same_crew_twice_at_once_does_not_mix(server: Loopback) -> None:
    """Two runs of one crew with different inputs each get their own prompts."""
    crew = field_crew(llm_of(server))
    runs = [kickoff(crew, topic) for topic in ("whales", "seals")]
    for run in runs:
        assert run.result().raw == "A summary."
    for topic in ("whales", "seals"):
        assert sum(f"of {topic}" in call.prompt for call in server.calls) >= PARTS


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply("no", status=401), "AuthenticationError"),
        (Reply("no", status=403), "PermissionDeniedError"),
        (Reply("no", status=500), "InternalServerError"),
        (Reply(cut=True), "ConnectionError"),
        (Reply(hang=True), "ConnectionError"),
    ],
)
def test_providers_error_arrives_at_once_whichever_task_comes_first(
    server: Loopback, reply: Reply, kind: str
) -> None:
    """Task 5 fails while task 0 is never answered: its own error, and no request after it."""

    async def script(call: Call) -> Reply:
        await until(lambda: len(server.calls) >= PARTS)
        return reply if part_of(call) == 5 else Reply(hang=True)

    server.script = script
    timeout = 1.0 if reply.hang else None
    run = kickoff(field_crew(llm_of(server, timeout=timeout)))
    error = run.exception()
    assert type(error).__name__ == kind, repr(error)
    assert not isinstance(error, DeadlineExceeded)
    assert any("agent 'summarizer'" in note for note in error.__notes__)
    assert len(server.calls) == PARTS
    assert run.state.failed >= 1


def test_too_many_requests_are_tried_again_in_one_layer_only(server: Loopback) -> None:
    """A 429 on a task costs no more than CrewAI's own three tries, not twenty-seven."""
    server.script = lambda call: Reply("slow down", status=429, headers={"retry-after": "0"})
    error = kickoff(field_crew(llm_of(server), parts=1)).exception()
    assert type(error).__name__ == "RateLimitError"
    assert len(server.calls) <= 3


@pytest.mark.parametrize(
    "raised", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()]
)
def test_what_leaves_crewai_waiting_for_ever_is_an_error(raised: BaseException) -> None:
    """A BaseException in an asynchronous task ends the run, where bare CrewAI hangs."""

    def answer(prompt: str) -> str:
        if "part 2" in prompt:
            raise raised
        return "fine"

    crew = field_crew(ScriptedLLM(model="scripted", answer=answer), parts=4)
    error = kickoff(crew).exception()
    assert isinstance(error, WorkExited)
    assert "part 2" in str(error)


def test_deadline_names_task_agent_and_place() -> None:
    """Blocking code in a task costs the deadline; the error says which task, agent and line."""
    release = threading.Event()

    def answer(prompt: str) -> str:
        release.wait(LONG_S)
        return "late"

    crew = field_crew(ScriptedLLM(model="scripted", answer=answer), parts=1)
    try:
        run = kickoff(crew, deadline=2.0)
        with pytest.raises(DeadlineExceeded) as caught:
            run.result()
    finally:
        release.set()
    assert re.search(
        r"task 'part 0' of agent 'summarizer', in \S*answer\(\) in test_guarded_crew.py, line \d+",
        str(caught.value),
    )
    assert (caught.value.task, caught.value.agent) == ("part 0", "summarizer")
    assert caught.value.run_id == run.id


def test_cancelled_crew_makes_no_further_call(server: Loopback) -> None:
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


def test_failed_task_can_be_replaced_and_the_crew_goes_on(server: Loopback) -> None:
    """What on_task_error returns takes the place of the output, and is combined."""
    seen: list[tuple[str, str]] = []

    def replace(task: Any, error: BaseException) -> str | None:
        seen.append((task.name, type(error).__name__))
        return "REPLACED"

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if part_of(call) == 3 else Reply("fine")

    server.script = script
    result = kickoff(field_crew(llm_of(server)), on_task_error=replace).result()
    assert seen == [("part 3", "PermissionDeniedError")]
    assert result.tasks_output[3].raw == "REPLACED"
    assert any("REPLACED" in call.prompt for call in server.calls)


def test_skip_and_collect(server: Loopback) -> None:
    """Skipping goes on with a line in the gap; collecting raises all before combining."""

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if part_of(call) in (1, 2) else Reply("fine")

    server.script = script
    skipping = kickoff(field_crew(llm_of(server)), on_error="skip")
    assert "missing" in skipping.result().tasks_output[1].raw
    assert len(skipping.state.warnings) == 2
    made = len(server.calls)
    with pytest.raises(ExceptionGroup) as caught:
        kickoff(field_crew(llm_of(server)), on_error="collect").result()
    assert [type(error).__name__ for error in caught.value.exceptions] == [
        "PermissionDeniedError"
    ] * 2
    assert len(server.calls) == made + PARTS


def test_bounds_hold_before_the_call_that_would_exceed_them(server: Loopback) -> None:
    """No more tasks run at once, and no more calls are made, than allowed."""
    server.script = lambda call: Reply(delay=0.05)
    kickoff(field_crew(llm_of(server)), max_concurrency=3).result()
    assert server.most_in_flight <= 3
    made = len(server.calls)
    run = kickoff(field_crew(llm_of(server)), max_calls=5, max_concurrency=1)
    error = run.exception()
    assert isinstance(error, BudgetExceeded)
    assert len(run.partial) == len(error.partial) == 5
    assert len(server.calls) - made <= 5


def test_hierarchical_process_is_guarded_too(server: Loopback) -> None:
    """A crew with a manager completes, and its provider's error comes out."""
    llm = llm_of(server)
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm)
    task = Task(description="Work on {topic}", expected_output="Done.")
    crew = Crew(agents=[agent], tasks=[task], process=Process.hierarchical, manager_llm=llm)
    assert kickoff(crew).result().raw == "A summary."
    server.script = lambda call: Reply("no", status=403)
    assert type(kickoff(crew).exception()).__name__ == "PermissionDeniedError"


@pytest.mark.parametrize("kind", [FieldFlow, AsyncFieldFlow])
def test_crew_in_a_flow_step_is_guarded_with_the_flow(server: Loopback, kind: Any) -> None:
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


def test_crews_outside_a_guard_are_left_alone(server: Loopback) -> None:
    """Once a guard was used, a bare kickoff() still runs the user's own objects."""
    llm = llm_of(server)
    agent = Agent(role="r", goal="g", backstory="b", llm=llm)
    task = Task(description="d", expected_output="e", agent=agent)
    crew = Crew(agents=[agent], tasks=[task])
    ds.kickoff(crew, deadline=LONG_S, show=False).result()
    assert agent.agent_executor is None
    crew.kickoff()
    assert agent.agent_executor is not None


def test_every_kickoff_method_is_guarded_when_it_is_started(server: Loopback) -> None:
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


def broken(output: Any) -> None:
    """Fail, as a callback does that was never tried."""
    raise LookupError("callback")


def test_tools_guardrails_and_callbacks_of_a_guarded_crew_work_and_fail_like_tasks(
    server: Loopback,
) -> None:
    """A guardrail that refuses once is asked again; a callback that raises fails the task."""
    seen: list[str] = []

    def guardrail(output: Any) -> tuple[bool, Any]:
        seen.append(output.raw)
        return len(seen) > 1, output.raw

    # CrewAI reads the annotation, which is a text here.
    guardrail.__annotations__.clear()
    agent = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))
    task = Task(description="d", expected_output="e", agent=agent, guardrail=guardrail)
    crew = Crew(agents=[agent], tasks=[task])
    assert kickoff(crew).result().raw == "A summary."
    assert len(seen) == 2

    task = Task(
        description="d", expected_output="e", agent=agent, callback=broken, async_execution=True
    )
    crew = Crew(agents=[agent], tasks=[task])
    assert isinstance(kickoff(crew).exception(), LookupError)


def test_crewais_own_events_stay_as_they_are(server: Loopback) -> None:
    """A handler of the user's on the event bus sees the failed task of a guarded crew."""
    from crewai.events import crewai_event_bus
    from crewai.events.types.task_events import TaskFailedEvent

    seen: list[str] = []
    handler = crewai_event_bus.on(TaskFailedEvent)(lambda source, event: seen.append(event.error))
    try:
        server.script = lambda call: Reply("no", status=403)
        kickoff(field_crew(llm_of(server), parts=1)).exception()
        crewai_event_bus.flush()
    finally:
        crewai_event_bus.off(TaskFailedEvent, handler)
    # Crews of other tests, whose threads nobody can end, may fail meanwhile, of other things.
    assert sum("403" in error for error in seen) == 1


def test_error_of_a_guarded_crew_prints_nothing_beside_itself(
    server: Loopback, capfd: pytest.CaptureFixture[str]
) -> None:
    """No log line and no panel of CrewAI's is in the cell that is shown the error."""
    server.script = lambda call: Reply("no", status=403)
    kickoff(field_crew(llm_of(server))).exception()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_script_ends_after_a_deadline_though_its_crew_hangs(server: Loopback) -> None:
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
        [sys.executable, "-c", script, server.base_url],
        capture_output=True,
        text=True,
        timeout=150,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "deadline\n"
    assert "Traceback" not in done.stderr


def test_handler_that_raises_does_not_hide_the_tasks_error(server: Loopback) -> None:
    """An on_task_error that fails itself is a note on the error it was called for."""

    def broken_handler(task: Any, error: BaseException) -> None:
        raise SystemExit(3)

    server.script = lambda call: Reply("no", status=403)
    error = kickoff(field_crew(llm_of(server)), on_task_error=broken_handler).exception()
    assert type(error).__name__ == "PermissionDeniedError"
    assert any("on_task_error raised SystemExit(3)" in note for note in error.__notes__)


def test_cancelled_native_kickoff_ends_as_cancelled(server: Loopback) -> None:
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
