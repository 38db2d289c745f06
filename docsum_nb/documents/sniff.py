"""Recognise what a file really is, whatever its suffix says.

Decides by the first bytes, and by the names of the parts of a container. Files of formats that are
not read are refused with what they are and what to do. Reads no more than the start of a file and
the list of its parts.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from typing import TYPE_CHECKING

from docsum_nb.documents.text import is_text
from docsum_nb.documents.zipped import Container
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OLD_OFFICE", "kind_of", "old_format"]

OLD_OFFICE = "old_office"
"""The kind of files with the suffix of an old binary format; many of them are something else."""
_START = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = 128
_OLD = (
    ("EncryptedPackage", "is password-protected; save it without a password"),
    ("WordDocument", "is an old Word file (.doc); save it as .docx"),
    ("Workbook", "is an old Excel file (.xls); save it as .xlsx"),
    ("Book", "is an old Excel file (.xls); save it as .xlsx"),
    ("PowerPoint Document", "is an old PowerPoint file (.ppt); save it as .pptx"),
)
_MESSAGE = ("__substg1.0_", "__properties_version1.0", "__nameid_version1.0", "__attach_version1.0")
"""How parts of an Outlook message are called."""
_OTHER_OLD = (
    "is password-protected or an old binary Office file; save it as .docx, .xlsx or .pptx, "
    "without a password"
)
_CONTAINERS = {
    "docx": ".docx file",
    "xlsx": ".xlsx file",
    "pptx": ".pptx file",
    "odf": "OpenDocument file",
}
_PARTS = (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx"))
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html|head|body|table|meta)\b",
    re.I | re.S,
)
_XML = re.compile(r"(?:ï»¿)?<\?xml\s")
_SAYS_MARKUP = frozenset((".md", ".markdown", ".mdx"))
"""Suffixes of texts that may well begin with a tag."""
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b[^<]{0,500}>", re.I)
_MAIL = re.compile(r"(?:mime-version|content-type|from|date|subject):[^\n]{0,500}\n", re.I)
_XML_2003 = re.compile(
    r"progid=\"(Word|Excel)\.|schemas-microsoft-com:office:(word|spreadsheet)|/office/word/2003/wordml"
)


def kind_of(path: Path, kind: str) -> str:
    """Return the kind of reader for a file.

    Args:
        path: The file.
        kind: The kind that its suffix stands for.

    Raises:
        LoadError: The file is of a format that is not read.
        OSError: The file cannot be opened or read.
    """
    start = _read_start(path)
    if start.startswith(_OLE) and any(name.startswith(_MESSAGE) for name in _entries(path, start)):
        return "mail"
    if reason := _old_format(path, start):
        raise LoadError(str(path), reason)
    if path.suffix.lower() == ".msg":
        # Other programs have texts of that name, such as ROS.
        return "mail" if _MAIL.match(start.decode("latin-1")) else "text"
    if start.startswith(b"%PDF-"):
        return "pdf"
    if start.startswith(b"{\\rtf"):
        return "rtf"
    if start.startswith(b"PK\x03\x04") and (
        kind in _CONTAINERS or kind in (OLD_OFFICE, "text", "rtf", "delimited")
    ):
        return _kind_of_container(path, kind)
    if kind == "text" and path.suffix.lower() in (".txt", "") and _is_page(start):
        return "html"
    if kind == "text" and path.suffix.lower() not in _SAYS_MARKUP and _is_xml(start):
        return "xml"
    if kind in _CONTAINERS or kind in (OLD_OFFICE, "rtf"):
        return _kind_of_text(path, kind, start)
    return kind


def _is_xml(start: bytes) -> bool:
    return _XML.match(start.decode("latin-1")) is not None


def _is_page(start: bytes) -> bool:
    return _PAGE.match(start.decode("latin-1").removeprefix("ï»¿")) is not None


def old_format(path: Path) -> str:
    """Return what an old binary Office file is and what to do; empty for other files.

    Raises:
        OSError: The file cannot be opened or read.
    """
    return _old_format(path, _read_start(path))


def _read_start(path: Path) -> bytes:
    # A pipe that took the place of the file would never be opened otherwise.
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise LoadError(str(path), "is not a regular file; copy its content to one")
        return file.read(_START)


def _old_format(path: Path, start: bytes) -> str:
    if not start.startswith(_OLE):
        return ""
    names = _entries(path, start)
    if any(name.startswith(_MESSAGE) for name in names):
        return ""
    return next((reason for name, reason in _OLD if name in names), _OTHER_OLD)


def _entries(path: Path, start: bytes) -> set[str]:
    """Return the first names in the directory of a compound file (OLE)."""
    if len(start) < 512:
        return set()
    shift, sector = struct.unpack_from("<H", start, 30)[0], struct.unpack_from("<L", start, 48)[0]
    if shift not in (9, 12):
        return set()
    with path.open("rb") as file:
        file.seek((sector + 1) << shift)
        directory = file.read(16 * _ENTRY)
    names = set()
    for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
        length = min(struct.unpack_from("<H", directory, at + 64)[0], 64)
        names.add(directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace"))
    return names


def _kind_of_container(path: Path, kind: str) -> str:
    with Container(path, kind=_CONTAINERS.get(kind, "ZIP file")) as container:
        names = container.names()
        if "mimetype" in container:
            declared = container.read("mimetype", most=1024).decode("ascii", "replace")
            if "opendocument" in declared:
                return "odf"
            if "epub" in declared:
                return "epub"
        for prefix, found in _PARTS:
            if "[Content_Types].xml" in container and any(
                name.startswith(prefix) for name in names
            ):
                if f"{prefix}workbook.bin" in container:
                    raise LoadError(str(path), "is a binary Excel file (.xlsb); save it as .xlsx")
                return found
        if any(name.endswith(".iwa") for name in names):
            raise LoadError(
                str(path),
                "is a file of Pages, Numbers or Keynote; export it as .docx, .xlsx or .pptx",
            )
        if kind in _CONTAINERS:
            # Its reader says which part is missing.
            return kind
    raise LoadError(str(path), "is a ZIP archive; rename it to .zip")


def _kind_of_text(path: Path, kind: str, start: bytes) -> str:
    head = start.decode("latin-1")
    what = _CONTAINERS.get(kind, ".rtf file" if kind == "rtf" else "old Office file")
    if _XML_2003.search(head):
        raise LoadError(str(path), "is an XML file of Office 2003; save it as .docx or .xlsx")
    if _HTML.match(head.removeprefix("ï»¿")):
        return "html"
    if not start.strip(b"\0 \r\n\t") or not is_text(path):
        raise LoadError(str(path), f"is not a {what}, or is cut off")
    if _MAIL.match(head) and "mime-version" in head.lower():
        reason = "is a web page saved as a message (MHTML); save it as .docx or .html"
        raise LoadError(str(path), reason)
    if kind != OLD_OFFICE:
        suffix = ".csv" if kind == "xlsx" else ".txt"
        raise LoadError(str(path), f"is not a {what} but plain text; rename it to {suffix}")
    # Many programs write text or delimited text, and call it .doc or .xls.
    return "delimited" if path.suffix.lower() in (".xls", ".xlt") else "text"
