"""Calls, tokens and cost of each task and agent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import pytest
from bs4 import BeautifulSoup
from crewai import Agent, Crew, Process, Task
from crewai.flow.flow import Flow, listen, start
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.records import Usage
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, field_crew, kickoff, llm_of

mpl.use("agg")
pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")

PRICES = {"openai/gpt-4o-mini": (10.0, 20.0), "gpt-4o-mini": (10.0, 20.0)}
TO_EXPERT = {"task": "do it", "context": "c", "coworker": "expert"}


def agent_of(server: ScriptedServer, role: str, **options: Any) -> Agent:
    return Agent(role=role, goal="g", backstory="b", llm=llm_of(server), **options)


def task_of(agent: Agent | None, name: str, **options: Any) -> Task:
    return Task(name=name, description="Say it.", expected_output="It.", agent=agent, **options)


def run_of(work: Any, door: str = "kickoff", **options: Any) -> Any:
    """Start a crew by the door that takes a thread, or by CrewAI's own asynchronous one."""
    options = {"show": False, "deadline": LONG_S, "prices": PRICES, **options}
    return ds.kickoff(work, **options) if door == "kickoff" else ds.start(work.akickoff, **options)


def callers(run: Any) -> dict[tuple[str, str], int]:
    return {(row.task, row.agent): row.usage.calls for row in run.usage}


def adds_up(run: Any, server: ScriptedServer) -> None:
    rows = list(run.usage)
    same(sum((row.usage for row in rows), Usage()), run.state.usage)
    assert sum(row.usage.calls + row.unanswered for row in rows) == run.state.calls
    assert run.state.calls == len(server.calls)


def same(total: Usage, expected: Usage) -> None:
    """Check two sums of the same amounts; dollars in another order differ by a rounding."""
    assert replace(total, cost_usd=None) == replace(expected, cost_usd=None)
    assert total.cost_usd == pytest.approx(expected.cost_usd)


def delegate_once(call: Call) -> Reply:
    """Delegate, then answer; the expert and others answer at once."""
    delegated = "tool" in [message["role"] for message in call.messages]
    if "You are expert" in call.prompt or "tools" not in call.body or delegated:
        return Reply("An answer of five words.")
    return Reply(tool=("delegate_work_to_coworker", TO_EXPERT))


@pytest.mark.parametrize("door", ["kickoff", "akickoff"])
def test_a_coworker_counts_for_the_task_that_delegated(server: ScriptedServer, door: str) -> None:
    """Each task has a row for each agent that worked on it; the sums are the totals."""
    server.script = delegate_once
    lead, expert = agent_of(server, "lead", allow_delegation=True), agent_of(server, "expert")
    tasks = [task_of(lead, "first"), task_of(lead, "second"), task_of(expert, "third")]
    run = run_of(Crew(agents=[lead, expert], tasks=tasks), door)
    run.result()

    assert callers(run) == {
        ("first", "lead"): 2,
        ("first", "expert"): 1,
        ("second", "lead"): 2,
        ("second", "expert"): 1,
        ("third", "expert"): 1,
    }
    adds_up(run, server)
    assert [row.task for row in run.usage] == ["first", "first", "second", "second", "third"]


def test_concurrent_tasks_have_their_own_rows(server: ScriptedServer) -> None:
    """Tasks of one agent that run at once are not mixed; equal names stay apart."""
    server.script = lambda call: Reply("one " * (5 if "part 0" in call.prompt else 1))
    crew = field_crew(llm_of(server), parts=3)
    for task in crew.tasks[:3]:
        task.name = "part"
    run = kickoff(crew, prices=PRICES)
    run.result()

    assert [row.task for row in run.usage] == ["part", "part", "part", "combine", "evaluate"]
    assert [row.usage.completion_tokens for row in run.usage][:3] == [5, 1, 1]
    adds_up(run, server)


def test_planner_and_manager_have_rows_of_their_own(server: ScriptedServer) -> None:
    """Planning is outside of all tasks; a manager works on the task."""
    plan = json.dumps({"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": "p"}]})

    def script(call: Call) -> Reply:
        return Reply(plan) if "Planner" in call.prompt else delegate_once(call)

    server.script = script
    crew = Crew(
        agents=[agent_of(server, "expert")],
        tasks=[task_of(None, "managed")],
        process=Process.hierarchical,
        manager_llm=llm_of(server),
        planning=True,
        planning_llm=llm_of(server),
    )
    run = run_of(crew)
    run.result()

    found = callers(run)
    assert found[("planning", "Task Execution Planner")] == 1
    assert found[("managed", "Crew Manager")] == 2
    assert found[("managed", "expert")] == 1
    adds_up(run, server)


