"""Read PowerPoint presentations (.pptx) as Markdown, slide by slide.

Decides what of a slide is its text: its title as a heading, text, tables, charts and diagrams in
the order in which they are read aloud, and the speaker's notes. Hidden slides, comments, dates and
numbers at the edge are left out and counted. Refuses files that are not .pptx.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from docsum_nb.documents.equations import equation
from docsum_nb.documents.markdown import MAX_TEXT, ListItems, escaped, heading, joined
from docsum_nb.documents.numerals import numeral
from docsum_nb.documents.omissions import counted
from docsum_nb.documents.ooxml import Package
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.runs import Paragraph
from docsum_nb.documents.symbols import plain, unescaped
from docsum_nb.documents.tables import MOST_COLUMNS, Cell, Table
from docsum_nb.documents.xml_parts import attribute, children, local, number
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element as Element

    from docsum_nb.documents.ooxml import Relation

__all__ = ["read"]

_PRESENTATION = "ppt/presentation.xml"
_NUMBER = "sldNum"
_EDGE = ("ftr", "dt", _NUMBER, "hdr")
_TITLES = ("title", "ctrTitle")
_BETWEEN = "\n\n"
_MOST_SLIDES = 10_000
_LEFT_OUT = {
    "pictures": "{} picture(s); only the words that describe them are read",
    "hidden": "{} hidden slide(s)",
    "comments": "comments on {} slide(s)",
    "objects": "{} embedded object(s), such as files of other programs",
    "edges": "headers, footers and dates of {} word(s)",
}


def read(path: Path) -> Reading:
    """Read a presentation as Markdown.

    Raises:
        LoadError: The file is encrypted, damaged, not a .pptx file, or holds too much.
        OSError: The file cannot be opened or read.
    """
    with Package(path, kind=".pptx file") as package:
        try:
            return _Reader(package).read()
        except RecursionError as error:
            raise LoadError(str(path), "is nested more deeply than is read") from error


class _Reader:
    """Reads one presentation."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._relations: dict[str, Relation] = {}
        self.left: Counter[str] = Counter()

    def read(self) -> Reading:
        """Return the text of all slides; each is a page."""
        texts: list[str] = []
        starts, size = [], 0
        for text in map(joined, self.slides()):
            texts.append(text)
            starts.append(size)
            size += len(text) + len(_BETWEEN)
            if size > MAX_TEXT:
                raise LoadError(
                    str(self._package.path),
                    f"holds more than {MAX_TEXT // 2**20} million characters; split it",
                )
        omitted = counted(self.left, _LEFT_OUT) + self._package.repetitions()
        return Reading(_BETWEEN.join(texts), tuple(starts), omitted)

    def slides(self) -> Iterator[list[str]]:
        """Yield the blocks of each slide, in the order of the presentation."""
        main = self._package.main(_PRESENTATION)
        relations = self._package.relations(main)
        root = self._package.tree(main)
        read: dict[str, list[str]] = {}
        for listed in children(root, "sldIdLst"):
            for each in list(children(listed, "sldId"))[:_MOST_SLIDES]:
                relation = relations.get(_relation_id(each))
                if relation and not relation.external and relation.target in self._package:
                    if relation.target not in read:
                        read[relation.target] = self._slide(relation.target)
                    yield read[relation.target]

    def _slide(self, part: str) -> list[str]:
        root = self._package.tree(part)
        if root is not None and attribute(root, "show") in ("0", "false"):
            self.left["hidden"] += 1
            return []
        self._relations = self._package.relations(part)
        kinds = [relation.kind for relation in self._relations.values()]
        self.left["comments"] += any(kind.startswith("comment") for kind in kinds)
        blocks = list(self._shapes(root))
        # The title is read first, wherever it stands.
        blocks.sort(key=lambda block: not block.startswith("# "))
        return [*blocks, *self._notes()]

    def _notes(self) -> list[str]:
        found = [each for each in self._relations.values() if each.kind == "notesSlide"]
        blocks: list[str] = []
        for relation in found:
            root = None if relation.external else self._package.tree(relation.target)
            if root is not None:
                self._relations = self._package.relations(relation.target)
                shapes = [shape for shape in root.iter("{*}sp") if _placeholder(shape) == "body"]
                blocks += [block for shape in shapes for block in self._text(shape)]
        return [f"Notes: {blocks[0]}", *blocks[1:]] if blocks else []

    def _shapes(self, root: Element | None) -> Iterator[str]:
        for tree in root.iter("{*}spTree") if root is not None else ():
            yield from self._group(tree)

    def _group(self, parent: Element) -> Iterator[str]:
        for shape in children(parent):
            name = local(shape)
            if name in ("sp", "cxnSp"):
                yield from self._text(shape)
            elif name == "graphicFrame":
                yield from self._frame(shape)
            elif name == "pic":
                self.left["pictures"] += 1
                yield from _described(shape)
            elif name == "AlternateContent":
                yield from self._group(next(children(shape), shape))
            elif name in ("grpSp", "Choice", "Fallback", "contentPart"):
                yield from self._group(shape)

    def _frame(self, frame: Element) -> Iterator[str]:
        """Yield the tables, charts and diagrams of a frame."""
        read = False
        for part in frame.iter("{*}tbl", "{*}chart", "{*}relIds"):
            read = True
            if local(part) == "tbl":
                yield from _table(part)
            else:
                identifier = attribute(part, "id") or attribute(part, "dm") or ""
                if text := self._package.drawn(self._relations.get(identifier)):
                    yield text
        if not read:
            self.left["objects"] += 1
            yield from _described(frame)

    def _text(self, shape: Element) -> list[str]:
        kind = _placeholder(shape)
        bodies = list(children(shape, "txBody"))
        if kind in _EDGE:
            if kind != _NUMBER:
                words = " ".join(text for body in bodies for text in _plain_paragraphs(body))
                self.left["edges"] += len(words.split())
            return []
        if kind in _TITLES:
            words = " ".join(" ".join(_plain_paragraphs(body)) for body in bodies)
            return [heading(1, escaped(words))] if words.strip() else []
        return [block for body in bodies for block in _paragraphs(body, listed=kind == "body")]


