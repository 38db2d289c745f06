"""What is found in a crew; each finding shown present and absent, and its ground in CrewAI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from crewai import BaseLLM, Crew
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.tools import BaseTool

import docsum_nb as ds
from docsum_nb.crew.inspection.call_limits import requests_of_a_429
from docsum_nb.testing import Reply, ScriptedServer
from tests.crew.crew_samples import field_crew, snapshot
from tests.doctor.doctor_samples import Stateless, agent, crew, found, llm, only, task

CHECKS = {
    "shared-agent",
    "same-role",
    "same-key",
    "max-execution-time",
    "concurrency",
    "task-order",
    "async-callback",
    "placeholders",
    "timeout",
    "retries",
    "max-rpm",
    "tools",
    "memory",
    "knowledge",
    "planning",
    "verbose",
}


def test_healthy_crew_is_found_fine_in_every_respect_and_is_not_touched() -> None:
    """A crew made as the doctor advises has no finding; looking changes nothing in it."""
    healthy = crew()
    before = snapshot(healthy)
    diagnosis = ds.doctor(healthy)
    assert {finding.level for finding in diagnosis} == {"ok"}, str(diagnosis)
    assert {finding.check for finding in diagnosis} >= CHECKS
    assert snapshot(healthy) == before


def test_agent_shared_between_concurrent_tasks() -> None:
    """The crew from the field is a problem, and the finding says what the guard does."""
    finding = only(field_crew(llm()), "shared-agent")
    assert finding.level == "problem"
    assert finding.subject == "agent 'summarizer'"
    assert finding.seen.startswith("8 tasks")
    assert "ds.kickoff(crew) gives every concurrent task an agent of its own" in finding.do


def test_agent_shared_between_tasks_in_turn_is_fine() -> None:
    """Tasks that follow one another may share an agent, and so may those of a stateless one."""
    one = agent()
    first = task("One.", agent=one, async_execution=True)
    second = task("Two.", agent=one)
    third = task("Three.", agent=one, async_execution=True)
    assert only(crew(first, second, third), "shared-agent").level == "ok"
    free = Stateless(role="r", goal="g", backstory="b")
    tasks = [task(f"Part {i}.", agent=free, async_execution=i < 3) for i in range(4)]
    assert only(crew(*tasks), "shared-agent").level == "ok"


def test_same_roles_collapse_in_a_copy() -> None:
    """Two agents of one role are a warning, since CrewAI's copy makes them one."""
    sick = crew(task("One.", agent=agent("writer")), task("Two.", agent=agent("writer")))
    copy = sick.copy()
    assert copy.tasks[0].agent is copy.tasks[1].agent
    finding = only(sick, "same-role")
    assert finding.level == "warning"
    assert "'writer'" in finding.subject


def test_same_tasks_collapse_in_a_copy() -> None:
    """Two tasks that say the same are a warning, since a copy gives one's output twice."""
    parts = [task("Part.", agent=agent(f"w{i}"), async_execution=True) for i in range(2)]
    sick = crew(*parts, task("Combine.", agent=agent("editor"), context=parts))
    context = sick.copy().tasks[-1].context
    assert context[0] is context[1]
    assert only(sick, "same-key").level == "warning"


def test_max_execution_time() -> None:
    """An agent's time limit is a warning with the deadline that holds."""
    finding = only(crew(task(agent=agent(max_execution_time=30))), "max-execution-time")
    assert finding.level == "warning"
    assert "max_execution_time=30" in finding.seen
    assert "deadline=" in finding.do


def test_many_tasks_at_once() -> None:
    """Thirty concurrent tasks are a warning with the threads they take, and the bound."""
    parts = [task(f"Part {i}.", agent=agent(f"w{i}"), async_execution=True) for i in range(30)]
    sick = crew(*parts, task("Combine.", agent=agent("editor")))
    finding = only(sick, "concurrency")
    assert finding.level == "warning"
    assert "30 tasks" in finding.seen
    assert "90 threads" in finding.seen
    assert "max_concurrency" in finding.do


