"""The example service, started as a real server."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.forms.processes import address_in
from tests.support.warm_python import warm_python

# isort: split
from notebooks import service as example

ROOT = Path(__file__).parent.parent
LONG_S = 180.0


@pytest.fixture
def service(server: ScriptedServer) -> Iterator[str]:
    """Start uvicorn with the example on a free port; end it with SIGTERM."""
    process = subprocess.Popen(
        [
            *(*warm_python(), "-m", "uvicorn"),
            *("notebooks.service:application", "--port", "0"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "BASE_URL": server.base_url,
            "OPENAI_API_KEY": "k",
            "DEADLINE": str(LONG_S),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        address = address_in(process.stderr)
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        rest.start()
        yield address
    finally:
        process.terminate()
        assert process.wait(60) in (0, -15, 143)
        rest.join(60)
        process.stderr.close()


@pytest.mark.long
def test_service_answers_many_at_once_and_a_failure_touches_no_other(
    service: str, server: ScriptedServer
) -> None:
    """Of six requests at once, the one whose task is refused gets its error, the others answers."""

    def script(call: Call) -> Reply:
        refused = "risks of bad" in call.prompt
        return Reply("no", status=403) if refused else Reply("A summary.", delay=0.05)

    server.script = script

    async def ask_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=LONG_S) as client:
            topics = ["whales", "seals", "bad", "krill", "ships", "ports"]
            asked = [
                client.post(f"{service}/summaries", params={"topic": topic}) for topic in topics
            ]
            return list(await asyncio.gather(*asked))

    answers = asyncio.run(ask_all())
    assert [answer.status_code for answer in answers] == [200, 200, 502, 200, 200, 200]
    assert answers[0].json() == {"summary": "A summary.", "calls": 5}
    refused = answers[2].json()
    assert refused["error"] == "PermissionDeniedError"
    assert "task 'risks', agent 'writer'" in refused["notes"][0]


def test_documents_of_many_requests_are_summarized_at_once(
    service: str, server: ScriptedServer
) -> None:
    """Flows of one server do not mix, and one that is refused says so, with its note and stage."""

    def script(call: Call) -> Reply:
        if "bad" in call.prompt:
            return Reply("no", status=403)
        return Reply(f"About {next(n for n in '0123456' if f'text {n}' in call.prompt)}.")

    server.script = script
    posted: list[Any] = [{"a": f"This is text {number}."} for number in range(5)]
    posted += [{"a": "This is bad."}, "/etc", {}]

    async def ask_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=LONG_S) as client:
            asked = [client.post(f"{service}/documents", json=texts) for texts in posted]
            return list(await asyncio.gather(*asked))

    answers = asyncio.run(ask_all())
    assert [answer.status_code for answer in answers] == [200] * 5 + [502, 422, 422]
    assert [answer.json()["summary"] for answer in answers[:5]] == [f"About {n}." for n in range(5)]
    assert answers[0].json() == {"summary": "About 0.", "documents": {"a": "About 0."}, "calls": 1}
    refused = answers[5].json()
    assert refused["stage"] == "summarizing"
    assert "summarizing a, chunk 0" in refused["notes"][0]
    assert "HTTP status 403" in refused["notes"][0]
    assert answers[6].json()["message"] == "post a JSON object of names and texts"
    assert "empty" in answers[7].json()["message"]


@pytest.mark.long
def test_client_that_hangs_up_stops_its_flow_and_no_other(
    service: str, server: ScriptedServer
) -> None:
    """After one client has gone, nothing more is asked for it; the other one is answered."""
    flying, landed = threading.Event(), threading.Event()

    async def script(call: Call) -> Reply:
        if "leaving" in call.prompt:
            flying.set()
            while not landed.is_set():
                await asyncio.sleep(0.01)
        return Reply("fine")

    server.script = script
    leaving = {f"text {i}": f"This is leaving text {i}." for i in range(60)}

    async def leave() -> None:
        async with httpx.AsyncClient(timeout=LONG_S) as client:
            asked = asyncio.ensure_future(client.post(f"{service}/documents", json=leaving))
            while not flying.is_set():
                await asyncio.sleep(0.01)
            asked.cancel()
            await asyncio.wait({asked})
            # The same server answers others, and then has seen that this one is gone.
            while True:
                sent = len(server.calls)
                await client.post(f"{service}/documents", json={"b": f"Staying {sent}."})
                landed.set()
                if server.in_flight == 0:
                    return

    asyncio.run(leave())
    asked = sum("leaving" in call.prompt for call in server.calls)
    assert 1 <= asked <= 32, "max_concurrency were in flight; no other was sent"


def test_body_is_bounded_and_malformed_json_is_the_clients_fault(
    service: str, server: ScriptedServer
) -> None:
    """Each gets a status of its own, nothing is asked, and the next request is answered."""

    def too_long() -> Iterator[bytes]:
        yield b'{"a": "'
        for _ in range(11):
            yield b"x" * 1_000_000

    bodies: list[tuple[Any, int]] = [
        (b"{not json", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[1, 2]", 422),
        (b'{"a": {"path": "/etc/passwd"}}', 422),
        (b'{"a": 1}', 422),
        (too_long(), 413),
    ]
    with httpx.Client(timeout=LONG_S) as client:
        for body, status in bodies:
            assert client.post(f"{service}/documents", content=body).status_code == status
        assert server.calls == []
        assert client.post(f"{service}/documents", json={"a": "Some words."}).status_code == 200


class Here(uvicorn.Server):
    """Serves the example on a thread of this process, whose runs can be looked at."""

    def __init__(self) -> None:
        super().__init__(uvicorn.Config(example.application, port=0, log_level="critical"))
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def served_here() -> Iterator[int]:
    """Yield the port."""
    server = Here()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert server.ready.wait(LONG_S)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(LONG_S)
        assert not thread.is_alive()


def test_client_that_hangs_up_stops_its_crew_and_no_other(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run ends while its calls are still held back, and no further call follows on them."""
    flying, landing = threading.Event(), threading.Event()
    runs: list[ds.Run[Any]] = []
    awaited = example.answer_of

    async def script(call: Call) -> Reply:
        if "whales" not in call.prompt:
            return Reply("fine")
        if sum("whales" in each.prompt for each in server.calls) == len(example.PARTS):
            flying.set()
        while not landing.is_set():
            await asyncio.sleep(0.02)
        return Reply("late")

    def recorded(run: ds.Run[Any]) -> Any:
        runs.append(run)
        return awaited(run)

    server.script = script
    monkeypatch.setattr(example, "BASE_URL", server.base_url)
    monkeypatch.setattr(example, "DEADLINE_S", LONG_S)
    monkeypatch.setattr(example, "answer_of", recorded)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with served_here() as port:
        with socket.create_connection(("127.0.0.1", port), LONG_S) as leaving:
            leaving.sendall(b"POST /summaries?topic=whales HTTP/1.1\r\nHost: h\r\n\r\n")
            assert flying.wait(LONG_S)
        assert isinstance(runs[0].exception(LONG_S), ds.errors.RunCancelled)
        assert server.in_flight == len(example.PARTS)
        landing.set()
        assert runs[0].join(LONG_S)
        address = f"http://127.0.0.1:{port}/summaries"
        answer = httpx.post(address, params={"topic": "seals"}, timeout=LONG_S)
    assert answer.json() == {"summary": "fine", "calls": 5}
    asked = [call.prompt for call in server.calls if "whales" in call.prompt]
    assert len(asked) == len(example.PARTS)