def _relation_id(element: Element) -> str:
    """Return the identifier of a relationship, beside which an ``id`` of its own stands."""
    found = [
        str(value)
        for key, value in element.attrib.items()
        if str(key).rpartition("}")[2] == "id" and str(key).startswith("{")
    ]
    return found[0] if found else ""


def _placeholder(shape: Element) -> str:
    """Return the kind of a placeholder; empty for a shape that is none."""
    for properties in shape.iterchildren("{*}nvSpPr"):
        for holder in properties.iter("{*}ph"):
            return attribute(holder, "type") or "body"
    return ""


def _described(shape: Element) -> Iterator[str]:
    for properties in shape.iter("{*}cNvPr"):
        words = " ".join((attribute(properties, "descr") or "")[:1_000].split())
        if words:
            yield f"![{words.replace(']', ')')}]()"
        return


def _plain_paragraphs(body: Element) -> Iterator[str]:
    for paragraph in children(body, "p"):
        if text := _paragraph(paragraph):
            yield text


def _paragraph(element: Element) -> str:
    found = Paragraph()
    for part in children(element):
        _add(found, part)
    return found.text


def _add(found: Paragraph, part: Element) -> None:
    name = local(part)
    if name in ("r", "fld"):
        properties = next(children(part, "rPr"), None)
        shift = number(attribute(properties, "baseline"))
        raised = "superscript" if shift > 0 else "subscript" if shift < 0 else ""
        for text in children(part, "t"):
            words = unescaped(plain(text.text or "")).replace("\x0b", "\n")
            found.pieces.append((words, raised))
    elif name == "br":
        found.pieces.append(("\n", ""))
    elif name in ("oMath", "oMathPara"):
        found.pieces.append((equation(part), ""))
    elif name == "AlternateContent":
        for inner in next(children(part), part):
            _add(found, inner)
    elif name in ("m", "Choice"):
        for inner in children(part):
            _add(found, inner)


def _paragraphs(body: Element, *, listed: bool) -> list[str]:
    """Return the paragraphs of a text; those of lists as items.

    Args:
        body: The text.
        listed: Whether a paragraph is an item unless it says otherwise.
    """
    items = ListItems()
    counts: Counter[int] = Counter()
    blocks: list[str] = []
    several = sum(1 for _ in _plain_paragraphs(body)) > 1
    for paragraph in children(body, "p"):
        text = escaped(_paragraph(paragraph))
        if not text:
            continue
        properties = next(children(paragraph, "pPr"), None)
        level = min(max(number(attribute(properties, "lvl")), 0), 8)
        label = _label(properties, counts, level, listed=listed and several)
        if label:
            blocks.append(items.item(label, level, text))
        else:
            items.end()
            blocks.append(text)
    return blocks


def _label(properties: Element | None, counts: Counter[int], level: int, *, listed: bool) -> str:
    marks = {local(each): each for each in children(properties)}
    numbered = marks.get("buAutoNum")
    for deeper in [each for each in counts if each > level or (each == level and not numbered)]:
        if numbered is None or deeper > level:
            del counts[deeper]
    if numbered is not None:
        counts[level] += 1
        start = number(attribute(numbered, "startAt"), 1)
        return _numbered(start + counts[level] - 1, attribute(numbered, "type") or "")
    if "buNone" in marks:
        return ""
    return "-" if listed or "buChar" in marks or "buBlip" in marks else ""


def _numbered(value: int, kind: str) -> str:
    """Return a number as PowerPoint writes it: ``arabicPeriod``, ``alphaLcParenBoth``, ..."""
    forms = (
        ("alphaLc", "lowerLetter"),
        ("alphaUc", "upperLetter"),
        ("romanLc", "lowerRoman"),
        ("romanUc", "upperRoman"),
    )
    form = next((form for start, form in forms if kind.startswith(start)), "decimal")
    text = numeral(value, form)
    if kind.endswith("ParenBoth"):
        return f"({text})"
    return f"{text})" if kind.endswith("ParenR") else text if kind.endswith("Plain") else f"{text}."


def _table(element: Element) -> list[str]:
    table = Table()
    for row in children(element, "tr"):
        cells = []
        for cell in children(row, "tc"):
            merged = any(attribute(cell, kind) in ("1", "true") for kind in ("hMerge", "vMerge"))
            blocks = [
                escaped(text)
                for body in children(cell, "txBody")
                for text in _plain_paragraphs(body)
            ]
            cells.append(Cell(() if merged else tuple(blocks)))
        table.add(cells[:MOST_COLUMNS])
    return table.markdown()
