"""The example notebooks in version control: a text, and the notebook that is made of it."""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat
import pytest

from notebooks.exporting.pairing import paired
from tests.notebooks.conftest import NAMES, ROOT

FOLDER = ROOT / "notebooks"


def test_every_notebook_is_kept_as_text() -> None:
    """There are six, each with its text; the list of those that ruff cannot lint has them all."""
    assert len(NAMES) == 6
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for name in NAMES:
        assert f'"notebooks/{name}.py"' in settings
        assert f'"notebooks.{name}"' in settings


@pytest.mark.parametrize("name", NAMES)
def test_text_and_notebook_say_the_same(name: str) -> None:
    """The notebook is what ``make pair`` makes of the text, to the letter, and has no outputs."""
    notebook = FOLDER / f"{name}.ipynb"
    assert notebook.read_text(encoding="utf-8") == paired(FOLDER / f"{name}.py"), "run: make pair"
    content = nbformat.read(notebook, as_version=4)
    assert content.metadata.jupytext.formats == "ipynb,py:percent"
    for cell in content.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("name", NAMES)
def test_jupytext_takes_the_pair_for_one(name: str) -> None:
    """What JupyterLab with jupytext would write of the notebook is the text, so it opens it.

    It refuses a pair whose newer half says anything else, were it the order of a cell's tags.
    """
    content = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    written = jupytext.writes(content, fmt="py:percent")
    assert written.partition("# %%")[2] == text.partition("# %%")[2]


def test_outputs_and_edits_of_a_notebook_are_seen(tmp_path: Path) -> None:
    """What somebody has run or changed in the notebook alone is no longer what its text makes."""
    made = paired(FOLDER / "quickstart.py")
    content = nbformat.reads(made, as_version=4)
    code = next(cell for cell in content.cells if cell.cell_type == "code")
    code.outputs = [nbformat.v4.new_output("stream", text="run")]
    assert nbformat.writes(content) + "\n" != made
    text = (FOLDER / "quickstart.py").read_text(encoding="utf-8")
    edited = tmp_path / "quickstart.py"
    edited.write_text(text.replace("extractive", "openai/gpt-4o"), encoding="utf-8")
    assert paired(edited) != made
