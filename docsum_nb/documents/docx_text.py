"""The text of a paragraph of a Word document, as Word shows it.

Decides which runs are shown: results of fields but not their instructions, insertions but not
deletions, no hidden text. What is not shown is counted. Equations become linear text, raised
numbers keep a mark, notes leave a mark like ``[^1]``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from docsum_nb.documents.docx_styles import Styles, is_on, value
from docsum_nb.documents.equations import equation
from docsum_nb.documents.runs import Paragraph
from docsum_nb.documents.symbols import UNKNOWN, plain, symbol
from docsum_nb.documents.xml_parts import attribute, children, local, number

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

__all__ = ["Inline", "Notes"]

_LONGEST_ALT = 1_000
_SKIPPED = frozenset(
    (
        *("pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr", "tcPr", "trPr", "smartTagPr", "customXmlPr"),
        *("instrText", "delInstrText", "fldData", "footnoteRef", "endnoteRef", "annotationRef"),
        *("separator", "continuationSeparator", "sectPr", "proofErr", "commentReference"),
        *("bookmarkStart", "bookmarkEnd", "rubyPr", "Fallback"),
    )
)
_SHOWN = tuple(f"{{*}}{name}" for name in ("t", "txbxContent", "oMath", "chart", "relIds", "pic"))


class Inline:
    """Reads the paragraphs of one part in their order, as fields may span several of them."""

    def __init__(
        self, styles: Styles, *, left: Counter[str], drawing: Callable[[str], str], notes: Notes
    ) -> None:
        """Read a part.

        Args:
            styles: The styles of the document.
            left: Counts the words that are not read, by their kind.
            drawing: Returns the text of a chart or diagram by the identifier of its part.
            notes: Numbers the notes.
        """
        self._styles = styles
        self._left = left
        self._drawing = drawing
        self._notes = notes
        self._fields: list[str] = []
        """For each open field, ``"instruction"`` or ``"result"``."""

    def paragraph(self, element: Element) -> Paragraph:
        """Read a paragraph."""
        found = Paragraph()
        style = self._styles.paragraph(value(element, "pPr", "pStyle"))
        self._inside(element, found, hidden=style.hidden)
        # A field whose result never begins would hide the rest of the document.
        self._fields = [state for state in self._fields if state == "result"]
        return found

    def _inside(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        for child in children(element):
            self.element(child, found, hidden=hidden)

    def element(self, element: Element, found: Paragraph, *, hidden: bool = False) -> None:
        """Read a part of a paragraph."""
        name = local(element)
        if name in _SKIPPED:
            return
        if name in ("del", "moveFrom"):
            self._left["deleted"] += _words(element)
        elif name == "r":
            self._run(element, found, hidden=hidden)
        elif name in ("oMath", "oMathPara"):
            found.pieces.append((equation(element), ""))
        elif name == "AlternateContent":
            self._inside(_alternative(element), found, hidden=hidden)
        elif name == "sdt":
            self._control(element, found, hidden=hidden)
        elif name == "ruby":
            self._ruby(element, found, hidden=hidden)
        elif name == "subDoc":
            self._left["inserted"] += 1
        elif name in _CONTENT:
            self._content(element, found, hidden=hidden, raised="", font="")
        else:
            self._inside(element, found, hidden=hidden)

    def _control(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        """Read a content control; one that was never filled in shows a request to fill it in."""
        properties = next(children(element, "sdtPr"), None)
        content = next(children(element, "sdtContent"), None)
        if is_on(value(properties, "showingPlcHdr")):
            self._left["unfilled"] += 1
            return
        before = len(found.pieces)
        if content is not None:
            self._inside(content, found, hidden=hidden)
        box = next(children(properties, "checkbox"), None)
        if box is not None and len(found.pieces) == before:
            found.pieces.append(("☒" if is_on(value(box, "checked")) else "☐", ""))

    def _ruby(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        """Read characters with their pronunciation in brackets."""
        for base in children(element, "rubyBase"):
            self._inside(base, found, hidden=hidden)
        reading = Paragraph()
        for above in children(element, "rt"):
            self._inside(above, reading, hidden=hidden)
        if reading.text:
            found.pieces.append((f"({reading.text})", ""))

    def _run(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        properties = next(children(element, "rPr"), None)
        style_id = value(properties, "rStyle")
        style = self._styles.get(style_id) if style_id else None
        vanish = value(properties, "vanish")
        if vanish is not None:
            hidden = is_on(vanish)
        elif style is not None and style.hidden:
            hidden = True
        raised = value(properties, "vertAlign")
        raised = (style.raised if style else "") if raised is None else raised
        raised = "" if raised == "baseline" else raised
        fonts = next(children(properties, "rFonts"), None)
        font = (attribute(fonts, "ascii") or "") if fonts is not None else ""
        for child in children(element):
            self._content(child, found, hidden=hidden, raised=raised, font=font)

    def _content(
        self, element: Element, found: Paragraph, *, hidden: bool, raised: str, font: str
    ) -> None:
        name = local(element)
        if name == "fldChar":
            self._field(element, found, hidden=hidden)
        elif name in _SKIPPED or "instruction" in self._fields:
            return
        elif hidden:
            self._left["hidden"] += _words(element)
        elif name in ("t", "delText"):
            text = plain(element.text or "", font).replace("\n", " ")
            self._left["symbols"] += text.count(UNKNOWN)
            found.pieces.append((text, raised))
        elif name in _SIGNS:
            found.pieces.append((_SIGNS[name], ""))
        elif name == "sym":
            code = attribute(element, "char") or ""
            sign = symbol(_hexadecimal(code), attribute(element, "font") or "")
            self._left["symbols"] += sign == UNKNOWN
            found.pieces.append((sign, raised))
        elif name in ("footnoteReference", "endnoteReference"):
            mark = self._notes.mark(name.removesuffix("Reference"), attribute(element, "id") or "")
            found.pieces.append((mark, ""))
        elif name in ("drawing", "pict", "object", "txbxContent"):
            self._draw(element, found)
        else:
            self.element(element, found, hidden=hidden)

    def _field(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            self._fields.append("instruction")
            if not hidden and (control := next(children(element, "ffData"), None)) is not None:
                found.pieces.append((_form_field(control), ""))
        elif kind == "separate" and self._fields:
            self._fields[-1] = "result"
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _draw(self, element: Element, found: Paragraph) -> None:
        """Read what a drawing holds: text boxes, charts, diagrams, and words for its pictures."""
        name = local(element)
        if name == "txbxContent":
            found.boxes.append(element)
            return
        if name == "AlternateContent":
            element = _alternative(element)
        elif name in ("chart", "relIds"):
            identifier = attribute(element, "id") or attribute(element, "dm") or ""
            found.drawn.append(self._drawing(identifier))
        elif name == "p":
            text = " ".join("".join(part.text or "" for part in element.iter("{*}t")).split())
            found.drawn.append(text)
            return
        elif name in ("docPr", "shape"):
            words = attribute(element, "descr") or attribute(element, "alt") or ""
            words = " ".join(words[:_LONGEST_ALT].replace("]", ")").split())
            found.pieces.append((f" ![{words}]() " if words else "", ""))
        elif name == "textpath":
            found.pieces.append((f" {attribute(element, 'string') or ''} ", ""))
        elif name in ("pic", "imagedata"):
            self._left["pictures"] += 1
        elif name == "OLEObject":
            self._left["objects"] += 1
        for child in children(element):
            self._draw(child, found)


class Notes:
    """Numbers the notes of a document in the order in which the text refers to them."""

    def __init__(self) -> None:
        self.order: dict[str, dict[str, int]] = {"footnote": {}, "endnote": {}}
        """By kind: the numbers by the identifiers of the notes."""

    def mark(self, kind: str, identifier: str) -> str:
        """Return the mark of a note in the text."""
        known = self.order[kind]
        at = known.setdefault(identifier, len(known) + 1)
        return f"[^{at}]" if kind == "footnote" else f"[^e{at}]"


_SIGNS = {
    "tab": "\t",
    "ptab": "\t",
    "br": "\n",
    "cr": "\n",
    "noBreakHyphen": "-",
    "softHyphen": "",
}


_CONTENT = frozenset(
    (
        *_SIGNS,
        *("t", "delText", "sym", "footnoteReference", "endnoteReference", "fldChar"),
        *("drawing", "pict", "object", "txbxContent"),
    )
)
"""Elements of runs, which are read also if the run is missing."""


def _alternative(element: Element) -> Element:
    """Return the part of alternative content that Word would show and that can be read."""
    parts = list(children(element, "Choice", "Fallback"))
    readable = (part for part in parts if next(part.iter(*_SHOWN), None) is not None)
    return next(readable, parts[0] if parts else element)


def _form_field(control: Element) -> str:
    """Return the state of a form field of the old kind; its text follows as the field's result."""
    for box in children(control, "checkBox"):
        state = value(box, "checked")
        state = value(box, "default") if state is None else state
        return "☒" if is_on(state) else "☐"
    for choice in children(control, "ddList"):
        entries = [attribute(entry, "val") or "" for entry in children(choice, "listEntry")]
        chosen = value(choice, "result")
        at = number(value(choice, "default") if chosen is None else chosen)
        return entries[at] if 0 <= at < len(entries) else ""
    return ""


def _hexadecimal(text: str) -> int:
    try:
        return int(text[:6], 16)
    except ValueError:
        return 0


def _words(element: Element) -> int:
    texts = element.iter("{*}t", "{*}delText")
    return len("".join(f"{part.text or ''}" for part in texts).split())
