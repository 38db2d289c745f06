"""The tables of a PDF page as Markdown.

Decides which lines of a page are those of a table: all of it must stand within the table, and
follow each other. Else, and if a table only lays out text, the lines stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from docsum_nb.documents.pdf_bands import banded
from docsum_nb.documents.pdf_lines import Line, Whole, joined
from docsum_nb.documents.pdf_rules import rules
from docsum_nb.documents.pdf_tables import Grid, Piece, Row, Rule, aligned, grids, uncrossed
from docsum_nb.documents.tables import Cell, Table, markdown_table

__all__ = ["Source", "Span", "with_tables"]

_MOST_TABLES = 50
_FIXED_PITCH = 1
_FIXED_NAMES = (b"mono", b"courier", b"consol", b"typewr", b"cmtt", b"sftt", b"menlo")
_LONGEST_NAME = 200
_LONGEST_ROW = 300
_DIVISION = "\ufffe"


@dataclass(frozen=True)
class Span:
    """A line, and where it is in PDFium's text of the page."""

    line: Line
    start: int
    end: int
    x: float
    """Of its first character, in points as the page counts them, like the other three."""
    y: float
    last_x: float
    last_y: float


@dataclass(frozen=True)
class _Cut:
    """Characters of one cell."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """PDFium's text of a page."""

    raw: Any
    text: str
    shown: Callable[[int, int], str]
    """Returns the text of characters as it is read."""

    def box(self, index: int) -> tuple[float, float, float, float]:
        """Return the left, right, lower and upper edge of a character."""
        import pypdfium2.raw as pdfium

        box = pdfium.FS_RECTF()
        pdfium.FPDFText_GetLooseCharBox(self.raw, index, box)
        return box.left, box.right, min(box.bottom, box.top), max(box.bottom, box.top)

    def is_fixed(self, index: int) -> bool:
        """Return whether all letters of a character's font have the same width, as in code."""
        import ctypes

        import pypdfium2.raw as pdfium

        flags = ctypes.c_int()
        name = ctypes.create_string_buffer(_LONGEST_NAME)
        pdfium.FPDFText_GetFontInfo(self.raw, index, name, _LONGEST_NAME, flags)
        lower = name.value.lower()
        return bool(flags.value & _FIXED_PITCH) or any(part in lower for part in _FIXED_NAMES)


def with_tables(
    page: Any, source: Source, spans: Sequence[Span], taken: Sequence[tuple[float, float]]
) -> list[Line]:
    """Return the lines of a page, those of a table with it.

    Args:
        page: PDFium's.
        source: The page's text.
        spans: The lines, in order.
        taken: Points at which values of forms stand; they are no part of a table.
    """
    if page.get_rotation():
        return [span.line for span in spans]
    lines = [span.line for span in spans]
    free = [True] * len(spans)
    across, down = rules(page)
    for grid in grids(across, down)[:_MOST_TABLES]:
        found = None if any(grid.holds(*each) for each in taken) else _ruled(source, spans, grid)
        if found is not None and all(free[found[0] : found[1]]):
            first, end, text = found
            free[first:end] = [False] * (end - first)
            lines[first:end] = _marked(lines[first:end], text)
    if alone := uncrossed(across, down):
        for start, stop in _free(free):
            for first, end, text in _between_rules(source, spans[start:stop], alone, taken):
                free[start + first : start + end] = [False] * (end - first)
                own = lines[start + first : start + end]
                lines[start + first : start + end] = _marked(own, text)
    for start, stop in _free(free):
        lines[start:stop] = _with_aligned(source, spans[start:stop], taken)
    return lines


