"""Read Excel workbooks (.xlsx) as records, sheet by sheet.

Decides what of a sheet is read: values as they are shown, stored results of formulas, merged cells
in every row that they span. Hidden sheets, rows and columns are left out and counted. Memory grows
with the text, not with the size that a sheet claims. Refuses files that are not .xlsx.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from docsum_nb.documents.markdown import MAX_TEXT, escaped, heading
from docsum_nb.documents.number_formats import BUILT_IN, shown
from docsum_nb.documents.omissions import counted, omissions
from docsum_nb.documents.ooxml import Package, drawn_text
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.rows import MOST_COLUMNS, records, report
from docsum_nb.documents.symbols import unescaped
from docsum_nb.documents.xml_parts import attribute, children, events, local, number
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element as Element

    from docsum_nb.documents.ooxml import Relation
    from docsum_nb.records import Omission

__all__ = ["read"]

_WORKBOOK = "xl/workbook.xml"
_MAX_PART = 200 * 1024 * 1024
_MAX_UNPACKED = 512 * 1024 * 1024
"""Sheets are read twice: the merged cells of a sheet stand behind its rows."""
_LONGEST_CELL = 40_000
"""Characters of one cell; Excel keeps 32,767."""
_MOST_SHEETS = 1_000
_MOST_MERGES = 100_000
_HEAD_CODE = re.compile(r"&(?:\"[^\"]{0,100}\"|[0-9]{1,3}|[A-Z])")
"""Stands in a running head for a font, a size, a position, or a number such as that of the page."""
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_LEFT_OUT = {
    "hidden rows": "{} hidden row(s)",
    "hidden columns": "{} hidden column(s)",
    "formulas": "{} formula(s) whose result is not stored; open the file in Excel and save it",
    "unknown texts": "{} cell(s) whose text is not in the file, which is damaged",
    "comments": "comments on {} sheet(s)",
    "pictures": "{} picture(s)",
    "charts": "{} chart(s) or drawing(s)",
    "heads": "running heads and feet of {} word(s)",
}


def read(path: Path) -> Reading:
    """Read a workbook as Markdown.

    Raises:
        LoadError: The file is encrypted, damaged, not an .xlsx file, or holds too much.
        OSError: The file cannot be opened or read.
    """
    with Package(path, kind=".xlsx file", max_unpacked=_MAX_UNPACKED) as package:
        reader = _Reader(package)
        text = "\n\n".join(reader.sheets())
        return Reading(text, (), reader.omissions())


@dataclass
class _Merges:
    """The cells of a sheet that are merged over several rows."""

    tops: dict[tuple[int, int], int] = field(default_factory=dict)
    """By row and column of the first cell: the last row."""
    values: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By column: the last row and the value of the merged cells that are being read."""

    def fill(self, row: int, cells: dict[int, str]) -> None:
        """Add the values that reach into a row, and keep those that begin in it."""
        for column, (last, text) in list(self.values.items()):
            if row > last:
                del self.values[column]
            elif not cells.get(column):
                cells[column] = text
        for column in list(cells):
            last = self.tops.get((row, column), row)
            if last > row and cells[column]:
                self.values[column] = (last, cells[column])


