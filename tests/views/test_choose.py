"""Which view a run gets outside a notebook; inside one, see the panel's tests."""

from __future__ import annotations

import subprocess
import sys

import pytest

from docsum_nb.events import RunState
from docsum_nb.run import Snapshot
from docsum_nb.views import LineView, LiveDisplay, choose_view
from tests.views.view_samples import Still


def test_a_script_gets_a_line() -> None:
    """Outside a kernel, the view is a line on stderr."""
    assert isinstance(choose_view(Still("t")), LineView)


def test_no_stderr_gets_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nowhere to write, there is no view."""
    monkeypatch.setattr("sys.stderr", None)

    assert choose_view(Still("t")) is None


def test_a_state_can_be_shown_without_a_view() -> None:
    """The bundle holds the present state, as text and as HTML."""
    bundle = LiveDisplay().bundle(Still("Summarize"), Snapshot(RunState()), None)

    assert bundle["text/plain"] == "Summarize: starting"
    assert "Summarize" in bundle["text/html"]


def test_importing_the_views_stays_light() -> None:
    """Neither IPython, ipywidgets, tqdm nor Jinja is imported before something is shown."""
    code = (
        "import sys, docsum_nb.views, docsum_nb.render;"
        "heavy = {'IPython', 'ipywidgets', 'anywidget', 'tqdm', 'jinja2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
