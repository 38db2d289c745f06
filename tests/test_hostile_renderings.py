"""Every rendering of the product, fed with the same hostile text: one row for each.

The text comes from where strangers write: documents, headings, names of files, answers of models,
errors of servers. Each row is checked by what it is shown in: a terminal, HTML, Markdown, JSON.
"""

from __future__ import annotations

import io
import re
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbconvert import HTMLExporter

import docsum_nb as ds
from docsum_nb.events import RunState, Throttled
from docsum_nb.form.code import code_of
from docsum_nb.form.form_values import FormValues
from docsum_nb.form.style import code_html, lasting, notice_html, plan_html
from docsum_nb.plots import cost
from docsum_nb.records import Usage, UsageRow
from docsum_nb.render.displayed import Displayed
from docsum_nb.results import RunUsage
from docsum_nb.run import Detail, PendingQuestion, Question, Snapshot
from docsum_nb.views import LineView, PanelView, state_html, state_text
from docsum_nb.views.chunk_map import ChunkMap
from docsum_nb.views.console import _shown as asked_text
from docsum_nb.views.panel import static_bundle
from docsum_nb.views.question_form import QuestionForm
from tests.results.result_samples import hostile, shown
from tests.support.hostile_text import BIG, CHECKS, TRAPS, Kind

Rendering = Callable[[str], str]


def state_of(text: str, outcome: Any = None) -> RunState:
    """Return the state of a run that a server refuses, or has refused."""
    return RunState(
        stage="summarizing",
        running=1,
        done=1,
        waiting=1,
        started_at=1.0,
        outcome=outcome,
        error=text if outcome else None,
        warnings=(text, text),
        throttled=Throttled(text, text, 1.0, 429),
    )


class Viewed:
    """A run that is nothing but a text."""

    def __init__(self, text: str) -> None:
        self.title = text
        self._text = text

    def cancel(self) -> None: ...

    def snapshot(self) -> Snapshot:
        return Snapshot(state_of(self._text), cells=b"\1\2", writing=self._text)

    def labels(self) -> list[str]:
        return [self._text, self._text]

    def detail(self, index: int) -> Detail | None:
        return Detail(self._text, self._text)

    def answer(self, number: int, text: str) -> bool:
        return False


def question_of(text: str) -> Question:
    return Question("r", text, text, text, text)


def panel(text: str) -> str:
    """Return all that a panel under a cell has shown, live and at its end."""
    viewed = Viewed(text)
    view = PanelView(viewed)
    parts = [view._html.value]
    view.update(viewed.snapshot())
    parts.append(view._html.value)
    ended = Snapshot(state_of(text, "failed"))
    view.close(ended, None)
    return "".join([*parts, *(child.value for child in view._box.children)])


def saved(text: str, outcome: str, result: object = None) -> dict[str, str]:
    """Return what a saved page keeps of a panel, with the chunk that was open."""
    snapshot = Snapshot(state_of(text, outcome), cells=bytes([6, 4]))
    return static_bundle(Viewed(text), snapshot, result, opened=1)


def map_of_chunks(text: str) -> str:
    """Return the texts that the map of chunks sends, one that was clicked included."""
    viewed, sent = Viewed(text), list[Any]()
    shown = ChunkMap(viewed)
    shown.send = lambda content, buffers=None: sent.append(content)
    shown.show(viewed.snapshot().cells)
    shown._asked(shown, {"inspect": 0}, [])
    return "\n".join([*shown.labels, *(str(each) for each in sent[0].values())])


def question_form(text: str) -> str:
    form = QuestionForm(Viewed(text), PendingQuestion(1, question_of(text), 0))
    return "\n".join((form.heading, form.message, form.text))


class Terminal(io.StringIO):
    """A terminal in memory, written to as one."""

    def isatty(self) -> bool:
        return True


def progress(text: str) -> str:
    """Return what a line of progress writes to a terminal, but for the redrawing of its own."""
    terminal = Terminal()
    for outcome in (None, "failed"):
        view = LineView(text, terminal)
        snapshot = replace(Viewed(text).snapshot(), state=state_of(text, outcome))
        view.update(snapshot)
        view.close(snapshot, None)
        view.amend(snapshot)
    return re.sub(r"\x1b\[A|\r", "", terminal.getvalue())


def drawn(text: str) -> str:
    """Return the names in a plot, as matplotlib takes them."""
    axes = cost(hostile(text), ax=Figure().subplots())
    return "\n".join(label.get_text() for label in axes.get_yticklabels()) + axes.get_title()


