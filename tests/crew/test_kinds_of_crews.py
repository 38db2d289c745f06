"""Kinds of crews that a user may bring: with managers, tools, callbacks, limits, other models."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Process, Task
from crewai.flow.flow import Flow, start
from crewai.tools import BaseTool, tool

import docsum_nb as ds
from docsum_nb.errors import RunCancelled
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import (
    LONG_S,
    ScriptedLLM,
    field_crew,
    kickoff,
    llm_of,
    until,
)
from tests.forms.processes import finished

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")


HANG_S = 20.0


def one_task(llm: Any, **task: Any) -> Any:
    """Make a crew of one agent and one task."""
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm)
    return Crew(
        agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent, **task)]
    )


def agent_of(llm: Any, **options: Any) -> Agent:
    return Agent(role="reader", goal="g", backstory="b", llm=llm, **options)


def crew_of(agent: Agent, **options: Any) -> Crew:
    task = Task(description="Say it.", expected_output="It.", agent=agent, **options)
    return Crew(agents=[agent], tasks=[task])


def test_hierarchical_process_is_guarded_too(server: ScriptedServer) -> None:
    """A crew with a manager completes, and its provider's error comes out."""
    llm = llm_of(server)
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm)
    task = Task(description="Work on {topic}", expected_output="Done.")
    crew = Crew(agents=[agent], tasks=[task], process=Process.hierarchical, manager_llm=llm)
    assert kickoff(crew).result().raw == "A summary."
    server.script = lambda call: Reply("no", status=403)
    assert type(kickoff(crew).exception()).__name__ == "PermissionDeniedError"


def test_manager_carries_out_tasks_beside_one_another(server: ScriptedServer) -> None:
    """Bare CrewAI shares the manager's executor between them; here each has a manager."""
    crew = field_crew(
        llm_of(server), parts=4, process=Process.hierarchical, manager_llm=llm_of(server)
    )
    run = kickoff(crew)
    assert run.result().raw == "A summary."
    assert len(server.calls) == 6


def test_crew_is_trained_as_without_a_guard(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it learns is noted under the agents that are trained, so they stay who they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda *prompt: "Shorter.")
    learnt = {"suggestions": ["Shorter."], "quality": 9.0, "final_summary": "Shorter."}
    server.script = lambda call: (
        Reply(json.dumps(learnt)) if "suggestions" in call.prompt else Reply("A summary.")
    )
    crew = crew_of(agent_of(llm_of(server)))
    ds.start(lambda: crew.train(1, "trained.pkl"), show=False, deadline=LONG_S).result()
    found = pickle.loads((tmp_path / "trained.pkl").read_bytes())
    assert "reader" in found


def test_partial_of_a_kickoff_is_guarded_the_first_time_too(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The guard is put in place after the method was taken from the crew."""
    script = f"""
    from functools import partial
    from tests.crew.crew_samples import field_crew, llm_of
    from types import SimpleNamespace
    import docsum_nb as ds
    crew = field_crew(llm_of(SimpleNamespace(base_url={server.base_url!r})), parts=3)
    work = partial(crew.kickoff, inputs={{"topic": "whales"}})
    print(ds.start(work, show=False, deadline=60).result().raw)
    """
    done = finished(script)
    assert (done.stdout, done.returncode) == ("A summary.\n", 0), done.stderr


def test_log_of_a_project_named_after_crewai_is_the_users(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Only lines of CrewAI's own code are kept out of the cell that shows the error."""
    lines = "import logging\ndef tell(output):\n    logging.getLogger().warning('mine')\n"
    scope: dict[str, Any] = {}
    exec(compile(lines, "/home/me/crewai-demo/tools.py", "exec"), scope)
    agent = agent_of(llm_of(server))
    with caplog.at_level(logging.WARNING):
        ds.kickoff(crew_of(agent, callback=scope["tell"]), show=False, deadline=LONG_S).result()
    assert [record.message for record in caplog.records if record.message == "mine"] == ["mine"]


@pytest.mark.parametrize("verbose", [True, False])
def test_crew_prints_where_it_is_verbose(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str], *, verbose: bool
) -> None:
    """CrewAI prints its own report if the agent is verbose, and only then."""
    agent = agent_of(llm_of(server), verbose=verbose)
    ds.kickoff(crew_of(agent), show=False, deadline=LONG_S).result()
    assert ("reader" in capsys.readouterr().out) is verbose


