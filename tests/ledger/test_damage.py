from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.errors import LedgerError
from docsum_nb.ledger import History, Ledger, Totals, key_of
from docsum_nb.ledger.damage import Copying, DamagedLedgerError, mending, replace_damaged
from docsum_nb.ledger.schema import make_tables
from docsum_nb.records import Answer, Usage

Damage = Callable[[Path], None]
PAGE = 4096
KEYS = [key_of(number) for number in range(60)]
PIECES = {key_of(["piece", number]): b"text " * 200 for number in range(20)}
RUNS = ("aaa", "bbb")
REPAIRED = "ignore:the ledger .* damaged:RuntimeWarning"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger with two runs that share their answers."""
    path = tmp_path_factory.mktemp("ledger") / "l"
    with closing(Ledger(path)) as ledger:
        for run in RUNS:
            write(ledger, run)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def write(ledger: Ledger, run: str) -> int:
    """Do what a run does; returns how many answers were not there."""
    attempt = History(ledger).begin(
        run, what="a.txt", model="m", chunks=len(KEYS), arguments={"source": "a.txt", "cwd": "/"}
    )
    ledger.save_pieces(PIECES, run_id=run)
    assert ledger.find(KEYS[:3]).keys() <= set(KEYS)
    missing = [key for key in KEYS if key not in ledger.find(KEYS, run_id=run)]
    answer = Answer("An answer. " * 20, "m", Usage(1, 10, 5, 0.5), ended="stop")
    ledger.put_all([(key, answer) for key in missing], run_id=run)
    ledger.save_pieces(PIECES, run_id=run)
    assert len(ledger.find(KEYS)) == len(KEYS)
    History(ledger).end(attempt, state="done", totals=Totals(60, 60, 900, 30.0), error=None)
    return len(missing)


def sql(script: str) -> Damage:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.executescript(script)

    return damage


def at(offset: int, content: bytes) -> Damage:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(offset)
            file.write(content)

    return damage


def on_root_of(table: str) -> Damage:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
            (page,) = db.execute(query, (table,)).fetchone()
        at(PAGE * (page - 1), b"\x07rubbish!" * 400)(path)

    return damage


def without_end(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE * PAGE)


DAMAGE: dict[str, Damage] = {
    "its end is lost": without_end,
    "one page is left": lambda path: os.truncate(path, PAGE),
    "its mark is overwritten": at(0, b"XXXX"),
    "its page size is wrong": at(16, b"\x00\x03"),
    "its encoding is unknown": at(56, b"\x00\x00\x00\x07"),
    "its list of tables is rubbish": at(100, b"\xff" * 300),
    "a page of answers": on_root_of("answers"),
    "a page of runs": on_root_of("runs"),
    "a page of pieces": on_root_of("pieces"),
    "a page of uses": on_root_of("uses"),
    "an index": on_root_of("sqlite_autoindex_pieces_1"),
    "answers are no table any more": sql("DROP TABLE answers"),
    "runs are no table any more": sql("DROP TABLE runs"),
    "a column has another name": sql("ALTER TABLE answers RENAME COLUMN model TO mode"),
    "a column is gone": sql("ALTER TABLE runs DROP COLUMN born"),
    "a view is in place of a table": sql(
        "DROP TABLE uses; CREATE VIEW uses AS SELECT id AS run, id AS key FROM runs"
    ),
    "its format is none": sql("PRAGMA user_version = -5"),
    "a statement is cut": sql(
        "PRAGMA writable_schema = ON;"
        "UPDATE sqlite_master SET sql = 'CREATE TABLE runs (' WHERE name = 'runs'"
    ),
}


@pytest.mark.filterwarnings(REPAIRED)
@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_file_is_set_aside_and_everything_works(
    sound: Path, tmp_path: Path, how: str
) -> None:
    """Runs are listed, a run is done, its answers are there, all can be forgotten."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    DAMAGE[how](path)
    assert {run.id for run in ds.runs(path)} <= set(RUNS)
    with closing(Ledger(path)) as ledger:
        write(ledger, "aaa")
        assert write(ledger, "aaa") == 0
    assert "aaa" in {run.id for run in ds.runs(path)}
    assert ds.forget(everything=True, ledger=path).answers == len(KEYS)


