"""All chunks of a run on one canvas, a cell each, colored by state.

One widget and one byte a chunk, however many there are. Hovering names a chunk, a click shows its
text and its summary. Only then is the kernel asked for them, so nothing of the documents is sent
before a person wants to see it. What is shown is set as text, never as markup.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from docsum_nb.render.one_line import clean, one_line
from docsum_nb.run import PART_STATES

if TYPE_CHECKING:
    from docsum_nb.run import RunView

__all__ = ["ChunkMap"]

_HERE = Path(__file__).parent
_MOST_LABELS = 20_000
"""Beyond these, names are not sent: a megabyte and more for something to hover over."""
_MOST_CHARS = 100_000


class ChunkMap(anywidget.AnyWidget):
    """The map of one run.

    Args:
        shown: The run.
    """

    _esm = _HERE / "static" / "chunk_map.js"
    _css = _HERE / "static" / "chunk_map.css"
    cells = traitlets.Bytes(b"").tag(sync=True)
    """The state of each chunk: an index of ``states``."""
    labels = traitlets.List().tag(sync=True)
    """The name of each chunk; empty if there are too many to send."""
    states = traitlets.List(list(PART_STATES)).tag(sync=True)

    def __init__(self, shown: RunView) -> None:
        super().__init__()
        self._shown = shown
        self._named = 0
        self._passed_over = False
        self.opened: int | None = None
        """The chunk whose text is shown now; ``None`` if none is."""
        self.on_msg(self._asked)

    def is_due(self, cells: bytes) -> bool:
        """Check whether the map has changed and was passed over the last time."""
        return self._passed_over and cells != self.cells

    def passed_over(self) -> None:
        """Note that something else was sent instead."""
        self._passed_over = True

    def show(self, cells: bytes) -> None:
        """Show new states; names go with them when they become known."""
        self._passed_over = False
        if cells == self.cells:
            return
        with self.hold_sync():
            if len(cells) > self._named:
                self._named = len(cells)
                labels = self._shown.labels() if len(cells) <= _MOST_LABELS else []
                self.labels = [one_line(label, max_chars=200) for label in labels]
            self.cells = cells

    def _asked(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Send the front end the text of a chunk that was clicked; note what it has closed."""
        if not isinstance(message, dict):
            return
        if message.get("closed") is True:
            self.opened = None
        place = message.get("inspect")
        if not isinstance(place, int) or not 0 <= place < len(self.cells):
            return
        self.opened = place
        detail = self._shown.detail(place)
        labels = self._shown.labels()
        self.send(
            {
                "place": place,
                "label": one_line(labels[place] if place < len(labels) else "", max_chars=200),
                "text": clean(detail.text if detail else "")[:_MOST_CHARS],
                "result": clean(detail.result if detail else "")[:_MOST_CHARS],
                "error": clean(detail.error if detail else "")[:_MOST_CHARS],
            }
        )
