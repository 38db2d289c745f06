"""max_concurrency bounds the model calls of a run that are in flight, made by any code."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task

import docsum_nb as ds
from docsum_nb.errors import RunCancelled
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM, Tool, field_crew, llm_of, part_of, until

MANY = 6
LIMIT = 2
TOPICS = [{"topic": f"number {i}"} for i in range(MANY)]


def plain_crew(llm: Any) -> Any:
    """Make a crew of one plain task."""
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
    task = Task(description="Write about {topic}.", expected_output="e", agent=agent)
    return Crew(agents=[agent], tasks=[task])


def full(server: ScriptedServer) -> None:
    """Hold each answer back until as many calls are in flight as may be, or none is to come."""

    async def script(call: Call) -> Reply:
        await until(lambda: server.in_flight >= LIMIT or len(server.calls) >= MANY)
        return Reply(delay=0.05)

    server.script = script


async def gathered_crews(crew: Any, llm: Any) -> int:
    return len(await asyncio.gather(*(crew.akickoff(inputs=topic) for topic in TOPICS)))


async def gathered_agents(crew: Any, llm: Any) -> int:
    agents = [Agent(role=f"r{i}", goal="g", backstory="b", llm=llm) for i in range(MANY)]
    return len(await asyncio.gather(*(agent.kickoff_async("Hello.") for agent in agents)))


async def awaited_calls(crew: Any, llm: Any) -> int:
    return len(await asyncio.gather(*(llm.acall(f"Say {i}.") for i in range(MANY))))


def threads(crew: Any, llm: Any) -> int:
    with ThreadPoolExecutor(MANY) as pool:
        doors = [pool.submit(copy_context().run, crew.kickoff, inputs=topic) for topic in TOPICS]
        return len([door.result() for door in doors])


def direct_calls(crew: Any, llm: Any) -> int:
    with ThreadPoolExecutor(MANY) as pool:
        doors = [pool.submit(copy_context().run, llm.call, f"Say {i}.") for i in range(MANY)]
        return len([door.result() for door in doors])


async def for_each(crew: Any, llm: Any) -> int:
    return len(await crew.kickoff_for_each_async(TOPICS))


async def native_for_each(crew: Any, llm: Any) -> int:
    return len(await crew.akickoff_for_each(TOPICS))


@pytest.mark.parametrize("is_litellm", [False, True])
@pytest.mark.parametrize(
    "work",
    [
        for_each,
        native_for_each,
        gathered_crews,
        gathered_agents,
        awaited_calls,
        threads,
        direct_calls,
    ],
)
def test_calls_of_the_whole_run_are_bounded(
    server: ScriptedServer, work: Any, *, is_litellm: bool
) -> None:
    """As many as may be are in flight, and never one more; all of them are made."""
    full(server)
    llm = llm_of(server, is_litellm=is_litellm)
    run = ds.start(
        lambda: work(plain_crew(llm), llm), max_concurrency=LIMIT, deadline=LONG_S, show=False
    )
    assert run.result() == MANY
    assert server.most_in_flight == LIMIT
    assert len(server.calls) == MANY
    assert run.state.waiting == 0


def uses_tool(prompt: str) -> str:
    """Answer like a model that calls the tool once."""
    asks = "look_up" in prompt and "Observation: A summary." not in prompt
    return "Action: look_up\nAction Input: {}" if asks else "Final Answer: done"


@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_crew_kicked_off_in_a_tool_needs_no_second_slot(
    server: ScriptedServer, method: str
) -> None:
    """With one call at once, an asynchronous task whose tool kicks off a crew comes to its end."""
    inner = field_crew(llm_of(server), parts=2)
    tool = Tool(work=lambda: inner.kickoff(inputs={"topic": "whales"}).raw)
    llm = ScriptedLLM(model="s", answer=uses_tool)
    agent = Agent(role="r", goal="g", backstory="b", llm=llm, tools=[tool])
    tasks = [
        Task(description=f"{i}", expected_output="e", agent=agent, async_execution=i < 2)
        for i in range(3)
    ]
    crew = Crew(agents=[agent], tasks=tasks)
    run = ds.start(getattr(crew, method), max_concurrency=1, deadline=LONG_S, show=False)
    assert run.result().raw == "done"
    assert server.most_in_flight == 1
    assert len(server.calls) == 3 * 4


def test_manager_and_coworkers_share_one_slot(server: ScriptedServer) -> None:
    """Delegation waits for a call only, not for a slot that its own task holds."""
    crew = field_crew(
        llm_of(server), parts=3, process=Process.hierarchical, manager_llm=llm_of(server)
    )
    run = ds.kickoff(crew, {"topic": "x"}, max_concurrency=1, deadline=LONG_S, show=False)
    assert run.result().raw == "A summary."
    assert server.most_in_flight == 1


def test_calls_that_a_failed_crew_has_left_hold_no_slot(server: ScriptedServer) -> None:
    """They may never end; a further crew of the same step has all slots."""

    async def script(call: Call) -> Reply:
        if "of whales" not in call.prompt:
            return Reply()
        await until(lambda: len(server.calls) >= LIMIT)
        return Reply("no", status=403) if part_of(call) == 1 else Reply(hang=True)

    def work() -> Any:
        with pytest.raises(Exception, match="no"):
            crew.kickoff(inputs={"topic": "whales"})
        return crew.kickoff(inputs={"topic": "seals"}).raw

    server.script = script
    crew = field_crew(llm_of(server), parts=LIMIT)
    run = ds.start(work, max_concurrency=LIMIT, deadline=LONG_S, show=False)
    assert run.result() == "A summary."


def test_model_that_fails_without_a_word_gives_its_slot_back() -> None:
    """A model of the user's own that raises, asked by agents alone, again and again."""

    def raises(prompt: str) -> str:
        raise ValueError("the model broke")

    def work() -> int:
        agent = Agent(role="r", goal="g", backstory="b", llm=ScriptedLLM(model="s", answer=raises))
        for _ in range(3):
            with pytest.raises(ValueError, match="the model broke"):
                agent.kickoff("Hello.")
        return 3

    run = ds.start(work, max_concurrency=1, max_calls=20, deadline=LONG_S, show=False)
    assert run.result() == 3


