"""Tables of PDF pages that are ruled by horizontal lines only, as in papers and invoices.

Decides without PDFium. Lines of one width divide a page into bands. Bands that follow each other
are a table if the words in them stand in columns that no row crosses, all of which but one hold
short cells. So rules above footnotes, below running heads and under words make no table. No word is
added or lost. Takes linear time but for sorting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from docsum_nb.documents.pdf_tables import Columns, Piece, Row, Rule

__all__ = ["Banded", "banded"]

_TOLERANCE = 3.0
_NARROWEST = 60.0
"""Points of a line; shorter ones are under words."""
_DOUBLE = 5.0
"""Points between the lines of a double rule."""
_MOST_COLUMNS = 20
_MOST_HEADER = 3
"""Rows of the first band that are one header."""
_SHORT, _LONGEST, _LONGEST_TEXT = 24, 48, 250
"""Characters of the usual and the longest cell of a column; of the longest in the one of texts."""
_ROW_BY_ROW = 3
"""Bands of a table that has a line below each row."""


@dataclass(frozen=True)
class Banded:
    """A table."""

    start: int
    """The first of the rows of text, and the one behind the last."""
    end: int
    cells: tuple[tuple[str, ...], ...]
    """The rows of the table; the first is the header."""


@dataclass(frozen=True)
class _Band:
    rows: tuple[int, ...]
    height: float
    inside: bool
    """Whether all its words stand between the ends of the lines."""


@dataclass(frozen=True)
class _Placed:
    """A row of text, and the column of each of its pieces."""

    pieces: tuple[Piece, ...]
    columns: tuple[int, ...]


def banded(rows: Sequence[Row], rules: Sequence[Rule]) -> list[Banded]:
    """Return the tables that horizontal lines divide.

    Args:
        rows: Of a part of a page, in order.
        rules: Horizontal lines that no vertical ones cross.
    """
    found: list[Banded] = []
    for same in _of_one_width(rules):
        bands = _bands(rows, same)
        start = 0
        while start < len(bands):
            end, table = _chain(rows, bands, start)
            if table is not None:
                found.append(table)
            start = max(end, start + 1)
    found.sort(key=lambda table: table.start)
    return [
        table for before, table in zip([None, *found], found, strict=False)
        if before is None or before.end <= table.start
    ]  # fmt: skip


def _of_one_width(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Yield the lines that begin and end at the same places, three at least, from the top down."""
    long = [rule for rule in rules if rule.high - rule.low >= _NARROWEST]
    for some in _near(sorted(long, key=lambda rule: rule.low), [rule.low for rule in long]):
        highs = sorted(some, key=lambda rule: rule.high)
        for same in _near(highs, [rule.high for rule in highs]):
            if len(same) > 2:
                yield sorted(same, key=lambda rule: -rule.at)


def _near(rules: list[Rule], places: list[float]) -> Iterator[list[Rule]]:
    places = sorted(places)
    start = 0
    for end in range(1, len(rules) + 1):
        if end == len(rules) or places[end] - places[end - 1] > _TOLERANCE:
            yield rules[start:end]
            start = end


def _bands(rows: Sequence[Row], rules: Sequence[Rule]) -> list[_Band]:
    depths = [-rule.at for rule in rules]
    own: list[list[int]] = [[] for _ in rules]
    for number, row in enumerate(rows):
        place = bisect_left(depths, -row.top)
        if 0 < place < len(rules):
            own[place].append(number)
    low, high = rules[0].low - _TOLERANCE, rules[0].high + _TOLERANCE
    inside = [low <= row.pieces[0].left and row.pieces[-1].right <= high for row in rows]
    return [
        _Band(tuple(numbers), above.at - below.at, all(inside[number] for number in numbers))
        for (above, below), numbers in zip(pairwise(rules), own[1:], strict=True)
    ]  # fmt: skip


def _chain(rows: Sequence[Row], bands: Sequence[_Band], start: int) -> tuple[int, Banded | None]:
    """Return the end of the bands from ``start`` with the same columns, and their table."""
    columns = Columns()
    chain: list[list[int]] = []
    end = start
    for end in range(start, len(bands) + 1):
        if end == len(bands):
            break
        band = bands[end]
        if not band.rows and band.height <= _DOUBLE:
            continue
        follows = not chain or (band.rows and band.rows[0] == chain[-1][-1] + 1)
        if not follows or not _fits(rows, band, columns):
            break
        chain.append(list(band.rows))
    return end, _table(rows, chain, columns) if len(chain) > 1 else None


