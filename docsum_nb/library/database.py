"""The database of a library: one SQLite file, created, opened and checked.

One row for each document and each passage, and an index of the passages' words. Refuses a file of a
newer version and one of something else.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from docsum_nb.errors import DocsumError, LibraryError
from docsum_nb.library.postings import BLOCK
from docsum_nb.library.soundness import flaw_in
from docsum_nb.paths import make_private_file

__all__ = [
    "DRAFT",
    "DamageError",
    "OlderFormatError",
    "check_damage",
    "checkpoint",
    "created",
    "explained",
    "is_damaged",
    "is_older",
    "open_to_read",
    "open_to_write",
    "transaction",
]

FORMAT = 3
DRAFT = ".documents.draft"
"""A database that is being filled."""
_APPLICATION = 0x646E624C
"""What SQLite's ``application_id`` says of a library: not a database of something else."""
_BUSY_S = 30.0
_CHECKPOINT_S = 2.0
"""How long the log waits for searches that still read an older version."""
_TABLES = (
    """
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL,
        path TEXT,
        pages TEXT NOT NULL,  -- JSON
        metadata TEXT NOT NULL,  -- JSON
        first INTEGER NOT NULL,  -- its passages
        last INTEGER NOT NULL
    )
    """,
    """
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY,
        document INTEGER NOT NULL,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        headings TEXT NOT NULL  -- JSON
    )
    """,
    "CREATE TABLE blocks (id INTEGER PRIMARY KEY, passages BLOB NOT NULL)",
    """
    CREATE TABLE postings (
        block INTEGER NOT NULL,
        term TEXT NOT NULL,
        passages BLOB NOT NULL,
        PRIMARY KEY (block, term)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # Of an embedder: the signs of a block's vectors, and the vector of each passage.
    "CREATE TABLE signs (block INTEGER PRIMARY KEY, signs BLOB NOT NULL)",
    "CREATE TABLE vectors (passage INTEGER PRIMARY KEY, vector BLOB NOT NULL)",
)
_NAMES = {"documents", "passages", "blocks", "postings", "settings", "signs", "vectors"}
_OURS = {"passages", "postings", "blocks"}
"""Names of tables that hardly another database has."""
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} | {
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_FORMAT,
}
"""Codes of errors that may come of content that is not what was written. The queries are constants,
so an error in one means that a table or a column is missing, or that a value does not fit in."""
_CERTAIN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
"""Those that need no other proof."""


class DamageError(Exception):
    """The content of the file is not what was written; the store repairs it."""


class OlderFormatError(Exception):
    """The file was written by an older version; the store copies it."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raise the errors of SQLite and of the disk as ``LibraryError``, damage as ``DamageError``."""
    try:
        yield
    except DocsumError:
        raise
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError) as error:
        # A column holds values of any type.
        raise DamageError(f"{type(error).__name__}: {error}") from error
    except sqlite3.Error as error:
        # The lower eight bits are the kind of the error.
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        # Python raises errors without a code, as for text that is no UTF-8.
        if code in _DAMAGE or code == 0:
            raise DamageError(str(error)) from error
        if code == sqlite3.SQLITE_BUSY:
            raise LibraryError(
                f"another process is still writing to the library {folder}: try again when it is "
                "done"
            ) from error
        raise LibraryError(_unusable(folder, error)) from error
    except OSError as error:
        raise LibraryError(_unusable(folder, error)) from error


def check_damage(folder: Path, database: Path | None, damage: DamageError) -> None:
    """Raise the error behind a damage, unchanged, if the library is whole.

    Rows of other types raise errors that an unforeseen argument raises as well.

    Raises:
        LibraryError: If the library is whole, and SQLite refused a query.
        Exception: If the library is whole: what was taken for damage.
    """
    cause = damage.__cause__
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    # One that was raised where rows are read has none.
    if cause is None or code in _CERTAIN or database is None or _flaw_of(database) is not None:
        return
    if isinstance(cause, sqlite3.Error):
        raise LibraryError(
            f"the library {folder} is whole, but a query of it failed ({cause}): call it with "
            "other arguments, or report this"
        ) from cause
    raise cause


def _flaw_of(path: Path) -> str | None:
    """Return the first flaw of a database; ``None`` if all of it is as it was written."""
    try:
        with closing(open_to_read(path)) as db:
            (found,) = db.execute("PRAGMA integrity_check(1)").fetchone()
            if found != "ok":
                return str(found)
            return flaw_in(db.execute) or _flaw_of_vectors(db)
    except (sqlite3.Error, DamageError, OlderFormatError, LibraryError, OSError) as error:
        return str(error)


