from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from docsum_nb.ledger import Ledger
from docsum_nb.models.validation import recalled
from docsum_nb.records import Answer, Usage
from docsum_nb.testing import Reply, ScriptedServer
from tests.models.model_samples import Asking


def stored_before(path: Path, text: str, reason: str = "stop") -> None:
    """Make every answer in a ledger one that an earlier version stored, with this text."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("DELETE FROM ends")
        db.execute("UPDATE answers SET text = ?, finish_reason = ?", (text, reason))


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("Ships carry coal.", "Ships carry coal."),
        ('He said: "Ships carry coal."', 'He said: "Ships carry coal."'),
        ("* **Ships** carry coal.**", "* **Ships** carry coal.**"),
        ("Корабли везут уголь…", "Корабли везут уголь…"),
        ("船は石炭を運ぶ。」", "船は石炭を運ぶ。」"),
        ('{"ships": 2}', '{"ships": 2}'),
        ("Okay, so.\n</think>\n\nShips carry coal.", "Ships carry coal."),
        ("Ships carry co", None),
        ("Ships carry coal, and", None),
        ("Okay, so.\n</think>\n\nShips carry", None),
        ("<think>Okay, so. Ships carry coal.", None),
    ],
)
def test_answer_of_an_earlier_version_is_used_if_it_has_an_end(
    server: ScriptedServer, tmp_path: Path, text: str, used: str | None
) -> None:
    """One that may have broken off is asked for again, and replaced."""
    server.script = lambda call: Reply("New.", finish_reason="end_turn")
    ledger = Ledger(tmp_path / "l")
    Asking(server, ledger).ask()
    stored_before(ledger.path, text)
    answer = Asking(server, ledger).ask()
    assert answer.text == (used or "New.")
    assert len(server.calls) == (1 if used else 2)
    again = Asking(server, ledger).ask()
    assert (again.text, again.cached, len(server.calls)) == (answer.text, True, len(server.calls))
    assert len(ledger) == 1


def test_answer_that_says_why_it_ended_is_used_without_a_full_stop(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Small models write none; their word for the end is stored with the answer."""
    server.script = lambda call: Reply("Ships carry coal", finish_reason="eos")
    ledger = Ledger(tmp_path / "l")
    Asking(server, ledger).ask()
    answer = Asking(server, ledger).ask()
    assert (answer.cached, answer.ended, answer.finish_reason) == (True, "eos", "stop")


def test_broken_answer_is_never_stored(server: ScriptedServer, tmp_path: Path) -> None:
    """It is asked for again; what is stored is the whole one."""
    server.script = lambda call: (
        Reply("Whole.") if call.number else Reply("Ships car", finish_reason="network_error")
    )
    ledger = Ledger(tmp_path / "l")
    asking = Asking(server, ledger, prices=(1.0, 1.0))
    assert asking.ask().text == "Whole."
    # The broken one is paid for like any other.
    assert asking.client.usage.calls == len(server.calls) == 2
    assert len(ledger) == 1


def test_end_and_flaws_of_an_answer_come_and_go_with_it(tmp_path: Path) -> None:
    """Also where an older version deletes it, in a file that both use."""
    ledger = Ledger(tmp_path / "l")
    ledger.put("key", Answer("text", "m", Usage(1), ended="eos", flaws=("it loops",)))
    found = ledger.get("key")
    assert found is not None
    assert (found.ended, found.flaws) == ("eos", ("it loops",))
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as db:
        db.execute("DELETE FROM answers")
        assert db.execute("SELECT count(*) FROM ends").fetchone() == (0,)
    ledger.put("key", Answer("text", "m"))
    found = ledger.get("key")
    assert found is not None
    assert found.ended is None
    assert recalled(found) is None


def test_damaged_flaws_are_set_aside(tmp_path: Path) -> None:
    """They are named in a warning, and their answer counts as not there."""
    ledger = Ledger(tmp_path / "l")
    ledger.put("key", Answer("text", "m", Usage(1), ended="eos"))
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as db:
        db.execute("UPDATE ends SET flaws = '[\"it lo'")
    with pytest.warns(RuntimeWarning, match="entry key of its answers cannot be read"):
        assert ledger.get("key") is None
