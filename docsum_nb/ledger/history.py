"""The runs that a ledger knows: what each was to do, how far it came, what it took.

A run is written down when it begins and when it ends. What a run took that was killed is counted
from the answers it paid for, so nothing has to be written while it works. A run that was resumed
goes on under its own id, and its figures add up.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, overload

from docsum_nb.errors import InputError
from docsum_nb.ledger.answers import Ledger
from docsum_nb.ledger.file import LedgerFile, default_path
from docsum_nb.ledger.process import Process, this_process
from docsum_nb.paths import user_path
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.json_record import to_json
from docsum_nb.render.table import Table
from docsum_nb.render.tables import runs_table

__all__ = ["Figures", "History", "RunRecord", "Runs", "Stretch", "runs"]

State = Literal["running", "done", "failed", "cancelled", "interrupted", "unknown"]

_SILENT_S = 3600.0
"""A run on another machine that stored nothing for so long is taken for dead."""
_COLUMNS = (
    "id, what, model, state, started_at, ended_at, chunks, done, calls, tokens, cost_usd, error, "
    "host, pid, since, born, arguments"
)


@dataclass(frozen=True)
class Figures:
    """How far a run came and what it took."""

    done: int = 0
    """Chunks whose summary is there, from whatever source."""
    calls: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Figures) -> Figures:
        known = self.cost_usd is not None and other.cost_usd is not None
        return Figures(
            max(self.done, other.done),
            self.calls + other.calls,
            self.tokens + other.tokens,
            (self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )


@dataclass(frozen=True)
class Stretch:
    """One stretch of a run, from where it began or went on."""

    run_id: str
    since: float
    before: Figures
    """What it took in the stretches before."""


@dataclass(frozen=True)
class RunRecord:
    """One run of ``summarize``, as the ledger knows it."""

    id: str
    what: str
    """The source, in words."""
    model: str
    state: State
    """``"interrupted"``: its process is gone; ``"unknown"``: recorded by an earlier version."""
    started_at: float
    """In seconds since the epoch."""
    ended_at: float | None
    """``None`` while it goes on, and where it was interrupted."""
    chunks: int
    """Planned."""
    done: int
    """Chunks whose summary is there."""
    calls: int
    """Requests that went out to the model; of an interrupted run, those that were answered."""
    tokens: int
    cost_usd: float | None
    """In US dollars; ``None`` where a price is not known."""
    error: str | None
    """Why it failed or was cancelled."""
    host: str
    pid: int
    question: str | None = None
    """What the summary was to answer."""
    sources: tuple[str, ...] = ()
    """The files, folders and globs among its sources, as absolute paths, in order."""

    @property
    def unfinished(self) -> bool:
        """Whether it ended before its work was complete, and can be resumed."""
        return self.state in ("failed", "cancelled", "interrupted")


class Runs(Tabled, Sequence[RunRecord]):
    """The runs of a ledger, newest first; displays itself as a table."""

    def __init__(self, records: Sequence[RunRecord], place: str) -> None:
        self._records = tuple(records)
        self.place = place
        """The ledger's file."""

    @overload
    def __getitem__(self, index: int) -> RunRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> RunRecord | Runs:
        if isinstance(index, slice):
            return Runs(self._records[index], self.place)
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def _table(self) -> Table:
        return runs_table(self, self.place)

    def __repr__(self) -> str:
        return self.to_text()

    def to_json(self) -> str:
        """Render as JSON: ``place``, and ``runs`` with every field of each."""
        return to_json({"place": self.place, "runs": self._records})


def runs(ledger: str | Path | None = None) -> Runs:
    """List the runs of ``summarize`` that a ledger knows, newest first.

    Args:
        ledger: The file; ``None`` for the one in the user's data folder.

    Returns:
        When each began, what it was of, its state, its chunks, calls and cost. Empty where there is
        no such file.

    Raises:
        LedgerError: if the file is there and cannot be read.
    """
    path = user_path(ledger) if ledger is not None else default_path()
    if not path.exists():
        return Runs((), str(path))
    with contextlib.closing(LedgerFile(path)) as file:
        return Runs(History(file).all(), str(path))


