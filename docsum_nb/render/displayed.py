"""How a record shows itself: the hooks of notebooks, over one text and one HTML."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from docsum_nb.render.table import table_html, table_text

if TYPE_CHECKING:
    from docsum_nb.render.table import Table

__all__ = ["Displayed", "Tabled"]

_NARROWEST = 20


class Displayed:
    """Displays itself in a notebook cell, by the two methods that its subclass gives."""

    def to_text(self) -> str:
        """Render as plain text for a terminal."""
        raise NotImplementedError

    def to_html(self) -> str:
        """Render as HTML that needs no script and nothing from elsewhere."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.to_text(), "text/html": self.to_html()}


class Tabled(Displayed):
    """Displays itself as a table, which its subclass lays out."""

    def _table(self) -> Table:
        raise NotImplementedError

    def to_text(self) -> str:
        """Render as plain text for a terminal."""
        return table_text(self._table())

    def _printed(self) -> str:
        """Render as plain text, for the terminal if standard output is one."""
        try:
            room = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else 0
        except (OSError, ValueError, AttributeError):
            room = 0  # closed, replaced, or without a size
        return table_text(self._table(), width=max(room, _NARROWEST)) if room else self.to_text()

    def to_html(self) -> str:
        """Render as HTML that needs no script and nothing from elsewhere."""
        return table_html(self._table())
