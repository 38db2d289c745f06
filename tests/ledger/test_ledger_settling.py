"""What the ledger says of a run that was stopped while calls of it are in flight."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError, RunCancelled
from docsum_nb.events import ChunkSummarized, Event
from docsum_nb.ledger import Ledger
from docsum_nb.pipeline import api
from docsum_nb.results import Summary
from docsum_nb.run import Run
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.ledger_samples import TEXTS, holds

ROOT = Path(__file__).parent.parent.parent
LONG_S = 60.0
LANDED = "An answer that came late."


class Held:
    """Answers everything, and what is asked about one document only once it is released."""

    def __init__(self, document: str = "Document 5") -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()
        self._document = document

    async def __call__(self, call: Call) -> Reply:
        if self._document not in call.prompt:
            return Reply("A summary.")
        self.asked.set()
        while not self.let_go.is_set():
            await asyncio.sleep(0.01)
        return Reply(LANDED)


@pytest.fixture
def held(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = server.script = Held()
    # As long as the test takes: what is in flight lands when the test says so.
    monkeypatch.setattr(api, "SETTLE_S", LONG_S)
    yield held
    held.let_go.set()


def model_of(server: ScriptedServer) -> ds.Model:
    return ds.Model("openai/scripted", base_url=server.base_url)


def begun(server: ScriptedServer, ledger: Path, held: Held) -> Run[Summary]:
    """Start a run, and wait until all but one of its documents are done, and that one is asked."""
    done: list[Event] = []
    ready = threading.Event()

    def look(event: Event) -> None:
        if isinstance(event, ChunkSummarized):
            done.append(event)
        if len(done) == len(TEXTS) - 1:
            ready.set()

    run = ds.summarize(TEXTS, model=model_of(server), ledger=ledger, show=False, on_event=look)
    assert ready.wait(LONG_S), run
    assert held.asked.wait(LONG_S), run
    return run


def test_run_is_resumed_while_its_last_call_is_in_flight(
    server: ScriptedServer, tmp_path: Path, held: Held
) -> None:
    """Once a wait has raised, it is listed as cancelled and resumed; nothing is paid for twice."""
    ledger = tmp_path / "l"
    first = begun(server, ledger, held)
    first.cancel("enough")
    with pytest.raises(RunCancelled):
        first.result(LONG_S)
    [record] = ds.runs(ledger)
    assert (record.state, record.ended_at, record.settling) == ("cancelled", None, True)
    assert (record.done, record.calls) == (5, 5)
    assert "enough" in (record.error or "")

    second = ds.resume(ledger=ledger, show=False)
    assert second.id == first.id
    while not second.state.chunks:
        assert not second.done, second.exception()
    [record] = ds.runs(ledger)
    assert (record.state, record.settling, record.calls) == ("running", False, 5)
    held.let_go.set()
    assert second.result(LONG_S).text
    assert first.join(LONG_S)
    assert second.join(LONG_S)
    assert len(server.calls) == len(TEXTS) + 1
    [record] = ds.runs(ledger)
    assert (record.state, record.settling, record.done) == ("done", False, len(TEXTS))
    assert record.calls == len(server.calls)
    assert record.tokens == first.state.tokens + second.state.tokens
    assert record.ended_at is not None


def test_first_error_is_listed_while_another_call_is_in_flight(
    server: ScriptedServer, tmp_path: Path, held: Held
) -> None:
    """The error is in the list as soon as it was raised; the figures follow what lands."""
    ledger = tmp_path / "l"

    async def script(call: Call) -> Reply:
        if "Document 0" in call.prompt:
            while not held.asked.is_set():
                await asyncio.sleep(0.01)
            return Reply("no", status=400)
        return await held(call)

    server.script = script
    run = ds.summarize(TEXTS, model=model_of(server), ledger=ledger, show=False)
    assert run.exception(LONG_S) is not None
    [record] = ds.runs(ledger)
    assert (record.state, record.settling) == ("failed", True)
    assert "BadRequestError" in (record.error or "")
    held.let_go.set()
    assert run.join(LONG_S)
    [record] = ds.runs(ledger)
    assert (record.state, record.settling, record.calls) == ("failed", False, run.state.calls)


def test_forgetting_waits_for_what_is_in_flight(
    server: ScriptedServer, tmp_path: Path, held: Held
) -> None:
    """Forgotten right after it was cancelled, a run leaves nothing, also of what came late."""
    ledger = tmp_path / "l"
    run = begun(server, ledger, held)
    run.cancel()
    run.exception(LONG_S)
    with ThreadPoolExecutor() as pool:
        forgetting = pool.submit(ds.forget, everything=True, ledger=ledger)
        with pytest.raises(TimeoutError):
            forgetting.result(0.3)
        held.let_go.set()
        forgotten = forgetting.result(LONG_S)
    assert run.join(LONG_S)
    assert (forgotten.runs, forgotten.answers) == (1, len(TEXTS))
    assert (len(ds.runs(ledger)), len(Ledger(ledger))) == (0, 0)
    assert not holds(ledger, LANDED)


SCRIPT = """
import sys
import docsum_nb as ds
from docsum_nb.pipeline import api
from tests.support.ledger_samples import TEXTS
api.SETTLE_S = 600
def look(event):
    if type(event).__name__ == "ChunkSummarized":
        print("done", flush=True)
model = ds.Model("openai/scripted", base_url=sys.argv[2])
run = ds.summarize(TEXTS, model=model, ledger=sys.argv[1], show=False, on_event=look)
sys.stdin.readline()
run.cancel("enough")
run.exception()
print(run.id, flush=True)
sys.stdin.read()
"""


@pytest.mark.long
def test_kill_while_calls_are_in_flight_leaves_a_true_record(
    server: ScriptedServer, tmp_path: Path, held: Held
) -> None:
    """Elsewhere it waits for what is in flight; killed then, it is what it was, and goes on."""
    ledger = tmp_path / "l"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(ledger), server.base_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        for _ in range(len(TEXTS) - 1):
            assert process.stdout.readline() == "done\n"
        assert held.asked.wait(LONG_S)
        process.stdin.write("go\n")
        process.stdin.flush()
        run_id = process.stdout.readline().strip()
        [record] = ds.runs(ledger)
        assert (record.id, record.state, record.settling) == (run_id, "cancelled", True)
        with pytest.raises(InputError, match=f"still in flight in process {process.pid}"):
            ds.resume(ledger=ledger, model=model_of(server), show=False).result(LONG_S)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=LONG_S)
    [record] = ds.runs(ledger)
    assert (record.state, record.settling, record.ended_at) == ("cancelled", False, None)
    assert (record.done, record.calls) == (5, 5)
    assert "enough" in (record.error or "")
    held.let_go.set()
    resumed = ds.resume(ledger=ledger, model=model_of(server), show=False)
    assert resumed.result(LONG_S).usage.calls == 2
    assert resumed.id == run_id