def test_crew_that_ends_with_asynchronous_tasks() -> None:
    """What CrewAI would refuse to make is a problem where it came about afterwards."""
    sick = crew()
    sick.tasks += [task(f"More {i}.", agent=agent(f"m{i}"), async_execution=True) for i in (1, 2)]
    assert only(sick, "task-order").level == "problem"
    with pytest.raises(ValueError, match="at most one asynchronous"):
        Crew(agents=sick.agents, tasks=sick.tasks)


async def arrive(inputs: Any) -> Any:
    """Be a callback that CrewAI does not await."""
    return inputs


def leave(value: Any) -> Any:
    """Be a callback as it should be."""
    return value


class Arriving:
    async def __call__(self, result: Any) -> Any:
        """Be the same as an object."""
        return result


@pytest.mark.filterwarnings("ignore:.* callbacks cannot be serialized")
@pytest.mark.parametrize("callback", [arrive, partial(arrive), Arriving()])
@pytest.mark.parametrize("kind", ["before_kickoff_callbacks", "after_kickoff_callbacks"])
def test_async_kickoff_callbacks(kind: str, callback: Any) -> None:
    """A callback that is a coroutine function, in any form, is a problem."""
    finding = only(crew(**{kind: [callback]}), "async-callback")
    assert finding.level == "problem"
    assert finding.subject == kind
    assert only(crew(**{kind: [leave]}), "async-callback").level == "ok"


def test_placeholders_are_checked_against_inputs() -> None:
    """Without inputs their names are listed; with inputs a missing one is a problem."""
    sick = crew(task("Write on {topic} for {reader}.", agent=agent(goal="Please {reader}.")))
    finding = only(sick, "placeholders")
    assert finding.level == "note"
    assert finding.do == "ds.kickoff(crew, {'topic': ..., 'reader': ...})"
    assert only(sick, "placeholders", inputs={"topic": "t", "reader": "r"}).level == "ok"
    missing = only(sick, "placeholders", inputs={"topic": "t"})
    assert missing.level == "problem"
    assert "'{reader}'" in missing.seen
    filling = crew(task("On {topic} and {more}."), before_kickoff_callbacks=[leave])
    assert only(filling, "placeholders", inputs={"topic": "t"}).level == "warning"


@pytest.mark.parametrize("text", ['Fill in {"a": 1} for {name}.', "def f(): {x}\n" * 300])
def test_document_text_that_is_taken_for_placeholders(text: str) -> None:
    """JSON, code or a long text with a {word} in it is a warning, and fails a real kickoff."""
    sick = crew(task(text))
    finding = only(sick, "placeholder-in-text")
    assert finding.level == "warning"
    assert "description" in finding.subject
    assert "{text}" in finding.do
    with pytest.raises(ValueError, match="Template variable"):
        sick.kickoff({"other": "value"})
    assert found(crew(task('Answer as JSON: {"a": 1}')), "placeholder-in-text") == ()


def test_placeholders_of_an_agent_outside_the_crew_stay_empty() -> None:
    """Texts of an agent that only a task knows are never filled in."""
    stranger = agent("stranger", goal="Explain {topic}.")
    member = agent("member", goal="Explain {topic}.")
    parts = [task("One.", agent=stranger), task("Two.", agent=member)]
    finding = only(crew(*parts, agents=[member]), "placeholder-not-filled")
    assert finding.subject == "agent 'stranger'"
    assert found(crew(*parts), "placeholder-not-filled") == ()


class Own(BaseLLM):
    """A model of the user's own."""

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        """Answer."""
        return "fine"


def test_models_without_a_timeout() -> None:
    """A provider's model without timeout is a warning; one of the user's own decides itself."""
    finding = only(crew(task(agent=agent(llm=llm(timeout=None)))), "timeout")
    assert finding.level == "warning"
    assert "timeout=60" in finding.do
    assert only(crew(task(agent=agent(llm=Own(model="own")))), "timeout").level == "ok"
    given = llm(timeout=None, client_params={"timeout": 5})
    assert only(crew(task(agent=agent(llm=given))), "timeout").level == "ok"


