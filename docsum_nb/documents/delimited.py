"""Read delimited text (.csv, .tsv) as records.

Decides the delimiter by the rows that it makes alike. Fields may be quoted and hold line breaks;
a quote that is never closed is a character like others. Takes linear time. Refuses what is not
text.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from docsum_nb.documents.omissions import omissions
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.rows import records, report
from docsum_nb.documents.text import decode_file
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read", "rows"]

_DELIMITERS = ("\t", ",", ";", "|")
_SAMPLE = 64 * 1024
_CONTROLS = ("\ufffd", *map(chr, (0, 1, 2, 3, 4, 5, 6, 7, 8)))
_ROWS_LOOKED_AT = 50
_DECLARED = re.compile(r"sep=(.)\n")
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')


def read(path: Path) -> Reading:
    """Read a delimited file as Markdown.

    Raises:
        LoadError: The file is not text in any known encoding.
        OSError: The file cannot be opened or read.
    """
    decoded = decode_file(path)
    sample = decoded.text[:_SAMPLE]
    if sum(map(sample.count, _CONTROLS)) > len(sample) / 10:
        raise LoadError(str(path), "is not text in any known encoding; save it as UTF-8")
    found = records(rows(decoded.text))
    return Reading(found.text, omitted=omissions((*decoded.notes, *report(found, ""))))


def rows(text: str) -> Iterator[list[str]]:
    """Yield the rows of a delimited text, without its empty lines."""
    declared = _DECLARED.match(text)
    if declared:
        yield from _rows(text[declared.end() :], declared[1])
    else:
        yield from _rows(text, _delimiter(text))


def _delimiter(text: str) -> str:
    """Return the delimiter that makes the most rows alike."""
    sample = text[:_SAMPLE]
    return max(_DELIMITERS, key=lambda delimiter: _likeness(sample, delimiter))


def _likeness(sample: str, delimiter: str) -> tuple[float, int]:
    widths = Counter(len(row) for row in islice(_rows(sample, delimiter), _ROWS_LOOKED_AT))
    width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
    return (count / sum(widths.values()), width) if width > 1 else (0.0, 0)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    # Without a quote that ends the field, the pattern would look through the rest at each.
    last_quote = text.rfind('"')
    row: list[str] = []
    at, line_end = 0, -1
    while at < len(text):
        value = ""
        if text[at] == '"' and at < last_quote:
            quoted = _QUOTED.match(text, at)
            if quoted is None:
                last_quote = -1
            else:
                value, at = quoted[1].replace('""', '"'), quoted.end()
        # A field ends at the next delimiter of its line; lines are looked for once each.
        if line_end < at:
            line_end = _index(text, "\n", at)
        until = min(_index(text, delimiter, at, line_end), line_end)
        row.append(value + text[at:until])
        at = until + 1
        if until == line_end:
            if any(row):
                yield row
            row = []
    if any(row):
        yield row


def _index(text: str, part: str, start: int, end: int | None = None) -> int:
    """Return where a part begins, or the end if it is not there."""
    end = len(text) if end is None else end
    at = text.find(part, start, end)
    return end if at < 0 else at