def _flaw_of_vectors(db: sqlite3.Connection) -> str | None:
    sizes = db.execute("SELECT DISTINCT typeof(vector), length(vector) FROM vectors").fetchall()
    kinds = db.execute("SELECT DISTINCT typeof(signs), length(signs) FROM signs").fetchall()
    if len(sizes) > 1 or len(kinds) > 1 or {kind for kind, _ in (*sizes, *kinds)} - {"blob"}:
        return "vectors are of several lengths or types"
    if sizes and kinds and kinds[0][1] != BLOCK * -(-sizes[0][1] // 8):
        return "the signs of vectors are of another length"
    return None


@contextmanager
def created(path: Path) -> Iterator[sqlite3.Connection]:
    """Create a database that has its name once the block has filled it.

    It is written under a name of its own, so that a kill leaves none that is half filled.
    """
    draft = path.with_name(DRAFT)
    _delete(draft)
    try:
        with closing(_create(draft)) as db:
            yield db
        draft.replace(path)
    finally:
        _delete(draft)


def _create(path: Path) -> sqlite3.Connection:
    make_private_file(path)
    db = _connect(path, "rw")
    try:
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL")
        _configure(db)
        with transaction(db):
            for table in _TABLES:
                db.execute(table)
            db.execute(f"PRAGMA application_id={_APPLICATION}")
            db.execute(f"PRAGMA user_version={FORMAT}")
    except BaseException:
        db.close()
        raise
    return db


def open_to_write(path: Path) -> sqlite3.Connection:
    """Return the database opened for writing."""
    for beside in (path, *_beside(path)):
        if beside.exists():
            make_private_file(beside)
    db = _connect(path, "rw")
    try:
        _check(db, path)
        _configure(db)
    except BaseException:
        db.close()
        raise
    return db


def is_older(path: Path) -> bool:
    """Return whether a database was written by an older version; false if it cannot be read."""
    try:
        with closing(open_to_read(path)):
            return False
    except OlderFormatError:
        return True
    except (DamageError, DocsumError, sqlite3.Error, OSError):
        return False


def is_damaged(path: Path, error: LibraryError) -> bool:
    """Return whether an error that says that the disk is full comes from damage instead.

    A damaged number of a page is taken for one beyond the end of the disk.
    """
    code = getattr(error.__cause__, "sqlite_errorcode", None) or 0
    if code & 0xFF != sqlite3.SQLITE_FULL:
        return False
    try:
        with closing(open_to_read(path)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except (sqlite3.Error, DamageError, OlderFormatError):
        return True


def open_to_read(path: Path) -> sqlite3.Connection:
    """Return the database opened for reading, in a transaction, which keeps its current state."""
    how = "ro"
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() and not os.access(path.parent, os.W_OK, effective_ids=_EFFECTIVE):
        # SQLite would create files of its own beside it.
        how += "&immutable=1"
    db = _connect(path, how)
    try:
        db.execute("BEGIN")
        _check(db, path)
    except BaseException:
        db.close()
        raise
    return db


_EFFECTIVE = os.access in os.supports_effective_ids


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing."""
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def checkpoint(db: sqlite3.Connection) -> bool:
    """Empty the log, which holds older versions of pages; return whether it could be done.

    A search that still reads one of them is waited for, two seconds at most; then the next write
    empties the log.
    """
    give_up = time.monotonic() + _CHECKPOINT_S
    # SQLite would wait as long as for a writer, at every attempt.
    db.execute("PRAGMA busy_timeout=100")
    while True:
        # A checkpoint that is in the way of another is refused with an error.
        with suppress(sqlite3.OperationalError):
            (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)


def _configure(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous=NORMAL")
    # What was removed is overwritten.
    db.execute("PRAGMA secure_delete=ON")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={how}"
    return sqlite3.connect(
        uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )


def _check(db: sqlite3.Connection, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if application == _APPLICATION and version > FORMAT:
        raise LibraryError(
            f"the library {path.parent} was written by a newer docsum_nb (format {version}, this "
            f"one reads {FORMAT}): update docsum_nb"
        )
    if application != _APPLICATION and there and not there & _OURS:
        raise LibraryError(
            f"{path} is a database of something else: move it away, and add the documents again"
        )
    if application == _APPLICATION and version < FORMAT:
        raise OlderFormatError
    if not there >= _NAMES:
        raise DamageError("tables are missing")


def _beside(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + end) for end in ("-wal", "-shm"))


def _unusable(folder: Path, error: Exception) -> str:
    return (
        f"the library {folder} cannot be used ({error}): check that its folder can be read and "
        "written and that the disk is not full"
    )


def _delete(path: Path) -> None:
    for each in (path, *_beside(path)):
        with suppress(OSError):
            each.unlink(missing_ok=True)
