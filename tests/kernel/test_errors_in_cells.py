"""What a cell shows of an error, and of the output of a crew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernels import Cell, Kernel, running_kernel

SETUP = """
import threading
import docsum_nb as ds
from tests.kernel.in_kernel import Scripted, crew
finished = threading.Semaphore(0)
def fails(prompt):
    if "part 2" in prompt:
        for _ in range(3):
            finished.acquire(timeout=60)
        raise RuntimeError("the model is gone")
    return "fine"
def count(event):
    if isinstance(event, ds.events.ChunkSummarized):
        finished.release()
def failing():
    return crew(Scripted(model="s", answer=fails))
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests here, as a notebook has one for all its cells."""
    with running_kernel() as running:
        folder = tmp_path_factory.mktemp("work")
        (folder / "broken").mkdir()
        (folder / "broken" / "library.sqlite3").write_bytes(b"no database")
        made = running.run(f"import os\nos.chdir({str(folder)!r})\n{SETUP}")
        assert made.status == "ok", made.traceback
        yield running


def plain(cell: Cell) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", cell.traceback)


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("x = 1\nawait ds.summarize('no/such')", 2, "LoadError: no/such: no such file"),
        ("ds.summarize('no/such').result()", 1, "LoadError: no/such: no such file"),
        ("ds.summarize({'a': 'x'}, deadline=0)", 1, "InputError: deadline is seconds"),
        ("y = 2\nds.Library('no/such').search('x')", 2, "InputError: there is no library"),
        ("ds.runs('/proc/version')", 1, "LedgerError: the ledger /proc/version cannot be read"),
        ("ds.Library('broken').search('x')", 1, "LibraryError: "),
        ("ds.summarize([])", 1, "InputError: the list of sources is empty"),
        ("ds.start(print, show=False).text", 1, "NotAwaitedError: a run has no attribute 'text'"),
        ("ds.summarise('a')", 1, "AttributeError: module 'docsum_nb' has no attribute"),
        ("def f(): yield 1 / 0\nds.summarize(f())", 2, "ZeroDivisionError: division by zero"),
        ("def f(): return 1 / 0\nawait ds.start(f)", 2, "ZeroDivisionError: division by zero"),
    ],
)
def test_error_is_short_and_names_the_cell(
    kernel: Kernel, code: str, line: int, words: str
) -> None:
    """In a run and outside of one: the line of the cell by its number, then the message."""
    number = int(kernel.run("print(get_ipython().execution_count)").text)
    shown = plain(kernel.run(code))
    source = code.splitlines()[line - 1]
    assert f"Cell In[{number}], line {line}\n----> {line} {source}\n" in shown
    assert words in shown
    assert "<string>" not in shown
    assert "docsum_nb/" not in shown.replace("docsum_nb/ledger.sqlite3", "")
    assert len(shown.splitlines()) <= 8


@pytest.mark.parametrize(
    "code", ["await ds.summarize('no/such')", "ds.runs('/proc/version')", "await ds.start(f)"]
)
def test_tb_shows_the_whole(kernel: Kernel, code: str) -> None:
    """After a short error, IPython's magic shows its frames, and the short form comes again."""
    kernel.run("def f(): return 1 / 0")
    short = plain(kernel.run(code))
    whole = plain(kernel.run("%tb"))
    assert "%tb shows the whole" in short
    assert "docsum_nb/" in whole
    assert whole.splitlines()[-1] in short.splitlines()[-1]
    again = plain(kernel.run(code))
    assert len(again.splitlines()) == len(short.splitlines())


def test_tb_shows_the_whole_of_a_group(kernel: Kernel) -> None:
    """IPython's own magic prints nothing of a group; of other errors it shows what it did."""
    kernel.run("def f(): raise ExceptionGroup('two', [ValueError('first'), KeyError('second')])")
    assert "%tb shows the whole" in plain(kernel.run("await ds.start(f)"))
    whole = kernel.run("%tb").text
    assert "in f\n" in whole
    assert "ValueError: first" in whole
    kernel.run("1 / 0")
    assert "ZeroDivisionError" in plain(kernel.run("%tb"))


