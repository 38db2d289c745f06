"""Write the tables of documents as Markdown.

Decides what is a table of data and what is text that a table only lays out. Cells that span several
columns or rows keep the others under their headings. Refuses nothing; what does not fit the width
of a table is cut nowhere, as the table takes the width of its longest row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Cell", "Table", "markdown_table"]

MOST_COLUMNS = 1_000
_FILLED_COLUMNS = 50
_LONG_CELL = 300
"""Characters of a cell that is read as text rather than looked up."""
_SENTENCE = re.compile(r"[.!?。।؟][\"'”’»)\]]*(?:\s|$)")


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    blocks: tuple[str, ...]
    """Its paragraphs, lists and inner tables, in order."""
    columns: int = 1
    """How many columns it spans."""
    nested: bool = False
    """Whether it holds a table."""

    @property
    def text(self) -> str:
        """The whole cell on one line."""
        return " ".join(" ".join(self.blocks).split())

    def is_long(self) -> bool:
        """Return whether it is text to be read rather than a value to be looked up."""
        length = sum(map(len, self.blocks))
        sentences = sum(bool(_SENTENCE.search(block)) for block in self.blocks)
        return length > _LONG_CELL or (sentences > 1 and length > _LONG_CELL / 3)


@dataclass
class Table:
    """A table that grows row by row."""

    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, cells: list[Cell]) -> None:
        """Add a row."""
        self.rows.append(cells)

    def is_layout(self) -> bool:
        """Return whether the table only places text on a page."""
        filled = [cell for row in self.rows for cell in row if cell.text]
        if any(cell.nested for cell in filled):
            return True
        if all(sum(cell.columns for cell in row) <= 1 for row in self.rows):
            return True
        total = sum(len(cell.text) for cell in filled)
        long = sum(len(cell.text) for cell in filled if cell.is_long())
        return 2 * long > total

    def markdown(self) -> list[str]:
        """Return the table as blocks of Markdown: one table, or the text of its cells in order."""
        if self.is_layout():
            return [block for row in self.rows for cell in row for block in cell.blocks]
        lines: list[list[str]] = []
        for row in self.rows:
            line: list[str] = []
            for cell in row:
                line += [cell.text, *[""] * (min(cell.columns, MOST_COLUMNS) - 1)]
            lines.append(line[:MOST_COLUMNS])
        table = markdown_table(lines)
        return [table] if table else []


def markdown_table(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table; the first is the header.

    Args:
        rows: The cells' texts; rows may differ in length.

    Returns:
        The table without empty rows and without empty columns at its end; empty if all are.
    """
    cut = [_without_empty_end(row) for row in rows]
    kept = [row for row in cut if row]
    if not kept:
        return ""
    width = max(map(len, kept))
    # A short row may stay short in Markdown; filling it up must not multiply the table.
    narrow = width <= _FILLED_COLUMNS and width * len(kept) <= 4 * sum(map(len, kept))
    filled = width if narrow else 0
    rule = f"| {' | '.join(['---'] * width)} |"
    lines = [_line(kept[0], width), rule, *(_line(row, filled) for row in kept[1:])]
    return "\n".join(lines)


def _without_empty_end(row: list[str]) -> list[str]:
    last = len(row)
    while last and not row[last - 1].strip():
        last -= 1
    return row[:last]


def _line(row: list[str], width: int) -> str:
    cells = [" ".join(cell.split()).replace("|", "\\|") for cell in row]
    return f"| {' | '.join([*cells, *[''] * (width - len(cells))])} |"
