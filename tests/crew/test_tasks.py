"""Tasks of guarded crews: bounded in number, and what follows when one fails."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, DeadlineExceeded, WorkExited
from docsum_nb.events import ChunkFailed, Event
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import (
    LONG_S,
    PARTS,
    ScriptedLLM,
    field_crew,
    kickoff,
    llm_of,
    part_of,
    until,
)
from tests.models.certificates import self_signed
from tests.models.wire import answer, serving

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")
KEY = "sk-not-to-be-shown"


def llm_at(url: str, *, key: str = KEY, **options: Any) -> Any:
    return LLM(
        base_url=url, api_key=key, **{"model": "openai/gpt-4o-mini", "max_retries": 0, **options}
    )


def failed(llm: Any) -> tuple[str, str, Any]:
    """Run a crew of one task on a model that gives no answer; return notes, events and error."""
    events: list[Event] = []
    run = kickoff(field_crew(llm, parts=1), on_event=events.append)
    error = run.exception()
    assert error is not None
    assert run.join(60)
    told = " ".join(event.error for event in events if isinstance(event, ChunkFailed))
    notes = "\n".join(error.__notes__)
    assert KEY not in notes + told + str(run.state.error)
    return notes, told, error


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_bounds_hold_before_the_call_that_would_exceed_them(server: ScriptedServer) -> None:
    """No more tasks run at once, and no more calls are made, than allowed."""
    server.script = lambda call: Reply(delay=0.05)
    kickoff(field_crew(llm_of(server)), max_concurrency=3).result()
    assert server.most_in_flight <= 3
    made = len(server.calls)
    run = kickoff(field_crew(llm_of(server)), max_calls=5, max_concurrency=1)
    error = run.exception()
    assert isinstance(error, BudgetExceeded)
    assert len(run.partial) == len(error.partial) == 5
    assert len(server.calls) - made <= 5


def test_crew_kicked_off_by_a_concurrent_task_has_places_of_its_own(server: ScriptedServer) -> None:
    """A task that holds the only place waits for tasks that need one, too."""
    inner = field_crew(llm_of(server), parts=2)

    def kick_off(output: Any) -> None:
        inner.kickoff(inputs={"topic": "whales"})

    agent = agent_of(llm_of(server))
    first = Task(
        description="Begin.",
        expected_output="It.",
        agent=agent,
        async_execution=True,
        callback=kick_off,
    )
    last = Task(description="End.", expected_output="It.", agent=agent, context=[first])
    run = ds.kickoff(
        Crew(agents=[agent], tasks=[first, last]),
        show=False,
        deadline=LONG_S,
        max_concurrency=1,
    )
    assert run.result().raw == "A summary."
    assert len(server.calls) == 6


def agent_of(llm: Any, **options: Any) -> Agent:
    return Agent(role="reader", goal="g", backstory="b", llm=llm, **options)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply("no", status=401), "AuthenticationError"),
        (Reply("no", status=403), "PermissionDeniedError"),
        (Reply("no", status=500), "InternalServerError"),
        (Reply(cut=True), "ConnectionError"),
        (Reply(hang=True), "ConnectionError"),
    ],
)
def test_providers_error_arrives_at_once_whichever_task_comes_first(
    server: ScriptedServer, reply: Reply, kind: str
) -> None:
    """Task 5 fails while task 0 is never answered: its own error, and no request after it."""

    async def script(call: Call) -> Reply:
        await until(lambda: len(server.calls) >= PARTS)
        return reply if part_of(call) == 5 else Reply(hang=True)

    server.script = script
    timeout = 1.0 if reply.hang else None
    run = kickoff(field_crew(llm_of(server, timeout=timeout)))
    error = run.exception()
    assert type(error).__name__ == kind, repr(error)
    assert not isinstance(error, DeadlineExceeded)
    assert any("agent 'summarizer'" in note for note in error.__notes__)
    assert len(server.calls) == PARTS
    assert run.state.failed >= 1


@pytest.mark.parametrize(
    "raised", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), GeneratorExit()]
)
def test_what_leaves_crewai_waiting_for_ever_is_an_error(raised: BaseException) -> None:
    """A BaseException in an asynchronous task ends the run, where bare CrewAI hangs."""

    def answer(prompt: str) -> str:
        if "part 2" in prompt:
            raise raised
        return "fine"

    crew = field_crew(ScriptedLLM(model="scripted", answer=answer), parts=4)
    error = kickoff(crew).exception()
    assert isinstance(error, WorkExited)
    assert "part 2" in str(error)


def test_failed_task_can_be_replaced_and_the_crew_goes_on(server: ScriptedServer) -> None:
    """What on_task_error returns takes the place of the output, and is combined."""
    seen: list[tuple[str, str]] = []

    def replace(task: Any, error: BaseException) -> str | None:
        seen.append((task.name, type(error).__name__))
        return "REPLACED"

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if part_of(call) == 3 else Reply("fine")

    server.script = script
    result = kickoff(field_crew(llm_of(server)), on_task_error=replace).result()
    assert seen == [("part 3", "PermissionDeniedError")]
    assert result.tasks_output[3].raw == "REPLACED"
    assert any("REPLACED" in call.prompt for call in server.calls)


def test_handler_that_raises_does_not_hide_the_tasks_error(server: ScriptedServer) -> None:
    """An on_task_error that fails itself is a note on the error it was called for."""

    def broken_handler(task: Any, error: BaseException) -> None:
        raise SystemExit(3)

    server.script = lambda call: Reply("no", status=403)
    error = kickoff(field_crew(llm_of(server)), on_task_error=broken_handler).exception()
    assert type(error).__name__ == "PermissionDeniedError"
    assert any("on_task_error raised SystemExit(3)" in note for note in error.__notes__)


def test_skip_and_collect(server: ScriptedServer) -> None:
    """Skipping goes on with a line in the gap; collecting raises all before combining."""

    def script(call: Call) -> Reply:
        return Reply("no", status=403) if part_of(call) in (1, 2) else Reply("fine")

    server.script = script
    skipping = kickoff(field_crew(llm_of(server)), on_error="skip")
    assert "missing" in skipping.result().tasks_output[1].raw
    assert len(skipping.state.warnings) == 2
    made = len(server.calls)
    with pytest.raises(ExceptionGroup) as caught:
        kickoff(field_crew(llm_of(server)), on_error="collect").result()
    assert [type(error).__name__ for error in caught.value.exceptions] == [
        "PermissionDeniedError"
    ] * 2
    assert len(server.calls) == made + PARTS


def broken(output: Any) -> None:
    """Fail, as a callback does that was never tried."""
    raise LookupError("callback")


def test_tools_guardrails_and_callbacks_of_a_guarded_crew_work_and_fail_like_tasks(
    server: ScriptedServer,
) -> None:
    """A guardrail that refuses once is asked again; a callback that raises fails the task."""
    seen: list[str] = []

    def guardrail(output: Any) -> tuple[bool, Any]:
        seen.append(output.raw)
        return len(seen) > 1, output.raw

    # CrewAI reads the annotation, which is a text here.
    guardrail.__annotations__.clear()
    agent = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))
    task = Task(description="d", expected_output="e", agent=agent, guardrail=guardrail)
    crew = Crew(agents=[agent], tasks=[task])
    assert kickoff(crew).result().raw == "A summary."
    assert len(seen) == 2

    task = Task(
        description="d", expected_output="e", agent=agent, callback=broken, async_execution=True
    )
    crew = Crew(agents=[agent], tasks=[task])
    assert isinstance(kickoff(crew).exception(), LookupError)


def test_closed_port_in_a_crew() -> None:
    """OpenAI's client says "Connection error." and no more."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        notes, told, error = failed(llm_at(url))
    assert "Connection error" in str(error)
    assert f"nothing answers at {url}" in notes
    assert "start the server" in notes
    assert "nothing answers" in told


