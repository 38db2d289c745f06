"""One page of a PDF file by PDFium: its lines, the values of its form, and what is beside them.

Decides what on a page is text: characters within the page, raised digits after ``^``, the values of
form fields on the line they stand at, and texts that a reader wrote onto the page. Everything else
is counted.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.pdf_cells import Source, Span, with_tables
from docsum_nb.documents.pdf_lines import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_Box = tuple[float, float, float, float]
"""The left, lower, right and upper edge."""
_WORD = re.compile(r"[^\W\d_]+")
_INITIAL = 2
"""Characters of a large initial with the quotation mark before it."""
_LEAST = 3
"""Characters of a page that has text."""
_STAMP = 60
"""Characters with which a scanner may mark a page, as with its number or the name of a program."""
_SCANNED = 0.5
"""Of a page's area, covered by pictures: a page of scanned text with nothing else on it."""
_MOST_PICTURES = 500
"""Of a page that are measured."""


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


def read_page(document: Any, number: int, *, tables: bool = True) -> Page:
    """Read a page.

    Args:
        document: PDFium's.
        number: The page, counted from 0.
        tables: Whether to look for tables, which takes as long as the rest.

    Raises:
        PdfiumError: The page is damaged.
    """
    page = document[number]
    try:
        textpage = page.get_textpage()
        count = textpage.count_chars()
        box = page.get_bbox()
        source, spans = _spans(textpage, min(count, _MOST_CHARACTERS), number, box)
        # What stands outside the page is not seen by its readers.
        seen = [span for span in spans if _is_seen(span, box)]
        outside = len(spans) - len(seen)
        values, notes = _annotations(document, page)
        lines = [span.line for span in seen]
        if tables:
            lines = with_tables(page, source, seen, [value.middle for value in values])
        lines = _with_initials(source, seen, lines)
        for value in values:
            _place(lines, value, number, box)
        text = "".join(line.text for line in lines)
        letters = len("".join(text.split()))
        few = letters < _LEAST
        scanned = not few and letters <= _STAMP and _is_scanned(page, box)
        picture = scanned or (few and _shows(page, _PICTURE))
        # Text that PDFium draws but cannot name is missing, or replaced by other letters.
        garbled = _is_garbled(text) or _is_unmapped(textpage, count)
        garbled = garbled or (few and not picture and _shows(page, _TEXT_OBJECT))
        cut = max(0, count - _MOST_CHARACTERS)
        return Page(tuple(lines), picture, garbled, notes, cut, outside)
    finally:
        page.close()


def _shows(page: Any, kind: int) -> bool:
    return any(True for _ in page.get_objects(filter=[kind], max_depth=3))


def _is_scanned(page: Any, box: _Box) -> bool:
    """Return whether pictures cover most of a page."""
    left, low, right, high = box
    covered = 0.0
    for picture in islice(page.get_objects(filter=[_PICTURE], max_depth=3), _MOST_PICTURES):
        x, y, end_x, end_y = picture.get_bounds()
        width, height = min(end_x, right) - max(x, left), min(end_y, high) - max(y, low)
        covered += max(0.0, width) * max(0.0, height)
    return covered > _SCANNED * (right - left) * (high - low)


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


def _is_seen(span: Span, box: _Box) -> bool:
    left, low, right, high = box
    return left - 5 <= span.x <= right + 5 and low - 5 <= span.y <= high + 5


def _spans(textpage: Any, count: int, number: int, box: _Box) -> tuple[Source, list[Span]]:
    """Return the page's text and its lines."""
    import pypdfium2.raw as pdfium

    raw = textpage.raw
    codes = [pdfium.FPDFText_GetUnicode(raw, index) for index in range(count)]
    text = "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)
    source = Source(raw, text, lambda first, end: _shown(pdfium, raw, text[first:end], first))
    _, floor, _, ceiling = box
    spans: list[Span] = []
    start = 0
    for part in _LINE_END.split(text):
        stripped = part.strip()
        if stripped:
            first = start + part.index(stripped[0])
            end = start + len(part.rstrip())
            x, y = _origin(pdfium, raw, first)
            last_x, last_y = _origin(pdfium, raw, end - 1)
            shown = _shown(pdfium, raw, part, start).strip()
            line = Line(shown, number, y - floor, last_y - floor, ceiling - floor)
            spans.append(Span(line, first, end, x, y, last_x, last_y))
        start += len(part)
    return source, spans


def _with_initials(source: Source, spans: Sequence[Span], lines: Sequence[Line]) -> list[Line]:
    """Return the lines, a large initial as the first letter of the line beside it."""
    kept: list[Line] = []
    initial = ""
    for at, line in enumerate(lines):
        if initial:
            line = replace(line, text=f"{initial}{line.text}")
        initial = _initial(source, spans[at : at + 2], lines[at : at + 2])
        if not initial:
            kept.append(line)
    return kept


def _initial(source: Source, spans: Sequence[Span], lines: Sequence[Line]) -> str:
    """Return the letter that the second of two lines begins with; empty if it is whole."""
    letter = lines[0].text
    if len(lines) < 2 or len(letter) > _INITIAL or not letter[-1:].isupper():
        return ""
    own, beside = spans
    sizes = [high - low for _, _, low, high in (source.box(each.start) for each in spans)]
    near = own.x < beside.x < own.x + 2 * sizes[0] and own.y < beside.y < own.y + sizes[0]
    goes_on = lines[1].text[:1].islower() or lines[1].text[:2].isupper()
    if any(line.table for line in lines) or sizes[0] < 1.5 * sizes[1] or not (near and goes_on):
        return ""
    # "A" and "I" are words as well; another word of the page is one that is whole.
    word = _WORD.match(lines[1].text)
    whole = letter in ("A", "I") and word and source.text.count(f" {word[0]} ")
    return f"{letter} " if whole else letter


def _shown(pdfium: Any, raw: Any, part: str, start: int) -> str:
    """Return a part of the page's text as it is read."""
    return _clean(_with_raised(pdfium, raw, part, start))


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


@dataclass(frozen=True)
class _Value:
    """The value of a field, or a text that was written onto the page."""

    text: str
    name: str
    left: float
    low: float
    right: float
    high: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.low + self.high) / 2


def _annotations(document: Any, page: Any) -> tuple[list[_Value], int]:
    """Return values of fields and texts that were written onto the page, and how many notes."""
    import pypdfium2.raw as pdfium

    notes = 0
    values: list[_Value] = []
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
                values.append(_Value(value, name, box.left, box.bottom, box.right, box.top))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
    return values, notes


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


def _place(lines: list[Line], value: _Value, number: int, box: _Box) -> None:
    """Put a value at the end of the line it stands at, or on a line of its own."""
    _, floor, _, ceiling = box
    low, high = value.low - floor, value.high - floor
    beside = [at for at, line in enumerate(lines) if low - 3 <= line.top <= high]
    if beside and "\n" not in value.text:
        at = beside[-1]
        lines[at] = replace(lines[at], text=f"{lines[at].text} {value.text}", table=None)
        return
    shown = f"{value.name}: {value.text}" if value.name else value.text
    after = next((at for at, line in enumerate(lines) if line.top < low), len(lines))
    lines.insert(after, Line(" ".join(shown.split("\n")), number, low, low, ceiling - floor))
