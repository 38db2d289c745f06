"""Progress as a panel under a notebook cell, with a Cancel button.

Everything but the button is one HTML widget, so that a tick costs one message at most. Widgets die
with their kernel: what is displayed carries static HTML beside the widget from the start, and the
end replaces it by static HTML for good. A saved page never shows an empty place or a stale 0 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from docsum_nb.events import RunState
from docsum_nb.render.clean import one_line
from docsum_nb.views.state import state_html, state_text, style_html

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PanelView", "static_bundle"]

_UNFINISHED = "running when this page was saved"
_WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def static_bundle(state: RunState, title: str, result: object | None = None) -> dict[str, str]:
    """Render a state by MIME type, without anything live.

    Args:
        state: The state of a run.
        title: What the run is called.
        result: What the run gave; shown beneath where it has a ``to_html`` method and the run is
            done. ``None`` shows the state alone.

    Returns:
        ``text/plain`` and ``text/html``.
    """
    plain, html = [state_text(state, title)], [state_html(state, title)]
    if state.outcome == "done" and hasattr(result, "to_html"):
        html.append(result.to_html())
        plain.append(result.to_text() if hasattr(result, "to_text") else str(result))
    return {"text/plain": "\n\n".join(plain), "text/html": "\n".join(html)}


class PanelView:
    """Shows a run in a notebook.

    Args:
        title: What the run is called.
        cancel: Stops the run; called at most once, in whatever thread the click arrives.
    """

    shows_text = True

    def __init__(self, title: str, cancel: Callable[[], object]) -> None:
        self._title = title
        self._cancel = cancel
        self._handle: Any = None
        self._html: Any = None
        self._button: Any = None
        self._box: Any = None

    def show(self) -> Self:
        """Display the panel in the current cell.

        Returns:
            The view itself.
        """
        import ipywidgets as widgets
        from IPython.display import display

        start = RunState()
        style = widgets.HTML(style_html(), layout={"display": "none"})
        self._html = widgets.HTML(state_html(start, self._title, with_style=False))
        self._button = widgets.Button(description="Cancel", tooltip="Stop this run")
        self._button.on_click(self._on_click)
        _answer_while_blocked(self._button)
        self._box = widgets.VBox([style, self._html, self._button])
        bundle = {
            "text/plain": f"{one_line(self._title)}: {_UNFINISHED}",
            "text/html": state_html(start, self._title, status=_UNFINISHED),
            _WIDGET_MIME: {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self._box.model_id,
            },
        }
        self._handle = display(bundle, raw=True, display_id=True)
        return self

    def update(self, state: RunState) -> None:
        """Show a state: one message where anything changed, else none."""
        if self._html is not None:
            self._html.value = state_html(state, self._title, with_style=False)

    def close(self, state: RunState, result: object | None) -> None:
        """Replace the panel by static HTML of the last state.

        Args:
            state: The last state.
            result: Shown beneath where the run is done and it has a ``to_html`` method; ``None``
                shows the state alone.
        """
        if self._handle is None:
            return
        self._handle.update(static_bundle(state, self._title), raw=True)
        for widget in (*self._box.children, self._box):
            widget.close()
        if result is not None:
            # Last, because a result of the user's own may fail to render.
            self._handle.update(static_bundle(state, self._title, result), raw=True)

    def _on_click(self, button: Any) -> None:
        if button.disabled:
            return
        with button.hold_sync():
            button.disabled = True
            button.description = "cancelling…"
        self._cancel()


def _answer_while_blocked(button: Any) -> None:
    """Let a click through while a cell blocks the main thread.

    Expected: a front-end that sends clicks on a subshell (JupyterLab 4.4) has them handled there.
    ipykernel 7.4 sends them to the shell the widget was made in instead, which the cell blocks:
    ``ipykernel.comm.comm.BaseComm._reply_subshell_for``. The callback may run in any thread.
    """
    if hasattr(button.comm, "_reply_subshell_for"):
        button.comm._reply_subshell_for = lambda _data, default: default
