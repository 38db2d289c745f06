"""Answers that survive: every answer of a model is stored here before anyone sees it.

The key is a hash of everything that decides the answer: the rendered messages, the model, its
parameters. So a run that is repeated asks only for what is missing, and a changed prompt never
finds a stale answer. Beside them lie pieces: what else a run needs again and could not be had from
elsewhere, or only slowly. Which run used what is noted, so that a run can be forgotten.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from docsum_nb.errors import LedgerError
from docsum_nb.ledger.damage import surviving_damage
from docsum_nb.ledger.keys import stored_json
from docsum_nb.ledger.sqlite_file import LedgerFile
from docsum_nb.records import Answer, Usage

__all__ = ["Ledger"]

_FIND = """
SELECT key, text, model, prompt_tokens, completion_tokens, cost_usd, finish_reason, ended, flaws
FROM answers LEFT JOIN ends USING (key) WHERE key IN
"""
_PUT = "INSERT INTO answers VALUES {} ON CONFLICT (key) DO NOTHING"
_PUT_ENDED = """
INSERT INTO answers VALUES {} ON CONFLICT (key) DO UPDATE SET
    text = excluded.text, model = excluded.model, prompt_tokens = excluded.prompt_tokens,
    completion_tokens = excluded.completion_tokens, cost_usd = excluded.cost_usd,
    finish_reason = excluded.finish_reason, run_id = excluded.run_id,
    stored_at = excluded.stored_at
