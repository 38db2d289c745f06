"""The map of chunks in JupyterLab: its colors, names, what a click and the keyboard show."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Position, expect

from docsum_nb.testing import ScriptedServer
from tests.browser.conftest import Open
from tests.browser.gate import Gate
from tests.browser.notebook import LONG_MS, Notebook
from tests.support.axe import serious_findings

pytestmark = pytest.mark.browser

CHUNKS = 4
RUN = f"run = ds.summarize(texts({CHUNKS}), model=model, ledger=False)\n"
HOSTILE = "<img src=x onerror='document.title=`pwned`'>\u202e"
PIXEL = """(canvas, place) => {
  const size = canvas.clientHeight;
  const scale = canvas.width / canvas.clientWidth;
  const at = [(place + 0.4) * size * scale, 0.4 * size * scale];
  return [...canvas.getContext('2d').getImageData(...at, 1, 1).data].join();
}"""


def canvas_of(notebook: Notebook) -> Locator:
    """Return the map of the run in cell 1."""
    return notebook.output(1).locator(".docsum-map canvas")


def point(canvas: Locator, place: int) -> Position:
    """Return where a chunk is on a map of one row."""
    box = canvas.bounding_box()
    assert box is not None
    return {"x": (place + 0.5) * box["height"], "y": box["height"] / 2}


def see_line(notebook: Notebook, text: str) -> None:
    """Wait until the line below the map says something."""
    line = notebook.output(1).locator(".docsum-map-line")
    expect(line).to_have_text(text, timeout=LONG_MS)


def asked_first(server: ScriptedServer) -> int:
    """Return the document of the first request; those that are sent at once come in any order."""
    [document] = re.findall(r"harbor of town (\d+)", server.calls[0].prompt)
    return int(document)


def test_each_chunk_has_a_color_and_a_name(
    open_notebook: Open, server: ScriptedServer, gate: Gate
) -> None:
    """What is done looks different from what is running; hovering names the chunk and its state."""
    notebook = open_notebook(RUN + "await run")
    notebook.start(1)
    gate.wait_asked(CHUNKS)
    first = asked_first(server)
    other = (first + 1) % CHUNKS
    see_line(notebook, "running")
    gate.let()
    see_line(notebook, "runningdone")
    notebook.wait_drawn()
    canvas = canvas_of(notebook)
    colors = [canvas.evaluate(PIXEL, place) for place in range(CHUNKS)]
    canvas.hover(position=point(canvas, first))
    see_line(notebook, f"doc-{first:02}, chunk 0: done")
    canvas.hover(position=point(canvas, other))
    see_line(notebook, f"doc-{other:02}, chunk 0: running")
    notebook.screenshot("map-light")
    gate.open()
    notebook.wait(1)

    assert colors.pop(first) not in colors
    assert len(set(colors)) == 1


@pytest.mark.parametrize("form", ["await run", "run.result()"])
def test_a_click_shows_text_and_summary_while_the_cell_waits(
    open_notebook: Open, server: ScriptedServer, gate: Gate, form: str
) -> None:
    """The kernel is asked for a chunk and answers, though a cell waits for the run."""
    notebook = open_notebook(RUN + form)
    notebook.start(1)
    gate.wait_asked(CHUNKS)
    first = asked_first(server)
    gate.let()
    see_line(notebook, "runningdone")
    canvas = canvas_of(notebook)
    detail = notebook.output(1).locator(".docsum-map-detail")
    canvas.click(position=point(canvas, first))
    expect(detail).to_contain_text("Of call 0: harbors are deep.", timeout=LONG_MS)
    expect(detail).to_contain_text(f"The harbor of town {first} is deep.")
    detail.get_by_role("button", name="Close").click()
    expect(detail).to_be_hidden()

    other = (first + 1) % CHUNKS
    canvas.click(position=point(canvas, other))
    expect(detail).to_contain_text(f"The harbor of town {other} is deep.", timeout=LONG_MS)
    gate.open()
    notebook.wait(1)
    opened = notebook.output(1).locator(".docsum-part[open]")
    expect(opened).to_have_count(1)
    expect(opened).to_contain_text(f"The harbor of town {other} is deep.")
    expect(opened).to_contain_text("harbors are deep")
    expect(notebook.output(1).locator(".docsum-map-image")).to_be_visible()
    assert serious_findings(notebook.page, ".docsum-run") == []
    notebook.screenshot("map-ended")


def test_the_keyboard_does_what_the_mouse_does(open_notebook: Open, gate: Gate) -> None:
    """Arrow keys move over the chunks, Enter shows one, Escape closes it and then leaves it."""
    notebook = open_notebook(RUN + "run")
    notebook.run(1)
    gate.wait_asked(CHUNKS)
    canvas, detail = canvas_of(notebook), notebook.output(1).locator(".docsum-map-detail")
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"):
        notebook.page.keyboard.press(key)
    see_line(notebook, "doc-01, chunk 0: running")
    notebook.page.keyboard.press("Enter")
    expect(detail).to_contain_text("The harbor of town 1 is deep.", timeout=LONG_MS)
    notebook.page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    notebook.page.keyboard.press("Escape")
    see_line(notebook, "running")
    gate.open()
    notebook.see_state(1, "done")


def test_hostile_names_and_texts_stay_text(open_notebook: Open, gate: Gate) -> None:
    """Whatever a document is called or says, the map and what it shows are text."""
    source = {HOSTILE: HOSTILE, **{f"d{n}": "A text." for n in range(CHUNKS - 1)}}
    notebook = open_notebook(f"run = ds.summarize({source!r}, model=model, ledger=False)\nrun")
    notebook.run(1)
    gate.wait_asked(CHUNKS)
    canvas, detail = canvas_of(notebook), notebook.output(1).locator(".docsum-map-detail")
    canvas.click(position=point(canvas, 0))
    expect(detail).to_contain_text("<img src=x onerror=", timeout=LONG_MS)

    assert detail.locator("img").count() == 0
    assert "pwned" not in notebook.page.title()
    assert "\u202e" not in detail.inner_text()
    gate.open()
    notebook.see_state(1, "done")
    panel = notebook.panel(1)
    expect(panel.locator(".docsum-part[open]")).to_contain_text("<img src=x onerror=")
    assert panel.locator("img:not(.docsum-map-image)").count() == 0
    assert "pwned" not in notebook.page.title()
