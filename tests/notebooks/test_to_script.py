"""Cells as a script: what is written is run, and does what a notebook does."""

from __future__ import annotations

import contextlib
import inspect
import io
from typing import Any

import nbformat
import pytest

import docsum_nb as ds
from notebooks.exporting.magics import ScriptError
from notebooks.exporting.script import to_script
from notebooks.exporting.waiting import RETURN_RUNS

START = "import asyncio\nimport docsum_nb as ds"
FAILING = {"tags": ["raises-exception"], "raises": "KeyError"}


def notebook(*cells: str | Any) -> Any:
    """Make a notebook; texts are cells of code."""
    made = [nbformat.v4.new_code_cell(each) if isinstance(each, str) else each for each in cells]
    return nbformat.v4.new_notebook(cells=made)


def script(*cells: str | Any) -> str:
    """Write cells as a script."""
    return to_script(notebook(*cells), "some.ipynb")


def printed(*cells: str | Any) -> str:
    """Write cells as a script, run it, and return what it prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script(START, *cells), "some-script.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def test_the_functions_that_return_runs_are_known() -> None:
    """What is taken for a run is what the package's own annotations call one, and all of it."""
    functions = {name: getattr(ds, name) for name in ds.__all__}
    annotated = {
        name
        for name, function in functions.items()
        if inspect.isfunction(function)
        and str(inspect.signature(function).return_annotation).startswith("Run[")
    }
    assert annotated == set(RETURN_RUNS)


def test_an_awaited_run_is_waited_for_by_result() -> None:
    """Made in place, kept in a name, in parentheses, within another expression: no loop is made."""
    cells = (
        "run = ds.start(lambda: 6, show=False)\nsix = await run  # how many\nsix",
        "await (ds.start(\n    lambda: 7,  # days\n    show=False,\n))",
        "print(await run, [await ds.start(lambda: 8, show=False)][0])",
        "if await run == 6:\n    print('yes')",
    )
    text = script(START, *cells)
    assert "await" not in text
    assert "Runner" not in text
    assert "six = run.result()  # how many" in text
    assert printed(*cells) == "6\n7\n6 8\nyes\n"


def test_other_coroutines_get_one_loop_for_all_cells() -> None:
    """A task that one cell begins ends in another; names, comments and texts are as they were."""
    cells = (
        "async def six():\n    await asyncio.sleep(0)\n    return 6",
        "# begin\ntask = asyncio.create_task(six())",
        "text = '''a\n  b'''\nvalue: int = await task\nvalue, text",
        "async with asyncio.timeout(5):\n    got = await asyncio.gather(six(), six())\ngot",
        "[await each for each in [six(), six()]]",
        "a = await six(); b = a + 1; b",
        "async def two():\n    yield 1\n    yield 2\nasync for each in two():\n    b = each\nb",
    )
    assert printed(*cells) == "(6, 'a\\n  b')\n[6, 6]\n[6, 6]\n7\n2\n"
    assert "    # begin\n    task = " in script(START, *cells)


def test_what_is_not_surely_a_run_is_awaited_in_the_loop() -> None:
    """A name that is bound twice, or what a function returns, may be a run or not; both work."""
    again = "run = ds.start(lambda: 1, show=False)\nrun = asyncio.sleep(0, 2)\nawait run"
    made = "def made():\n    return ds.start(lambda: 3, show=False)\nawait made()"
    changed = (
        "run2 = ds.start(lambda: 4, show=False)\n"
        "def change():\n    global run2\n    run2 = asyncio.sleep(0, 5)\nchange()\nawait run2"
    )
    assert printed(again, made, changed) == "2\n3\n5\n"


def test_the_last_expression_is_printed_as_jupyter_shows_it() -> None:
    """By its text for Jupyter, unless it is None, silenced, or no expression; one tuple is one."""
    shows = (
        "class Shows:\n"
        "    def _repr_mimebundle_(self, **k):\n"
        "        return {'text/plain': 'as Jupyter', 'text/html': '<b>'}\n"
        "Shows()"
    )
    assert printed(shows) == "as Jupyter\n"
    assert printed("'a'") == "'a'\n"
    assert printed("1, 2") == "(1, 2)\n"
    assert printed("(1), 2") == "(1, 2)\n"
    assert printed("(1, 2)") == "(1, 2)\n"
    assert printed("5  # five") == "5\n"
    assert printed("5;  # quiet", "None", "x = 5", "print(6)") == "6\n"
    assert printed("['é', 7]") == "['é', 7]\n"


def test_display_prints_and_can_be_replaced() -> None:
    """IPython's own is not needed; a handle prints what takes the place."""
    cell = (
        "from IPython.display import HTML, display\n"
        "handle = display('a', 2, display_id=True)\n"
        "handle.update({'text/plain': 'raw'}, raw=True)"
    )
    assert printed(cell) == "'a'\n2\nraw\n"


def test_magics_that_only_concern_the_notebook_go() -> None:
    """What they time stays; what stands in a text is no magic."""
    cells = (
        "%matplotlib inline\nif True:\n    %load_ext autoreload\nprint('''\n%time\n''')",
        "%%time\nx = 5\nx",
        "%time y = 6\ny",
        "y?",
    )
    assert printed(*cells) == "\n%time\n\n5\n6\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%bash\nls", "%%bash has no meaning in a script"),
        ("!ls", "use subprocess.run"),
        ("files = !ls", "exist in a notebook only"),
        ("%cd /tmp", "%cd has no meaning in a script"),
        ("get_ipython().kernel", "exist in a notebook only"),
        ("await a()\nfrom math import *\nawait b()", "put that into a cell apart"),
        ("x = = 5", "invalid syntax"),
    ],
)
def test_what_cannot_be_had_in_a_script_is_refused(cell: str, said: str) -> None:
    """The refusal names the notebook and the cell, counted as a person counts them."""
    with pytest.raises(ScriptError, match=r"some\.ipynb, code cell 2: ") as refused:
        script(START, nbformat.v4.new_markdown_cell("text"), cell)
    assert said in str(refused.value)


def test_a_cell_that_is_meant_to_fail_fails_and_the_script_goes_on() -> None:
    """Its error is printed; another one ends the script, and so does none."""
    failing = nbformat.v4.new_code_cell("x = '''a\n b'''\n{}[x]", metadata=FAILING)
    awaiting = nbformat.v4.new_code_cell(
        "def no():\n    raise KeyError('run')\nawait ds.start(no, show=False)", metadata=FAILING
    )
    assert printed(failing, "print('on')") == "KeyError: 'a\\n b'\non\n"
    assert printed(awaiting, "print('on')") == "KeyError: 'run'\non\n"
    with pytest.raises(ZeroDivisionError):
        printed(nbformat.v4.new_code_cell("1 / 0", metadata=FAILING))
    with pytest.raises(AssertionError, match="KeyError"):
        printed(nbformat.v4.new_code_cell("1", metadata=FAILING))
    untold = nbformat.v4.new_code_cell("1", metadata={"tags": ["raises-exception"]})
    with pytest.raises(ScriptError, match="raises="):
        script(untold)


def test_text_becomes_comments_and_futures_stand_above_all() -> None:
    """What people have written stays readable, and is never run."""
    text = script(
        nbformat.v4.new_markdown_cell("# Title\n\nsays 'await'"),
        "from __future__ import annotations\nx: Undefined = 5\nx",
    )
    assert "# # Title\n#\n# says 'await'" in text
    assert text.index("from __future__") < text.index("import")
    exec(compile(text, "some-script.py", "exec"), {"__name__": "__main__"})
