"""Agents that work for others: nothing that runs at once is shared."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task
from crewai.agents.agent_builder.base_agent import BaseAgent
from crewai.knowledge.knowledge import Knowledge
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.tools import tool
from crewai.tools.agent_tools.agent_tools import AgentTools
from pydantic import PrivateAttr

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM, llm_of, snapshot, until
from tests.crew.delegating import (
    Barrier,
    asks,
    delegates,
    delegating_crew,
    expert_beside_others,
    is_from,
    part,
    tool_call,
    tool_result,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*callbacks cannot be:UserWarning")
INPUTS = {"topic": "whales"}
OPTIONS: dict[str, Any] = {"show": False, "deadline": LONG_S}
PARTS = 4
METHODS = ["kickoff", "kickoff_async", "akickoff"]


@pytest.mark.parametrize("method", METHODS)
def test_concurrent_tasks_delegate_to_one_expert(server: ScriptedServer, method: str) -> None:
    """Bare, three of four tool answers are "Executor is already running"."""
    server.script = expert_beside_others(PARTS)
    crew = delegating_crew(llm_of(server), parts=PARTS)
    before = snapshot(crew)
    run = ds.start(getattr(crew, method), INPUTS, **OPTIONS)
    assert [each.raw for each in run.result().tasks_output[:PARTS]] == [
        f"The expert on part {i}." for i in range(PARTS)
    ]
    assert len(server.calls) == 3 * PARTS + 1
    assert snapshot(crew) == before
    assert run.state.warnings == ()


def test_lead_is_no_coworker_of_its_own(server: ScriptedServer) -> None:
    """Its clone has the same coworkers in its prompt as without a guard."""
    server.script = expert_beside_others(PARTS)
    ds.kickoff(delegating_crew(llm_of(server)), INPUTS, **OPTIONS).result()
    tools = next(call for call in server.calls if is_from(call, "lead")).body["tools"]
    told = [each["function"]["description"] for each in tools]
    assert len(told) == 2
    assert all("expert" in each and "lead" not in each for each in told)


def hierarchical(llm: Any, **options: Any) -> Any:
    """Make a hierarchical crew whose manager delegates concurrent tasks to one expert."""
    expert = Agent(role="expert", goal="g", backstory="b", llm=llm)
    tasks = [
        Task(
            description=f"Delegate part {i} of {{topic}}.",
            expected_output="It.",
            agent=expert if i % 2 else None,
            async_execution=True,
        )
        for i in range(PARTS)
    ]
    last = Task(description="Combine.", expected_output="It.", context=tasks)
    return Crew(agents=[expert], tasks=[*tasks, last], process=Process.hierarchical, **options)


MANAGERS: dict[str, Callable[[Any], Any]] = {
    "manager_llm": lambda llm: hierarchical(llm, manager_llm=llm),
    "manager_agent": lambda llm: hierarchical(
        llm, manager_agent=Agent(role="boss", goal="g", backstory="b", llm=llm)
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("manager", MANAGERS)
def test_manager_delegates_concurrent_tasks_to_one_expert(
    server: ScriptedServer, manager: str, method: str
) -> None:
    """Bare, two of three concurrent tasks of a hierarchical crew fail."""
    server.script = expert_beside_others(PARTS)
    crew = MANAGERS[manager](llm_of(server))
    result = ds.start(getattr(crew, method), INPUTS, **OPTIONS).result()
    assert [each.raw for each in result.tasks_output[:PARTS]] == [
        f"The expert on part {i}." for i in range(PARTS)
    ]
    assert crew.manager_agent is None or crew.manager_agent.agent_executor is None
    assert crew.agents[0].agent_executor is None


def test_copies_of_a_delegating_crew_run_at_once(server: ScriptedServer) -> None:
    """kickoff_for_each_async: eight tasks ask the expert at the same time."""
    server.script = expert_beside_others(2 * PARTS)
    crew = delegating_crew(llm_of(server), parts=PARTS)
    results = ds.start(crew.kickoff_for_each_async, [INPUTS, INPUTS], **OPTIONS).result()
    assert [each.tasks_output[1].raw for each in results] == ["The expert on part 1."] * 2


def test_coworkers_ask_each_other_in_turn(server: ScriptedServer) -> None:
    """Delegation inside delegation, and back to the one that began: four tasks at once."""
    llm = llm_of(server)
    lead = Agent(role="lead", goal="g", backstory="b", llm=llm, allow_delegation=True)
    expert = Agent(role="expert", goal="g", backstory="b", llm=llm)
    helper = Agent(role="helper", goal="g", backstory="b", llm=llm)
    expert.tools = AgentTools(agents=[helper]).tools()
    helper.tools = AgentTools(agents=[lead, expert]).tools()
    tasks = [
        Task(description=f"Begin part {i}.", expected_output="e", agent=lead, async_execution=True)
        for i in range(PARTS)
    ]
    last = Task(description="Combine.", expected_output="e", agent=lead, context=tasks)
    barrier = Barrier(PARTS)

    async def script(call: Call) -> Reply:
        if "Combine." in call.prompt:
            return Reply("Combined.")
        if (said := tool_result(call)) is not None:
            return Reply(f"{said} and on")
        which = part(call)
        if is_from(call, "expert"):
            return delegates(f"Help with part {which}.", "helper")
        if is_from(call, "helper"):
            return asks(f"Again, part {which}?", "lead")
        if "Again" in call.prompt:
            await barrier.wait()
            return Reply(f"{which}: back at the lead")
        return delegates(f"Do part {which}.")

    server.script = script
    result = ds.kickoff(
        Crew(agents=[lead, expert, helper], tasks=[*tasks, last]), **OPTIONS
    ).result()
    assert [each.raw for each in result.tasks_output[:PARTS]] == [
        f"{i}: back at the lead and on and on and on" for i in range(PARTS)
    ]


class Counting(Agent):
    """An agent of the user's own, with a method and private attributes of its own."""

    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _seen: list[str] = PrivateAttr(default_factory=list)

    def execute_task(self, task: Any, context: Any = None, tools: Any = None) -> Any:
        with self._lock:
            self._seen.append(task.description)
        return super().execute_task(task, context, tools)


