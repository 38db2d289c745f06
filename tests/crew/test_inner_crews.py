"""Crews that code of a run kicks off: their errors belong to that code, at once.

In each case part 1 of a crew is refused while its other parts are never answered.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.flow import Flow, listen, start

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, RunCancelled, WorkExited
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM, Tool, field_crew, llm_of, part_of, until
from tests.forms.processes import finished

PARTS = 3
TOPIC = {"topic": "whales"}


def refusing(server: ScriptedServer) -> Any:
    """Make a crew whose part 1 is refused once all parts are in flight; the others hang."""

    async def script(call: Call) -> Reply:
        if "whales" not in call.prompt:
            return Reply()
        await until(lambda: len(server.calls) >= PARTS)
        return Reply("no", status=403) if part_of(call) == 1 else Reply(hang=True)

    server.script = script
    return field_crew(llm_of(server), parts=PARTS)


def in_a_thread(crew: Any) -> Any:
    """Kick off in a thread of the user's, as libraries do that keep the context."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, crew.kickoff, inputs=TOPIC).result()


class Around(Flow[Any]):
    """A flow that kicks a crew off and does nothing else."""

    crew: Any = None

    @start()
    def only(self) -> Any:
        return self.crew.kickoff(inputs=TOPIC)


def flow_around(crew: Any) -> Any:
    flow = Around()
    flow.crew = crew
    return flow


BLOCKING: dict[str, Callable[[Any], Any]] = {
    "kickoff": lambda crew: crew.kickoff(inputs=TOPIC),
    "kickoff_for_each": lambda crew: crew.kickoff_for_each([TOPIC, {"topic": "seals"}]),
    "thread": in_a_thread,
    "flow": lambda crew: flow_around(crew).kickoff(),
}
AWAITED: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "kickoff_async": lambda crew: crew.kickoff_async(inputs=TOPIC),
    "akickoff": lambda crew: crew.akickoff(inputs=TOPIC),
    "kickoff_for_each_async": lambda crew: crew.kickoff_for_each_async([TOPIC]),
    "akickoff_for_each": lambda crew: crew.akickoff_for_each([TOPIC]),
    "flow": lambda crew: flow_around(crew).kickoff_async(),
}


class Handling(Flow[Any]):
    """A flow whose step decides for itself about the error of a crew."""

    crew: Any = None
    door: Any = None
    caught: Any = None

    @start()
    def first(self) -> str:
        try:
            return str(self.door(self.crew))
        except Exception as error:  # noqa: BLE001  # as users write it
            self.caught = error
            return str(self.crew.kickoff(inputs={"topic": "seals"}).raw)

    @listen(first)
    def second(self, before: str) -> str:
        return f"second after {before}"


class AsyncHandling(Flow[Any]):
    """The same with an asynchronous step."""

    crew: Any = None
    door: Any = None
    caught: Any = None

    @start()
    async def first(self) -> str:
        try:
            return str(await self.door(self.crew))
        except Exception as error:  # noqa: BLE001  # as users write it
            self.caught = error
            return str((await self.crew.akickoff(inputs={"topic": "seals"})).raw)

    @listen(first)
    async def second(self, before: str) -> str:
        return f"second after {before}"


@pytest.mark.parametrize(
    ("kind", "door"),
    [
        *((Handling, door) for door in BLOCKING.values()),
        *((AsyncHandling, door) for door in AWAITED.values()),
    ],
    ids=[*BLOCKING, *(f"await-{name}" for name in AWAITED)],
)
def test_step_that_handles_the_error_of_a_crew_goes_on(
    server: ScriptedServer, kind: Any, door: Any
) -> None:
    """It gets the provider's own error at once; a further crew runs, and the run ends well."""
    flow = kind()
    flow.crew, flow.door = refusing(server), door
    run = ds.kickoff(flow, deadline=LONG_S, show=False)
    assert run.result() == "second after A summary."
    assert type(flow.caught).__name__ == "PermissionDeniedError"
    assert "task 'part 1'" in flow.caught.__notes__[0]
    # CrewAI's copies ask for part 1 more often; nothing else is asked, and nothing twice.
    asked = [part_of(call) for call in server.calls if "of whales" in call.prompt]
    assert {part: asked.count(part) for part in asked if part != 1} == {0: 1, 2: 1}
    assert run.state.outcome == "done"
    assert run.state.failed == 1
    assert any("PermissionDeniedError" in warning for warning in run.state.warnings)


