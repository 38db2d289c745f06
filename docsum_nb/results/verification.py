"""Whether a summary's quotations stand in its sources, and the sources are those it was made from.

Holds data and lays it out; ``docsum_nb.trust`` compares. Every text that is shown is cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import count_text
from docsum_nb.render.one_line import one_line
from docsum_nb.render.table import Column, Row, Table, more, part
from docsum_nb.results.dataframe import frame_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["State", "Verification", "VerifiedDocument"]

State = Literal["unchanged", "changed", "missing", "unknown"]
"""``"unknown"``: the summary holds no hash of the document, because an earlier version made it."""
_MOST_ROWS = 100
_TYPES = {
    **{"document": "object", "state": "object", "found_as": "object", "quotes": "int64"},
    **{"misplaced": "int64"},
}


@dataclass(frozen=True)
class VerifiedDocument:
    """One document of a summary, compared with the source that was given."""

    name: str
    state: State
    """Of its text, compared by its hash."""
    found_as: str | None = None
    """The name of the document in the given source; ``None`` if it is not there."""
    quotes: int = 0
    """Citations of it."""
    misplaced: tuple[int, ...] = ()
    """The numbers of those citations whose passage is not in its place."""

    @property
    def ok(self) -> bool:
        """Whether it is known to be unchanged, with each quotation in its place.

        Without a hash, the quotations decide alone.
        """
        return self.state in ("unchanged", "unknown") and not self.misplaced


@dataclass(frozen=True)
class Verification(Tabled):
    """What ``Summary.verify`` found; displays itself as a table."""

    documents: tuple[VerifiedDocument, ...]
    """In the order of the summary."""
    outside: int = 0
    """Citations whose span is not within the summary's text."""
    unchecked: tuple[str, ...] = ()
    """What could not be compared, and why."""

    @property
    def ok(self) -> bool:
        """Whether every document is unchanged and every quotation is in its place."""
        return bool(self.documents) and not self.outside and all(e.ok for e in self.documents)

    def to_frame(self) -> DataFrame:
        """Return a table to work on, with a row for each document.

        Raises:
            InputError: If pandas is not installed.
        """
        return frame_of(list(self._rows()), _TYPES)

    def __str__(self) -> str:
        return self.to_text()

    def _rows(self) -> Iterator[dict[str, Any]]:
        for each in self.documents:
            yield {
                **{"document": each.name, "state": each.state, "found_as": each.found_as},
                **{"quotes": each.quotes, "misplaced": len(each.misplaced)},
            }

    def _table(self) -> Table:
        wrong = sum(not each.ok for each in self.documents)
        quotes = sum(each.quotes for each in self.documents)
        wrong_spans = count_text(self.outside, "citation") + " outside the text of the summary"
        found = "nothing to verify" if not self.documents else "verified"
        headline = f"{wrong:,} of {count_text(len(self.documents), 'document')} not as summarized"
        # What is wrong must be seen, however many documents there are.
        ordered = sorted(self.documents, key=lambda each: each.ok)
        return Table(
            "Verification of the summary",
            (Column("document"), Column("text"), Column("quotations", "number"), Column("wrong")),
            tuple(map(_row, ordered[:_MOST_ROWS])),
            headline=headline if wrong else f"{found}: {count_text(quotes, 'quotation')}",
            notes=(
                *((wrong_spans,) if self.outside else ()),
                *more(len(ordered) - _MOST_ROWS, "more documents; .documents has all"),
                *(one_line(each, max_chars=400) for each in self.unchecked),
            ),
        )


def _row(each: VerifiedDocument) -> Row:
    wrong = ", ".join(f"[{number}]" for number in each.misplaced)
    renamed = each.found_as if each.found_as != each.name else None
    name = (part(each.name, "name", max_chars=80),)
    return Row(
        (
            (*name, part(f"found as {renamed}", "muted")) if renamed else name,
            (part(each.state, "" if each.ok else "problem"),),
            (part(f"{each.quotes:,}"),),
            (part(f"out of place: {wrong}" if wrong else "", "problem"),),
        )
    )
