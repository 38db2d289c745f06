"""The runs that a ledger knows: what each was to do, how far it came, what it took.

A run is recorded when it begins, when its outcome is known, and when nothing of it is in flight any
more. What it took until then is counted from the answers it paid for, so nothing has to be
written while it works, and a kill at any moment leaves a true record. A run that was resumed keeps
its id, and its figures add up.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from docsum_nb.errors import InputError, LedgerError
from docsum_nb.ledger.answers import Ledger
from docsum_nb.ledger.damage import surviving_damage
from docsum_nb.ledger.keys import stored_json
from docsum_nb.ledger.run_record import Attempt, RunRecord, Totals
from docsum_nb.ledger.sqlite_file import LedgerFile
from docsum_nb.paths import user_path

__all__ = ["History"]

_SILENT_S = 3600.0
"""Seconds; a run on another machine that stored nothing for longer is taken for dead."""
_SAME_S = 2.0
"""Seconds by which two reports of a process's start may differ, as clocks are set."""
_HOW = {"on_error", "max_concurrency", "max_cost", "max_calls", "max_tokens", "cwd"}
"""Arguments of a run that do not decide what is asked."""
_COLUMNS = (
    "id, what, model, state, started_at, ended_at, chunks, done, calls, tokens, cost_usd, error, "
    "host, pid, since, born, arguments"
)


