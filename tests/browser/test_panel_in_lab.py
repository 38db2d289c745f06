"""The panel of a run in JupyterLab: it moves, and its Cancel button works."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from docsum_nb.testing import ScriptedServer
from tests.browser.conftest import Open
from tests.browser.gate import Gate
from tests.browser.notebook import Notebook

pytestmark = pytest.mark.browser

CHUNKS = 4
RUN = f"run = ds.summarize(texts({CHUNKS}), model=model, ledger=False)"
FORMS = {1: f"{RUN}\nawait run", 2: f"{RUN}\nrun.result()", 3: f"{RUN}\nrun"}
"""By cell: awaited in it, blocked on in it, displayed by a cell that returns at once."""
BACKGROUND = 3
HOW_IT_ENDED = "run.join(60)\nprint(type(run.exception()).__name__)"
"""Once its calls have landed: the next run would share those that are in flight."""


@pytest.mark.long
def test_progress_is_seen_to_move(open_notebook: Open, server: ScriptedServer) -> None:
    """In each form, each answer shows within the panel while the run goes on, up to the end."""
    notebook = open_notebook(*FORMS.values())
    for cell in FORMS:
        gate = Gate(server)
        notebook.start(cell)
        for done in range(CHUNKS):
            gate.wait_asked(CHUNKS)
            notebook.see_state(cell, f"{done} of {CHUNKS} chunks")
            expect(cancel_button(notebook, cell)).to_be_enabled()
            see_running(notebook, cell)
            gate.let()
        gate.open()
        notebook.wait_outcome(cell)
        notebook.see_state(cell, "done")
        notebook.see_state(cell, f"{CHUNKS} of {CHUNKS} chunks")
        expect(cancel_button(notebook, cell)).to_have_count(0)
        notebook.wait(cell)


@pytest.mark.long
def test_cancel_ends_the_cell(open_notebook: Open, server: ScriptedServer) -> None:
    """In each form, a click stops the run and ends the cell, and the next cell runs.

    How soon it ends, ``benchmarks/kernel_matrix.py`` prints.
    """
    notebook = open_notebook(*FORMS.values(), HOW_IT_ENDED)
    for cell in FORMS:
        gate = Gate(server)
        notebook.start(cell)
        gate.wait_asked(CHUNKS)
        notebook.see_state(cell, f"0 of {CHUNKS} chunks")
        see_running(notebook, cell)
        notebook.click(cell, "Cancel")
        notebook.wait_outcome(cell)
        notebook.wait(cell)
        notebook.see_state(cell, "cancelled")
        gate.open()
        notebook.run(len(FORMS) + 1)
        assert notebook.text(len(FORMS) + 1) == "RunCancelled"


def see_running(notebook: Notebook, cell: int) -> None:
    """Check that a cell still waits for its run; wait for the end of one that waits for none."""
    if cell == BACKGROUND:
        notebook.wait(cell)
    else:
        assert notebook.is_running(cell)


def cancel_button(notebook: Notebook, cell: int) -> Locator:
    """Return the button of a cell's run, which is there while it goes on."""
    return notebook.output(cell).get_by_role("button", name="Cancel", exact=True)
