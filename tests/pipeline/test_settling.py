"""What is in flight when a run is stopped: waited for, kept, and in the figures of the end."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.deadlines import pass_deadline
from tests.support.warm_python import warm_python

LONG_S = 60.0
CHUNKS = 4
TEXTS = {f"doc {i}": f"The harbor of town {i} is deep. Ships rest there." for i in range(CHUNKS)}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as started:
        yield started


def model_of(server: ScriptedServer) -> ds.Model:
    return ds.Model("openai/gpt-4o-mini", base_url=server.base_url, api_key="k")


class Ends:
    """A view that keeps what it was shown at the end, and what was amended."""

    shows_text = False

    def __init__(self) -> None:
        self.ends: list[Any] = []

    def takes_answers(self) -> bool:
        return False

    def update(self, snapshot: Any) -> None: ...

    def close(self, snapshot: Any, result: object) -> bool:
        self.ends.append(snapshot.state)
        return True

    def amend(self, snapshot: Any) -> None:
        self.ends.append(snapshot.state)


@pytest.mark.parametrize("how", ["cancel", "deadline", "error"])
def test_figures_are_those_of_the_end(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Of three calls in flight at the stop, all that lands is in error, state, view and record."""
    raised = threading.Event()

    async def script(call: Call) -> Reply:
        if how == "error" and "town 3" in call.prompt:
            while len(server.calls) < sent + CHUNKS:
                await asyncio.sleep(0.01)
            return Reply("no", status=403)
        while not raised.is_set():
            await asyncio.sleep(0.01)
        return Reply("A harbor.")

    views: list[Ends] = []

    def open_view(shown: Any) -> Ends:
        views.append(Ends())
        return views[-1]

    monkeypatch.setattr("docsum_nb.views.choose.choose_view", open_view)
    # CrewAI is imported by then, so a deadline hits the calls.
    ds.summarize(TEXTS, ledger=False, show=False).result()
    server.script, sent, ledger = script, len(server.calls), str(tmp_path / "ledger")
    run = ds.summarize(TEXTS, model=model_of(server), ledger=ledger, deadline=LONG_S)
    run._display.open()
    while len(server.calls) < sent + CHUNKS:
        time.sleep(0.01)
    if how == "cancel":
        run.cancel()
    elif how == "deadline":
        pass_deadline(run, lambda: True)
    error = run.exception()
    raised.set()
    assert error is not None
    flying = CHUNKS - (how == "error")
    assert f"{flying} calls in flight are waited for" in "".join(error.__notes__)
    assert run.join(LONG_S)
    told = f"{flying} of {CHUNKS} chunks are done and kept; docsum_nb.resume"
    assert told in "".join(error.__notes__)
    state, (record,) = run.state, ds.runs(ledger=ledger)
    assert state.done == record.done == flying
    assert state.cost_usd == record.cost_usd == views[0].ends[-1].cost_usd
    assert state.cost_usd
    assert views[0].ends[-1].done == flying
    assert views[0].ends[0].done == 0
    if how != "error":
        assert f"{flying} of {CHUNKS} chunks done" in str(error)
        assert f"{flying} of {CHUNKS} chunks done" in str(record.error)
        assert error.partial.usage.cost_usd == state.cost_usd  # type: ignore[attr-defined]


SCRIPT = """
import docsum_nb as ds
model = ds.Model("openai/gpt-4o-mini", base_url={url!r}, api_key="k")
{wait}
"""
WAITS = {
    "result": "ds.summarize({texts!r}, model=model, ledger={ledger!r}).result()",
    "await": (
        "import asyncio\n"
        "async def main():\n"
        "    await ds.summarize({texts!r}, model=model, ledger={ledger!r})\n"
        "asyncio.run(main())"
    ),
}


