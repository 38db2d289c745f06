"""Tables of PDF pages, found by ruling lines or by words that stand below each other.

Decides without PDFium. A ruled table is a grid of lines that cross; a table without lines is at
least three rows of short cells that line up with wide gaps between them. Text in columns is no
table. What is not certain stays as it was; no word is added, lost or moved between tables and text.
Takes linear time but for sorting, within bounds.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

__all__ = ["Columns", "Grid", "Piece", "Row", "Rule", "aligned", "grids", "uncrossed"]

_TOLERANCE = 3.0
"""Points by which lines may miss each other."""
_MOST_RULES = 400
"""Of a page and direction, after lines that continue each other are one."""
_MOST_COLUMNS = 40
_MOST_CELLS = 20_000
_FEWEST_ROWS = 3
_SHORT = 20
"""Characters of the usual cell of a table without lines."""
_LONGEST = 45
_FURTHEST = 3.0
"""The distance of rows of a table without lines, as a multiple of the letters' height."""
_MARKER = re.compile(r"[(\[]?(?:\w{1,3}|[ivxlc]{1,7})[.)\]]|[^\w\s]{1,2}")


@dataclass(frozen=True)
class Rule:
    """A horizontal or vertical line, in points."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Grid:
    """A ruled table."""

    xs: tuple[float, ...]
    """From left to right."""
    ys: tuple[float, ...]
    """From the lower edge up."""
    first: tuple[tuple[int, int], ...]
    """For each cell, row by row from the top, the row and column at which what it is merged with
    begins."""

    def holds(self, x: float, y: float) -> bool:
        """Return whether a point is within the table."""
        inside_x = self.xs[0] - _TOLERANCE <= x <= self.xs[-1] + _TOLERANCE
        return inside_x and self.ys[0] - _TOLERANCE <= y <= self.ys[-1] + _TOLERANCE

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return the row and column of the cell that holds a point of the table."""
        columns, rows = len(self.xs) - 1, len(self.ys) - 1
        column = min(max(bisect_right(self.xs, x) - 1, 0), columns - 1)
        row = min(max(rows - bisect_right(self.ys, y), 0), rows - 1)
        return self.first[row * columns + column]


def grids(across: Sequence[Rule], down: Sequence[Rule]) -> list[Grid]:
    """Return the ruled tables of a page.

    Args:
        across: Horizontal lines.
        down: Vertical lines.
    """
    rows, columns = _merged(across), _merged(down)
    if max(len(rows), len(columns)) > _MOST_RULES:
        return []
    return [grid for own in _connected(rows, columns) if (grid := _grid(*own)) is not None]


def uncrossed(across: Sequence[Rule], down: Sequence[Rule]) -> list[Rule]:
    """Return the horizontal lines that no vertical line crosses or touches; none of too many."""
    rows, columns = _merged(across), _merged(down)
    if max(len(rows), len(columns)) > _MOST_RULES:
        return []
    return [own[0] for own, crossing in _connected(rows, columns) if own and not crossing]


def _merged(rules: Sequence[Rule]) -> list[Rule]:
    """Return the lines, those that continue or double each other as one."""
    found: list[Rule] = []
    ordered = sorted(rules, key=lambda rule: rule.at)
    start = 0
    for end in range(1, len(ordered) + 1):
        if end < len(ordered) and ordered[end].at - ordered[start].at <= _TOLERANCE:
            continue
        same = sorted(ordered[start:end], key=lambda rule: rule.low)
        at = sum(rule.at for rule in same) / len(same)
        low, high = same[0].low, same[0].high
        for rule in same[1:]:
            if rule.low > high + _TOLERANCE:
                found.append(Rule(at, low, high))
                low = rule.low
            high = max(high, rule.high)
        found.append(Rule(at, low, high))
        start = end
    return found


