"""Notebooks as HTML pages, opened without a network: nothing asked for, nothing blank or stale."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, expect

from docsum_nb.testing import Call, Reply, ScriptedServer
from notebooks.export import export
from tests.browser.conftest import Open
from tests.browser.gate import Gate
from tests.browser.notebook import SCREENSHOTS, Visitor
from tests.support.warm_python import warm_kernels

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent.parent
RUN = "run = ds.summarize(texts(3), model=model, ledger=False)"
CALLS = 4
"""Of such a run."""
STALE = re.compile(r"loading widget|not found|error displaying|\b0 ?%|\b0 of 3", re.IGNORECASE)
OUTPUTS = """() => [...document.querySelectorAll('.jp-CodeCell')].map(cell => ({
  text: cell.querySelector('.jp-Cell-outputArea')?.innerText.trim() ?? '',
  height: cell.querySelector('.jp-Cell-outputArea')?.getBoundingClientRect().height ?? 0,
}))"""

Read = Callable[[Path], Visitor]


@pytest.fixture
def read(browser: Browser) -> Iterator[Read]:
    """Open a file in a browser that is offline."""
    context = browser.new_context(offline=True, viewport={"width": 1000, "height": 800})

    def opened(page: Path) -> Visitor:
        visitor = Visitor(context)
        visitor.page.goto(page.as_uri())
        return visitor

    yield opened
    context.close()


def asked_for(visitor: Visitor, page: Path) -> set[str]:
    """Return what was asked for beside the page itself."""
    return {url for url in visitor.requests if not url.startswith("data:")} - {page.as_uri()}


def test_executed_and_exported_page_needs_nothing(
    read: Read, server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``notebooks/export.py`` writes asks for nothing and shows each run as it ended."""
    last = asyncio.Event()

    async def script(call: Call) -> Reply:
        # What a background run shows between two cells is not heard by an export, so the third run
        # goes on until the last cell.
        if "the last cell" in call.prompt:
            last.set()
        elif call.number >= 2 * CALLS:
            await last.wait()
        return Reply("Harbors are deep.")

    server.script = script
    setup = f"model = ds.Model('openai/scripted', base_url={server.base_url!r})"
    cells = [
        f"from tests.browser.in_lab import *\n{setup}\n{RUN}\nawait run",
        f"{RUN}\nrun.result()",
        f"{RUN}\nrun",
        "ds.summarize(towns(6), ledger=False, show=False).result()",
        # An export takes what is there when the last cell ends.
        "ds.summarize({'a': 'the last cell'}, model=model, show=False, ledger=False).result()\n"
        "import threading\n"
        "views = [t for t in threading.enumerate() if t.name == 'docsum_nb-view']\n"
        "for view in views:\n    view.join(60)\nprint(run.done)",
    ]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PATH", warm_kernels())
    notebook, page = tmp_path / "n.ipynb", tmp_path / "to" / "n.html"
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(content, notebook)
    export(notebook, page.parent)
    visitor = read(page)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    assert asked_for(visitor, page) == set()
    assert (visitor.console, visitor.errors) == ([], [])
    outputs = visitor.page.evaluate(OUTPUTS)
    assert len(outputs) == len(cells)
    for output in outputs[:3]:
        assert "3 of 3 chunks" in output["text"]
        assert "Harbors are deep." in output["text"]
        assert output["height"] > 100
        assert not STALE.search(output["text"])
    visitor.page.locator("sup button").first.focus()
    visitor.page.keyboard.press("Enter")
    reading = visitor.page.locator(":popover-open")
    expect(reading.locator("mark")).to_contain_text("The harbor of town")
    expect(reading.locator("mark")).to_be_in_viewport(ratio=1)
    visitor.page.screenshot(path=SCREENSHOTS / "exported-citation.png")
    assert asked_for(visitor, page) == set()


def test_page_of_a_saved_notebook_shows_what_was_there(
    open_notebook: Open, read: Read, server: ScriptedServer, tmp_path: Path
) -> None:
    """Done, failed, cancelled, going on: each says so, and asks for no more than nbconvert does."""
    # Two runs that ask the same at once would share the answers.
    notebook = open_notebook(*[f"{RUN}\nrun"] * 3, f"{RUN.replace('texts', 'towns')}\nrun")
    answers = {1: Reply("Harbors are deep."), 2: Reply("refused here", status=403)}
    for cell in answers:
        server.script = lambda call, cell=cell: answers[cell]  # type: ignore[misc]
        notebook.run(cell)
        notebook.wait_outcome(cell)
    gates = []
    for cell in (3, 4):
        gates.append(Gate(server))
        notebook.run(cell)
        gates[-1].wait_asked(3)
        gates[-1].let()
        notebook.see_state(cell, "1 of 3 chunks")
    notebook.click(3, "Cancel")
    notebook.wait_outcome(3)
    notebook.save()
    for gate in gates:
        gate.open()
    page, empty = tmp_path / "saved.html", tmp_path / "empty.html"
    page.write_text(HTMLExporter().from_filename(str(notebook.file))[0], encoding="utf-8")
    none = nbformat.v4.new_notebook()
    empty.write_text(HTMLExporter().from_notebook_node(none)[0], encoding="utf-8")
    visitor = read(page)

    # As docs/frontends.md states.
    asked = asked_for(visitor, page)
    assert asked == asked_for(read(empty), empty)
    assert {urlsplit(address).hostname for address in asked} == {"cdnjs.cloudflare.com"}
    alone = tmp_path / "alone.html"
    exporter = HTMLExporter(require_js_url="", mathjax_url="")
    alone.write_text(exporter.from_filename(str(notebook.file))[0], encoding="utf-8")
    assert asked_for(read(alone), alone) == set()
    assert visitor.errors == read(empty).errors
    _, done, failed, cancelled, running = (o["text"] for o in visitor.page.evaluate(OUTPUTS))
    assert "done" in done
    assert "3 of 3 chunks" in done
    assert "Harbors are deep." in done
    assert "refused here" in failed
    assert "cancelled" in cancelled
    assert "1 of 3 chunks" in cancelled
    assert "running when this page was saved" in running
    for text in (done, cancelled, running):
        assert not STALE.search(text)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=SCREENSHOTS / "exported.png", full_page=True)
