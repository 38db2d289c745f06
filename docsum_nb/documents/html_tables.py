"""The tables of a page: tables of data are written as Markdown, tables for layout as their text.

Decides which is which: a table that holds headings, other tables or mostly running text only places
text on the page. Cells that span columns or rows leave the others under their headings. What is
hidden in a cell stays apart. Takes linear time and memory, whatever the spans say. Refuses nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from docsum_nb.documents.html_names import Attributes, positive
from docsum_nb.documents.tables import markdown_table

__all__ = ["Block", "Table"]

Block = tuple[str, str, int]
"""The kind of a block (``"text"``, ``"heading"``, ``"code"``, ``"table"``), text and region."""

_WIDEST = 1_000
_LONG_CELL = 300
"""Characters of a cell that is read as text rather than looked up."""
_LONG_SENTENCES = 100
"""Characters of a cell with more than one sentence that is read as text."""
_SENTENCE = re.compile(r"[.!?…。।؟][\"'”’»)\]]*(?:\s|$)|[。！？]")


@dataclass(slots=True)
class _Cell:
    blocks: list[Block]
    columns: int
    rows: int
    head: bool


@dataclass(slots=True)
class Table:
    """A table that is being read."""

    region: int
    presentation: bool = False
    """Whether the page says that the table is for layout."""
    before: list[Block] = field(default_factory=list)
    """What stands in no cell, such as the caption."""
    has_head: bool = False
    _rows: list[list[_Cell | str]] = field(default_factory=list)
    _cell: _Cell | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Start the element ``thead``, ``tr``, ``td`` or ``th``."""
        if name == "thead":
            self.has_head = True
        elif name == "tr":
            self._start_row()
        else:
            columns, rows = (positive(attributes.get(f"{each}span")) for each in ("col", "row"))
            self._start_cell(columns=columns, rows=rows, head=name == "th")

    def _start_row(self) -> None:
        self.end_cell()
        self._rows.append([])

    def _start_cell(self, *, columns: int, rows: int, head: bool) -> None:
        """Start a cell, and a row if there is none."""
        self.end_cell()
        if not self._rows:
            self._rows.append([])
        self.has_head = self.has_head or head
        self._cell = _Cell([], min(columns, _WIDEST), rows, head)

    def end_cell(self) -> None:
        """End the cell that is being read, if there is one."""
        cell, self._cell = self._cell, None
        if cell is None:
            return
        plain = cell.columns == cell.rows == 1 and not cell.head and len(cell.blocks) <= 1
        if plain and not cell.blocks:
            self._rows[-1].append("")
        elif plain and cell.blocks[0][0] == "text" and cell.blocks[0][2] == self.region:
            # Most cells are of this kind; kept as a text they take a fifth of the memory.
            self._rows[-1].append(cell.blocks[0][1])
        else:
            self._rows[-1].append(cell)

    def add(self, block: Block) -> None:
        """Add a block to the cell that is being read."""
        (self.before if self._cell is None else self._cell.blocks).append(block)

    def blocks(self) -> list[Block]:
        """Return the table as blocks: its text if it is for layout, else one table."""
        self.end_cell()
        if self._is_layout():
            return [*self.before, *(each for row in self._rows for each in self._cells(row))]
        apart: list[Block] = []
        lines = [self._line(row, apart) for row in self._spread()]
        table = markdown_table(lines)
        return [*self.before, *([("table", table, self.region)] if table else []), *apart]

    def _cells(self, row: list[_Cell | str]) -> list[Block]:
        return [
            block
            for cell in row
            for block in ([("text", cell, self.region)] if isinstance(cell, str) else cell.blocks)
            if block[1]
        ]

    def _is_layout(self) -> bool:
        if self.presentation:
            return True
        blocks = [block for row in self._rows for block in self._cells(row)]
        if any(map(_places, blocks)):
            return True
        if not self.has_head and all(len(row) <= 1 for row in self._rows):
            return True
        total = sum(len(block[1]) for block in blocks)
        long = sum(
            sum(len(block[1]) for block in cell.blocks) if isinstance(cell, _Cell) else len(cell)
            for row in self._rows
            for cell in row
            if _is_long(cell)
        )
        return 2 * long > total

    def _spread(self) -> list[list[_Cell | str]]:
        """Return the rows with an empty cell wherever one from the left or from above reaches."""
        # Spans are free to write, so what they add is bounded by what is there.
        left = 1_000 + 2 * sum(map(len, self._rows))
        carried: dict[int, int] = {}
        spread: list[list[_Cell | str]] = []
        for row in self._rows:
            line: list[_Cell | str] = []
            below: dict[int, int] = {}
            for cell in row:
                while carried.get(len(line), 0) and left > 0:
                    left -= 1
                    line.append("")
                line.append(cell)
                if isinstance(cell, str):
                    continue
                columns = min(cell.columns, left + 1)
                left -= columns - 1
                if cell.rows > 1:
                    start = len(line) - 1
                    below.update(dict.fromkeys(range(start, start + columns), cell.rows - 1))
                line += [""] * (columns - 1)
            spread.append(line)
            carried = {at: rows - 1 for at, rows in carried.items() if rows > 1} | below
            left -= len(carried)
            if left <= 0:
                carried = {}
        return spread

    def _line(self, row: list[_Cell | str], apart: list[Block]) -> list[str]:
        texts: list[str] = []
        for cell in row:
            if isinstance(cell, str):
                texts.append(cell)
                continue
            apart += [block for block in cell.blocks if block[2] != self.region]
            texts.append(
                " ".join(_on_line(block) for block in cell.blocks if block[2] == self.region)
            )
        return texts


def _places(block: Block) -> bool:
    """Return whether a block stands in no table of data."""
    kind, text, _ = block
    return kind in ("heading", "table") or (kind == "code" and text.count("\n") > 2)


def _on_line(block: Block) -> str:
    kind, text, _ = block
    return f"`{text.split(chr(10))[1]}`" if kind == "code" else text


def _is_long(cell: _Cell | str) -> bool:
    """Return whether a cell is text to be read rather than a value to be looked up."""
    if isinstance(cell, str):
        return len(cell) > _LONG_CELL or (
            len(cell) > _LONG_SENTENCES and len(_SENTENCE.findall(cell)) > 1
        )
    length = sum(len(block[1]) for block in cell.blocks)
    sentences = sum(len(_SENTENCE.findall(block[1])) for block in cell.blocks)
    paragraphs = sum(_SENTENCE.search(block[1]) is not None for block in cell.blocks)
    return not cell.head and (
        length > _LONG_CELL or paragraphs > 1 or (length > _LONG_SENTENCES and sentences > 1)
    )
