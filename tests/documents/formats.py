"""Paragraphs of running text as a file of each format that is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from textwrap import wrap

from tests.documents import office_files as office
from tests.documents.document_samples import notebook
from tests.documents.pdf_maker import column, made

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """A format, and how paragraphs are written in it."""

    file: str
    """A file's name; its suffix counts."""
    kind: str
    """The reader."""
    written: Callable[[Sequence[str]], bytes | str]
    literal: bool = True
    """Whether every sign can stand for itself; else some are markup."""


def _html(paragraphs: Sequence[str]) -> str:
    inner = "".join(f"<p>{escape(each)}</p>\n" for each in paragraphs)
    return f"<!DOCTYPE html><html><head><title>T</title></head><body>{inner}</body></html>"


def _tex(paragraphs: Sequence[str]) -> str:
    body = "\n\n".join(paragraphs)
    return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _rtf(paragraphs: Sequence[str]) -> str:
    signs = {"\\": "\\\\", "{": "\\{", "}": "\\}"}
    body = "\\par\n".join(
        "".join(
            signs.get(sign, sign if sign.isascii() else f"\\u{ord(sign)}?") for sign in paragraph
        )
        for paragraph in paragraphs
    )
    return f"{{\\rtf1\\ansi\\deff0 {body}\\par}}"


def _subtitles(paragraphs: Sequence[str]) -> str:
    return "".join(
        f"{at}\n00:00:{at:02d},000 --> 00:00:{at + 1:02d},000\n{text}\n\n"
        for at, text in enumerate(paragraphs, 1)
    )


def _docx(paragraphs: Sequence[str]) -> bytes:
    return office.docx(*(office.p(office.r(escape(each))) for each in paragraphs))


def _pptx(paragraphs: Sequence[str]) -> bytes:
    inner = "".join(f"<a:p><a:r><a:t>{escape(each)}</a:t></a:r></a:p>" for each in paragraphs)
    return office.pptx(office.slide(inner))


def _odt(paragraphs: Sequence[str]) -> bytes:
    return office.odt("".join(f"<text:p>{escape(each)}</text:p>" for each in paragraphs))


def _epub(paragraphs: Sequence[str]) -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="c.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    page = _html(paragraphs).replace("<html>", '<html xmlns="http://www.w3.org/1999/xhtml">')
    return office.zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "c.opf": package,
            "a.xhtml": page,
        }
    )


def _mail(paragraphs: Sequence[str]) -> bytes:
    message = EmailMessage()
    message["Subject"] = "The harbour"
    message["From"] = "ann@harbour.example"
    message.set_content("\n\n".join(paragraphs) + "\n")
    return message.as_bytes()


def _pdf(paragraphs: Sequence[str]) -> bytes:
    pages = [paragraphs[at : at + 5] for at in range(0, len(paragraphs), 5)]
    return made(
        *(
            b"".join(
                column(*wrap(text, 80, break_on_hyphens=False), top=700 - 100 * at)
                for at, text in enumerate(page)
            )
            for page in pages
        )
    )


def _xml(paragraphs: Sequence[str]) -> str:
    inner = "".join(f"<p>{escape(each)}</p>" for each in paragraphs)
    return f"<article><body><sec><title>T</title>{inner}</sec></body></article>"


def _csv(paragraphs: Sequence[str]) -> str:
    cells = (each.replace('"', '""') for each in paragraphs)
    return "name,remark\n" + "".join(f'"n{at}","{cell}"\n' for at, cell in enumerate(cells))


def _xlsx(paragraphs: Sequence[str]) -> bytes:
    rows = "".join(office.cells(f"n{at}", escape(each)) for at, each in enumerate(paragraphs))
    return office.xlsx(office.cells("name", "remark") + rows + "</sheetData>")


def _json(paragraphs: Sequence[str]) -> str:
    return json.dumps([{"id": at, "text": each} for at, each in enumerate(paragraphs)])


def _notebook(paragraphs: Sequence[str]) -> str:
    return notebook(
        *({"cell_type": "markdown", "metadata": {}, "source": each} for each in paragraphs)
    )


def _lines(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"


FORMATS = (
    Format("a.txt", "text", _lines),
    Format("a.md", "text", _lines, literal=False),
    Format("a.rst", "rst", _lines, literal=False),
    Format("a.org", "org", _lines, literal=False),
    Format("a.adoc", "adoc", _lines, literal=False),
    Format("a.tex", "tex", _tex, literal=False),
    Format("a.html", "html", _html),
    Format("a.xml", "xml", _xml),
    Format("a.json", "json_text", _json),
    Format("a.ipynb", "notebook", _notebook, literal=False),
    Format("a.rtf", "rtf", _rtf),
    Format("a.srt", "subtitles", _subtitles, literal=False),
    Format("a.docx", "docx", _docx),
    Format("a.pptx", "pptx", _pptx),
    Format("a.odt", "odf", _odt),
    Format("a.epub", "epub", _epub),
    Format("a.eml", "mail", _mail),
    Format("a.pdf", "pdf", _pdf),
    Format("a.csv", "delimited", _csv),
    Format("a.xlsx", "xlsx", _xlsx),
)