def test_function_and_coroutine_given_to_start_handle_the_error_of_a_crew(
    server: ScriptedServer,
) -> None:
    """What holds for the steps of a flow holds without one."""

    def function() -> str:
        try:
            return str(crew.kickoff(inputs=TOPIC))
        except Exception as error:  # noqa: BLE001  # as users write it
            return type(error).__name__

    async def coroutine() -> list[str]:
        doors = [crew.akickoff(inputs=TOPIC), crew.akickoff(inputs={"topic": "seals"})]
        ended = await asyncio.gather(*doors, return_exceptions=True)
        return [getattr(each, "raw", type(each).__name__) for each in ended]

    crew = refusing(server)
    assert ds.start(function, deadline=LONG_S, show=False).result() == "PermissionDeniedError"
    crew = refusing(server)
    ended = ds.start(coroutine, deadline=LONG_S, show=False).result()
    assert ended == ["PermissionDeniedError", "A summary."]


def outer_crew(**task: Any) -> Any:
    """Make a crew of one task, whose agent calls the tool if it has one."""

    def answer(prompt: str) -> str:
        asks = "look_up" in prompt and "Observation: found" not in prompt
        return "Action: look_up\nAction Input: {}" if asks else "Final Answer: outer"

    agent = Agent(role="outer", goal="g", backstory="b", llm=ScriptedLLM(model="s", answer=answer))
    return Crew(
        agents=[agent],
        tasks=[Task(name="outer", description="d", expected_output="e", agent=agent, **task)],
    )


@pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")
@pytest.mark.parametrize("place", ["tool", "callback", "guardrail"])
@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_crew_kicked_off_in_a_task_of_another_is_that_codes_own(
    server: ScriptedServer, place: str, method: str
) -> None:
    """A tool, a callback or a guardrail that handles the error goes on; so does its task."""
    caught: list[BaseException] = []
    inner = refusing(server)

    def work(*args: Any) -> Any:
        try:
            inner.kickoff(inputs=TOPIC)
        except Exception as error:  # noqa: BLE001  # as users write it
            caught.append(error)
        return (True, args[0].raw) if place == "guardrail" else "found"

    # CrewAI reads the annotation of what a guardrail returns.
    options = {"tools": [Tool(work=work)]} if place == "tool" else {place: lambda out: work(out)}
    crew = outer_crew(**options)
    run = ds.start(getattr(crew, method), deadline=LONG_S, show=False)
    assert run.result().raw == "outer"
    assert [type(error).__name__ for error in caught] == ["PermissionDeniedError"]
    assert len(server.calls) == PARTS
    assert (run.state.done, run.state.failed) == (1, 1)


@pytest.mark.parametrize("method", ["kickoff", "akickoff"])
def test_refusal_that_nobody_handles_ends_all_crews_around_it(
    server: ScriptedServer, method: str
) -> None:
    """Raised by a tool, and by that of another crew around it: no model is called for ever."""
    innermost = refusing(server)
    inner = outer_crew(tools=[Tool(work=lambda: innermost.kickoff(inputs=TOPIC))])
    crew = outer_crew(tools=[Tool(work=lambda: inner.kickoff())])
    run = ds.start(getattr(crew, method), deadline=LONG_S, show=False)
    assert type(run.exception()).__name__ == "PermissionDeniedError"
    assert len(server.calls) == PARTS


