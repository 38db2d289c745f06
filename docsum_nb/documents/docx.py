"""Read Word documents (.docx) as Markdown.

Decides what of a document is its text: paragraphs, tables, text boxes, notes, equations, charts.
Running heads, comments, deleted and hidden text are left out and counted. Numbers of headings and
lists are those that Word shows. Memory grows with the text, not with the file. Refuses files that
are not .docx, and those that hold more than a real document does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from docsum_nb.documents.docx_styles import Numbering, Styles, is_on, value
from docsum_nb.documents.docx_text import Inline, Notes
from docsum_nb.documents.markdown import MAX_TEXT, ListItems, escaped, heading, joined
from docsum_nb.documents.omissions import counted
from docsum_nb.documents.ooxml import Package
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.runs import Paragraph
from docsum_nb.documents.tables import MOST_COLUMNS, Cell, Table
from docsum_nb.documents.text import decode
from docsum_nb.documents.xml_parts import attribute, children, events, local, number
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element as Element

    from docsum_nb.documents.ooxml import Relation
    from docsum_nb.records import Omission

__all__ = ["read"]

_MAX_PART = 200 * 1024 * 1024
_MAX_CHUNK = 16 * 1024 * 1024
_DOCUMENT = "word/document.xml"
_LEFT_OUT = {
    "pictures": "{} picture(s); only the words that describe them are read",
    "hidden": "hidden text of {} word(s)",
    "deleted": "deleted text of {} word(s), of changes that are tracked",
    "comments": "comments of {} word(s)",
    "heads": "running heads and feet of {} word(s)",
    "unfilled": "{} form field(s) that nobody filled in",
    "symbols": "{} character(s) of symbol fonts that are not known",
    "objects": "{} embedded object(s), such as files of other programs",
    "cells": "{} cell(s) of rows that have more than 1,000",
    "inserted": "{} inserted file(s) that are not read",
}


def read(path: Path) -> Reading:
    """Read a Word document as Markdown.

    Raises:
        LoadError: The file is encrypted, damaged, not a .docx file, or holds too much.
        OSError: The file cannot be opened or read.
    """
    with Package(path, kind=".docx file") as package:
        try:
            reader = _Reader(package)
            return Reading(reader.read(), (), reader.omissions())
        except RecursionError as error:
            raise LoadError(str(path), "is nested more deeply than is read") from error


class _Reader:
    """Reads one document."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main(_DOCUMENT)
        self._relations = package.relations(self._main)
        self._styles = Styles(self._tree("styles"))
        self._numbering = Numbering(self._tree("numbering"), self._styles)
        self._notes = Notes()
        self._lists = ListItems()
        self.left: Counter[str] = Counter()
        self._size = 0
        self._inline = self._inline_of(self._relations)

    def read(self) -> str:
        """Return the text; what was left out is in ``left`` afterwards."""
        blocks = [*self._body(), *self._noted("footnote"), *self._noted("endnote")]
        self._count_the_rest()
        return joined(blocks)

    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, each with how much."""
        return counted(self.left, _LEFT_OUT) + self._package.repetitions()

    def _tree(self, kind: str) -> Element | None:
        found = self._related(kind)
        return self._package.tree(found) if found else None

    def _related(self, kind: str) -> str:
        """Return the name of the part of a kind; empty if there is none."""
        parts = (
            each.target
            for each in self._relations.values()
            if each.kind == kind and not each.external
        )
        return next((part for part in parts if part in self._package), "")

    def _inline_of(self, relations: dict[str, Relation]) -> Inline:
        def drawing(identifier: str) -> str:
            return self._package.drawn(relations.get(identifier))

        return Inline(self._styles, left=self.left, drawing=drawing, notes=self._notes)

    # --- the body -------------------------------------------------------------------------------

    def _body(self) -> Iterator[str]:
        table = Table()
        for event, element in events(
            self._package.path,
            self._package.chunks(self._main, most=_MAX_PART),
            blocks=("p", "tbl", "tr", "oMath", "oMathPara", "altChunk"),
            containers=("tbl",),
        ):
            if event == "open":
                table = Table()
            elif event == "close":
                yield from self._bounded(table.markdown())
            elif local(element) == "tr":
                self._add_row(table, element)
            elif self._is_shown(element):
                yield from self._bounded(self._block(element))

    def _is_shown(self, element: Element) -> bool:
        """Return whether none of the elements around a block of the body takes it out."""
        for above in element.iterancestors():
            name = local(above)
            if name in ("Fallback", "del", "moveFrom"):
                return False
            if name == "sdtContent" and is_on(value(above.getparent(), "sdtPr", "showingPlcHdr")):
                self.left["unfilled"] += 1
                return False
        return True

    def _bounded(self, blocks: list[str]) -> list[str]:
        self._size += sum(map(len, blocks))
        if self._size > MAX_TEXT:
            raise LoadError(
                str(self._package.path),
                f"holds more than {MAX_TEXT // 2**20} million characters; split it",
            )
        return blocks

    def _blocks(self, parent: Element) -> list[str]:
        """Return the blocks in a cell, a text box or a note."""
        return [block for element in children(parent) for block in self._block(element)]

    def _block(self, element: Element) -> list[str]:
        name = local(element)
        if name == "p":
            return self._paragraph(element)
        if name == "tbl":
            self._lists.end()
            table = Table()
            for row in _through(element, "tr"):
                self._add_row(table, row)
            return table.markdown()
        if name in ("oMath", "oMathPara"):
            found = Paragraph()
            self._inline.element(element, found)
            return [found.text] if found.text else []
        if name == "altChunk":
            return self._inserted(attribute(element, "id") or "")
        if name == "AlternateContent":
            return self._blocks(next(children(element), element))
        if name in ("del", "moveFrom") or name.endswith("Pr"):
            return []
        return self._blocks(element)

    def _paragraph(self, element: Element) -> list[str]:
        if not len(element):
            return []
        found = self._inline.paragraph(element)
        shown = found.text
        blocks = [block for block in found.drawn if block]
        for box in found.boxes:
            blocks += self._blocks(box)
        properties = next(children(element, "pPr"), None)
        style_id = value(properties, "pStyle")
        style = self._styles.paragraph(style_id)
        if not shown:
            return blocks
        label, level = self._label(properties, style_id)
        text = escaped(shown)
        outline = value(properties, "outlineLvl")
        depth = style.heading if outline is None else number(outline, 9) + 1
        if 0 < depth <= 9:
            self._lists.end()
            return [heading(depth, f"{'' if label in (None, '-') else label} {text}"), *blocks]
        if not label:
            self._lists.end()
            return [text, *blocks]
        return [self._lists.item(label, level, text), *blocks]

    def _label(self, properties: Element | None, style_id: str | None) -> tuple[str | None, int]:
        """Return what Word shows before a paragraph, and the level of its list."""
        style = self._styles.paragraph(style_id)
        list_id = value(properties, "numPr", "numId")
        level = value(properties, "numPr", "ilvl")
        at = min(max(number(level), 0), 8)
        if list_id is None:
            list_id = style.list_id
            if level is None:
                at = style.list_level or self._numbering.level_of(list_id, style_id or "")
        if list_id in ("", "0"):
            return None, 0
        return self._numbering.label(list_id, at), at

    def _add_row(self, table: Table, row: Element) -> None:
        properties = next(children(row, "trPr"), None)
        if next(children(properties, "del"), None) is not None:
            self.left["deleted"] += len(" ".join(_texts(row)).split())
            return
        before = min(number(value(properties, "gridBefore")), MOST_COLUMNS)
        cells = [Cell(())] * before
        for cell in _through(row, "tc"):
            if len(cells) >= MOST_COLUMNS:
                self.left["cells"] += 1
                continue
            given = next(children(cell, "tcPr"), None)
            self._lists.end()
            blocks = tuple(self._blocks(cell))
            self._lists.end()
            span = min(max(number(value(given, "gridSpan"), 1), 1), MOST_COLUMNS)
            merged = any(value(given, kind) in ("", "continue") for kind in ("vMerge", "hMerge"))
            nested = next(_through(cell, "tbl"), None) is not None
            cells.append(Cell(() if merged else blocks, span, nested))
        table.add(cells)

    # --- other parts ----------------------------------------------------------------------------

    def _inserted(self, identifier: str) -> list[str]:
        """Read a part in another format that Word shows as if it were typed in."""
        relation = self._relations.get(identifier)
        suffix = relation.target.rpartition(".")[2].lower() if relation else ""
        if relation is None or relation.external or relation.target not in self._package:
            return []
        if suffix not in ("html", "htm", "xhtml", "txt"):
            self.left["inserted"] += 1
            return []
        text = decode(self._package.read(relation.target, most=_MAX_CHUNK)) or ""
        if suffix == "txt":
            return [escaped(text)]
        from docsum_nb.documents.html import to_markdown

        return [to_markdown(text)]

    def _noted(self, kind: str) -> Iterator[str]:
        """Yield the notes that the text refers to, each with its mark."""
        part = self._related(f"{kind}s")
        wanted = self._notes.order[kind]
        if not part or not wanted:
            return
        self._inline = self._inline_of(self._package.relations(part))
        found: dict[str, str] = {}
        chunks = self._package.chunks(part, most=_MAX_PART)
        for _, element in events(self._package.path, chunks, blocks=(kind,)):
            identifier = attribute(element, "id") or ""
            if identifier in wanted:
                self._lists.end()
                found[identifier] = " ".join(" ".join(self._blocks(element)).split())
        self._bounded(list(found.values()))
        for identifier in list(wanted):
            if text := found.get(identifier):
                yield f"{self._notes.mark(kind, identifier)}: {text}"

    def _count_the_rest(self) -> None:
        """Count the words of the parts that are not read."""
        kinds = {"comments": "comments", "header": "heads", "footer": "heads"}
        for relation in self._relations.values():
            kind = kinds.get(relation.kind)
            if kind is None or relation.external or relation.target not in self._package:
                continue
            chunks = self._package.chunks(relation.target, most=_MAX_PART)
            for _, element in events(self._package.path, chunks, blocks=("p",)):
                self.left[kind] += len("".join(_texts(element)).split())


def _through(parent: Element, name: str) -> Iterator[Element]:
    """Yield the children of a name, also those in content controls and other wrappers."""
    for child in children(parent):
        found = local(child)
        if found == name:
            yield child
        elif found in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
            yield from _through(child, name)


def _texts(element: Element) -> Iterator[str]:
    return (part.text or "" for part in element.iter("{*}t", "{*}tab"))