def _free(free: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the stretches of lines that are in no table."""
    found = []
    for is_free, each in groupby(range(len(free)), key=free.__getitem__):
        own = list(each)
        if is_free:
            found.append((own[0], own[-1] + 1))
    return found


def _between_rules(
    source: Source,
    spans: Sequence[Span],
    across: Sequence[Rule],
    taken: Sequence[tuple[float, float]],
) -> Iterator[tuple[int, int, str]]:
    """Yield the tables with horizontal lines only: first line, the one after the last, the text."""
    groups = list(_rows(source, spans))
    firsts = [0]
    for _, own in groups:
        firsts.append(firsts[-1] + len(own))
    for table in banded([row for row, _ in groups], across):
        first, last = groups[table.start][0], groups[table.end - 1][0]
        top, bottom = first.top + first.size, last.top - last.size
        layout = Table([[Cell((text,)) for text in row] for row in table.cells])
        if any(bottom <= y <= top for _, y in taken) or layout.is_layout():
            continue
        yield firsts[table.start], firsts[table.end], markdown_table([*map(list, table.cells)])


def _marked(lines: Sequence[Line], text: str) -> list[Line]:
    table = Whole(text, len(lines))
    return [replace(line, table=table) for line in lines]


def _ruled(source: Source, spans: Sequence[Span], grid: Grid) -> tuple[int, int, str] | None:
    """Return the first line of a table, the one after its last, and the table."""
    inside = [
        number
        for number, span in enumerate(spans)
        if grid.holds(span.x, span.y) or grid.holds(span.last_x, span.last_y)
    ]
    if not inside or inside[-1] - inside[0] + 1 != len(inside):
        return None
    own = spans[inside[0] : inside[-1] + 1]
    cells: dict[tuple[int, int], list[Line]] = {}
    for span in own:
        cuts = _cuts(source, span, grid)
        if cuts is None:
            return None
        for cell, cut in cuts:
            text = source.shown(cut.start, cut.end).strip()
            cells.setdefault(cell, []).append(Line(text, 0, 0.0, 0.0, 0.0))
    rows = [
        [_one(cells.get((row, column), ())) for column in range(len(grid.xs) - 1)]
        for row in range(len(grid.ys) - 1)
    ]
    if len({row for row, _ in cells}) < 2 or len({column for _, column in cells}) < 2:
        return None
    layout = Table([[Cell((text,)) for text in row] for row in rows])
    if layout.is_layout():
        return None
    return inside[0], inside[-1] + 1, markdown_table(rows)


def _one(lines: Sequence[Line]) -> str:
    return " ".join(joined(lines).split())


def _cuts(source: Source, span: Span, grid: Grid) -> list[tuple[tuple[int, int], _Cut]] | None:
    """Return the parts of a line by cell; ``None`` if something stands outside of the table."""
    found: list[tuple[tuple[int, int], _Cut]] = []
    for index in range(span.start, span.end):
        if source.text[index].isspace():
            continue
        left, right, low, high = source.box(index)
        cell = found[-1][0] if found else None
        if source.text[index] != _DIVISION or cell is None:
            x, y = (left + right) / 2, (low + high) / 2
            if not grid.holds(x, y):
                return None
            cell = grid.cell(x, y)
        if found and found[-1][0] == cell:
            found[-1] = cell, _Cut(found[-1][1].start, index + 1)
        else:
            found.append((cell, _Cut(index, index + 1)))
    return found


def _with_aligned(
    source: Source, spans: Sequence[Span], taken: Sequence[tuple[float, float]]
) -> Iterator[Line]:
    """Yield the lines, those of tables without ruling lines marked."""
    groups = list(_rows(source, spans))
    at = 0
    for start, end, table in aligned([row for row, _ in groups]):
        for _, own in groups[at:start]:
            yield from (span.line for span in own)
        at = end
        own = [span for _, each in groups[start:end] for span in each]
        top, bottom = own[0].y + groups[start][0].size, own[-1].y - groups[end - 1][0].size
        if any(bottom <= y <= top for _, y in taken):
            yield from (span.line for span in own)
            continue
        rows = [
            [row.pieces[place].text if place >= 0 else "" for place in places]
            for (row, _), places in zip(groups[start:end], table, strict=True)
        ]
        yield from _marked([span.line for span in own], markdown_table(rows))
    for _, own in groups[at:]:
        yield from (span.line for span in own)


def _rows(source: Source, spans: Sequence[Span]) -> Iterator[tuple[Row, list[Span]]]:
    """Yield what stands at one height, and the lines that it is of."""
    group: list[Span] = []
    for span in spans:
        beside = group and abs(group[-1].last_y - span.y) <= 2 and span.x > group[-1].last_x
        if group and not beside:
            yield _row(source, group), group
            group = []
        group.append(span)
    if group:
        yield _row(source, group), group


def _row(source: Source, group: list[Span]) -> Row:
    left, _, low, high = source.box(group[0].start)
    size = high - low
    text = "".join(source.text[span.start : span.end] for span in group)
    plain = len(text) > _LONGEST_ROW or _DIVISION in text or abs(group[0].y - group[0].last_y) > 2
    if plain or size <= 0 or source.is_fixed(group[0].start):
        return Row((Piece(text, left, left),), group[0].y, max(size, 1.0))
    pieces = [piece for span in group for piece in _pieces(source, span, size)]
    return Row(tuple(pieces), group[0].y, size)


def _pieces(source: Source, span: Span, size: float) -> Iterator[Piece]:
    """Yield the parts of a line between wide gaps."""
    start = span.start
    left, right = source.box(start)[:2]
    index = start + 1
    while index < span.end:
        if source.text[index].isspace():
            before = index - 1
            while source.text[index].isspace():
                index += 1
            right, after = source.box(before)[1], source.box(index)[0]
            if after - right > size:
                yield Piece(source.shown(start, before + 1).strip(), left, right)
                start, left = index, after
        index += 1
    yield Piece(source.shown(start, span.end).strip(), left, source.box(span.end - 1)[1])