def test_agents_of_an_own_class_are_delegated_to(server: ScriptedServer) -> None:
    """What they hold in private is shared, as theirs to protect; executors are not."""
    server.script = expert_beside_others(PARTS)
    crew = delegating_crew(llm_of(server), parts=PARTS, agent=Counting)
    result = ds.kickoff(crew, INPUTS, **OPTIONS).result()
    assert result.tasks_output[2].raw == "The expert on part 2."
    assert len(crew.agents[1]._seen) == PARTS
    assert len(crew.agents[0]._seen) == PARTS + 1


class Foreign(BaseAgent):
    """An agent that is none of CrewAI's executors', and keeps its work in itself."""

    busy: bool = False
    function_calling_llm: Any = None
    step_callback: Any = None

    @property
    def last_messages(self) -> list[Any]:
        return []

    def execute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
        assert not self.busy
        self.busy = True
        together.wait(LONG_S)
        self.busy = False
        return f"Foreign: {task.description}"

    async def aexecute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
        return self.execute_task(task, context, tools)

    def create_agent_executor(self, tools: Any = None) -> None: ...

    def get_delegation_tools(self, agents: Any) -> list[Any]:
        return []

    def get_platform_tools(self, apps: Any) -> list[Any]:
        return []

    def get_mcp_tools(self, mcps: Any) -> list[Any]:
        return []


together = threading.Barrier(PARTS)


