"""The example notebooks, executed in real kernels: they tell their stories, to the end."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest

from tests.notebooks.conftest import EACH, LONG_S, NAMES, ROOT, Exporter

SAYS = {
    "failures_resume_budget": (
        *("the provider's filter refuses this text", "7 of 8 chunks are done and kept"),
        *("2 calls for 8 documents", "not summarized: BadRequestError", "the deadline of 2 s"),
        *("what remains: 8 documents", "Forgotten(runs=4"),
    ),
    "guard_your_crew": (
        *("RuntimeError: Executor is already running", "TimeoutError:  after "),
        *("task 'risks', agent 'writer'", "while running task 'history' of agent 'writer'"),
        *("[This part is missing: PermissionDeniedError]", "all of max_calls=5 are made"),
        *("successful_requests=7", "6 tasks that run at once share it"),
    ),
    "private_library": (
        *("green cucumber policy of this company", "78", "Sources", "passages written"),
        *("3/3 chunks", "document     score"),
    ),
    "quickstart": (
        *("model of error handling", "Sources", "6 calls before, 0 now"),
        *("characters", "<Figure size"),
    ),
    "script_and_service": ('200 {"summary"', "422", "post a JSON object of names and texts"),
    "widgets": ("5/5 chunks", "model of error handling", "ds.summarize("),
}
LIVE = "application/vnd.jupyter.widget-view+json"


def cells_of(notebook: Any) -> list[Any]:
    """Return the cells of code."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text_of(output: Any) -> str:
    """Return what a person reads of an output."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.traceback))
    return str(output.data.get("text/plain", ""))


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("name", EACH)
def test_a_notebook_tells_its_story(exported: Exporter, name: str) -> None:
    """Every cell ends as it says, the words are there, and what lasts needs no live widget."""
    notebook = nbformat.read(exported(name).notebook, as_version=4)
    outputs = [output for cell in cells_of(notebook) for output in cell.outputs]
    said = "\n".join(map(text_of, outputs))
    for words in SAYS[name]:
        assert words in said
    for cell in cells_of(notebook):
        raised = [output.ename for output in cell.outputs if output.output_type == "error"]
        assert raised == [each for each in [cell.metadata.get("raises")] if each]
        assert cell.execution_count is not None
    assert "widgets" not in notebook.metadata
    assert "running when this page was saved" not in said
    assert not re.search(r"(?<!\d)0%", said)
    for output in outputs:
        if LIVE in output.get("data", {}):
            assert "text/html" in output.data, "without its widget, nothing would be left of it"


def test_the_notebooks_have_no_key_and_one_line_to_change() -> None:
    """Each names a real model beside its default, on the line that is to be changed."""
    for name in NAMES:
        text = (ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8")
        assert re.search(r'MODEL = .*"openai/gpt-4o-mini"', text), name
        assert not re.search(r"sk-|environ\[.*KEY", text), name
