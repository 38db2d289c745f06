"""PDF files made of content streams and objects, as small as the format allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Object", "at", "build", "checkbox", "column", "field", "made", "note"]

Object = bytes
_KIDS_FROM = 10
"""Objects below are the catalog, the page tree, fonts and what a test adds."""


def at(x: float, y: float, text: str, *, size: float = 12) -> bytes:
    """Return the drawing of one line of text."""
    shown = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
    return b"BT /F1 %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n" % (size, x, y, shown)


def column(*lines: str, top: float = 700, x: float = 72, step: float = 14) -> bytes:
    """Return the drawing of lines below each other."""
    return b"".join(at(x, top - step * number, line) for number, line in enumerate(lines))


@dataclass(frozen=True)
class Widget:
    """A field of a form, or another annotation; on the first page."""

    entries: bytes


def field(name: str, value: str, x: float, y: float, *, more: bytes = b"") -> bytes:
    return (
        b"<</Type/Annot/Subtype/Widget/FT/Tx/T(%s)/V(%s)/DA(/F1 12 Tf 0 g)/Rect[%g %g %g %g]%s>>"
        % (name.encode(), value.encode(), x, y - 4, x + 200, y + 12, more)
    )


def checkbox(name: str, x: float, y: float, *, on: bool) -> bytes:
    state = b"/Yes" if on else b"/Off"
    drawn = b"/AP<</N<</Yes 9 0 R/Off 9 0 R>>>>"
    return b"<</Type/Annot/Subtype/Widget/FT/Btn/T(%s)/V%s/AS%s%s/Rect[%g %g %g %g]>>" % (
        name.encode(),
        state,
        state,
        drawn,
        x,
        y - 2,
        x + 12,
        y + 10,
    )


def note(text: str, subtype: bytes = b"Text") -> bytes:
    return b"<</Type/Annot/Subtype/%s/Contents(%s)/Rect[300 500 320 520]>>" % (
        subtype,
        text.encode(),
    )


def made(
    *pages: bytes,
    annotations: Sequence[Object] = (),
    catalog: bytes = b"",
    objects: Sequence[Object] = (),
    font: bytes = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
) -> bytes:
    """Return a PDF file of pages, each the content that draws it.

    Args:
        pages: Content streams; ``/F1`` is Helvetica.
        annotations: Of the first page; those with ``/T`` are fields of the form.
        catalog: More entries of the catalog.
        objects: More objects; the first has number ``4``, and there may be five.
        font: The font.
    """
    after = _KIDS_FROM + 2 * len(pages)
    numbers = b" ".join(b"%d 0 R" % (after + number) for number in range(len(annotations)))
    kids = b" ".join(b"%d 0 R" % (_KIDS_FROM + 2 * number) for number in range(len(pages)))
    form = b"/AcroForm<</Fields[%s]/DR<</Font<</F1 3 0 R>>>>>>" % numbers if annotations else b""
    given: dict[int, Object] = {
        1: b"<</Type/Catalog/Pages 2 0 R%s%s>>" % (form, catalog),
        2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), kids),
        3: font,
        9: b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>>stream\n\nendstream",
    }
    given.update({4 + number: each for number, each in enumerate(objects)})
    for number, drawn in enumerate(pages):
        annots = b"/Annots[%s]" % numbers if annotations and number == 0 else b""
        given[_KIDS_FROM + 2 * number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R%s"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % (_KIDS_FROM + 2 * number + 1, annots)
        )
        given[_KIDS_FROM + 2 * number + 1] = b"<</Length %d>>stream\n%s\nendstream" % (
            len(drawn),
            drawn,
        )
    given.update({after + number: each for number, each in enumerate(annotations)})
    return build(given)


def build(objects: dict[int, Object], trailer: bytes = b"") -> bytes:
    """Return the file of numbered objects; the first is the catalog."""
    out, offsets = b"%PDF-1.6\n", {}
    for number, content in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start, size = len(out), max(objects) + 1
    rows = [
        b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
        for number in range(size)
    ]
    out += b"xref\n0 %d\n%s" % (size, b"".join(rows))
    return out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        trailer,
        start,
    )
