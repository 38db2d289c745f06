from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.events import ChunkStarted, Event
from docsum_nb.ledger import History, Ledger, Totals
from docsum_nb.records import Answer
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.ledger_samples import (
    LONG_S,
    TEXTS,
    failed_run,
    failing_at,
    holds,
    model_of,
    resume,
    summarize,
)

ROOT = Path(__file__).parent.parent.parent


def test_run_is_listed_with_what_it_was_and_took(server: ScriptedServer, tmp_path: Path) -> None:
    """When, what, state, chunks, calls and cost of every run are listed, newest first."""
    ledger, began = tmp_path / "l", time.time()
    first = failed_run(server, ledger, model=model_of(server, params={"temperature": 0.5}))
    second = summarize({"a": "A text."}, ledger=ledger)
    second.result(LONG_S)
    assert second.join(LONG_S)
    done, failed = ds.runs(ledger)
    assert (done.id, done.state, done.model, done.calls) == (second.id, "done", "extractive", 1)
    assert (done.chunks, done.done, done.cost_usd, done.error) == (1, 1, 0.0, None)
    assert (failed.id, failed.state, failed.chunks, failed.done) == (first.id, "failed", 6, 3)
    assert (failed.calls, failed.pid) == (4, os.getpid())
    assert failed.tokens > 0
    assert "BadRequestError" in (failed.error or "")
    assert began <= failed.started_at <= (failed.ended_at or 0) <= done.started_at
    assert not done.unfinished
    assert failed.unfinished
    frame = ds.runs(ledger).to_frame()
    assert frame["id"].tolist() == [second.id, first.id]
    assert frame["calls"].sum() == 5
    assert frame["started_at"].is_monotonic_decreasing
    assert ds.runs(tmp_path / "none").to_frame().columns.tolist() == frame.columns.tolist()


def test_runs_of_folders_of_one_name_can_be_distinguished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row has the question and the end of the full path; its record and JSON have all of it."""
    ledger = tmp_path / "l"
    for name in ("one", "two"):
        texts = tmp_path / ("a-very-long-name-" * 5) / name / "texts"
        texts.mkdir(parents=True)
        (texts / "a.md").write_text("Whales are large.")
        monkeypatch.chdir(texts.parent)
        summarize("texts/", question=f"How large, {name}?", ledger=ledger).result(LONG_S)
    summarize(TEXTS, ledger=ledger).result(LONG_S)

    runs = ds.runs(ledger)

    of_texts, second, first = runs
    assert (of_texts.sources, of_texts.question) == ((), None)
    assert (first.what, second.what) == ("texts/", "texts/")
    assert second.sources == (str(texts),)
    assert second.question == "How large, two?"
    lines = str(runs).splitlines()
    [row] = [line for line in lines if second.id in line]
    assert "…" in row
    assert "/two/texts " in row
    assert "    Question: How large, two?" in lines
    assert f'title="{texts}"' in runs.to_html()
    data = json.loads(runs.to_json())
    assert [each["sources"] for each in data["runs"]][1:] == [[str(texts)], list(first.sources)]


def test_resume_without_an_id_says_which_run_it_goes_on_with(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The title has id, source and question; where the caller has named the run, it is plain."""
    (tmp_path / "texts").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    monkeypatch.chdir(tmp_path)
    server.script = failing_at(3)
    model = model_of(server)
    failed = summarize("texts", model=model, question="Who pays?", ledger="l")
    assert failed.exception(LONG_S) is not None
    assert failed.join(LONG_S)
    server.script = lambda call: Reply("A summary.")

    run = resume(ledger="l")

    assert run.title.startswith(f"going on with {failed.id}: …")
    assert run.title.endswith("/texts, “Who pays?”")
    assert len(run.title) <= 80
    run.result(LONG_S)
    assert run.join(LONG_S)
    again = resume(failed.id, ledger="l")
    assert again.title == "summarize"
    again.result(LONG_S)
    assert again.join(LONG_S)


