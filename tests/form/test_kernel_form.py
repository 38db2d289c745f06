"""The form in a real kernel: what its code does, what it leaves, clicks while a cell runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from packaging.version import Version

from docsum_nb.testing import Reply, ScriptedServer
from tests.support.kernels import Kernel, running_kernel

SETUP = """
import os, time
os.environ["XDG_DATA_HOME"] = {data!r}
import docsum_nb as ds

def until(true):
    give_up = time.monotonic() + 90
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)
"""
HOSTILE = 'it\'s "quoted" {x} %s\n\\ </pre><script>alert(1)</script> \u202e'
IDS = "print('ids', *[getattr(form._screen, name).comm.comm_id for name in ('start', 'cancel')])"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests here, as a notebook has one for all its cells."""
    with running_kernel() as running:
        data = tmp_path_factory.mktemp("data")
        assert running.run(SETUP.format(data=str(data))).status == "ok"
        yield running


def click(kernel: Kernel, button: str, *, subshell: str = "") -> None:
    """Click a button by its id, as a front end does it; returns before it is handled."""
    session = kernel.client.session
    data = {"method": "custom", "content": {"event": "click"}, "buffers": []}
    message = session.msg("comm_msg", {"comm_id": button, "data": data})
    if subshell:
        message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)


def test_the_code_does_what_the_form_does(kernel: Kernel, documents: Path) -> None:
    """The code that a form shows, run as a cell, gives the summary that the form gives."""
    odd = documents.with_name('it\'s "odd" {x}')
    documents.rename(odd)
    made = kernel.run(
        f"form = ds.app(source={str(odd)!r}, question={HOSTILE!r}, length=60, on_error='skip')\n"
        "form._screen.start.click()\nuntil(lambda: form.summary is not None)\nprint(form.code)"
    )
    assert made.status == "ok", made

    ran = kernel.run(made.text)
    assert ran.status == "ok", ran
    same = kernel.run(
        "print(all(getattr(summary, name) == getattr(form.summary, name) for name in "
        "('text', 'citations', 'question', 'model')), summary.question)"
    )
    assert same.text.startswith("True it's"), same


def test_the_last_run_is_there_for_the_next_cell(kernel: Kernel, documents: Path) -> None:
    """``form.run`` can be awaited and ``form.summary`` used in the cells that follow."""
    kernel.run(f"form = ds.app(source={str(documents)!r})\nform._screen.start.click()")
    kernel.run("until(lambda: form.run is not None)")

    cell = kernel.run("summary = await form.run\nprint(summary == form.summary, form)")

    assert cell.status == "ok", cell
    assert cell.text.startswith("True <docsum_nb form: <Run "), cell
    assert cell.displays == [], "the form shows it already"


@pytest.mark.parametrize("waiting", ["form.run.result()", "await form.run"])
def test_cancel_works_while_a_cell_waits(
    kernel: Kernel, documents: Path, server: ScriptedServer, waiting: str
) -> None:
    """Clicked in a subshell, as JupyterLab does it, the form's Cancel ends the waiting cell."""
    if Version(version("ipykernel")) < Version("7"):
        pytest.skip("the ipykernel that is installed has no subshells")
    server.script = lambda call: Reply(hang=True)
    subshell = kernel.make_subshell()
    made = kernel.run(
        f"form = ds.app(source={str(documents)!r}, max_calls=9,\n"
        f"    model=ds.Model('openai/x', base_url={server.base_url!r}, api_key='k'))\n"
        f"{IDS}\nform._screen.start.click()\nuntil(lambda: form.run is not None)"
    )
    assert made.status == "ok", made
    cancel = made.text.split()[2]

    sent = kernel.send(f"print('waiting', flush=True)\n{waiting}")
    kernel.wait_for("waiting")
    click(kernel, cancel, subshell=subshell)
    cell = kernel.wait(sent)

    assert cell.error.startswith("RunCancelled: summarize: cancelled"), cell
    assert kernel.run("until(lambda: form._screen.cancel.disabled)").status == "ok"


def test_double_clicks_of_a_front_end_start_one_run(kernel: Kernel, documents: Path) -> None:
    """Two clicks that arrive one after the other are one run."""
    made = kernel.run(
        f"form = ds.app(source={str(documents)!r}, length=44)\nbefore = len(ds.runs())\n{IDS}"
    )
    start = made.text.split()[1]
    click(kernel, start)
    click(kernel, start)

    cell = kernel.run(
        "until(lambda: form._screen.controller.phase == 'idle' and form.summary is not None)\n"
        "print(len(ds.runs()) - before)"
    )
    assert cell.text == "1\n", cell


FORM = "form = ds.app(source={source!r})\nform"
USE = "form._screen.start.click()\nuntil(lambda: form.run is not None)\nawait form.run\nNone"
SEEN = "until(lambda: form._lasting[1])"


def test_a_saved_notebook_shows_what_came_of_it(tmp_path: Path, documents: Path) -> None:
    """Without its kernel, the form's place tells of the run, with the result and the code."""
    # In the same cell: nbclient drops what a thread of an earlier cell displays.
    notebook = execute(tmp_path, FORM.format(source=str(documents)), f"{USE}\n{SEEN}")
    form, lasting = (dict(output.data) for output in notebook.cells[1].outputs)

    assert set(form) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert set(lasting) == {"text/plain", "text/html"}
    assert "The last run: done." in lasting["text/plain"]
    assert "Whales are mammals" in lasting["text/plain"]
    page = BeautifulSoup(lasting["text/html"], "html.parser").get_text()
    assert "Whales are mammals" in page
    assert repr(str(documents)) in page
    assert notebook.cells[2].outputs == []


def test_a_saved_notebook_without_a_run_says_what_stood_there(tmp_path: Path) -> None:
    """An unused form is described in plain words, its hostile values escaped."""
    notebook = execute(tmp_path, FORM.format(source=HOSTILE))
    lasting = notebook.cells[1].outputs[1].data

    assert "This was a form; run the cell again to use it." in lasting["text/plain"]
    assert not BeautifulSoup(lasting["text/html"], "html.parser").find_all("script")
    del notebook.metadata["widgets"]
    exported, _ = HTMLExporter().from_notebook_node(notebook)
    text = BeautifulSoup(exported, "html.parser").get_text()
    assert "This was a form; run the cell again to use it." in text


def execute(tmp_path: Path, *cells: str) -> nbformat.NotebookNode:
    """Execute cells in a fresh kernel, without a front end."""
    setup = SETUP.format(data=str(tmp_path / "data"))
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (setup, *cells)]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    json.dumps(notebook)
    return notebook


def test_a_terminal_is_told_that_a_form_needs_a_notebook(
    documents: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a kernel the form says what it needs, and the code that does the same."""
    from IPython.core.interactiveshell import InteractiveShell

    import docsum_nb as ds

    # IPython warns where another environment is active in the shell that the tests came from.
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    shell = InteractiveShell.instance()
    form = ds.app(source=documents)
    try:
        shell.push({"form": form})
        shell.run_cell("form", store_history=False)
    finally:
        form.close()
        InteractiveShell.clear_instance()
    said = capsys.readouterr().out
    assert "A form needs a notebook." in said
    assert repr(str(documents)) in said
