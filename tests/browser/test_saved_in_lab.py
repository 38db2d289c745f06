"""A notebook that was saved in JupyterLab, closed, and opened again without its kernel."""

from __future__ import annotations

import re

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from docsum_nb.testing import Reply, ScriptedServer
from tests.browser.conftest import Open, WarmKernel
from tests.browser.gate import Gate
from tests.browser.notebook import LONG_MS, Notebook

pytestmark = pytest.mark.browser

RUN = "run = ds.summarize(texts(3), model=model, ledger=False)"
FORMS = {1: f"{RUN}\nawait run", 2: f"{RUN}\nrun.result()", 3: f"{RUN}\nrun"}
"""By cell: awaited in it, blocked on in it, displayed by a cell that returns at once."""
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
ALL_STATIC = """() => [...jupyterapp.shell.currentWidget.context.model.cells].every(cell =>
  [...Array(cell.outputs?.length ?? 0).keys()].every(at =>
    !('application/vnd.jupyter.widget-view+json' in cell.outputs.get(at).data)))"""
COUNTED = """() => [...document.querySelectorAll('.docsum-run')].some(each =>
  each.textContent.includes('1 of 3 chunks'))"""
RESTART = "jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
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
    open_notebook: Open, kernel: WarmKernel, server: ScriptedServer
) -> None:
    """In each form, state and result are there as they ended, and need no kernel."""
    server.script = lambda call: Reply("Harbors are deep.")
    notebook = open_notebook(*FORMS.values())
    for cell in FORMS:
        notebook.run(cell)
        notebook.wait_outcome(cell)
        # The folded chunks have the text as well, before the result is shown.
        result = notebook.output(cell).get_by_text("Harbors are deep.").filter(visible=True)
        expect(result.first).to_be_visible(timeout=LONG_MS)
    reopen(notebook, kernel)

    for cell in FORMS:
        shows(notebook, cell, "done.*3 of 3 chunks")
        assert "Harbors are deep." in notebook.text(cell)


def test_failed_runs_are_still_there(
    open_notebook: Open, kernel: WarmKernel, server: ScriptedServer
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
    open_notebook: Open, kernel: WarmKernel, server: ScriptedServer
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


def test_saved_while_it_goes_on_it_shows_the_last_state_without_its_kernel(
    open_notebook: Open, kernel: WarmKernel, server: ScriptedServer
) -> None:
    """What is saved needs no kernel and has the counts; the page that saves it keeps its panel."""
    gate = Gate(server)
    # Two runs that ask the same would share the answers.
    notebook = open_notebook(f"first = {FORMS[3][6:-3]}first", FORMS[1].replace("texts", "towns"))
    notebook.run(1)
    notebook.start(2)
    gate.wait_asked(6)
    gate.let()
    notebook.page.wait_for_function(COUNTED)
    notebook.see_state(2, "of 3 chunks")
    notebook.save()

    for cell in (1, 2):
        assert has_only_static_outputs(notebook, cell)
        expect(notebook.output(cell).get_by_role("button", name="Cancel")).to_be_enabled()
    exported = HTMLExporter().from_filename(str(notebook.file))[0]
    assert exported.count("summarizing; running when this page was saved") == 2
    notebook.close()
    notebook.open_afresh(kernel.id)
    for cell in (1, 2):
        shows(notebook, cell, r"summarizing; running when this page was saved.*[01] of 3 chunks")
    assert "1 of 3 chunks" in notebook.text(1) + notebook.text(2)
    notebook.screenshot("saved-while-running")
    # The cell that waits ends before others are run in its kernel.
    gate.open()
    assert kernel.run("first.join(60)").status == "ok"


def test_a_page_that_is_loaded_again_has_and_saves_the_end(
    open_notebook: Open, kernel: WarmKernel, server: ScriptedServer
) -> None:
    """Opened again beside the kernel that runs it: one run ended meanwhile, one is seen to end.

    What is saved there is the end of both, in the file and in an export of it.
    """
    notebook = open_notebook(f"ended = {FORMS[3][6:-3]}ended", FORMS[3].replace("texts", "towns"))
    first = Gate(server)
    of_first = server.script
    notebook.run(1)
    first.wait_asked(3)
    second = Gate(server)
    of_second = server.script
    server.script = lambda call: (of_first if "doc-0" in call.prompt else of_second)(call)
    notebook.run(2)
    second.wait_asked(3)
    for cell in (1, 2):
        notebook.see_state(cell, "0 of 3 chunks")
    notebook.save()
    notebook.close()
    first.open()
    assert kernel.run("ended.join(60)").status == "ok"
    notebook.open()
    done = re.compile("done.*3 of 3 chunks", re.DOTALL)
    notebook.see_state(1, done)
    second.let()
    notebook.see_state(2, "1 of 3 chunks")
    second.open()
    notebook.see_state(2, done)
    notebook.page.wait_for_function(ALL_STATIC)
    notebook.save()

    exported = HTMLExporter().from_filename(str(notebook.file))[0]
    for cell in (1, 2):
        shows(notebook, cell, "done.*3 of 3 chunks")
    assert exported.count("docsum-run docsum-done") == exported.count("Look at the chunks") == 2
    assert "running when this page was saved" not in exported


def test_a_kernel_that_is_restarted_leaves_no_run_that_seems_to_go_on(
    open_notebook: Open, kernel: WarmKernel
) -> None:
    """The panel states that its kernel is gone, in the page and in the file."""
    notebook = open_notebook("import threading\nrun = ds.start(threading.Event().wait)\nrun")
    notebook.open_afresh(kernel.id)
    for cell in (0, 1):
        notebook.run(cell)
    notebook.see_state(1, "working")
    notebook.page.evaluate(RESTART)

    notebook.see_state(1, "its kernel was restarted or shut down")
    notebook.page.wait_for_function(ALL_STATIC)
    notebook.save()
    assert has_only_static_outputs(notebook, 1)
    assert "running when this page was saved" not in str(notebook.read())