@contextmanager
def interrupted(
    server: ScriptedServer, wait: str, ledger: str, reply: Reply, *, first: str = ""
) -> Iterator[Any]:
    """Run a script that is interrupted while all its calls are in flight."""
    server.script = lambda call: reply
    sent = len(server.calls)
    waits = WAITS[wait].format(texts=TEXTS, ledger=ledger)
    process = subprocess.Popen(
        [*warm_python(), "-c", first + SCRIPT.format(url=server.base_url, wait=waits)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while len(server.calls) < sent + CHUNKS:
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        yield process
    finally:
        process.kill()
        process.communicate()


NAMES = ["my ledger", 'it\'s "mine"', "back\\slash\\n", "new\nline", "ünïcode"]


def line_in(text: str) -> str:
    """Return the call that an error says to go on with."""
    (line,) = set(re.findall(r"docsum_nb\.resume\(.*?\)(?= or the same call)", text))
    return str(line).removesuffix(")") + ", model=model, show=False)"


@pytest.mark.parametrize("name", NAMES)
def test_line_that_says_how_to_go_on_is_run_as_it_stands(
    server: ScriptedServer, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the ledger is called, and although it was given by a relative path."""
    monkeypatch.chdir(tmp_path)
    server.script = lambda call: Reply("A harbor.")
    run = ds.summarize(
        TEXTS, model=model_of(server), ledger=name, show=False, max_calls=2, max_concurrency=1
    )
    line = line_in("".join(run.exception().__notes__))  # type: ignore[union-attr]
    run.join(LONG_S)
    monkeypatch.chdir("/")
    known = {"docsum_nb": ds, "model": model_of(server)}
    resumed = eval(line.replace("show=False", "show=False, max_calls=99"), known)
    assert resumed.id == run.id
    assert resumed.result().usage.calls == CHUNKS + 1 - 2


def test_default_ledger_is_not_named() -> None:
    """The line is as short as it can be."""
    run = ds.summarize(TEXTS, show=False, deadline=60)
    run.cancel()
    run.join(LONG_S)
    notes = "".join(getattr(run.exception(), "__notes__", ()))
    assert "ledger=" not in notes


@pytest.mark.parametrize("wait", WAITS)
def test_interrupted_script_keeps_what_lands(
    server: ScriptedServer, tmp_path: Path, wait: str
) -> None:
    """Calls that take longer than two seconds are waited for; the last line has their figures."""
    ledger = str(tmp_path / "my ledger")
    with interrupted(server, wait, ledger, Reply("A harbor.", delay=2.6)) as process:
        _, errors = process.communicate(timeout=LONG_S)
    assert f"{CHUNKS} calls in flight are waited for, 5 s at most" in errors
    assert f"{CHUNKS}/{CHUNKS} chunks" in errors
    assert "Exception ignored" not in errors
    assert ds.runs(ledger=ledger)[0].done == CHUNKS
    sent = len(server.calls)
    server.script = lambda call: Reply("All harbors.")
    run = eval(line_in(errors), {"docsum_nb": ds, "model": model_of(server)})
    assert run.result().text == "All harbors."
    assert len(server.calls) == sent + 1


@pytest.mark.parametrize("wait", WAITS)
def test_second_interrupt_ends_a_script_at_once_and_quietly(
    server: ScriptedServer, tmp_path: Path, wait: str
) -> None:
    """While answers are waited for, a minute at most: stderr has no traceback but the one."""
    patient = "import docsum_nb.pipeline.api\ndocsum_nb.pipeline.api.SETTLE_S = 60\n"
    with interrupted(
        server, wait, str(tmp_path / "ledger"), Reply(hang=True), first=patient
    ) as process:
        errors = ""
        while "are waited for" not in errors:
            errors += process.stderr.readline()
        time.sleep(0.3)  # past the printing of the traceback
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        errors += process.communicate(timeout=LONG_S)[1]
    assert time.monotonic() - pressed < LONG_S / 2
    for noise in ("Exception ignored", "Exception in thread", "was destroyed", "never retrieved"):
        assert noise not in errors
    assert errors.count("Traceback (most recent call last)") <= 2
    assert process.returncode != 0


def test_resume_passes_over_what_was_finished_since(server: ScriptedServer, tmp_path: Path) -> None:
    """After the same call was repeated, or its folder was named differently, nothing is left."""
    server.script = lambda call: Reply("A harbor.")
    folder, ledger = tmp_path / "reports", str(tmp_path / "ledger")
    folder.mkdir()
    (folder / "a.txt").write_text(TEXTS["doc 0"])
    (folder / "b.txt").write_text(TEXTS["doc 1"])
    model = model_of(server)

    def stopped(source: Any, **options: Any) -> str:
        run = ds.summarize(
            source,
            model=model,
            ledger=ledger,
            show=False,
            max_calls=1,
            max_concurrency=1,
            **options,
        )
        assert run.exception()
        run.join(LONG_S)
        return run.id

    first = stopped(str(folder))
    ds.summarize(f"{folder}/../reports", model=model, ledger=ledger, show=False).result()
    with pytest.raises(InputError, match="no unfinished run"):
        ds.resume(ledger=ledger, show=False)
    other = stopped(str(folder), question="Is it deep?")
    resumed = ds.resume(ledger=ledger, show=False, max_calls=9)
    assert resumed.id == other
    assert resumed.result().text
    # By its id it can be had all the same.
    assert ds.resume(first, ledger=ledger, show=False, max_calls=9).result().text


def test_run_that_was_stopped_after_another_had_finished_the_same_is_resumed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The documents may have changed since."""
    server.script = lambda call: Reply("A harbor.")
    folder, ledger = tmp_path / "reports", str(tmp_path / "ledger")
    folder.mkdir()
    (folder / "a.txt").write_text(TEXTS["doc 0"])
    model = model_of(server)
    ds.summarize(str(folder), model=model, ledger=ledger, show=False).result()
    (folder / "b.txt").write_text(TEXTS["doc 1"])
    (folder / "c.txt").write_text(TEXTS["doc 2"])
    late = ds.summarize(
        str(folder), model=model, ledger=ledger, show=False, max_calls=1, max_concurrency=1
    )
    assert late.exception()
    late.join(LONG_S)
    resumed = ds.resume(ledger=ledger, show=False, max_calls=9)
    assert resumed.id == late.id
    assert resumed.result().text
