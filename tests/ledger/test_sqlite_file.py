from __future__ import annotations

import _thread
import json
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import LedgerError
from docsum_nb.ledger import History, Ledger
from docsum_nb.records import Answer, Usage
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.ledger_samples import is_sound
from tests.support.warm_python import warm_python

ROOT = Path(__file__).parent.parent.parent

FIRST_VERSION = """
CREATE TABLE answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, model TEXT NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cost_usd REAL, finish_reason TEXT NOT NULL,
    run_id TEXT NOT NULL, stored_at REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO answers VALUES ('a', 'An answer.', 'openai/x', 10, 5, 0.25, 'stop', 'old1', 1000.0);
INSERT INTO answers VALUES ('b', 'Another.', 'openai/x', 20, 5, NULL, 'stop', 'old2', 2000.0);
INSERT INTO answers VALUES ('c', 'A third.', 'openai/x', 10, 5, 0.5, 'stop', 'old1', 1500.0);
PRAGMA user_version = 1;
"""


def make(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    return path


def test_file_of_the_first_version_is_brought_up_to_date_and_keeps_its_answers(
    tmp_path: Path,
) -> None:
    """Its answers are found as before, and its runs are listed with what they took."""
    path = make(tmp_path / "l", FIRST_VERSION)
    assert Ledger(path).get("a") == Answer(
        "An answer.", "openai/x", Usage(1, 10, 5, 0.25), cached=True
    )
    newest, oldest = ds.runs(path)
    assert (newest.id, newest.state, newest.calls, newest.cost_usd) == ("old2", "unknown", 1, None)
    assert (oldest.id, oldest.calls, oldest.tokens, oldest.cost_usd) == ("old1", 2, 30, 0.75)
    assert (oldest.started_at, oldest.ended_at) == (1000.0, 1500.0)
    with pytest.raises(ds.errors.InputError, match="call summarize again"):
        ds.resume("old1", ledger=path)
    assert ds.forget("old1", ledger=path).answers == 2
    assert len(Ledger(path)) == 1


def test_old_code_beside_new_code_loses_nothing(tmp_path: Path) -> None:
    """A kernel of the first version that still writes, and sets the version back, is understood."""
    path = make(tmp_path / "l", FIRST_VERSION)
    Ledger(path).put("new", Answer("New.", "m"), run_id="r")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 1")
        db.execute(
            "INSERT INTO answers SELECT 'd', text, model, 1, 1, 0, 'stop', 'old3', 3.0 "
            "FROM answers WHERE key = 'a'"
        )
    assert len(Ledger(path)) == 5
    assert {record.id for record in ds.runs(path)} >= {"old1", "old2", "old3"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_ledger_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """Answers are as private as what they are about, in SQLite's files beside the ledger too."""
    with closing(Ledger(tmp_path / "new" / "ledger.sqlite3")) as ledger:
        ledger.put("key", Answer("An answer.", "m", Usage()), run_id="r")
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("new/*")}

    assert "ledger.sqlite3-wal" in modes
    assert set(modes.values()) == {0o600}


def test_file_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    """The error says to update; not a byte of the file changes."""
    path = make(tmp_path / "l", FIRST_VERSION + "PRAGMA user_version = 99;")
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"newer docsum_nb .*format 99"):
        Ledger(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE mine (x); INSERT INTO mine VALUES (1);",
        "CREATE TABLE answers (x); INSERT INTO answers VALUES (1);",
        "CREATE TABLE answers (x); INSERT INTO answers VALUES (1); PRAGMA user_version = 2;",
    ],
    ids=["other tables", "a table of that name", "and with such a version"],
)
def test_database_of_something_else_is_refused_untouched(tmp_path: Path, script: str) -> None:
    """A user's own database, given by mistake, is left unchanged, by every call."""
    path = make(tmp_path / "l", script)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="something else"):
        Ledger(path)
    with pytest.raises(LedgerError, match="something else"):
        ds.runs(path)
    with pytest.raises(LedgerError, match="something else"):
        ds.forget(everything=True, ledger=path)
    assert path.read_bytes() == before


def test_runs_are_listed_while_another_process_writes(tmp_path: Path) -> None:
    """A reader waits for no writer."""
    path = tmp_path / "l"
    History(Ledger(path)).begin("r", what="w", model="m", chunks=1, arguments={})
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert [record.id for record in ds.runs(path)] == ["r"]


