"""The ledger's file: opened, checked, brought up to date, read and written.

Decides the form of the file. A file of an older version is brought up to date in one transaction;
one of a newer version, and a database of something else, are refused untouched. Opening writes, so
a file that cannot be written is known before anything is paid for.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from docsum_nb.errors import LedgerError
from docsum_nb.paths import make_private_file, make_private_folder, user_path

__all__ = ["LedgerFile", "default_path"]

T = TypeVar("T")

VERSION = 2
_BUSY_S = 30.0
"""How long a write waits for another process that writes."""
_TRY_S = 0.1
"""How long SQLite does so at a time: Ctrl-C has no effect meanwhile."""

_REFUSED = (sqlite3.Error, UnicodeError)
"""What SQLite's errors are in Python: half of a pair of surrogates is no UTF-8."""

_ANSWERS = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd REAL,
    finish_reason TEXT NOT NULL,
    run_id TEXT NOT NULL,  -- who paid for it
    stored_at REAL NOT NULL
) WITHOUT ROWID
"""
_RUNS = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    what TEXT NOT NULL,
    model TEXT NOT NULL,
    arguments TEXT NOT NULL,  -- JSON
    started_at REAL NOT NULL,
    since REAL NOT NULL,  -- when it went on last; figures of what came later are in answers
    ended_at REAL,  -- none while it goes on
    state TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    done INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    cost_usd REAL,
    error TEXT,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born REAL NOT NULL  -- when that process began: numbers of processes are used again
)
"""
_USES = """
CREATE TABLE IF NOT EXISTS uses (
    run TEXT NOT NULL,
    key TEXT NOT NULL,  -- of an answer or a piece
    PRIMARY KEY (run, key)
) WITHOUT ROWID
"""
_PIECES = """
CREATE TABLE IF NOT EXISTS pieces (
    key TEXT PRIMARY KEY,
    content BLOB NOT NULL  -- compressed
)
"""
# Beside the answers, so that a kernel with older code may go on writing into the same file.
_ENDS = """
CREATE TABLE IF NOT EXISTS ends (
    key TEXT PRIMARY KEY,  -- of an answer; older versions did not store why it ended
    ended TEXT NOT NULL,  -- the provider's word
    flaws TEXT NOT NULL  -- JSON
) WITHOUT ROWID
"""
_ENDS_FOLLOW = """
CREATE TRIGGER IF NOT EXISTS ends_follow AFTER DELETE ON answers BEGIN
    DELETE FROM ends WHERE key = old.key;
END
"""
# The first version kept answers alone: what their runs were is not known.
_FROM_FIRST = (
    """
    INSERT OR IGNORE INTO runs
    SELECT run_id, 'recorded by an earlier version', min(model), '{}', min(stored_at),
           max(stored_at), max(stored_at), 'unknown', 0, 0, count(*),
           sum(prompt_tokens + completion_tokens),
           CASE WHEN count(*) = count(cost_usd) THEN sum(cost_usd) END, NULL, '', 0, 0
    FROM answers WHERE run_id <> '' GROUP BY run_id
    """,
    "INSERT OR IGNORE INTO uses SELECT run_id, key FROM answers WHERE run_id <> ''",
)


def default_path() -> Path:
    """Return the path of the ledger in the user's data folder."""
    from platformdirs import user_data_path

    return user_data_path("docsum_nb") / "ledger.sqlite3"


