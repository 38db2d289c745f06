"""Progress as a panel under a notebook cell: the state, a map of all chunks, a Cancel button.

However many chunks there are, the panel is a handful of widgets, and a tick sends one message: the
state or the map, in turns if both have changed. Widgets die with their kernel: what is displayed
carries static HTML beside the widget from the start, and the end replaces it by static HTML for
good, also in a page that was opened later. A saved page never shows a gap or a stale 0 %.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from docsum_nb.events import RunState
from docsum_nb.records import SummaryRecord
from docsum_nb.render.one_line import one_line
from docsum_nb.views.parts import parts_html
from docsum_nb.views.status import state_html, state_text, style_html
from docsum_nb.views.widgets import answer_while_blocked, clicks_arrive, close_widget

if TYPE_CHECKING:
    from typing import Self

    from docsum_nb.run import PendingQuestion, RunView, Snapshot
    from docsum_nb.views.question_form import QuestionForm
    from docsum_nb.views.saved_output import SavedOutput

__all__ = ["PanelView", "static_bundle"]

_UNFINISHED = "running when this page was saved"
_LOST = "its kernel was restarted or shut down before the end; answers in the ledger are kept"
_UNREACHABLE = "A click cannot reach the kernel while this cell runs: use the stop button ■ above."
_ASKING = "waiting for your answer"
_WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
_ended: deque[Any] = deque()
_MOST_ENDED = 16
"""Panels that stay as widgets after their end. A page that was loaded again while the run went on
shows the widget until it is replaced there; see ``SavedOutput``."""


def static_bundle(
    shown: RunView, snapshot: Snapshot, result: object | None = None, *, opened: int | None = None
) -> dict[str, str]:
    """Render a snapshot of a run by MIME type, without anything live.

    Args:
        shown: The run.
        snapshot: How it is.
        result: The result of the run; shown beneath if it has a ``to_html`` method and the run is
            done. ``None`` shows the state alone.
        opened: The chunk whose text is open in the live map, counted from 0; ``None`` if none is.

    Returns:
        ``text/plain`` and ``text/html``.
    """
    state, title = snapshot.state, shown.title
    beneath = _as_in_a_cell(result) if _is_shown(state, result) else {}
    # A summary shows calls, tokens, cost and time itself.
    with_facts = not (beneath and isinstance(result, SummaryRecord))
    over = state.outcome is not None
    parts = parts_html(shown, snapshot.cells, state.unit, opened=opened) if over else ""
    plain = [state_text(state, title, with_facts=with_facts), beneath.get("text/plain", "")]
    html = [
        state_html(
            state,
            title,
            with_facts=with_facts,
            parts=parts,
            # The cell that waits shows the whole error beneath.
            brief=snapshot.waited is not None,
        ),
        beneath.get("text/html", ""),
    ]
    # Errors may hold half of a surrogate pair, which no JSON message can.
    return {
        "text/plain": "\n\n".join(filter(None, plain)).encode("utf-8", "replace").decode(),
        "text/html": "".join(html).encode("utf-8", "replace").decode(),
    }


def _empty_bundle(title: str, words: str) -> dict[str, str]:
    """Render a run of which nothing but a few words is known, by MIME type."""
    return {
        "text/plain": f"{one_line(title)}: {words}",
        "text/html": state_html(RunState(), title, status=words),
    }


def _is_shown(state: RunState, result: object | None) -> bool:
    return state.outcome == "done" and hasattr(result, "to_html")


def _as_in_a_cell(result: Any) -> dict[str, str]:
    """Render a result as a cell would: of a thousand documents or rows, not all."""
    if hasattr(result, "_repr_mimebundle_"):
        bundle = result._repr_mimebundle_()
        # IPython takes metadata along with it.
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {kind: text for kind, text in (data or {}).items() if isinstance(text, str)}
    html = result._repr_html_() if hasattr(result, "_repr_html_") else None
    return {"text/plain": str(result), "text/html": str(html or result.to_html())}


def _retire(box: Any) -> None:
    """Keep the widget of a panel that has ended, and close the one that ended longest ago."""
    _ended.append(box)
    if len(_ended) > _MOST_ENDED:
        close_widget(_ended.popleft())


class PanelView:
    """Shows a run in a notebook.

    Args:
        shown: The run; its ``cancel`` is called at most once, in the thread of the click.
    """

    shows_text = True

    def __init__(self, shown: RunView) -> None:
        import ipywidgets as widgets

        from docsum_nb.views.chunk_map import ChunkMap

        self._shown = shown
        self._handle: Any = None
        self._saved: SavedOutput | None = None
        self._style = widgets.HTML(style_html(), layout={"display": "none"})
        self._html = widgets.HTML(state_html(RunState(), shown.title, with_style=False))
        self._map = ChunkMap(shown)
        self._button = widgets.Button(description="Cancel", tooltip="Stop this run")
        self._button.on_click(self._on_click)
        self._hint = widgets.Label(_UNREACHABLE, layout={"display": "none"})
        self._clicked = False
        self._opened: int | None = None
        self._form: QuestionForm | None = None
        for widget in (self._button, self._map):
            answer_while_blocked(widget)
        self._foot = widgets.HBox([self._button, self._hint])
        self._box = widgets.VBox([self._style, self._html, self._map, self._foot])

    def show(self) -> Self:
        """Display the panel in the current cell.

        Returns:
            The view itself.
        """
        from IPython.display import display

        from docsum_nb.views.saved_output import SavedOutput

        running, lost = (_empty_bundle(self._shown.title, words) for words in (_UNFINISHED, _LOST))
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        # Before the panel is in the page, so that a page with the panel always has it.
        self._saved = SavedOutput(
            self._box.model_id, self._html.model_id, running=running, lost=lost
        )
        self._handle = display({**running, _WIDGET_MIME: view}, raw=True, display_id=True)
        return self

    def embed(self) -> Any:
        """Return the panel as a widget, for a layout of the caller's own."""
        # Once it is a number, front ends count their displays of it.
        self._box._view_count = 0
        return self._box

    def takes_answers(self) -> bool:
        """Return whether the panel, and so the form in it, is displayed somewhere."""
        return self._handle is not None or bool(self._box._view_count)

    def update(self, snapshot: Snapshot) -> None:
        """Show a snapshot: one message if anything has changed, else none."""
        self._update_button(snapshot)
        self._ask(snapshot.pending if clicks_arrive(snapshot.waited) else None)
        html = state_html(
            snapshot.state,
            self._shown.title,
            with_style=False,
            status=None if snapshot.pending is None else _ASKING,
            pace=snapshot.pace,
            writing=snapshot.writing,
        )
        # In turns if both have changed: the map knows when it is its turn.
        if html == self._html.value or self._map.is_due(snapshot.cells):
            self._map.show(snapshot.cells)
        else:
            self._map.passed_over()
            self._html.value = html

    def close(self, snapshot: Snapshot, result: object | None) -> bool:
        """Replace the panel by static HTML of the last state.

        Args:
            snapshot: The last snapshot.
            result: Shown beneath if the run is done and it has a ``to_html`` method; ``None``
                shows the state alone.

        Returns:
            Whether the panel is displayed somewhere.
        """
        displayed = self.takes_answers()
        opened = self._opened = self._map.opened
        self._end_with(static_bundle(self._shown, snapshot, opened=opened))
        if self._saved is not None:
            _retire(self._saved)
            _retire(self._box)
        if result is not None:
            # Last, because a result of the user's own may fail to render.
            self._end_with(static_bundle(self._shown, snapshot, result, opened=opened))
        return displayed

    def amend(self, snapshot: Snapshot) -> None:
        """Replace the figures of the moment of the stop by those of the end."""
        self._end_with(static_bundle(self._shown, snapshot, opened=self._opened))

    def _end_with(self, bundle: dict[str, str]) -> None:
        import ipywidgets as widgets

        live = self._box.children
        # First what is saved: as soon as the outcome is seen, a notebook may be.
        if self._handle is not None:
            self._handle.update(bundle, raw=True)
        if self._saved is not None:
            self._saved.ended = bundle
        self._box.children = [widgets.HTML(bundle["text/html"])]
        for widget in live:
            close_widget(widget)

    def _ask(self, pending: PendingQuestion | None) -> None:
        """Show the form of the question that is to be answered next, and remove the last one."""
        if pending is None and self._form is None:
            return
        if pending is not None and self._form is not None and self._form.is_of(pending):
            self._form.behind = pending.behind
            return
        from docsum_nb.views.question_form import QuestionForm

        answered, self._form = self._form, None
        if pending is not None:
            self._form = QuestionForm(self._shown, pending)
            answer_while_blocked(self._form)
        # Shown last: an answer to a form that is not complete yet would be lost.
        shown = [self._form] if self._form is not None else []
        self._box.children = [self._style, self._html, self._map, *shown, self._foot]
        if answered is not None:
            close_widget(answered)

    def _update_button(self, snapshot: Snapshot) -> None:
        """Disable the button, with a hint, while a click on it cannot reach the kernel."""
        reachable = clicks_arrive(snapshot.waited)
        if reachable == (self._hint.layout.display == "none"):
            return
        self._hint.layout.display = "none" if reachable else None
        self._button.disabled = self._clicked or not reachable

    def _on_click(self, button: Any) -> None:
        if self._clicked:
            return
        self._clicked = True
        with button.hold_sync():
            button.disabled = True
            button.description = "cancelling…"
        self._shown.cancel()