class History:
    """The runs in one ledger's file."""

    def __init__(self, ledger: Ledger | LedgerFile) -> None:
        self.file: LedgerFile = ledger.file if isinstance(ledger, Ledger) else ledger

    # --- recording -----------------------------------------------------------------------------

    @surviving_damage
    def begin(
        self,
        run_id: str,
        *,
        what: str,
        model: str,
        chunks: int,
        arguments: dict[str, Any],
        joins: Attempt | None = None,
    ) -> Attempt:
        """Record that a run begins, or is resumed.

        Args:
            run_id: The run.
            what: Its source, in words.
            model: The model's name.
            chunks: How many it has.
            arguments: What resuming it takes.
            joins: An attempt in this process that has calls in flight; the new one replaces it,
                and accounts for both.

        Raises:
            InputError: if it is still going on in another process.
            LedgerError: if it cannot be written.
        """
        process, now = _this_process(), time.time()
        with self.file.writing() as db:
            before = next(self._records(db, "WHERE id = ?", run_id), None)
            if before is not None:
                _refuse_elsewhere(before, process)
            so_far = Totals()
            if before is not None and joins is not None:
                now, so_far = joins.since, joins.before
            elif before is not None:
                so_far = Totals(0, before.calls, before.tokens, before.cost_usd)
            db.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, 'running', ?, 0, ?, ?,"
                " ?, NULL, ?, ?, ?)",
                (
                    *(run_id, before.what if before else _utf8(what), model),
                    json.dumps(arguments),
                    *(before.started_at if before else now, now, chunks),
                    *(so_far.calls, so_far.tokens, so_far.cost_usd),
                    *(process.host, process.pid, process.born),
                ),
            )
        return Attempt(run_id, now, so_far)

    @surviving_damage
    def note_chunks(self, attempt: Attempt, chunks: int) -> None:
        """Record how many chunks a run has, if that was not known when it began.

        Raises:
            LedgerError: if it cannot be written.
        """
        with self.file.writing() as db:
            db.execute(
                "UPDATE runs SET chunks = ? WHERE id = ? AND since = ?",
                (chunks, attempt.run_id, attempt.since),
            )

    @surviving_damage
    def stop(self, attempt: Attempt, *, state: str, error: str | None) -> None:
        """Record the outcome of a run that has calls in flight.

        Raises:
            LedgerError: if it cannot be written.
        """
        with self.file.writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, error = ? WHERE id = ? AND since = ?",
                (state, _utf8(error), attempt.run_id, attempt.since),
            )

    @surviving_damage
    def end(self, attempt: Attempt, *, state: str, totals: Totals, error: str | None) -> None:
        """Record that a run has ended and has no calls in flight.

        Raises:
            LedgerError: if it cannot be written.
        """
        totals = attempt.before + totals
        with self.file.writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, ended_at = ?, done = ?, calls = ?, tokens = ?, "
                "cost_usd = ?, error = ? WHERE id = ? AND since = ?",
                (
                    *(state, time.time(), totals.done, totals.calls, totals.tokens),
                    *(totals.cost_usd, _utf8(error), attempt.run_id, attempt.since),
                ),
            )

    # --- looking up ----------------------------------------------------------------------------

    @surviving_damage
    def all(self, db: sqlite3.Connection | None = None) -> list[RunRecord]:
        """Return all runs, newest first.

        Args:
            db: The transaction to look in; ``None`` for none.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with contextlib.nullcontext(db) if db else self.file.reading() as reader:
            found = list(self._records(reader, "ORDER BY started_at DESC, id"))
            if any(record.state == "interrupted" for record in found):
                # It may have ended, and its process with it, after its row was read.
                found = list(self._records(reader, "ORDER BY started_at DESC, id"))
        return found

    def only(self, prefix: str, db: sqlite3.Connection | None = None) -> RunRecord:
        """Return the run whose id begins with ``prefix``; ``db`` as for ``all``.

        Raises:
            InputError: if none or several do.
        """
        if not isinstance(prefix, str) or not prefix:
            raise InputError(f"a run's id is a text such as '1f0c', not {prefix!r}")
        found = [record for record in self.all(db) if record.id.startswith(prefix)]
        exact = [record for record in found if record.id == prefix]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            names = ", ".join(record.id for record in found[:5])
            raise InputError(f"several runs begin with {prefix!r}: {names}; write more of it")
        raise InputError(
            f"no run {prefix!r} in the ledger {self.file.path}; docsum_nb.runs() lists all; "
            "only runs of summarize are kept; what one of a crew has finished is in its run.partial"
        )

    def newest_unfinished(self) -> RunRecord:
        """Return the newest run that can be resumed.

        One whose work another run has finished since, as after a repeated call, is skipped.

        Raises:
            InputError: if there is none.
        """
        finished: list[tuple[dict[str, Any], float]] = []
        for record in self.all():
            if record.state != "done" and not record.unfinished:
                continue
            try:
                work = _work_in(self.arguments(record.id))
            except (LedgerError, TypeError):
                # Its arguments are damaged, which ``all`` has warned of.
                continue
            if record.state == "done":
                finished.append((work, record.ended_at or 0.0))
            else:
                if not any(work == its and record.active_at <= at for its, at in finished):
                    return record
        raise InputError(
            f"no unfinished run in the ledger {self.file.path}: all are done, or none was "
            "started; docsum_nb.runs() lists all"
        )

    @surviving_damage
    def arguments(self, run_id: str) -> dict[str, Any]:
        """Return the arguments of a run.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self.file.reading() as db:
            query = "SELECT arguments FROM runs WHERE id = ?"
            row = db.execute(query, (run_id,)).fetchone()
        found = stored_json(row[0]) if row else {}
        if not isinstance(found, dict):
            raise LedgerError(f"the ledger is damaged: the arguments of run {run_id} are none")
        return found

    def _records(self, db: sqlite3.Connection, where: str, *values: Any) -> Iterator[RunRecord]:
        query = f"SELECT {_COLUMNS} FROM runs {where}"  # noqa: S608  # constants
        for *row, since, born, arguments in db.execute(query, values).fetchall():
            if not _is_sound((*row, since, born)):
                self._warn(f"the row of run {str(row[0])[:40]!r}")
                continue
            # Not by SQLite: it could not give back a file's name that is no UTF-8.
            asked = self._asked(row[0], arguments)
            paths = tuple(_paths(asked.get("source"), asked.get("cwd", "")))
            record = RunRecord(*row)
            record = replace(
                record,
                question=asked.get("question"),
                sources=paths,
                active_at=record.ended_at or since,
            )
            yield _counted(db, record, since, born) if record.ended_at is None else record

    def _asked(self, run_id: str, arguments: Any) -> dict[str, Any]:
        try:
            asked = stored_json(arguments)
            if isinstance(asked, dict) and isinstance(asked.get("cwd", ""), str):
                return asked
        except (LedgerError, TypeError):
            pass
        self._warn(f"what run {run_id} was asked")
        return {}

    def _warn(self, what: str) -> None:
        warnings.warn(
            f"the ledger {self.file.path} is damaged: {what} cannot be read; everything else is "
            "used",
            RuntimeWarning,
            stacklevel=2,
        )


