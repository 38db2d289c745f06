"""Read PDF files page by page.

PDFium is not thread-safe and a hostile file can crash it or keep it busy, so ``load`` reads in a
process of its own (``workers.py``). Each page's text begins exactly at its recorded offset. Refuses
encrypted and damaged files, and scans, which hold pictures of text only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docsum_nb.documents.reading import Reading
from docsum_nb.errors import LoadError
from docsum_nb.records.results import Omission

__all__ = ["read"]

_BETWEEN = "\n\n"
# Scanners may stamp a page with its number; a page of text holds more than that.
_FEWEST_CHARACTERS = 3
_PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
_SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
_PICTURE = 3  # FPDF_PAGEOBJ_IMAGE
# PDFium puts these where a hyphen divides a word between two lines.
_HYPHENS = str.maketrans({"\x02": None, "\ufffe": None, "\0": "\ufffd"})


def read(path: Path) -> Reading:
    """Read a PDF file.

    Raises:
        LoadError: The file is encrypted, damaged, or a scan without text.
        OSError: The file cannot be opened or read.
    """
    pages, unread = _extract(path)
    characters = sum(len("".join(page.split())) for page in pages)
    if characters < _FEWEST_CHARACTERS * len(pages):
        raise LoadError(
            str(path),
            f"holds (almost) no text on {len(pages)} page(s); it is probably scanned and needs "
            "OCR (text recognition) first",
        )
    starts, offset = [], 0
    for page in pages:
        starts.append(offset)
        offset += len(page) + len(_BETWEEN)
    return Reading(_BETWEEN.join(pages), tuple(starts), _unread(unread))


def _unread(pages: list[int]) -> tuple[Omission, ...]:
    if not pages:
        return ()
    reason = "no text, only a picture or damage; they may need OCR (text recognition)"
    return (Omission(f"page(s) {', '.join(map(str, pages))}", reason),)


def _extract(path: Path) -> tuple[list[str], list[int]]:
    """Return the pages' texts, and the numbers of those that say more than their text."""
    import pypdfium2

    with path.open("rb") as file:
        start = file.read(1024)
    if b"%PDF" not in start:
        raise LoadError(str(path), "is not a PDF file, whatever its name says")
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (_PASSWORD_ERROR, _SECURITY_ERROR):
            reason = "is encrypted; save a copy without the password"
        else:
            reason = "is damaged or cut off; get a new copy, or print it to a new PDF file"
        raise LoadError(str(path), reason) from error
    pages: list[str] = []
    unread: list[int] = []
    for number in range(len(document)):
        text, complete = _page(document, number)
        pages.append(text)
        if not complete:
            unread.append(number + 1)
    return pages, unread


def _page(document: Any, number: int) -> tuple[str, bool]:
    """Read a page: its text, and whether that is all the page says."""
    import pypdfium2

    try:
        page = document[number]
        text = page.get_textpage().get_text_bounded()
        text = text.translate(_HYPHENS).replace("\r\n", "\n").replace("\r", "\n").strip()
        if len(text) >= _FEWEST_CHARACTERS:
            return text, True
        return text, not any(page.get_objects(filter=[_PICTURE]))
    except pypdfium2.PdfiumError:
        return "", False
