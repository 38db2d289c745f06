"""A notebook that was saved in JupyterLab, closed, and opened again without its kernel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, WarmKernel
from tests.browser.gate import Gate
from tests.browser.notebook import Notebook
from tests.loopback import Loopback, Reply

pytestmark = pytest.mark.browser

RUN = "run = ds.summarize(texts(3), model=model, ledger=False)"
FORMS = {1: f"{RUN}\nawait run", 2: f"{RUN}\nrun.result()", 3: f"{RUN}\nrun"}
"""By cell: awaited in it, blocked on in it, displayed by a cell that returns at once."""
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
DEAD = re.compile(r"loading widget|not found|error displaying", re.IGNORECASE)


def reopen(notebook: Notebook, kernel: WarmKernel) -> None:
    """Save, close, and open with a kernel that knows nothing of it."""
    notebook.save()
    notebook.close()
    notebook.open_afresh(kernel.id)


def has_only_static_outputs(notebook: Notebook, cell: int) -> bool:
    """Return whether what the file has of a cell needs no kernel, and is something."""
    displayed = [o.data for o in notebook.read().cells[cell].outputs if "data" in o]
    return bool(displayed) and all(WIDGET_MIME not in data for data in displayed)


def shows(notebook: Notebook, cell: int, pattern: str) -> None:
    """Assert that the state of a cell's run is what it was, and that nothing dead is beside it."""
    expect(notebook.panel(cell)).to_contain_text(re.compile(pattern, re.DOTALL))
    assert has_only_static_outputs(notebook, cell)
    assert not DEAD.search(notebook.text(cell))


def test_finished_runs_are_still_there(
    open_notebook: Open, kernel: WarmKernel, server: Loopback
) -> None:
    """In each form, state and result are there as they ended, and need no kernel."""
    server.script = lambda call: Reply("Harbors are deep.")
    notebook = open_notebook(*FORMS.values())
    for cell in FORMS:
        notebook.run(cell)
        notebook.wait_outcome(cell)
        notebook.see(cell, "Harbors are deep.")
    reopen(notebook, kernel)

    for cell in FORMS:
        shows(notebook, cell, "done.*3 of 3 chunks")
        assert "Harbors are deep." in notebook.text(cell)


def test_failed_runs_are_still_there(
    open_notebook: Open, kernel: WarmKernel, server: Loopback
) -> None:
    """In each form, the state tells the first error, also where the cell raised it."""
    server.script = lambda call: Reply("refused here", status=403)
    notebook = open_notebook(*FORMS.values())
    for cell in FORMS:
        notebook.run(cell)
        notebook.wait_outcome(cell)
    reopen(notebook, kernel)

    for cell in FORMS:
        shows(notebook, cell, "failed.*of 3 chunks.*refused here")


def test_cancelled_runs_are_still_there(
    open_notebook: Open, kernel: WarmKernel, server: Loopback
) -> None:
    """In each form, the state is cancelled, with what landed in the settle time."""
    notebook = open_notebook(*FORMS.values())
    for cell in FORMS:
        gate = Gate(server)
        notebook.start(cell)
        gate.wait_asked(3)
        gate.let()
        notebook.see_state(cell, "1 of 3 chunks")
        notebook.click(cell, "Cancel")
        notebook.wait_outcome(cell)
        notebook.wait(cell)
        gate.open()
    reopen(notebook, kernel)

    for cell in FORMS:
        shows(notebook, cell, "cancelled.*[1-3] of 3 chunks")


def test_a_run_goes_on_where_its_page_is_loaded_again(open_notebook: Open, gate: Gate) -> None:
    """Opened again beside the kernel that runs it, the panel is live, and stays as it ends."""
    notebook = open_notebook(FORMS[3])
    notebook.run(1)
    gate.wait_asked(3)
    notebook.see_state(1, "0 of 3 chunks")
    notebook.save()
    notebook.close()
    notebook.open()
    gate.let()
    notebook.see_state(1, "1 of 3 chunks")
    gate.open()
    notebook.wait_outcome(1)
    notebook.see_state(1, re.compile("done.*3 of 3 chunks", re.DOTALL))