def error_shown(text: str) -> str:
    """Return an error of the package and one of somebody's, in all that shows them."""
    parts = []
    for error in (
        ds.errors.InputError(text),
        ds.errors.LoadError(text, text),
        ds.errors.RunError(text),
    ):
        error.add_note("a note")
        parts += [*traceback.format_exception(error), ds.errors.for_users(error)]
    return "\n".join([*parts, ds.errors.for_users(ValueError(text))])


def exported(text: str) -> str:
    """Return a notebook with a result in it, as nbconvert makes a page of it: its outputs."""
    bundle = hostile(text)._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell(
        "summary", outputs=[nbformat.v4.new_output("display_data", bundle)]
    )
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    found = BeautifulSoup(page, "html.parser").select_one(".jp-OutputArea-output")
    assert found is not None
    return str(found.decode_contents())


def saved_page(text: str) -> str:
    page = hostile(text).to_html(page=True)
    assert page.startswith("<!doctype html>")
    return page


def form_as_code(text: str) -> str:
    """Return the form's code; it is Python that holds the text unchanged."""
    code = code_of(FormValues(source=text, values={"question": text}))
    compile(code, "cell", "exec", flags=0x2000)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    assert repr(text) in code
    return code


def as_text(thing: Displayed) -> str:
    return f"{thing}\n{thing!r}\n{thing.to_text()}"


def as_json(thing: Any) -> str:
    text: str = thing.to_json()
    return text


def usage(text: str) -> RunUsage:
    return RunUsage((UsageRow(text, text, Usage(1, 2, 3, None), 0), UsageRow("b", "b", Usage(), 0)))


RENDERINGS: dict[str, tuple[Kind, Rendering]] = {
    "result as HTML": ("html", lambda text: hostile(text).to_html()),
    "result in a cell": ("html", lambda text: hostile(text)._repr_mimebundle_()["text/html"]),
    "result as text": ("terminal", lambda text: hostile(text).to_text()),
    "result's repr": ("terminal", lambda text: repr(hostile(text))),
    "result as Markdown": ("markdown", lambda text: hostile(text).to_markdown()),
    "result as JSON": ("json", lambda text: hostile(text).to_json()),
    "saved page": ("html", saved_page),
    "notebook that was exported": ("html", exported),
    **{
        f"{name} as HTML": ("html", lambda text, name=name: shown(text)[name].to_html())  # type: ignore[misc]
        for name in shown("")
    },
    **{
        f"{name} as text": ("terminal", lambda text, name=name: as_text(shown(text)[name]))  # type: ignore[misc]
        for name in shown("")
    },
    "usage as HTML": ("html", lambda text: usage(text).to_html()),
    "usage as text": ("terminal", lambda text: usage(text).to_text()),
    "hit": ("terminal", lambda text: f"{hostile(text).related[0]}\n{hostile(text).related[0]!r}"),
    "runs as JSON": ("json", lambda text: as_json(shown(text)["runs"])),
    "diagnosis as JSON": ("json", lambda text: as_json(shown(text)["diagnosis"])),
    "panel": ("html", panel),
    "panel of a saved page": (
        "html",
        lambda text: saved(text, "done", hostile(text))["text/html"],
    ),
    "panel as text": (
        "terminal",
        lambda text: saved(text, "failed")["text/plain"],
    ),
    "state as HTML": ("html", lambda text: state_html(state_of(text), text, writing=text)),
    "state as text": ("terminal", lambda text: state_text(state_of(text, "failed"), text)),
    "map of chunks": ("terminal", map_of_chunks),
    "progress in a terminal": ("terminal", progress),
    "question in a form": ("terminal", question_form),
    "question in a terminal": ("terminal", lambda text: asked_text(question_of(text))),
    "form's code": ("terminal", form_as_code),
    "form's code as HTML": ("html", lambda text: code_html(form_as_code(text))),
    "form's notice": ("html", lambda text: notice_html(text, bad=True)),
    "form's plan": ("html", lambda text: plan_html(shown(text)["plan"])),  # type: ignore[arg-type]
    "form in a saved page": (
        "html",
        lambda text: lasting("f1", form_as_code(text), None)["text/html"],
    ),
    "plot": ("terminal", drawn),
    "errors": ("terminal", error_shown),
}

OF_OTHERS = ("result in a cell", "notebook that was exported", "panel of a saved page")
"""Renderings that hold what another row renders."""


@pytest.mark.parametrize("name", RENDERINGS)
def test_hostile_text_is_only_text(name: str) -> None:
    """Nothing of it acts."""
    kind, render = RENDERINGS[name]
    CHECKS[kind](render(TRAPS))


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in RENDERINGS if name not in OF_OTHERS])
def test_a_megabyte_on_one_line_is_only_text(name: str) -> None:
    """Nor does a text that is longer than any screen."""
    kind, render = RENDERINGS[name]
    CHECKS[kind](render(BIG))
