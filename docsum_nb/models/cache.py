"""The answers a run need not pay for: stored in its ledger, or in flight for another caller.

A paid answer is never lost to the run: if the ledger cannot be written (a full disk), the answer
stays in memory, the run goes on with a warning, and each later write tries again. A key that was
looked up and not found is not looked up again until another run has stored an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from dataclasses import dataclass

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger
from docsum_nb.models.answer_writer import AnswerWriter
from docsum_nb.models.validation import recalled
from docsum_nb.records import Answer, Omission
from docsum_nb.run import in_thread

__all__ = ["AnswerCache", "SharedAnswer", "asked_once"]

_in_flight: dict[Hashable, asyncio.Future[Answer | None]] = {}
"""The questions that are being asked, over all runs of the process."""
_stored_here: Counter[str] = Counter()
"""By ledger file, the number of answers that all runs of this process have stored."""
_lock = threading.Lock()
"""Held while the counts and the absent keys of a cache are changed, in worker threads."""


@dataclass
class SharedAnswer:
    """The answer to a question that several callers may ask at the same time."""

    answer: Answer | None = None
    """Another caller's; if it is None, this caller asks and sets it."""


@contextlib.asynccontextmanager
async def asked_once(question: Hashable) -> AsyncIterator[SharedAnswer]:
    """Ask a question, or wait for the answer if another caller is asking it now.

    The caller that finds no answer in what this yields is the one to ask. If it fails or is
    cancelled, the next caller asks. A stopped run may have the question in flight when it is
    started again.
    """
    loop = asyncio.get_running_loop()
    key = (loop, question)
    while (asking := _in_flight.get(key)) is not None:
        await asyncio.wait([asking])
        if (answer := asking.result()) is not None:
            yield SharedAnswer(answer)
            return
    finished = _in_flight[key] = loop.create_future()
    shared = SharedAnswer()
    try:
        yield shared
    finally:
        del _in_flight[key]
        finished.set_result(shared.answer)


class AnswerCache:
    """The stored answers of one run; without a ledger, nothing is found and nothing is stored.

    Args:
        ledger: Where answers are stored; ``None`` to store none.
        run_id: The run.
        warn: Called with a warning when the ledger cannot be written.
    """

    def __init__(self, ledger: Ledger | None, *, run_id: str, warn: Callable[[str], None]) -> None:
        self.path = str(ledger.path) if ledger is not None else ""
        self._ledger = ledger
        self._run_id = run_id
        self._warn = warn
        self._writer = None if ledger is None else AnswerWriter(ledger, run_id, self._note_stored)
        self._unstored: dict[str, Answer] = {}
        """Answers that are not stored yet."""
        self._failed: dict[str, Answer] = {}
        """Those of them that could not be stored; tried again after the next one that can."""
        self._retrying = False
        """Whether a caller of ``keep`` is trying these."""
        self._reason = ""
        self._stored = 0
        """The number of answers that this run has stored."""
        self._absent: set[str] = set()
        """Keys that the ledger did not have at ``_absent_at``."""
        self._absent_at = self._version()

    @property
    def stores(self) -> bool:
        """Whether there is a ledger."""
        return self._ledger is not None

    async def find(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the usable answers that are stored, by key.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        if self._absent_at == self._version() and all(map(self._is_absent, keys)):
            return {}
        return await in_thread(self.look_up, keys)

    def look_up(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the usable answers that are stored, by key; blocking, as ``find``."""
        if self._ledger is None:
            return {}
        self._ledger.file.refresh_version()
        stored_before, version = self._stored, self._version()
        unstored = {key: self._unstored[key] for key in keys if key in self._unstored}
        stored = self._ledger.find(keys, run_id=self._run_id)
        usable = {key: recalled(answer) for key, answer in stored.items()}
        found = {key: answer for key, answer in usable.items() if answer is not None} | unstored
        with _lock:
            if self._absent_at != version:
                self._absent, self._absent_at = set(), version
            # An answer that was stored meanwhile may be one of these.
            if stored_before == self._stored:
                self._absent.update(key for key in keys if key not in found)
        return found

    async def note(self, keys: Sequence[str]) -> None:
        """Note that this run uses what is stored under the keys; never fails."""
        if self._ledger is not None:
            with contextlib.suppress(LedgerError):
                await in_thread(self._ledger.find, keys, run_id=self._run_id)

    async def replace(self, key: str, answer: Answer) -> None:
        """Replace the answer under a key; never fails."""
        if self._ledger is not None:
            with contextlib.suppress(LedgerError):
                await in_thread(self._ledger.drop, key)
        await self.keep(key, answer)

    async def keep(self, key: str, answer: Answer) -> None:
        """Store an answer, and with it those that could not be stored before; never fails."""
        if self._writer is None:
            return
        with _lock:
            self._absent.discard(key)
        self._unstored[key] = answer
        if await self._write(key, answer) and self._failed and not self._retrying:
            self._retrying = True
            try:
                for each, kept in list(self._failed.items()):
                    if not await self._write(each, kept):
                        break
            finally:
                self._retrying = False

    async def _write(self, key: str, answer: Answer) -> bool:
        """Store an answer; return whether that was possible."""
        assert self._writer is not None
        try:
            await self._writer.write(key, answer)
        except LedgerError as error:
            if not self._reason:
                self._warn(f"{error}; the run was not stopped, and kept its answers in memory")
            self._reason = str(error)
            self._failed[key] = answer
            return False
        with _lock:
            self._absent.discard(key)
        self._unstored.pop(key, None)
        self._failed.pop(key, None)
        return True

    def omissions(self) -> tuple[Omission, ...]:
        """Return what could not be stored, for the result; empty if everything was."""
        if not self._failed:
            return ()
        count = len(self._failed)
        what = "1 answer" if count == 1 else f"{count:,} answers"
        return (Omission(what, f"could not be kept, so a repeated run pays again: {self._reason}"),)

    def _is_absent(self, key: str) -> bool:
        return key in self._absent and key not in self._unstored

    def _note_stored(self, count: int) -> None:
        """Count answers that have been stored; called by the writer's thread."""
        with _lock:
            self._stored += count
            _stored_here[self.path] += count

    def _version(self) -> tuple[int, int]:
        """Return what changes when another run, in this process or another, stores an answer."""
        if self._ledger is None:
            return 0, 0
        return _stored_here[self.path] - self._stored, self._ledger.file.version
