"""Write the rows of sheets and of delimited files as records, each value with its column.

Decides whether the first row names the columns, and how many rows and columns are read. What is
above these bounds is reported, never cut in silence. Takes one row at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from docsum_nb.documents.markdown import MAX_TEXT, escaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Records", "records", "report"]

MOST_ROWS = 100_000
MOST_COLUMNS = 1_000
_LOOKED_AT = 20
"""Rows in which the names of the columns are looked for."""
_LONGEST_NAME = 80
_VALUE = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,:/\s-]*[^\W\d_]{0,3}[%)]?$|\d{4}-\d\d-\d\dT\S*$")


@dataclass(frozen=True)
class Records:
    """The rows of one table."""

    text: str
    """Its title lines, how many rows it has, and a line for each; empty if it is empty."""
    unread_rows: int = 0
    unread_columns: int = 0


@dataclass
class _Table:
    names: list[str] = field(default_factory=list)
    """The names of the columns; empty if there are none."""
    above: list[str] = field(default_factory=list)
    """The lines above the names."""
    rest: list[list[str]] = field(default_factory=list)
    """The rows that were looked at and come after the names."""


def records(rows: Iterable[list[str]]) -> Records:
    """Return rows as records.

    Args:
        rows: The cells of each row as they are shown; rows may differ in length.
    """
    filled = (cells for row in rows if any(cells := [" ".join(cell.split()) for cell in row]))
    start = list(islice(filled, _LOOKED_AT))
    table = _table(start)
    lines: list[str] = []
    size = count = unread = widest = 0
    for row in chain(table.rest, filled):
        count += 1
        widest = max(widest, len(row))
        if count > MOST_ROWS or size > MAX_TEXT:
            unread += 1
            continue
        line = _record(row[:MOST_COLUMNS], table.names)
        size += len(line)
        lines.append(line)
    columns = max(0, widest - MOST_COLUMNS)
    parts = [escaped(line) for line in table.above]
    if lines:
        parts.append(_headline(count, table.names[:MOST_COLUMNS]))
        parts.append("\n".join(lines))
    return Records("\n\n".join(parts), unread, columns)


def _headline(count: int, names: list[str]) -> str:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    named = [name for name in names if name]
    return f"{rows}; columns: {', '.join(map(escaped, named))}" if named else rows


def _record(row: list[str], names: list[str]) -> str:
    values = [
        f"{_name(at, names)}: {value}" if len(row) > 1 or names else value
        for at, value in enumerate(row)
        if value
    ]
    return f"- {escaped('; '.join(values))}"


def _name(at: int, names: list[str]) -> str:
    if at < len(names) and names[at]:
        return names[at]
    letters = ""
    at += 1
    while at:
        at, letter = divmod(at - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"column {letters}"


def _table(start: list[list[str]]) -> _Table:
    """Find the names of the columns in the first rows."""
    width = _usual_width(start)
    for at, row in enumerate(start):
        if _filled(row) < min(2, width):
            continue
        names = row if _are_names(row, width) and at + 1 < len(start) else []
        above = [" ".join(filter(None, line)) for line in start[:at]]
        return _Table(names, above, start[at + bool(names) :])
    return _Table([], [], start)


def _usual_width(rows: list[list[str]]) -> int:
    counts = Counter(_filled(row) for row in rows)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _filled(row: list[str]) -> int:
    return sum(bool(cell) for cell in row)


def _are_names(row: list[str], width: int) -> bool:
    """Return whether a row names columns: short words, none of them twice, hardly any missing."""
    given = [cell for cell in row if cell]
    return (
        2 * len(given) > width
        and len(given) > 1
        and len(set(given)) == len(given)
        and not any(_VALUE.match(cell) or len(cell) > _LONGEST_NAME for cell in given)
    )


def report(read: Records, name: str) -> Iterator[str]:
    """Yield what of a table was not read."""
    if read.unread_rows:
        yield f"{name}{read.unread_rows:,} row(s) beyond the first {MOST_ROWS:,}"
    if read.unread_columns:
        yield f"{name}{read.unread_columns:,} column(s) beyond the first {MOST_COLUMNS:,}"
