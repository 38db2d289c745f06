"""Runs behind FastAPI, under a real uvicorn."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.forms.processes import ROOT, address_in
from tests.support.warm_python import warm_python

EXIT_S = 60.0
KINDS = {"one": 200, "two": 200, "fails": 404, "late": 504}


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start uvicorn on a free port; kill it if it has not ended with the block."""
    command = ["uvicorn", "tests.forms.fastapi_app:app", "--port", "0", "--no-access-log"]
    process = subprocess.Popen(
        [*warm_python(), "-m", *command], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        yield process, address_in(process.stderr)
    finally:
        process.kill()
        process.communicate(timeout=150)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server for the whole module."""
    with served() as (_, base):
        yield base


async def ask(paths: list[str], base: str) -> list[httpx.Response]:
    """Ask for all of them at once."""
    async with httpx.AsyncClient(base_url=base, timeout=150) as client:
        return list(await asyncio.gather(*(client.get(path) for path in paths)))


def test_endpoints_wait_in_both_forms_and_each_gets_its_own_end(address: str) -> None:
    """Awaited and blocked on, at once: results, the work's error and the deadline."""
    paths = [f"/{form}/{kind}" for form in ("awaited", "blocked") for kind in KINDS]
    answers = asyncio.run(ask(paths * 2, address))
    assert [answer.status_code for answer in answers] == [*KINDS.values()] * 4
    assert answers[0].json() == {"answer": "one"}
    assert answers[2].json() == {"error": "no such thing"}
    assert "in stuck() in fastapi_app.py" in answers[3].json()["error"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_server_ends_in_time_with_a_run_in_the_background(number: int) -> None:
    """A run that nobody waits for does not hold up the server's end."""
    with served() as (process, base):
        assert httpx.post(f"{base}/background", timeout=150).status_code == 200
        told = time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=150)
        assert time.monotonic() - told < EXIT_S
    assert process.returncode in (0, -number)
