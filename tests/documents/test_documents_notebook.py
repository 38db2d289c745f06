from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.documents.notebook import read
from docsum_nb.errors import LoadError
from tests.documents.document_samples import notebook


def _read(folder: Path, content: str) -> str:
    path = folder / "analysis.ipynb"
    path.write_text(content, encoding="utf-8")
    return read(path).text


def _output(kind: str, **data: Any) -> dict[str, Any]:
    return {"output_type": kind, **data}


def test_cells_and_text_outputs_come_out_in_order(tmp_path: Path) -> None:
    """Markdown stays, code is fenced with its language, outputs are fenced without."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": ["# Title\n", "words"], "metadata": {}},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                _output("stream", name="stdout", text=["1\n", "\x1b[31mred\x1b[0m"]),
                _output("execute_result", data={"text/plain": "42"}),
                _output("error", ename="ValueError", evalue="bad", traceback=["long"]),
            ],
        },
    ]
    assert _read(tmp_path, notebook(*cells)) == (
        "# Title\nwords\n\n```python\nprint(1)\n```\n\n```\n1\nred\n```\n\n"
        "```\n42\n```\n\n```\nValueError: bad\n```"
    )


def test_pictures_and_widgets_are_left_out(tmp_path: Path) -> None:
    """Neither a picture nor the text that stands for it is read; Markdown output is."""
    outputs = [
        _output("display_data", data={"image/png": "AAAA", "text/plain": "<Figure>"}),
        _output(
            "display_data",
            data={"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Box()"},
        ),
        _output("display_data", data={"text/markdown": "**kept**", "text/plain": "gone"}),
    ]
    cell = {"cell_type": "code", "source": "", "outputs": outputs}
    assert _read(tmp_path, notebook(cell)) == "**kept**"


def test_a_fence_in_the_code_stays_inside(tmp_path: Path) -> None:
    """Code that holds backticks is fenced by more of them."""
    cell = {"cell_type": "code", "source": "s = '''\n````\n'''"}
    assert _read(tmp_path, notebook(cell)).startswith("`````python\n")


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"cell_type": "code", "source": None, "outputs": None},
        {"cell_type": "code", "source": 3, "outputs": [None, {}, {"data": []}, {"text": 5}]},
        {"cell_type": "unknown", "source": ["a", 1, None], "id": "bad id!", "metadata": 0},
    ],
)
def test_odd_notebooks_are_read(tmp_path: Path, cell: dict[str, Any]) -> None:
    """What breaks the schema is neither an error nor a warning."""
    odd: Any = "no cell"
    text = _read(tmp_path, notebook(cell, odd, {"cell_type": "raw", "source": "kept"}))
    assert "kept" in text


def test_old_formats_are_read(tmp_path: Path) -> None:
    """A notebook of version 3, with worksheets, is read as well."""
    cells = [{"cell_type": "heading", "level": 2, "source": "Old", "metadata": {}}]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    assert _read(tmp_path, json.dumps(old)) == "## Old"


@pytest.mark.parametrize(
    "content", ["no json", "[]", "{}", "3", notebook()[:-9], '{"nbformat": 99}', "null", "[" * 9999]
)
def test_files_that_are_no_notebook_are_refused(tmp_path: Path, content: str) -> None:
    """Other JSON and truncated files raise a LoadError that names the file."""
    with pytest.raises(LoadError, match=r"analysis\.ipynb: is not a Jupyter notebook"):
        _read(tmp_path, content)


def test_an_empty_file_holds_no_text(tmp_path: Path) -> None:
    """An empty notebook file is not an error."""
    assert _read(tmp_path, "  ") == ""