class Tool(BaseTool):
    """A tool that works as a test says."""

    name: str = "look_up"
    description: str = "Looks a word up."
    work: Any = None

    def _run(self, word: str) -> str:
        found: str = self.work(word)
        return found


def uses_tool(prompt: str) -> str:
    """Answer like a model that calls the tool once, then returns what it found."""
    found = re.findall(r"Observation: (FOUND \w+)", prompt)
    if found:
        return f"Thought: I know.\nFinal Answer: {found[-1]}"
    return 'Thought: look.\nAction: look_up\nAction Input: {"word": "whale"}'


def test_tool_that_fails_is_a_warning_of_the_run() -> None:
    """CrewAI reports it to the model only; the run warns of it, and continues."""

    def fails(word: str) -> str:
        raise OSError("disk gone")

    def gives_up(prompt: str) -> str:
        return "Final Answer: nothing" if "disk gone" in prompt else uses_tool(prompt)

    llm = ScriptedLLM(model="scripted", answer=gives_up)
    run = kickoff(one_task(llm, tools=[Tool(work=fails)]))
    assert run.result().raw == "nothing"
    assert any("tool 'look_up' failed: disk gone" in each for each in run.state.warnings)


async def look_up_asynchronously(word: str) -> str:
    """Find a word after a while."""
    await asyncio.sleep(0)
    return f"FOUND {word}"


@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_asynchronous_tool_works(method: str) -> None:
    """CrewAI runs a coroutine of a tool by asyncio.run, which no loop of the kernel's is near."""
    llm = ScriptedLLM(model="scripted", answer=uses_tool)
    crew = one_task(llm, tools=[tool("look_up")(look_up_asynchronously)])
    work = getattr(crew, method)

    async def cell() -> Any:
        return await ds.start(work, deadline=LONG_S, show=False)

    assert asyncio.run(cell()).raw == "FOUND whale"


seen_outputs: list[str] = []


async def see_output(output: Any) -> None:
    """Keep a task's output; CrewAI warns of callbacks that are no function of a module."""
    await asyncio.sleep(0)
    seen_outputs.append(output.raw)


def test_callbacks_that_are_coroutines_are_awaited(server: ScriptedServer) -> None:
    """A task's coroutine callback runs, though the caller's loop is running."""
    seen_outputs.clear()

    async def cell() -> Any:
        return await kickoff(one_task(llm_of(server), callback=see_output))

    assert asyncio.run(cell()).raw == "A summary."
    assert seen_outputs == ["A summary."]


class KickingFlow(Flow[dict[str, Any]]):
    """Kicks its crew off in a way that fails bare."""

    crew: Any = None

    @start()
    async def first(self) -> str:
        # Inside an asynchronous step, CrewAI refuses the synchronous kickoff.
        output = await asyncio.to_thread(self.crew.kickoff, inputs={"topic": "x"})
        return str(output.raw)


def test_crew_kicked_off_from_a_thread_of_a_flow_is_guarded(server: ScriptedServer) -> None:
    """Wherever in the flow a crew is kicked off, its agents may be shared."""
    flow = KickingFlow()
    flow.crew = field_crew(llm_of(server))
    assert ds.kickoff(flow, deadline=LONG_S, show=False).result() == "A summary."


def test_requests_per_minute_of_a_crew_do_not_hold_up_a_stop(server: ScriptedServer) -> None:
    """max_rpm sleeps a minute in a lock; cancelling does not wait for it."""
    crew = field_crew(llm_of(server), parts=3, max_rpm=1)
    run = kickoff(crew)
    while not server.calls:
        assert not run.done
        threading.Event().wait(0.01)
    began = time.monotonic()
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    assert time.monotonic() - began < 2 * HANG_S


def test_crews_that_share_a_role_run_for_each_input(server: ScriptedServer) -> None:
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


def test_litellm_model_is_guarded_like_a_native_one(server: ScriptedServer) -> None:
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


@pytest.mark.long
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
