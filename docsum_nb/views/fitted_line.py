"""The line of a run in a terminal, fitted to its width.

Cost and time stand on it however narrow it is. What goes first, in this order: the pace, the other
figures, the bar, the status, the title.
"""

from __future__ import annotations

from dataclasses import dataclass

from docsum_nb.render.table import clipped
from docsum_nb.render.wrapping import columns_of

__all__ = ["FittedLine", "LineParts", "fitted"]

_LEAST_BAR = 8
_LEAST_TITLE = 6


@dataclass(frozen=True)
class LineParts:
    """What a line may show, in clean texts."""

    title: str
    status: str
    count: str
    """How many parts are finished, of how many."""
    details: tuple[str, ...]
    """Figures, the most important first; empty ones are not shown."""
    pace: tuple[str, ...]
    cost: str
    time: str


@dataclass(frozen=True)
class FittedLine:
    """A line without its bar."""

    before: str
    after: str
    with_bar: bool


def fitted(parts: LineParts, columns: int) -> FittedLine:
    """Return the line that fits into a number of columns.

    Args:
        parts: What there is to show.
        columns: The width of the terminal.
    """
    details = [each for each in parts.details if each]
    heading = f"{parts.title}, {parts.status}"
    for pace in (parts.pace, ()):
        line = _with_bar(heading, parts, [*details, *pace], columns)
        if line is not None:
            return line
    while details:
        details.pop()
        line = _with_bar(heading, parts, details, columns)
        if line is not None:
            return line
    return _without_bar(parts, columns)


def _with_bar(heading: str, parts: LineParts, more: list[str], columns: int) -> FittedLine | None:
    # Time and cost come last, as the eye looks for them there.
    before = f"{heading}: "
    after = f"| {', '.join(_shown(parts.count, *more, parts.cost, parts.time))}"
    if columns_of(before + after) + _LEAST_BAR > columns:
        return None
    return FittedLine(before, after, with_bar=True)


def _without_bar(parts: LineParts, columns: int) -> FittedLine:
    figures = ", ".join(_shown(parts.count, parts.cost, parts.time))
    room = columns - columns_of(figures) - 2
    for heading in (f"{parts.title}, {parts.status}", parts.title):
        if columns_of(heading) <= room:
            return FittedLine(f"{heading}: ", figures, with_bar=False)
    if room >= _LEAST_TITLE:
        return FittedLine(f"{clipped(parts.title, room)}: ", figures, with_bar=False)
    if columns_of(figures) > columns:
        figures = ", ".join(_shown(parts.cost, parts.time))
    return FittedLine("", figures, with_bar=False)


def _shown(*texts: str) -> list[str]:
    return [text for text in texts if text]
