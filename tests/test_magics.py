"""The magics in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kernels import Kernel, running_kernel

TEXT = "Whales are mammals that live in the sea. They breathe air at the surface, every so often."


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with running_kernel() as running:
        loaded = running.run("%load_ext docsum_nb\n%reload_ext docsum_nb")
        assert loaded.status == "ok", loaded.traceback
        yield running


def test_the_text_of_a_cell_is_summarized_and_shown(kernel: Kernel) -> None:
    """The Summary is what the cell shows, beneath its panel."""
    cell = kernel.run(f"%%summarize --length 20\n{TEXT}")

    assert cell.status == "ok", cell.traceback
    assert "Whales are mammals" in cell.displays[-1]["text/plain"]
    assert "text/html" in cell.displays[-1]


def test_paths_and_variables_are_summarized_into_a_variable(kernel: Kernel, tmp_path: Path) -> None:
    """A quoted path with a space, or a variable, is the source; --into keeps what came of it."""
    (tmp_path / "a b.md").write_text(TEXT)
    kernel.run(f"texts = {{'one': {TEXT!r}}}")
    path = kernel.run(f"%summarize '{tmp_path}/a b.md' --question 'what is it?' --into first")
    variable = kernel.run("%summarize texts --into second")
    both = kernel.run("print(first.documents[0].name, first.question, second.documents[0].name)")

    assert (path.status, variable.status) == ("ok", "ok"), path.traceback + variable.traceback
    assert both.text.strip() == "a b.md what is it? one"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("%summarize", "takes a path or the name of a variable"),
        ("%summarize x --into my-summary", "no variable can have that name"),
        ("%summarize x --into class", "no variable can have that name"),
        ("%summarize 'open", "No closing quotation"),
        ("%summarize x --length many", "invalid int value"),
        ("%summarize /nowhere/at/all", "/nowhere/at/all"),
        ("%%summarize reports/\ntext", "use %summarize"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_kernel_lives(
    kernel: Kernel, code: str, error: str
) -> None:
    """A wrong line is an error that says what is wrong; the next cell runs."""
    cell = kernel.run(code)

    assert error in cell.error + cell.traceback + cell.text
    assert kernel.run("print('alive')").text == "alive\n"


def test_help_tells_the_options(kernel: Kernel) -> None:
    """``%summarize?`` shows what can be given."""
    cell = kernel.run("print(get_ipython().find_line_magic('summarize').__doc__)")

    assert "--question TEXT" in cell.text
    assert "--into NAME" in cell.text
