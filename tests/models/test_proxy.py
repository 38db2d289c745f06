"""LiteLLM's proxy as a provider that is not ours; ``make proxy`` runs these tests.

It cannot share an environment with CrewAI, so it has its own, and is a process of its own here.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import docsum_nb as ds
from docsum_nb.events import Event, Warned
from docsum_nb.results import Summary
from docsum_nb.run import Run

COMMAND = os.environ.get("DOCSUM_NB_TEST_PROXY", "")
CONFIG = Path(__file__).with_name("proxy.yaml")
START_S = 300.0
"""It imports for most of a minute, on a busy machine for several."""
LONG_S = 240.0

pytestmark = [
    pytest.mark.proxy,
    pytest.mark.skipif(not COMMAND, reason="make proxy starts it"),
    pytest.mark.timeout(600),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the proxy on loopback; yields its address and ends it."""
    port = free_port()
    log = tmp_path_factory.mktemp("proxy") / "log"
    environment = os.environ | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # It has no secret to keep, and answers on loopback alone.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    command = [COMMAND, "--config", str(CONFIG), "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--telemetry", "False"], stdout=output, stderr=output, env=environment
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health/liveliness", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"the proxy did not start: {log.read_text(errors='replace')[-2000:]}")


def summarize(proxy: str, count: int, name: str, **options: Any) -> Run[Summary]:
    model = ds.Model(f"openai/{name}", base_url=proxy, **options)
    texts = {f"doc-{i}": f"Document {i} tells of ship {i}." for i in range(count)}
    return ds.summarize(texts, model=model, ledger=False, show=False)


def test_answers_of_the_proxy_are_summaries(proxy: str) -> None:
    """Every chunk and the merge are answered, and the usage is what the proxy reports."""
    run = summarize(proxy, 20, "fine")
    summary = run.result(LONG_S)
    assert [chunk.text for chunk in summary.chunks] == ["A summary by the proxy."] * 20
    assert summary.usage.calls == run.state.planned_calls
    assert summary.usage.completion_tokens == 20 * run.state.planned_calls


def test_limit_of_the_proxy_is_waited_out(proxy: str) -> None:
    """Three requests a minute are five in two minutes, even if some are turned away at first.

    The proxy names its time as ``llm_provider-retry-after``, which no other does.
    """
    events: list[Event] = []
    model = ds.Model("openai/limited", base_url=proxy, max_retries=0)
    texts = {f"doc-{i}": f"Document {i} tells of boat {i}." for i in range(4)}
    began = time.monotonic()
    run = ds.summarize(texts, model=model, ledger=False, show=False, on_event=events.append)
    summary = run.result(LONG_S)
    assert summary.usage.calls == 5
    assert len(summary.chunks) == 4
    assert any("429" in event.message for event in events if isinstance(event, Warned))
    # Guessed waits would have asked a dozen times by then.
    assert run.state.calls <= 5 + 4
    assert time.monotonic() - began >= 55


def test_proxy_without_room_is_given_up_for_a_fallback(proxy: str) -> None:
    """A model that is full all the time is left after its wall-clock limit; the next answers."""
    run = summarize(proxy, 3, "full", give_up_after=2.0, fallbacks=["openai/fine"])
    summary = run.result(LONG_S)
    assert {chunk.model for chunk in summary.chunks} == {"openai/fine"}
    assert any("written by openai/fine" in omission.reason for omission in summary.omitted)


@pytest.mark.parametrize(("name", "status", "calls"), [("failing", 500, 2), ("nosuch", 400, 1)])
def test_errors_of_the_proxy_are_its_own(proxy: str, name: str, status: int, calls: int) -> None:
    """A fault of the server is tried again, a bad request is not; the error is as it was sent."""
    run = summarize(proxy, 1, name, max_retries=1)
    error = run.exception(LONG_S)
    assert error is not None
    assert error.status_code == status  # type: ignore[attr-defined]
    assert run.state.calls == calls
