"""Where lines stand, so that the end of a block is found without looking at all lines below."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

__all__ = ["LineIndex"]


class LineIndex:
    """The places of equal lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._places: dict[str, list[int]] = {}
        for at, line in enumerate(lines):
            self._places.setdefault(line, []).append(at)

    def next(self, line: str, start: int) -> int | None:
        """Return the first place of a line at or behind a start; ``None`` if there is none."""
        places = self._places.get(line, [])
        found = bisect_left(places, start)
        return places[found] if found < len(places) else None
