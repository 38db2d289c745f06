"""What a reader returns: the text of a file, where its pages begin, and what is not in the text.

A reader is a module of this folder with ``read(path) -> Reading | str``, found by the suffix of a
file in ``sources.KINDS``; a ``str`` is a whole text without pages and omissions. A reader raises
``LoadError`` if it refuses the file, opens nothing but the file, starts no process, and returns
plain values only, since it may run in a process of its own. Paths and names are added by ``load``.
Readers in ``PICTURED`` also take the folder in which they write pages that a model is to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from docsum_nb.documents.embedded_data import without_data
from docsum_nb.records import Omission, Syntax

__all__ = ["MOST_PICTURES", "PICTURED", "Picture", "Reading", "data_marked", "read_by"]

PICTURED = frozenset({"pdf", "pictures"})
"""The readers that write pictures of pages."""
MOST_PICTURES = 200
"""Of one document."""


@dataclass(frozen=True)
class Picture:
    """A page whose text is still to be read from a picture of it."""

    page: int
    """Counted from 1."""
    offset: int
    """The character of the document's text at which the text of the page belongs."""
    file: str
    """The picture, a PNG file. A reader returns its name, ``load`` its path."""


@dataclass(frozen=True)
class Reading:
    """The text of one document."""

    text: str = field(repr=False)
    """Blank if the file holds no text, or only documents that are among its parts."""
    pages: tuple[int, ...] = field(default=(), repr=False)
    """The character offset at which each page begins; empty if the format has no pages."""
    omitted: tuple[Omission, ...] = ()
    """What is in the file but not in the text: which part of the file ("page 3", "2 pictures";
    empty for the whole file), and why, with how much. ``load`` puts the document's name before."""
    parts: tuple[tuple[str, Reading], ...] = ()
    """Further documents of the file, such as attachments, each with its name in the file."""
    syntax: Syntax = "markdown"
    """How the text is written."""
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What else is known of the document; JSON values only."""
    pictures: tuple[Picture, ...] = ()
    """Pages whose text is missing, in order; empty unless pictures were asked for."""


def read_by(kind: str, path: Path, pictures: Path | None = None) -> Reading:
    """Read a file by the reader of a kind, in this process.

    Args:
        kind: The name of the reader's module.
        path: The file.
        pictures: The folder for pictures of pages without text; ``None`` makes none.

    Raises:
        LoadError: The reader refuses the file.
        Exception: Parsers raise what they like.
    """
    further = (pictures,) if kind in PICTURED else ()
    found: Reading | str = import_module(f"docsum_nb.documents.{kind}").read(path, *further)
    return data_marked(Reading(found) if isinstance(found, str) else found)


def data_marked(reading: Reading) -> Reading:
    """Return a reading with marks for pictures and the like in its text.

    A text whose pages are known by offsets stays unchanged.
    """
    parts = tuple((name, data_marked(part)) for name, part in reading.parts)
    if reading.pages:
        return replace(reading, parts=parts)
    text, notes = without_data(reading.text)
    omitted = (*reading.omitted, *(Omission("", note) for note in notes))
    return replace(reading, text=text, omitted=omitted, parts=parts)
