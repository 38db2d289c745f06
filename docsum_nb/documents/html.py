"""Read HTML as Markdown: what a reader of the page would read.

Decides what of a page is its text, without menus, hidden parts and buttons; a page without any
heading gets its title. What is left out is counted. Takes linear time. Refuses nothing but bytes
that are not text: markup that is broken is read as far as it goes.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.documents.encodings import decoded, reading_notes
from docsum_nb.documents.html_inline import cleaned
from docsum_nb.documents.html_parse import TooDeepError, declared_encoding, flattened, parse
from docsum_nb.documents.html_regions import choose
from docsum_nb.documents.html_writer import PageWriter
from docsum_nb.documents.markdown import literal, written
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.terms import words
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Page", "read", "to_markdown", "to_page"]

_BLANK_LINES = re.compile(r"\n{3,}+")
_ASIDE = {
    "control": "buttons and lists of choices",
    "hidden": "parts that the page hides",
    "fallback": "words for browsers without films and frames",
    "drawing": "labels in drawings",
    "frame": "pages in frames of frames",
}


@dataclass(frozen=True)
class Page:
    """The text of a page."""

    text: str
    """Markdown; empty if the page has no words."""
    title: str
    """On one line; empty if there is none."""
    left_out: Mapping[str, int]
    """How many words were left out, by what they are."""

    def omissions(self) -> tuple[Omission, ...]:
        """Return what was left out, with how many words."""
        return tuple(
            Omission(what, f"left out ({count:,} words)") for what, count in self.left_out.items()
        )


def read(path: Path) -> Reading:
    """Read an HTML file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    data = path.read_bytes()
    found = decoded(data, declared=declared_encoding(data))
    if found is None:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    page = to_page(found.text)
    notes = (*found.notes, *reading_notes(page.text))
    return Reading(page.text, omitted=(*page.omissions(), *(Omission("", note) for note in notes)))


def to_markdown(html: str) -> str:
    """Return HTML as Markdown with ``#`` headings."""
    return to_page(html).text


def to_page(html: str, *, titled: bool = True, book: bool = False) -> Page:
    """Return the text of a page, and what is left out of it.

    Args:
        html: Any text.
        titled: Whether a page without any heading begins with its title.
        book: Whether it is a chapter of a book, around which nothing stands but tables of contents.
    """
    writer = PageWriter(book=book)
    try:
        parse(html, writer)
    except TooDeepError:
        writer = PageWriter(book=book)
        parse(flattened(html), writer)
    return finished(writer, titled=titled)


def finished(writer: PageWriter, *, titled: bool = True) -> Page:
    """Return what a writer that was closed has written."""
    regions = writer.regions
    choose(regions)
    left_out: Counter[str] = Counter()
    for kind, count in writer.set_aside.items():
        left_out[_ASIDE[kind]] += count
    kept: list[str] = []
    for region, text in writer.runs:
        if reason := regions[region].left_out:
            left_out[reason] += len(words(text))
        else:
            kept.append(text)
    text = "".join(kept).strip("\n")
    title = " ".join(writer.title.split())
    if titled and title and not any(region.headings for region in regions if not region.left_out):
        heading = written(literal(cleaned(title)), titles=True)
        text = f"# {heading}\n\n{text}".strip()
    return Page(text, title, {reason: count for reason, count in left_out.items() if count})
