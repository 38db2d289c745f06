"""What one run has of its ledger: what is stored, and what could not be stored.

An answer that was paid for is never lost to the run: where the ledger cannot be written (a full
disk), the answer stays in memory, the run goes on and says so, and each later write tries again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from docsum_nb.errors import LedgerError
from docsum_nb.ledger import Ledger
from docsum_nb.models.validation import recalled
from docsum_nb.records import Answer, Omission
from docsum_nb.run import in_thread

__all__ = ["AnswerCache"]


class AnswerCache:
    """Finds and keeps the answers of one run."""

    def __init__(self, ledger: Ledger, *, run_id: str, warn: Callable[[str], None]) -> None:
        self.place = str(ledger.path)
        self._ledger = ledger
        self._run_id = run_id
        self._warn = warn
        self._waiting: dict[str, Answer] = {}
        """Answers that are not stored yet."""
        self._reason = ""

    async def find(self, keys: Sequence[str]) -> Answer | None:
        """Return the answer of the first key that has one, or ``None``.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        found = await in_thread(self.find_all, keys)
        return next((found[key] for key in keys if key in found), None)

    def find_all(self, keys: Sequence[str]) -> dict[str, Answer]:
        """Return the answers that are there and can be used, by key; blocking.

        Raises:
            LedgerError: if the ledger cannot be read.
        """
        waiting = {key: self._waiting[key] for key in keys if key in self._waiting}
        stored = self._ledger.find(keys, run_id=self._run_id)
        usable = {key: recalled(answer) for key, answer in stored.items()}
        return {key: answer for key, answer in usable.items() if answer is not None} | waiting

    async def note(self, keys: Sequence[str]) -> None:
        """Note that this run uses what is stored under the keys; never fails."""
        with contextlib.suppress(LedgerError):
            await in_thread(self._ledger.find, keys, run_id=self._run_id)

    async def replace(self, key: str, answer: Answer) -> None:
        """Store an answer in place of what is there under its key; never fails."""
        with contextlib.suppress(LedgerError):
            await in_thread(self._ledger.drop, key)
        await self.keep(key, answer)

    async def keep(self, key: str, answer: Answer) -> None:
        """Store an answer, and with it those that could not be stored before; never fails."""
        self._waiting = {key: answer, **self._waiting}
        # This one first: it must not depend on how many others there are.
        for each, kept in list(self._waiting.items()):
            try:
                await in_thread(self._ledger.put, each, kept, run_id=self._run_id)
            except LedgerError as error:
                if not self._reason:
                    self._warn(f"{error}; the run goes on, with its answers in memory")
                self._reason = str(error)
                return
            self._waiting.pop(each, None)

    def unkept(self) -> tuple[Omission, ...]:
        """Return what the ledger lacks, for the result; empty if it lacks nothing."""
        if not self._waiting:
            return ()
        count = len(self._waiting)
        what = "1 answer" if count == 1 else f"{count:,} answers"
        return (Omission(what, f"could not be kept, so a repeated run pays again: {self._reason}"),)
