"""Inputs of guarded crews: placeholders without an input are reported before anything is paid."""

from __future__ import annotations

from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.flow import Flow, start

import docsum_nb as ds
from docsum_nb.events import CallStarted, Event, Warned
from docsum_nb.testing import ScriptedServer
from tests.crew.crew_samples import LONG_S, field_crew, kickoff, llm_of

BOTH = {"topic": "whales", "reader": "me"}


def fill(inputs: Any) -> Any:
    return {**inputs, **BOTH}


def writing(server: ScriptedServer, text: str, **options: Any) -> Any:
    """Make a crew of one task."""
    agent = Agent(role="writer", goal="Please {reader}", backstory="b", llm=llm_of(server))
    task = Task(description=text, expected_output="A page", agent=agent)
    return Crew(agents=[agent], tasks=[task], **options)


def warnings(work: Any, inputs: dict[str, Any] | None = None, **options: Any) -> tuple[str, ...]:
    """Run it to its end, and return what was warned of."""
    run = ds.kickoff(work, inputs, show=False, deadline=LONG_S, **options)
    run.exception()
    warned: tuple[str, ...] = run.state.warnings
    return warned


def test_no_inputs_for_placeholders_is_one_warning_before_the_first_call(
    server: ScriptedServer,
) -> None:
    """It names all of them and the argument to give, once for a crew of many tasks."""
    seen: list[Event] = []
    (warning,) = warnings(field_crew(llm_of(server), parts=3), on_event=seen.append)
    assert "'{topic}'" in warning
    assert "inputs={'topic': ...}" in warning
    kinds = [type(event) for event in seen if isinstance(event, Warned | CallStarted)]
    assert kinds[0] is Warned
    (warning,) = warnings(writing(server, "On {topic}"), {})
    assert "inputs={'topic': ..., 'reader': ...}" in warning


def test_missing_input_is_named_beside_those_that_are_there(server: ScriptedServer) -> None:
    """CrewAI fails at the first word; the warning has all, and nothing was paid."""
    (warning,) = warnings(writing(server, "On {topic} in {style}"), {"topic": "whales"})
    assert "'{style}', '{reader}'" in warning
    assert "inputs={'topic': ..., 'style': ..., 'reader': ...}" in warning
    assert server.calls == []


def test_what_is_filled_in_or_no_placeholder_is_not_warned_of(server: ScriptedServer) -> None:
    """Inputs, callbacks that give them, an earlier kickoff, and JSON in a text: no false word."""
    crew = writing(server, "On {topic}")
    assert warnings(crew, BOTH) == ()
    filling = writing(server, "On {topic}", before_kickoff_callbacks=[fill])
    assert warnings(filling) == ()
    crew.kickoff(BOTH)
    assert warnings(crew) == ()
    (warning,) = warnings(writing(server, 'Answer as {"a": {b}}'))
    assert "'{reader}'" in warning
    assert "'{b}'" not in warning


@pytest.mark.parametrize("kicks", ["flow", "start"])
def test_crews_that_other_work_kicks_off_are_looked_at_too(
    server: ScriptedServer, kicks: str
) -> None:
    """A flow, or a function, that kicks the same crew off twice is warned once."""
    crew = writing(server, "On whales")

    class Twice(Flow[Any]):
        @start()
        def work(self) -> None:
            crew.kickoff()
            crew.kickoff()

    if kicks == "flow":
        (warning,) = warnings(Twice())
    else:
        run = ds.start(crew.kickoff_for_each, [{}, {}], show=False, deadline=LONG_S)
        run.result()
        (warning,) = run.state.warnings
    assert "'{reader}'" in warning


def test_inputs_are_filled_in_for_the_agents_of_concurrent_tasks_too(
    server: ScriptedServer,
) -> None:
    """The agent that a concurrent task gets of its own is asked with the shared agent's goal."""
    crew = field_crew(llm_of(server), parts=2)
    for topic in ("whales", "ships"):
        del server.calls[:]
        run = kickoff(crew, topic)
        run.result()
        assert run.state.warnings == ()
        assert [f"Summarize {topic}" in call.prompt for call in server.calls] == [True] * 4
        assert not any("{topic}" in call.prompt for call in server.calls)
