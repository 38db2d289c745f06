"""The ledger's file: opened, checked, brought up to date, read and written.

Decides when a file is written to. One of an older version is brought up to date in one transaction;
a damaged one is replaced by a new one with what can be read of it; one of a newer version, and a
file of something else, are refused untouched. Opening writes, so a file that cannot be written is
known before anything is paid for.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from docsum_nb.errors import LedgerError
from docsum_nb.ledger.damage import (
    DamagedLedgerError,
    damage_of,
    is_damage,
    mending,
    refuse_other_than_files,
    replace_damaged,
)
from docsum_nb.ledger.schema import (
    FROM_FIRST,
    TABLES,
    VERSION,
    first_flaw,
    is_ours,
    make_tables,
    missing_tables,
)
from docsum_nb.paths import make_private_file, make_private_folder, user_path

__all__ = ["LedgerFile", "default_path"]

T = TypeVar("T")

_BUSY_S = 30.0
"""How long a write waits for another process that writes."""
_TRY_S = 0.1
"""How long SQLite does so at a time: Ctrl-C has no effect meanwhile."""

_REFUSED = (sqlite3.Error, UnicodeError)
"""What SQLite's errors are in Python: half of a pair of surrogates is no UTF-8."""


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
        self._read_only = read_only
        self.version = 0
        """Changes when another connection has written, as of the last write or refresh."""
        try:
            try:
                self._begin()
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self.mend(damage_of(error, self.path))
            except DamagedLedgerError as damage:
                self.mend(damage)
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, LedgerError):
                raise
            raise LedgerError(
                f"the ledger {self.path} cannot be {'read' if read_only else 'written'} ({error}); "
                "give ledger=PATH for another "
                "place, or ledger=False to keep no answers"
            ) from error

    def mend(self, damage: DamagedLedgerError) -> None:
        """Replace a damaged file by a new one with what can be read of it, and open that; warn.

        Raises:
            LedgerError: if the folder cannot be written, or another process holds the file.
        """
        with self._lock:
            try:
                self._mend(damage)
            except (OSError, sqlite3.Error) as error:
                if isinstance(error, LedgerError):
                    raise
                raise LedgerError(
                    f"{damage}; it cannot be repaired here ({error}): give ledger=PATH for another "
                    "place, or ledger=False to keep no answers"
                ) from error

    def _mend(self, damage: DamagedLedgerError) -> None:
        if (db := getattr(self, "_db", None)) is not None:
            db.close()
        with mending(self.path):
            if not self._is_whole():
                replace_damaged(self.path, damage)
            self._begin()

    def _is_whole(self) -> bool:
        """Return whether another process has replaced the damaged file already."""
        try:
            self._begin()
            return str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) == "ok"
        except DamagedLedgerError:
            return False
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return False
        finally:
            if (db := getattr(self, "_db", None)) is not None:
                db.close()

    def _begin(self) -> None:
        """Open the file as it was asked for."""
        refuse_other_than_files(self.path)
        if not (self._read_only and self._open_to_read()):
            self._open_to_write()
        self._identity = self._identity_now()

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _follow(self) -> None:
        """Open the file again if another process has put a new one in its place."""
        if self._is_replaced():
            self._db.close()
            self._begin()

    def _is_replaced(self) -> bool:
        return self._identity_now() not in (None, self._identity)

    def _open_to_read(self) -> bool:
        """Open the file without changing it; returns whether this version can read it so."""
        how = "mode=ro"
        log = self.path.with_name(f"{self.path.name}-wal")
        if not log.exists() and not os.access(self.path.parent, os.W_OK):
            # SQLite would make files of its own beside it.
            how += "&immutable=1"
        db = _connection(f"{self.path.absolute().as_uri()}?{how}")
        try:
            if self._check_alone(db) == VERSION and not missing_tables(db):
                self._db = db
                return True
        except BaseException:
            db.close()
            raise
        db.close()
        return False

    def _open_to_write(self) -> None:
        if not self.path.parent.exists():
            make_private_folder(self.path.parent)
        # Before anything is changed, the permissions included: the file may be another program's.
        if self.path.exists() and self.path.stat().st_size:
            with closing(_connection(self.path.absolute().as_uri())) as db:
                self._check_alone(db)
        # Answers and texts are private; SQLite's own files beside it take its mode.
        for end in ("", "-wal", "-shm"):
            beside = self.path.with_name(self.path.name + end)
            if not end or beside.exists():
                make_private_file(beside)
        db = _connection(self.path.absolute().as_uri())
        try:
            self._check_alone(db)
            _when_free(lambda: db.execute("PRAGMA journal_mode=WAL"))
            db.execute("PRAGMA synchronous=NORMAL")
            # What was forgotten is overwritten, even if the file cannot be made smaller now.
            db.execute("PRAGMA secure_delete=ON")
            with _transaction(db):
                version = self._check(db)
                self._warn_of_missing(db, version)
                make_tables(db)
                if version == 1:
                    for statement in FROM_FIRST:
                        db.execute(statement)
                # Opening a read-only file succeeds; only a write shows it.
                db.execute(f"PRAGMA user_version={VERSION}")
        except BaseException:
            db.close()
            raise
        self._db = db

    def _warn_of_missing(self, db: sqlite3.Connection, version: int) -> None:
        missing = missing_tables(db)
        if version == VERSION and len(missing) < len(TABLES) and missing - {"ends"}:
            names = ", ".join(sorted(missing))
            warnings.warn(
                f"the ledger {self.path} was damaged: what its tables {names} held is lost and is "
                "requested again if it is needed; everything else is used",
                RuntimeWarning,
                stacklevel=2,
            )

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
        if not tables:
            return int(version)
        if not is_ours(db, version, self.path):
            raise LedgerError(
                f"{self.path} is a database of something else; give ledger=PATH for another place"
            )
        if version > VERSION:
            raise LedgerError(
                f"the ledger {self.path} was written by a newer docsum_nb (format {version}, this "
                f"one knows {VERSION}): update docsum_nb, or give ledger=PATH for another place"
            )
        if flaw := first_flaw(db, version):
            raise DamagedLedgerError(f"the ledger {self.path} is damaged: {flaw}")
        return int(version)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read in one piece.

        Raises:
            DamagedLedgerError: if the file is damaged; ``mend`` replaces it.
            LedgerError: if the file cannot be read.
        """
        with self._lock:
            try:
                self._follow()
                yield self._db
            except _REFUSED as error:
                if is_damage(error):
                    raise damage_of(error, self.path) from error
                raise LedgerError(f"the ledger {self.path} cannot be read: {error}") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction; when the block is left, it survives the end of the process.

        Raises:
            DamagedLedgerError: if the file is damaged; ``mend`` replaces it.
            LedgerError: if it cannot be written, as on a full disk; then nothing is.
        """
        with self._lock:
            try:
                while True:
                    self._follow()
                    with _transaction(self._db):
                        if self._is_replaced():
                            # Another process put a new file there while this one waited.
                            continue
                        self.version = _data_version(self._db)
                        yield self._db
                        return
            except _REFUSED as error:
                if is_damage(error):
                    raise damage_of(error, self.path) from error
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
