"""Deleting runs, and with them what no other run has used.

What was deleted is gone from the file, not just unlisted. A run that is still going on is refused;
of one that was stopped, the calls in flight are waited for, as their answers would be stored later.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.errors import InputError, LedgerError
from docsum_nb.ledger.damage import surviving_damage
from docsum_nb.ledger.history import History
from docsum_nb.ledger.run_record import RunRecord
from docsum_nb.ledger.sqlite_file import LedgerFile, default_path
from docsum_nb.paths import user_path

__all__ = ["Forgotten", "forget"]

_DAY_S = 86_400.0
_SETTLED_S = 15.0
"""How long calls of a stopped run may be in flight; ``summarize`` gives them five seconds."""
_LOOK_S = 0.05


@dataclass(frozen=True)
class Forgotten:
    """What was deleted."""

    runs: int = 0
    answers: int = 0
    bytes_freed: int = 0
    """By how much the file became smaller; 0 if another process was using it."""


@explains_arguments
def forget(
    run_id: str | None = None,
    *,
    older_than_days: float | None = None,
    everything: bool = False,
    ledger: str | Path | None = None,
) -> Forgotten:
    """Delete runs, the texts kept for them, and the answers that no other run has used.

    Exactly one of the first three arguments says which. Blocks until the calls in flight of a run
    that was just stopped have landed or are cancelled, some seconds at most.

    Args:
        run_id: One run; the beginning of its id suffices.
        older_than_days: All runs that ended this number of days ago or earlier, or were last active
            then, and older answers that belong to no run.
        everything: All runs and answers.
        ledger: The file; ``None`` for the one in the user's data folder.

    Returns:
        How many runs and answers were deleted, and by how much the file became smaller.

    Raises:
        InputError: if not exactly one of the three is given, there is no such run, or one of them
            is still going on. Nothing is deleted then.
        LedgerError: if the file cannot be written.
    """
    if [run_id is not None, older_than_days is not None, everything].count(True) != 1:
        raise InputError("give a run's id, or older_than_days=, or everything=True, and one only")
    if older_than_days is not None and not older_than_days >= 0:
        raise InputError(f"older_than_days is a number of days, not {older_than_days!r}")
    path = user_path(ledger) if ledger is not None else default_path()
    if not path.exists():
        if run_id is not None:
            raise InputError(f"there is no ledger {path}")
        return Forgotten()
    with contextlib.closing(LedgerFile(path)) as file:
        before = None if older_than_days is None else time.time() - older_than_days * _DAY_S
        return _Deletion(file).forget(run_id, before, everything=everything)


@dataclass(frozen=True)
class _Deletion:
    file: LedgerFile

    @surviving_damage
    def forget(self, run_id: str | None, before: float | None, *, everything: bool) -> Forgotten:
        size = self.file.size()
        with _settled(self.file, run_id, before) as (db, chosen):
            deleted = _delete(db, [record.id for record in chosen])
            if everything:
                deleted += db.execute("DELETE FROM answers").rowcount
                db.execute("DELETE FROM pieces")
                db.execute("DELETE FROM uses")
                # Also a row that was not listed because it is damaged.
                db.execute("DELETE FROM runs")
            if before is not None:
                deleted += _delete_strays(db, before)
        # Another process may be reading; the room is used again then.
        with contextlib.suppress(LedgerError):
            self.file.shrink()
        return Forgotten(len(chosen), deleted, max(0, size - self.file.size()))


@contextlib.contextmanager
def _settled(
    file: LedgerFile, run_id: str | None, before: float | None
) -> Iterator[tuple[sqlite3.Connection, list[RunRecord]]]:
    """Choose runs, once none of them has anything in flight, in the transaction to delete them."""
    give_up = time.monotonic() + _SETTLED_S
    while True:
        # No run can begin, or go on, between the choice and the end of the block.
        with file.writing() as db:
            chosen = _chosen(History(file), db, run_id, before)
            settling = next((record for record in chosen if record.settling), None)
            if settling is None:
                yield db, chosen
                return
        if time.monotonic() >= give_up:
            raise InputError(
                f"calls of run {settling.id} are still in flight in process {settling.pid} on "
                f"{settling.host}; try again once they have ended, or end that process"
            )
        time.sleep(_LOOK_S)


def _chosen(
    history: History, db: sqlite3.Connection, run_id: str | None, before: float | None
) -> list[RunRecord]:
    chosen = history.all(db) if run_id is None else [history.only(run_id, db)]
    if before is not None:
        return [
            record for record in chosen if record.state != "running" and record.active_at <= before
        ]
    for record in chosen:
        if record.state == "running":
            raise InputError(
                f"run {record.id} is still going on in process {record.pid} on {record.host}; "
                "cancel it first"
            )
    return chosen


def _delete(db: sqlite3.Connection, ids: list[str]) -> int:
    """Delete runs and what only they used; returns the number of answers."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS freed (key TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute("DELETE FROM freed")
    for each in ids:
        db.execute("INSERT OR IGNORE INTO freed SELECT key FROM uses WHERE run = ?", (each,))
        db.execute("DELETE FROM uses WHERE run = ?", (each,))
        db.execute("DELETE FROM runs WHERE id = ?", (each,))
    db.execute("DELETE FROM freed WHERE key IN (SELECT key FROM uses)")
    db.execute("DELETE FROM pieces WHERE key IN (SELECT key FROM freed)")
    return db.execute("DELETE FROM answers WHERE key IN (SELECT key FROM freed)").rowcount


def _delete_strays(db: sqlite3.Connection, before: float) -> int:
    """Delete old answers that belong to no run; returns their number."""
    return db.execute(
        "DELETE FROM answers WHERE stored_at <= ? AND key NOT IN (SELECT key FROM uses)", (before,)
    ).rowcount
