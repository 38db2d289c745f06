"""Kinds of crews, agents and flows that a user may bring."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.flow.flow import Flow, listen, start
from crewai.tools import BaseTool, tool

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded, RunCancelled
from tests.crew.crew_samples import LONG_S, ScriptedLLM, field_crew, kickoff, llm_of, until
from tests.loopback import Call, Loopback, Reply

HANG_S = 20.0


def one_task(llm: Any, **task: Any) -> Any:
    """Make a crew of one agent and one task."""
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm)
    return Crew(
        agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent, **task)]
    )


def test_max_execution_time_is_kept_and_named(server: Loopback) -> None:
    """A call is given up after the agent's second; CrewAI itself waits for the end of it."""
    released = threading.Event()

    async def script(call: Call) -> Reply:
        await until(lambda: released.is_set() or "part 0" not in call.prompt)
        return Reply()

    server.script = script
    crew = field_crew(llm_of(server), parts=2)
    crew.agents[0].max_execution_time = 1
    error = kickoff(crew).exception()
    assert type(error) is TimeoutError
    assert "max_execution_time of 1 s" in str(error)
    assert "task 'part 0'" in error.__notes__[0]
    assert crew.agents[0].max_execution_time == 1
    skipped = kickoff(crew, on_task_error=lambda task, error: "too slow").result()
    assert skipped.tasks_output[0].raw == "too slow"
    released.set()


def test_max_execution_time_does_not_disguise_the_providers_error(server: Loopback) -> None:
    """CrewAI wraps it in a RuntimeError, and asks twice more because of that."""
    server.script = lambda call: Reply("no", status=401)
    crew = field_crew(llm_of(server), parts=1)
    crew.agents[0].max_execution_time = 30
    error = kickoff(crew).exception()
    assert type(error).__name__ == "AuthenticationError"
    assert len(server.calls) == 1
    error = ds.start(crew.akickoff, {"topic": "x"}, deadline=LONG_S, show=False).exception()
    assert type(error).__name__ == "AuthenticationError"


def test_cancelled_run_takes_the_work_of_a_limited_agent_along(server: Loopback) -> None:
    """What an agent awaits is cancelled with its run, although its own time is not over yet."""
    began, cancelled = threading.Event(), threading.Event()

    class Waiting(Agent):
        async def aexecute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
            began.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.set()
                raise
            return "never"

    agent = Waiting(role="r", goal="g", backstory="b", llm=llm_of(server), max_execution_time=600)
    crew = Crew(agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent)])
    run = ds.start(crew.akickoff, show=False)
    assert began.wait(LONG_S), run
    run.cancel("enough")
    assert isinstance(run.exception(), RunCancelled)
    assert cancelled.wait(HANG_S)


class Tool(BaseTool):
    """A tool that works as a test says."""

    name: str = "look_up"
    description: str = "Looks a word up."
    work: Any = None

    def _run(self, word: str) -> str:
        found: str = self.work(word)
        return found


async def look_up_asynchronously(word: str) -> str:
    """Find a word after a while."""
    await asyncio.sleep(0)
    return f"FOUND {word}"


def uses_tool(prompt: str) -> str:
    """Answer like a model that calls the tool once, then tells what it found."""
    found = re.findall(r"Observation: (FOUND \w+)", prompt)
    if found:
        return f"Thought: I know.\nFinal Answer: {found[-1]}"
    return 'Thought: look.\nAction: look_up\nAction Input: {"word": "whale"}'


def test_tools_work_and_one_that_blocks_costs_the_deadline() -> None:
    """A tool is called in the task's thread; stuck in it, the error names tool and line."""
    llm = ScriptedLLM(model="scripted", answer=uses_tool)
    found = one_task(llm, tools=[Tool(work=lambda word: f"FOUND {word}")])
    assert kickoff(found).result().raw == "FOUND whale"
    release = threading.Event()

    def blocks(word: str) -> str:
        release.wait(LONG_S)
        return "late"

    try:
        error = kickoff(one_task(llm, tools=[Tool(work=blocks)]), deadline=2.0).exception()
    finally:
        release.set()
    assert isinstance(error, DeadlineExceeded)
    assert re.search(r"in \S*blocks\(\) in test_guarded_kinds.py, line \d+", str(error)), error


