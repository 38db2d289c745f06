"""What names in a text stand for, filled in within bounds.

Decides how much is filled in: a short file could otherwise become a thousand times as long. Beyond
the bound the names stay in the text. Refuses nothing.
"""

from __future__ import annotations

__all__ = ["Replacements"]

_MOST = 1_000_000


class Replacements(dict[str, str]):
    """Values by their names, which may be filled in to a million characters in all."""

    def __init__(self) -> None:
        super().__init__()
        self._filled = 0

    def fill(self, name: str, written: str) -> str:
        """Return the value of a name, or the name as it is written if there is none or no room."""
        value = self.get(name)
        if value is None or self._filled + len(value) > _MOST:
            return written
        self._filled += len(value)
        return value
