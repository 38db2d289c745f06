"""The live panel of a run as a widget."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from docsum_nb.views.state import state_html, style_html

if TYPE_CHECKING:
    from docsum_nb import Run, Summary

__all__ = ["panel_of"]


def panel_of(run: Run[Summary]) -> Any:
    """Make a widget that shows a run until its end, then its result; needs no cell."""
    import threading

    import ipywidgets as widgets

    html = widgets.HTML()

    def follow() -> None:
        while not run.done:
            html.value = style_html() + state_html(run.state, run.title, with_style=False)
            time.sleep(0.1)
        value = style_html() + state_html(run.state, run.title, with_style=False)
        if run.state.outcome == "done":
            value += run.result().to_html()
        html.value = value

    threading.Thread(target=follow, daemon=True).start()
    return html
