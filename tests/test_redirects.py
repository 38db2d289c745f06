"""No client that CrewAI, LiteLLM or a user's own code calls a model with is led to another host."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import crewai
import pytest

import docsum_nb as ds

assert crewai, "work is guarded if CrewAI was imported before it began"
LONG_S = 60.0
KEY = "sk-cnry-5d6f7g8h9j"
PROMPT = "the words of a private text"
HEADERS = {"Authorization": f"Bearer {KEY}", "X-Custom": "hdr-12345678"}


class Recorded(ThreadingHTTPServer):
    """A server that keeps what it was sent, and sends all on to ``location``, if there is one."""

    daemon_threads = True
    status = 307
    location = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Recording)
        self.seen: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Recording(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorded

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.path} {self.headers} {body.decode()}")
        self.send_response(self.server.status if self.server.location else 500)
        if self.server.location:
            self.send_header("Location", self.server.location + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815  # what a redirect with status 303 becomes

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@contextmanager
def serving() -> Iterator[Recorded]:
    with Recorded() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(LONG_S)


@pytest.fixture
def asked() -> Iterator[Recorded]:
    with serving() as server:
        yield server


@pytest.fixture
def other() -> Iterator[Recorded]:
    """Another server, to which nothing may go."""
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def of_amazon(asked: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What boto3 asks for; the address is the server's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1234567890CNRY00")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{KEY}/aws/secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION_NAME", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", asked.address)
    monkeypatch.setenv("AWS_BEDROCK_RUNTIME_ENDPOINT", asked.address)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def crew(model: str, **options: Any) -> Any:
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model=model, **options)
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm, max_retry_limit=0)
    return Crew(agents=[agent], tasks=[Task(description=PROMPT, expected_output="e", agent=agent)])


def by_httpx(url: str) -> None:
    import httpx

    httpx.post(url, headers=HEADERS, content=PROMPT, follow_redirects=True).raise_for_status()


def by_requests(url: str) -> None:
    import requests

    requests.post(url, headers=HEADERS, data=PROMPT, timeout=LONG_S).raise_for_status()


def by_a_session(url: str) -> None:
    import requests

    with requests.Session() as session:
        session.headers.update(HEADERS)
        session.post(url, data=PROMPT, timeout=LONG_S).raise_for_status()


async def by_aiohttp(url: str) -> None:
    import aiohttp

    async with (
        aiohttp.ClientSession(headers=HEADERS) as session,
        session.post(url, data=PROMPT) as answer,
    ):
        answer.raise_for_status()


async def by_litellm(url: str, model: str) -> None:
    import litellm

    messages = [{"role": "user", "content": PROMPT}]
    given = {"api_base": url, "api_key": KEY, "num_retries": 0, "max_retries": 0}
    await litellm.acompletion(model=model, messages=messages, **given)


def embedded_by_litellm(url: str) -> None:
    import litellm

    litellm.embedding("openai/e", [PROMPT], api_base=url, api_key=KEY, max_retries=0)


def embedded(url: str) -> None:
    from crewai.rag.embeddings.factory import build_embedder

    config: Any = {"api_key": KEY, "api_base": f"{url}/v1", "model_name": "e"}
    build_embedder({"provider": "openai", "config": config})([PROMPT])


CLAUDE = "bedrock/anthropic.claude-3-haiku-20240307-v1:0"
WAYS: dict[str, Callable[[str], Any]] = {
    "httpx": lambda url: ds.start(by_httpx, f"{url}/v1/embed", show=False),
    "requests": lambda url: ds.start(by_requests, f"{url}/anything", show=False),
    "a session of requests": lambda url: ds.start(by_a_session, f"{url}/v1/chat", show=False),
    "aiohttp": lambda url: ds.start(by_aiohttp, f"{url}/v1/chat", show=False),
    "aiohttp by a key": lambda url: ds.start(by_aiohttp, f"{url}/anything", show=False),
    "LiteLLM": lambda url: ds.start(by_litellm, f"{url}/v1", "openai/x", show=False),
    "LiteLLM with aiohttp": lambda url: ds.start(
        by_litellm, f"{url}/v1/chat/completions", "aiohttp_openai/x", show=False
    ),
    "LiteLLM, Ollama": lambda url: ds.start(by_litellm, url, "ollama_chat/x", show=False),
    "LiteLLM, Bedrock": lambda url: ds.start(by_litellm, url, CLAUDE, show=False),
    "LiteLLM, embeddings": lambda url: ds.start(embedded_by_litellm, url, show=False),
    "CrewAI, Bedrock": lambda url: ds.kickoff(crew(CLAUDE), show=False),
    "CrewAI, LiteLLM": lambda url: ds.kickoff(
        crew("openai/x", is_litellm=True, base_url=url, api_key=KEY, max_retries=0), show=False
    ),
    "CrewAI, embeddings": lambda url: ds.start(embedded, url, show=False),
    "a Model, Bedrock": lambda url: ds.summarize(
        {"a": PROMPT}, model=ds.Model(CLAUDE, base_url=url), ledger=False, show=False
    ),
    "a Model, Ollama": lambda url: ds.summarize(
        {"a": PROMPT}, model=ds.Model("ollama_chat/x", base_url=url), ledger=False, show=False
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", WAYS)
def test_no_client_follows_to_another_host(way: str, asked: Recorded, other: Recorded) -> None:
    """Neither key nor header nor prompt gets there; the first server was asked."""
    asked.location = other.address
    ds.Model("openai/x", api_key=KEY)  # known as a secret
    error = WAYS[way](asked.address).exception(LONG_S)
    assert error is not None
    assert asked.seen, repr(error)
    assert PROMPT in asked.seen[0]
    assert other.seen == []


@pytest.mark.parametrize("work", [by_requests, by_aiohttp])
@pytest.mark.parametrize("status", [303, 307])
def test_redirects_that_lead_nowhere_else_are_followed(
    work: Any, status: int, asked: Recorded
) -> None:
    """Those of the same server: as often as the client allows."""
    asked.status, asked.location = status, "/v1"
    run = ds.start(work, f"{asked.address}/v1/chat", show=False)
    error = run.exception(LONG_S)
    assert type(error).__name__ == "TooManyRedirects"
    assert KEY not in f"{error} {error!r}", "its words can be made"
    assert len(asked.seen) > 5


def test_outside_of_a_run_clients_do_as_they_did(asked: Recorded, other: Recorded) -> None:
    asked.location = other.address
    with pytest.raises(Exception, match="500"):
        by_requests(f"{asked.address}/v1/chat")
    with pytest.raises(Exception, match="500"):
        asyncio.run(by_aiohttp(f"{asked.address}/v1/chat"))
    assert len(other.seen) == 2
