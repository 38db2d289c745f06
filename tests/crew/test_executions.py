"""Executions of agents under a guard: their time limit, their loop, their own tool calls."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from crewai import Agent, Crew, Task

import docsum_nb as ds
from docsum_nb.errors import RunCancelled
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM, field_crew, kickoff, llm_of, until

HANG_S = 60.0


def agent_of(llm: Any, **options: Any) -> Agent:
    return Agent(role="reader", goal="g", backstory="b", llm=llm, **options)


def test_max_execution_time_is_kept_and_named(server: ScriptedServer) -> None:
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


def test_max_execution_time_does_not_disguise_the_providers_error(server: ScriptedServer) -> None:
    """CrewAI wraps it in a RuntimeError, and asks twice more because of that."""
    server.script = lambda call: Reply("no", status=401)
    crew = field_crew(llm_of(server), parts=1)
    crew.agents[0].max_execution_time = 30
    error = kickoff(crew).exception()
    assert type(error).__name__ == "AuthenticationError"
    assert len(server.calls) == 1
    error = ds.start(crew.akickoff, {"topic": "x"}, deadline=LONG_S, show=False).exception()
    assert type(error).__name__ == "AuthenticationError"


def test_cancelled_run_takes_the_work_of_a_limited_agent_along(server: ScriptedServer) -> None:
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


def test_agent_kicked_off_alone_gives_its_answer_where_a_loop_runs(server: ScriptedServer) -> None:
    """Bare, agent.kickoff() in a cell returns a coroutine that is never awaited."""
    agent = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))

    async def cell() -> Any:
        return await ds.start(agent.kickoff, "Say something.", deadline=LONG_S, show=False)

    assert asyncio.run(cell()).raw == "A summary."


def test_concurrent_tasks_of_one_agent_do_not_see_each_others_tool_calls() -> None:
    """Each has its own last call, so none is taken for a repetition of another's."""
    handlers: dict[str, int] = {}

    class Seeing(ScriptedLLM):
        def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
            handlers[kwargs["from_task"].description] = id(kwargs["from_agent"].tools_handler)
            return "fine"

    shared = agent_of(Seeing(model="seeing"))
    crew = Crew(
        agents=[shared],
        tasks=[
            Task(description=f"{i}", expected_output="e", agent=shared, async_execution=i < 2)
            for i in range(3)
        ],
    )
    ds.kickoff(crew, show=False, deadline=LONG_S).result()
    assert len({*handlers.values(), id(shared.tools_handler)}) == 4