WHERE key NOT IN (SELECT key FROM ends)
"""
_PUT_ENDS = "INSERT OR IGNORE INTO ends VALUES {}"
_PUT_USES = "INSERT OR IGNORE INTO uses VALUES {}"
_AT_ONCE = 500
"""Keys in one query; SQLite takes at least 999."""
_ROWS = 64
"""Rows in one statement; at most nine values each."""
_DAMAGED = (zlib.error, LedgerError, UnicodeError, TypeError, ValueError)
"""What reading a row raises that is not what was written."""
_FAST = 1
"""Level of compression: the work is waiting."""


class Ledger:
    """The answers kept in one file, which is made if it does not exist.

    Raises:
        LedgerError: if the file cannot be opened and written. It is raised here, by the
            constructor, so that nothing is paid for that could not be kept.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.file = LedgerFile(path)
        self.path = self.file.path

    # --- answers -------------------------------------------------------------------------------

    def get(self, key: str) -> Answer | None:
        """Return the stored answer, marked as cached, or ``None``; raises like ``find``."""
        return self.find([key]).get(key)

    def first(self, keys: Sequence[str], *, run_id: str = "") -> Answer | None:
        """Return the stored answer of the first key that has one, or ``None``; as ``find``."""
        for key in keys:
            if (found := self.find([key], run_id=run_id)) != {}:
                return found[key]
        return None

    def find(self, keys: Sequence[str], *, run_id: str = "") -> dict[str, Answer]:
        """Return the answers that are stored, marked as cached, by key.

        Args:
            keys: Any number.
            run_id: The run that uses them; empty for none. That it cannot be noted is no error.

        Raises:
            LedgerError: if the file cannot be read.
        """
        found = {}
        for key, *row in self._rows(_FIND, keys):
            try:
                found[key] = _answer(tuple(row))
            except _DAMAGED as error:
                self._set_aside("answers", key, error)
        self.note_uses(run_id, found)
        return found

    def put(self, key: str, answer: Answer, *, run_id: str = "") -> None:
        """Store an answer; when this returns, it survives the end of the process.

        The first answer of a key stays, unless an earlier version stored it.

        Raises:
            LedgerError: if it cannot be written, as on a full disk.
        """
        self.put_all([(key, answer)], run_id=run_id)

    @surviving_damage
    def put_all(self, answers: Sequence[tuple[str, Answer]], *, run_id: str = "") -> None:
        """Store answers by key in one transaction, otherwise like ``put``: all of them, or none."""
        keys = {key for key, _ in answers}
        # Of two answers to one key, the second must see the first.
        batches = [answers] if len(keys) == len(answers) else [[each] for each in answers]
        with self.file.writing() as db:
            for some in batches:
                _put(db, some, run_id)
            _use(db, run_id, keys)

    @surviving_damage
    def drop(self, key: str) -> None:
        """Delete an answer that cannot be used any more.

        Raises:
            LedgerError: if the file cannot be written.
        """
        with self.file.writing() as db:
            db.execute("DELETE FROM answers WHERE key = ?", (key,))

    @surviving_damage
    def __len__(self) -> int:
        with self.file.reading() as db:
            (count,) = db.execute("SELECT count(*) FROM answers").fetchone()
        return int(count)

    # --- pieces --------------------------------------------------------------------------------

    def pieces(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the pieces that are stored, by key; raises like ``find``."""
        rows = self._rows("SELECT key, content FROM pieces WHERE key IN", keys)
        found = {}
        for key, content in rows:
            try:
                found[key] = zlib.decompress(content)
            except _DAMAGED as error:
                self._set_aside("pieces", key, error)
        return found

    def _set_aside(self, table: str, key: str, error: Exception) -> None:
        """Delete a row that cannot be read, so that what it held can be stored again; warn."""
        with contextlib.suppress(LedgerError), self.file.writing() as db:
            db.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608  # constants
        warnings.warn(
            f"the ledger {self.path} is damaged: entry {str(key)[:12]} of its {table} cannot be "
            f"read ({type(error).__name__}) and counts as not there; everything else is used",
            RuntimeWarning,
            stacklevel=2,
        )

    @surviving_damage
    def save_pieces(self, pieces: Mapping[str, bytes], *, run_id: str) -> None:
        """Store pieces that a run uses; one that is there already is not written again.

        Raises:
            LedgerError: if they cannot be written.
        """
        there = {key for (key,) in self._rows("SELECT key FROM pieces WHERE key IN", [*pieces])}
        new = [
            (key, zlib.compress(content, _FAST))
            for key, content in pieces.items()
            if key not in there
        ]
        with self.file.writing() as db:
            db.executemany("INSERT OR IGNORE INTO pieces VALUES (?, ?)", new)
            _use(db, run_id, pieces)

    @surviving_damage
    def _rows(self, query: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for some in _batches(keys):
            with self.file.reading() as db:
                rows += db.execute(f"{query} ({', '.join('?' * len(some))})", some)
        return rows

    def note_uses(self, run_id: str, keys: Iterable[str]) -> None:
        """Note what a run uses, so that it stays until the run is forgotten; never fails."""
        if run_id and (used := list(keys)):
            # If it cannot be noted, the worst is that forgetting another run deletes it.
            with contextlib.suppress(LedgerError), self.file.writing() as db:
                _use(db, run_id, used)

    def close(self) -> None:
        """Close the file; further calls fail."""
        self.file.close()

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"


def _answer(row: tuple[Any, ...]) -> Answer:
    text, model, prompt, completion, cost, finish, ended, flaws = row
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogatepass")
    words = (text, model, finish, "" if ended is None else ended)
    counts = (prompt, completion, 0 if cost is None else cost)
    if not all(isinstance(each, str) for each in words):
        raise ValueError("a text is none")
    if not all(isinstance(each, int | float) for each in counts):
        raise ValueError("a number is none")
    usage = Usage(1, prompt, completion, cost)
    flawed = stored_json(flaws or "[]")
    outside, total = flawed.pop() if flawed and isinstance(flawed[-1], list) else (0, 0)
    return Answer(
        *(text, model, usage, finish),
        cached=True,
        ended=ended,
        flaws=tuple(flawed),
        words=(int(outside), int(total)),
    )


def _put(db: sqlite3.Connection, answers: Sequence[tuple[str, Answer]], run_id: str) -> None:
    now = time.time()
    ended = [(key, answer) for key, answer in answers if answer.ended is not None]
    others = [(key, answer) for key, answer in answers if answer.ended is None]
    _insert(db, _PUT_ENDED, [_row(*each, run_id, now) for each in ended])
    _insert(db, _PUT_ENDS, [(key, each.ended, _stored_flaws(each)) for key, each in ended])
    _insert(db, _PUT, [_row(*each, run_id, now) for each in others])


def _row(key: str, answer: Answer, run_id: str, now: float) -> tuple[Any, ...]:
    usage = answer.usage
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.cost_usd)
    text = _storable(answer.text)
    return (key, text, answer.model, *counts, answer.finish_reason, run_id, now)


def _insert(db: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows with few statements: Python may have to wait for other threads at each.

    The numbers of rows are powers of two, so that SQLite finds the statements prepared.
    """
    done = 0
    while done < len(rows):
        count = min(_ROWS, 1 << ((len(rows) - done).bit_length() - 1))
        some = rows[done : done + count]
        marks = f"({', '.join('?' * len(some[0]))})"
        values = list(chain.from_iterable(some))
        db.execute(statement.format(", ".join([marks] * count)), values)
        done += count


def _stored_flaws(answer: Answer) -> str:
    """Return the flaws as JSON; the counts of words, if there are any, are the last of the list."""
    return json.dumps([*answer.flaws, *([answer.words] if any(answer.words) else [])])


def _storable(text: str) -> str | bytes:
    """Return what SQLite can hold: half of a pair of surrogates is no text for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def _use(db: sqlite3.Connection, run_id: str, keys: Iterable[str]) -> None:
    if run_id:
        _insert(db, _PUT_USES, [(run_id, key) for key in sorted(keys)])


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(keys)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
