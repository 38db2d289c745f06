"""Scripts that are told to end while a run is going on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.testing import Reply, ScriptedServer
from tests.forms.processes import begun, finished

EXIT_S = 60.0
"""From the signal to the end of the process, which takes under a second on an idle machine."""
DOCUMENTS = {f"doc-{i}": f"Document {i} tells of ships." for i in range(4)}
CHUNKS = len(DOCUMENTS)

SUMMARIZE = """
import asyncio
import docsum_nb as ds
model = ds.Model("openai/x", base_url={url!r})
def summarize():
    return ds.summarize(
        {documents!r}, model=model, ledger={ledger!r}, show=False, max_concurrency=4
    )
async def main():
    await summarize()
async def two_at_once():
    await asyncio.gather(ds.start(lambda: 1, show=False), summarize())
"""
WAITS = {
    "result": "summarize().result()",
    "await": "asyncio.run(main())",
    "two awaited": "asyncio.run(two_at_once())",
}
STUCK = """
import threading, time
import docsum_nb as ds
def stuck():
    print("stuck", flush=True)
    time.sleep(300)
ds.start(stuck, show=False).result()
"""
SIGNALS = [(signal.SIGTERM, {143}), (signal.SIGINT, {-signal.SIGINT, 1})]
"""With their exit codes: of Ctrl-C, Python forgets the first where code is compiled at the end."""


@pytest.mark.parametrize(
    ("wait", "number", "codes"),
    [
        ("result", *SIGNALS[0]),
        ("result", *SIGNALS[1]),
        ("await", *SIGNALS[1]),
        ("two awaited", *SIGNALS[0]),
    ],
)
def test_answers_in_flight_are_kept_when_a_script_is_told_to_end(
    server: ScriptedServer, tmp_path: Path, wait: str, number: int, codes: set[int]
) -> None:
    """What was asked is stored within the grace period; nothing new is asked; then it exits."""
    server.script = lambda call: Reply("A summary.", delay=0.7)
    ledger = str(tmp_path / "ledger")
    script = SUMMARIZE.format(documents=DOCUMENTS, url=server.base_url, ledger=ledger)
    with begun(script + WAITS[wait]) as process:
        while len(server.calls) < CHUNKS:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        told = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=150)
        assert time.monotonic() - told < EXIT_S
    assert process.returncode in codes, errors
    assert len(server.calls) == CHUNKS
    assert "never retrieved" not in errors
    assert "was destroyed" not in errors
    server.script = lambda call: Reply("A summary.")
    model = ds.Model("openai/x", base_url=server.base_url)
    summary = ds.summarize(DOCUMENTS, model=model, ledger=ledger, show=False).result()
    assert summary.usage.calls == 1
    assert len(server.calls) == CHUNKS + 1


@pytest.mark.parametrize(("number", "codes"), SIGNALS)
def test_stuck_thread_does_not_keep_a_script_from_ending(number: int, codes: set[int]) -> None:
    """A thread in blocking code is left behind by either signal."""
    with begun(STUCK) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        told = time.monotonic()
        process.send_signal(number)
        process.communicate(timeout=150)
        assert time.monotonic() - told < EXIT_S
    assert process.returncode in codes


def test_script_with_runs_nobody_awaits_ends_in_debug_mode(server: ScriptedServer) -> None:
    """With asyncio's debug mode and warnings as errors, it ends and names them, without noise."""
    server.script = lambda call: Reply(hang=True)
    done = finished(
        f"""
        import asyncio, time
        import aiohttp
        import docsum_nb as ds
        async def for_ever():
            await asyncio.Event().wait()
        async def asks():
            async with aiohttp.ClientSession() as session:
                await session.post({server.base_url!r} + "/chat/completions", json={{
                    "model": "x", "messages": []}})
        runs = [ds.start(for_ever, show=False), ds.start(asks, show=False)]
        runs.append(ds.start(time.sleep, 300, show=False))
        runs.append(ds.summarize({{"a": "Text."}}, ledger=False, show=False))
        print("end")
        """,
        *("-W", "error", "-X", "dev"),
    )
    # In debug mode asyncio also tells of steps that took longer than 0.1 s, as they do under load.
    lines = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    assert sum("was stopped because the process ended" in line for line in lines) == 4
    reports = ("run ", "docsum_nb.errors.RunCancelled: ", "docsum_nb run ")
    noise = [line for line in lines if not line.startswith(reports)]
    assert (done.returncode, done.stdout, noise) == (0, "end\n", [])
