"""Read OpenDocument files (.odt, .ods, .odp) as Markdown.

Decides what is text: headings, paragraphs, lists with their numbers, tables, notes, text boxes; of
sheets the rows as records, of slides the titles as headings. Comments, deleted and hidden text are
left out and counted. Memory grows with the text. Refuses files that are not OpenDocument.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from docsum_nb.documents.markdown import MAX_TEXT, ListItems, escaped, heading, joined
from docsum_nb.documents.odf_styles import OdfStyles
from docsum_nb.documents.odf_text import OdfText
from docsum_nb.documents.omissions import counted, omissions
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.rows import MOST_COLUMNS, MOST_ROWS, records, report
from docsum_nb.documents.tables import Cell, Table
from docsum_nb.documents.xml_parts import (
    MAX_TREE,
    attribute,
    children,
    events,
    local,
    number,
    parse,
)
from docsum_nb.documents.zipped import Container
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element as Element

    from docsum_nb.records import Omission

__all__ = ["read"]

_CONTENT = "content.xml"
_NO_TEXT = ("automatic-styles", "tracked-changes", "forms", "shapes")
_FILLED = ("current-value", "current-state", "current-selected")
"""Attributes of a form field that somebody filled in."""
_MAX_PART = 200 * 1024 * 1024
_MOST_REPEATED = 100
_MOST_COPIED = 2_000_000
"""Characters that copies of cells and rows may add to a document."""
_LEFT_OUT = {
    "pictures": "{} picture(s); only the words that describe them are read",
    "hidden": "hidden text of {} word(s)",
    "deleted": "deleted text of {} word(s), of changes that are tracked",
    "comments": "comments of {} word(s)",
    "heads": "running heads and feet of {} word(s)",
    "objects": "{} embedded object(s), such as charts",
    "rows": "{} hidden row(s)",
    "cells": "{} cell(s) that repeat the one before, or stand beyond 1,000 columns",
    "repeated": "{} row(s) that repeat the one above",
    "fields": "{} form field(s) with their values",
}


def read(path: Path) -> Reading:
    """Read an OpenDocument file as Markdown.

    Raises:
        LoadError: The file is encrypted, damaged, not OpenDocument, or holds too much.
        OSError: The file cannot be opened or read.
    """
    with Container(path, kind="OpenDocument file") as container:
        _check_not_encrypted(path, container)
        try:
            reader = _Reader(path, container)
            return Reading(reader.read(), (), reader.omissions())
        except RecursionError as error:
            raise LoadError(str(path), "is nested more deeply than is read") from error


def _check_not_encrypted(path: Path, container: Container) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in container and b"encryption-data" in container.read(manifest, most=2**24):
        raise LoadError(str(path), "is password-protected; save it without a password")


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, container: Container) -> None:
        self._path = path
        self._container = container
        self._styles = OdfStyles()
        self.left: Counter[str] = Counter()
        if "styles.xml" in container:
            root = parse(path, container.read("styles.xml", most=MAX_TREE))
            self._styles.add(root)
            for part in root.iter("{*}header", "{*}footer"):
                self.left["heads"] += len("".join(map(str, part.itertext())).split())
        self.unread: list[str] = []
        self._text = OdfText(self._styles, left=self.left, formula=self._formula)
        self._items = ListItems()
        self._parent: Element | None = None
        """Of the block before, most of which share one; and whether it is in a hidden section."""
        self._is_hidden = False
        self._size = 0
        self._room = _MOST_COPIED

    def read(self) -> str:
        """Return the text; what was left out is in ``left`` and ``unread`` afterwards."""
        blocks: list[str] = []
        for block in self._blocks():
            self._size += len(block)
            if self._size > MAX_TEXT:
                raise LoadError(
                    str(self._path),
                    f"holds more than {MAX_TEXT // 2**20} million characters; split it",
                )
            blocks.append(block)
        return joined(blocks + self._text.notes())

    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, each with how much."""
        unread = omissions(self.unread)
        return unread + counted(self.left, _LEFT_OUT) + self._container.repetitions()

    def _formula(self, reference: str) -> str:
        """Return an embedded formula as it was typed; empty for other objects."""
        name = f"{reference.removeprefix('./')}/{_CONTENT}"
        if name not in self._container:
            return ""
        root = parse(self._path, self._container.read(name, most=2**20))
        if local(root) != "math":
            return ""
        typed = next(root.iter("{*}annotation"), None)
        if typed is not None and typed.text:
            return " ".join(typed.text.split())
        return " ".join("".join(str(each) for each in root.itertext()).split())

    def _blocks(self) -> Iterator[str]:
        sheet: _Sheet | None = None
        for event, element in events(
            self._path,
            self._container.chunks(_CONTENT, most=_MAX_PART),
            blocks=(
                *("automatic-styles", "tracked-changes", "forms", "h", "p", "list"),
                *("table", "table-row", "page", "shapes"),
            ),
            containers=("table",),
        ):
            name = local(element)
            if event == "open" and name == "table":
                sheet = self._sheet(element)
            elif event == "close" and name == "table" and sheet is not None:
                yield from sheet.text(self)
                sheet = None
            elif event == "block" and name == "table-row" and sheet is not None:
                self._add_row(sheet, element)
            elif event == "block" and sheet is None and self._is_shown(element):
                yield from self._block(element)

    def _is_shown(self, element: Element) -> bool:
        """Check whether a block stands in no section that is hidden, and count it otherwise."""
        if local(element) not in ("h", "p", "list"):
            return True
        parent = element.getparent()
        if parent is not self._parent:
            self._parent = parent
            self._is_hidden = any(
                attribute(above, "is-hidden") == "true" or attribute(above, "display") == "none"
                for above in element.iterancestors("{*}section")
            )
        if self._is_hidden:
            self.left["hidden"] += len(" ".join(map(str, element.itertext())).split())
        return not self._is_hidden

    def _block(self, element: Element) -> list[str]:
        name = local(element)
        if name in _NO_TEXT:
            self._note(element)
        elif name in ("h", "p"):
            self._items.end()
            return self._paragraph(element)
        elif name == "list":
            return self._list(element, "", 0)
        elif name == "page":
            return self._slide(element)
        elif name == "table":
            return self._inner_table(element)
        else:
            return [block for child in children(element) for block in self._block(child)]
        return []

    def _note(self, element: Element) -> None:
        """Note styles, and count what is not read."""
        name = local(element)
        if name == "automatic-styles":
            self._styles.add_automatic(element)
        elif name == "tracked-changes":
            for deletion in element.iter("{*}deletion"):
                self.left["deleted"] += len("".join(map(str, deletion.itertext())).split())
        elif name == "forms":
            for field in element.iterdescendants():
                self.left["fields"] += any(attribute(field, each) for each in _FILLED)

    def _paragraph(self, element: Element) -> list[str]:
        found = self._text.paragraph(element)
        boxes = [
            block for box in found.boxes for child in children(box) for block in self._block(child)
        ]
        text = escaped(found.text)
        level = 0
        if local(element) == "h":
            level = number(attribute(element, "outline-level"), 1)
            label = self._styles.heading_label(level)
            text = f"{label} {text}" if label and text else text
        elif self._styles.is_title(attribute(element, "style-name") or ""):
            level = 1
        if not text:
            return boxes
        return [heading(level, text) if level else text, *boxes]

    def _list(self, element: Element, style: str, level: int) -> list[str]:
        style = attribute(element, "style-name") or style
        if level == 0:
            self._styles.begin_list(style, element)
        blocks: list[str] = []
        for entry in children(element, "list-item", "list-header"):
            labelled = local(entry) == "list-header"
            for child in children(entry):
                if local(child) == "list":
                    blocks += self._list(child, style, min(level + 1, 9))
                elif local(child) in ("p", "h"):
                    blocks += self._item(entry, child, style, level, labelled=labelled)
                    labelled = True
                else:
                    blocks += self._block(child)
        return blocks

    def _item(
        self, entry: Element, element: Element, style: str, level: int, *, labelled: bool
    ) -> list[str]:
        """Return a paragraph of a list; only the first of an item has its number."""
        if local(element) == "h":
            self._items.end()
            return self._paragraph(element)
        found = self._text.paragraph(element)
        boxes = [
            block for box in found.boxes for child in children(box) for block in self._block(child)
        ]
        if not found.text:
            return boxes
        label = "" if labelled else self._styles.label(style, level, entry)
        text = escaped(found.text)
        return [self._items.item(label, level, text) if label else text, *boxes]

    # --- tables ---------------------------------------------------------------------------------

    def _inner_table(self, element: Element) -> list[str]:
        sheet = self._sheet(element)
        for row in element.iterdescendants("{*}table-row"):
            if row.getparent() is element or local(row.getparent()) != "table-cell":
                self._add_row(sheet, row)
        return sheet.text(self)

    def _sheet(self, element: Element) -> _Sheet:
        parent = element.getparent()
        is_sheet = parent is not None and local(parent) == "spreadsheet"
        name = (attribute(element, "name") or "")[:100]
        hidden = self._styles.hides_table(attribute(element, "style-name") or "")
        return _Sheet(name, is_sheet=is_sheet, hidden=hidden and is_sheet)

    def _add_row(self, sheet: _Sheet, row: Element) -> None:
        if attribute(row, "visibility") in ("collapse", "filter"):
            self.left["rows"] += 1
            return
        cells: list[Cell] = []
        for cell in children(row, "table-cell", "covered-table-cell"):
            repeated = max(number(attribute(cell, "number-columns-repeated"), 1), 1)
            covered = local(cell) == "covered-table-cell"
            self._items.end()
            blocks = (
                ()
                if covered
                else tuple(block for child in children(cell) for block in self._block(child))
            )
            self._items.end()
            nested = next(children(cell, "table"), None) is not None
            made = Cell(blocks, 1, nested)
            times = min(repeated, max(0, MOST_COLUMNS - len(cells)))
            if blocks:
                times = self._copies(times, [made])
                self.left["cells"] += repeated - times
            cells += [made] * times
        while cells and not cells[-1].blocks:
            cells.pop()
        if not cells:
            return
        repeated = max(number(attribute(row, "number-rows-repeated"), 1), 1)
        times = self._copies(repeated, cells)
        self.left["repeated"] += repeated - times
        for _ in range(times):
            sheet.add(cells)

    def _copies(self, repeated: int, cells: list[Cell]) -> int:
        """Return how often cells that are repeated are read, within what copies may add."""
        size = sum(1 + sum(map(len, cell.blocks)) for cell in cells)
        times = min(repeated, _MOST_REPEATED, 1 + self._room // size)
        self._room -= max(0, times - 1) * size
        return times

    # --- slides ---------------------------------------------------------------------------------

    def _slide(self, page: Element) -> list[str]:
        titles: list[str] = []
        blocks: list[str] = []
        for child in children(page):
            if local(child) == "notes":
                notes = self._shape(child)
                blocks += [f"Notes: {notes[0]}", *notes[1:]] if notes else []
            elif attribute(child, "class") == "title":
                words = " ".join(" ".join(self._shape(child)).split())
                titles += [heading(1, words)] if words else []
            else:
                blocks += self._shape(child)
        return titles + blocks

    def _shape(self, shape: Element) -> list[str]:
        name = local(shape)
        if name in ("p", "h", "list", "table"):
            return self._block(shape)
        if name == "image":
            self.left["pictures"] += 1
            return []
        kind = attribute(shape, "class")
        if kind in ("date-time", "footer", "page-number", "header"):
            words = " ".join(map(str, shape.itertext())).split()
            self.left["heads"] += 0 if kind == "page-number" else len(words)
            return []
        self._items.end()
        return [block for child in children(shape) for block in self._shape(child)]


class _Sheet:
    """A table, or a sheet of a workbook, that grows row by row."""

    def __init__(self, name: str, *, is_sheet: bool, hidden: bool) -> None:
        self._name = name
        self._is_sheet = is_sheet
        self._hidden = hidden
        self._rows: list[list[str]] = []
        self._table = Table()
        self._cut = 0
        self._size = 0

    def add(self, cells: list[Cell]) -> None:
        """Add a row; beyond the bound it is counted only."""
        if self._is_sheet:
            self._size += sum(len(cell.text) for cell in cells)
            if len(self._rows) > MOST_ROWS or self._size > MAX_TEXT:
                self._cut += 1
            else:
                self._rows.append([cell.text for cell in cells])
        else:
            self._table.add(cells)

    def text(self, reader: _Reader) -> list[str]:
        """Return the blocks, and report to the reader what is not in them."""
        if not self._is_sheet:
            return self._table.markdown()
        if self._hidden:
            reader.unread.append(f"hidden sheet {self._name} of {len(self._rows):,} row(s)")
            return []
        found = records(self._rows)
        if self._cut:
            reader.unread.append(f"sheet {self._name}: {self._cut:,} row(s) of too much text")
        reader.unread += report(found, f"sheet {self._name}: ")
        return [heading(1, escaped(self._name)), found.text] if found.text else []
