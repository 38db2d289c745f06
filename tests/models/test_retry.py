from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from docsum_nb.errors import ModelError
from docsum_nb.events import RunState, WaitEnded, WaitStarted, Warned, fold
from docsum_nb.models.retry import Failure, failure_of, retry_after
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import REQUEST, Asking, failing_first
from tests.support.loops import on_loop

SOON = {"retry-after": "0"}
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "reply",
    [
        *({"status": status, "headers": SOON} for status in (408, 409, 500, 502, 503, 504, 529)),
        {"status": 429, "headers": SOON},
        {"cut": True},
        {"raw": "{broken"},
        {"raw": '{"id": "x", "choices": [{"index": 0, "mess'},
        {"raw": "<html>bad gateway</html>"},
        {"raw": "[]"},
    ],
)
def test_what_may_pass_is_tried_again(server: ScriptedServer, reply: dict[str, Any]) -> None:
    """A limit, a server's fault, a cut connection or a broken body costs one more request."""
    server.script = lambda call: Reply(**reply) if call.number == 0 else Reply("yes")
    asking = Asking(server)
    assert asking.ask().text == "yes"
    assert len(server.calls) == 2
    assert asking.client.usage.calls == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_what_will_not_pass_is_asked_once(
    server: ScriptedServer, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused key or a bad request is one HTTP request, counted at the server."""
    # CrewAI switches it on for the process; LiteLLM then retries once after a 422.
    monkeypatch.setattr("litellm.drop_params", True)
    server.script = lambda call: Reply("no", status=status, headers=SOON)
    with pytest.raises(Exception, match="no"):
        Asking(server).ask()
    assert len(server.calls) == 1


def test_account_without_money_is_not_waited_for(server: ScriptedServer) -> None:
    """A 429 that means an exhausted quota is final: no waiting helps."""
    broke = '{"error": {"message": "no money", "code": "insufficient_quota"}}'
    server.script = lambda call: Reply(raw=broke, status=429)
    with pytest.raises(Exception, match="no money"):
        Asking(server).ask()
    assert len(server.calls) == 1


@pytest.mark.long
def test_provider_without_room_is_waited_out(server: ScriptedServer) -> None:
    """Seven times 429 is no failure for a model with no retries at all; it is reported once."""
    server.script = failing_first(7, status=429, headers={"retry-after": "0.3"})
    asking = Asking(server, max_retries=0)
    assert asking.ask().text == "yes"
    assert len(server.calls) == 8
    warnings = [event.message for event in asking.events if isinstance(event, Warned)]
    assert len(warnings) == 1
    assert "429" in warnings[0]
    assert sum(isinstance(event, WaitStarted) for event in asking.events) == 7
    assert sum(isinstance(event, WaitEnded) for event in asking.events) == 7


def test_waiting_ends_with_the_wall_clock(server: ScriptedServer) -> None:
    """After give_up_after the provider's own error is raised, with a note that says so."""
    server.script = lambda call: Reply("busy", status=429, headers={"retry-after": "0.1"})
    with pytest.raises(Exception, match="busy") as caught:
        Asking(server, give_up_after=0.35).ask()
    assert "give_up_after=0.35" in caught.value.__notes__[0]
    assert len(server.calls) <= 5


def test_wait_that_another_was_given_is_not_waited_out_beyond_the_wall_clock(
    server: ScriptedServer,
) -> None:
    """Held up by a pause that another run's 429 began, an answer is given up when its time is over.

    Its own error is raised, and nothing more is sent for it.
    """

    def script(call: Call) -> Reply:
        if "another" in call.prompt:
            return Reply("later", status=429, delay=0.3, headers={"retry-after": "600"})
        return Reply("busy", status=429, headers={"retry-after": "0.05"})

    server.script = script
    patient, hasty = Asking(server), Asking(server, give_up_after=1.5)

    async def both() -> None:
        waiting = asyncio.create_task(patient.client.ask(replace(REQUEST, text="another")))
        try:
            with pytest.raises(Exception, match="busy") as caught:
                await hasty.client.ask(REQUEST)
        finally:
            waiting.cancel()
        assert "give_up_after=1.5" in caught.value.__notes__[0]

    on_loop(both())


def test_longer_wait_than_one_has_patience_for_is_not_begun(server: ScriptedServer) -> None:
    """A provider that asks to come back in an hour is an error now, and no other call waits."""
    server.script = lambda call: Reply("later", status=429, headers={"retry-after": "3600"})
    for _ in range(2):
        with pytest.raises(Exception, match="later") as caught:
            Asking(server).ask()
        assert "asks to wait 3600 s" in caught.value.__notes__[0]
    assert len(server.calls) == 2


def test_wait_is_in_the_state() -> None:
    """The state counts who waits for the provider."""
    state = fold(fold(RunState(), WaitStarted("m")), WaitStarted("m"))
    assert state.waiting == 2
    assert fold(state, WaitEnded("m")).waiting == 1


def test_wish_of_the_provider_holds_for_all(server: ScriptedServer) -> None:
    """After a 429 with Retry-After, another run's request to the same provider waits as well."""
    server.script = failing_first(1, status=429, headers={"retry-after": "0.5"})
    first, other = Asking(server), Asking(server)

    async def one_after_the_other() -> None:
        refused = asyncio.create_task(first.client.ask(REQUEST))
        while not any(isinstance(event, Warned) for event in first.events):
            await asyncio.sleep(0.001)
        await other.client.ask(replace(REQUEST, text="another"))
        await refused

    on_loop(one_after_the_other())
    assert any(isinstance(event, WaitStarted) for event in other.events)
    assert min(call.at for call in server.calls[1:]) - server.calls[0].at >= 0.5


def test_timeout_without_fallback_is_tried_again(server: ScriptedServer) -> None:
    """One hang costs one more request."""
    server.script = lambda call: Reply("yes", hang=call.number == 0)
    assert Asking(server, timeout=1.0).ask().text == "yes"
    assert len(server.calls) == 2


def test_timeout_with_fallback_goes_to_the_next_model_at_once(server: ScriptedServer) -> None:
    """A model that exceeds its timeout is asked once; the last one is tried again."""

    def script(call: Call) -> Reply:
        return Reply("yes", hang=call.number < 2)

    server.script = script
    answer = Asking(server, timeout=1.0, fallbacks=["openai/second"]).ask()
    assert (answer.text, answer.model) == ("yes", "openai/second")
    assert [call.body["model"] for call in server.calls] == ["first", "second", "second"]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (TimeoutError(), Failure.TIMEOUT),
        (ConnectionResetError(), Failure.TRANSIENT),
        (ModelError("empty"), Failure.TRANSIENT),
        (ValueError(), Failure.PERMANENT),
        (KeyError(), Failure.PERMANENT),
    ],
)
def test_errors_without_a_status_are_known_by_kind(error: Exception, failure: Failure) -> None:
    """Connections, timeouts and empty answers may pass; errors of the program do not."""
    assert failure_of(error) is failure


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-1"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"llm_provider-retry-after": "60"}, 60.0),
        ({"retry-after": "7", "llm_provider-retry-after": "60"}, 7.0),
        (
            {
                "date": format_datetime(NOW, usegmt=True),
                "retry-after": format_datetime(NOW + timedelta(seconds=42), usegmt=True),
            },
            42.0,
        ),
        ({"retry-after": format_datetime(NOW, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -0000"}, None),
        ({"retry-after": "9" * 60}, None),
        ({"retry-after": "Fri, 31 Dec 99999999999 23:59:59 GMT"}, None),
        ({"retry-after": "Mon, 00 Foo 0000 99:99:99 GMT"}, None),
        ({"retry-after": "1" * 100_000}, None),
        ({"date": "Mon, 01 Jan 0001 00:00:00 +2359", "retry-after": "5"}, 5.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, None),
        ({}, None),
    ],
)
def test_time_to_come_back_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    """Seconds, milliseconds, dates by the server's clock, and what LiteLLM's proxy makes of it."""
    mapped, plain = Exception("busy"), Exception("busy")
    mapped.litellm_response_headers = headers  # type: ignore[attr-defined]
    assert retry_after(mapped) == seconds
    plain.response = SimpleNamespace(status_code=429, headers=headers)  # type: ignore[attr-defined]
    assert retry_after(plain) == seconds


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("0", 429),
        ("0", 503),
        ("-5", 429),
        ("0.0001", 429),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 429),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 429),
    ],
)
def test_time_that_is_none_is_no_hot_loop(server: ScriptedServer, asked: str, status: int) -> None:
    """A provider that asks for no wait is asked more and more seldom: a few times in a second."""
    server.script = lambda call: Reply("busy", status=status, headers={"retry-after": asked})
    with pytest.raises(Exception, match="busy"):
        Asking(server, give_up_after=1.0, max_retries=50).ask()
    assert len(server.calls) <= 20


def test_time_in_the_words_is_kept_to(server: ScriptedServer) -> None:
    """Gemini and Groq write the time into the message; the next request comes no earlier."""
    words = "Rate limit reached. Please try again in 450ms. Visit us."
    server.script = lambda call: Reply(words, status=429) if call.number == 0 else Reply("yes")
    assert Asking(server).ask().text == "yes"
    first, second = (call.at for call in server.calls)
    assert second - first >= 0.45
