"""docsum_nb.testing: what clients of a model get from the scripted server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer, tool_call, tool_result

LONG_S = 60.0


def repeats(call: Call) -> Reply:
    return Reply(f"You said: {call.prompt}.")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(repeats) as running:
        yield running


@contextmanager
def client_of(server: ScriptedServer) -> Iterator[openai.OpenAI]:
    """Yield a client of OpenAI's without its retries; a stream must be read before it is closed."""
    with openai.OpenAI(
        base_url=server.base_url, api_key="none", max_retries=0, timeout=LONG_S
    ) as client:
        yield client


def complete(server: ScriptedServer, messages: list[Any], **parameters: Any) -> Any:
    """Request a completion and return it whole."""
    with client_of(server) as client:
        return client.chat.completions.create(model="scripted", messages=messages, **parameters)


def ask(server: ScriptedServer, text: str) -> str:
    """Return the answer to a text."""
    answer = complete(server, [{"role": "user", "content": text}])
    assert answer.usage.prompt_tokens == len(text.split())
    return str(answer.choices[0].message.content)


def ask_for_stream(server: ScriptedServer, text: str) -> str:
    """Return the words of a streamed answer, joined."""
    with (
        client_of(server) as client,
        client.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": text}], stream=True
        ) as stream,
    ):
        return "".join(piece.choices[0].delta.content or "" for piece in stream if piece.choices)


def test_it_answers_whole_and_as_a_stream(server: ScriptedServer) -> None:
    """Both say the same, to the letter, and the requests are kept."""
    assert ask(server, "two  words") == "You said: two  words."
    assert ask_for_stream(server, "two  words\nmore") == "You said: two  words\nmore."
    assert [call.prompt for call in server.calls] == ["two  words", "two  words\nmore"]
    assert [call.number for call in server.calls] == [0, 1]
    assert server.headers[0]["Authorization"] == "Bearer none"


def test_a_status_is_the_error_of_the_client(server: ScriptedServer) -> None:
    """The script may be replaced while it serves; the text of the refusal arrives."""
    server.script = lambda call: Reply("no such key", status=401)
    with pytest.raises(openai.AuthenticationError, match="no such key"):
        ask(server, "anything")


def test_a_tool_is_called_and_its_result_is_read(server: ScriptedServer) -> None:
    """The reply is a native call; the next request has the result."""
    server.script = lambda call: tool_call("look_up", query="whales")
    messages = [{"role": "user", "content": "Look it up."}]
    message = complete(server, messages).choices[0].message
    assert message.tool_calls[0].function.name == "look_up"
    assert tool_result(server.calls[-1]) is None
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "They are old."}
    server.script = lambda call: Reply(f"I read: {tool_result(call)}")
    assert complete(server, [*messages, message.model_dump(), result]).choices[
        0
    ].message.content == ("I read: They are old.")


def test_what_hangs_is_answered_as_it_closes() -> None:
    """Others are served meanwhile; afterwards the address is free, and closing again is allowed."""
    server = ScriptedServer(lambda call: Reply("late", hang=call.prompt == "silent")).start()
    heard: list[str] = []
    waiting = threading.Thread(target=lambda: heard.append(ask(server, "silent")))
    waiting.start()
    while not server.calls:
        waiting.join(0.01)
    assert ask(server, "loud") == "late"
    assert heard == []
    server.close()
    waiting.join(LONG_S)
    assert heard == ["late"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url, trust_env=False)
    server.close()
    ScriptedServer().close()


def test_a_script_that_fails_is_an_error_of_the_server(server: ScriptedServer) -> None:
    """The client gets a 500 and the next request is served."""

    def broken(call: Call) -> Reply:
        raise KeyError("no answer for it")

    server.script = broken
    with pytest.raises(openai.InternalServerError):
        ask(server, "anything")
    server.script = repeats
    assert ask(server, "again") == "You said: again."
    assert server.in_flight == 0
