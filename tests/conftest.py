"""What every test gets: an environment of its own, and a scriptable model server."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from docsum_nb import environment
from docsum_nb.testing import ScriptedServer
from tests.support.chromium import LONG_MS, SharedChromium
from tests.support.warm_python import share_warm_python

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Tests import CrewAI as its users do; it reads its switches then.
environment.prepare()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell has what it runs in the background ignore Ctrl-C, and what that starts inherits it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Whether a test is quick is for no clock to say, on a machine that does other things too. Examples
# are the same each time: a change that breaks nothing fails nowhere. `make random` draws others.
settings.register_profile(
    "docsum_nb",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=100 if os.environ.get("CI") else 25,
)
settings.register_profile("random", deadline=None, derandomize=False, max_examples=300)
settings.load_profile("docsum_nb")

HERE = Path(__file__).parent


def _shown(process: subprocess.Popen[Any], *, own: Any = subprocess.Popen.__repr__) -> str:
    """Show the test that started a process: that nobody waited for it is found in a later one."""
    return f"{vars(process).get('started_in')} started {own(process)}"


def _started(process: subprocess.Popen[Any], *given: Any, **options: Any) -> None:
    process.started_in = os.environ.get("PYTEST_CURRENT_TEST")  # type: ignore[attr-defined]
    _start(process, *given, **options)


_start = subprocess.Popen.__init__
subprocess.Popen.__init__ = _started  # type: ignore[method-assign, assignment]
subprocess.Popen.__repr__ = _shown  # type: ignore[method-assign, assignment]
# Each client of a model reads all certificates that the system trusts, or those that the
# environment names, which takes 25 to 50 ms of CPU. Servers of tests need none; this one has
# signed nothing, and its key was not kept.
os.environ["SSL_CERT_FILE"] = str(HERE / "authority.pem")
SECRETS = ("KEY", "TOKEN", "SECRET")
SHARED = ("browser", "notebooks")
"""Folders whose tests share a server or a build; elsewhere, only those of one file do."""
APART = ("test_notebooks_in_lab.py", "test_exported_pages.py", "test_voila.py")
"""Files in these folders that do not use the shared kernel: together, the folder takes longest."""
LONGEST = (
    *(*SHARED, "test_docs_code.py", "kernel", "test_cases.py", "test_hostile.py"),
    *("test_soak.py", "test_linear.py", *APART, "test_ledger_together.py", "test_settling.py"),
)
"""Begun first where tests run side by side, or one process would be alone with them at the end."""
BY_AREA = (
    *("test_cases.py", "test_hostile.py", "test_linear.py", "test_matrix.py"),
    *("test_soak.py", "test_voila.py", "test_exported_pages.py"),
)
"""Files whose tests share nothing of one area, which is in the identifier before the first hyphen;
without a hyphen, each test has an area of its own."""
MOST = 4


def pytest_configure(config: pytest.Config) -> None:
    """Where tests run side by side, start the warm process that all of them share."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        share_warm_python()


def pytest_xdist_auto_num_workers() -> int:
    """Run one more at once than there are processors: half the time, tests wait for others."""
    return min(MOST, (os.cpu_count() or 1) + 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where tests run side by side, keep in one process what shares a server, kernel or build."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folder = file.split("/")[1]
            if file.endswith(BY_AREA):
                return nodeid.partition("-")[0]
            return folder if folder in SHARED and not file.endswith(APART) else file

    return Together(config, log)


LEFT_OUT = pytest.StashKey[int]()
"""How many long tests were left out."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of ``make test``."""
    parser.addoption(
        "--without-long", action="store_true", help="leave out the tests that are marked `long`"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out if that is asked for, and begin with what takes longest."""
    if config.getoption("--without-long"):
        long = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if not item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        config.stash[LEFT_OUT] = len(long)

    def rank(item: pytest.Item) -> int:
        parts = (item.path.name, item.path.relative_to(HERE).parts[0])
        return next((LONGEST.index(part) for part in parts if part in LONGEST), len(LONGEST))

    items.sort(key=rank)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where tests run side by side, report from each process how many were left out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(LEFT_OUT, 0)


def pytest_testnodedown(node: Any) -> None:
    """Keep what a process has reported; all of them collect the same tests."""
    reported = getattr(node, "workeroutput", {})
    node.config.stash[LEFT_OUT] = reported.get("left_out", 0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how many tests were left out, and how they are run."""
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(f"{left_out} long tests left out: make test TESTS=all")


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key of the user's reaches a test, and nothing a test does reaches the user's folders."""
    for name in list(os.environ):
        if name.endswith(SECRETS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A model server on loopback; set its ``script``."""
    with ScriptedServer() as loopback:
        yield loopback


_CHROMIUM = SharedChromium()


@pytest.fixture
def chromium_page() -> Iterator[Page]:
    """Open an empty page in an offline Chromium; skips where there is none, except in CI."""
    browser = _CHROMIUM.browser()
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 700})
    context.set_default_timeout(LONG_MS)
    yield context.new_page()
    context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Function | None) -> Generator[None, None, None]:
    """Close Chromium before a test that does not use it, or not through this fixture."""
    try:
        yield
    finally:
        if nextitem is None or "chromium_page" not in nextitem.fixturenames:
            _CHROMIUM.close()
