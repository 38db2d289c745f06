"""Every code block of the documentation and of the README is run, as a reader would run it."""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Cell, Kernel, running_kernel
from tests.support.pages import ROOT, Block, blocks_of, pages
from tests.support.warm_python import warm_commands

SHELL_S = 300.0
MODELS = {"gpt-4o-mini", "gpt-4o"}
# The pages that show errors on purpose may leave a process in a state of its own.
OWN_KERNEL = {"faq.md", "logging.md"}
REPORTS = {
    "north.md": "# North\n\nThe harbor of the north froze for three weeks. Ships waited outside.",
    "south.md": "# South\n\nThe south sold more grain than ever. Prices fell by a tenth.",
    "west.txt": "The west built two bridges. The second one opened late and over budget.",
}
DOCS = {
    "payments.md": "# Payments\n\nA payment is late when it comes after the end of the month.",
    "harbors.md": "# Harbors\n\nA frozen harbor is closed to ships by its master.",
}
# What a reader of the README has in hand.
FIRST = {
    "README.md": """
from tests.support.docs_samples import make_crew
import docsum_nb as ds
my_crew = make_crew()
stopped = ds.summarize("reports/", model="openai/gpt-4o-mini", max_calls=1, show=False)
stopped.exception()
assert stopped.join(60)""",
}
ELSEWHERE = ("make ", "pip ")
"""Commands that set an environment up; CI begins with them."""
LONG = {"faq.md", "guard.md", "logging.md", "cli.md", "plots.md", "deploy.md"}
"""Pages that take seconds: they guard many crews, have a kernel of their own or many commands."""
CASES = [
    pytest.param(
        page,
        id=str(page.relative_to(ROOT)),
        marks=pytest.mark.long if page.name in LONG else (),
    )
    for page in pages()
    if any(blocks_of(page))
]


def answer(call: Call) -> Reply:
    """Answer like a provider that knows two models and does what it is asked."""
    if call.body["model"] not in MODELS:
        return Reply(f"The model `{call.body['model']}` does not exist.", status=404)
    if "response_format" in call.body:
        return Reply(json.dumps({"title": "Harbors", "decisions": ["The bridge opens."]}))
    return Reply("The harbor of the north froze for three weeks.")


@pytest.fixture(scope="module")
def model_server() -> Iterator[ScriptedServer]:
    """What the pages call openai."""
    with ScriptedServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def shared_kernel() -> Iterator[Kernel]:
    with running_kernel() as kernel:
        yield kernel


@pytest.fixture
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """A kernel; most pages share one, as importing CrewAI takes long."""
    if request.node.callspec.params["page"].name not in OWN_KERNEL:
        yield request.getfixturevalue("shared_kernel")
        return
    with running_kernel() as own:
        yield own


@pytest.fixture
def desk(tmp_path: Path, model_server: ScriptedServer) -> dict[str, str]:
    """A folder with documents, and the environment of a reader who has a key."""
    for folder, files in {"reports": REPORTS, "docs": DOCS}.items():
        for name, text in files.items():
            path = tmp_path / "work" / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "OPENAI_API_KEY": "sk-any",
        "OPENAI_BASE_URL": model_server.base_url,
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "88",
        # Another page of the same kernel may have set up logging.
        "DASK_LOGGING__DISTRIBUTED": "error",
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", CASES)
def test_blocks_of_a_page_do_what_it_says(
    page: Path, kernel: Kernel, desk: dict[str, str], tmp_path: Path
) -> None:
    """Run in order from a fresh namespace and folder, a block prints what the page says."""
    work = tmp_path / "work"
    must_run(kernel, "%reset -f")
    must_run(kernel, f"import os, sys\nos.environ.update({desk!r})\nos.chdir({str(work)!r})")
    must_run(kernel, f"sys.path[:] = [*dict.fromkeys([{str(ROOT)!r}, *sys.path])]")
    must_run(kernel, FIRST.get(page.name, ""))
    for block in blocks_of(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.skip:
            continue
        if block.language == "console":
            run_in_shell(block, work, desk, where)
        else:
            run_in_kernel(block, kernel, where)
    must_run(kernel, "from tests.browser.in_lab import end_all; end_all(globals())")


def test_few_blocks_are_skipped_and_each_for_a_reason() -> None:
    """A page cannot quietly stop being tested."""
    skipped = [block for page in pages() for block in blocks_of(page) if block.skip]
    assert all(len(block.skip) > 10 for block in skipped)
    assert len(skipped) <= 8, [block.code for block in skipped]


def must_run(kernel: Kernel, code: str) -> Cell:
    cell = kernel.run(code)
    assert cell.status == "ok", cell.traceback
    return cell


def run_in_kernel(block: Block, kernel: Kernel, where: str) -> None:
    cell = kernel.run(block.code)
    if block.raises:
        assert block.raises in cell.error, f"{where} raised {cell.error or 'nothing'}"
        return
    assert cell.status == "ok", f"{where}\n{cell.traceback}"
    if block.prints is not None:
        shown = [str(data.get("text/plain", "")) for data in cell.displays[-1:]]
        compare(block.prints, cell.text or "".join(shown), where)


def run_in_shell(block: Block, folder: Path, environment: dict[str, str], where: str) -> None:
    """Run each line that begins with a dollar sign; what follows it is what it prints."""
    for command, told in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.code, re.MULTILINE):
        if command.startswith(ELSEWHERE):
            continue
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env={
                **os.environ,
                **environment,
                "PATH": f"{warm_commands()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=SHELL_S,
            check=False,
        )
        output = done.stdout + done.stderr
        assert (done.returncode == 0) != bool(block.raises), f"{where}: {command}\n{output}"
        assert block.raises in output, f"{where}: {command}\n{output}"
        if told.strip():
            compare(told, done.stdout or done.stderr, f"{where}: {command}")


def compare(told: str, printed: str, where: str) -> None:
    options: Any = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    same = doctest.OutputChecker().check_output(told.strip(), printed.strip(), options)
    assert same, f"{where} prints\n{printed}\nand not\n{told}"
