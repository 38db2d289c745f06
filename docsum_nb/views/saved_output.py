"""The static end of a run, for a notebook that was opened again while the run went on.

A display is updated by messages, and they reach only the page that has seen it begin. A page that
was opened later finds the panel in the file. JavaScript in that page replaces it, so that what is
saved there is the end; and if the kernel is restarted, that the run ended with it.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

__all__ = ["SavedOutput"]


class SavedOutput(anywidget.AnyWidget):
    """What the output of a panel is replaced by; shows nothing itself.

    Args:
        panel: The model id of the panel.
        lost: By MIME type, what to show if the kernel ends before the run.
    """

    _esm = Path(__file__).parent / "static" / "saved_output.js"
    panel = traitlets.Unicode().tag(sync=True)
    lost = traitlets.Dict().tag(sync=True)
    ended = traitlets.Dict().tag(sync=True)
    """By MIME type, the end; empty until then."""

    def __init__(self, panel: str, lost: dict[str, str]) -> None:
        super().__init__(panel=panel, lost=lost)
