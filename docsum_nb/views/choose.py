"""Which view a run gets: a panel in a notebook, else a line on stderr."""

from __future__ import annotations

import sys
from typing import Any

from docsum_nb.run import Console, RunView, Snapshot, Waited
from docsum_nb.views.console import console_here
from docsum_nb.views.line import LineView
from docsum_nb.views.panel import PanelView, static_bundle
from docsum_nb.views.widgets import current_kernel

__all__ = ["LiveDisplay", "choose_view"]


class LiveDisplay:
    """The ways a run can be shown, for ``Run``."""

    def open(self, shown: RunView) -> LineView | PanelView | None:
        """Show a live view where the caller is; see ``choose_view``."""
        return choose_view(shown)

    def embed(self, shown: RunView) -> tuple[PanelView, Any]:
        """Return a new panel for a layout of the caller's own: the view, and its widget."""
        view = PanelView(shown)
        return view, view.embed()

    def console(self, waited: Waited | None, *, form: bool) -> Console | None:
        """Return where a person can be asked by text now; see ``console_here``."""
        return console_here(waited, form=form)

    def bundle(self, shown: RunView, snapshot: Snapshot, result: object | None) -> dict[str, str]:
        """Render a snapshot of a run by MIME type; see ``static_bundle``."""
        return static_bundle(shown, snapshot, result)


def choose_view(shown: RunView) -> LineView | PanelView | None:
    """Open the view that suits the caller: a notebook, a terminal or a script.

    Args:
        shown: What to show.

    Returns:
        A panel, displayed in the current cell, in a Jupyter kernel; a line on stderr elsewhere;
        ``None`` if there is no stderr.
    """
    if current_kernel() is not None:
        return PanelView(shown).show()
    return None if sys.stderr is None else LineView(shown.title)