def test_call_that_waits_for_a_slot_is_shown_and_stopped(server: ScriptedServer) -> None:
    """Cancelled while one call is in flight and others wait: none of them is made."""
    server.script = lambda call: Reply(hang=True)
    crew = plain_crew(llm_of(server))
    run = ds.start(crew.kickoff_for_each_async, TOPICS, max_concurrency=1, show=False)
    while run.state.waiting < MANY - 1 or not server.calls:
        assert not run.done, run.exception()
        threading.Event().wait(0.01)
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    assert run.join(LONG_S)
    assert len(server.calls) == 1


def test_budget_and_slots_do_not_wait_for_one_another(server: ScriptedServer) -> None:
    """Calls made directly wait for the budget within a call, those of agents before one."""

    def work() -> int:
        with ThreadPoolExecutor(MANY) as pool:
            doors: list[Any] = []
            for i in range(3):
                doors.append(pool.submit(copy_context().run, llm.call, f"Say {i}."))
                kickoff = plain_crew(llm).kickoff
                doors.append(pool.submit(copy_context().run, kickoff, {"topic": f"{i}"}))
            return len([door.result() for door in doors])

    llm = llm_of(server, max_tokens=600)
    # One call may take up to 600 tokens of answer, 0.00036 dollars: one fits at a time.
    run = ds.start(work, max_concurrency=1, max_cost=0.0005, deadline=LONG_S, show=False)
    assert run.result() == MANY
    assert server.most_in_flight == 1


@pytest.mark.parametrize("parts", [0, 2])
def test_crew_that_blocks_a_loop_does_not_wait_for_what_needs_that_loop(
    server: ScriptedServer, parts: int
) -> None:
    """Kicked off in a coroutine without await, beside a call that holds the only slot."""
    blocking = threading.Event()

    async def script(call: Call) -> Reply:
        if "Say it." in call.prompt:
            await until(blocking.is_set)
        else:
            blocking.set()
        return Reply()

    async def call() -> Any:
        return await llm.acall("Say it.")

    async def block() -> Any:
        await until(lambda: bool(server.calls))
        return crew.kickoff(inputs={"topic": "whales"}).raw

    async def both() -> Any:
        return await asyncio.gather(call(), block())

    server.script = script
    llm = llm_of(server)
    crew = field_crew(llm, parts=parts) if parts else plain_crew(llm)
    run = ds.start(both, max_concurrency=1, deadline=LONG_S, show=False)
    assert run.result() == ["A summary.", "A summary."]


def test_asynchronous_tasks_of_a_crew_that_blocks_a_loop_do_not_wait_for_tasks_on_it(
    server: ScriptedServer,
) -> None:
    """An awaited crew's task holds the only slot for tasks, and cannot end before the other."""
    blocking = threading.Event()

    async def script(call: Call) -> Reply:
        if "of seals" in call.prompt:
            blocking.set()
        else:
            await until(blocking.is_set)
        return Reply()

    async def block() -> Any:
        await until(lambda: bool(server.calls))
        return crew.kickoff(inputs={"topic": "seals"}).raw

    async def both() -> list[Any]:
        awaited = crew.akickoff(inputs={"topic": "whales"})
        return [getattr(each, "raw", each) for each in await asyncio.gather(awaited, block())]

    server.script = script
    crew = field_crew(llm_of(server), parts=2)
    run = ds.start(both, max_concurrency=1, deadline=LONG_S / 2, show=False)
    assert run.result() == ["A summary.", "A summary."]
