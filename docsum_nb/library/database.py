"""The database of a library: one SQLite file with full-text indexes, opened and checked.

One row for each document and each passage, and two indexes that hold words alone: of whole
documents, and of passages. The index of a text is derived from its rows, so it can be taken out of
the index exactly and built again. Refuses a file of a newer version and one of something else.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from docsum_nb.errors import LibraryError
from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.query import searchable
from docsum_nb.paths import make_private_file

__all__ = [
    "DRAFT",
    "DamageError",
    "checkpoint",
    "created",
    "explained",
    "insert",
    "open_to_read",
    "open_to_write",
    "take_out",
    "transaction",
    "wipe",
]

FORMAT = 2
DRAFT = ".documents.draft"
"""A database that is being filled."""
_APPLICATION = 0x646E624C
"""What SQLite's ``application_id`` says of a library: not a database of something else."""
_BUSY_S = 30.0
_CHECKPOINT_S = 2.0
"""How long the log waits for searches that still read an older version."""
# Marks that are written behind their letter, as the vowels of Hindi, belong to the word.
_INDEX = """USING fts5(
    terms, content='', tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
)"""
_TABLES = (
    """
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL,
        path TEXT,
        pages TEXT NOT NULL,  -- JSON
        metadata TEXT NOT NULL,  -- JSON
        terms TEXT NOT NULL,  -- what the index has of the name
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
        headings TEXT NOT NULL,  -- JSON
        above TEXT NOT NULL,  -- what the index has of name and headings
        terms BLOB  -- what it has of the text, compressed; null if that is the text
    )
    """,
    f"CREATE VIRTUAL TABLE document_index {_INDEX}",
    f"CREATE VIRTUAL TABLE passage_index {_INDEX}",
)
_NAMES = {"documents", "passages", "document_index", "passage_index"}
_DAMAGE = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} | {
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_FORMAT,
}
"""Codes of errors that say that the content of the file is not what was written. The queries are
constants, so an error in one means that a table or a column is missing."""


class DamageError(Exception):
    """The content of the file is not what was written; the store repairs it."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raise the errors of SQLite and of the disk as ``LibraryError``, damage as ``DamageError``."""
    try:
        yield
    except LibraryError:
        raise
    except (zlib.error, UnicodeDecodeError, RecursionError, OverflowError) as error:
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


def insert(db: sqlite3.Connection, entry: Entry) -> None:
    """Add a document that is not there."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM passages").fetchone()
    first, last = last + 1, last + len(entry.passages)
    name = searchable(entry.name)
    cursor = db.execute(
        "INSERT INTO documents (name, digest, path, pages, metadata, terms, first, last) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(entry.name, entry.digest, entry.path, json.dumps(entry.pages), entry.metadata),
            *(name, first, last),
        ),
    )
    whole = [name]
    for number, passage in enumerate(entry.passages, start=first):
        above = "\n".join([name, *map(searchable, passage.headings)])
        terms = searchable(passage.text)
        whole.append(terms)
        db.execute(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
            _row(number, cursor.lastrowid, passage, above, terms),
        )
        db.execute(
            "INSERT INTO passage_index (rowid, terms) VALUES (?, ?)", (number, f"{above}\n{terms}")
        )
    db.execute(
        "INSERT INTO document_index (rowid, terms) VALUES (?, ?)",
        (cursor.lastrowid, "\n".join(whole)),
    )


def take_out(db: sqlite3.Connection, name: str) -> bool:
    """Remove a document, and return whether it was there; ``wipe`` takes its words off the disk."""
    found = db.execute("SELECT id, terms, first, last FROM documents WHERE name = ?", (name,))
    row = found.fetchone()
    if row is None:
        return False
    if not isinstance(row[1], str) or not all(isinstance(each, int) for each in row[2:]):
        raise DamageError(f"the row of {name!r} is of other types")
    document, whole, first, last = row[0], [row[1]], row[2], row[3]
    passages = db.execute(
        "SELECT id, above, text, terms FROM passages WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, last),
    ).fetchall()
    if len(passages) != last - first + 1:
        raise DamageError(f"passages of {name!r} are missing")
    for number, above, text, packed in passages:
        if not isinstance(text, str) or not isinstance(packed, bytes | None):
            raise DamageError(f"a passage of {name!r} is of other types")
        terms = text if packed is None else zlib.decompress(packed).decode()
        whole.append(terms)
        # An index without stored texts needs the old text to delete its words.
        db.execute(
            "INSERT INTO passage_index (passage_index, rowid, terms) VALUES ('delete', ?, ?)",
            (number, f"{above}\n{terms}"),
        )
    db.execute(
        "INSERT INTO document_index (document_index, rowid, terms) VALUES ('delete', ?, ?)",
        (document, "\n".join(whole)),
    )
    db.execute("DELETE FROM passages WHERE id BETWEEN ? AND ?", (first, last))
    db.execute("DELETE FROM documents WHERE id = ?", (document,))
    return True


def wipe(db: sqlite3.Connection) -> None:
    """Delete what was removed from the disk: out of the indexes, free pages and the log."""
    with transaction(db):
        # A word that was removed stays in its part of an index until the parts are merged.
        for index in ("document_index", "passage_index"):
            db.execute(f"INSERT INTO {index} ({index}) VALUES ('optimize')")  # noqa: S608  # constants
    # execute() stops after the first page, because the statement returns no columns.
    db.executescript("PRAGMA incremental_vacuum")


def _row(
    number: int, document: int | None, passage: Passage, above: str, terms: str
) -> tuple[object, ...]:
    packed = None if terms == passage.text else zlib.compress(terms.encode(), 1)
    headings = json.dumps(passage.headings)
    return (number, document, passage.text, passage.start, headings, above, packed)


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
    if application != _APPLICATION and there and not there & _NAMES:
        raise LibraryError(
            f"{path} is a database of something else: move it away, and add the documents again"
        )
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
