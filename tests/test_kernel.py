"""What a person sees in a notebook cell, in a real kernel."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Cell, Kernel, running_kernel

HANG_S = 60.0
"""Whatever takes longer hangs."""

SETUP = """
import asyncio, os, time
os.environ["XDG_DATA_HOME"] = {data!r}
import docsum_nb as ds
documents = {{f"doc-{{i:02}}": f"Document {{i}} tells of ships." for i in range(20)}}
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests here, as a notebook has one for all its cells."""
    with running_kernel() as running:
        data = tmp_path_factory.mktemp("data")
        assert running.run(SETUP.format(data=str(data))).status == "ok"
        assert running.run("await ds.summarize({'a': 'Text.'}, ledger=False)").status == "ok"
        yield running


@pytest.fixture
def model(server: ScriptedServer) -> str:
    """The code of a model on the loopback server."""
    return f'ds.Model("openai/x", base_url={server.base_url!r})'


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def alive(kernel: Kernel) -> bool:
    return kernel.run("print(6 * 7)").text == "42\n"


@pytest.mark.parametrize("form", ["await {run}", "{run}.result()"])
def test_cell_gives_the_summary_three_times_over(
    kernel: Kernel, server: ScriptedServer, model: str, form: str
) -> None:
    """Awaited or blocked on, the same cell works again and again in one kernel."""
    run = f"ds.summarize(documents, model={model}, ledger=False)"
    for _ in range(3):
        cell = kernel.run(f"summary = {form.format(run=run)}\nprint(len(summary.documents))")
        assert cell.text.endswith("20\n"), cell
    assert alive(kernel)


def test_refused_chunk_shows_its_error_while_another_still_hangs(
    kernel: Kernel, server: ScriptedServer, model: str, tmp_path: Path
) -> None:
    """A 403 on chunk 10 is in the cell at once, though chunk 0 is not answered before."""
    shown = threading.Event()

    async def script(call: Call) -> Reply:
        if 'name="doc-10' in call.prompt:
            return Reply("forbidden", status=403)
        while 'name="doc-00' in call.prompt and not shown.is_set():
            await asyncio.sleep(0.01)
        return Reply()

    server.script = script
    ledger = str(tmp_path / "ledger")
    cell = kernel.run(f"await ds.summarize(documents, model={model}, ledger={ledger!r})")
    assert cell.status == "error"
    shown.set()
    assert "forbidden" in cell.error
    assert "doc-10, chunk 0 with openai/x (HTTP status 403; " in plain(cell.traceback)
    assert alive(kernel)


def test_error_is_shown_by_the_users_own_frames_and_its_notes(
    kernel: Kernel, server: ScriptedServer, model: str
) -> None:
    """A cell shows the line that waited, the error and its note; no frame of a library."""
    server.script = lambda call: Reply("forbidden", status=403)
    cell = kernel.run(
        f"def mine():\n    return ds.summarize(documents, model={model}).result()\nmine()"
    )
    shown = plain(cell.traceback)
    assert "return ds.summarize(documents" in shown
    assert "site-packages" not in shown
    assert len(shown.splitlines()) < 15
    whole = kernel.run(
        "import sys, traceback\nprint(len(traceback.extract_tb(sys.last_value.__traceback__)))"
    )
    assert int(whole.text) > 10


def test_group_of_errors_is_readable_in_the_cell(
    kernel: Kernel, server: ScriptedServer, model: str
) -> None:
    """Collected errors are numbered, each with its note, without a frame of a library."""
    server.script = lambda call: Reply("forbidden", status=403)
    cell = kernel.run(
        "two = {'a': 'Text a.', 'b': 'Text b.'}\n"
        f"await ds.summarize(two, model={model}, on_error='collect', ledger=False)"
    )
    shown = plain(cell.traceback)
    assert cell.error.startswith("ExceptionGroup: 2 of 2 chunks failed")
    assert shown.count("APIError: ") == 2
    assert "1. litellm" in shown
    assert "summarizing a, chunk 0" in shown
    assert "summarizing b, chunk 0" in shown
    assert "site-packages" not in shown
    assert len(shown.splitlines()) < 15
    assert alive(kernel)


def test_group_of_the_users_own_is_shown_as_ever(kernel: Kernel) -> None:
    """A group that no run raised has its whole traceback in the cell."""
    cell = kernel.run(
        "def mine():\n    raise ValueError('x')\ntry:\n    mine()\n"
        "except ValueError as error:\n    raise ExceptionGroup('mine', [error])"
    )
    assert cell.error.startswith("ExceptionGroup: mine")
    assert "in mine" in plain(cell.traceback + cell.text)


@pytest.mark.parametrize(
    ("form", "error"),
    [("await {run}", "CancelledError"), ("{run}.result()", "KeyboardInterrupt")],
)
def test_stop_button_ends_the_cell_and_the_work(
    kernel: Kernel, server: ScriptedServer, model: str, form: str, error: str
) -> None:
    """Interrupting a cell that would wait for ever ends it, and nothing more is sent."""
    server.script = lambda call: Reply(hang=True)
    run = f"(run := ds.summarize(documents, model={model}, ledger=False, max_concurrency=2))"
    sent = kernel.send(form.format(run=run))
    while len(server.calls) < 2:
        time.sleep(0.01)
    kernel.interrupt()
    cell = kernel.wait(sent)
    assert cell.error.startswith(error)
    assert cell.seconds < HANG_S
    ended = kernel.run("print(type(run.exception()).__name__, len(run.partial.omitted))")
    assert ended.text == "RunCancelled 20\n"
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "form",
    [
        "await ds.start(time.sleep, 60, deadline=0.5)",
        "ds.run_with_deadline(lambda: time.sleep(60), 0.5)",
        "async def stuck(): time.sleep(3)\nawait ds.start(stuck, deadline=0.5)",
        "await ds.start(asyncio.sleep(60), deadline=0.5)",
    ],
)
def test_deadline_ends_the_cell_whatever_it_is_stuck_in(kernel: Kernel, form: str) -> None:
    """Blocking code, a stuck loop, an endless await: DeadlineExceeded, and the kernel lives."""
    cell = kernel.run(form)
    assert cell.error.startswith("DeadlineExceeded"), cell
    assert cell.seconds < HANG_S
    assert alive(kernel)


def test_work_that_exits_does_not_end_the_kernel(kernel: Kernel) -> None:
    """SystemExit in started work is an ordinary error of the cell."""
    cell = kernel.run("async def leave(): raise SystemExit(3)\nawait ds.start(leave)")
    assert cell.error.startswith("WorkExited")
    assert alive(kernel)


def test_background_run_shows_a_panel_that_ends_as_static_html(
    kernel: Kernel, server: ScriptedServer, model: str
) -> None:
    """Not awaited, the cell returns at once; the panel is replaced by the final state."""
    cell = kernel.run(f"run = ds.summarize(documents, model={model}, ledger=False)\nrun")
    assert cell.status == "ok"
    assert any("text/html" in data or "widget" in str(data) for data in cell.displays)
    ended = kernel.run("summary = await run\nprint(run.state.done)\nrun")
    assert ended.text == "20\n"
    assert "20/20 chunks" in str(ended.displays[-1]["text/plain"])


def test_summary_displays_as_html_markdown_and_text(kernel: Kernel) -> None:
    """The last line of a cell shows the result in all three forms."""
    cell: Cell = kernel.run("await ds.summarize(documents, ledger=False, show=False)")
    shown = cell.displays[-1]
    assert {"text/html", "text/markdown", "text/plain"} <= set(shown)
    assert "<script" not in shown["text/html"]


def test_works_where_nest_asyncio_was_applied(kernel: Kernel) -> None:
    """In a kernel whose loop the user has patched, runs still work in all forms."""
    cell = kernel.run(
        "import nest_asyncio; nest_asyncio.apply()\n"
        "one = await ds.summarize(documents, ledger=False)\n"
        "two = ds.summarize(documents, ledger=False).result()\n"
        "print(one.text == two.text)"
    )
    assert cell.text.endswith("True\n"), cell