def test_coworker_of_another_kind_is_not_shared(server: ScriptedServer) -> None:
    """One of a class without CrewAI's executor is stood in for by clones as well."""
    server.script = expert_beside_others(1)
    crew = delegating_crew(llm_of(server), parts=PARTS)
    crew.agents[1] = Foreign(role="expert", goal="g", backstory="b")
    result = ds.kickoff(crew, INPUTS, **OPTIONS).result()
    assert [each.raw for each in result.tasks_output[:PARTS]] == [
        f"Foreign: Do part {i}." for i in range(PARTS)
    ]


class OwnCrew(Crew):
    """A crew of the user's own class, with an attribute and a method."""

    label: str = "own"

    def _post_kickoff(self, result: Any) -> Any:
        result.raw = f"{self.label}: {result.raw}"
        return result


def test_crew_of_an_own_class_delegates(server: ScriptedServer) -> None:
    """Its class and fields are those of the clone."""
    server.script = expert_beside_others(PARTS)
    made = delegating_crew(llm_of(server), parts=PARTS)
    crew = OwnCrew(agents=made.agents, tasks=made.tasks, label="mine")
    assert ds.kickoff(crew, INPUTS, **OPTIONS).result().raw == "mine: Combined."


class Locked(ScriptedLLM):
    """A model that holds a lock, and refuses to be copied deeply."""

    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    calls: int = 0

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        with self._lock:
            self.calls += 1
        return super().call(messages, *args, **kwargs)


def test_model_that_holds_a_lock_counts_all_calls() -> None:
    """The user's model is asked itself, by every clone."""
    llm = Locked(model="own", answer=lambda prompt: "fine")
    crew = delegating_crew(llm, parts=PARTS)
    assert ds.kickoff(crew, INPUTS, **OPTIONS).result().raw == "fine"
    assert llm.calls == PARTS + 1


# --- agents that the user's own code executes -----------------------------------------------------


def meeting(server: ScriptedServer, parties: int) -> None:
    """Make the server answer once a number of calls has arrived."""

    async def script(call: Call) -> Reply:
        await until(lambda: len(server.calls) >= parties)
        asked = re.findall(r"Say (\w+)", call.prompt)[-1]
        return Reply(f"Answer to {asked}")

    server.script = script


def test_one_agent_is_kicked_off_many_times_at_once(server: ScriptedServer) -> None:
    """In threads, in gather, and through tasks and execute_task: each has its own executor."""
    agent = Agent(role="reader", goal="g", backstory="b", llm=llm_of(server))
    meeting(server, 6)

    def task(i: int) -> Any:
        return Task(description=f"Say {i}", expected_output="e", agent=agent)

    def work() -> list[str]:
        context = copy_context()
        calls: list[Callable[[], Any]] = [
            lambda: agent.kickoff("Say a").raw,
            lambda: agent.kickoff("Say b").raw,
            lambda: task(1).execute_sync().raw,
            lambda: task(2).execute_sync().raw,
            lambda: agent.execute_task(task(3)),
            lambda: asyncio.run(agent.aexecute_task(task(4))),
        ]
        with ThreadPoolExecutor(6) as pool:
            return list(pool.map(lambda call: context.copy().run(call), calls))

    answers = ds.start(work, **OPTIONS).result()
    assert answers == [f"Answer to {each}" for each in ("a", "b", "1", "2", "3", "4")]


def test_one_agent_is_kicked_off_in_gather(server: ScriptedServer) -> None:
    """A coroutine that gathers kickoffs and tasks of one agent."""
    agent = Agent(role="reader", goal="g", backstory="b", llm=llm_of(server))
    meeting(server, 4)

    async def work() -> list[Any]:
        tasks = [
            Task(description=f"Say {i}", expected_output="e", agent=agent).aexecute_sync()
            for i in range(2)
        ]
        return list(
            await asyncio.gather(agent.kickoff_async("Say a"), agent.akickoff("Say b"), *tasks)
        )

    answers = [each.raw for each in ds.start(work, **OPTIONS).result()]
    assert answers == [f"Answer to {each}" for each in ("a", "b", "0", "1")]


