"""Read PDF files page by page.

PDFium is not thread-safe and a hostile file can crash it or keep it busy, so ``load`` reads in a
process of its own (``workers.py``). Each page's text begins exactly at its recorded offset. What is
not in the text is counted. Pages that show only pictures are recognized by tesseract if that is
installed, or drawn for a model that reads pictures, if that is asked for. Reading stops at bounds
on pages, text and time, and says so. Refuses encrypted and damaged files, and files without any
text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from docsum_nb.documents import ocr, pictures
from docsum_nb.documents.pdf_lines import (
    Line,
    ends_open,
    joined,
    vocabulary,
    whole_words,
    with_headings,
    with_tables,
    without_running,
)
from docsum_nb.documents.pdf_page import Page, read_page
from docsum_nb.documents.reading import MOST_PICTURES, Picture, Reading
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

__all__ = ["read"]

_BETWEEN = "\n\n"
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
_MOST_PAGES = 20_000
_MOST_CHARACTERS = 20_000_000
_SECONDS = 15.0
_SECONDS_A_MB = 4.0
"""Of processor time; below what the process has."""
_OCR_SECONDS = 240.0
_OCR_PAGES = 200
_OCR_PIXELS = 8_000_000
_OCR_SCALE = 200 / 72
_DRAWING_SECONDS = 75.0
"""Of processor time, for pictures of pages."""
_MOST_BOOKMARKS = 2_000
_DEEPEST = 6
_LISTED = 20
_FALLBACK_PAGES = 50


@dataclass
class _Found:
    """What was met in a file, page by page."""

    pages: list[Page] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)
    """Pages counted from 1, as in all of these."""
    pictures: list[int] = field(default_factory=list)
    garbled: list[int] = field(default_factory=list)
    recognized: list[int] = field(default_factory=list)
    second: list[int] = field(default_factory=list)
    """Pages whose text is that of pdfminer."""
    drawn: dict[int, str] = field(default_factory=dict)
    """Pages of which a picture was made, with its name."""
    undrawn: list[int] = field(default_factory=list)
    """Pages without text that are beyond the bounds on pictures."""
    without_tables: list[int] = field(default_factory=list)
    """Pages on which tables are lines, as reading takes long."""
    stopped: str = ""
    """Why pages are missing; empty if none is."""


def read(path: Path, folder: Path | None = None) -> Reading:
    """Read a PDF file.

    Args:
        path: The file.
        folder: Where pictures of pages without text are written, for a model to read; ``None``
            writes none, and tesseract reads these pages if it is installed.

    Raises:
        LoadError: The file is encrypted, damaged, or holds no text.
        OSError: The file cannot be opened or read.
    """
    document = _opened(path)
    count = len(document)
    found = _pages(document, path, count)
    if folder is None:
        _recognize(document, found)
    else:
        _draw(document, found, path.stem, folder)
    lines = [line for page in found.pages for line in page.lines]
    if not found.drawn and not any(line.text.strip() for line in lines):
        raise LoadError(str(path), _why_nothing(found))
    lines = with_headings(lines, _bookmarks(document))
    kept, running = without_running(lines, len(found.pages))
    text, starts = _text(with_tables(kept), len(found.pages))
    return Reading(
        text,
        starts,
        tuple(_omissions(document, found, running, count)),
        pictures=tuple(
            Picture(page, starts[page - 1], name) for page, name in sorted(found.drawn.items())
        ),
    )


def _opened(path: Path) -> Any:
    import pypdfium2

    with path.open("rb") as file:
        start = file.read(1024)
    if b"%PDF" not in start:
        raise LoadError(str(path), "is not a PDF file, whatever its name says")
    try:
        document = pypdfium2.PdfDocument(path)
        document.init_forms()
    except pypdfium2.PdfiumError as error:
        if error.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
            reason = "is encrypted; save a copy without the password"
        else:
            reason = "is damaged or cut off; get a new copy, or print it to a new PDF file"
        raise LoadError(str(path), reason) from error
    return document


def _pages(document: Any, path: Path, count: int) -> _Found:
    import pypdfium2

    found = _Found()
    seconds = _SECONDS + _SECONDS_A_MB * path.stat().st_size / 2**20
    ends = time.process_time() + seconds
    characters = 0
    for number in range(min(count, _MOST_PAGES)):
        if time.process_time() > ends:
            found.stopped = "reading takes too long; split the file"
            break
        if characters > _MOST_CHARACTERS:
            found.stopped = "too much text for one document; split the file"
            break
        try:
            # Pages without their tables are better than tables without the other pages.
            early = time.process_time() < ends - seconds / 2
            page = read_page(document, number, tables=early)
            if not early:
                found.without_tables.append(number + 1)
        except pypdfium2.PdfiumError:
            page = Page(())
            found.damaged.append(number + 1)
        if page.garbled:
            page = _by_another(path, page, number, found)
        found.pages.append(page)
        characters += sum(len(line.text) for line in page.lines)
        if page.picture:
            found.pictures.append(number + 1)
    if count > _MOST_PAGES and not found.stopped:
        found.stopped = f"more than {_MOST_PAGES:,} pages; split the file"
    return found


def _by_another(path: Path, page: Page, number: int, found: _Found) -> Page:
    """Read a page again whose characters PDFium does not know; without lines if pdfminer fails."""
    text = ""
    if len(found.second) + len(found.garbled) < _FALLBACK_PAGES:
        from pdfminer.high_level import extract_text

        try:
            text = extract_text(str(path), page_numbers=[number])
        except Exception:  # noqa: BLE001  # the page is garbled all the same
            text = ""
    unknown = text.count("(cid:") * 8 + text.count("\ufffd")
    if len(text.strip()) > 10 and 3 * unknown < len(text):
        found.second.append(number + 1)
        return Page(_as_lines(text, number), notes=page.notes)
    found.garbled.append(number + 1)
    return Page((), notes=page.notes)


def _as_lines(text: str, number: int) -> tuple[Line, ...]:
    shown = (line.strip() for line in text.replace("\f", "\n").replace("\0", "\ufffd").split("\n"))
    return tuple(Line(line, number, 0.0, 0.0, 0.0) for line in shown if line)


def _recognize(document: Any, found: _Found) -> None:
    """Read the pages that are pictures or garbled by OCR, if installed, while time lasts."""
    wanted = sorted({*found.pictures, *found.garbled})
    if not wanted or not ocr.is_installed():
        return
    ends = time.monotonic() + _OCR_SECONDS
    whole: list[int] = []
    """Pages whose picture shows no more than their text."""
    for number in wanted[:_OCR_PAGES]:
        if time.monotonic() > ends:
            break
        text = ocr.recognized(_rendered(document, number - 1))
        own = _letters("".join(line.text for line in found.pages[number - 1].lines))
        if _letters(text) > own:
            found.pages[number - 1] = Page(_as_lines(text, number - 1))
            found.recognized.append(number)
        elif own:
            whole.append(number)
    done = {*found.recognized, *whole}
    found.pictures[:] = [number for number in found.pictures if number not in done]
    found.garbled[:] = [number for number in found.garbled if number not in done]


def _draw(document: Any, found: _Found, name: str, folder: Path) -> None:
    """Write pictures of the pages that show only pictures or are garbled, within the bounds."""
    wanted = sorted({*found.pictures, *found.garbled})
    ends = time.process_time() + _DRAWING_SECONDS
    for number in wanted:
        if len(found.drawn) == MOST_PICTURES or time.process_time() > ends:
            found.undrawn.append(number)
            continue
        file = f"{name}-{number}.png"
        pictures.draw_page(document, number - 1, folder / file)
        # Lines of a page that is mostly a picture are in the picture as well.
        found.pages[number - 1] = Page((), notes=found.pages[number - 1].notes)
        found.drawn[number] = file
    left = set(wanted) - {*found.drawn, *found.undrawn}
    found.pictures[:] = [number for number in found.pictures if number in left]
    found.garbled[:] = [number for number in found.garbled if number in left]


def _letters(text: str) -> int:
    return len("".join(text.split()))


def _rendered(document: Any, number: int) -> bytes:
    """Return a page as a picture in shades of grey, as PGM."""
    page = document[number]
    try:
        width, height = page.get_size()
        most = (_OCR_PIXELS / max(1.0, width * height)) ** 0.5
        bitmap = page.render(scale=min(_OCR_SCALE, most), grayscale=True)
        pixels = bytes(bitmap.buffer)
        rows = (
            pixels[at : at + bitmap.width]
            for at in range(0, bitmap.stride * bitmap.height, bitmap.stride)
        )
        return b"P5 %d %d 255\n%s" % (bitmap.width, bitmap.height, b"".join(rows))
    finally:
        page.close()


def _bookmarks(document: Any) -> dict[int, dict[str, int]]:
    """Return for each page the titles of its bookmarks, without blanks, and their levels."""
    import pypdfium2

    found: dict[int, dict[str, int]] = {}
    try:
        for number, mark in enumerate(document.get_toc(max_depth=_DEEPEST)):
            if number >= _MOST_BOOKMARKS:
                break
            dest = mark.get_dest()
            page = dest.get_index() if dest is not None else None
            if page is not None:
                title = "".join(mark.get_title().lower().split())
                found.setdefault(page, {}).setdefault(title, mark.level + 1)
    except (pypdfium2.PdfiumError, ValueError):
        pass  # a damaged outline costs only the headings
    return found


def _text(lines: Sequence[Line], count: int) -> tuple[str, tuple[int, ...]]:
    """Return the text of all pages, and where each begins."""
    words = vocabulary(lines)
    texts = dict.fromkeys(range(count), "")
    for number, own in groupby(lines, key=lambda line: line.page):
        texts[number] = whole_words(joined(list(own)), words)
    parts: list[str] = []
    starts: list[int] = []
    offset = 0
    for number, text in texts.items():
        if number:
            before = texts[number - 1]
            goes_on = bool(before) and ends_open(before) and text[:1].islower()
            between = "\n" if goes_on else _BETWEEN
            parts.append(between)
            offset += len(between)
        starts.append(offset)
        parts.append(text)
        offset += len(text)
    return "".join(parts), tuple(starts)


def _why_nothing(found: _Found) -> str:
    if found.garbled:
        return (
            f"does not say which letters it shows on {len(found.garbled)} page(s); print it to a "
            "new PDF file, or install tesseract (text recognition)"
        )
    if found.pictures and ocr.is_installed():
        return (
            f"holds no text on {len(found.pages)} page(s): it is probably scanned, and OCR (text "
            "recognition) finds no words either"
        )
    if found.pictures:
        return (
            f"holds no text on {len(found.pages)} page(s); it is probably scanned and needs OCR "
            "(text recognition): install tesseract, and load it again"
        )
    return f"holds no text on {len(found.pages)} page(s)"


def _omissions(document: Any, found: _Found, running: int, count: int) -> Iterator[Omission]:
    for numbers, reason in (
        (found.pictures, "no text, only a picture; they may need OCR: install tesseract"),
        (
            found.undrawn,
            f"no text: more than {MOST_PICTURES} pictures of pages, or {_DRAWING_SECONDS:g} s for "
            "drawing them; split the file",
        ),
        (found.damaged, "no text, the page is damaged"),
        (found.garbled, "no text: the file does not say which letters it shows"),
        (
            found.recognized,
            "a picture, its text recognized by OCR (tesseract): check names, numbers",
        ),
        (found.second, "its text is from a second reader, pdfminer; lines may be out of order"),
    ):
        if numbers:
            yield Omission(f"page(s) {_listed(numbers)}", reason)
    if found.without_tables:
        first, last = found.without_tables[0], found.without_tables[-1]
        yield Omission(f"pages {first:,} to {last:,}", "tables are read as lines: split the file")
    if found.stopped:
        first = len(found.pages) + 1
        yield Omission(f"pages {first:,} to {count:,}", f"not read: {found.stopped}")
    if running:
        yield Omission("", f"{running} line(s) of running heads, footers and page numbers")
    if notes := sum(page.notes for page in found.pages):
        yield Omission("", f"{notes} note(s) that readers attached to the pages")
    if outside := sum(page.outside for page in found.pages):
        yield Omission("", f"{outside} line(s) outside of the visible page")
    if cut := sum(page.cut for page in found.pages):
        yield Omission("", f"{cut:,} characters of pages that hold too many to be read")
    if attached := _attached(document):
        yield Omission("", f"{len(attached)} attached file(s): {', '.join(attached[:_LISTED])}")


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_LISTED]))
    return f"{shown} and {len(numbers) - _LISTED} more" if len(numbers) > _LISTED else shown


def _attached(document: Any) -> list[str]:
    import pypdfium2

    try:
        count = document.count_attachments()
        names = [
            document.get_attachment(number).get_name() for number in range(min(count, _LISTED))
        ]
    except pypdfium2.PdfiumError:
        return []
    return [*names, *("more" for _ in range(count - len(names)))]
