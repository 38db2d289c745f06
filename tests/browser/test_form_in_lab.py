"""The form in JupyterLab: filled in, run, read, and still telling after it was closed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from docsum_nb.testing import ScriptedServer
from tests.browser.conftest import Open, WarmKernel
from tests.browser.gate import Gate
from tests.browser.lab import LONG_S, Lab
from tests.pipeline.pipeline_samples import TEXTS
from tests.support.axe import serious_findings

pytestmark = pytest.mark.browser

KNOWN = ["Browse", "Model", "Browse", "Plan", "Start"]
"""Some of the controls, in their order."""
NAME_OF_FOCUSED = """() => {
  const at = document.activeElement;
  return (at.labels?.[0] ?? at).innerText?.trim() ?? '';
}"""
FORM = "form = ds.app()\nform"
LONG_MS = 1000 * LONG_S


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with two documents."""
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.md").write_text(text)
    return tmp_path


def test_it_is_filled_in_run_and_read_and_lasts(
    open_notebook: Open, lab: Lab, kernel: WarmKernel, documents: Path
) -> None:
    """The next cell has the summary; reloaded, the form is alive; without kernel, it tells."""
    notebook = open_notebook(FORM, "print(len(form.summary.documents))")
    notebook.run(1)
    form = notebook.output(1).locator(".docsum-form")
    form.get_by_label("Path on this server").fill(str(documents))
    notebook.click(1, "Start")
    form.get_by_role("button", name="Source 1: read").filter(visible=True).first.wait_for()
    notebook.run(2)
    assert notebook.text(2) == "2"
    lasting = notebook.output(1).locator(".docsum-lasting")
    expect(lasting).to_be_hidden()
    assert serious_findings(notebook.page, ".docsum-form") == []
    notebook.screenshot("form-in-lab")

    expect(lasting).to_contain_text("The last run: done.", timeout=LONG_MS)
    notebook.save()
    notebook.close()
    notebook.open(kernel=kernel.id)
    form.get_by_role("button", name="Start", exact=True).wait_for()
    expect(lasting).to_be_hidden()

    lab.attach("another.ipynb", kernel.id)  # so that the notebook gets a kernel of its own
    notebook.close()
    notebook.open()
    expect(lasting).to_be_visible(timeout=LONG_MS)
    expect(lasting).to_contain_text("blue whale eats about four tonnes")
    dead = notebook.output(1).get_by_text(re.compile("model not found"))
    dead.wait_for(state="attached")
    expect(dead).to_be_hidden()
    notebook.screenshot("form-reopened")


def test_it_is_used_by_keyboard_alone(
    open_notebook: Open, documents: Path, server: ScriptedServer
) -> None:
    """The order, Browse and Escape, Start and Cancel; the panel in it counts up meanwhile.

    No key of it reaches the notebook, and the focus is never lost.
    """
    gate = Gate(server)
    notebook = open_notebook(
        f"form = ds.app(source={str(documents)!r}, model=model, max_calls=9)\nform"
    )
    notebook.run(1)
    form, press = notebook.output(1).locator(".docsum-form"), notebook.page.keyboard.press
    browse, start = (
        form.get_by_role("button", name=name, exact=True) for name in ("Browse", "Start")
    )
    cancel = form.locator(".docsum-cancel")
    expect(start).to_be_enabled(timeout=LONG_MS)
    form.get_by_label("Path on this server").focus()
    order: list[str] = []
    while not order or (order[-1] != "Start" and len(order) < 40):
        press("Tab")
        order.append(notebook.page.evaluate(NAME_OF_FOCUSED))
    assert [each for each in order if each in KNOWN] == KNOWN

    browse.first.focus()
    press("Enter")
    listed = form.locator(".docsum-chooser select").first
    expect(listed.locator("option").first).to_be_attached(timeout=LONG_MS)
    listed.focus()
    press("d")
    press("d")
    press("Escape")
    expect(listed).to_be_hidden()
    expect(form.locator(".docsum-path button").first).to_be_focused()

    start.focus()
    press("Enter")
    gate.wait_asked(2)
    notebook.see_state(1, "0 of 2 chunks")
    expect(cancel).to_be_focused(timeout=LONG_MS)
    expect(form.get_by_role("status").filter(has_text="Summarizing")).to_be_visible()
    gate.let()
    notebook.see_state(1, "1 of 2 chunks")
    press("d")
    press("d")
    form.get_by_label("Path on this server").focus()
    press("Escape")
    expect(cancel).to_be_focused()
    notebook.screenshot("form-running")

    press("Enter")
    notebook.see_state(1, "cancelled")
    notebook.see(1, "Cancelled. What was answered is kept")
    expect(start).to_be_focused(timeout=LONG_MS)
    assert notebook.page.locator(".jp-Notebook .jp-CodeCell").count() == 2
    assert serious_findings(notebook.page, ".docsum-form") == []
    notebook.screenshot("form-cancelled")
    gate.open()
