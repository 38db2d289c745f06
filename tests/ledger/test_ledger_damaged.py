from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError, LedgerError
from docsum_nb.ledger import Ledger
from docsum_nb.testing import Reply, ScriptedServer

TEXTS = {"a": "Ships sail to the north. " * 40, "b": "Trains go to the south. " * 40}
COLUMNS = {
    "answers": ["text", "model", "prompt_tokens", "completion_tokens", "cost_usd", "finish_reason"],
    "runs": [
        *("what", "model", "arguments", "started_at", "since", "ended_at", "state", "chunks"),
        *("done", "calls", "tokens", "cost_usd", "error", "host", "pid", "born"),
    ],
    "pieces": ["content"],
    "ends": ["ended", "flaws"],
    "uses": ["key"],
}
VALUES: dict[str, object] = {
    "bytes": b"\xff\x00rubbish",
    "nested": "[" * 100_000 + "]" * 100_000,
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger with two runs."""
    path = tmp_path_factory.mktemp("ledger") / "l"
    with ScriptedServer() as server:
        server.script = lambda call: Reply(f"Summary {call.number} says that ships sail.")
        model = ds.Model("openai/x", base_url=server.base_url)
        for text in TEXTS:
            ds.summarize({text: TEXTS[text]}, model=model, ledger=path, show=False).result()
    return path


def use_all(path: Path, server: ScriptedServer) -> list[ds.errors.DocsumError]:
    """Do all that is done with a ledger, and return the errors."""
    server.script = lambda call: Reply(f"Summary {call.number} says that ships sail.")
    model = ds.Model("openai/x", base_url=server.base_url)
    errors: list[ds.errors.DocsumError] = []
    for use in (
        lambda: ds.runs(path).to_text(),
        lambda: ds.resume(ledger=path, show=False).result(),
        lambda: ds.summarize(TEXTS, model=model, ledger=path, show=False).result(),
        lambda: ds.runs(path).to_json(),
        lambda: ds.forget(everything=True, ledger=path),
    ):
        try:
            use()
        except ds.errors.DocsumError as error:
            errors.append(error)
    return errors


@pytest.mark.filterwarnings("ignore:the ledger .* damaged:RuntimeWarning")
@pytest.mark.parametrize("table", COLUMNS)
@pytest.mark.parametrize("value", VALUES)
def test_a_bad_value_is_set_aside(
    kept: Path, server: ScriptedServer, tmp_path: Path, table: str, value: str
) -> None:
    """In every column: runs are listed, summarize works and all can be forgotten."""
    for column in COLUMNS[table]:
        path = Path(shutil.copy(kept, tmp_path / column))
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            content = VALUES[value]
            if isinstance(content, bytes):
                db.execute(f"UPDATE OR REPLACE {table} SET {column} = CAST(? AS TEXT)", (content,))
            else:
                db.execute(f"UPDATE OR REPLACE {table} SET {column} = ?", (content,))
        errors = use_all(path, server)
        assert all(isinstance(error, InputError) for error in errors), (column, errors)
        assert len(ds.runs(path)) == 0


def test_a_bad_run_is_named_and_the_others_are_listed(kept: Path, tmp_path: Path) -> None:
    """The warning says which; its neighbour is listed."""
    path = Path(shutil.copy(kept, tmp_path / "l"))
    newest = ds.runs(path)[0].id
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE runs SET calls = 'many' WHERE id = ?", (newest,))
    with pytest.warns(RuntimeWarning, match=newest):
        assert len(ds.runs(path)) == 1


def test_a_bad_answer_is_named_and_asked_again(kept: Path, tmp_path: Path) -> None:
    """It counts as not there, and its place can be filled."""
    path = Path(shutil.copy(kept, tmp_path / "l"))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        ((key,), *_) = db.execute("SELECT key FROM answers").fetchall()
        db.execute("UPDATE answers SET text = CAST(x'ff00' AS TEXT) WHERE key = ?", (key,))
    with closing(Ledger(path)) as ledger:
        with pytest.warns(RuntimeWarning, match=f"entry {key[:12]} of its answers"):
            assert ledger.get(key) is None
        ledger.put(key, ds.records.Answer("New.", "m", ds.records.Usage()), run_id="r")
        found = ledger.get(key)
    assert found is not None
    assert found.text == "New."


@pytest.mark.filterwarnings("ignore:the ledger .* damaged:RuntimeWarning")
@pytest.mark.parametrize("how", ["truncated", "rubbish", "overwritten", "directory"])
def test_a_damaged_file_is_one_clear_error(
    kept: Path, server: ScriptedServer, tmp_path: Path, how: str
) -> None:
    """Nothing but the package's own errors, each with the path of the ledger."""
    for seed in range(3):
        path = tmp_path / f"{how}{seed}"
        shutil.copy(kept, path)
        chosen = random.Random(seed)
        size = path.stat().st_size
        if how == "truncated":
            os.truncate(path, chosen.randrange(1, size))
        elif how == "rubbish":
            path.write_bytes(chosen.randbytes(1_000_000))
        elif how == "overwritten":
            with path.open("r+b") as file:
                file.seek(chosen.randrange(size))
                file.write(chosen.randbytes(5_000))
        else:
            path.unlink()
            path.mkdir()
        for error in use_all(path, server):
            assert isinstance(error, InputError) or str(path) in str(error)


_LOOSE = """
import os, sys
import docsum_nb.ledger as ledger
os.umask(int(sys.argv[2], 8))
kept = ledger.Ledger(sys.argv[1])
kept.note_uses("r", ["k"])
place = os.path.dirname(sys.argv[1])
for each in [os.path.dirname(place), place, *(os.path.join(place, n) for n in os.listdir(place))]:
    print(oct(os.stat(each).st_mode & 0o777), each)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", ["000", "077"])
def test_only_the_owner_may_read_a_ledger(tmp_path: Path, umask: str) -> None:
    """Folders that are made for it, its file and its log have no permissions for others."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOSE, str(tmp_path / "above" / "x" / "ledger"), umask],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"0o700", "0o600"}, done
    assert "-wal" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_ledger_that_others_could_read_is_closed_to_them(kept: Path, tmp_path: Path) -> None:
    """One that was copied or made otherwise is closed when it is opened."""
    path = Path(shutil.copy(kept, tmp_path / "l"))
    path.chmod(0o644)
    with suppress(LedgerError):
        Ledger(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