def test_retries_that_multiply() -> None:
    """The defaults are found to make 27 requests of one 429, and 3 under the guard."""
    defaults = agent(llm=llm(max_retries=2), max_retry_limit=2)
    assert requests_of_a_429(defaults.llm, defaults) == 27
    unset = ds.doctor(field_crew(llm(max_retries=2))).about("retries")[0]
    assert unset.level == "warning"
    assert "27 requests" in unset.seen
    assert "ds.kickoff(crew) makes it 3" in unset.do
    litellm = agent(llm=llm(is_litellm=True, max_retries=None), max_retry_limit=2)
    assert requests_of_a_429(litellm.llm, litellm) == 9
    again = agent(llm=litellm.llm, max_retry_limit=2, max_execution_time=9)
    assert requests_of_a_429(again.llm, again) == 27


@pytest.mark.long
@pytest.mark.parametrize(
    ("client", "limit", "count"), [(0, 0, 3), (1, 0, 6)], ids=["advised", "client"]
)
def test_retries_are_counted_as_a_server_counts_them(
    server: ScriptedServer, client: int, limit: int, count: int
) -> None:
    """What the doctor counts is what a server sees of a crew that is answered by 429."""
    server.script = lambda call: Reply("slow down", status=429, headers={"retry-after": "0"})
    model = llm(base_url=server.base_url, max_retries=client)
    one = agent(llm=model, max_retry_limit=limit)
    with pytest.raises(Exception, match="slow down"):
        crew(task(agent=one)).kickoff()
    assert len(server.calls) == requests_of_a_429(model, one) == count
    ds.kickoff(crew(task(agent=one)), show=False).exception()
    assert len(server.calls) - count == requests_of_a_429(model, one, guarded=True)


def slow_tool(body: Callable[..., Any], **methods: Any) -> Any:
    """Make a tool of one method."""
    kind = type("Slow", (BaseTool,), {"_run": body, "__module__": __name__, **methods})
    return kind(name="slow", description="d")


async def blocks(self: Any, query: str) -> str:
    time.sleep(0)  # noqa: ASYNC251
    return query


async def waits(self: Any, query: str) -> str:
    await asyncio.sleep(0)
    return query


def answers(self: Any, query: str) -> str:
    time.sleep(0)
    return query


def test_tools_that_block_a_loop() -> None:
    """Async code of a tool that blocks is a warning, an async tool a note, a plain one fine."""
    blocking = slow_tool(answers, _arun=blocks)
    (finding,) = found(crew(task(tools=[blocking])), "tools")
    assert finding.level == "warning"
    assert "time.sleep" in finding.seen
    assert "asyncio.sleep" in finding.do
    (finding,) = found(crew(task(agent=agent(tools=[slow_tool(waits)]))), "tools")
    assert finding.level == "note"
    assert only(crew(task(tools=[slow_tool(answers, _arun=waits)])), "tools").level == "ok"


@pytest.mark.parametrize(
    ("options", "check", "level", "words"),
    [
        ({"memory": True}, "memory", "warning", "OPENAI_API_KEY is not set"),
        ({"planning": True}, "planning", "warning", "OPENAI_API_KEY is not set"),
        ({"planning": True, "planning_llm": llm()}, "planning", "note", "one more call"),
        ({"max_rpm": 10}, "max-rpm", "warning", "the crew"),
        ({"verbose": True}, "verbose", "note", "prints"),
        ({"tracing": True}, "crew-tracing", "warning", "sent to CrewAI"),
    ],
)
def test_services(options: dict[str, Any], check: str, level: str, words: str) -> None:
    """What a crew does beside its tasks is found where it is on."""
    finding = only(crew(**options), check)
    assert finding.level == level
    assert words in finding.seen
    assert finding.do
    assert all(each.level == "ok" for each in found(crew(), check))


def test_knowledge_without_an_embedder() -> None:
    """Knowledge that would be embedded by OpenAI is a warning, unless an embedder is named."""
    source = StringKnowledgeSource(content="Whales are mammals.")
    sick = crew(task(agent=agent(knowledge_sources=[source])))
    finding = only(sick, "knowledge")
    assert finding.level == "warning"
    assert "agent 'writer'" in finding.subject
    own = agent(knowledge_sources=[source], embedder={"provider": "onnx", "config": {}})
    assert only(crew(task(agent=own)), "knowledge").level == "ok"


def test_person_at_the_keyboard() -> None:
    """A task that asks a person is a note."""
    assert only(crew(task(human_input=True)), "human-input").level == "note"
    assert found(crew(), "human-input") == ()
