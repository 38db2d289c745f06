"""The form as a voila page in Chromium, used as a person would who has never seen a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Error, FilePayload, Locator, Page, expect

from docsum_nb.testing import Reply, ScriptedServer
from tests.browser.notebook import SCREENSHOTS, is_loopback
from tests.conftest import SECRETS
from tests.documents.document_samples import pdf
from tests.pipeline.pipeline_samples import TEXTS
from tests.support.axe import serious_findings
from tests.support.warm_python import warm_kernels

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).parent.parent.parent
LONG_MS = 150_000
"""The first run of a kernel imports CrewAI, while other tests may be running."""
SOURCE = "Path on this server"


@contextmanager
def voila(folder: Path, code: str, *, theme: str = "light") -> Iterator[str]:
    """Serve a notebook of one cell as a page on loopback, and end the server with its kernels."""
    folder.mkdir(exist_ok=True)
    cell = nbformat.v4.new_code_cell(code)
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=about), folder / "page.ipynb")
    # Of several servers, each finds a port for itself.
    command = [sys.executable, "-m", "voila", "page.ipynb", "--no-browser", "--port=18866"]
    command += ["--Voila.ip=127.0.0.1", "--Voila.port_retries=1000", f"--theme={theme}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield address_of(process, folder / "log")
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith(SECRETS)}
    own = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "IPYTHONDIR", "TMPDIR")}
    Path(own["TMPDIR"]).mkdir(exist_ok=True)
    paths = {"PYTHONPATH": str(ROOT), "JUPYTER_PATH": warm_kernels()}
    return {**kept, **own, **paths, "XDG_DATA_HOME": str(folder / "data")}


def address_of(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address that the server writes to its log once it listens."""
    give_up = time.monotonic() + LONG_MS / 1000
    while not (found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.1)
    return found[0]


@contextmanager
def opened(
    browser: Browser, address: str, *, scheme: str = "light", width: int = 1200
) -> Iterator[Page]:
    """Open the page, and wait for its form; nothing beyond loopback is reached."""
    context = browser.new_context(
        viewport={"width": width, "height": 1500},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.set_default_timeout(LONG_MS)
    # Voila's own page asks for a font of icons; without it, everything works.
    page.route(lambda url: not is_loopback(url), lambda route: route.abort())
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    try:
        page.goto(address)
        page.get_by_role("button", name="Start", exact=True).wait_for()
        yield page
        assert page.evaluate("window.hacked") is None
        assert broken == []
    finally:
        context.close()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Documents beside the page's notebook."""
    folder = tmp_path / "voila" / "documents"
    folder.mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / f"{name}.md").write_text(f"# {name.title()}\n\n{text}")
    return folder


FORM = "import docsum_nb as ds\nform = ds.app({})\nform"


def own_errors(error: Error) -> list[str]:
    """Return an error of the page, unless anywidget raised it: it allows a widget two seconds."""
    return [] if "/labextensions/anywidget/" in (error.stack or "") else [str(error)]


def see(part: Locator, text: str) -> None:
    """Wait until a part of the page shows a text."""
    expect(part).to_contain_text(text, timeout=LONG_MS)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_stranger_fills_it_in_and_reads_the_summary(
    browser: Browser, tmp_path: Path, documents: Path, scheme: str
) -> None:
    """Type a folder, press Plan and Start, see the plan, the result and its code; axe agrees."""
    with (
        voila(tmp_path / "voila", FORM.format(""), theme=scheme) as address,
        opened(browser, address, scheme=scheme) as page,
    ):
        expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled(timeout=LONG_MS)
        assert serious_findings(page) == []
        page.get_by_label(SOURCE).fill("documents")
        page.get_by_label("Question").fill("Who eats krill? <img src=x onerror=window.hacked=1>")
        press(page, "Plan")
        see(page.locator(".docsum-plan"), "2 chunks")
        expect(page.locator(".docsum-form .docsum-code")).to_contain_text(
            "summary = await ds.summarize("
        )
        press(page, "Start")
        page.get_by_role("button", name="Source 1: read").filter(visible=True).first.wait_for()
        see(page.locator(".docsum-panel"), "blue whale eats about four tonnes")

        press(page, "Browse")
        see(page.get_by_label(re.compile("^In .*documents$")), "whales.md")
        page.get_by_label("Length, in words").fill("some")
        page.get_by_text("This is a whole number").wait_for()
        assert serious_findings(page) == []
        look(page, f"form-{scheme}")


