"""One JupyterLab for all tests, with one warm kernel; a Chromium for each module."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docsum_nb.testing import ScriptedServer
from tests.browser.gate import Gate
from tests.browser.lab import Lab, running_lab
from tests.browser.notebook import Front, Notebook, Visitor
from tests.browser.warm import WarmKernel, running_kernel_of
from tests.support.chromium import running_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

__all__ = ["Open", "WarmKernel"]

Open = Callable[..., Notebook]
_TIMEOUT_S = 600
"""For a test and all that is started for it the first time, on a machine that has other work."""
_NOT_LONG = "test_panel_in_lab.py"
"""What each ``make test`` sees of JupyterLab: the panel moves, and its button works."""
_SETUP = "from tests.browser.in_lab import *\nmodel = ds.Model('openai/scripted', base_url={url!r})"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow the tests of this folder more time than others have; all but a few are long."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))
            if item.path.name != _NOT_LONG:
                item.add_marker(pytest.mark.long)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: Playwright's event loop must not stay for the tests of others."""
    with running_chromium() as running:
        yield running


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """JupyterLab, for as long as there are tests."""
    # Not pytest's own folder: sockets have short paths.
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    try:
        with running_lab(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kernel(lab: Lab) -> Iterator[WarmKernel]:
    """The kernel of all notebooks that need none of their own."""
    with running_kernel_of(lab) as running:
        yield running


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    """The pages of a module share what is cached of JupyterLab, and nothing else that matters."""
    return browser.new_context(viewport={"width": 1000, "height": 800})


@pytest.fixture
def visitor(context: BrowserContext) -> Iterator[Visitor]:
    """A page of its own; at the end, nothing beyond loopback was asked for and nothing broke."""
    visitor = Visitor(context)
    yield visitor
    visitor.page.close()
    assert visitor.strays == []
    assert visitor.dialogs == []
    assert visitor.errors == []


@pytest.fixture
def open_notebook(
    request: pytest.FixtureRequest,
    visitor: Visitor,
    lab: Lab,
    kernel: WarmKernel,
    server: ScriptedServer,
) -> Iterator[Open]:
    """Make a notebook of cells and open it in the warm kernel; cell 0 has ``ds`` and ``model``."""

    def make(*cells: str, name: str = "", front: Front = "doc/tree") -> Notebook:
        own = re.sub(r"\W+", "-", f"{request.node.name}{name}").strip("-")
        notebook = Notebook(lab, visitor, f"{own}.ipynb")
        notebook.write([_SETUP.format(url=server.base_url), *cells])
        notebook.open(kernel=kernel.id, front=front)
        notebook.run(0)
        return notebook

    yield make
    visitor.page.close()
    for other in lab.kernels().keys() - {kernel.id}:
        lab.shut_down(other)
    ended = kernel.run("tests.browser.in_lab.end_all(globals())")
    assert ended.status == "ok", ended.traceback


@pytest.fixture
def gate(server: ScriptedServer) -> Iterator[Gate]:
    """Holds the model's answers back."""
    gate = Gate(server)
    yield gate
    gate.open()
