"""Stores the answers of one run while they land: in batches, by one thread, before they are seen.

An answer is durable when ``write`` returns. While one batch is written, the next one gathers, so a
busy run pays for a transaction, a change of threads and a wake-up once for many answers. The thread
begins with the first answer and ends when none has come for a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger
from docsum_nb.records import Answer

__all__ = ["AnswerWriter"]

_IDLE_S = 1.0
"""Seconds without an answer after which the thread ends."""
_MOST = 512
"""Answers in one transaction."""


@dataclass(frozen=True, eq=False)
class _Pending:
    key: str
    answer: Answer
    written: asyncio.Future[LedgerError | None]
    """Resolved with what prevented the writing, in place of an error that many would raise."""


class AnswerWriter:
    """Writes the answers of one run to a ledger.

    Args:
        ledger: Where they are stored.
        run_id: The run that pays for them.
        stored: Called in the writing thread with the number of answers that have become durable,
            before any of them is seen.
    """

    def __init__(self, ledger: Ledger, run_id: str, stored: Callable[[int], None]) -> None:
        self._ledger = ledger
        self._run_id = run_id
        self._stored = stored
        self._pending: list[_Pending] = []
        self._serving = False
        self._changed = threading.Condition()
        """Held while one of the two above is changed; notified of an answer."""

    async def write(self, key: str, answer: Answer) -> None:
        """Store an answer; it is stored even if the waiter is cancelled meanwhile.

        Raises:
            LedgerError: if it cannot be written, as on a full disk.
        """
        written: asyncio.Future[LedgerError | None] = asyncio.get_running_loop().create_future()
        with self._changed:
            self._pending.append(_Pending(key, answer, written))
            start, self._serving = not self._serving, True
            if not start:
                self._changed.notify()
        if start:
            self._start()
        error = await written
        if error is not None:
            raise error

    def _start(self) -> None:
        try:
            threading.Thread(
                target=self._serve, args=(_IDLE_S,), name="docsum_nb-ledger", daemon=True
            ).start()
        except RuntimeError:
            # From Python 3.12 on, no thread can be started once the process is ending.
            self._serve(0)

    def _serve(self, idle_s: float) -> None:
        while batch := self._next_batch(idle_s):
            errors = self._write(batch)
            for loop in {each.written.get_loop() for each in batch}:
                # The loop may be closed, as the process ends.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(_resolve, batch, errors, loop)

    def _next_batch(self, idle_s: float) -> list[_Pending]:
        """Return what is to be written next; empty if the thread is to end."""
        with self._changed:
            if not self._pending and idle_s:
                self._changed.wait(idle_s)
            batch, self._pending = self._pending[:_MOST], self._pending[_MOST:]
            self._serving = bool(batch)
            return batch

    def _write(self, batch: Sequence[_Pending]) -> list[LedgerError | None]:
        """Write a batch, or those of it that can be written; return the error of each."""
        try:
            self._put(batch)
        except LedgerError as error:
            if len(batch) == 1 or _is_busy(error):
                return [error] * len(batch)
            # What does not fit, or is no text for SQLite, must not cost the others.
            return [error for each in batch for error in self._write([each])]
        return [None] * len(batch)

    def _put(self, batch: Sequence[_Pending]) -> None:
        try:
            self._ledger.put_all([(each.key, each.answer) for each in batch], run_id=self._run_id)
        except LedgerError:
            raise
        except BaseException as error:  # the waiters must not wait for ever
            raise LedgerError(f"an answer could not be written: {error!r}") from error
        self._stored(len(batch))


def _resolve(batch: Sequence[_Pending], errors: Sequence[LedgerError | None], loop: object) -> None:
    for each, error in zip(batch, errors, strict=True):
        if each.written.get_loop() is loop and not each.written.done():
            each.written.set_result(error)


def _is_busy(error: LedgerError) -> bool:
    """Return whether another process holds the file, which was waited for already."""
    cause = error.__cause__
    return isinstance(cause, sqlite3.OperationalError) and "locked" in str(cause)
