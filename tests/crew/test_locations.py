"""Where a deadline found the work: the task, agent, tool or step, with function and line."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.flow import Flow, listen, start
from crewai.tools import BaseTool

import docsum_nb as ds
from docsum_nb.crew.current_task import Activity
from docsum_nb.crew.locations import Locations
from docsum_nb.errors import DeadlineExceeded
from docsum_nb.testing import ScriptedServer
from tests.crew.crew_samples import (
    LONG_S,
    ScriptedLLM,
    field_crew,
    kickoff,
    llm_of,
)
from tests.support.deadlines import pass_deadline


def one_task(llm: Any, **task: Any) -> Any:
    """Make a crew of one agent and one task."""
    agent = Agent(role="worker", goal="g", backstory="b", llm=llm)
    return Crew(
        agents=[agent], tasks=[Task(description="d", expected_output="e", agent=agent, **task)]
    )


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


def test_deadline_names_task_agent_and_place() -> None:
    """Blocking code in a task costs the deadline; the error says which task, agent and line."""
    began, release = threading.Event(), threading.Event()

    def answer(prompt: str) -> str:
        began.set()
        release.wait(LONG_S)
        return "late"

    crew = field_crew(ScriptedLLM(model="scripted", answer=answer), parts=1)
    try:
        run = kickoff(crew, deadline=LONG_S)
        pass_deadline(run, began.is_set)
        with pytest.raises(DeadlineExceeded) as caught:
            run.result()
    finally:
        release.set()
    assert re.search(
        r"task 'part 0' of agent 'summarizer', in \S*answer\(\) in test_locations.py, line \d+",
        str(caught.value),
    )
    assert (caught.value.task, caught.value.agent) == ("part 0", "summarizer")
    assert caught.value.run_id == run.id


def test_tools_work_and_one_that_blocks_costs_the_deadline() -> None:
    """A tool is called in the task's thread; stuck in it, the error names tool and line."""
    llm = ScriptedLLM(model="scripted", answer=uses_tool)
    found = one_task(llm, tools=[Tool(work=lambda word: f"FOUND {word}")])
    assert kickoff(found).result().raw == "FOUND whale"
    began, release = threading.Event(), threading.Event()

    def blocks(word: str) -> str:
        began.set()
        release.wait(LONG_S)
        return "late"

    try:
        run = kickoff(one_task(llm, tools=[Tool(work=blocks)]), deadline=LONG_S)
        pass_deadline(run, began.is_set)
        error = run.exception()
    finally:
        release.set()
    assert isinstance(error, DeadlineExceeded)
    assert re.search(r"in \S*blocks\(\) in test_locations.py, line \d+", str(error)), error


begun, blocking = threading.Event(), threading.Event()


def block(output: Any) -> None:
    """Wait, as a callback does that writes to a slow place."""
    begun.set()
    blocking.wait(LONG_S)


def test_callback_that_blocks_is_named_with_its_line(server: ScriptedServer) -> None:
    """After the last model call, a task is where its own thread is."""
    crew = one_task(llm_of(server), callback=block)
    try:
        run = kickoff(crew, deadline=LONG_S)
        pass_deadline(run, begun.is_set)
        error = run.exception()
    finally:
        blocking.set()
    assert isinstance(error, DeadlineExceeded)
    assert re.search(r"in block\(\) in test_locations.py, line \d+", str(error)), error
    assert "(working: 0 of 1 tasks done" in str(error)


class StuckFlow(Flow[dict[str, Any]]):
    """Blocks in its second step: the loop itself, or a thread."""

    began: Any = None
    release: Any = None

    @start()
    def load(self) -> str:
        return "text"

    @listen(load)
    async def look_up(self, before: str) -> None:
        self.blocked()

    def blocked(self) -> None:
        self.began.set()
        self.release.wait(LONG_S)


class StuckThreadFlow(Flow[dict[str, Any]]):
    """The same in a synchronous step, which CrewAI runs in a pool."""

    began: Any = None
    release: Any = None

    @start()
    def look_up(self) -> None:
        self.blocked()

    def blocked(self) -> None:
        self.began.set()
        self.release.wait(LONG_S)


@pytest.mark.parametrize("kind", [StuckFlow, StuckThreadFlow])
def test_flow_whose_step_blocks_costs_the_deadline_and_is_named(kind: Any) -> None:
    """The loop of the flow blocked by a synchronous call: step, function and line are named."""
    flow, release = kind(), threading.Event()
    flow.began, flow.release = threading.Event(), release
    try:
        run = ds.kickoff(flow, deadline=LONG_S, show=False)
        pass_deadline(run, flow.began.is_set)
        error = run.exception()
    finally:
        release.set()
    assert isinstance(error, DeadlineExceeded)
    assert f"step 'look_up' of {kind.__name__}" in str(error)
    assert re.search(r"blocked\(\) in test_locations.py, line \d+", str(error)), error


def test_a_thread_of_a_pool_that_waits_for_work_is_no_place() -> None:
    """A task's model may have been called from a pool's thread, which is idle by now."""
    with ThreadPoolExecutor(1) as pool:
        locations = Locations()
        task = object()
        pool.submit(locations.task_began, task, "part 1", "writer", Activity()).result()
        assert "in _worker()" not in locations.whereabouts().text
