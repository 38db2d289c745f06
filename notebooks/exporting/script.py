"""A notebook as a script that runs: ``python NAME-script.py``, with nothing of a notebook in it.

What a cell displays is printed, as the text that Jupyter has for it. Text cells become comments. A
cell that is meant to fail does, and the script goes on. What cannot be
written as a script is refused, with the name of the cell, so that a script never differs from its
notebook.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from notebooks.exporting.cell import Cell
from notebooks.exporting.magics import ScriptError, without_magics
from notebooks.exporting.source import Edit, Source
from notebooks.exporting.waiting import Waiting

__all__ = ["companions", "to_script"]

_TAG = "raises-exception"
_IMPORTS = {
    "_loop": "import asyncio\nimport atexit",
    "traceback": "import traceback",
    "display": "from typing import Any\n\nfrom IPython.core.formatters import DisplayFormatter",
}
_LOOP = """\
# One event loop for all coroutines, as a notebook has one.
_loop = asyncio.Runner()
atexit.register(_loop.close)
"""
_DISPLAY = '''\
class _Displayed:
    """The handle of a display, by which it can be replaced."""

    def update(self, value: object, **options: Any) -> None:
        display(value, **options)


def display(*values: Any, raw: bool = False, **options: Any) -> _Displayed:
    """Print what Jupyter would display, as text."""
    formatter = DisplayFormatter()
    formatter.ipython_display_formatter.enabled = False
    for value in values:
        text = value if raw else formatter.format(value, include={"text/plain"})[0]
        if value is not None and text.get("text/plain"):
            print(text["text/plain"])
    return _Displayed()
'''
_HELPERS = {"_loop": _LOOP, "display": _DISPLAY}
"""By the name that needs them."""


def to_script(notebook: Any, name: str) -> str:
    """Write a notebook as a script.

    Args:
        notebook: Its content, as nbformat reads it; outputs are not looked at.
        name: What it is called, for the script's head and in errors.

    Raises:
        ScriptError: if a cell cannot be had in a script; names the cell.
    """
    cells = list(_cells(notebook, name))
    waiting = Waiting(ast.parse(each.text) for each in cells if isinstance(each, Cell))
    futures: list[str] = []
    body: list[str] = []
    for each in cells:
        if isinstance(each, str):
            body.append(each)
        else:
            with _named(name, each.number):
                future, cell = _without_future(each)
                futures += future
                body.append(cell.as_script(waiting))
    parts = [*_head(name, futures, "\n".join(body)), *body]
    text = "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
    compile(text, name, "exec")
    return text


def companions(notebook: Any, folder: Path) -> list[Path]:
    """List the modules beside a notebook that it imports, and that a script needs beside it."""
    found: dict[Path, None] = {}
    pending = [without_magics(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    while pending:
        for module in _imported(pending.pop()):
            path = folder / f"{module}.py"
            if path not in found and path.is_file():
                found[path] = None
                pending.append(path.read_text(encoding="utf-8"))
    return list(found)


def _imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@contextmanager
def _named(name: str, number: int) -> Iterator[None]:
    """Add the name of the cell to a ``ScriptError``."""
    try:
        yield
    except (ScriptError, SyntaxError) as error:
        raise ScriptError(f"{name}, code cell {number}: {error}") from error


def _cells(notebook: Any, name: str) -> Iterator[Cell | str]:
    """Return the cells in order: code without its magics, text as comments."""
    number = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield "\n".join(f"# {line}".rstrip() for line in cell.source.split("\n"))
        elif cell.cell_type == "code":
            number += 1
            with _named(name, number):
                text = without_magics(cell.source)
                raises = _TAG in cell.metadata.get("tags", [])
                if raises and "raises" not in cell.metadata:
                    raise ScriptError(f"it is tagged {_TAG}, and has no raises= with the error")
                yield Cell(number, text, cell.metadata["raises"] if raises else "")


def _without_future(cell: Cell) -> tuple[list[str], Cell]:
    """Remove imports from ``__future__``, which must be above everything else."""
    source = Source(cell.text)
    futures = [
        each
        for each in source.statements
        if isinstance(each, ast.ImportFrom) and each.module == "__future__"
    ]
    edits = [Edit(source.start(each), source.end(each), "pass") for each in futures]
    without = Cell(cell.number, source.edited(edits), cell.raises)
    return [source.of(each) for each in futures], without


def _head(name: str, futures: list[str], body: str) -> Iterator[str]:
    yield f'"""Exported from the notebook {name}, which is where to change it."""'
    names = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    yield "\n".join(dict.fromkeys(futures))
    yield "\n".join(lines for needing, lines in _IMPORTS.items() if needing in names)
    yield from (lines for needing, lines in _HELPERS.items() if needing in names)