def look(page: Page, name: str) -> None:
    """Keep pictures of the page, wide and narrow; nothing is wider than the page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width in (1200, 700):
        page.set_viewport_size({"width": width, "height": 1900})
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png")
        overflow = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        assert page.evaluate(overflow) <= 0
        boxes = page.locator(".docsum-form :is(input, select, textarea, button, pre)").all()
        for box in boxes:
            place = box.bounding_box()
            assert place is None or place["x"] + place["width"] <= width


def test_by_keyboard_alone_a_run_is_started_and_cancelled(
    browser: Browser, tmp_path: Path, documents: Path, server: ScriptedServer
) -> None:
    """Tab goes through the fields in order, keys press the buttons; after Start, Cancel is next."""
    server.script = lambda call: Reply(hang=True)
    given = (
        f"model=ds.Model('openai/x', base_url={server.base_url!r}, api_key='k'), max_calls=9,"
        "source='documents'"
    )
    with (
        voila(tmp_path / "voila", FORM.format(given)) as address,
        opened(browser, address) as page,
    ):
        page.get_by_label(SOURCE).focus()
        names = []
        for _ in range(40):
            names.append(page.evaluate(_FOCUSED))
            if names[-1]["name"] == "Start":
                break
            page.keyboard.press("Tab")
        order = [each["name"] for each in names]
        assert order == FIELDS, order
        assert all(each["seen"] for each in names), names

        page.keyboard.press("Enter")
        see(page.locator(".docsum-run"), "summarizing")
        cancel = page.get_by_role("button", name="Cancel", exact=True).first
        expect(cancel).to_be_focused(timeout=LONG_MS)
        page.keyboard.press("Space")
        see(page.locator(".docsum-notice"), "Cancelled")
        see(page.locator(".docsum-run"), "cancelled")
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_enabled(timeout=LONG_MS)
        assert serious_findings(page) == []


FIELDS = [
    *(SOURCE, "Browse", "Upload (0)", "Question", "Model", "Address of the model's server"),
    *("Model for scanned pages", "Library", "Browse", "Length, in words", "Deadline, in seconds"),
    *("Most to pay, in US dollars", "Most requests to send", "Most tokens"),
    *("If something fails", "Plan", "Start"),
]
_FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  return {
    name: (at.labels?.[0] ?? at).textContent.trim(),
    seen: at.matches(":focus-visible") && parseFloat(style.outlineWidth) >= 2
      && style.outlineStyle !== "none",
  };
}"""


def upload(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Press the button and choose files, each of a name, a type and a content."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload").click()
    chooser.value.set_files(
        [FilePayload(name=name, mimeType=kind, buffer=data) for name, kind, data in files]
    )


def test_files_are_uploaded_and_summarized(browser: Browser, tmp_path: Path) -> None:
    """Two files that a person has at home are read, also a PDF; afterwards they can be removed."""
    text = b"A harbour shelters ships from storms. Harbour masters assign each ship a berth."
    files = [
        ("tides.pdf", "application/pdf", pdf(["The moon moves the tides of the sea each day."])),
        ("<img src=x onerror=window.hacked=1>.md", "text/markdown", text),
    ]
    with voila(tmp_path / "voila", FORM.format("")) as address, opened(browser, address) as page:
        upload(page, *files)
        page.get_by_text(re.compile("^2 files, .* tides.pdf")).wait_for()
        press(page, "Start")
        page.get_by_role("button", name="Source 1: read").filter(visible=True).first.wait_for()
        see(page.locator(".docsum-panel"), "The moon moves the tides")
        kept = list((tmp_path / "voila" / "TMPDIR").glob("docsum_nb-*/*"))
        assert len(kept) == 2
        press(page, "Remove uploads")
        page.get_by_text("Choose documents first.", exact=True).wait_for()
        assert not any(file.exists() for file in kept)
        # Once more, and the page is left as it is: its kernel removes them as it ends.
        upload(page, ("again.md", "text/markdown", text))
        page.get_by_text(re.compile("^1 file, .* again.md")).wait_for()
        kept = list((tmp_path / "voila" / "TMPDIR").glob("docsum_nb-*"))
        assert len(kept) == 1
    assert not any(folder.exists() for folder in kept)
