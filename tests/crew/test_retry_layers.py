"""One layer of retries: a refusal is one request, at every door and through every copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, llm_of
from tests.crew.delegating import delegates, is_from

OPTIONS: dict[str, Any] = {"show": False, "deadline": LONG_S}
INPUTS = {"topic": "whales"}
MODELS: dict[str, dict[str, Any]] = {
    "native": {},
    "litellm": {"model": "openai/my-local", "is_litellm": True},
}


def crew_of(llm: Any, **agent: Any) -> Any:
    """Make a crew of one task."""
    writer = Agent(role="writer", goal="g", backstory="b", llm=llm, **agent)
    task = Task(description="Do {topic}.", expected_output="e", agent=writer)
    return Crew(agents=[writer], tasks=[task])


def start(work: Any, *args: Any) -> Any:
    return ds.start(work, *args, **OPTIONS)


DOORS: dict[str, Callable[[Any], Any]] = {
    "kickoff": lambda crew: ds.kickoff(crew, INPUTS, **OPTIONS),
    "kickoff_async": lambda crew: start(crew.kickoff_async, INPUTS),
    "akickoff": lambda crew: start(crew.akickoff, INPUTS),
    "kickoff_for_each": lambda crew: start(crew.kickoff_for_each, [INPUTS]),
    "kickoff_for_each_async": lambda crew: start(crew.kickoff_for_each_async, [INPUTS]),
    "akickoff_for_each": lambda crew: start(crew.akickoff_for_each, [INPUTS]),
    "copy": lambda crew: ds.kickoff(crew.copy(), INPUTS, **OPTIONS),
    "copy of a copy": lambda crew: ds.kickoff(crew.copy().copy(), INPUTS, **OPTIONS),
    "copy inside": lambda crew: start(lambda: crew.copy().kickoff(inputs=INPUTS)),
    "task": lambda crew: start(crew.tasks[0].execute_sync),
    "agent": lambda crew: start(crew.agents[0].kickoff, "Say it."),
    "agent_async": lambda crew: start(crew.agents[0].kickoff_async, "Say it."),
    "agent's task": lambda crew: start(crew.agents[0].execute_task, crew.tasks[0]),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("door", DOORS)
def test_refusal_is_one_request(server: ScriptedServer, door: str, model: str) -> None:
    """Bare, a 403 is three requests through CrewAI's own client."""
    server.script = lambda call: Reply("no", status=403)
    error = DOORS[door](crew_of(llm_of(server, **MODELS[model]))).exception()
    assert getattr(error, "status_code", None) == 403, error
    assert len(server.calls) == 1


def hierarchical(llm: Any, **options: Any) -> Any:
    worker = Agent(role="worker", goal="g", backstory="b", llm=llm)
    task = Task(description="Do it.", expected_output="e", agent=worker)
    return Crew(agents=[worker], tasks=[task], process=Process.hierarchical, **options)


def manager_of(llm: Any) -> Agent:
    return Agent(role="manager", goal="g", backstory="b", llm=llm, allow_delegation=True)


PARTS: dict[str, Callable[[Any], Any]] = {
    "manager_llm": lambda llm: hierarchical(llm, manager_llm=llm),
    "manager_agent": lambda llm: hierarchical(llm, manager_agent=manager_of(llm)),
    "planner": lambda llm: crew_of(llm).model_copy(update={"planning": True, "planning_llm": llm}),
}


@pytest.mark.parametrize(
    ("part", "model", "method"),
    [
        (part, model, method)
        for part in PARTS
        for model in MODELS
        for method in ("kickoff", "kickoff_async", "akickoff")
        # CrewAI's akickoff cannot plan, and its plans through LiteLLM need another version of mcp.
        if part != "planner" or (model == "native" and method != "akickoff")
    ],
)
def test_refused_manager_or_planner_is_one_request(
    server: ScriptedServer, part: str, model: str, method: str
) -> None:
    """They are agents that CrewAI makes itself, or copies."""
    server.script = lambda call: Reply("no", status=403)
    crew = PARTS[part](llm_of(server, **MODELS[model]))
    run = start(getattr(crew, method), INPUTS)
    assert getattr(run.exception(), "status_code", None) == 403, run.exception()
    assert len(server.calls) == 1


def test_refused_coworker_is_one_request(server: ScriptedServer) -> None:
    """A coworker that is delegated to tries no more often than others."""

    def script(call: Call) -> Reply:
        if is_from(call, "expert"):
            return Reply("no", status=403)
        return delegates("Do it.") if len(call.messages) < 3 else Reply("Nothing.")

    server.script = script
    llm = llm_of(server)
    lead = Agent(role="lead", goal="g", backstory="b", llm=llm, allow_delegation=True)
    expert = Agent(role="expert", goal="g", backstory="b", llm=llm)
    task = Task(description="Do it.", expected_output="e", agent=lead)
    ds.kickoff(Crew(agents=[lead, expert], tasks=[task]), **OPTIONS).join(LONG_S)
    assert len([call for call in server.calls if is_from(call, "expert")]) == 1


@pytest.mark.parametrize("given", [1, 2, 3])
@pytest.mark.parametrize(
    "door", ["kickoff", "akickoff", "kickoff_for_each", "akickoff_for_each", "copy inside"]
)
def test_retries_that_were_asked_for_are_made(
    server: ScriptedServer, door: str, given: int
) -> None:
    """A max_retry_limit that was set, be it to its default, holds in copies as well."""
    server.script = lambda call: Reply("no", status=500)
    crew = crew_of(llm_of(server), max_retry_limit=given)
    assert DOORS[door](crew).exception() is not None
    assert len(server.calls) == 1 + given
    assert crew.agents[0].max_retry_limit == given


def test_an_evaluator_of_crewai_is_one_request(server: ScriptedServer) -> None:
    """crew.test() with a refused evaluator."""
    server.script = lambda call: (
        Reply("no", status=403) if "Evaluator" in call.prompt else Reply("Fine.")
    )
    crew = crew_of(llm_of(server))
    error = start(crew.test, 1, llm_of(server), INPUTS).exception()
    assert getattr(error, "status_code", None) == 403, error
    assert len(server.calls) == 2


def test_plan_is_made_once(server: ScriptedServer) -> None:
    """A planner that answers works as before."""
    plan = {"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": " Think first."}]}

    def script(call: Call) -> Reply:
        planning = "Task Execution Planner" in call.prompt
        return Reply(json.dumps(plan) if planning else "Done.")

    server.script = script
    crew = PARTS["planner"](llm_of(server))
    assert ds.kickoff(crew, INPUTS, **OPTIONS).result().raw == "Done."
    assert "Think first." in server.calls[-1].prompt
    assert crew.tasks[0].description == "Do {topic}."
