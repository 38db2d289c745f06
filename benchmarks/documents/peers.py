"""Read files with the reference readers; run in the environment that ``make readers`` makes.

Reads one JSON object a line from standard input and answers each with one line: ``{"text": ...,
"seconds": ...}``, of processor time, or ``{"error": ...}``. An object names the ``reader``, the
``path``, and further arguments of the function of that name. Imports nothing of docsum_nb.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def pandoc(path: Path, source: str | None = None) -> str:
    """Return what pandoc makes of a file as plain text."""
    import pypandoc

    text: str = pypandoc.convert_file(
        str(path), "plain", format=source, extra_args=["--wrap=none"], sandbox=True
    )
    return text


def convert(path: Path, source: str, target: str, to: str) -> str:
    """Convert a file by pandoc; returns an empty text."""
    import pypandoc

    pypandoc.convert_file(
        str(path), target, format=source, outputfile=to, extra_args=["--standalone"]
    )
    return ""


def pymupdf(path: Path) -> str:
    """Return the text of a PDF by PyMuPDF."""
    import pymupdf as library

    with library.open(path) as document:
        return "\n".join(page.get_text() for page in document)


def pdfplumber(path: Path) -> str:
    """Return the text of a PDF by pdfplumber."""
    import pdfplumber as library

    with library.open(path) as document:
        return "\n".join(page.extract_text() or "" for page in document.pages)


def python_docx(path: Path) -> str:
    """Return the paragraphs and cells of a DOCX by python-docx."""
    import docx

    return "\n".join(words_of(docx.Document(str(path))))


def words_of(holder: Any) -> Iterator[str]:
    """Yield the texts of a document or cell of python-docx."""
    for item in holder.iter_inner_content():
        if hasattr(item, "rows"):
            for row in item.rows:
                for cell in row.cells:
                    yield from words_of(cell)
        else:
            yield item.text


def trafilatura(path: Path) -> str:
    """Return the main text of a page by trafilatura."""
    import trafilatura as library

    return library.extract(path.read_bytes(), favor_recall=True) or ""


def html2text(path: Path) -> str:
    """Return all text of a page by html2text."""
    import html2text as library

    reader = library.HTML2Text(bodywidth=0)
    reader.ignore_links = reader.ignore_images = True
    return str(reader.handle(path.read_text("utf-8", "replace")))


def python_pptx(path: Path) -> str:
    """Return the texts, tables and notes of slides by python-pptx."""
    import pptx

    said = []
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                said.append(shape.text_frame.text)
            if shape.has_table:
                said += [cell.text for row in shape.table.rows for cell in row.cells]
        if slide.has_notes_slide:
            said.append(slide.notes_slide.notes_text_frame.text)
    return "\n".join(said)


def openpyxl(path: Path) -> str:
    """Return the cells of a workbook by openpyxl."""
    import openpyxl as library

    book = library.load_workbook(path, read_only=True, data_only=True)
    return "\n".join(
        str(value)
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for value in row
        if value is not None
    )


def striprtf(path: Path) -> str:
    """Return the text of an RTF file by striprtf."""
    from striprtf.striprtf import rtf_to_text

    return str(rtf_to_text(path.read_text("latin-1"), errors="replace"))


def plain(path: Path) -> str:
    """Return the text of a file unchanged."""
    return path.read_text("utf-8", "replace")


READERS: dict[str, Callable[..., str]] = {
    each.__name__: each
    for each in (
        pandoc,
        convert,
        pymupdf,
        pdfplumber,
        python_docx,
        trafilatura,
        html2text,
        python_pptx,
        openpyxl,
        striprtf,
        plain,
    )
}


def main() -> None:
    """Answer each line of standard input."""
    for line in sys.stdin:
        asked = json.loads(line)
        reader = READERS[asked.pop("reader")]
        path = Path(asked.pop("path"))
        begun = sum(os.times()[:4])
        try:
            text = reader(path, **asked)
        except Exception as error:  # noqa: BLE001  # libraries raise what they like
            answer: dict[str, Any] = {"error": f"{type(error).__name__}: {error}"[:300]}
        else:
            answer = {"text": text, "seconds": sum(os.times()[:4]) - begun}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
