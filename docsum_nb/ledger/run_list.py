"""The list of a ledger's runs, as users ask for it and see it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import overload

from docsum_nb.ledger.history import History
from docsum_nb.ledger.run_record import RunRecord
from docsum_nb.ledger.sqlite_file import LedgerFile, default_path
from docsum_nb.paths import user_path
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.json_record import to_json
from docsum_nb.render.table import Table
from docsum_nb.render.tables import runs_table

__all__ = ["Runs", "runs"]


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
    with contextlib.closing(LedgerFile(path, read_only=True)) as file:
        return Runs(History(file).all(), str(path))
