"""The runs of a ledger as a table: text for terminals, HTML for notebooks, both cleaned."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from docsum_nb.render.amounts import cost_text
from docsum_nb.render.clean import one_line
from docsum_nb.render.templating import fill

if TYPE_CHECKING:
    from docsum_nb.ledger import RunRecord

__all__ = ["runs_html", "runs_text"]

_HEADS = ("id", "began", "what", "model", "state", "chunks", "calls", "cost")
_RIGHT = ("chunks", "calls", "cost")
_MOST = 200
"""Rows shown."""


def runs_text(records: Sequence[RunRecord], place: str) -> str:
    """Render as lines of text, one a run, below the names of the columns.

    Args:
        records: In the order in which they are shown.
        place: Where they come from.
    """
    if not records:
        return f"no runs in {one_line(place)}"
    rows = [_HEADS, *map(_cells, records[:_MOST])]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADS))]
    lines = [
        "  ".join(
            cell.rjust(width) if head in _RIGHT else cell.ljust(width)
            for cell, width, head in zip(row, widths, _HEADS, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*lines, *_more(records)])


def runs_html(records: Sequence[RunRecord], place: str) -> str:
    """Render as an HTML table; arguments as for ``runs_text``."""
    return fill(
        __package__,
        "runs.html.j2",
        heads=_HEADS,
        right=_RIGHT,
        rows=[
            (_cells(record), one_line(record.error or "", max_chars=400))
            for record in records[:_MOST]
        ],
        more=_more(records),
        place=one_line(place),
    )


def _cells(record: RunRecord) -> tuple[str, ...]:
    return (
        record.id,
        time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started_at)),
        one_line(record.what, max_chars=60),
        one_line(record.model, max_chars=40),
        record.state,
        f"{record.done:,}/{record.chunks:,}" if record.chunks else "",
        f"{record.calls:,}",
        cost_text(record.cost_usd),
    )


def _more(records: Sequence[RunRecord]) -> list[str]:
    hidden = len(records) - _MOST
    return [f"… and {hidden:,} older ones"] if hidden > 0 else []