class _Reader:
    """Reads one workbook."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main(_WORKBOOK)
        self._relations = package.relations(self._main)
        self._strings = list(self._shared_strings())
        self._from_1904 = False
        self._formats = self._number_formats()
        self.left: Counter[str] = Counter()
        self.unread: list[str] = []
        self._size = 0
        self._widest = 0
        """The columns of the sheet that is being read."""

    def sheets(self) -> Iterator[str]:
        """Yield the text of each sheet that holds any."""
        root = self._package.tree(self._main)
        for properties in children(root, "workbookPr"):
            self._from_1904 = attribute(properties, "date1904") in ("1", "true")
        listed = [each for sheets in children(root, "sheets") for each in children(sheets, "sheet")]
        hidden: list[str] = []
        for sheet in listed[:_MOST_SHEETS]:
            name = (attribute(sheet, "name") or "")[:100]
            relation = self._relations.get(_relation_id(sheet))
            if relation is None or relation.external or relation.target not in self._package:
                continue
            if attribute(sheet, "state") in ("hidden", "veryHidden"):
                hidden.append(name)
            elif text := self._sheet(relation.target, name):
                yield f"{heading(1, escaped(name))}\n\n{text}" if len(listed) > 1 else text
        if hidden:
            self.unread.append(f"{len(hidden)} hidden sheet(s): {', '.join(hidden)[:300]}")

    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, each with how much."""
        unread = omissions(self.unread)
        return unread + counted(self.left, _LEFT_OUT) + self._package.repetitions()

    def _sheet(self, part: str, name: str) -> str:
        self._widest = 0
        read = records(self._rows(part))
        read = replace(read, unread_columns=max(0, self._widest - MOST_COLUMNS))
        self.unread += report(read, f"sheet {name}: ")
        return "\n\n".join(filter(None, [read.text, *self._drawings(part)]))

    def _check_size(self, more: int) -> None:
        """Check how much text the cells hold: many of them may show the same long one."""
        self._size += more
        if self._size > MAX_TEXT:
            raise LoadError(
                str(self._package.path),
                f"holds more than {MAX_TEXT // 2**20} million characters; split it",
            )

    def _rows(self, part: str) -> Iterator[list[str]]:
        merges = self._merges(part)
        hidden: set[int] = set()
        chunks = self._package.chunks(part, most=_MAX_PART)
        blocks = ("row", "cols", "headerFooter")
        for _, element in events(self._package.path, chunks, blocks=blocks):
            if local(element) == "headerFooter":
                heads = _HEAD_CODE.sub(" ", " ".join(map(str, element.itertext())))
                self.left["heads"] += len(heads.split())
                continue
            if local(element) == "cols":
                hidden = _hidden_columns(element)
                self.left["hidden columns"] += len(hidden)
                continue
            cells = self._cells(element)
            merges.fill(number(attribute(element, "r")), cells)
            if attribute(element, "hidden") in ("1", "true"):
                self.left["hidden rows"] += any(cells.values())
                continue
            shown_cells = {at: text for at, text in cells.items() if at not in hidden and text}
            self._check_size(sum(map(len, cells.values())))
            if shown_cells:
                # The names of columns stay in their places, whatever is hidden.
                last = max(shown_cells)
                self._widest = max(self._widest, last)
                yield [shown_cells.get(at, "") for at in range(1, min(last, MOST_COLUMNS) + 1)]

    def _merges(self, part: str) -> _Merges:
        """Find the merged cells, which stand behind the rows."""
        found = _Merges()
        chunks = self._package.chunks(part, most=_MAX_PART)
        for _, element in events(self._package.path, chunks, blocks=("mergeCell", "row")):
            if local(element) == "mergeCell" and len(found.tops) < _MOST_MERGES:
                first, _, last = (attribute(element, "ref") or "").partition(":")
                top, bottom = _position(first), _position(last)
                if top and bottom and bottom[0] > top[0]:
                    found.tops[top] = bottom[0]
        return found

    def _cells(self, row: Element) -> dict[int, str]:
        """Return the texts of a row's cells by their columns, counted from 1."""
        cells: dict[int, str] = {}
        at = 0
        for cell in children(row, "c"):
            place = _position(attribute(cell, "r") or "")
            at = place[1] if place else at + 1
            cells[at] = self._value(cell)
        return cells

    def _value(self, cell: Element) -> str:
        kind = attribute(cell, "t") or "n"
        if kind == "inlineStr":
            return "".join(_string(inline) for inline in children(cell, "is"))
        stored = next((each.text or "" for each in children(cell, "v")), None)
        if not stored:
            # Programs that do not calculate leave the value of a formula empty.
            self.left["formulas"] += next(children(cell, "f"), None) is not None
            return ""
        if kind == "s":
            at = number(stored, -1)
            known = 0 <= at < len(self._strings)
            self.left["unknown texts"] += not known
            return self._strings[at] if known else ""
        if kind == "b":
            return "TRUE" if stored.strip() == "1" else "FALSE"
        if kind != "n":
            return unescaped(stored)
        style = number(attribute(cell, "s"))
        code = self._formats[style] if style < len(self._formats) else ""
        return shown(stored.strip(), code, from_1904=self._from_1904)

    def _shared_strings(self) -> Iterator[str]:
        for relation in self._related("sharedStrings"):
            chunks = self._package.chunks(relation.target, most=_MAX_PART)
            for _, element in events(self._package.path, chunks, blocks=("si",)):
                yield _string(element)

    def _number_formats(self) -> list[str]:
        """Return the formats of cells by the number of their style."""
        for relation in self._related("styles"):
            root = self._package.tree(relation.target)
            given = {
                number(attribute(each, "numFmtId")): attribute(each, "formatCode") or ""
                for formats in children(root, "numFmts")
                for each in children(formats, "numFmt")
            }
            codes = {**BUILT_IN, **given}
            return [
                codes.get(number(attribute(each, "numFmtId")), "")
                for styles in children(root, "cellXfs")
                for each in children(styles, "xf")
            ]
        return []

    def _related(self, kind: str) -> list[Relation]:
        return [
            each
            for each in self._relations.values()
            if each.kind == kind and not each.external and each.target in self._package
        ]

    def _drawings(self, part: str) -> Iterator[str]:
        """Yield the texts of the boxes that stand on a sheet, and count the other drawings."""
        relations = self._package.relations(part).values()
        self.left["comments"] += any("comment" in each.kind.lower() for each in relations)
        for relation in relations:
            if relation.kind == "drawing" and not relation.external:
                root = self._package.tree(relation.target)
                for shape in (
                    root.iter("{*}sp", "{*}pic", "{*}graphicFrame") if root is not None else ()
                ):
                    if local(shape) == "sp":
                        yield escaped("\n".join(drawn_text(shape)))
                    else:
                        self.left["pictures" if local(shape) == "pic" else "charts"] += 1


def _relation_id(element: Element) -> str:
    return attribute(element, "id") or ""


def _string(element: Element) -> str:
    """Return the text of a string, without the pronunciation that may stand in it."""
    parts = (
        text.text or ""
        for text in element.iter("{*}t")
        if text.getparent() is not None and local(text.getparent()) != "rPh"
    )
    return unescaped("".join(parts)[:_LONGEST_CELL])


def _position(reference: str) -> tuple[int, int] | None:
    """Return the row and column of a cell, counted from 1; ``None`` for what is no cell."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(match[2]), column


def _hidden_columns(element: Element) -> set[int]:
    hidden: set[int] = set()
    for each in children(element, "col"):
        first, last = number(attribute(each, "min")), number(attribute(each, "max"))
        # The columns behind the last that is used are often hidden, all of them.
        if attribute(each, "hidden") in ("1", "true") and last - first < MOST_COLUMNS:
            hidden.update(range(first, last + 1))
    return hidden
