"""The command that exports notebooks, on small ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from notebooks.export import export
from notebooks.exporting.execute import OutcomeError
from notebooks.exporting.magics import ScriptError
from tests.notebooks.conftest import ROOT


def written(path: Path, *cells: str, raises: str = "") -> Path:
    """Write a notebook; the last cell is meant to fail with an error, if one is given."""
    made = [nbformat.v4.new_code_cell(each) for each in cells]
    if raises:
        made[-1].metadata.update({"tags": ["raises-exception"], "raises": raises})
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


@pytest.mark.long
def test_the_command_writes_notebook_page_and_script(tmp_path: Path) -> None:
    """All three are there with the modules beside the notebook, and the script runs on its own."""
    (tmp_path / "beside.py").write_text("import further\nNUMBER = further.NUMBER\n")
    (tmp_path / "further.py").write_text("NUMBER = 42\n")
    notebook = written(
        tmp_path / "small.ipynb",
        "import beside\nbeside.NUMBER",
        "raise KeyError(1)",
        raises="KeyError",
    )
    to = tmp_path / "to"
    command = [
        sys.executable,
        str(ROOT / "notebooks" / "export.py"),
        str(notebook),
        "--to",
        str(to),
    ]
    told = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "small.html" in told.stdout
    executed = nbformat.read(to / "small.ipynb", as_version=4)
    assert executed.cells[0].outputs[0].data["text/plain"] == "42"
    assert executed.cells[1].outputs[0].ename == "KeyError"
    assert "KeyError" in (to / "small.html").read_text(encoding="utf-8")
    script = [sys.executable, str(to / "small-script.py")]
    ran = subprocess.run(script, cwd="/", check=True, capture_output=True, text=True)
    assert ran.stdout == "42\nKeyError: 1\n"


@pytest.mark.parametrize(
    ("cells", "raises", "error"),
    [
        (["1 / 0"], "", CellExecutionError),
        (["1"], "KeyError", OutcomeError),
        (["1 / 0"], "KeyError", OutcomeError),
        (["open('was run', 'w')", "%%bash\nls"], "", ScriptError),
    ],
)
def test_a_notebook_that_does_not_do_as_it_says_is_not_exported(
    tmp_path: Path, cells: list[str], raises: str, error: type[Exception]
) -> None:
    """Nothing is written, the error says why, and what cannot be a script is not executed."""
    notebook = written(tmp_path / "small.ipynb", *cells, raises=raises)
    with pytest.raises(error, match=r"code cell|division"):
        export(notebook, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    assert not (tmp_path / "was run").exists()


def test_an_execution_leaves_the_users_answers_alone(tmp_path: Path) -> None:
    """Its data folder is an empty one, which is gone afterwards."""
    shows = "import os\nprint(os.listdir(os.environ['XDG_DATA_HOME']), os.environ['XDG_DATA_HOME'])"
    export(written(tmp_path / "small.ipynb", shows), tmp_path)
    executed: Any = nbformat.read(tmp_path / "small.ipynb", as_version=4)
    _, _, folder = executed.cells[0].outputs[0].text.strip().rpartition(" ")
    assert not Path(folder).exists()
