"""What a notebook saves of a run that goes on, and its static end in a page that was opened later.

A widget needs its kernel. JavaScript in the page saves the last state as HTML in its place, with
the id of the panel, and puts the panel back if the notebook is opened beside its kernel.

A display is updated by messages, and they reach only the page that has seen it begin. In a page
that was opened later, JavaScript puts the end in the place of the panel, so that what is saved
there is the end; and if the kernel is restarted, that the run ended with it.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

__all__ = ["SavedOutput"]


class SavedOutput(anywidget.AnyWidget):
    """Decides what is saved of the output of a panel; shows nothing itself.

    Args:
        panel: The model id of the panel.
        state: The model id of the widget with the state, in the panel.
        running: By MIME type, what is saved while the run goes on; the state is put into it.
        lost: By MIME type, what to show if the kernel ends before the run; the same.
    """

    _esm = Path(__file__).parent / "static" / "saved_output.js"
    panel = traitlets.Unicode().tag(sync=True)
    state = traitlets.Unicode().tag(sync=True)
    running = traitlets.Dict().tag(sync=True)
    lost = traitlets.Dict().tag(sync=True)
    ended = traitlets.Dict().tag(sync=True)
    """By MIME type, the end; empty until then."""

    def __init__(
        self, panel: str, state: str, *, running: dict[str, str], lost: dict[str, str]
    ) -> None:
        super().__init__(panel=panel, state=state, running=running, lost=lost)