def test_certificate_in_a_crew(tmp_path: Path) -> None:
    """A server answers; its certificate is what is to be trusted."""
    with serving(tls=self_signed(tmp_path)) as wire:
        wire.answers["x"] = [answer(200, "{}")]
        notes, _, _ = failed(llm_at(wire.base_url("x").replace("http://", "https://")))
    assert "signed its certificate itself" in notes
    assert "SSL_CERT_FILE" in notes


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}…"])
def test_key_that_no_header_can_hold_in_a_crew(server: ScriptedServer, key: str) -> None:
    """The client's exception quotes the key; the note does not."""
    notes, _, error = failed(llm_at(server.base_url, key=key))
    assert "the key, or another header, holds" in notes
    assert KEY not in "".join(traceback.format_exception(error))
    assert server.calls == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:8000/v1", "http://"),
        ("http://no-such-host.invalid/v1", "no host is known by the name"),
        ("http://127.0.0.1:99999/v1", "from 1 to 65535"),
    ],
)
def test_address_that_is_none_in_a_crew(url: str, words: str) -> None:
    """What is wrong with it, in the note."""
    notes, _, _ = failed(llm_at(url))
    assert words in notes


def test_refusal_in_a_crew_has_its_status_and_advice(server: ScriptedServer) -> None:
    """An account without money, as OpenAI's client raises it."""
    error_of = {"message": "You exceeded your current quota", "code": "insufficient_quota"}
    server.script = lambda call: Reply(raw=json.dumps({"error": error_of}), status=429)
    notes, told, error = failed(llm_of(server))
    assert "exceeded your current quota" in str(error)
    assert "HTTP status 429; waiting does not help" in notes
    assert "current quota" in told


def test_error_of_the_users_own_is_not_explained() -> None:
    """A file that a callback misses is no failed request."""

    def script(_: str) -> str:
        raise FileNotFoundError("my-file.txt")

    notes, _, error = failed(ScriptedLLM(model="scripted", answer=script))
    assert isinstance(error, FileNotFoundError)
    assert notes.count(";") == 0
