"""The text of a paragraph of an OpenDocument file.

Decides what is shown: results of fields, notes as marks like ``[^1]``, readings in brackets. Hidden
text and comments are counted, text boxes are handed back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docsum_nb.documents.runs import Paragraph
from docsum_nb.documents.symbols import plain
from docsum_nb.documents.xml_parts import attribute, children, local, number

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from lxml.etree import _Element as Element

    from docsum_nb.documents.odf_styles import OdfStyles

__all__ = ["OdfText"]

_MOST_SPACES = 100
_SKIPPED = frozenset(("annotation-end", "bookmark", "bookmark-start", "bookmark-end", "change"))


class OdfText:
    """Reads paragraphs, and keeps the notes that stand in them."""

    def __init__(
        self, styles: OdfStyles, *, left: Counter[str], formula: Callable[[str], str]
    ) -> None:
        """Read paragraphs.

        Args:
            styles: The styles of the file.
            left: Counts what is not read, by its kind.
            formula: Returns an embedded formula by its reference; empty for other objects.
        """
        self._styles = styles
        self._left = left
        self._formula = formula
        self._notes: dict[str, list[str]] = {"footnote": [], "endnote": []}

    def notes(self) -> list[str]:
        """Return the notes of all paragraphs that were read, each with its mark."""
        return [
            f"{_mark(kind, at)}: {text}"
            for kind, texts in self._notes.items()
            for at, text in enumerate(texts, 1)
            if text
        ]

    def paragraph(self, element: Element) -> Paragraph:
        """Read a paragraph or a heading."""
        found = Paragraph()
        hidden = self._styles.hides_text(attribute(element, "style-name") or "")
        self._inside(element, found, hidden=hidden, raised="")
        return found

    def _inside(self, element: Element, found: Paragraph, *, hidden: bool, raised: str) -> None:
        self._put(element.text, found, hidden=hidden, raised=raised)
        for child in element:
            if isinstance(child.tag, str):
                self._element(child, found, hidden=hidden, raised=raised)
            self._put(child.tail, found, hidden=hidden, raised=raised)

    def _put(self, text: str | None, found: Paragraph, *, hidden: bool, raised: str) -> None:
        if not text:
            return
        if hidden:
            self._left["hidden"] += len(text.split())
        else:
            # A line's end in the file is a blank.
            found.pieces.append((plain(text).replace("\n", " "), raised))

    def _element(self, element: Element, found: Paragraph, *, hidden: bool, raised: str) -> None:
        name = local(element)
        if name in _SKIPPED:
            return
        if name == "s":
            times = min(max(number(attribute(element, "c"), 1), 1), _MOST_SPACES)
            found.pieces.append((" " * times, ""))
        elif name in ("tab", "line-break"):
            found.pieces.append(("\t" if name == "tab" else "\n", ""))
        elif name == "note":
            self._note(element, found)
        elif name == "annotation":
            self._left["comments"] += len(
                " ".join(
                    "".join(map(str, part.itertext())) for part in children(element, "p", "list")
                ).split()
            )
        elif name in ("hidden-text", "hidden-paragraph"):
            words = attribute(element, "string-value") or "".join(map(str, element.itertext()))
            self._left["hidden"] += len(words.split())
        elif name == "ruby":
            self._ruby(element, found, hidden=hidden)
        elif name == "span":
            style = attribute(element, "style-name") or ""
            self._inside(
                element,
                found,
                hidden=hidden or self._styles.hides_text(style),
                raised=self._styles.raised(style) or raised,
            )
        elif name in ("frame", "custom-shape", "g", "text-box", "rect", "a"):
            self._drawing(element, found, hidden=hidden, raised=raised)
        else:
            self._inside(element, found, hidden=hidden, raised=raised)

    def _drawing(self, element: Element, found: Paragraph, *, hidden: bool, raised: str) -> None:
        name = local(element)
        if name == "a" and next(children(element, "frame"), None) is None:
            self._inside(element, found, hidden=hidden, raised=raised)
        elif name in ("text-box", "custom-shape", "rect"):
            found.boxes.append(element)
        elif name == "object":
            formula = self._formula(attribute(element, "href") or "")
            found.pieces.append((f" {formula} ", ""))
            self._left["objects"] += not formula
        elif name == "image":
            # A formula or a chart has a picture of itself beside it.
            parent = element.getparent()
            if parent is None or next(children(parent, "object"), None) is None:
                self._left["pictures"] += 1
        elif name in ("title", "desc"):
            words = " ".join("".join(map(str, element.itertext()))[:1_000].split())
            if words:
                found.pieces.append((f" ![{words.replace(']', ')')}]() ", ""))
        else:
            for child in children(element):
                self._drawing(child, found, hidden=hidden, raised=raised)

    def _note(self, element: Element, found: Paragraph) -> None:
        kind = "endnote" if attribute(element, "note-class") == "endnote" else "footnote"
        texts = self._notes[kind]
        at = len(texts)
        texts.append("")
        found.pieces.append((_mark(kind, at + 1), ""))
        parts = [
            self.paragraph(part).text
            for body in children(element, "note-body")
            for part in body.iter("{*}p", "{*}h")
        ]
        texts[at] = " ".join(" ".join(parts).split())

    def _ruby(self, element: Element, found: Paragraph, *, hidden: bool) -> None:
        for part in children(element):
            if local(part) == "ruby-text":
                found.pieces.append((f"({''.join(map(str, part.itertext()))})", ""))
            else:
                self._inside(part, found, hidden=hidden, raised="")


def _mark(kind: str, at: int) -> str:
    return f"[^{at}]" if kind == "footnote" else f"[^e{at}]"
