"""Read Jupyter notebooks as Markdown.

Decides what of a notebook is text: its Markdown, its code as fenced blocks, and the text of its
outputs. Pictures and widgets are left out. Refuses files that are no notebook, but never one that
merely breaks the format's schema: the notebook server opens those as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["read"]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TICKS = re.compile(r"`{3,}")
# What other JSON than a notebook makes nbformat raise.
_ODD = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
# What stands beside one of these as text only says that there is a picture.
_PICTURES = ("image/", "application/vnd.jupyter.widget")


def read(path: Path) -> str:
    """Read a notebook as Markdown, in the order of its cells.

    Raises:
        LoadError: The file is not a notebook.
        OSError: The file cannot be opened or read.
    """
    text = decode(path.read_bytes())
    if not (text and text.strip()):
        return ""
    notebook = _parse(path, text)
    language = _language(notebook)
    cells = _list(notebook.get("cells"))
    parts = [part for cell in cells if isinstance(cell, dict) for part in _cell(cell, language)]
    return "\n\n".join(part for part in parts if part.strip())


def _parse(path: Path, text: str) -> dict[str, Any]:
    """Parse a notebook of any version, without the schema's validation."""
    from nbformat.converter import convert
    from nbformat.reader import parse_json, reads
    from nbformat.validator import ValidationError

    try:
        notebook = parse_json(text)
        if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
            return notebook
        # Before version 4, cells stood in worksheets.
        return dict(convert(reads(text), 4))
    except (ValidationError, *_ODD) as error:
        raise LoadError(
            str(path), "is not a Jupyter notebook, or is cut off; open and save it in Jupyter"
        ) from error


def _language(notebook: dict[str, Any]) -> str:
    metadata = _dict(notebook.get("metadata"))
    language = _dict(metadata.get("language_info")).get("name")
    language = language or _dict(metadata.get("kernelspec")).get("language")
    return language if isinstance(language, str) and "\n" not in language else ""


def _cell(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _joined(cell.get("source")).strip("\n")
    if cell.get("cell_type") != "code":
        yield source
        return
    if source.strip():
        yield _fenced(source, language)
    for output in _list(cell.get("outputs")):
        if isinstance(output, dict):
            yield from _output(output)


def _output(output: dict[str, Any]) -> Iterator[str]:
    if output.get("output_type") == "error":
        yield _fenced(f"{output.get('ename', 'Error')}: {output.get('evalue', '')}")
        return
    text = _joined(output.get("text"))
    data = _dict(output.get("data"))
    if isinstance(data.get("text/markdown"), str | list):
        yield _joined(data["text/markdown"])
    elif not any(str(kind).startswith(_PICTURES) for kind in data):
        text = text or _joined(data.get("text/plain"))
    text = _ANSI.sub("", text).strip("\n")
    if text.strip():
        yield _fenced(text)


def _fenced(text: str, language: str = "") -> str:
    longest = max((len(run) for run in _TICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