def test_tool_that_fails_is_a_warning_of_the_run() -> None:
    """CrewAI tells only the model of it; the run says so, and goes on."""

    def fails(word: str) -> str:
        raise OSError("disk gone")

    def gives_up(prompt: str) -> str:
        return "Final Answer: nothing" if "disk gone" in prompt else uses_tool(prompt)

    llm = ScriptedLLM(model="scripted", answer=gives_up)
    run = kickoff(one_task(llm, tools=[Tool(work=fails)]))
    assert run.result().raw == "nothing"
    assert any("tool 'look_up' failed: disk gone" in each for each in run.state.warnings)


def test_callback_that_blocks_is_named_with_its_line(server: Loopback) -> None:
    """After the last model call, a task is where its own thread is."""
    crew = one_task(llm_of(server), callback=block)
    try:
        error = kickoff(crew, deadline=3.0).exception()
    finally:
        blocking.set()
    assert isinstance(error, DeadlineExceeded)
    assert re.search(r"in block\(\) in test_guarded_kinds.py, line \d+", str(error)), error
    assert "(working: 0 of 1 tasks done" in str(error)


@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_asynchronous_tool_works(method: str) -> None:
    """CrewAI runs a coroutine of a tool by asyncio.run, which no loop of the kernel's is near."""
    llm = ScriptedLLM(model="scripted", answer=uses_tool)
    crew = one_task(llm, tools=[tool("look_up")(look_up_asynchronously)])
    work = getattr(crew, method)

    async def cell() -> Any:
        return await ds.start(work, deadline=LONG_S, show=False)

    assert asyncio.run(cell()).raw == "FOUND whale"


blocking = threading.Event()


def block(output: Any) -> None:
    """Wait, as a callback does that writes to a slow place."""
    blocking.wait(LONG_S)


seen_outputs: list[str] = []


async def see_output(output: Any) -> None:
    """Keep a task's output; CrewAI warns of callbacks that are no function of a module."""
    await asyncio.sleep(0)
    seen_outputs.append(output.raw)


def test_callbacks_that_are_coroutines_are_awaited(server: Loopback) -> None:
    """A task's coroutine callback runs, though the caller's loop is running."""
    seen_outputs.clear()

    async def cell() -> Any:
        return await kickoff(one_task(llm_of(server), callback=see_output))

    assert asyncio.run(cell()).raw == "A summary."
    assert seen_outputs == ["A summary."]


def test_agent_kicked_off_alone_gives_its_answer_where_a_loop_runs(server: Loopback) -> None:
    """Bare, agent.kickoff() in a cell returns a coroutine that nobody awaits."""
    agent = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))

    async def cell() -> Any:
        return await ds.start(agent.kickoff, "Say something.", deadline=LONG_S, show=False)

    assert asyncio.run(cell()).raw == "A summary."


class KickingFlow(Flow[dict[str, Any]]):
    """Kicks its crew off in a way that fails bare."""

    crew: Any = None

    @start()
    async def first(self) -> str:
        # Inside an asynchronous step, CrewAI refuses the synchronous kickoff.
        output = await asyncio.to_thread(self.crew.kickoff, inputs={"topic": "x"})
        return str(output.raw)


def test_crew_kicked_off_from_a_thread_of_a_flow_is_guarded(server: Loopback) -> None:
    """Wherever in the flow a crew is kicked off, its agents may be shared."""
    flow = KickingFlow()
    flow.crew = field_crew(llm_of(server))
    assert ds.kickoff(flow, deadline=LONG_S, show=False).result() == "A summary."


class StuckFlow(Flow[dict[str, Any]]):
    """Blocks in its second step: the loop itself, or a thread."""

    release: Any = None

    @start()
    def load(self) -> str:
        return "text"

    @listen(load)
    async def look_up(self, before: str) -> None:
        self.blocked()

    def blocked(self) -> None:
        self.release.wait(LONG_S)