def _is_sound(row: tuple[Any, ...]) -> bool:
    """Return whether the values of a run's row are of the types that were written."""
    number, text = (int, float), (str,)
    missing = type(None)
    kinds: list[tuple[type, ...]] = [
        *(text, text, text, text, number, (*number, missing), (int,), (int,), (int,), (int,)),
        *((*number, missing), (*text, missing), text, (int,), number, number),
    ]
    return all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True))


def _work_in(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return those arguments of a run that decide what is asked, without how it is done."""
    work = {name: value for name, value in arguments.items() if name not in _HOW}
    work["source"] = _resolved(arguments.get("source"), arguments.get("cwd", ""))
    for name in ("model", "vision"):
        if isinstance(model := arguments.get(name), dict):
            work[name] = model.get("name")
    # An earlier version did not store it.
    work.setdefault("vision", None)
    return work


def _resolved(source: Any, cwd: str) -> Any:
    """Return a stored source with its paths as absolute ones."""
    if isinstance(source, str):
        return next(_paths(source, cwd), source)
    return [_resolved(part, cwd) for part in source] if isinstance(source, list) else source


def _paths(source: Any, cwd: str) -> Iterator[str]:
    """Return the paths of a stored source, relative ones taken from the folder it was given in."""
    if isinstance(source, str):
        with contextlib.suppress(InputError):
            # A home folder that is not there any more.
            yield os.path.normpath(Path(cwd) / user_path(source))
    elif isinstance(source, list):
        for part in source:
            yield from _paths(part, cwd)


def _refuse_elsewhere(record: RunRecord, process: _Process) -> None:
    if (record.host, record.pid) == (process.host, process.pid):
        return
    where = f"in process {record.pid} on {record.host}"
    if record.state == "running":
        raise InputError(
            f"run {record.id} is still going on {where}; wait for it, or end that process"
        )
    if record.settling:
        raise InputError(
            f"calls of run {record.id} are still in flight {where}; try again in a few seconds"
        )


def _counted(db: sqlite3.Connection, record: RunRecord, since: float, born: float) -> RunRecord:
    """Complete the record of a run that has no end from the answers that it has."""
    answers, paid, tokens, priced, cost, last = db.execute(
        "SELECT count(*), total(mine), total(mine * (prompt_tokens + completion_tokens)), "
        "total(mine AND cost_usd IS NOT NULL), total(mine * cost_usd), max(stored_at) FROM ("
        " SELECT answers.*, answers.run_id = uses.run AND stored_at >= ? AS mine"
        " FROM uses JOIN answers ON answers.key = uses.key WHERE uses.run = ?)",
        (since, record.id),
    ).fetchone()
    totals = Totals(0, record.calls, record.tokens, record.cost_usd) + Totals(
        0, int(paid), int(tokens), cost if priced == paid else None
    )
    active_at = max(since, last or 0.0)
    alive = _Process(record.host, record.pid, born).alive()
    if alive is None:
        alive = time.time() - active_at < _SILENT_S
    running = record.state == "running"
    return replace(
        record,
        state="interrupted" if running and not alive else record.state,
        settling=alive and not running,
        # The chunks come before the merges, so that all answers are theirs until they are done.
        done=min(record.chunks, answers),
        calls=totals.calls,
        tokens=totals.tokens,
        cost_usd=totals.cost_usd,
        active_at=active_at,
    )


def _utf8(text: str | None) -> str | None:
    """Make storable what may hold a file's name, which need not be UTF-8."""
    return text and text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True)
class _Process:
    """One process of one machine.

    A process id alone is not enough: it is used again, and means nothing on another machine.
    """

    host: str
    pid: int
    born: float
    """When it began, in seconds since the epoch."""

    def alive(self) -> bool | None:
        """Return whether it is still running; ``None`` if that cannot be known on this machine."""
        if self.host != platform.node():
            return None
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return bool(abs(process.create_time() - self.born) <= _SAME_S)
        except psutil.AccessDenied:
            return True
        except psutil.Error:
            return False


def _this_process() -> _Process:
    """Return the current process."""
    return _Process(platform.node(), os.getpid(), psutil.Process().create_time())
