"""The ``.ipynb`` of a notebook that is kept as text.

The text is what is edited and reviewed. The ``.ipynb`` is made of it and of nothing else, so that
the same text gives the same file: no outputs, and ids by place.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

__all__ = ["paired", "texts"]

_FORMATS = "ipynb,py:percent"


def texts(folder: Path) -> list[Path]:
    """List the notebooks of a folder that are kept as text, by name."""
    return [
        path
        for path in sorted(folder.glob("*.py"))
        if f"formats: {_FORMATS}" in path.read_text(encoding="utf-8").partition("# %%")[0]
    ]


def paired(text: Path) -> str:
    """Return the content of the ``.ipynb`` beside a text."""
    content = jupytext.read(text)
    for number, cell in enumerate(content.cells):
        cell["id"] = f"cell-{number}"
    content.metadata["language_info"] = {"name": "python"}
    nbformat.validate(content)
    return str(nbformat.writes(content)) + "\n"
