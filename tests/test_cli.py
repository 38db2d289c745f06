from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docsum_nb.cli import main
from docsum_nb.ledger import Ledger
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.warm_python import warm_python

TEXT = "Whales are mammals that live in the sea. They come up to breathe air at the surface."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two documents."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "whales.md").write_text(f"# Whales\n\n{TEXT}\n")
    (documents / "ships.txt").write_text("Ships pay harbour dues by tonnage in every harbour.")
    return documents


def test_summary_is_printed_and_progress_is_not_in_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output holds the summary alone."""
    assert main(["summarize", str(folder), "--length", "30"]) == 0
    printed = capsys.readouterr()
    assert "whales.md" in printed.out
    assert "chunks" not in printed.out.splitlines()[0]
    assert "2/2 chunks" in printed.err


@pytest.mark.parametrize("suffix", [".md", ".html", ".json", ".txt"])
def test_output_file_has_the_format_of_its_name(folder: Path, tmp_path: Path, suffix: str) -> None:
    """Each suffix gives its format, whole."""
    output = tmp_path / f"summary{suffix}"
    assert main(["summarize", str(folder), "--output", str(output), "--quiet"]) == 0
    text = output.read_text()
    if suffix == ".json":
        assert json.loads(text)["model"] == "extractive"
    if suffix == ".html":
        assert text.startswith("<!doctype html>")
    assert "Whales" in text


def test_library_is_filled_and_searched(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``add`` makes a library that ``summarize --library`` finds related documents in."""
    library = str(tmp_path / "library")
    other = tmp_path / "handbook"
    other.mkdir()
    for file in folder.iterdir():
        words = file.read_text(encoding="utf-8")
        (other / f"more-{file.name}").write_text(f"{words} The rest is in the handbook.")
    assert main(["add", str(folder), str(other), "--library", library]) == 0
    assert "4 added" in capsys.readouterr().out
    assert main(["summarize", str(folder), "--library", library]) == 0
    assert "Related documentation" in capsys.readouterr().out


