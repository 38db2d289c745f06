"""The example service, started as a real server."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.loopback import Call, Loopback, Reply

ROOT = Path(__file__).parent.parent
LONG_S = 60.0


@pytest.fixture
def service(server: Loopback) -> Iterator[str]:
    """Start uvicorn with the example on a free port; end it with SIGTERM."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "notebooks.service:application", "--port", str(port)],
        cwd=ROOT,
        env={**os.environ, "BASE_URL": server.base_url, "OPENAI_API_KEY": "k"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "running on" in line:
                break
        rest = threading.Thread(target=process.stderr.read, daemon=True)
        rest.start()
        yield f"http://127.0.0.1:{port}/summaries"
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15, 143)
        rest.join(10)
        process.stderr.close()


def test_service_answers_many_at_once_and_a_failure_touches_no_other(
    service: str, server: Loopback
) -> None:
    """Of six requests at once, the one whose task is refused gets its error, the others answers."""

    def script(call: Call) -> Reply:
        refused = "risks of bad" in call.prompt
        return Reply("no", status=403) if refused else Reply("A summary.", delay=0.05)

    server.script = script

    async def ask_all() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=LONG_S) as client:
            topics = ["whales", "seals", "bad", "krill", "ships", "ports"]
            asked = [client.post(service, params={"topic": topic}) for topic in topics]
            return list(await asyncio.gather(*asked))

    answers = asyncio.run(ask_all())
    assert [answer.status_code for answer in answers] == [200, 200, 502, 200, 200, 200]
    assert answers[0].json() == {"summary": "A summary.", "calls": 5}
    refused = answers[2].json()
    assert refused["error"] == "PermissionDeniedError"
    assert "task 'risks', agent 'writer'" in refused["notes"][0]
