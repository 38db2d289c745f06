"""The panel of a run in JupyterLab: it moves, and its Cancel button works."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.gate import Gate

pytestmark = pytest.mark.browser

CHUNKS = 4
FORMS = {
    "await": "run = {run}\nawait run",
    "result": "run = {run}\nrun.result()",
    "panel": "run = {run}\nrun",
}


@pytest.mark.parametrize("form", FORMS)
def test_progress_is_seen_to_move(open_notebook: Open, gate: Gate, form: str) -> None:
    """Each answer shows within the panel while the run goes on; the end replaces the widget."""
    run = f"ds.summarize(texts({CHUNKS}), model=model, ledger=False)"
    notebook = open_notebook(FORMS[form].format(run=run))
    notebook.start(1)
    if form == "panel":
        notebook.wait(1)
    for done in range(CHUNKS):
        gate.wait_asked(CHUNKS)
        notebook.see_state(1, f"{done} of {CHUNKS} chunks")
        assert notebook.output(1).get_by_role("button", name="Cancel").is_enabled()
        assert notebook.is_running(1) == (form != "panel")
        gate.let()
    gate.open()
    notebook.see_state(1, "done")
    if form != "panel":
        notebook.wait(1)
    expect(notebook.panel(1)).to_contain_text(f"{CHUNKS} of {CHUNKS} chunks")
    expect(notebook.output(1).get_by_role("button", name="Cancel")).to_have_count(0)


@pytest.mark.parametrize("form", FORMS)
def test_cancel_ends_the_cell_within_a_second(open_notebook: Open, gate: Gate, form: str) -> None:
    """A click on Cancel stops the run though the cell waits, and the next cell runs."""
    run = f"ds.summarize(texts({CHUNKS}), model=model, ledger=False)"
    notebook = open_notebook(FORMS[form].format(run=run), "print(type(run.exception()).__name__)")
    waits = form != "panel"
    took = []
    for attempt in range(1, 4):
        notebook.start(1)
        gate.wait_asked(attempt * CHUNKS)
        notebook.see_state(1, f"0 of {CHUNKS} chunks")
        assert notebook.is_running(1) == waits
        clicked = notebook.click(1, "Cancel")
        ended = notebook.wait(1) if waits else notebook.wait_outcome(1)
        notebook.see_state(1, "cancelled")
        notebook.run(2)
        assert notebook.text(2) == "RunCancelled"
        took.append(ended - clicked)
        if took[-1] < 1000:
            break
    assert min(took) < 1000, took
