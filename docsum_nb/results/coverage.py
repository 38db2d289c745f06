"""Which of a reader's points a summary covers, and by which sentence.

Holds data and lays it out; ``docsum_nb.trust`` compares. Points and sentences are shown cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import count_text
from docsum_nb.render.table import Column, Row, Table, more, part
from docsum_nb.results.dataframe import frame_of

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Coverage", "CoveredPoint"]

_NOTE = (
    "The score is the share of a point's words, weighted by rarity, in the best sentence: words, "
    "not of meaning. On 1,419 points that people had judged in 200 summaries (SummHay), such a "
    "score agreed with them (Spearman .73) as well as a large language model did (.72)."
)
_MOST_ROWS = 100
_TYPES = {
    **{"point": "object", "covered": "bool", "score": "float64", "sentence": "object"},
    **{"start": "Int64", "end": "Int64"},
}


@dataclass(frozen=True)
class CoveredPoint:
    """A point, and the sentence of the summary that comes closest to it."""

    point: str
    score: float
    """Share of the point's words, weighted by rarity, that the sentence has: 0 to 1."""
    covered: bool
    """Whether the score is at least a half."""
    sentence: str = ""
    start: int | None = None
    end: int | None = None
    """The sentence's span of ``Summary.text``; ``None`` without any shared word."""
    documents: tuple[str, ...] = ()
    """The documents that the sentence cites."""


@dataclass(frozen=True)
class Coverage(Tabled):
    """What ``Summary.covers`` found; displays itself as a table."""

    points: tuple[CoveredPoint, ...]
    """In the order in which they were given."""

    @property
    def share(self) -> float:
        """The share of the points that are covered; 0 without any."""
        return sum(each.covered for each in self.points) / max(1, len(self.points))

    @property
    def missing(self) -> tuple[str, ...]:
        """The points that are not covered."""
        return tuple(each.point for each in self.points if not each.covered)

    def to_frame(self) -> DataFrame:
        """Return a table to work on, with a row for each point.

        Raises:
            InputError: If pandas is not installed.
        """
        return frame_of(list(self._rows()), _TYPES)

    def __iter__(self) -> Iterator[CoveredPoint]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    def __str__(self) -> str:
        return self.to_text()

    def _rows(self) -> Iterator[dict[str, Any]]:
        for each in self.points:
            yield {
                **{"point": each.point, "covered": each.covered, "score": each.score},
                **{"sentence": each.sentence, "start": each.start, "end": each.end},
            }

    def _table(self) -> Table:
        covered = sum(each.covered for each in self.points)
        return Table(
            "Points that the summary covers",
            (Column("point"), Column("score", "number"), Column("covered"), Column("where")),
            tuple(map(_row, self.points[:_MOST_ROWS])),
            headline=f"{covered:,} of {count_text(len(self.points), 'point')} covered",
            notes=(*more(len(self.points) - _MOST_ROWS, "more points; .points has all"), _NOTE),
        )


def _row(each: CoveredPoint) -> Row:
    return Row(
        (
            (part(each.point),),
            (part(f"{each.score:.2f}"),),
            (part("yes" if each.covered else "no", "good" if each.covered else "warning"),),
            (part(each.sentence, "quote"),),
        )
    )
