"""Notebook 7, which JupyterLab's server serves as well: panel, map, Cancel, what is saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from docsum_nb.testing import ScriptedServer
from tests.browser.conftest import Open
from tests.browser.gate import Gate
from tests.browser.test_panel_in_lab import CHUNKS, FORMS, HOW_IT_ENDED, see_running

pytestmark = pytest.mark.browser


def test_panel_moves_is_cancelled_and_stays(open_notebook: Open, server: ScriptedServer) -> None:
    """Awaited, blocked on or in the background: it moves, a click ends it, the end is saved."""
    notebook = open_notebook(*FORMS.values(), HOW_IT_ENDED, front="notebooks")
    for cell in FORMS:
        gate = Gate(server)
        notebook.start(cell)
        gate.wait_asked(CHUNKS)
        notebook.see_state(cell, f"0 of {CHUNKS} chunks")
        gate.let()
        notebook.see_state(cell, f"1 of {CHUNKS} chunks")
        expect(notebook.output(cell).locator("canvas")).to_be_visible()
        see_running(notebook, cell)
        notebook.click(cell, "Cancel")
        notebook.wait_outcome(cell)
        notebook.see_state(cell, "cancelled")
        gate.open()
        notebook.run(len(FORMS) + 1)
        assert notebook.text(len(FORMS) + 1) == "RunCancelled"
    notebook.screenshot("notebook7")
    notebook.save()
    expect(notebook.page.get_by_text("Saving")).to_have_count(0)
    saved = str(notebook.read())
    assert saved.count("docsum-cancelled") >= len(FORMS)
