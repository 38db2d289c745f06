"""Answers that survive: every answer of a model is stored here before anyone sees it.

One SQLite file in WAL mode, safe for several threads and processes at once. The key is a hash of
everything that decides the answer: the rendered messages, the model, its parameters. So a run that
is repeated asks only for what is missing, and a changed prompt never finds a stale answer.

Keeps what was answered and what it took, nothing else: no keys, no prompts, no documents.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from docsum_nb.errors import InputError, LedgerError
from docsum_nb.records import Answer, Usage

__all__ = ["Ledger", "default_path", "key_of"]

_BUSY_S = 30.0
"""How long a write waits for another process that writes."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd REAL,
    finish_reason TEXT NOT NULL,
    run_id TEXT NOT NULL,
    stored_at REAL NOT NULL
) WITHOUT ROWID
"""


def default_path() -> Path:
    """Return the place of the ledger in the user's data folder."""
    from platformdirs import user_data_path

    return user_data_path("docsum_nb") / "ledger.sqlite3"


def key_of(parts: Any) -> str:
    """Hash everything that decides an answer.

    Args:
        parts: JSON-serializable; a pydantic class counts by its schema.

    Returns:
        A SHA-256 in hexadecimal.

    Raises:
        InputError: if something in it is neither, so that it could not be told from another.
    """
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=_as_json)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _as_json(value: Any) -> Any:
    schema = getattr(value, "model_json_schema", None)
    if callable(schema):
        return schema()
    raise InputError(
        f"a parameter of type {type(value).__name__} cannot be part of the ledger's key; give "
        "plain values, or ledger=False"
    )


class Ledger:
    """The answers kept in one file; made where it does not exist.

    Raises:
        LedgerError: if the file cannot be opened and written. It is raised here, by the
            constructor, so that nothing is paid for that could not be kept.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path).expanduser() if path is not None else default_path()
        self._lock = threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._open()
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                f"the ledger {self.path} cannot be written ({error}); give ledger=PATH for another "
                "place, or ledger=False to keep no answers"
            ) from error

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        try:
            _in_turn(lambda: db.execute("PRAGMA journal_mode=WAL"))
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(_SCHEMA)
            # Opening a read-only file succeeds; only a write shows it.
            db.execute("BEGIN IMMEDIATE")
            db.execute("PRAGMA user_version=1")
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        return db

    def get(self, key: str) -> Answer | None:
        """Return the stored answer, marked as cached, or ``None``.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self._lock:
            try:
                row = self._db.execute(
                    "SELECT text, model, prompt_tokens, completion_tokens, cost_usd, finish_reason "
                    "FROM answers WHERE key = ?",
                    (key,),
                ).fetchone()
            except sqlite3.Error as error:
                raise LedgerError(f"the ledger {self.path} cannot be read: {error}") from error
        if row is None:
            return None
        text, model, prompt, completion, cost, finish = row
        return Answer(text, model, Usage(1, prompt, completion, cost), finish, cached=True)

    def first(self, keys: Sequence[str]) -> Answer | None:
        """Return the stored answer of the first key that has one, or ``None``; raises like get."""
        return next((found for key in keys if (found := self.get(key)) is not None), None)

    def put(self, key: str, answer: Answer, *, run_id: str = "") -> None:
        """Store an answer; when this returns, it survives the end of the process.

        The first answer of a key stays.

        Raises:
            LedgerError: if it cannot be written, as on a full disk.
        """
        usage = answer.usage
        with self._lock:
            try:
                self._db.execute(
                    "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        key,
                        answer.text,
                        answer.model,
                        usage.prompt_tokens,
                        usage.completion_tokens,
                        usage.cost_usd,
                        answer.finish_reason,
                        run_id,
                        time.time(),
                    ),
                )
            except sqlite3.Error as error:
                raise LedgerError(
                    f"the ledger {self.path} cannot be written: {error}; make room, then run again"
                ) from error

    def __len__(self) -> int:
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM answers").fetchone()
        return int(count)

    def close(self) -> None:
        """Close the file; further calls fail."""
        with self._lock:
            self._db.close()

    def __del__(self) -> None:
        # Where opening failed there is nothing to close.
        db: sqlite3.Connection | None = getattr(self, "_db", None)
        if db is not None:
            db.close()

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"


def _in_turn(work: Callable[[], object]) -> None:
    """Repeat while another process has the file; SQLite does not wait when it changes the mode."""
    give_up = time.monotonic() + _BUSY_S
    while True:
        try:
            work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.05)
        else:
            return