def test_library_is_searched_and_a_run_is_planned(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``search`` prints what a library holds, ``plan`` what a run would take, without a key."""
    library = str(tmp_path / "library")
    assert main(["add", str(folder), "--library", library]) == 0
    capsys.readouterr()
    assert main(["search", "harbour dues", "--library", library, "-k", "1"]) == 0
    found = capsys.readouterr().out
    assert found.startswith("1 document found for “harbour dues”")
    assert "ships.txt" in found
    assert main(["search", "zebras", "--library", library]) == 0
    assert "0 documents found" in capsys.readouterr().out

    asked = ["plan", str(folder), "--model", "openai/gpt-4o-mini", "--question", "Who pays?"]
    assert main([*asked, "--library", library, "--length", "50"]) == 0
    planned = capsys.readouterr().out
    assert "openai/gpt-4o-mini" in planned
    assert "set OPENAI_API_KEY" in planned


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["plan"],
        ["plan", "nowhere/at/all"],
        ["plan", "FOLDER", "--model", "no-such-model"],
        ["search", "whales"],
        ["search", "whales", "--library", "no/such/library"],
        ["search", " ", "--library", "no/such/library"],
        ["search", "whales", "--library", "no/such/library", "-k", "0"],
        ["summarize"],
        ["summarize", "FOLDER", "--length", "many"],
        ["summarize", "nowhere/at/all"],
        ["summarize", "FOLDER", "--model", "no-such-model"],
        ["summarize", "FOLDER", "--model", "openai/gpt-4o"],
        ["summarize", "FOLDER", "--deadline", "-1"],
        ["summarize", "FOLDER", "--output", "summary.docx"],
        ["summarize", "FOLDER", "--output", "no/such/folder/summary.md"],
        ["summarize", "FOLDER", "--library", "no/such/library"],
    ],
)
def test_bad_arguments_are_code_2_and_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    """What the caller can mend exits with 2, before anything is asked."""
    given = [str(folder) if each == "FOLDER" else each for each in arguments]
    assert main(given) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    own = [line for line in printed.err.splitlines() if line.startswith("docsum-nb: ")]
    assert len(own) == 1 or "usage" in printed.err
    assert "Traceback" not in printed.err


def test_failing_provider_is_code_1_with_the_error(
    folder: Path,
    server: ScriptedServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the provider refused with is on standard error, without a traceback."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    server.script = lambda call: Reply("quota used up", status=403)
    code = main(["summarize", str(folder), "--model", "openai/x", "--base-url", server.base_url])
    printed = capsys.readouterr()
    assert code == 1
    assert "quota used up" in printed.err
    assert "Traceback" not in printed.err


def test_doctor_prints_a_table_and_fails_on_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 0 where nothing is wrong, 1 with the problem first; as a table or as data."""
    assert main(["doctor"]) == 0
    assert "checks fine" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert main(["doctor"]) == 1
    assert "PROBLEM: the ledger of answers" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["findings"][0]["check"]) == (False, "ledger")
    assert main(["doctor", "whom"]) == 2


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Enable Ctrl-C in child processes: those of a job in the background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
def test_interrupt_is_code_130_and_keeps_what_was_answered(folder: Path, tmp_path: Path) -> None:
    """Ctrl-C in the middle ends the process soon; the next call asks only for the rest."""
    for number in range(6):
        (folder / f"more-{number}.txt").write_text(f"Document number {number} says little.")
    ledger = tmp_path / "ledger"

    def script(call: Call) -> Reply:
        return Reply(hang=True) if call.number >= 3 else Reply("fine")

    with ScriptedServer(script) as server:
        arguments = ["-m", "docsum_nb", "summarize", str(folder), "--quiet"]
        arguments += ["--model", "openai/x", "--base-url", server.base_url]
        arguments += ["--ledger", str(ledger)]
        command = [sys.executable, "-X", "faulthandler", *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            while len(server.calls) < 8 or len(Ledger(ledger)) < 3:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            errors = _end(process)
        finally:
            process.kill()
        assert process.returncode == 130, errors
        assert "interrupted" in errors
        assert "Traceback" not in errors
        asked = len(server.calls)
        server.script = lambda call: Reply("fine")
        again = subprocess.run([*warm_python(), *arguments], timeout=150, check=False)
        assert again.returncode == 0
        # Five chunks are missing, and the one merge.
        assert len(server.calls) - asked == 5 + 1


@pytest.mark.long
@pytest.mark.usefixtures("interruptible")
def test_second_interrupt_ends_at_once_and_quietly(folder: Path, tmp_path: Path) -> None:
    """While the first Ctrl-C waits for calls in flight, the second one ends the process."""
    with ScriptedServer(lambda call: Reply(hang=True)) as server:
        command = [sys.executable, "-m", "docsum_nb", "summarize", str(folder), "--quiet"]
        command += ["--model", "openai/x", "--base-url", server.base_url]
        command += ["--ledger", str(tmp_path / "ledger")]
        process = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENAI_API_KEY": "k"},
        )
        try:
            while len(server.calls) < 2:
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            first = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            rest = _end(process)
        finally:
            process.kill()
    assert first.startswith("interrupted")
    assert (process.returncode, rest) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "shown", "hidden"),
    [
        (["runs", "--ledger", "FOLDER"], "--ledger", "ledger="),
        (["resume"], "only runs of summarize are kept", "run.partial"),
        (["search", "x", "--library", "no/such"], "docsum-nb add PATH --library no/such", "add("),
        (["summarize", "FOLDER", "--deadline", "-1"], "--deadline is seconds", "deadline="),
        (["summarize", "FOLDER", "--max-concurrency", "0"], "--max-concurrency", "max_conc"),
        (["summarize", "FOLDER", "--model", "openai/gpt-4o"], "OPENAI_API_KEY", "api_key"),
    ],
)
def test_messages_speak_the_language_of_the_command_line(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    shown: str,
    hidden: str,
) -> None:
    """What to do next is a command or a flag, not a call in Python."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main([str(folder) if each == "FOLDER" else each for each in arguments]) in (1, 2)
    errors = capsys.readouterr().err
    assert shown in errors
    assert hidden not in errors


def _end(process: subprocess.Popen[str]) -> str:
    """Wait for a process to end; one that does not is made to say where its threads are."""
    try:
        return process.communicate(timeout=150)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(f"did not end: {process.communicate()[1]}")


def test_runs_are_listed_resumed_and_forgotten(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands of the ledger do what their functions do; bad arguments end with 2."""
    ledger = ["--ledger", str(tmp_path / "l")]
    assert main(["resume", *ledger]) == 2
    assert main(["summarize", str(folder), "--quiet", *ledger]) == 0
    first = capsys.readouterr().out
    assert main(["runs", *ledger]) == 0
    _, line = capsys.readouterr().out.splitlines()
    assert "done" in line
    run_id = line.split()[0]
    assert main(["resume", run_id, "--quiet", *ledger]) == 0
    assert capsys.readouterr().out.splitlines()[0] == first.splitlines()[0]
    assert main(["resume", *ledger]) == 2
    assert "no unfinished run" in capsys.readouterr().err
    assert main(["forget", *ledger]) == 2
    assert main(["forget", run_id, "--everything", *ledger]) == 2
    assert main(["forget", run_id, *ledger]) == 0
    assert "deleted: 1 run, 3 answers" in capsys.readouterr().out
    assert main(["forget", "--everything", *ledger]) == 0
    assert main(["forget", "--older-than-days", "1", *ledger]) == 0
    capsys.readouterr()
    assert main(["runs", "--ledger", "none"]) == 2
    assert "'none' keeps no runs" in capsys.readouterr().err


def test_bounds_are_options_and_hold(
    folder: Path,
    server: ScriptedServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that would make more calls than allowed fails, and says what remains."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    arguments = ["summarize", str(folder), "--model", "openai/x", "--base-url", server.base_url]
    assert main([*arguments, "--max-calls", "1", "--ledger", "none"]) == 1
    assert "all of --max-calls 1 are made; what remains" in capsys.readouterr().err
    assert len(server.calls) == 1


def test_reader_that_has_had_enough_is_no_error(tmp_path: Path) -> None:
    """Output into a closed pipe ends quietly."""
    command = f"{sys.executable} -m docsum_nb doctor | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.stdout.strip() in ("0", "1")
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("on_error", ["raise", "collect"])
def test_files_that_cannot_be_read_are_bad_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], on_error: str
) -> None:
    """The person who gave them must act, whether the first ends the run or all are reported."""
    paths = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for path in paths:
        path.write_bytes(b"%PDF-1.4 broken")
    arguments = ["summarize", *map(str, paths), "--quiet", "--ledger", "none"]
    assert main([*arguments, "--on-error", on_error]) == 2
    told = capsys.readouterr().err
    assert "a.pdf" in told
    assert ("b.pdf" in told) == (on_error == "collect")


def test_no_command_names_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """What comes after the name is said, with what lists the commands."""
    assert main([]) == 2
    assert "docsum-nb --help lists them" in capsys.readouterr().err
