"""What a run took of models, by who asked: the tasks and agents of a crew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from docsum_nb.records.calls import Usage
from docsum_nb.render.dataframe import usage_frame
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.tables import usage_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from docsum_nb.render.table import Table

__all__ = ["RunUsage", "UsageRow"]


@dataclass(frozen=True)
class UsageRow:
    """What one agent took for one task."""

    task: str
    """The CrewAI task; of a call outside of tasks, the step of the flow or ``"planning"``; without
    a crew, the stage. What a coworker took counts for the task that delegated to it."""
    agent: str
    """The role of the agent; empty if a model was asked without one, as by memory or by a step."""
    usage: Usage
    """Of the answers that came."""
    unanswered: int = 0
    """Requests that failed and, while the run goes on, those in flight."""


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
        return usage_table(self.rows, self.total)
