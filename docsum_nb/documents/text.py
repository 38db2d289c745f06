"""Read plain text and Markdown in any encoding.

Decides by the suffix whether a text is Markdown, and what the file declares its encoding to be.
Lines come out ended by a line feed alone, and never with a NUL. Refuses what is not text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docsum_nb.characters import ESCAPES
from docsum_nb.documents.encodings import MARKS, Decoded, decoded, reading_notes, wide_encoding
from docsum_nb.documents.logs import is_log, log_text
from docsum_nb.documents.reading import Reading
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from docsum_nb.records import Syntax

    _ToMarkdown = Callable[[str], tuple[str, tuple[str, ...]]]

__all__ = [
    "SAMPLE",
    "decode",
    "decode_file",
    "is_text",
    "looks_like_text",
    "pictures_note",
    "read",
    "read_marked_up",
    "reading_of",
]

_MARKDOWN = frozenset((".md", ".markdown", ".mdx", ".qmd", ".rmd"))
# Bytes that tell whether a file is text.
SAMPLE = 128 * 1024
_DECLARED_IN = 4_096
_OVERPRINTED = re.compile(r"(?<=[^_\n\x08])\x08_(?!\x08)|[^\n\x08]\x08(?!_)|_\x08")
"""What a letter is printed over, bold or underlined, as in manual pages for printers."""
# Tab, new lines, form feed, backspace and escape stand in logs and manual pages.
_CONTROLS = bytes(set(range(32)) - {8, 9, 10, 12, 13, 27})
_DECLARED = re.compile(
    r"\A(?:[^\n]{0,300}\n)?[^\n]{0,200}?coding[:=][ \t]{0,5}([-\w.]{2,30})"
    r"|\A@charset \"([-\w.]{2,30})\";|\\usepackage\[([-\w]{2,30})\]\{inputenc\}"
)
_OF_LATEX = {
    "latin1": "cp1252",
    "ansinew": "cp1252",
    "latin9": "iso8859-15",
    "applemac": "macroman",
}


def read(path: Path) -> Reading:
    """Read a text file.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    found = _without_escapes(decode_file(path))
    syntax: Syntax = "markdown" if path.suffix.lower() in _MARKDOWN else "plain"
    if syntax == "plain" and is_log(found.text):
        text, notes = log_text(found.text)
        return reading_of(text, syntax, (*found.notes, *notes))
    return reading_of(found.text, syntax, found.notes)


def _without_escapes(found: Decoded) -> Decoded:
    """Return a text without colours, movements and letters that a terminal prints over."""
    text, notes = found.text, found.notes
    if "\x1b" in text:
        text, count = ESCAPES.subn("", text)
        what = "escape sequences for a terminal, such as colours, are removed"
        notes += (f"{count:,} {what}",) * bool(count)
    if "\b" in text:
        text, count = _OVERPRINTED.subn("", text)
        what = "characters that others are printed over are removed"
        notes += (f"{count:,} {what}",) * bool(count)
    return Decoded(text, notes)


def reading_of(text: str, syntax: Syntax, notes: Iterable[str]) -> Reading:
    """Return a text as what a reader returns, with the notes as omissions of the whole file."""
    omitted = tuple(Omission("", note) for note in notes)
    return Reading(text, omitted=omitted, syntax=syntax)


def read_marked_up(path: Path, to_markdown: _ToMarkdown) -> Reading:
    """Read a text file written in a markup language.

    Args:
        path: The file.
        to_markdown: Returns its text as Markdown, and notes of what was left out.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    found = decode_file(path)
    text, notes = to_markdown(found.text)
    return reading_of(text, "markdown", (*found.notes, *notes))


def pictures_note(count: int) -> tuple[str, ...]:
    """Return the note of pictures in a text file, if there are any."""
    return (f"{count:,} picture(s); only the words that describe them are read",) if count else ()


def decode_file(path: Path) -> Decoded:
    """Decode a text file, with what is to be said about its characters.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    data = path.read_bytes()
    found = decoded(data, declared=_declared(data))
    if found is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    genuine = data.count("\ufffd".encode())
    return Decoded(found.text, (*found.notes, *reading_notes(found.text, genuine=genuine)))


def _declared(data: bytes) -> str | None:
    """Return the encoding that the first lines of a text declare; ``None`` if they do not."""
    match = _DECLARED.search(data[:_DECLARED_IN].decode("latin-1"))
    if match is None:
        return None
    name = match[1] or match[2] or match[3]
    return _OF_LATEX.get(name, name)


def is_text(path: Path) -> bool:
    """Check whether a file of unknown kind looks like text, from its first 128 kB.

    Raises:
        OSError: The file cannot be opened or read.
    """
    with path.open("rb") as file:
        return looks_like_text(file.read(SAMPLE))


def looks_like_text(sample: bytes) -> bool:
    """Check whether the first ``SAMPLE`` bytes of a file look like text."""
    if any(sample.startswith(mark) for mark, _ in MARKS):
        return True
    if len(sample.translate(None, _CONTROLS)) < len(sample):
        return wide_encoding(sample) is not None
    return decode(sample) is not None


def decode(data: bytes, *, declared: str | None = None) -> str | None:
    """Decode bytes into text; see ``decoded``, which also says what is not certain."""
    found = decoded(data, declared=declared)
    return None if found is None else found.text