class Translating(Flow[Any]):
    """A flow whose step raises an error of its own, from that of a crew."""

    crew: Any = None

    @start()
    def first(self) -> None:
        try:
            self.crew.kickoff(inputs=TOPIC)
        except Exception as error:  # as users write it
            raise LookupError("no summary") from error


def test_error_that_the_step_makes_of_it_is_the_runs(server: ScriptedServer) -> None:
    """Raised ``from`` the crew's error, another one ends the run; it has that for its cause."""
    flow = Translating()
    flow.crew = refusing(server)
    run = ds.kickoff(flow, deadline=LONG_S, show=False)
    error = run.exception()
    assert repr(error) == "LookupError('no summary')"
    assert error is not None
    assert type(error.__cause__).__name__ == "PermissionDeniedError"
    assert run.state.warnings == ()


@pytest.mark.parametrize(
    "raised", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()]
)
@pytest.mark.parametrize("kind", [Handling, AsyncHandling])
def test_what_no_except_of_a_step_would_catch_is_an_error_there(
    raised: BaseException, kind: Any
) -> None:
    """A BaseException in a task of an inner crew is ``WorkExited`` in the step."""

    def answer(prompt: str) -> str:
        if "part 1" in prompt and "whales" in prompt:
            raise raised
        return "fine"

    flow = kind()
    flow.crew = field_crew(ScriptedLLM(model="s", answer=answer), parts=PARTS)
    flow.door = BLOCKING["kickoff"] if kind is Handling else AWAITED["akickoff"]
    assert ds.kickoff(flow, deadline=LONG_S, show=False).result() == "second after fine"
    assert isinstance(flow.caught, WorkExited)
    assert "part 1" in str(flow.caught)


@pytest.mark.parametrize("kind", [Handling, AsyncHandling])
def test_budget_that_is_used_up_is_an_error_of_the_step_and_stays_used_up(
    server: ScriptedServer, kind: Any
) -> None:
    """An ``except`` lets no further call through: the next crew ends with the same error."""
    flow = kind()
    flow.crew = field_crew(llm_of(server), parts=PARTS)
    flow.door = BLOCKING["kickoff"] if kind is Handling else AWAITED["akickoff"]
    run = ds.kickoff(flow, deadline=LONG_S, max_calls=2, show=False)
    assert isinstance(run.exception(), BudgetExceeded)
    assert isinstance(flow.caught, BudgetExceeded)
    assert run.exception() is not flow.caught
    assert len(server.calls) == 2


@pytest.mark.parametrize("kind", [Handling, AsyncHandling])
def test_errors_are_collected_for_each_crew(server: ScriptedServer, kind: Any) -> None:
    """With on_error="collect", a crew's ExceptionGroup is raised where it was kicked off."""
    server.script = lambda call: (
        Reply("no", status=403) if part_of(call) in (0, 2) and "whales" in call.prompt else Reply()
    )
    flow = kind()
    flow.crew = field_crew(llm_of(server), parts=PARTS)
    flow.door = BLOCKING["kickoff"] if kind is Handling else AWAITED["akickoff"]
    run = ds.kickoff(flow, deadline=LONG_S, on_error="collect", show=False)
    assert run.result() == "second after A summary."
    assert isinstance(flow.caught, ExceptionGroup)
    assert len(flow.caught.exceptions) == 2


@pytest.mark.parametrize("kind", [Handling, AsyncHandling])
def test_stop_of_the_run_reaches_every_crew_at_once(server: ScriptedServer, kind: Any) -> None:
    """Cancelled while a crew of a step is in flight: nothing continues, whether caught or not."""
    server.script = lambda call: Reply(hang=True)
    flow = kind()
    flow.crew = field_crew(llm_of(server), parts=PARTS)
    flow.door = BLOCKING["kickoff"] if kind is Handling else AWAITED["akickoff"]
    run = ds.kickoff(flow, deadline=LONG_S, show=False)
    while len(server.calls) < PARTS:
        assert not run.done
        threading.Event().wait(0.01)
    run.cancel()
    assert isinstance(run.exception(), RunCancelled)
    assert run.join(LONG_S)
    assert len(server.calls) == PARTS