def test_resumed_run_goes_on_under_its_id_and_pays_for_the_rest(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The newest unfinished run is taken; its texts come from the ledger, its figures add up."""
    ledger = tmp_path / "l"
    failed = failed_run(server, ledger)
    before = len(server.calls)
    server.script = lambda call: Reply("A summary.")
    run = resume(ledger=ledger)
    summary = run.result(LONG_S)
    assert run.join(LONG_S)
    assert run.id == summary.run_id == failed.id
    assert [document.name for document in summary.documents] == list(TEXTS)
    assert len(server.calls) - before == 3 + 1
    [record] = ds.runs(ledger)
    assert (record.state, record.done, record.calls) == ("done", 6, len(server.calls))
    assert record.what.startswith("doc-0, doc-1, doc-2")
    with pytest.raises(InputError, match="no unfinished run"):
        resume(ledger=ledger)
    assert resume(failed.id[:6], ledger=ledger).result(LONG_S).usage.calls == 0
    assert len(server.calls) - before == 4


def test_files_are_found_again_from_another_folder(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that was relative means what it meant, also in a folder whose name has brackets."""
    folder = tmp_path / "work [old]"
    (folder / "in").mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / "in" / f"{name}.txt").write_text(text)
    monkeypatch.chdir(folder)
    for source in ("in", "in/*.txt", ["in/doc-0.txt", Path("in/doc-1.txt")]):
        run = summarize(source, model=model_of(server), ledger=tmp_path / "l")
        first = run.result(LONG_S)
        monkeypatch.chdir(tmp_path)
        again = resume(run.id, ledger=tmp_path / "l").result(LONG_S)
        monkeypatch.chdir(folder)
        assert again.usage.calls == 0
        assert [d.name for d in again.documents] == [d.name for d in first.documents]


