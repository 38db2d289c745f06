from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger, default_path, key_of
from docsum_nb.records import Answer, Usage

ANSWER = Answer("Text – mit Ümlaut.", "openai/x", Usage(1, 10, 5, 0.25), "length")


def test_answer_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    """Another process finds text, model, usage and finish reason, marked as cached."""
    Ledger(tmp_path / "deep" / "ledger.sqlite3").put("key", ANSWER, run_id="r")

    found = Ledger(tmp_path / "deep" / "ledger.sqlite3").get("key")

    assert found == Answer(ANSWER.text, ANSWER.model, ANSWER.usage, "length", cached=True)


def test_answer_that_is_no_utf8_is_kept_as_it_was(tmp_path: Path) -> None:
    """Half of a pair of surrogates, as in a sentence of a broken document, is no reason to lose it.

    It would be lost, and with it all that came later.
    """
    ledger = Ledger(tmp_path / "l")
    answer = Answer("half of \ud83d a pair", "m", Usage(1, 2, 3, 0.5))
    ledger.put("a", answer, run_id="r")
    assert ledger.get("a") == replace(answer, cached=True)


def test_unknown_key_is_none_and_first_answer_stays(tmp_path: Path) -> None:
    """A key that was answered twice keeps its first answer; no answer is None."""
    ledger = Ledger(tmp_path / "l")
    assert ledger.get("key") is None
    ledger.put("key", ANSWER)
    ledger.put("key", Answer("other", "m"))
    found = ledger.get("key")
    assert found is not None
    assert (found.text, len(ledger)) == (ANSWER.text, 1)


def test_stored_answers_survive_a_killed_process(tmp_path: Path) -> None:
    """What put() returned from is there after kill -9 right behind it."""
    path = tmp_path / "l"
    script = (
        "import os, sys\n"
        "from docsum_nb.ledger import Ledger\n"
        "from docsum_nb.records import Answer\n"
        "ledger = Ledger(sys.argv[1])\n"
        "for i in range(50): ledger.put(str(i), Answer('text', 'm'))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], timeout=150, check=False)
    assert killed.returncode == -9
    ledger = Ledger(path)
    assert len(ledger) == 50
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


def test_threads_and_two_connections_write_at_once(tmp_path: Path) -> None:
    """Nothing is lost when four threads write through two ledgers on one file."""
    ledgers = [Ledger(tmp_path / "l"), Ledger(tmp_path / "l")]

    def write(number: int) -> None:
        for i in range(50):
            ledgers[number % 2].put(f"{number}-{i}", ANSWER)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ledgers[0]) == 200


def test_place_that_cannot_be_written_is_refused_before_anything_is_paid(tmp_path: Path) -> None:
    """A folder, a file in the way, or no database at all: one line that says what to do."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "rubbish").write_bytes(b"not a database" * 1000)
    for path in (tmp_path, tmp_path / "file" / "l", tmp_path / "rubbish"):
        with pytest.raises(LedgerError, match="ledger=False"):
            Ledger(path)


def test_keys_differ_with_everything_that_decides_the_answer() -> None:
    """Order of a mapping does not matter; any value does."""
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    assert len({key_of(["m", {"t": 1}]), key_of(["m", {"t": 2}]), key_of(["n", {"t": 1}])}) == 3


def test_default_place_is_in_the_users_data_folder(tmp_path: Path) -> None:
    """Without a path the ledger lies where the platform keeps such data."""
    assert default_path().is_relative_to(tmp_path)
    assert Ledger().path == default_path()