def test_asyncio_run_in_a_cell(kernel: Kernel) -> None:
    """Python's error stays; a line below it says what to write, and the run is kept."""
    cell = kernel.run("import asyncio\nasyncio.run(ds.start(lambda: 42))")
    assert "RuntimeError" in plain(cell)
    found = re.search(r"write 'await'.*await (ds\.get_run\('\w+'\))", cell.text, re.S)
    assert found, cell.text
    assert kernel.run(f"print(await {found[1]})").text == "42\n"
    assert "docsum_nb" not in kernel.run("asyncio.run(asyncio.sleep(0))").text


def test_whole_traceback_hides_secrets_and_escapes(kernel: Kernel) -> None:
    """What the short form masks is masked in the long form, too."""
    secret = "a1B2c3D4" * 5
    kernel.run(f"os.environ['OPENAI_API_KEY'] = {secret!r}")
    kernel.run(f"def g(): raise ValueError('\\x1b[2J' + {secret[:10]!r} + {secret[10:]!r})")
    for code in ("await ds.start(g)", "%tb"):
        shown = kernel.run(code).traceback
        assert "ValueError" in shown
        assert secret not in shown
        assert "\x1b[2J" not in shown


def test_deadline_names_the_cell(kernel: Kernel) -> None:
    """The place where the work was is a line of a cell, not of a file with a number for a name."""
    kernel.run("import asyncio\nasync def stuck():\n    await asyncio.sleep(600)")
    assert re.search(
        r"in stuck\(\) in In\[\d+\], line 3", kernel.run("await ds.start(stuck, deadline=1)").error
    )


@pytest.mark.parametrize("how", ["raise", "collect"])
def test_finished_tasks_are_reached_by_the_error(kernel: Kernel, how: str) -> None:
    """Nothing holds the run; the error has the expression, which works unchanged."""
    cell = kernel.run(f"await ds.kickoff(failing(), on_error={how!r}, on_event=count)")
    shown = plain(cell)
    assert "the model is gone" in shown
    found = re.search(r"^(docsum_nb\.get_run\('\w+'\)\.partial) has what is finished$", shown, re.M)
    assert found, shown
    done = kernel.run(f"import docsum_nb\nprint(sorted(o.name for o in {found[1]}))")
    assert done.text == "['part 0', 'part 1', 'part 3']\n", done.traceback


def test_only_the_last_failed_runs_are_kept(kernel: Kernel) -> None:
    """A notebook that fails all day holds a few runs; of others the error says so."""
    code = "def fails(): raise ValueError\nimport gc\nids = []\nfor _ in range(8):\n"
    code += "    run = ds.start(fails, show=False)\n    ids.append(run.id)\n    run.exception()\n"
    assert kernel.run(code + "del run").status == "ok"
    kernel.run("gc.collect()")
    assert kernel.run("print(ds.get_run(ids[-1]).id == ids[-1])").text == "True\n"
    gone = kernel.run("ds.get_run(ids[0])")
    assert "InputError: no run" in plain(gone)


def test_output_of_a_crew_is_readable(kernel: Kernel) -> None:
    """The text as Markdown, tasks and usage as tables, warnings; the object is CrewAI's own."""
    words = "# Title\n\n**bold** <b id=own>raw</b>"
    kernel.run(f"output = await ds.kickoff(crew(Scripted(model='s', answer=lambda p: {words!r})))")
    assert kernel.run("print(type(output).__name__)").text == "CrewOutput\n"
    (shown,) = kernel.run("output").displays
    assert "<h1>Title</h1>" in shown["text/html"]
    assert "<strong>bold</strong>" in shown["text/html"]
    assert "<b id" not in shown["text/html"]
    assert shown["text/html"].count("<table") == 2
    for part in ("part 3", "writer", "Warnings (1)", "prompt tokens"):
        assert part in shown["text/plain"]
    assert "TaskOutput(" not in shown["text/plain"]
    (other,) = kernel.run("output.model_copy()").displays
    assert other["text/plain"].startswith("CrewOutput(")


def test_scripts_keep_no_run(tmp_path: Path) -> None:
    """Without a notebook nothing is kept, and errors do not say that it is."""
    import docsum_nb as ds

    def fails() -> None:
        raise ValueError("mine")

    run = ds.start(fails, show=False)
    error = run.exception()
    assert ds.get_run(run.id) is run
    assert not getattr(error, "__notes__", ())
