"""What a run took of models, by who asked: the tasks and agents of a crew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.records import Usage, UsageRow
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.formats import cost_text, count_text
from docsum_nb.render.table import Column, Row, Table, cells, more, part
from docsum_nb.results.dataframe import usage_frame

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["RunUsage"]

_MOST_ROWS = 100


@dataclass(frozen=True)
class RunUsage(Tabled):
    """What a run took, a row for each task and agent; displays itself as a table.

    The tasks come in the order in which they were planned, then what belongs to none.
    """

    rows: tuple[UsageRow, ...] = ()

    @property
    def total(self) -> Usage:
        """The sum of all rows: ``run.state.usage``, but for the rounding of dollars."""
        return sum((row.usage for row in self.rows), Usage())

    def __iter__(self) -> Iterator[UsageRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_frame(self) -> DataFrame:
        """Return a table to work on.

        Returns:
            A pandas DataFrame with a row for each task and agent. Costs are in US dollars, and
            ``NaN`` if a price is not known.

        Raises:
            InputError: If pandas is not installed.
        """
        return usage_frame(self.rows)

    def _table(self) -> Table:
        return _usage_table(self.rows, self.total)


def _usage_table(rows: Sequence[UsageRow], total: Usage) -> Table:
    """Lay out what a run took, by task and agent.

    Args:
        rows: In the order in which they are shown.
        total: Their sum.
    """
    numbers = ("calls", "unanswered", "prompt tokens", "answer tokens", "cost")
    notes = more(len(rows) - _MOST_ROWS, "more rows")
    if total.counted:
        notes += (
            f"Tokens of {count_text(total.counted, 'call')} are counted here, approximately: no "
            "usage was reported.",
        )
    shown = [_use(row.task, row.agent, row.usage, row.unanswered) for row in rows[:_MOST_ROWS]]
    if len(rows) > 1:
        shown.append(_use("all", "", total, sum(row.unanswered for row in rows)))
    return Table(
        "What the run took",
        (Column("task"), Column("agent"), *(Column(head, "number") for head in numbers)),
        tuple(shown),
        notes=notes if rows else ("no model was asked",),
    )


def _use(task: str, agent: str, usage: Usage, unanswered: int) -> Row:
    numbers = (
        f"{usage.calls:,}",
        f"{unanswered:,}" if unanswered else "",
        f"{usage.prompt_tokens:,}",
        f"{usage.completion_tokens:,}",
        cost_text(usage.cost_usd),
    )
    names = ((part(task, "name", max_chars=60),), (part(agent, max_chars=40),))
    return Row((*names, *cells(numbers)))