class StuckThreadFlow(Flow[dict[str, Any]]):
    """The same in a synchronous step, which CrewAI runs in a pool."""

    release: Any = None

    @start()
    def look_up(self) -> None:
        self.blocked()

    def blocked(self) -> None:
        self.release.wait(LONG_S)


@pytest.mark.parametrize("kind", [StuckFlow, StuckThreadFlow])
def test_flow_whose_step_blocks_costs_the_deadline_and_is_named(kind: Any) -> None:
    """The loop of the flow blocked by a synchronous call: step, function and line are told."""
    flow, release = kind(), threading.Event()
    flow.release = release
    try:
        error = ds.kickoff(flow, deadline=3.0, show=False).exception()
    finally:
        release.set()
    assert isinstance(error, DeadlineExceeded)
    assert f"step 'look_up' of {kind.__name__}" in str(error)
    assert re.search(r"blocked\(\) in test_guarded_kinds.py, line \d+", str(error)), error


def test_requests_per_minute_of_a_crew_do_not_hold_up_a_stop(server: Loopback) -> None:
    """max_rpm sleeps a minute in a lock; cancelling does not wait for it."""
    crew = field_crew(llm_of(server), parts=3, max_rpm=1)
    run = kickoff(crew)
    while not server.calls:
        assert not run.done
        threading.Event().wait(0.01)
    began = time.monotonic()
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    assert time.monotonic() - began < HANG_S


def test_crews_that_share_a_role_run_for_each_input(server: Loopback) -> None:
    """Four agents of one role collapse into one in CrewAI's copy; the double keeps them apart."""
    llm = llm_of(server)
    agents = [Agent(role="Summarizer", goal="g", backstory="b", llm=llm) for _ in range(4)]
    tasks = [
        Task(description=f"Part {i} of {{topic}}", expected_output="e", agent=agent)
        for i, agent in enumerate(agents)
    ]
    for task in tasks[:-1]:
        task.async_execution = True
    crew = Crew(agents=agents, tasks=tasks)
    inputs = [{"topic": "whales"}, {"topic": "seals"}]
    results = ds.start(crew.kickoff_for_each, inputs, deadline=LONG_S, show=False).result()
    assert [result.raw for result in results] == ["A summary."] * 2
    assert [result.token_usage.successful_requests for result in results] == [4, 4]
    both = ds.start(crew.kickoff_for_each_async, inputs, deadline=LONG_S, show=False).result()
    assert [result.raw for result in both] == ["A summary."] * 2


def test_litellm_model_is_guarded_like_a_native_one(server: Loopback) -> None:
    """A model that CrewAI asks through LiteLLM: shared agents work, its own error comes at once."""
    llm = LLM(model="openai/my-local", base_url=server.base_url, api_key="k", is_litellm=True)
    assert kickoff(field_crew(llm)).result().raw == "A summary."
    made = len(server.calls)

    async def script(call: Call) -> Reply:
        await until(lambda: len(server.calls) >= made + 8)
        return Reply("no", status=403) if "part 5" in call.prompt else Reply(hang=True)

    server.script = script
    error = kickoff(field_crew(llm)).exception()
    assert getattr(error, "status_code", None) == 403
    assert type(error).__module__.startswith("litellm")
    assert len(server.calls) == made + 8


def test_first_run_in_a_new_folder_waits_for_no_trace(tmp_path: Path) -> None:
    """CrewAI's first run in a project waits 5 s for each agent, unless its switch was set."""
    script = (
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "import docsum_nb as ds\n"
        "from tests.crew.crew_samples import *\n"
        "crew = field_crew(ScriptedLLM(model='s', answer=lambda prompt: 'fine'), parts=3)\n"
        "began = time.monotonic()\n"
        "kickoff(crew).result()\n"
        "print(time.monotonic() - began)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=tmp_path,
    )
    # Five tasks at 5 s each would be 25.
    assert float(done.stdout) < HANG_S, done.stdout
