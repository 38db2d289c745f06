"""What a guarded crew or flow asks a person: who is asked, how it is answered, how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.flow import Flow, listen, start
from crewai.flow.human_feedback import human_feedback

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded, InputError, RunCancelled
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, llm_of
from tests.support.deadlines import pass_deadline


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    def answer(call: Call) -> Reply:
        return Reply("improved text" if "make it shorter" in call.prompt else "first text")

    with ScriptedServer(answer) as started:
        yield started


def asking_crew(server: ScriptedServer, *, tasks: int = 1, at_once: bool = False) -> Any:
    """Make a crew each task of which asks a person."""
    llm = llm_of(server)
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
    made = [
        Task(
            name=f"part {number}",
            description=f"Write part {number}.",
            expected_output="A text.",
            agent=agent,
            human_input=True,
            async_execution=at_once,
        )
        for number in range(tasks)
    ]
    if at_once:
        made.append(Task(name="end", description="End.", expected_output="x", agent=agent))
    return Crew(agents=[agent], tasks=made)


class Answers:
    """Sends the first text back, and accepts the second; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ds.Question] = []

    def __call__(self, question: ds.Question) -> str:
        self.asked.append(question)
        return "make it shorter" if question.text == "first text" else ""

    async def later(self, question: ds.Question) -> str:
        await asyncio.sleep(0)
        return self(question)


def kick_off(crew: Any, ask: Any, **options: Any) -> ds.Run[Any]:
    return ds.kickoff(crew, ask=ask, show=False, **{"deadline": LONG_S, **options})


def start_async(crew: Any, ask: Any, **options: Any) -> ds.Run[Any]:
    return ds.start(crew.akickoff, ask=ask, show=False, **{"deadline": LONG_S, **options})


DOORS = pytest.mark.parametrize("door", [kick_off, start_async])


@DOORS
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_callable_judges_until_it_accepts(server: ScriptedServer, door: Any, kind: str) -> None:
    """The question names task, agent, text and run; feedback goes to the agent, "" accepts."""
    answers = Answers()
    run = door(asking_crew(server), answers if kind == "sync" else answers.later)
    assert run.result().raw == "improved text"
    assert [question.text for question in answers.asked] == ["first text", "improved text"]
    first = answers.asked[0]
    assert (first.run_id, first.task, first.agent) == (run.id, "part 0", "writer")
    with pytest.raises(AttributeError):
        first.text = "frozen"  # type: ignore[misc]


def test_async_callable_runs_on_the_loop_of_its_caller(server: ScriptedServer) -> None:
    """What belongs to the caller's loop, as a web socket of a server's, can be used."""
    seen: list[object] = []

    async def caller() -> Any:
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def ask(question: ds.Question) -> str:
            seen.append(asyncio.get_running_loop())
            return await reply

        run = kick_off(asking_crew(server), ask)
        while not seen:
            await asyncio.sleep(0.01)
        reply.set_result("")
        seen.append(asyncio.get_running_loop())
        return await run

    assert asyncio.run(caller()).raw == "first text"
    assert seen[0] is seen[1]


def test_async_callable_of_a_blocked_caller_gets_a_loop_of_its_own(server: ScriptedServer) -> None:
    """``result()`` in a coroutine blocks the loop there; the run ends all the same."""

    async def caller() -> Any:
        return kick_off(asking_crew(server), Answers().later).result()

    assert asyncio.run(caller()).raw == "improved text"


@DOORS
def test_what_the_callable_raises_is_the_runs_error(server: ScriptedServer, door: Any) -> None:
    """Its own error, with the task's name in a note."""

    def ask(question: ds.Question) -> str:
        raise ConnectionError("nobody is in the office")

    error = door(asking_crew(server), ask).exception()
    assert isinstance(error, ConnectionError)
    assert "part 0" in "".join(error.__notes__)


def test_callable_that_returns_no_text_is_an_error_that_says_so(server: ScriptedServer) -> None:
    error = kick_off(asking_crew(server), lambda question: 7).exception()
    assert isinstance(error, InputError)
    assert "returns the answer as a text" in str(error)


def test_rubbish_for_ask_is_refused_at_once(server: ScriptedServer) -> None:
    with pytest.raises(InputError, match="ask is called"):
        kick_off(asking_crew(server), "yes")