def test_interrupt_while_a_write_waits_leaves_the_file_free(tmp_path: Path) -> None:
    """Ctrl-C is heard while another program writes, and the next write goes through."""
    ledger = Ledger(tmp_path / "l")
    with closing(sqlite3.connect(tmp_path / "l", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            ledger.put("a", Answer("text", "m"))
        db.execute("COMMIT")
    ledger.put("a", Answer("text", "m"))
    assert len(ledger) == 1


def test_threads_that_make_a_ledger_at_once_all_have_it(tmp_path: Path) -> None:
    """None takes what another is just making for a database of something else."""
    for turn in range(30):
        path, together = tmp_path / f"l{turn}", threading.Barrier(4)

        def make(path: Path = path, together: threading.Barrier = together) -> int:
            together.wait()
            with closing(Ledger(path)) as ledger:
                return len(ledger)

        with ThreadPoolExecutor(4) as pool:
            assert [each.result() for each in [pool.submit(make) for _ in range(4)]] == [0] * 4


def test_two_processes_that_open_an_old_file_at_once_both_succeed(tmp_path: Path) -> None:
    """Bringing a file up to date is one transaction; a second process finds it done."""
    path = make(tmp_path / "l", FIRST_VERSION)
    script = (
        "import sys; from docsum_nb.ledger import Ledger; sys.stdin.read(1);"
        "print(len(Ledger(sys.argv[1])))"
    )
    processes = [
        subprocess.Popen(
            [*warm_python(), "-c", script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    assert [process.communicate(timeout=150)[0].strip() for process in processes] == ["3"] * 4


READ_ONLY = """
import ctypes, os, sys
if os.getuid() == 0:
    # Root may write what is read-only; without these two capabilities it may not (Linux).
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None)
    assert libc.capget(header, sets) == 0
    for at in (0, 1):
        sets[at] &= ~(1 << 1 | 1 << 2)
    assert libc.capset(header, sets) == 0
import docsum_nb as ds
try:
    open(sys.argv[2], "r+b")
except PermissionError:
    pass
except FileNotFoundError:
    assert not os.access(os.path.dirname(sys.argv[2]), os.W_OK, effective_ids=True)
else:
    raise AssertionError("it can be written")
model = ds.Model("openai/x", base_url=sys.argv[1])
print(repr(ds.summarize({"a": "A text."}, model=model, ledger=sys.argv[2], show=False).exception()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="root is kept from writing in Linux's way")
@pytest.mark.parametrize("read_only", ["file", "folder"])
def test_read_only_ledger_is_an_error_before_the_first_call(
    server: ScriptedServer, tmp_path: Path, read_only: str
) -> None:
    """A file that cannot be written is an error at once, in a line that says what to do."""
    path = tmp_path / "shared" / "l"
    path.parent.mkdir()
    if read_only == "file":
        with closing(Ledger(path)) as ledger:
            ledger.put("key", Answer("text", "m"))
        path.chmod(0o444)
    else:
        path.parent.chmod(0o555)
    done = subprocess.run(
        [*warm_python(), "-c", READ_ONLY, server.base_url, str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    path.parent.chmod(0o755)
    assert "LedgerError" in done.stdout, done.stderr[-2000:]
    assert "ledger=False" in done.stdout
    assert server.calls == []


FULL = """
import json, resource, signal, sys
import docsum_nb as ds
from docsum_nb.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
base_url, path, room, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
Ledger(path).close()
# No file may grow beyond this: what a write gets is a real error of the kernel's (EFBIG).
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
texts = {f"doc-{i}": f"Text {i} is about ships. " for i in range(count)}
model = ds.Model("openai/x", base_url=base_url, context_window=64_000)
run = ds.summarize(texts, model=model, ledger=path, show=False, max_concurrency=4)
error = run.exception()
summary = None if error else run.result()
print(json.dumps({
    "error": repr(error) if error else None,
    "text": summary and summary.text,
    "chunks": summary and len(summary.chunks),
    "warnings": run.state.warnings,
    "omitted": [[o.what, o.reason] for o in summary.omitted] if summary else [],
}))
"""


def run_with_room(server: ScriptedServer, path: Path, room: int, count: int) -> dict[str, Any]:
    done = subprocess.run(
        [*warm_python(), "-c", FULL, server.base_url, str(path), str(room), str(count)],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_disk_that_fills_up_costs_no_answer_and_the_result_says_so(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The run goes on with its answers in memory, warns once, and names in the result the loss."""
    server.script = lambda call: Reply(
        f"Summary {call.number}. " + " ".join(f"Ship {i * i} sails." for i in range(60))
    )
    path = tmp_path / "l"
    result = run_with_room(server, path, 400_000, 120)
    assert result["error"] is None
    assert result["chunks"] == 120
    assert result["text"].startswith("Summary")
    [warning] = result["warnings"]
    assert "cannot be written" in warning
    assert "the run was not stopped" in warning
    [(what, reason)] = result["omitted"]
    assert what.endswith("answers")
    assert "could not be kept" in reason
    assert len({call.prompt for call in server.calls}) == len(server.calls)
    assert is_sound(path)
    with closing(Ledger(path)) as ledger:
        lost = int(what.split()[0])
        assert len(ledger) + lost == len(server.calls)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
def test_disk_that_is_full_from_the_start_is_an_error_before_the_first_call(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Where not even the run can be written down, nothing is paid."""
    path = tmp_path / "l"
    result = run_with_room(server, path, 4_096, 3)
    assert result["error"].startswith("LedgerError(")
    assert str(path) in result["error"]
    assert server.calls == []
    assert is_sound(path)
