"""The tables of a ledger's file, and whether a file has them.

Decides what makes a file a ledger of ours, also if it is damaged: the columns of its table of
answers, or the statement of one of its tables, word for word, at its beginning. Nothing else is
ever written to.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

__all__ = [
    "FROM_FIRST",
    "TABLES",
    "VERSION",
    "begins_as_ours",
    "columns_of",
    "first_flaw",
    "is_ours",
    "make_tables",
    "missing_tables",
]

VERSION = 2

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
FROM_FIRST = (
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

TABLES: Mapping[str, str] = {
    "runs": _RUNS,
    "answers": _ANSWERS,
    "uses": _USES,
    "pieces": _PIECES,
    "ends": _ENDS,
}
"""In the order in which they are copied."""
_BEGINNING = 65_536
"""Bytes; the first page of a file, which names its tables, is never larger."""


def make_tables(db: sqlite3.Connection) -> None:
    """Create the tables that are not there."""
    for statement in (*TABLES.values(), _ENDS_FOLLOW):
        db.execute(statement)


def missing_tables(db: sqlite3.Connection) -> set[str]:
    """Return the names of the tables that are not there."""
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return set(TABLES) - {name for (name,) in found}


def columns_of(table: str) -> tuple[str, ...]:
    """Return the names of the columns of one of the tables, in order."""
    return tuple(name for name, *_ in _right_columns(table))


@functools.cache
def _right_columns(table: str) -> tuple[tuple[str, str, int], ...]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(TABLES[table])
        return _columns_in(db, table)


def is_ours(db: sqlite3.Connection, version: int, path: Path) -> bool:
    """Return whether a file that can be opened was written by this package."""
    known = {"key", "text", "run_id", "stored_at"}
    return (
        version > 0 and known.issubset(name for name, *_ in _columns_in(db, "answers"))
    ) or begins_as_ours(path)


def begins_as_ours(path: Path) -> bool:
    """Return whether a file, however damaged, holds the statement of one of the tables."""
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING)
    except OSError:
        return False
    return any(_stored(each) in beginning for each in TABLES.values())


def first_flaw(db: sqlite3.Connection, version: int) -> str | None:
    """Return what is wrong with version or tables of a ledger; ``None`` if nothing is.

    A table that is not there is no flaw: it is made.
    """
    if version <= 0:
        return f"its format is {version}"
    kinds = dict(db.execute("SELECT name, type FROM sqlite_master"))
    for table in TABLES:
        if table not in kinds:
            continue
        if kinds[table] != "table" or _columns_in(db, table) != _right_columns(table):
            return f"its table {table} is another one"
    return None


def _columns_in(db: sqlite3.Connection, table: str) -> tuple[tuple[str, str, int], ...]:
    """Return name, type and place in the primary key of each column."""
    found = db.execute(f"PRAGMA table_info({table})")
    return tuple((name, kind.upper(), key) for _, name, kind, _, _, key in found)


def _stored(statement: str) -> bytes:
    """Return a statement as SQLite keeps it in the file."""
    return statement.strip().replace("IF NOT EXISTS ", "").encode()
