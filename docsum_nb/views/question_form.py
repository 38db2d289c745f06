"""A question of a run as a form: what is asked, the text to be judged, a field and buttons.

One widget and one message for the answer: front ends hold back the changes of a text field while a
cell runs, so the text goes with the click. What is shown is set as text, never as markup.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from docsum_nb.render.one_line import clean, one_line

if TYPE_CHECKING:
    from docsum_nb.run import PendingQuestion, RunView

__all__ = ["QuestionForm"]

_HERE = Path(__file__).parent
_MOST_CHARS = 200_000


class QuestionForm(anywidget.AnyWidget):
    """The form of one question.

    Args:
        shown: The run that asks.
        pending: The question.
    """

    _esm = _HERE / "static" / "question_form.js"
    _css = _HERE / "static" / "question_form.css"
    heading = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
    """What is to be judged; empty if a text is asked for."""
    behind = traitlets.Int(0).tag(sync=True)
    """The number of questions that wait behind this one."""

    def __init__(self, shown: RunView, pending: PendingQuestion) -> None:
        question = pending.question
        agent = f" of {one_line(question.agent, max_chars=80)}" if question.agent else ""
        super().__init__(
            heading=f"{one_line(question.task, max_chars=120) or 'The work'}{agent} asks you",
            message=clean(question.message)[:_MOST_CHARS],
            text=clean(question.text)[:_MOST_CHARS],
            behind=pending.behind,
        )
        self._shown = shown
        self._number = pending.number
        self.on_msg(self._answered)

    def is_of(self, pending: PendingQuestion) -> bool:
        """Return whether this is the form of a question."""
        return pending.number == self._number

    def _answered(self, _widget: Any, message: Any, _buffers: Any) -> None:
        answer = message.get("answer") if isinstance(message, dict) else None
        if isinstance(answer, str):
            self._shown.answer(self._number, answer)
