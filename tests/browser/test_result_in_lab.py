"""A result in JupyterLab: its citations lead somewhere, in either theme, whatever is in it."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.browser.conftest import Open, WarmKernel
from tests.browser.gate import Gate
from tests.browser.lab import Lab
from tests.browser.notebook import LONG_MS, Notebook
from tests.support.axe import serious_findings

pytestmark = pytest.mark.browser

SUMMARY = """
from tests.browser.in_lab import towns
await ds.summarize(towns(12), ledger=False, show=False)
"""
AGAIN = "_"


def test_a_citation_opens_its_document_at_the_passage(
    open_notebook: Open, kernel: WarmKernel, lab: Lab
) -> None:
    """By mouse and by keyboard, above the result, and back; shown twice, each opens its own.

    Where a notebook of others is not trusted, what is left are links to the passages.
    """
    notebook = open_notebook(SUMMARY, AGAIN)
    page = notebook.page
    page.set_viewport_size({"width": 1000, "height": 500})
    for cell in (1, 2):
        notebook.run(cell)
    for cell in (2, 1):
        output = notebook.output(cell)
        openers = output.locator("sup button")
        assert openers.count() >= 3
        opener = openers.last
        number = str(opener.get_attribute("value")).strip("[]")
        opener.scroll_into_view_if_needed()
        opener.click()
        check_reading(output, number)
        output.get_by_role("button", name="Close").filter(visible=True).click()
        expect(output.locator(":popover-open")).to_have_count(0)

        opener.focus()
        page.keyboard.press("Enter")
        check_reading(output, number)
        page.keyboard.press("Escape")
        expect(output.locator(":popover-open")).to_have_count(0)
        expect(opener).to_be_focused()

        back = output.locator(f"li[id$='-source-{number}'] a").first
        back.click()
        expect(output.locator(f"[id$='-mark-{number}']")).to_be_in_viewport(timeout=LONG_MS)
        assert page.url.partition("?")[0].endswith(notebook.path)
    opener.click()
    assert serious_findings(page, ".docsum-summary") == []
    notebook.screenshot("citation-opened")
    page.keyboard.press("Escape")

    notebook.save()
    content = notebook.read()
    content.cells[1].outputs[0].data["text/html"] += "<p>changed by another</p>"
    sent_on = Notebook(lab, notebook.visitor, "sent-on.ipynb")
    nbformat.write(content, sent_on.file)
    sent_on.open(kernel=kernel.id)
    output = sent_on.output(1)
    assert output.locator("style").count() == 0
    link = output.locator("sup a").first
    link.click()
    source = output.locator("li[data-jupyter-id$='-source-1']")
    expect(source.locator("mark")).to_be_in_viewport(timeout=LONG_MS)
    expect(source).to_contain_text("The harbor of")
    sent_on.screenshot("citation-sent-on")


def check_reading(output: Locator, number: str) -> None:
    """Check that a passage is open, marked, in the text of its document, and has the focus."""
    reading = output.locator(":popover-open")
    expect(reading).to_have_count(1)
    expect(reading.locator("mark")).to_be_focused()
    expect(reading.locator("mark")).to_be_in_viewport(ratio=1)
    passage = output.locator(f"li[id$='-source-{number}'] blockquote").inner_text()
    assert reading.locator("mark").inner_text() == passage
    assert len(reading.inner_text()) > len(passage) + 200


HOSTILE = (
    "<script>window.hacked = 1; alert(1)</script>",
    "\"><img src=http://evil.example/x.png onerror='window.hacked = 2'>",
    "<svg onload=window.hacked=3></svg></div></details></style>",
    "[here](javascript:window.hacked=4) ![](http://evil.example/y.png) $\\href{javascript:x}{y}$",
    "\u202egnp.live\u2066 \x1b[31mred\x1b]8;;http://evil.example\x07\x9b1m &lt;b&gt;",
    "W" * 400,
    "# heading\n\n| a | b |\n|---|---|\n<iframe src=http://evil.example></iframe> {{7*7}} {x}",
)
HOSTILE_RUNS = f"""
from IPython.display import Markdown
hostile = {HOSTILE!r}
source = {{f"{{i}} {{text}}": " ".join([text, *hostile]) for i, text in enumerate(hostile)}}
summary = await ds.summarize(source, model=model, question=" ".join(hostile), ledger=False)
summary
"""
CELLS = (
    HOSTILE_RUNS,
    "Markdown(summary.to_markdown())",
    "ds.summarize(source, ledger=False)",
    "refused = ds.summarize(source, model=model, ledger=False, on_error='skip')\nrefused",
    "print(summary)",
)
WIDE = """area => {
  const right = area.getBoundingClientRect().right + 1;
  const scrolls = node => node !== area && getComputedStyle(node).overflowX !== 'visible';
  const inside = node => {
    for (let at = node.parentElement; at && at !== area; at = at.parentElement)
      if (scrolls(at)) return true;
    return false;
  };
  return [...area.querySelectorAll('.docsum, .docsum *')]
    .filter(node => node.getBoundingClientRect().right > right && !inside(node))
    .map(node => node.outerHTML.slice(0, 200));
}"""


def test_a_hostile_corpus_runs_nothing_and_breaks_nothing(
    open_notebook: Open, server: ScriptedServer
) -> None:
    """Names, texts, questions, answers and errors of strangers stay text, and in their place."""
    server.script = lambda call: Reply(" ".join(HOSTILE))
    notebook = open_notebook(*CELLS)
    for cell in (1, 2, 3, 5):
        notebook.run(cell)
    notebook.wait_outcome(3)
    server.script = lambda call: Reply(" ".join(HOSTILE), status=400)
    notebook.run(4)
    notebook.wait_outcome(4)

    for cell in range(1, len(CELLS) + 1):
        assert "alert(1)" in notebook.text(cell), cell
        output = notebook.output(cell)
        assert output.evaluate(WIDE) == []
        ours = "[src^='data:image/png']"  # the map
        for tag in ("script", f"img:not({ours})", "svg:not([data-icon] *)", "iframe"):
            assert output.locator(f".docsum {tag}").count() == 0
        assert output.locator("mjx-container").count() == 0
        # What is shown as an error of Python's or as Markdown is JupyterLab's to make safe.
        assert output.locator("[href^='javascript:' i], [onerror], [onload]").count() == 0
    assert notebook.page.evaluate("window.hacked") is None


RATIOS = """root => {
  const light = color => {
    const [r, g, b] = color.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const rgb = text => {
    // The canvas knows every notation of a color, color-mix() too.
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const ground = node => {
    for (let at = node; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return light(color.slice(0, 3));
    }
    return 1;
  };
  const found = {};
  for (const node of root.querySelectorAll('.docsum, .docsum *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || node.tagName === 'STYLE' || !node.checkVisibility()) continue;
    const [text, back] = [light(rgb(getComputedStyle(node).color).slice(0, 3)), ground(node)];
    const ratio = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    if (ratio < 4.5) found[`${node.className} ${node.textContent.slice(0, 40)}`] = ratio;
  }
  return found;
}"""


def illegible(output: Locator) -> dict[str, float]:
    """Return texts of ours that stand out from their ground by less than 4.5 to 1 (WCAG AA)."""
    found: dict[str, float] = output.evaluate(RATIOS)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panel_and_result_are_legible_in_either_theme(
    open_notebook: Open, server: ScriptedServer, theme: str
) -> None:
    """Running, failed, cancelled and done: every text stands out from its ground."""
    notebook = open_notebook(
        "run = ds.summarize(texts(60), model=model, ledger=False, max_calls=100)\nrun",
        "failed = ds.summarize(texts(3), model=model, ledger=False)\nfailed",
        SUMMARY,
    )
    notebook.theme("dark" if theme == "dark" else "light")
    gate = Gate(server, lambda call: refused(call) or Reply("A harbor is deep."))
    notebook.run(1)
    gate.wait_asked(30)
    gate.let(20)
    notebook.see_state(1, "17 of 60 chunks")
    check(notebook, 1, f"panel-running-{theme}")
    notebook.click(1, "Cancel")
    notebook.wait_outcome(1)
    gate.open()
    check(notebook, 1, f"panel-cancelled-{theme}")
    server.script = lambda call: Reply("This key is not allowed to use the model.", status=403)
    notebook.run(2)
    notebook.wait_outcome(2)
    check(notebook, 2, f"panel-failed-{theme}")
    notebook.run(3)
    check(notebook, 3, f"result-{theme}")


def refused(call: Call) -> Reply | None:
    """Turn every seventh request away, so that it is tried again."""
    return Reply("later", status=503) if call.number % 7 == 3 else None


def check(notebook: Notebook, cell: int, name: str) -> None:
    """Look at a cell: nothing illegible, and a screenshot."""
    output = notebook.output(cell)
    output.scroll_into_view_if_needed()
    notebook.screenshot(name)
    assert illegible(output) == {}