class History:
    """The runs in one ledger's file."""

    def __init__(self, ledger: Ledger | LedgerFile) -> None:
        self._file = ledger.file if isinstance(ledger, Ledger) else ledger

    # --- writing down --------------------------------------------------------------------------

    def begin(
        self, run_id: str, *, what: str, model: str, chunks: int, arguments: dict[str, Any]
    ) -> Stretch:
        """Write down that a run begins, or goes on.

        Raises:
            InputError: if it is still going on in another process.
            LedgerError: if it cannot be written.
        """
        process, now = this_process(), time.time()
        with self._file.writing() as db:
            before = next(self._records(db, "WHERE id = ?", run_id), None)
            if before is not None and before.state == "running" and before.pid != process.pid:
                raise InputError(
                    f"run {run_id} is still going on in process {before.pid} on {before.host}; "
                    "wait for it, or end that process"
                )
            so_far = Figures()
            if before is not None:
                so_far = Figures(0, before.calls, before.tokens, before.cost_usd)
            db.execute(
                "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, 'running', ?, 0, ?, ?,"
                " ?, NULL, ?, ?, ?)",
                (
                    *(run_id, before.what if before else what, model, json.dumps(arguments)),
                    *(before.started_at if before else now, now, chunks),
                    *(so_far.calls, so_far.tokens, so_far.cost_usd),
                    *(process.host, process.pid, process.born),
                ),
            )
        return Stretch(run_id, now, so_far)

    def end(self, stretch: Stretch, *, state: str, figures: Figures, error: str | None) -> None:
        """Write down that a run has ended, unless it was resumed meanwhile.

        Raises:
            LedgerError: if it cannot be written.
        """
        figures = stretch.before + figures
        with self._file.writing() as db:
            db.execute(
                "UPDATE runs SET state = ?, ended_at = ?, done = ?, calls = ?, tokens = ?, "
                "cost_usd = ?, error = ? WHERE id = ? AND since = ?",
                (
                    *(state, time.time(), figures.done, figures.calls, figures.tokens),
                    *(figures.cost_usd, error, stretch.run_id, stretch.since),
                ),
            )

    # --- looking up ----------------------------------------------------------------------------

    def all(self) -> list[RunRecord]:
        """List all runs, newest first.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self._file.reading() as db:
            return list(self._records(db, "ORDER BY started_at DESC, id"))

    def only(self, prefix: str) -> RunRecord:
        """Return the run whose id begins so.

        Raises:
            InputError: if none or several do.
        """
        if not isinstance(prefix, str) or not prefix:
            raise InputError(f"a run's id is a text such as '1f0c', not {prefix!r}")
        found = [record for record in self.all() if record.id.startswith(prefix)]
        exact = [record for record in found if record.id == prefix]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            names = ", ".join(record.id for record in found[:5])
            raise InputError(f"several runs begin with {prefix!r}: {names}; write more of it")
        raise InputError(
            f"no run {prefix!r} in the ledger {self._file.path}; docsum_nb.runs() lists what is"
        )

    def newest_unfinished(self) -> RunRecord:
        """Return the newest run that can be resumed.

        Raises:
            InputError: if there is none.
        """
        for record in self.all():
            if record.unfinished:
                return record
        raise InputError(
            f"no unfinished run in the ledger {self._file.path}; docsum_nb.runs() lists what is"
        )

    def arguments(self, run_id: str) -> dict[str, Any]:
        """Return the arguments with which a run was begun.

        Raises:
            LedgerError: if the file cannot be read.
        """
        with self._file.reading() as db:
            query = "SELECT arguments FROM runs WHERE id = ?"
            row = db.execute(query, (run_id,)).fetchone()
        found: dict[str, Any] = json.loads(row[0]) if row else {}
        return found

    def _records(self, db: sqlite3.Connection, where: str, *values: Any) -> Iterator[RunRecord]:
        query = f"SELECT {_COLUMNS} FROM runs {where}"  # noqa: S608  # constants
        for *told, since, born, arguments in db.execute(query, values).fetchall():
            # Not by SQLite: it could not give back a file's name that is no UTF-8.
            asked = json.loads(arguments)
            places = tuple(_places(asked.get("source"), asked.get("cwd", "")))
            record = RunRecord(*(*told, asked.get("question"), places))
            yield _counted(db, record, since, born) if record.state == "running" else record


def _places(source: Any, cwd: str) -> Iterator[str]:
    """Give the paths of a stored source as they were meant in the folder where it was given."""
    if isinstance(source, str):
        with contextlib.suppress(InputError):
            # A home folder that is not there any more.
            yield os.path.normpath(Path(cwd) / user_path(source))
    elif isinstance(source, list):
        for part in source:
            yield from _places(part, cwd)


def _counted(db: sqlite3.Connection, record: RunRecord, since: float, born: float) -> RunRecord:
    """Complete the record of a run that has no end from the answers that it has."""
    answers, paid, tokens, priced, cost, last = db.execute(
        "SELECT count(*), total(mine), total(mine * (prompt_tokens + completion_tokens)), "
        "total(mine AND cost_usd IS NOT NULL), total(mine * cost_usd), max(stored_at) FROM ("
        " SELECT answers.*, answers.run_id = uses.run AND stored_at >= ? AS mine"
        " FROM uses JOIN answers ON answers.key = uses.key WHERE uses.run = ?)",
        (since, record.id),
    ).fetchone()
    figures = Figures(0, record.calls, record.tokens, record.cost_usd) + Figures(
        0, int(paid), int(tokens), cost if priced == paid else None
    )
    alive = Process(record.host, record.pid, born).alive()
    if alive is None:
        alive = time.time() - max(since, last or 0.0) < _SILENT_S
    return replace(
        record,
        state="running" if alive else "interrupted",
        # The chunks come before the merges, so that all answers are theirs until they are done.
        done=min(record.chunks, answers),
        calls=figures.calls,
        tokens=figures.tokens,
        cost_usd=figures.cost_usd,
    )
