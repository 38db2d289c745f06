"""Why a guarded crew's request failed: CrewAI's clients hide it, the guard's note says it."""

from __future__ import annotations

import json
import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM

from docsum_nb.events import ChunkFailed, Event
from tests.crew.crew_samples import ScriptedLLM, field_crew, kickoff, llm_of
from tests.loopback import Loopback, Reply
from tests.models.certificates import self_signed
from tests.models.wire import answer, serving

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
    run.join(10)
    told = " ".join(event.error for event in events if isinstance(event, ChunkFailed))
    notes = "\n".join(error.__notes__)
    assert KEY not in notes + told + str(run.state.error)
    return notes, told, error


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


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
def test_key_that_no_header_can_hold_in_a_crew(server: Loopback, key: str) -> None:
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


def test_refusal_in_a_crew_has_its_status_and_advice(server: Loopback) -> None:
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