class LedgerFile:
    """One connection to the file; may be used from any thread.

    Args:
        path: The file; ``None`` for the one in the user's data folder.
        read_only: Change nothing, and wait for no writer; a file of an older version is brought up
            to date all the same.

    Raises:
        LedgerError: if the file cannot be opened and written, or is none that this version knows.
    """

    def __init__(self, path: str | Path | None = None, *, read_only: bool = False) -> None:
        self.path = user_path(path) if path is not None else default_path()
        self._lock = threading.Lock()
        self.version = 0
        """Changes when another connection has written, as of the last write or refresh."""
        try:
            if read_only and (db := self._open_to_read()) is not None:
                self._db = db
                return
            if self.path.is_dir():
                # It would lose its permissions, as if it were the file.
                raise LedgerError(
                    f"the ledger {self.path} is a folder; give ledger= a file in it, such as "
                    f"{str(self.path / 'answers.sqlite3')!r}, or ledger=False to keep no answers"
                )
            if not self.path.parent.exists():
                make_private_folder(self.path.parent)
            # Answers and texts are private; SQLite's own files beside it take its mode.
            for end in ("", "-wal", "-shm"):
                beside = self.path.with_name(self.path.name + end)
                if not end or beside.exists():
                    make_private_file(beside)
            self._db = self._open()
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, LedgerError):
                raise
            raise LedgerError(
                f"the ledger {self.path} cannot be {'read' if read_only else 'written'} ({error}); "
                "give ledger=PATH for another "
                "place, or ledger=False to keep no answers"
            ) from error

    def _open_to_read(self) -> sqlite3.Connection | None:
        """Open the file without changing it; ``None`` if it has to be brought up to date first."""
        how = "mode=ro"
        log = self.path.with_name(f"{self.path.name}-wal")
        if not log.exists() and not os.access(self.path.parent, os.W_OK):
            # SQLite would make files of its own beside it.
            how += "&immutable=1"
        db = _connection(f"{self.path.absolute().as_uri()}?{how}")
        try:
            if self._check_alone(db) == VERSION:
                return db
        except BaseException:
            db.close()
            raise
        db.close()
        return None

    def _open(self) -> sqlite3.Connection:
        db = _connection(self.path.absolute().as_uri())
        try:
            # Before anything is written: the file may be another program's.
            self._check_alone(db)
            _when_free(lambda: db.execute("PRAGMA journal_mode=WAL"))
            db.execute("PRAGMA synchronous=NORMAL")
            # What was forgotten is overwritten, even if the file cannot be made smaller now.
            db.execute("PRAGMA secure_delete=ON")
            with _transaction(db):
                version = self._check(db)
                for table in (_ANSWERS, _RUNS, _USES, _PIECES, _ENDS, _ENDS_FOLLOW):
                    db.execute(table)
                if version == 1:
                    for statement in _FROM_FIRST:
                        db.execute(statement)
                # Opening a read-only file succeeds; only a write shows it.
                db.execute(f"PRAGMA user_version={VERSION}")
        except BaseException:
            db.close()
            raise
        return db

    def _check_alone(self, db: sqlite3.Connection) -> int:
        """Check the file as it was at one moment: another process may be making it now."""

        def check() -> int:
            db.execute("BEGIN")
            try:
                return self._check(db)
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

        return _when_free(check)

    def _check(self, db: sqlite3.Connection) -> int:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        columns = {name for _, name, *_ in db.execute("PRAGMA table_info(answers)")}
        ours = version > 0 and columns.issuperset(("key", "text", "run_id", "stored_at"))
        if version > VERSION and ours:
            raise LedgerError(
                f"the ledger {self.path} was written by a newer docsum_nb (format {version}, this "
                f"one knows {VERSION}): update docsum_nb, or give ledger=PATH for another place"
            )
        if tables and not ours:
            raise LedgerError(
                f"{self.path} is a database of something else; give ledger=PATH for another place"
            )
        return int(version)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read in one piece.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self._lock:
            try:
                yield self._db
            except _REFUSED as error:
                raise LedgerError(f"the ledger {self.path} cannot be read: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction; when the block is left, it survives the end of the process.

        Raises:
            LedgerError: if it cannot be written, as on a full disk; then nothing is.
        """
        with self._lock:
            try:
                with _transaction(self._db):
                    self.version = _data_version(self._db)
                    yield self._db
            except _REFUSED as error:
                raise LedgerError(
                    f"the ledger {self.path} cannot be written: {error}; make room or close what "
                    "holds it"
                ) from error

    def refresh_version(self) -> None:
        """Update ``version``.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self.reading() as db:
            self.version = _data_version(db)

    def shrink(self) -> None:
        """Return the space of what was deleted to the disk.

        Raises:
            LedgerError: if it cannot be done now; what was deleted stays so.
        """
        with self._lock:
            try:
                _when_free(lambda: self._db.execute("VACUUM"))
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise LedgerError(f"the ledger {self.path} cannot be made smaller") from error

    def size(self) -> int:
        """Return the bytes of the file and of its log."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the file; further calls fail."""
        with self._lock:
            self._db.close()

    def __del__(self) -> None:
        # If opening failed, there is nothing to close.
        db: sqlite3.Connection | None = getattr(self, "_db", None)
        if db is not None:
            db.close()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    try:
        # Within the block: a Ctrl-C takes effect once it has been executed.
        _when_free(lambda: db.execute("BEGIN IMMEDIATE"))
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _data_version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA data_version").fetchone()
    return int(version)


def _connection(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        uri, uri=True, timeout=_TRY_S, isolation_level=None, check_same_thread=False
    )
    # One text that is no UTF-8 must not fail a whole query.
    db.text_factory = _text
    return db


def _text(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def _when_free(work: Callable[[], T]) -> T:
    """Repeat while another process has the file; SQLite does not wait when it changes the mode."""
    give_up = time.monotonic() + _BUSY_S
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