@DOORS
@pytest.mark.parametrize("end", ["deadline", "cancel"])
def test_run_ends_while_a_callable_never_answers(
    server: ScriptedServer, door: Any, end: str
) -> None:
    """The wait ends, the error names the task, and a late answer goes nowhere."""
    asked, release = threading.Event(), threading.Event()

    def ask(question: ds.Question) -> str:
        asked.set()
        release.wait(LONG_S)
        return "make it shorter"

    calls = len(server.calls)
    run = door(asking_crew(server), ask, deadline=LONG_S)
    assert asked.wait(LONG_S)
    if end == "cancel":
        run.cancel()
    else:
        pass_deadline(run, asked.is_set)
    error = run.exception()
    assert isinstance(error, DeadlineExceeded if end == "deadline" else RunCancelled)
    if end == "deadline":
        assert "waiting for the answer of a person" in str(error)
        assert "'part 0'" in str(error)
    release.set()
    assert run.join(LONG_S)
    assert len(server.calls) == calls + 1


def test_async_callable_is_cancelled_with_the_run(server: ScriptedServer) -> None:
    asked, cancelled = threading.Event(), threading.Event()

    async def ask(question: ds.Question) -> str:
        asked.set()
        try:
            await asyncio.sleep(LONG_S)
        finally:
            cancelled.set()
        return ""

    run = kick_off(asking_crew(server), ask)
    assert asked.wait(LONG_S)
    run.cancel()
    assert cancelled.wait(LONG_S)


def test_provider_of_the_users_own_stays_in_use(server: ScriptedServer) -> None:
    """One that was set by set_provider is asked, unless ``ask`` is given."""
    from crewai.core.providers import human_input as hitl

    class Own(hitl.SyncHumanInputProvider):
        asked = 0

        def handle_feedback(self, formatted_answer: Any, context: Any) -> Any:
            type(self).asked += 1
            context.ask_for_human_input = False
            return formatted_answer

    token = hitl.set_provider(Own())
    try:
        assert kick_off(asking_crew(server), None).result().raw == "first text"
        assert Own.asked == 1
        assert kick_off(asking_crew(server), Answers()).result().raw == "improved text"
        assert Own.asked == 1
    finally:
        hitl.reset_provider(token)


# --- flows ----------------------------------------------------------------------------------------


class Review(Flow[Any]):
    """Asks by @human_feedback and by ask()."""

    @start()
    @human_feedback(message="Is this fine?")
    def draft(self) -> str:
        return "a draft"

    @listen(draft)
    def title(self, feedback: Any) -> str:
        title = self.ask("Which title?")
        return f"{feedback.output} / {feedback.feedback} / {title}"


def test_flow_asks_by_human_feedback_and_by_ask() -> None:
    """Both reach ``ask``, with the step's name, the text to be judged and the message."""
    asked: list[ds.Question] = []

    def ask(question: ds.Question) -> str:
        asked.append(question)
        return "better" if question.text else "Whales"

    run = kick_off(Review(suppress_flow_events=True), ask)
    assert run.result() == "a draft / better / Whales"
    assert [(each.task, each.agent, each.text, each.message) for each in asked] == [
        ("draft", "Review", "a draft", "Is this fine?"),
        ("title", "Review", "", "Which title?"),
    ]


def test_flows_own_timeout_drops_its_question() -> None:
    """``Flow.ask(timeout=...)`` returns None, and its question does not stay in the queue."""

    class Hurried(Flow[Any]):
        @start()
        def title(self) -> str:
            return str(self.ask("Which title?", timeout=0.3))

    run = kick_off(Hurried(suppress_flow_events=True), None)
    run._display.console = lambda: None  # type: ignore[method-assign]
    assert run.result() == "None"
    assert run._display.questions.pending() is None


@pytest.mark.parametrize("end", ["deadline", "cancel"])
def test_flow_ends_while_a_person_thinks(end: str) -> None:
    asked, release = threading.Event(), threading.Event()

    def ask(question: ds.Question) -> str:
        asked.set()
        release.wait(LONG_S)
        return ""

    run = kick_off(Review(suppress_flow_events=True), ask, deadline=LONG_S)
    assert asked.wait(LONG_S)
    if end == "cancel":
        run.cancel()
    else:
        pass_deadline(run, asked.is_set)
    assert isinstance(run.exception(), DeadlineExceeded if end == "deadline" else RunCancelled)
    release.set()
