"""One notebook in JupyterLab in Chromium, driven as a person does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import nbformat
from playwright.sync_api import BrowserContext, Error, Locator, Page, WebSocket, expect

from tests.browser.lab import LONG_S, Lab

__all__ = ["SCREENSHOTS", "Front", "Notebook", "Visitor", "is_loopback"]

Front = Literal["doc/tree", "notebooks"]
SCREENSHOTS = Path(__file__).parent.parent.parent / "build" / "screenshots"
LONG_MS = 1000 * LONG_S
_LOOPBACK = re.compile(r"(?:https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:")
_JUPYTERS = re.compile(r"/static/(?:lab|notebook)/|/lab/extensions/")


def is_loopback(url: str) -> bool:
    """Return whether asking for an address leaves this machine's loopback alone."""
    return _LOOPBACK.match(url) is not None


class Visitor:
    """A page of its own in a context, and what it did that nobody asked for.

    Attributes:
        requests: All addresses that were asked for, in order.
        strays: Addresses beyond loopback that were asked for, web sockets too.
        dialogs: What opened a dialog, of those that a script opens.
        errors: Uncaught errors of scripts that are not JupyterLab's or Notebook's own.
        console: Errors on the console.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.strays: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.console: list[str] = []
        self.requests: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self._ask(request.url))
        self.page.set_default_timeout(LONG_MS)
        self.page.on("websocket", self._open_socket)
        self.page.on("dialog", self._on_dialog)
        self.page.on("pageerror", self._on_error)
        self.page.on("console", self._on_console)

    def _open_socket(self, socket: WebSocket) -> None:
        self._ask(socket.url)

    def _ask(self, url: str) -> None:
        self.requests.append(url)
        if not is_loopback(url):
            self.strays.append(url)

    def _on_error(self, error: Error) -> None:
        # JupyterLab stumbles over a notebook that is left while it works on it, and anywidget over
        # a widget that was closed before it was there.
        if not _JUPYTERS.search(error.stack or ""):
            self.errors.append(f"{error}\n{error.stack}")

    def _on_dialog(self, dialog: Any) -> None:
        # JupyterLab itself asks before an unsaved notebook is left.
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self.console.append(message.text)


class Notebook:
    """A notebook below the root of a server, and the page it is opened in.

    Args:
        lab: The server.
        visitor: The page.
        path: Where the notebook is, below the root.
    """

    def __init__(self, lab: Lab, visitor: Visitor, path: str) -> None:
        self._lab = lab
        self.visitor = visitor
        self.page = visitor.page
        self.path = path
        self.file = lab.root / path

    def write(self, cells: Sequence[str]) -> Self:
        """Make the file, of code cells."""
        content = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(content, self.file)
        return self

    def read(self) -> Any:
        """Return what is in the file."""
        return nbformat.read(self.file, as_version=4)

    def open(self, *, kernel: str | None = None, front: Front = "doc/tree") -> Self:
        """Open it by its address, alone on the page, and wait until its kernel is ready.

        Args:
            kernel: The id of a kernel for it; ``None`` for the one it has, else a new one.
            front: JupyterLab, or Notebook 7, which the same server serves as ``notebooks``.
        """
        if kernel is not None:
            self._lab.attach(self.path, kernel)
        self.page.goto(f"{self._lab.url}/{front}/{self.path}?token={self._lab.token}")
        self.page.wait_for_function(_READY)
        self.page.evaluate(_WATCH)
        return self

    def open_afresh(self, kernel: str) -> Self:
        """Open it again, with a kernel that JupyterLab starts for it.

        Args:
            kernel: The id of the kernel that it has now, which runs on.
        """
        self._lab.attach("another.ipynb", kernel)
        return self.open()

    def close(self) -> None:
        """Leave the page, without a word about what is not saved; the kernel runs on."""
        self.page.goto("about:blank")

    def save(self) -> None:
        """Save it."""
        self.page.evaluate("jupyterapp.shell.currentWidget.context.save()")

    # --- cells ---------------------------------------------------------------------------------

    def start(self, cell: int) -> None:
        """Run a cell, and return at once."""
        self.page.evaluate(_START, cell)

    def run(self, cell: int) -> None:
        """Run a cell, and wait until it has ended, well or not."""
        self.start(cell)
        self.wait(cell)

    def run_all(self) -> None:
        """Run all cells, and wait until the last has ended; an error leaves those after it out."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")

    def wait(self, cell: int) -> None:
        """Wait until a cell that was started has ended, as its prompt shows."""
        self.page.wait_for_function(_ENDED, arg=cell)

    def wait_outcome(self, cell: int) -> None:
        """Wait until the run that a cell shows is over, as the page shows it."""
        self.page.wait_for_function(_OUTCOME, arg=cell)

    def is_running(self, cell: int) -> bool:
        """Return whether a cell's prompt is ``[*]``."""
        return self.cell(cell).locator(".jp-InputPrompt").inner_text() == "[*]:"

    def cell(self, cell: int) -> Locator:
        """Return a cell; counted from 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(cell)

    def output(self, cell: int) -> Locator:
        """Return all that a cell shows."""
        return self.cell(cell).locator(".jp-Cell-outputArea")

    def panel(self, cell: int) -> Locator:
        """Return the state of the run that a cell shows, live or static."""
        return self.output(cell).locator(".docsum-run")

    def text(self, cell: int) -> str:
        """Return the text that a cell shows; empty where it shows nothing."""
        output = self.output(cell)
        # JupyterLab does not render what is out of view.
        self.cell(cell).scroll_into_view_if_needed()
        self.wait_drawn()
        return output.inner_text().strip() if output.count() else ""

    def wait_drawn(self) -> None:
        """Wait until the page has drawn what has changed up to now."""
        self.page.evaluate(_RENDERED)

    def see(self, cell: int, text: str | re.Pattern[str]) -> None:
        """Wait until a cell shows a text."""
        expect(self.output(cell)).to_contain_text(text, timeout=LONG_MS)

    def see_state(self, cell: int, text: str | re.Pattern[str]) -> None:
        """Wait until the state of a cell's run shows a text."""
        expect(self.panel(cell)).to_contain_text(text, timeout=LONG_MS)

    def click(self, cell: int, button: str) -> None:
        """Click a button that a cell shows."""
        self.output(cell).get_by_role("button", name=button, exact=True).click()

    # --- looks ---------------------------------------------------------------------------------

    def theme(self, name: Literal["light", "dark"]) -> None:
        """Switch JupyterLab's theme, and wait until it is in place."""
        full = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[name]
        self.page.evaluate(
            "n => jupyterapp.commands.execute('apputils:change-theme', {theme: n})", full
        )
        self.page.wait_for_function("n => document.body.dataset.jpThemeName === n", arg=full)

    def screenshot(self, name: str) -> None:
        """Keep what the page looks like, as a build artifact."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


_RENDERED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"

_READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.content?.widgets && panel.context?.isReady && panel.isVisible
    && panel.sessionContext?.isReady && panel.sessionContext.session?.kernel?.status === 'idle';
}"""

_WATCH = """() => {
  const seen = window.docsumSeen = {ended: {}, outcome: {}};
  const last = {};
  const look = () => document.querySelectorAll('.jp-Notebook .jp-CodeCell').forEach((cell, i) => {
    const prompt = cell.querySelector('.jp-InputPrompt')?.textContent;
    if (last[i] === '[*]:' && prompt !== '[*]:') seen.ended[i] = true;
    last[i] = prompt;
    const over = cell.querySelector('.docsum-done, .docsum-failed, .docsum-cancelled');
    if (!over) delete seen.outcome[i]; else seen.outcome[i] = true;
  });
  const everything = {subtree: true, childList: true, characterData: true};
  new MutationObserver(look).observe(document.querySelector('.jp-Notebook'), everything);
}"""

_START = """cell => {
  delete docsumSeen.ended[cell];
  const content = jupyterapp.shell.currentWidget.content;
  content.deselectAll();
  content.activeCellIndex = cell;
  // Its promise is the cell's end, which is not waited for here.
  void jupyterapp.commands.execute('notebook:run-cell');
}"""

_ENDED = "cell => docsumSeen.ended[cell]"
_OUTCOME = "cell => docsumSeen.outcome[cell]"