def test_calls_outside_of_tasks_are_named_for_the_step(server: ScriptedServer) -> None:
    """A step that asks a model or an agent itself has a row; its crew's tasks have theirs."""
    crew = Crew(agents=[], tasks=[task_of(agent_of(server, "reader"), "t")])

    class Mixed(Flow[Any]):
        @start()
        def ask(self) -> str:
            return str(llm_of(server).call("who is it"))

        @listen(ask)
        def ask_agent(self) -> str:
            return str(agent_of(server, "helper").kickoff("who else").raw)

        @listen(ask_agent)
        async def read(self) -> str:
            return str((await crew.kickoff_async()).raw)

    run = run_of(Mixed())
    run.result()

    assert callers(run) == {("t", "reader"): 1, ("ask", ""): 1, ("ask_agent", "helper"): 1}
    adds_up(run, server)


def test_a_crew_that_a_tool_kicks_off_has_rows_of_its_own(server: ScriptedServer) -> None:
    """What an inner crew takes counts for its own tasks."""
    inner = Crew(agents=[], tasks=[task_of(agent_of(server, "inner"), "below")])

    @tool("dig")
    def dig() -> str:
        """Dig."""
        return str(inner.kickoff().raw)

    def script(call: Call) -> Reply:
        asked = "tool" in [message["role"] for message in call.messages]
        return Reply() if asked or "You are inner" in call.prompt else Reply(tool=("dig", {}))

    server.script = script
    outer = agent_of(server, "outer", tools=[dig])
    run = run_of(Crew(agents=[outer], tasks=[task_of(outer, "above")]))
    run.result()

    assert callers(run) == {("above", "outer"): 2, ("below", "inner"): 1}
    adds_up(run, server)


def test_failed_calls_are_unanswered(server: ScriptedServer) -> None:
    """A refused call is in the table without tokens."""
    server.script = lambda call: Reply("no", status=403)
    reader = agent_of(server, "reader")
    run = run_of(Crew(agents=[reader], tasks=[task_of(reader, "t")]))
    assert run.exception() is not None

    (row,) = run.usage
    assert (row.task, row.agent, row.usage, row.unanswered) == ("t", "reader", Usage(), 1)
    adds_up(run, server)


def test_the_table_is_shown_and_given_as_a_frame_and_drawn(server: ScriptedServer) -> None:
    """In a cell it is a table; names are harmless; the bars are the rows."""
    server.script = delegate_once
    lead = agent_of(server, "lead", allow_delegation=True)
    tasks = [task_of(lead, "<b>first</b> $x$"), task_of(lead, "second")]
    run = run_of(Crew(agents=[lead, agent_of(server, "expert")], tasks=tasks))
    run.result()

    bundle = run.usage._repr_mimebundle_()
    page = BeautifulSoup(bundle["text/html"], "html.parser")
    assert page.find("b") is None
    assert "<b>first</b>" in page.get_text()
    assert "Task" not in bundle["text/plain"].splitlines()[0] or "expert" in bundle["text/plain"]
    frame = run.usage.to_frame()
    assert list(frame.columns)[:3] == ["task", "agent", "calls"]
    assert frame["calls"].sum() == run.state.usage.calls
    assert frame["cost_usd"].sum() == pytest.approx(run.state.cost_usd)
    axes = ds.plots.cost(run)
    bars: list[Any] = list(axes.patches)
    widths = [bar.get_width() for bar in bars]
    assert widths == sorted(widths, reverse=True)
    assert sum(widths) == pytest.approx(run.state.cost_usd)
    assert any("lead" in label.get_text() for label in axes.get_yticklabels())


def test_a_run_of_summarize_has_its_stages(server: ScriptedServer) -> None:
    """What each document took is in the result; the run separates chunks from merges."""
    model = ds.Model("openai/gpt-4o-mini", base_url=server.base_url, api_key="k")
    texts = {"whales": "Whales are big. " * 2000, "fish": "Fish swim."}
    run = ds.summarize(texts, model=model, ledger=False, show=False, deadline=LONG_S)
    run.result()

    assert {row.task for row in run.usage} <= {"summarizing", "combining"}
    same(run.usage.total, run.state.usage)
    assert ds.plots.cost(run) is not None


def test_a_run_without_calls_has_an_empty_table() -> None:
    """Nothing to draw is an error that says so."""
    run = ds.start(sorted, [2, 1], show=False)
    run.result()

    assert len(run.usage) == 0
    assert "no model was asked" in run.usage.to_text()
    with pytest.raises(ds.errors.InputError, match="no model was asked"):
        ds.plots.cost(run)
