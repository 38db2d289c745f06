"""The parts of Office Open XML files (.docx, .pptx, .xlsx) and what their drawings say.

Decides which part is which by the relationships between them, as the names are up to the program
that wrote the file. Targets outside of the file are never opened. Charts and diagrams become text.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from docsum_nb.documents.tables import markdown_table
from docsum_nb.documents.xml_parts import MAX_TREE, attribute, children, local, number, parse
from docsum_nb.documents.zipped import MAX_UNPACKED, Container
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lxml.etree import _Element as Element

__all__ = ["Package", "Relation", "chart_text", "diagram_text", "drawn_text"]

_MOST_POINTS = 1_000
"""Points of a chart that are read, for each series."""


@dataclass(frozen=True)
class Relation:
    """What one part says of another."""

    kind: str
    """The last word of its type, such as ``"footnotes"``."""
    target: str
    """The name of the part; an address if ``external``."""
    external: bool = False


class Package(Container):
    """An Office Open XML file that is open for reading."""

    def __init__(self, path: Path, *, kind: str, max_unpacked: int = MAX_UNPACKED) -> None:
        """Open a file; see ``Container``."""
        super().__init__(path, kind=kind, max_unpacked=max_unpacked)
        self.path = path

    def main(self, default: str) -> str:
        """Return the name of the main part.

        Args:
            default: What it is called if no relationship says so.

        Raises:
            LoadError: There is no such part.
        """
        found = [
            relation.target
            for relation in self.relations("").values()
            if relation.kind == "officeDocument" and relation.target in self
        ]
        name = (found or [default])[0]
        if name not in self:
            raise LoadError(str(self.path), f"is not a whole {self.kind}: it has no part {default}")
        return name

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part refers to, by its identifiers; empty if it refers to nothing."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        root = self.tree(listing)
        found: dict[str, Relation] = {}
        for each in children(root, "Relationship"):
            target = attribute(each, "Target") or ""
            external = attribute(each, "TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            kind = (attribute(each, "Type") or "").rpartition("/")[2]
            found[attribute(each, "Id") or ""] = Relation(kind, target, external)
        return found

    def tree(self, part: str) -> Element | None:
        """Parse a small part; ``None`` if it is not there.

        Raises:
            LoadError: It is broken or too large.
        """
        return parse(self.path, self.read(part, most=MAX_TREE)) if part in self else None

    def drawn(self, relation: Relation | None) -> str:
        """Return the text of a chart or a diagram; empty if there is none."""
        if relation is None or relation.external or relation.target not in self:
            return ""
        root = parse(self.path, self.read(relation.target, most=MAX_TREE))
        return chart_text(root) if local(root) == "chartSpace" else diagram_text(root)


def drawn_text(element: Element) -> Iterator[str]:
    """Yield the paragraphs of DrawingML (``a:p``) in an element, without the blank ones."""
    for paragraph in element.iter("{*}p"):
        text = "".join(_run_text(each) for each in paragraph.iter("{*}t", "{*}br", "{*}tab"))
        if text.strip():
            yield " ".join(text.split())


def _run_text(element: Element) -> str:
    return (element.text or "") if local(element) == "t" else " "


def diagram_text(root: Element) -> str:
    """Return the texts of a diagram (SmartArt) as a list."""
    points = (" ".join(drawn_text(point)) for point in root.iter("{*}pt"))
    return "\n".join(f"- {text}" for text in points if text)


def chart_text(root: Element) -> str:
    """Return the titles of a chart and its values as a table."""
    titles = [" ".join(drawn_text(title)) for title in root.iter("{*}title")]
    series = list(islice(root.iter("{*}ser"), 100))
    names: dict[int, str] = {}
    columns: list[tuple[str, dict[int, str]]] = []
    for each in series:
        label = " ".join(_points(each, "tx").values())
        names |= {at: name for at, name in _points(each, "cat", "xVal").items() if at not in names}
        columns.append((label, _points(each, "val", "yVal")))
    if not columns:
        return "\n\n".join(title for title in titles if title)
    places = sorted(set(names).union(*(values for _, values in columns)))
    rows = [["", *(label for label, _ in columns)]]
    rows += [[names.get(at, ""), *(values.get(at, "") for _, values in columns)] for at in places]
    return "\n\n".join([*(title for title in titles if title), markdown_table(rows)])


def _points(series: Element, *names: str) -> dict[int, str]:
    """Return the values that a chart holds of its data, by their index."""
    found: dict[int, str] = {}
    for part in children(series, *names):
        for at, value in enumerate(islice(part.iter("{*}v"), _MOST_POINTS)):
            index = number(attribute(value.getparent(), "idx"), at)
            found[index] = _short_number(value.text or "")
    return found


def _short_number(text: str) -> str:
    """Return a number without the digits that only its binary form has."""
    if len(text) < 12 or not text.replace(".", "", 1).lstrip("-").isdigit():
        return text
    return f"{float(text):.12g}"