def _fits(rows: Sequence[Row], band: _Band, columns: Columns) -> bool:
    """Return whether the rows of a band stand in the columns, which grow by them."""
    full = [rows[number] for number in band.rows if len(rows[number].pieces) > 1]
    consecutive = all(after == before + 1 for before, after in pairwise(band.rows))
    if not full or 2 * len(full) < len(band.rows) or not band.inside or not consecutive:
        return False
    for row in full:
        places = columns.places(row.pieces, row.size / 2)
        if places is None or len(columns.spans) > _MOST_COLUMNS:
            return False
        columns.add(row.pieces, places)
    across = [
        number
        for number in band.rows
        if len(rows[number].pieces) == 1 and len(_over(rows[number].pieces[0], columns)) != 1
    ]
    # A heading of some rows may stand across the columns.
    return not across or across == [band.rows[0]]


def _over(piece: Piece, columns: Columns) -> list[int]:
    return [
        number
        for number, (left, right) in enumerate(columns.spans)
        if piece.left < right and left < piece.right
    ]


def _table(rows: Sequence[Row], chain: list[list[int]], columns: Columns) -> Banded | None:
    order = sorted(range(len(columns.spans)), key=lambda number: columns.spans[number])
    ranks = {number: rank for rank, number in enumerate(order)}
    placed: dict[int, _Placed] = {}
    for number in (each for band in chain for each in band):
        pieces = rows[number].pieces
        own = tuple(
            min((ranks[each] for each in _over(piece, columns)), default=0) for piece in pieces
        )
        if list(own) != sorted(set(own)):
            return None
        placed[number] = _Placed(pieces, own)
    joined = _joined_columns([each.columns for each in placed.values()], len(order))
    if max(joined) < 1:
        return None
    table = [
        row
        for at, band in enumerate(chain)
        for row in _rows_of(band, placed, joined, header=at == 0, ruled=len(chain) > _ROW_BY_ROW)
    ]
    cells = tuple(tuple(" ".join(cell.split()) for cell in row) for row in table)
    if len(cells) < 2 or not _is_data(cells):
        return None
    return Banded(chain[0][0], chain[-1][-1] + 1, cells)


def _joined_columns(used: Sequence[tuple[int, ...]], count: int) -> list[int]:
    """Return the column of the table for each column: neighbors that no row has both of are one.

    The header of a column may stand beside its numbers.
    """
    both = {pair for columns in used for pair in pairwise(columns)}
    found = [0]
    for number in range(1, count):
        first = found.index(found[-1])
        apart = any((each, number) in both for each in range(first, number))
        found.append(found[-1] + (apart or number - first > 1))
    return found


def _rows_of(
    band: list[int], placed: dict[int, _Placed], joined: list[int], *, header: bool, ruled: bool
) -> Iterator[list[str]]:
    """Yield the rows of the table in a band; what goes on below a cell is part of it."""
    row: list[str] = []
    one = header and len(band) <= _MOST_HEADER
    for number in band:
        each = placed[number]
        goes_on = len(each.columns) == 1 and (
            ruled or each.columns[0] > 0 or each.pieces[0].text[:1].islower()
        )
        if row and not goes_on and not one:
            yield row
            row = []
        row = row or [""] * (joined[-1] + 1)
        for column, piece in zip(each.columns, each.pieces, strict=True):
            row[joined[column]] += f" {piece.text}"
    yield row


def _is_data(cells: Sequence[Sequence[str]]) -> bool:
    """Return whether all columns but one hold short cells, and half of the cells hold anything."""
    filled = sum(bool(cell) for row in cells for cell in row)
    if 2 * filled < len(cells) * len(cells[0]):
        return False
    texts = 0
    for column in zip(*cells, strict=True):
        lengths = [len(cell) for cell in column if cell]
        if not lengths or max(lengths) > _LONGEST_TEXT:
            return False
        texts += max(lengths) > _LONGEST or median(lengths) > _SHORT
    return texts < min(2, len(cells[0]))