def test_run_of_a_killed_process_is_interrupted_and_counted(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Its state is seen from its process being gone, its figures from its answers."""
    ledger = tmp_path / "l"
    script = (
        "import os, sys; from docsum_nb.ledger import History, Ledger\n"
        "from docsum_nb.records import Answer, Usage\n"
        "ledger = Ledger(sys.argv[1])\n"
        "History(ledger).begin('run1', what='w', model='m', chunks=9, arguments={})\n"
        "for i in range(4): ledger.put(f'k{i}', Answer('t', 'm', Usage(1, 10, 2, 0.5)),"
        " run_id='run1')\n"
        "print(History(ledger).all()[0].state, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(ledger)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=ROOT,
    )
    assert killed.stdout.split() == ["running"], killed.stderr
    [record] = ds.runs(ledger)
    assert (record.state, record.ended_at, record.done) == ("interrupted", None, 4)
    assert (record.calls, record.tokens, record.cost_usd) == (4, 48, 2.0)


def test_run_that_is_going_on_elsewhere_is_neither_resumed_nor_forgotten(tmp_path: Path) -> None:
    """The error names the process; the run goes on undisturbed."""
    ledger = tmp_path / "l"
    script = (
        "import sys; from docsum_nb.ledger import History, Ledger\n"
        "from docsum_nb.pipeline.arguments import packed\n"
        "from docsum_nb.options import Options\n"
        "from docsum_nb.models import Model\n"
        "given, _ = packed(Options(source='.', model=Model('extractive')))\n"
        "ledger = Ledger(sys.argv[1])\n"
        "History(ledger).begin('run1', what='w', model='m', chunks=9, arguments=given)\n"
        "print('begun', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(ledger)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    try:
        for doing in (
            lambda: resume("run1", ledger=ledger, source={"a": "A text."}).result(LONG_S),
            lambda: ds.forget("run1", ledger=ledger),
            lambda: ds.forget(everything=True, ledger=ledger),
        ):
            with pytest.raises(InputError, match=f"still going on in process {process.pid}"):
                doing()
        assert ds.forget(older_than_days=0, ledger=ledger).runs == 0
        assert ds.runs(ledger)[0].state == "running"
    finally:
        process.communicate("", timeout=150)
    assert ds.runs(ledger)[0].state == "interrupted"


def test_forgetting_takes_what_no_other_run_used_and_the_room(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Answers and texts of the run are gone from the bytes; what another run took from it stays."""
    ledger = tmp_path / "l"
    server.script = lambda call: Reply(
        " ".join(f"Reason {i * i}: Unmistakable {call.number}." for i in range(200))
    )
    texts = {name: f"{text}{os.urandom(2_000).hex()}" for name, text in TEXTS.items()}
    first = summarize(texts, model=model_of(server), ledger=ledger, max_concurrency=1)
    first.result(LONG_S)
    shared = dict(list(texts.items())[:4])
    second = summarize(shared, model=model_of(server), ledger=ledger)
    second.result(LONG_S)
    assert first.join(LONG_S)
    assert second.join(LONG_S)
    asked = len(server.calls)
    assert asked == 6 + 1 + 1
    forgotten = ds.forget(first.id[:8], ledger=ledger)
    assert (forgotten.runs, forgotten.answers) == (1, 2 + 1)
    assert forgotten.bytes_freed > 10_000
    assert not holds(ledger, "Unmistakable 5.")
    assert holds(ledger, "Unmistakable 1.")
    assert [record.id for record in ds.runs(ledger)] == [second.id]
    assert resume(second.id, ledger=ledger).result(LONG_S).usage.calls == 0
    assert ds.forget(everything=True, ledger=ledger).runs == 1
    assert (len(ds.runs(ledger)), len(Ledger(ledger))) == (0, 0)
    assert not holds(ledger, "Unmistakable")


def test_forgetting_leaves_an_answer_that_another_run_waited_for(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Of two runs that ask the same at once one pays, and both have used the answer."""
    ledger, both = tmp_path / "l", threading.Event()

    async def script(call: Any) -> Reply:
        while not both.is_set():
            await asyncio.sleep(0.01)
        return Reply("A summary.", delay=0.3)

    def look(event: Event) -> None:
        if isinstance(event, ChunkStarted):
            both.set()

    server.script = script
    first = summarize({"a": "A text."}, model=model_of(server), ledger=ledger)
    while not first.state.calls:
        assert not first.done, first.exception()
        time.sleep(0.01)
    second = summarize({"a": "A text."}, model=model_of(server), ledger=ledger, on_event=look)
    assert second.result(LONG_S).text == first.result(LONG_S).text
    assert second.join(LONG_S)
    assert first.join(LONG_S)
    assert len(server.calls) == 1
    assert ds.forget(first.id, ledger=ledger).answers == 0
    assert resume(second.id, ledger=ledger).result(LONG_S).usage.calls == 0


def test_old_runs_are_forgotten_by_age(tmp_path: Path) -> None:
    """Runs that ended before the time go; newer ones and their answers stay."""
    ledger = Ledger(tmp_path / "l")
    history = History(ledger)
    for name in ("old", "new"):
        stretch = history.begin(name, what=name, model="m", chunks=1, arguments={})
        ledger.put(name, Answer("text", "m"), run_id=name)
        history.end(stretch, state="done", totals=Totals(1, 1), error=None)
    with ledger.file.writing() as db:
        db.execute("UPDATE runs SET ended_at = ended_at - 10 * 86400 WHERE id = 'old'")
    assert ds.forget(older_than_days=9, ledger=tmp_path / "l").runs == 1
    assert [record.id for record in ds.runs(tmp_path / "l")] == ["new"]
    assert ledger.get("old") is None
    assert ledger.get("new") is not None


def test_a_run_that_went_on_today_is_not_old(tmp_path: Path) -> None:
    """Started long ago, resumed now, and killed: its answers are of today, and stay."""
    ledger = Ledger(tmp_path / "l")
    History(ledger).begin("r", what="w", model="m", chunks=2, arguments={})
    with ledger.file.writing() as db:
        db.execute("UPDATE runs SET started_at = 1000, since = 1000, pid = 0")
    ledger.put("late", Answer("text", "m"), run_id="r")
    assert [record.state for record in ds.runs(tmp_path / "l")] == ["interrupted"]
    assert ds.forget(older_than_days=9, ledger=tmp_path / "l").runs == 0
    with ledger.file.writing() as db:
        db.execute("UPDATE answers SET stored_at = 1000")
    assert ds.forget(older_than_days=9, ledger=tmp_path / "l").runs == 1


def test_nothing_can_begin_between_the_choice_and_the_deletion(tmp_path: Path) -> None:
    """Runs that begin while everything is forgotten keep what they store until they have ended."""
    path, over = tmp_path / "l", threading.Event()
    kept: list[tuple[bool, bool]] = []

    def begin() -> None:
        ledger = Ledger(path)
        while not over.is_set():
            name = f"r{len(kept)}"
            stretch = History(ledger).begin(name, what="w", model="m", chunks=1, arguments={})
            ledger.save_pieces({name: b"text"}, run_id=name)
            ledger.put(name, Answer("text", "m"), run_id=name)
            kept.append((ledger.get(name) is not None, ledger.pieces([name]) != {}))
            History(ledger).end(stretch, state="done", totals=Totals(1, 1), error=None)

    Ledger(path)
    thread = threading.Thread(target=begin)
    thread.start()
    forgotten = refused = 0
    give_up = time.monotonic() + LONG_S
    try:
        while min(forgotten, refused) < 5 and time.monotonic() < give_up:
            try:
                forgotten += ds.forget(everything=True, ledger=path).runs > 0
            except InputError:
                refused += 1
    finally:
        over.set()
        thread.join(LONG_S)
    assert forgotten
    assert set(kept) == {(True, True)}


def test_a_file_whose_name_is_no_utf8_is_summarized_and_listed(tmp_path: Path) -> None:
    """Names of files are bytes; the list of runs shows what is no text in them as escapes."""
    path = os.fsencode(tmp_path / "note ") + b"\xff.md"
    Path(os.fsdecode(path)).write_text("Ships leave the harbor. They come back at night.")
    ledger = tmp_path / "l"
    summarize(os.fsdecode(path), model="extractive", ledger=ledger).result(LONG_S)
    (record,) = ds.runs(ledger)
    assert record.state == "done"
    assert "note \\udcff.md" in record.what


def test_what_cannot_be_resumed_or_forgotten_is_an_error(tmp_path: Path) -> None:
    """No file, no such run, several that begin so, and contradicting arguments: one line each."""
    path = tmp_path / "l"
    assert len(ds.runs(path)) == 0
    assert not path.exists()
    with pytest.raises(InputError, match="no ledger"):
        resume(ledger=path)
    history = History(Ledger(path))
    for name in ("ab1", "ab2"):
        history.begin(name, what="w", model="m", chunks=1, arguments={})
    with pytest.raises(InputError, match="several runs begin with 'ab': ab2, ab1"):
        resume("ab", ledger=path)
    with pytest.raises(InputError, match="no run 'x'"):
        ds.forget("x", ledger=path)
    for arguments in ({}, {"run_id": "ab1", "everything": True}, {"older_than_days": -1}):
        with pytest.raises(InputError):
            ds.forget(**arguments, ledger=path)


def test_table_of_runs_shows_hostile_names_as_text(tmp_path: Path) -> None:
    """What a document is called can neither move the cursor nor become markup."""
    history = History(Ledger(tmp_path / "l"))
    history.begin("run1", what="<b>\x1b[2Jx", model="m<i>", chunks=2, arguments={})
    shown = ds.runs(tmp_path / "l")
    html = shown._repr_mimebundle_()["text/html"]
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;" in html
    assert "\x1b" not in repr(shown) + html
    assert "run1" in repr(shown)
    assert "0/2" in repr(shown)
