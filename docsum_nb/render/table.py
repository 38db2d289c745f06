"""Tables: what one is made of, and how it looks in a terminal and in a notebook.

Invariant: every string in a
``Table`` is clean; it is escaped here, for HTML. In a terminal, columns stand below their heads at
up to 120 columns; what is too long for a column stands below its row. A terminal that is narrower
has fewer columns of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress
from typing import Literal, NamedTuple

from docsum_nb.render.highlight import Highlight, joined, plain_line
from docsum_nb.render.one_line import line_end, one_line
from docsum_nb.render.templating import fill
from docsum_nb.render.wrapping import columns_of, wrap

__all__ = [
    "Cell",
    "Column",
    "Fold",
    "Kind",
    "Part",
    "Row",
    "Table",
    "cells",
    "clipped",
    "end_part",
    "folded",
    "more",
    "part",
    "table_html",
    "table_text",
]

_WIDTH = 120
_WRAPPED = 88
_NARROWEST = 12
_MOST_FOLDED = 20

Kind = Literal["", "name", "muted", "quote", "problem", "warning", "note", "good"]


class Part(NamedTuple):
    """A text in a cell."""

    spans: tuple[Highlight, ...]
    kind: Kind = ""
    whole: str = ""
    """The whole text, shown as a tooltip; the cell shows its end."""


Cell = tuple[Part, ...]
"""Texts below one another; in a terminal, after one another."""


def part(text: str, kind: Kind = "", *, max_chars: int = 200) -> Part:
    """Clean a text for a cell."""
    return Part(plain_line(text, max_chars=max_chars), kind)


def end_part(text: str, *, max_chars: int) -> Part:
    """Clean a path for a cell, which shows its end."""
    shown = line_end(text, max_chars=max_chars)
    return Part((Highlight(shown),) if shown else (), whole=one_line(text, max_chars=1000))


def cells(texts: Iterable[str]) -> tuple[Cell, ...]:
    """Return a cell for each text, cleaned."""
    return tuple((part(text),) for text in texts)


class Column(NamedTuple):
    """A column."""

    head: str
    kind: Literal["text", "label", "number"] = "text"
    """Texts are narrowed if the table is too wide; labels and numbers are never shortened."""
    spare: int = 0
    """Whether it is omitted if there is no room for all: the highest first, 0 never."""


@dataclass(frozen=True)
class Row:
    """A row."""

    cells: tuple[Cell, ...]
    below: Cell = ()
    """What is too long for a column, over the whole width."""


@dataclass(frozen=True)
class Fold:
    """Lines that are folded away under their title."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table."""

    label: str
    """Its name for screen readers."""
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    headline: str = ""
    """What stands above."""
    notes: tuple[str, ...] = ()
    """What stands below: how many rows there are besides, or why there are none."""
    folds: tuple[Fold, ...] = ()


def more(hidden: int, what: str) -> tuple[str, ...]:
    """Return the line that counts what is not listed; none if everything is."""
    return (f"… and {hidden:,} {what}",) if hidden > 0 else ()


def folded(
    title: str, entries: Sequence[tuple[str, str]], *, most: int = _MOST_FOLDED
) -> tuple[Fold, ...]:
    """Return names and remarks as a fold, cleaned.

    Args:
        title: The title, which is followed by the number of entries.
        entries: A name and a remark each.
        most: Entries listed at most.

    Returns:
        One fold; none without entries.
    """
    if not entries:
        return ()
    lines = [
        f"{one_line(name) or '(no name)'}: {one_line(remark, max_chars=400)}"
        for name, remark in entries[:most]
    ]
    return (Fold(f"{title} ({len(entries):,})", (*lines, *more(len(entries) - most, "more"))),)


def table_html(table: Table) -> str:
    """Render as an HTML fragment.

    Returns:
        One ``div`` of class ``docsum`` with its own style; complete without JavaScript.
    """
    return fill(__package__, "table.html.j2", table=_without_blanks(table))


def table_text(table: Table, *, width: int = _WIDTH) -> str:
    """Render as plain text.

    Args:
        table: The table.
        width: Columns of the terminal.

    Returns:
        Lines without terminal escapes; no line feed at the end.
    """
    table = _without_blanks(table)
    wrapped = partial(wrap, width=min(width, _WRAPPED))
    lines = [*wrapped(table.headline), *(_row_lines(table, width) if table.rows else ())]
    for note in table.notes:
        lines += wrapped(note)
    for fold in table.folds:
        lines.append(f"{fold.title}:")
        for line in fold.lines:
            lines += wrapped(line, first="- ", indent="  ")
    return "\n".join(lines)


def _without_blanks(table: Table) -> Table:
    """Leave out columns with nothing in any row."""
    filled = [
        any(part.spans for row in table.rows for part in row.cells[at])
        for at in range(len(table.columns))
    ]
    return _with_columns(table, filled)


def _with_columns(table: Table, kept: Sequence[bool]) -> Table:
    return replace(
        table,
        columns=tuple(compress(table.columns, kept)),
        rows=tuple(replace(row, cells=tuple(compress(row.cells, kept))) for row in table.rows),
    )


def _row_lines(table: Table, width: int) -> Iterator[str]:
    heads = [column.head for column in table.columns]
    rows = [[" ".join(joined(each.spans) for each in cell) for cell in r.cells] for r in table.rows]
    widths = _natural_widths([heads, *rows])
    least = [
        min(each, _NARROWEST) if column.kind == "text" else each
        for column, each in zip(table.columns, widths, strict=True)
    ]
    most = max((column.spare for column in table.columns), default=0)
    if most and sum(least) + 2 * (len(least) - 1) > width:
        kept = [column.spare < most for column in table.columns]
        yield from _row_lines(_with_columns(table, kept), width)
        return
    widths = _narrowed(table.columns, widths, width)
    yield _line(table.columns, heads, widths)
    for row, cells in zip(table.rows, rows, strict=True):
        for at, cell in enumerate(row.cells):
            if any(each.whole for each in cell):
                cells[at] = clipped(cells[at], widths[at], line_end)
        yield _line(table.columns, cells, widths)
        for each in row.below:
            text = joined(each.spans)
            text = f"“{text}”" if text and each.kind == "quote" else text
            yield from wrap(text, indent="    ", width=min(width, _WRAPPED))


def _natural_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(columns_of(row[at]) for row in rows) for at in range(len(rows[0]))]


def _narrowed(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """Return the width of each column; the widest texts are narrowed until all fit."""
    widths = list(widths)
    texts = [at for at, column in enumerate(columns) if column.kind == "text"]
    room = width - 2 * (len(columns) - 1)
    while texts and sum(widths) > room:
        widest = max(texts, key=lambda at: widths[at])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = []
    for column, cell, width in zip(columns, cells, widths, strict=True):
        text = clipped(cell, width)
        gap = " " * (width - columns_of(text))
        fitted.append(gap + text if column.kind == "number" else text + gap)
    return "  ".join(fitted).rstrip()


def clipped(text: str, width: int, shortened: Callable[..., str] = one_line) -> str:
    """Shorten a clean line to a number of columns."""
    if columns_of(text) <= width:
        return text
    # Wide characters take two columns: as many characters may still be too long.
    chars = width
    while columns_of(short := shortened(text, max_chars=max(3, chars))) > width and chars > 3:
        chars -= 1
    return short