def test_what_can_be_read_is_kept_and_the_warning_says_what(sound: Path, tmp_path: Path) -> None:
    """Rows before and after a damaged page are there; the damaged file is kept, and private."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    content = path.read_bytes()
    at(content.rindex(b"An answer. An answer.") // PAGE * PAGE, bytes(PAGE))(path)
    with (
        closing(Ledger(path)) as ledger,
        pytest.warns(RuntimeWarning, match=r"2 runs, \d+ answers, \d+ pieces.*damaged file is"),
    ):
        kept = len(ledger.find(KEYS)) + len(ledger.pieces([*PIECES]))
    assert 0 < kept < len(KEYS) + len(PIECES)
    (aside,) = tmp_path.glob("l.damaged-*")
    assert aside.stat().st_size == len(content)
    if sys.platform != "win32":
        assert {each.stat().st_mode & 0o077 for each in tmp_path.glob("l*")} == {0}


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
@pytest.mark.filterwarnings(REPAIRED)
def test_open_ledger_follows_to_the_new_file(sound: Path, tmp_path: Path) -> None:
    """What another process writes once the file was replaced is in the new one."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    with closing(Ledger(path)) as other:
        assert len(other) == len(KEYS)
        sql("PRAGMA user_version = -5")(path)
        assert len(ds.runs(path)) == 2
        other.put("late", Answer("Late.", "m", Usage()))
    with closing(Ledger(path)) as ledger:
        assert ledger.get("late") is not None
        assert len(ledger) == len(KEYS) + 1


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_answer_written_while_the_file_is_repaired_is_in_the_new_one(
    sound: Path, tmp_path: Path
) -> None:
    """A writer waits until the new file is in place, and writes there."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    with closing(Ledger(path)) as other, ThreadPoolExecutor() as pool:
        writing: list[Future[None]] = []

        def write_meanwhile(*_: object) -> None:
            if not writing:
                writing.append(
                    pool.submit(other.put, "late", Answer("Late.", "m", Usage()), run_id="aaa")
                )
                # Long enough for a writer that does not wait; no one who waits fails by it.
                wait(writing, timeout=1)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            sys.setprofile(
                lambda frame, event, _: (
                    write_meanwhile()
                    if event == "call" and frame.f_code.co_name == "_columns"
                    else None
                )
            )
            try:
                with mending(path):
                    replace_damaged(path, DamagedLedgerError("damaged"))
            finally:
                sys.setprofile(None)
        writing[0].result(timeout=60)
    with closing(Ledger(path)) as ledger:
        assert ledger.get("late") is not None
        assert len(ledger) == len(KEYS) + 1


def test_full_disk_is_no_damage(sound: Path) -> None:
    """A row that cannot be written ends the repair, instead of being left out."""
    with (
        closing(sqlite3.connect(sound)) as old,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        make_tables(new)
        new.execute("PRAGMA max_page_count = 12")
        query = "SELECT key, content FROM pieces"
        copying = Copying(old, new, query, "INSERT INTO pieces VALUES (?, zeroblob(9000) || ?)")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            copying.rows("")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_and_its_file_are_repaired_under_one_lock(sound: Path, tmp_path: Path) -> None:
    """Processes that name one file in different ways never repair it at once."""
    path, link = Path(shutil.copy(sound, tmp_path / "l")), tmp_path / "link"
    link.symlink_to(path)
    with mending(link):
        assert (tmp_path / "l.lock").exists()
        assert not (tmp_path / "link.lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no permissions there")
@pytest.mark.filterwarnings(REPAIRED)
def test_damaged_file_that_others_could_read_is_private_afterwards(
    sound: Path, tmp_path: Path
) -> None:
    """It holds answers, as the new one does."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    sql("PRAGMA user_version = -5")(path)
    path.chmod(0o644)
    assert len(ds.runs(path)) == 2
    assert {each.stat().st_mode & 0o077 for each in tmp_path.glob("l*")} == {0}


def text(path: Path) -> None:
    path.write_text("My notes, no ledger.\n" * 400)


def another_database(path: Path) -> None:
    path.unlink()
    sql("CREATE TABLE mine (x); INSERT INTO mine VALUES (randomblob(30000))")(path)


def another_damaged_database(path: Path) -> None:
    another_database(path)
    sql("PRAGMA user_version = 2")(path)
    os.truncate(path, path.stat().st_size - 2 * PAGE)


@pytest.mark.parametrize(
    "make",
    [
        text,
        another_database,
        another_damaged_database,
        lambda path: path.write_bytes(bytes(9000)),
        lambda path: path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40),
        lambda path: os.truncate(path, 50),
    ],
    ids=["text", "database", "damaged database", "zeros", "pdf", "fifty bytes"],
)
def test_file_of_something_else_is_never_changed(sound: Path, tmp_path: Path, make: Damage) -> None:
    """Neither content nor permissions, by any call; nothing appears beside it."""
    path = Path(shutil.copy(sound, tmp_path / "l"))
    make(path)
    path.chmod(0o644)
    before = path.read_bytes(), path.stat().st_mode
    for use in (
        lambda: Ledger(path),
        lambda: ds.runs(path),
        lambda: ds.forget(everything=True, ledger=path),
    ):
        with pytest.raises(LedgerError, match="give ledger=PATH"):
            use()
    assert (path.read_bytes(), path.stat().st_mode) == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe_in_its_place_is_refused(tmp_path: Path) -> None:
    """It is not waited for."""
    os.mkfifo(tmp_path / "l")
    with pytest.raises(LedgerError, match="pipe or a device"):
        Ledger(tmp_path / "l")
