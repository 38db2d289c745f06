"""Live views of a run: a line for terminals and logs, a panel for notebooks.

All of them show a ``RunState`` and nothing else; none of them touches the work.
"""

from docsum_nb.views.choose import LiveDisplay, choose_view
from docsum_nb.views.line import LineView
from docsum_nb.views.panel import PanelView
from docsum_nb.views.status import state_html, state_text

__all__ = ["LineView", "LiveDisplay", "PanelView", "choose_view", "state_html", "state_text"]
