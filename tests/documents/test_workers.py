"""The processes in which files are read: their bounds, their ends, and that nothing outlives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

import docsum_nb as ds
from docsum_nb.documents.load import load
from docsum_nb.documents.workers import Bounds, Worker, Workers, bounds_of
from docsum_nb.errors import LoadError, RunCancelled
from tests.documents.document_samples import pdf

LONG_S = 60
BOUNDS = bounds_of(10_000)

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")


@pytest.fixture
def workers() -> Iterator[Workers]:
    found = Workers()
    yield found
    found.close()


def document(folder: Path, name: str = "report.pdf", text: str = "Plain text.") -> Path:
    path = folder / name
    path.write_bytes(pdf([text]))
    return path


def fifo(folder: Path) -> Path:
    """Make what a process reads for ever."""
    path = folder / "stuck.pdf"
    os.mkfifo(path)
    return path


def process_of(worker: Worker) -> psutil.Process:
    assert worker._process is not None
    return psutil.Process(worker._process.pid)


def interpreter(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_one_process_reads_one_file_after_the_other(workers: Workers, tmp_path: Path) -> None:
    worker = workers.free()
    for number in range(5):
        path = document(tmp_path, f"{number}.pdf", f"This is {number}.")
        assert worker.read(path, "pdf", BOUNDS).text == f"This is {number}."
    workers.back(worker)
    assert workers.free() is worker


def test_refusal_keeps_the_process(workers: Workers, tmp_path: Path) -> None:
    worker = workers.free()
    (tmp_path / "no.pdf").write_bytes(b"no PDF at all")
    with pytest.raises(LoadError, match=r"no\.pdf: is not a PDF file"):
        worker.read(tmp_path / "no.pdf", "pdf", BOUNDS)
    assert worker.is_usable


@posix
def test_file_that_takes_too_long_is_given_up(workers: Workers, tmp_path: Path) -> None:
    """Time that is spent waiting has a bound of its own."""
    worker = workers.free()
    bounds = Bounds(cpu_s=LONG_S, wall_s=0.3, memory=BOUNDS.memory, answer=BOUNDS.answer)
    with pytest.raises(LoadError, match=r"stuck\.pdf: took longer than"):
        worker.read(fifo(tmp_path), "pdf", bounds)
    assert not worker.is_usable


def test_file_that_takes_too_much_memory_is_given_up(workers: Workers, tmp_path: Path) -> None:
    worker = workers.free()
    bounds = Bounds(cpu_s=LONG_S, wall_s=LONG_S, memory=0, answer=BOUNDS.answer)
    path = tmp_path / "large.html"
    path.write_text("<p>Some words of a text.</p>" * 100_000)
    with pytest.raises(LoadError, match=r"large\.html: takes more than 0 MB of memory"):
        worker.read(path, "html", bounds)
    assert not worker.is_usable


def test_text_that_is_too_long_is_given_up(workers: Workers, tmp_path: Path) -> None:
    bounds = Bounds(cpu_s=LONG_S, wall_s=LONG_S, memory=BOUNDS.memory, answer=20)
    with pytest.raises(LoadError, match="holds more than 0 MB of text"):
        workers.free().read(document(tmp_path), "pdf", bounds)


@posix
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", r"crashed its reader \(SIGSEGV\)"),
        ("echo oops >&2; exit 3", r"its reader failed \(oops\)"),
        ("read line; echo nonsense", "no usable answer"),
    ],
)
def test_process_that_dies_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter(tmp_path, script))
    with pytest.raises(LoadError, match=rf"report\.pdf: .*{reason}"):
        load(document(tmp_path))


@posix
def test_files_after_a_crash_are_read(workers: Workers, tmp_path: Path) -> None:
    worker = workers.free()
    stuck: list[LoadError] = []

    def read() -> None:
        with pytest.raises(LoadError) as caught:
            worker.read(fifo(tmp_path), "pdf", BOUNDS)
        stuck.append(caught.value)

    thread = threading.Thread(target=read)
    thread.start()
    process_of(worker).send_signal(signal.SIGSEGV)
    thread.join(LONG_S)
    assert "crashed its reader (SIGSEGV)" in str(stuck[0])
    workers.back(worker)
    assert workers.free().read(document(tmp_path), "pdf", BOUNDS).text == "Plain text."


@posix
def test_closed_workers_give_up_what_is_read(tmp_path: Path) -> None:
    workers = Workers()
    worker = workers.free()
    process = process_of(worker)
    closing = threading.Timer(0.3, workers.close)
    closing.start()
    with pytest.raises(LoadError, match="reading it was stopped"):
        worker.read(fifo(tmp_path), "pdf", BOUNDS)
    closing.join(LONG_S)
    assert not process.is_running()


def children() -> set[int]:
    return {each.pid for each in psutil.Process().children(recursive=True)}


def looping_pdf(folder: Path) -> Path:
    """Write a file that PDFium reads for minutes: each page draws all forms many times."""
    path = folder / "long.pdf"
    path.write_bytes(pdf(["A page of words that goes on. " * 40] * 20_000))
    return path


@posix
@pytest.mark.parametrize("way", ["cancel", "deadline"])
def test_run_that_is_stopped_ends_its_processes(tmp_path: Path, way: str) -> None:
    before = children()
    deadline = 1.0 if way == "deadline" else None
    run = ds.summarize(looping_pdf(tmp_path), show=False, ledger=False, deadline=deadline)
    began = time.monotonic()
    while not children() - before and time.monotonic() < began + LONG_S:
        time.sleep(0.01)
    assert children() - before
    if way == "cancel":
        run.cancel()
    with pytest.raises((RunCancelled, ds.errors.DeadlineExceeded)):
        run.result(LONG_S)
    while children() - before and time.monotonic() < began + LONG_S:
        time.sleep(0.01)
    assert not children() - before


def readers_of(process: psutil.Process, *, forks: bool) -> list[psutil.Process]:
    """Return the processes that read for another, once there are some."""
    ends = time.monotonic() + LONG_S
    while time.monotonic() < ends:
        below = process.children()
        found = [each for each in below if "docsum_nb.documents.worker" in each.cmdline()]
        if found and (not forks or len(below) > len(found)):
            return found
        time.sleep(0.05)
    raise AssertionError("no process reads")


_READS = "import sys; from docsum_nb.documents.load import load; load(sys.argv[1])"
_READS_IN_A_THREAD = (
    "import sys, threading, time; from docsum_nb.documents.load import load;"
    "threading.Thread(target=load, args=(sys.argv[1],), daemon=True).start(); time.sleep(99)"
)
_READS_AND_FORKS = (
    "import os, sys, threading, time; from docsum_nb.documents.load import load;"
    "threading.Thread(target=load, args=(sys.argv[1],), daemon=True).start(); time.sleep(2);"
    "os.fork(); time.sleep(99)"
)


@pytest.mark.long
@posix
@pytest.mark.parametrize(
    ("code", "number"),
    [
        (_READS, signal.SIGKILL),
        (_READS, signal.SIGINT),
        (_READS, signal.SIGTERM),
        (_READS_IN_A_THREAD, signal.SIGKILL),
        (_READS_AND_FORKS, signal.SIGKILL),
    ],
)
def test_no_process_outlives_its_parent(tmp_path: Path, code: str, number: int) -> None:
    """However the kernel ends, what it started to read a file ends too."""
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(looping_pdf(tmp_path))],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        found = readers_of(psutil.Process(parent.pid), forks=code is _READS_AND_FORKS)
        parent.send_signal(number)
        parent.wait(LONG_S)
        _, alive = psutil.wait_procs(found, timeout=LONG_S)
        assert not alive
    finally:
        with suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)


@posix
def test_the_process_knows_no_secret(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of the environment do not reach the process that reads what strangers wrote."""
    monkeypatch.setenv("SOME_API_KEY", "sk-canary")
    worker = workers.free()
    worker.read(document(tmp_path), "pdf", BOUNDS)
    assert "sk-canary" not in process_of(worker).environ().values()


def test_modules_beside_the_documents_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named like a module in the current folder cannot take the reader over."""
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    assert load(document(tmp_path)).documents[0].text == "Plain text."


def test_the_process_stays_light(tmp_path: Path) -> None:
    """It imports PDFium and nothing else that is heavy."""
    code = (
        "import sys; from docsum_nb.documents import worker\n"
        "import json; print(worker._answer(json.loads(sys.argv[1])).reading.text)\n"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    asked = {"path": str(document(tmp_path)), "kind": "pdf", "memory": 2**32}
    child = subprocess.run(
        [sys.executable, "-c", code, json.dumps(asked)], capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == "Plain text."
    assert "pypdfium2" in child.stderr
    heavy = {"numpy", "crewai", "litellm", "bs4", "markdown_it", "nbformat", "tiktoken", "asyncio"}
    assert not heavy.intersection(child.stderr.split())
