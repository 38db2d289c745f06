"""Skipped tasks, answers that were cut off, and where a deadline found the work."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.mcp import MCPServerStdio
from crewai.tasks.conditional_task import ConditionalTask

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded
from docsum_nb.testing import Call, Reply, ScriptedServer
from docsum_nb.views import state_html, state_text
from tests.crew import mcp_box
from tests.crew.crew_samples import LONG_S, llm_of

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")


def agent_of(server: ScriptedServer, role: str = "reader", **options: Any) -> Agent:
    return Agent(role=role, goal="g", backstory="b", llm=llm_of(server), **options)


def task_of(agent: Agent, name: str = "t", kind: Any = Task, **options: Any) -> Any:
    return kind(name=name, description="Say it.", expected_output="It.", agent=agent, **options)


def run_of(work: Any, door: str = "kickoff", **options: Any) -> Any:
    """Start a crew by the door that takes a thread, or by CrewAI's own asynchronous one."""
    options = {"show": False, "deadline": LONG_S, **options}
    return ds.kickoff(work, **options) if door == "kickoff" else ds.start(work.akickoff, **options)


@pytest.mark.parametrize("door", ["kickoff", "akickoff"])
def test_a_skipped_task_is_shown_as_skipped(server: ScriptedServer, door: str) -> None:
    """It is neither queued nor done, in the state, the line, the panel and the map."""
    reader = agent_of(server)
    skipped = task_of(reader, "maybe", ConditionalTask, condition=lambda output: False)
    carried_out = task_of(reader, "surely", ConditionalTask, condition=lambda output: True)
    crew = Crew(agents=[reader], tasks=[task_of(reader, "first"), skipped, carried_out])
    run = run_of(crew, door)
    result = run.result()
    state = run.state

    assert (state.done, state.skipped, state.queued, state.chunks) == (2, 1, 0, 3)
    assert [each.raw for each in result.tasks_output] == ["A summary.", "", "A summary."]
    assert "2/3 tasks (1 skipped)" in state_text(state, "t")
    assert "2 of 3 tasks · 1 skipped" in state_html(state, "t")
    assert "not finished" not in state_text(state, "t")
    assert run.underway() == ()
    assert {span.label for span in run.timeline()} == {"first", "surely"}


KINDS: dict[str, dict[str, Any]] = {
    "native": {},
    "native, streamed": {"stream": True},
    "litellm": {"is_litellm": True},
    "litellm, streamed": {"is_litellm": True, "stream": True},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_was_cut_off_is_a_warning(server: ScriptedServer, kind: str) -> None:
    """CrewAI takes it for a whole one; the warning names the bound, the task and the agent."""
    server.script = lambda call: Reply("A summary that ends in the", finish_reason="length")
    llm = LLM(
        model="openai/gpt-4o-mini",
        base_url=server.base_url,
        api_key="k",
        max_tokens=50,
        **KINDS[kind],
    )
    reader = Agent(role="reader", goal="g", backstory="b", llm=llm)
    run = run_of(Crew(agents=[reader], tasks=[task_of(reader)]))
    run.result()

    (notice,) = run.state.notices
    assert "was cut off at max_tokens=50: give the LLM more max_tokens" in notice.message
    assert (notice.tasks, notice.agents, notice.count) == (("t",), ("reader",), 1)


def test_an_answer_that_was_filtered_is_a_warning(server: ScriptedServer) -> None:
    """Other reasons to end early are named by the provider's word for them."""
    server.script = lambda call: Reply("A summary", finish_reason="content_filter")
    reader = agent_of(server)
    run = run_of(Crew(agents=[reader], tasks=[task_of(reader)]))
    run.result()

    assert "ended early: finish reason 'content_filter'" in run.state.warnings[0]


def test_a_deadline_inside_a_coworker_names_the_coworker(server: ScriptedServer) -> None:
    """Not the selector of the loop that waits for it."""

    def script(call: Call) -> Reply:
        if "You are expert" in call.prompt:
            return Reply(hang=True)
        arguments = {"task": "do it", "context": "c", "coworker": "expert"}
        return Reply(tool=("delegate_work_to_coworker", arguments))

    server.script = script
    lead = agent_of(server, "lead", allow_delegation=True)
    crew = Crew(agents=[lead, agent_of(server, "expert")], tasks=[task_of(lead)])

    def end(deadline: float) -> BaseException | None:
        server.calls.clear()
        error: BaseException | None = run_of(crew, deadline=deadline).exception()
        return error

    error = at_a_deadline(end, reached=lambda: len(server.calls) == 2)

    assert isinstance(error, DeadlineExceeded)
    assert "task 't' of agent 'lead', by coworker 'expert', in a call of gpt-4o-mini" in str(error)
    assert "Selector" not in str(error)
    assert (error.task, error.agent) == ("t", "expert")


def at_a_deadline(
    end: Callable[[float], BaseException | None], *, reached: Callable[[], bool]
) -> BaseException | None:
    """Return how a run ends at the first deadline that leaves it time to get where it hangs."""
    for deadline in (1.5, 5.0, 10.0, 20.0, 40.0):
        error = end(deadline)
        if reached():
            return error
    raise AssertionError("it never got there")


@pytest.mark.parametrize("what", ["hangs-at-start", "hangs"])
def test_a_deadline_inside_an_mcp_server_names_it(
    server: ScriptedServer, tmp_path: Path, what: str
) -> None:
    """A server that never answers at its start, and one whose tool hangs."""
    reached = tmp_path / "reached"
    box = MCPServerStdio(command=sys.executable, args=[str(mcp_box.PATH), what, str(reached)])

    def answer(call: Call) -> Reply:
        (look,) = [each["function"]["name"] for each in call.body["tools"]]
        return Reply(tool=(look, {}))

    server.script = answer
    reader = agent_of(server, mcps=[box])
    crew = Crew(agents=[reader], tasks=[task_of(reader)])
    error = at_a_deadline(
        lambda deadline: run_of(crew, deadline=deadline).exception(), reached=reached.exists
    )

    assert isinstance(error, DeadlineExceeded)
    assert "Selector" not in str(error)
    assert "MCP server" in str(error)
    assert ("look" in str(error)) == (what == "hangs")
