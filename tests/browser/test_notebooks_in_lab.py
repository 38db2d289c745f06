"""The example notebooks in JupyterLab: opened, run from top to bottom, looked at."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.browser.notebook import LONG_MS, Notebook, Visitor
from tests.notebooks.conftest import LONG_S, NAMES, ROOT

pytestmark = pytest.mark.browser

SHOWS = {
    "failures_resume_budget": ("BudgetExceeded", "7 of 8 chunks", "Forgotten(runs=4"),
    "guard_your_crew": ("PermissionDeniedError", "7 of 7 tasks", "6 tasks that run at once"),
    "private_library": ("green cucumber policy of this company", "3 of 3 chunks"),
    "quickstart": ("model of error handling", "5 of 5 chunks", "6 calls before, 0 now"),
    "script_and_service": ("4 of 4 chunks", "post a JSON object"),
    "widgets": ("5 of 5 chunks", "model of error handling", "Deadline"),
}
TALL = {"width": 1000, "height": 6000}


@pytest.fixture
def notebook(lab: Lab, visitor: Visitor, name: str) -> Notebook:
    """Put a notebook and what it imports where JupyterLab finds it, as a clone has it."""
    folder = lab.root / "notebooks"
    if not folder.exists():
        left_out = shutil.ignore_patterns("exporting", "__pycache__", "*.png", "build")
        shutil.copytree(ROOT / "notebooks", folder, ignore=left_out)
    # So tall that all cells are in the picture.
    visitor.page.set_viewport_size(TALL)  # type: ignore[arg-type]
    return Notebook(lab, visitor, f"notebooks/{name}.ipynb")


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_top_to_bottom(
    lab: Lab, visitor: Visitor, notebook: Notebook, name: str
) -> None:
    """Each cell has run, those end with an error that say so, and the last states are shown."""
    before = set(lab.kernels())
    notebook.open()
    notebook.run_all()
    cells = [each for each in notebook.read().cells if each.cell_type == "code"]
    for at, cell in enumerate(cells):
        prompt = notebook.cell(at).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(f"[{at + 1}]:", timeout=LONG_MS)
        failed = notebook.output(at).locator("[data-mime-type='application/vnd.jupyter.stderr']")
        assert ("raises" in cell.metadata) <= (failed.count() > 0)
    for words in SHOWS[name]:
        expect(visitor.page.locator(".jp-Notebook")).to_contain_text(words, timeout=LONG_MS)
    # The form's; those of panels have gone with their runs.
    cancel = visitor.page.locator(".jp-Notebook").get_by_role("button", name="Cancel")
    expect(cancel).to_have_count(1 if name == "widgets" else 0)
    notebook.screenshot(f"notebook-{name}")
    for kernel in set(lab.kernels()) - before:
        lab.shut_down(kernel)