def _connected(
    rows: Sequence[Rule], columns: Sequence[Rule]
) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Yield the lines that cross or touch, directly or by others."""
    parents = list(range(len(rows) + len(columns)))
    heights = [rule.at for rule in rows]
    for number, rule in enumerate(columns, start=len(rows)):
        first = bisect_left(heights, rule.low - _TOLERANCE)
        for other in range(first, bisect_right(heights, rule.high + _TOLERANCE)):
            if rows[other].low - _TOLERANCE <= rule.at <= rows[other].high + _TOLERANCE:
                parents[_root(parents, other)] = _root(parents, number)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for number, rule in enumerate([*rows, *columns]):
        group = groups.setdefault(_root(parents, number), ([], []))
        group[number >= len(rows)].append(rule)
    yield from groups.values()


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _grid(rows: Sequence[Rule], columns: Sequence[Rule]) -> Grid | None:
    """Return the grid of lines that cross, with two rows and two columns at least."""
    if len(rows) < 2 or not columns:
        return None
    # A table may be open at its sides.
    xs = _distinct([*(r.at for r in columns), min(r.low for r in rows), max(r.high for r in rows)])
    ys = _distinct(
        [*(r.at for r in rows), min(r.low for r in columns), max(r.high for r in columns)]
    )
    wide, high = len(xs) - 1, len(ys) - 1
    if wide < 2 or high < 2 or wide > _MOST_COLUMNS or wide * high > _MOST_CELLS:
        return None
    parents = list(range(wide * high))
    _merge(parents, xs, ys, _by_place(columns, xs), _by_place(rows, ys))
    first = tuple(divmod(_root(parents, number), wide) for number in range(wide * high))
    return Grid(tuple(xs), tuple(ys), first) if _is_whole(first, wide) else None


def _distinct(values: Sequence[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _TOLERANCE:
            found.append(value)
    return found


def _by_place(rules: Sequence[Rule], places: Sequence[float]) -> list[list[Rule]]:
    """Return for each place of the grid the lines at it."""
    found: list[list[Rule]] = [[] for _ in places]
    for rule in rules:
        found[max(bisect_right(places, rule.at + 0.01) - 1, 0)].append(rule)
    return found


def _merge(
    parents: list[int],
    xs: Sequence[float],
    ys: Sequence[float],
    columns: Sequence[Sequence[Rule]],
    rows: Sequence[Sequence[Rule]],
) -> None:
    """Merge the cells that no line divides; the first of each stays its root."""
    wide, high = len(xs) - 1, len(ys) - 1
    for row in range(high):
        y = (ys[high - row] + ys[high - row - 1]) / 2
        for column in range(wide):
            number = row * wide + column
            if column + 1 < wide and not _covers(columns[column + 1], y):
                _join(parents, number, number + 1)
            x = (xs[column] + xs[column + 1]) / 2
            if row + 1 < high and not _covers(rows[high - row - 1], x):
                _join(parents, number, number + wide)


def _join(parents: list[int], one: int, other: int) -> None:
    low, high = sorted((_root(parents, one), _root(parents, other)))
    parents[high] = low


def _covers(rules: Sequence[Rule], at: float) -> bool:
    return any(rule.low <= at <= rule.high for rule in rules)


def _is_whole(first: Sequence[tuple[int, int]], wide: int) -> bool:
    """Return whether all merged cells are rectangles, and two columns and rows are left."""
    boxes: dict[tuple[int, int], list[int]] = {}
    for number, own in enumerate(first):
        row, column = divmod(number, wide)
        box = boxes.setdefault(own, [row, column, 0, column])
        box[0], box[1] = max(box[0], row), max(box[1], column)
        box[2] += 1
        box[3] = min(box[3], column)
    for (row, _), (last_row, last_column, count, left) in boxes.items():
        if count != (last_row - row + 1) * (last_column - left + 1):
            return False
    return len({row for row, _ in boxes}) > 1 and len({column for _, column in boxes}) > 1


@dataclass(frozen=True)
class Piece:
    """Words of a row with no wide gap between them, and where they stand, in points."""

    text: str
    left: float
    right: float


@dataclass(frozen=True)
class Row:
    """What stands at one height."""

    pieces: tuple[Piece, ...]
    top: float
    size: float
    """Height of its letters."""


@dataclass
class Columns:
    """Columns of rows that belong together; they grow by each row."""

    spans: list[tuple[float, float]] = field(default_factory=list)

    def places(self, pieces: Sequence[Piece], gap: float) -> list[int] | None:
        """Return the column of each piece, -1 for a new one; ``None`` if they do not fit."""
        found: list[int] = []
        for piece in pieces:
            over = [
                number
                for number, (left, right) in enumerate(self.spans)
                if piece.left < right + gap and left < piece.right + gap
            ]
            if len(over) > 1 or (over and over[0] in found):
                return None
            found.append(over[0] if over else -1)
        return found

    def add(self, pieces: Sequence[Piece], places: Sequence[int]) -> None:
        """Add a row, whose pieces have the columns that ``places`` returned."""
        for piece, place in zip(pieces, places, strict=True):
            if place < 0:
                self.spans.append((piece.left, piece.right))
            else:
                left, right = self.spans[place]
                self.spans[place] = min(left, piece.left), max(right, piece.right)


def aligned(rows: Sequence[Row]) -> list[tuple[int, int, list[list[int]]]]:
    """Return the tables without ruling lines.

    Args:
        rows: Of a page or a part of it, in order.

    Returns:
        For each table its first row, the row after its last one, and for each of its rows the
        index of the piece in each column, -1 if there is none.
    """
    found: list[tuple[int, int, list[list[int]]]] = []
    start = 0
    while start < len(rows):
        end, columns = _run(rows, start)
        if end - start >= _FEWEST_ROWS and (table := _table(rows[start:end], columns)):
            found.append((start, end, table))
        start = max(end, start + 1)
    return found


def _run(rows: Sequence[Row], start: int) -> tuple[int, Columns]:
    """Return the end of the rows from ``start`` whose pieces fit into columns."""
    columns = Columns()
    for end in range(start, len(rows)):
        row = rows[end]
        near = end == start or 0 < rows[end - 1].top - row.top <= _FURTHEST * row.size
        if len(row.pieces) < 2 or not near or len(columns.spans) > _MOST_COLUMNS:
            return end, columns
        places = columns.places(row.pieces, row.size / 2)
        if places is None:
            return end, columns
        columns.add(row.pieces, places)
    return len(rows), columns


def _table(rows: Sequence[Row], columns: Columns) -> list[list[int]]:
    """Return the index of the piece in each column of each row; empty if it is no table."""
    order = sorted(columns.spans)
    lefts = [left for left, _ in order]
    table: list[list[int]] = []
    for row in rows:
        places = [-1] * len(order)
        for number, piece in enumerate(row.pieces):
            places[bisect_right(lefts, piece.left) - 1] = number
        # Pieces that do not stand from left to right would be moved.
        if [number for number in places if number >= 0] != list(range(len(row.pieces))):
            return []
        table.append(places)
    filled = sum(len(row.pieces) for row in rows)
    if len(order) < 2 or 3 * filled < 2 * len(order) * len(rows):
        return []
    cells = [
        [row.pieces[places[column]] for row, places in zip(rows, table, strict=True)
         if places[column] >= 0]
        for column in range(len(order))
    ]  # fmt: skip
    return table if all(map(_is_column, cells)) and not _is_list(cells[0]) else []


def _is_column(cells: Sequence[Piece]) -> bool:
    """Return whether cells are short, are no running text, and line up."""
    lengths = [len(cell.text) for cell in cells]
    if len(cells) < 2 or max(lengths) > _LONGEST or median(lengths) > _SHORT:
        return False
    going_on = sum(
        before.text[-1:].isalpha() and after.text[:1].islower() and " " in before.text
        for before, after in pairwise(cells)
    )
    if 4 * going_on > len(cells):
        return False
    return any(
        3 * sum(abs(edge - middle) <= _TOLERANCE for edge in edges) >= 2 * len(edges)
        for edges in (
            [cell.left for cell in cells],
            [cell.right for cell in cells],
            [(cell.left + cell.right) / 2 for cell in cells],
        )
        for middle in [median(edges)]
    )


def _is_list(cells: Sequence[Piece]) -> bool:
    return all(_MARKER.fullmatch(cell.text.strip()) for cell in cells)
