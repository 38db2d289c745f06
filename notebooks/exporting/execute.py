"""A notebook, run in a real kernel of its own, in the folder where it lies.

Invariant: the user's own data stays out of it, and a cell that says how it fails fails so.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import jupytext
from nbclient import NotebookClient
from traitlets.config import Config

__all__ = ["OutcomeError", "executed", "read"]

_LONG_S = 600


class OutcomeError(RuntimeError):
    """A cell that should fail succeeded, or raised another error than it declares."""


def read(path: Path) -> Any:
    """Read a notebook, kept as ``.ipynb`` or as text."""
    return jupytext.read(path)


def executed(path: Path) -> Any:
    """Run all cells of a notebook, and return it with their outputs.

    Args:
        path: An ``.ipynb`` or its text. The kernel starts in its folder.

    Raises:
        CellExecutionError: if a cell fails that is not tagged ``raises-exception``.
        OutcomeError: if a cell fails otherwise than its ``raises`` says.
    """
    content = read(path)
    with tempfile.TemporaryDirectory() as folder:
        # Sockets of the file system: over TCP the kernel warns that it is not encrypted.
        kernel = {"transport": "ipc", "ip": f"{folder}/kernel"}
        client = NotebookClient(
            content,
            timeout=_LONG_S,
            startup_timeout=_LONG_S,
            resources={"metadata": {"path": str(path.parent)}},
            config=Config({"KernelManager": kernel}),
        )
        # What a page shows must not depend on what the user has run before.
        client.execute(env={**os.environ, "XDG_DATA_HOME": folder})
    # Live views have replaced themselves by static HTML; their state would make the page fetch
    # scripts from the network to draw widgets that are gone.
    content.metadata.pop("widgets", None)
    number = 0
    for cell in content.cells:
        if cell.cell_type == "code":
            number += 1
            _check(cell, f"{path.name}, code cell {number}")
    return content


def _check(cell: Any, place: str) -> None:
    wanted = cell.metadata.get("raises", "")
    failed = [output.ename for output in cell.outputs if output.output_type == "error"]
    if failed != [wanted] * bool(wanted):
        raise OutcomeError(
            f"{place} ended with {failed or 'no error'}, not with {wanted or 'none'}"
        )