def test_code_that_tries_again_for_ever_does_not_take_a_core(server: ScriptedServer) -> None:
    """Stopped, it is refused each time, and cannot be ended; it must not starve the kernel."""
    tries: list[str] = []
    enough = threading.Event()

    def work() -> None:
        while not enough.is_set():
            try:
                crew.kickoff(inputs=TOPIC)
            except Exception as error:  # noqa: BLE001  # as users write it
                tries.append(type(error).__name__)

    server.script = lambda call: Reply(hang=True)
    crew = field_crew(llm_of(server), parts=PARTS)
    run = ds.start(work, deadline=LONG_S, show=False)
    while len(server.calls) < PARTS:
        assert not run.done
        threading.Event().wait(0.01)
    run.cancel()
    while not tries:
        threading.Event().wait(0.01)
    enough.wait(1.0)
    enough.set()
    assert isinstance(run.exception(), RunCancelled)
    assert len(tries) < 100
    assert len(server.calls) == PARTS


def test_what_is_left_of_a_crew_that_failed_begins_nothing_more(server: ScriptedServer) -> None:
    """Its other tasks, a crew that one of them has kicked off, and a run in that are stopped."""
    began, caught, ended = threading.Event(), threading.Event(), threading.Event()
    asked: list[str] = []
    deepest = field_crew(llm_of(server), parts=1)

    async def script(call: Call) -> Reply:
        await until(began.is_set)
        return Reply("no", status=403)

    def look_up() -> str:
        began.set()
        caught.wait(LONG_S)
        try:
            deepest.kickoff(inputs=TOPIC)
        except Exception:  # noqa: BLE001  # as users write it
            asked.append("deepest is not begun")
        try:
            ds.summarize("Whales sing.", model="extractive", show=False).result()
        except RunCancelled:
            asked.append("summary is not begun")
        ended.set()
        return "found"

    looking = outer_crew(tools=[Tool(work=look_up)], async_execution=True)
    failing = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))
    tasks = [
        Task(description="d", expected_output="e", agent=failing, async_execution=waits)
        for waits in (True, False)
    ]
    crew = Crew(agents=[*looking.agents, failing], tasks=[*looking.tasks, *tasks])
    server.script = script

    def function() -> str:
        try:
            crew.kickoff()
        except Exception as error:  # noqa: BLE001  # as users write it
            caught.set()
            assert ended.wait(LONG_S)
            return type(error).__name__
        return "no error"

    assert ds.start(function, deadline=LONG_S, show=False).result() == "PermissionDeniedError"
    assert asked == ["deepest is not begun", "summary is not begun"]
    assert len(server.calls) == 1


@pytest.mark.long
def test_crew_that_fails_leaves_nothing_on_stderr() -> None:
    """Asyncio reports no task of CrewAI's, however many fail together."""
    done = finished("""
    import gc
    import docsum_nb as ds
    from tests.crew.crew_samples import ScriptedLLM, field_crew
    TOPICS = [{"topic": "x"}, {"topic": "y"}]

    def answer(prompt):
        raise ValueError("the model broke")

    crew = field_crew(ScriptedLLM(model="s", answer=answer), parts=6)
    for kickoff in (lambda: crew.akickoff(TOPICS[0]), lambda: crew.akickoff_for_each(TOPICS)):
        run = ds.start(kickoff, show=False, deadline=60)
        print(repr(run.exception()), run.join(60))
    del kickoff, run, crew
    gc.collect()
    """)
    assert (done.stdout, done.stderr) == ("ValueError('the model broke') True\n" * 2, "")
