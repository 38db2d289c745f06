"""Why a request of the user's own code failed, in the run's state and below the cell."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import openai
import pytest

import docsum_nb as ds
from docsum_nb.run.tracebacks import _BriefTraceback
from docsum_nb.testing import ScriptedServer

LONG_S = 60.0
KEY = "sk-not-to-be-shown"


async def ask(url: str, key: str = "k") -> Any:
    client = openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0)
    messages: Any = [{"role": "user", "content": "hi"}]
    async with client:
        return await client.chat.completions.create(model="x", messages=messages)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def shown(error: BaseException) -> str:
    return "\n".join(_BriefTraceback(error)())


def test_connection_of_the_users_own_client_is_explained() -> None:
    """The error is OpenAI's, which says "Connection error."; the cause is beside it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        run = ds.start(ask, url, show=False, deadline=LONG_S)
        error = run.exception()
    assert isinstance(error, openai.APIConnectionError)
    words = f"nothing answers at {url}: the connection was refused"
    assert words in str(run.state.error)
    assert f"because {words}" in shown(error)


def test_key_is_not_quoted_below_the_cell(server: ScriptedServer) -> None:
    """OpenAI's client has it in the exception behind its own."""
    run = ds.start(ask, server.base_url, f"{KEY}\n", show=False, deadline=LONG_S)
    error = run.exception()
    assert error is not None
    assert KEY not in shown(error) + str(run.state.error)
    assert "holds a line break" in shown(error)


def test_cause_of_another_error_is_quoted_as_before() -> None:
    """What is no fault of a connection keeps its own words."""

    def fails() -> None:
        try:
            raise httpx.HTTPStatusError(
                "gone",
                request=httpx.Request("GET", "http://x"),
                response=httpx.Response(410, text="gone"),
            )
        except httpx.HTTPStatusError as error:
            raise ValueError("mine") from error

    error = ds.start(fails, show=False, deadline=LONG_S).exception()
    assert error is not None
    assert "because of HTTPStatusError: gone" in shown(error)


def test_web_page_of_a_server_is_not_quoted_below_the_cell() -> None:
    """A wrong base_url is answered with a page of many lines."""
    words = shown(ValueError("Error code: 501 - <!DOCTYPE HTML>\n<html>\n<p>a</p>\n</html>"))
    assert words == "ValueError: Error code: 501 - (the server answered with a web page)"


def test_kind_of_an_error_is_named_once() -> None:
    """LiteLLM's words begin with it, once or twice; other words stay."""
    kind = type("APIError", (Exception,), {"__module__": "litellm.exceptions"})
    words = shown(kind("litellm.APIError: APIError: OpenAIException - no"))
    assert words == "litellm.exceptions.APIError: OpenAIException - no"
    assert shown(ValueError("ValueError of mine: no")) == "ValueError: ValueError of mine: no"
