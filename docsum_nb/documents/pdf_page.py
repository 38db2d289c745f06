"""One page of a PDF file by PDFium: its lines, the values of its form, and what is beside them.

Decides what on a page is text: characters within the page, raised digits after ``^``, the values of
form fields on the line they stand at, and texts that a reader wrote onto the page. Everything else
is counted.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from docsum_nb.documents.pdf_lines import Line

__all__ = ["Page", "read_page"]

_LINE_END = re.compile("(\r\n|\r|\n)")
_MOST_CHARACTERS = 2_000_000
"""Of one page: more is no page that people read."""
_ANNOTATIONS = 2_000
_LONGEST_VALUE = 20_000
_NOTE_KINDS = frozenset({1, 9, 10, 11, 12})  # text, highlight, underline, squiggly, strikeout
_FREE_TEXT = 3
_WIDGET = 20
_CHECKBOX, _RADIO, _COMBO, _LIST, _TEXT = 2, 3, 4, 5, 6
_PASSWORD_FLAG = 1 << 13
_HIDDEN_FLAGS = 0b100010
_TEXT_OBJECT = 1
_PICTURE = 3
_SAMPLE = 300
"""Characters of a page that are looked at for whether the file names them."""
_LEAST = 3
"""Characters of a page that has text: scanners may stamp a page with its number."""


@dataclass(frozen=True)
class Page:
    """A page."""

    lines: tuple[Line, ...]
    picture: bool = False
    """Whether it shows pictures and hardly any text."""
    garbled: bool = False
    """Whether most of its characters are unknown."""
    notes: int = 0
    """Notes of readers that are not in the lines."""
    cut: int = 0
    """Characters beyond the most that are read."""
    outside: int = 0
    """Lines outside of what is seen of it."""


def read_page(document: Any, number: int) -> Page:
    """Read a page.

    Args:
        document: PDFium's.
        number: The page, counted from 0.

    Raises:
        PdfiumError: The page is damaged.
    """
    page = document[number]
    try:
        textpage = page.get_textpage()
        height = float(page.get_height())
        count = textpage.count_chars()
        read = list(_lines(textpage, min(count, _MOST_CHARACTERS), number, height))
        # What stands outside the page is not seen by its readers.
        lines = [line for x, line in read if _is_seen(x, line, page.get_width())]
        outside = len(read) - len(lines)
        lines, notes = _with_annotations(document, page, number, lines, height)
        text = "".join(line.text for line in lines)
        few = len("".join(text.split())) < _LEAST
        picture = few and _shows(page, _PICTURE)
        # Text that PDFium draws but cannot name comes to nothing, or to any letters.
        garbled = _is_garbled(text) or _is_unmapped(textpage, count)
        garbled = garbled or (few and not picture and _shows(page, _TEXT_OBJECT))
        cut = max(0, count - _MOST_CHARACTERS)
        return Page(tuple(lines), picture, garbled, notes, cut, outside)
    finally:
        page.close()


def _shows(page: Any, kind: int) -> bool:
    return any(True for _ in page.get_objects(filter=[kind], max_depth=3))


def _is_unmapped(textpage: Any, count: int) -> bool:
    """Return whether the file does not say which letters most of a page's characters are."""
    import pypdfium2.raw as pdfium

    indices = range(0, count, max(1, count // _SAMPLE))
    unmapped = sum(pdfium.FPDFText_HasUnicodeMapError(textpage.raw, index) for index in indices)
    return count > _LEAST and 2 * unmapped > len(indices)


def _is_garbled(text: str) -> bool:
    unknown = sum(
        1
        for char in text
        if char in "\ufffd\ufffe\uffff" or "\ue000" <= char <= "\uf8ff" or char < " "
    )
    return unknown > 10 and 3 * unknown > len(text)


def _is_seen(x: float, line: Line, width: float) -> bool:
    return -5 <= x <= width + 5 and -5 <= line.top <= line.height + 5


def _lines(textpage: Any, count: int, number: int, height: float) -> Iterator[tuple[float, Line]]:
    """Yield each line with where it begins, in points from the left edge of the page."""
    import pypdfium2.raw as pdfium

    raw = textpage.raw
    codes = [pdfium.FPDFText_GetUnicode(raw, index) for index in range(count)]
    text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    start = 0
    for part in _LINE_END.split(text):
        stripped = part.strip()
        if stripped:
            first = start + part.index(stripped[0])
            last = start + len(part.rstrip()) - 1
            x, top = _origin(pdfium, raw, first)
            _, bottom = _origin(pdfium, raw, last)
            shown = _with_raised(pdfium, raw, part, start).strip()
            yield x, Line(_clean(shown), number, top, bottom, height)
        start += len(part)


def _clean(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        # PDFium may return the halves of a pair as two characters.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\ufffe", "\x02").replace("\0", "\ufffd")


def _origin(pdfium: Any, raw: Any, index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
    return x.value, y.value


def _size(pdfium: Any, raw: Any, index: int) -> float:
    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, index, box)
    return float(abs(box.top - box.bottom))


def _with_raised(pdfium: Any, raw: Any, part: str, start: int) -> str:
    """Return a part of the page's text with ``^`` before digits that stand higher and smaller."""
    marks: list[int] = []
    at = 1
    while at < len(part):
        digit = part[at].isdecimal() and not part[at - 1].isspace()
        if digit and (not part[at - 1].isdecimal() or at - 1 not in marks):
            before, raised = start + at - 1, start + at
            size = _size(pdfium, raw, before)
            higher = _origin(pdfium, raw, raised)[1] - _origin(pdfium, raw, before)[1]
            if higher > 0.15 * size and _size(pdfium, raw, raised) < 0.9 * size:
                marks.append(at)
                while at < len(part) and part[at].isdecimal():
                    at += 1
                continue
        at += 1
    for mark in reversed(marks):
        part = f"{part[:mark]}^{part[mark:]}"
    return part


def _with_annotations(
    document: Any, page: Any, number: int, lines: list[Line], height: float
) -> tuple[list[Line], int]:
    """Put values of fields and texts that were written onto the page where they stand."""
    import pypdfium2.raw as pdfium

    notes = 0
    for index in range(min(_ANNOTATIONS, pdfium.FPDFPage_GetAnnotCount(page.raw))):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind in _NOTE_KINDS:
                notes += bool(_string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents"))
                continue
            value = ""
            if kind == _FREE_TEXT:
                value = _string(pdfium.FPDFAnnot_GetStringValue, annotation, b"Contents")
            elif kind == _WIDGET and document.formenv is not None:
                value = _value(pdfium, document.formenv.raw, annotation)
            if value:
                box = pdfium.FS_RECTF()
                pdfium.FPDFAnnot_GetRect(annotation, box)
                name = (
                    _string(pdfium.FPDFAnnot_GetFormFieldName, document.formenv.raw, annotation)
                    if kind == _WIDGET
                    else ""
                )
                _place(lines, value, name, (box.bottom, box.top), number, height)
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return lines, notes


def _value(pdfium: Any, form: Any, annotation: Any) -> str:
    flags = pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation)
    if flags & _PASSWORD_FLAG or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS:
        return ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (_CHECKBOX, _RADIO):
        return "☒" if pdfium.FPDFAnnot_IsChecked(form, annotation) else "☐"
    if kind in (_TEXT, _COMBO, _LIST):
        return _string(pdfium.FPDFAnnot_GetFormFieldValue, form, annotation)
    return ""


def _string(function: Any, *given: Any) -> str:
    """Return a text of PDFium's, which is asked for its length first."""
    import pypdfium2.raw as pdfium

    length = function(*given, None, 0)
    if not 2 < length <= 2 * _LONGEST_VALUE:
        return ""
    buffer = ctypes.create_string_buffer(length)
    function(*given, ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR)), length)
    text = buffer.raw[: length - 2].decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd").strip()


def _place(
    lines: list[Line],
    value: str,
    name: str,
    within: tuple[float, float],
    number: int,
    height: float,
) -> None:
    """Put a value at the end of the line it stands at, or on a line of its own."""
    low, high = within
    beside = [at for at, line in enumerate(lines) if low - 3 <= line.top <= high]
    if beside and "\n" not in value:
        at = beside[-1]
        lines[at] = replace(lines[at], text=f"{lines[at].text} {value}")
        return
    shown = f"{name}: {value}" if name else value
    after = next((at for at, line in enumerate(lines) if line.top < low), len(lines))
    lines.insert(after, Line(" ".join(shown.split("\n")), number, low, low, height))