def test_tools_of_concurrent_tasks_execute_one_agent(server: ScriptedServer) -> None:
    """A tool of the user's that runs a task of an agent of its own: four at once."""
    llm = llm_of(server)
    clerk = Agent(role="clerk", goal="g", backstory="b", llm=llm)

    @tool("ask_clerk")
    def ask_clerk(question: str) -> str:
        """Ask the clerk."""
        return str(Task(description=question, expected_output="e", agent=clerk).execute_sync().raw)

    barrier = Barrier(PARTS)

    async def script(call: Call) -> Reply:
        if is_from(call, "clerk"):
            await barrier.wait()
            return Reply(f"The clerk on part {part(call)}.")
        if "Combine." in call.prompt or (said := tool_result(call)) is None:
            if "Combine." in call.prompt:
                return Reply("Combined.")
            return tool_call("ask_clerk", question=f"And part {part(call)}?")
        return Reply(said)

    server.script = script
    lead = Agent(role="lead", goal="g", backstory="b", llm=llm, tools=[ask_clerk])
    tasks = [
        Task(description=f"Do part {i}.", expected_output="e", agent=lead, async_execution=True)
        for i in range(PARTS)
    ]
    last = Task(description="Combine.", expected_output="e", agent=lead, context=tasks)
    result = ds.kickoff(Crew(agents=[lead], tasks=[*tasks, last]), **OPTIONS).result()
    assert [each.raw for each in result.tasks_output[:PARTS]] == [
        f"The clerk on part {i}." for i in range(PARTS)
    ]
    assert [
        each.messages[1]["content"].count(f"Do part {i}.")
        for i, each in enumerate(result.tasks_output[:PARTS])
    ] == [1] * PARTS


def test_result_of_a_tool_is_the_answer_of_its_own_task_only(server: ScriptedServer) -> None:
    """CrewAI notes in the agent what a tool's answer is to be, and shares it with other tasks."""

    @tool("look", result_as_answer=True)
    def look() -> str:
        """Look."""
        return "Looked."

    first_done = threading.Event()

    async def script(call: Call) -> Reply:
        if "part 0" in call.prompt:
            return tool_call("look")
        await until(first_done.is_set)
        return Reply("Thought.")

    server.script = script
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm_of(server), tools=[look])
    tasks = [
        Task(
            description=f"Do part {i}.",
            expected_output="e",
            agent=agent,
            async_execution=i < 2,
            callback=lambda output: first_done.set(),
        )
        for i in range(3)
    ]
    tasks[2].context = []
    result = ds.kickoff(Crew(agents=[agent], tasks=tasks), **OPTIONS).result()
    assert [each.raw for each in result.tasks_output] == ["Looked.", "Thought.", "Thought."]


class Source(StringKnowledgeSource):
    """A source that counts how often it is added; nothing is embedded."""

    _added: list[str] = PrivateAttr(default_factory=list)

    def add(self) -> None:
        self._added.append(self.content)


@pytest.mark.parametrize("shared", [1, PARTS])
def test_knowledge_of_a_shared_agent_is_added_once(
    server: ScriptedServer, shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Concurrent tasks of one agent read its sources, which are paid for once as for one task."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setattr(Knowledge, "query", lambda *_, **__: [{"content": "Whales are mammals."}])
    source = Source(content="Whales are mammals.")
    agent = Agent(
        role="reader",
        goal="g",
        backstory="b",
        llm=llm_of(server),
        knowledge_sources=[source],
    )
    tasks = [
        Task(description=f"{i}", expected_output="e", agent=agent, async_execution=i < shared)
        for i in range(shared + 1)
    ]
    ds.kickoff(Crew(agents=[agent], tasks=tasks), **OPTIONS).result()
    assert source._added == ["Whales are mammals."]
    asked = [call for call in server.calls if "Whales are mammals." in call.prompt]
    assert len(asked) == shared + 1
