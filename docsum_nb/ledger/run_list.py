"""The list of a ledger's runs, as users ask for it and see it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.ledger.history import History
from docsum_nb.ledger.run_record import RunRecord
from docsum_nb.ledger.sqlite_file import LedgerFile, default_path
from docsum_nb.paths import user_path
from docsum_nb.records.json_form import to_json
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Kind, Row, Table, cells, end_part, more, part
from docsum_nb.results.dataframe import frame_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Runs", "runs"]

_MOST_RUNS = 200
_TYPES: Mapping[str, str] = {
    **{"id": "object", "what": "object", "model": "object", "state": "object"},
    **{"chunks": "int64", "done": "int64", "calls": "int64", "tokens": "int64"},
    **{"cost_usd": "float64", "error": "object", "question": "object", "sources": "object"},
}
_STATES: Mapping[str, Kind] = {"done": "good", "failed": "problem", "interrupted": "warning"}


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
        return _table(self, self.place)

    def __repr__(self) -> str:
        return self._printed()

    def to_frame(self) -> DataFrame:
        """Return a table to work on.

        Returns:
            A pandas DataFrame with a row for each run, newest first. Times are in UTC, ``NaT`` if
            there is none; costs are in US dollars, ``NaN`` if a price is not known.

        Raises:
            InputError: If pandas is not installed.
        """
        times = {"started_at": "datetime64[ns, UTC]", "ended_at": "datetime64[ns, UTC]"}
        names = {**_TYPES, **times}
        rows = [{name: _value_of(run, name) for name in names} for run in self._records]
        return frame_of(rows, names)

    def to_json(self) -> str:
        """Return JSON: ``place``, and ``runs`` with every field of each."""
        return to_json({"place": self.place, "runs": self._records})


def _value_of(run: RunRecord, name: str) -> Any:
    value = getattr(run, name)
    if name.endswith("_at") and value is not None:
        return datetime.fromtimestamp(value, UTC)
    return value


@explains_arguments
def runs(ledger: str | Path | None = None) -> Runs:
    """Return the runs of ``summarize`` that a ledger knows, newest first.

    Args:
        ledger: The file; ``None`` for the one in the user's data folder.

    Returns:
        When each began, what it was of, its state, its chunks, calls and cost. Empty if there is no
        such file.

    Raises:
        LedgerError: if the file is there and cannot be read.
    """
    path = user_path(ledger) if ledger is not None else default_path()
    if not path.exists():
        return Runs((), str(path))
    with contextlib.closing(LedgerFile(path, read_only=True)) as file:
        return Runs(History(file).all(), str(path))


def _table(records: Sequence[RunRecord], place: str) -> Table:
    """Lay out the runs of a ledger.

    Args:
        records: In the order in which they are shown.
        place: Where they come from.
    """
    return Table(
        "Runs",
        (
            *(Column("id", "label"), Column("began", "label", spare=3), Column("what")),
            *(Column("model", spare=4), Column("state", "label")),
            *(Column("chunks", "number", spare=2), Column("calls", "number", spare=5)),
            Column("cost", "number", spare=1),
        ),
        tuple(map(_run, records[:_MOST_RUNS])),
        notes=more(len(records) - _MOST_RUNS, "older ones")
        if records
        else (f"no runs in {one_line(place)}",),
    )


def _run(record: RunRecord) -> Row:
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started_at))
    numbers = (
        f"{record.done:,}/{record.chunks:,}" if record.chunks else "",
        f"{record.calls:,}",
        cost_text(record.cost_usd),
    )
    below = (
        part(f"Question: {record.question}" if record.question else "", "muted", max_chars=200),
        part(record.error or "", "muted", max_chars=400),
    )
    what = part(record.what, max_chars=60)
    if record.sources:
        what = end_part(", ".join(record.sources), max_chars=60)
    return Row(
        (
            *cells([record.id, began]),
            (what,),
            (part(record.model, max_chars=40),),
            (part(record.state, _STATES.get(record.state, "")),),
            *cells(numbers),
        ),
        below=tuple(each for each in below if each.spans),
    )
