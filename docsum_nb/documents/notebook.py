"""Read Jupyter notebooks as Markdown.

Decides what of a notebook is text: its Markdown, its code as fenced blocks, and its outputs: those
in HTML, such as tables and reports, are read like pages, all others are fenced. Of lines that
overwrite one another, such as progress bars, the last one is kept. Pictures and widgets are left
out and counted. Refuses files that are no notebook, but never one that
merely breaks the format's schema: the notebook server opens those as well.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from docsum_nb.characters import ESCAPES
from docsum_nb.documents.html import to_page
from docsum_nb.documents.reading import Reading
from docsum_nb.documents.text import decode
from docsum_nb.errors import LoadError
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    _Part = tuple[str, Mapping[str, int]]

__all__ = ["read"]

_TICKS = re.compile(r"`{3,}")
_PICTURE, _WIDGET, _ATTACHED = "pictures in outputs", "widgets and charts", "attached pictures"
_OTHER = "outputs that are no text"
_COUNTED = (_PICTURE, _WIDGET, _ATTACHED, _OTHER)
# What other JSON than a notebook makes nbformat raise.
_ODD = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
# What stands beside one of these as text only says that there is a picture or a widget.
_PICTURES = ("image/", "video/", "audio/")
_WIDGETS = ("application/vnd.", "application/javascript", "application/pdf")
_REPRESENTATION = re.compile(r"\s*<[\w.]+(?: object)?(?: at 0x[0-9a-fA-F]+)?>\s*")
_TABLE = re.compile(r"<table\b", re.I)


def read(path: Path) -> Reading:
    """Read a notebook as Markdown, in the order of its cells.

    Raises:
        LoadError: The file is not a notebook.
        OSError: The file cannot be opened or read.
    """
    text = decode(path.read_bytes())
    if not (text and text.strip()):
        return Reading("")
    notebook = _parse(path, text)
    language = _language(notebook)
    parts: list[str] = []
    left_out: Counter[str] = Counter()
    for cell in _list(notebook.get("cells")):
        if isinstance(cell, dict):
            for part, missing in _cell(cell, language):
                parts.append(part)
                left_out.update(missing)
    omitted = tuple(
        Omission(
            what, f"left out ({count:,})" if what in _COUNTED else f"left out ({count:,} words)"
        )
        for what, count in left_out.items()
        if count
    )
    return Reading("\n\n".join(part for part in parts if part.strip()), omitted=omitted)


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


def _cell(cell: dict[str, Any], language: str) -> Iterator[_Part]:
    source = _joined(cell.get("source")).strip("\n")
    if cell.get("cell_type") != "code":
        yield source, {_ATTACHED: len(_dict(cell.get("attachments")))}
        return
    if source.strip():
        yield _fenced(source, language), {}
    for output in _list(cell.get("outputs")):
        if isinstance(output, dict):
            yield _output(output)


def _output(output: dict[str, Any]) -> _Part:
    """Return the text of an output, and what of it is not text."""
    if output.get("output_type") == "error":
        return _fenced(_shown(f"{output.get('ename', 'Error')}: {output.get('evalue', '')}")), {}
    text = _joined(output.get("text"))
    data = _dict(output.get("data"))
    plain = _joined(data.get("text/plain"))
    if markdown := _joined(data.get("text/markdown")):
        return markdown, {}
    html = _joined(data.get("text/html"))
    # The text beside a table is the same table, laid out for a terminal.
    if html.strip() and (_TABLE.search(html) or not plain or _REPRESENTATION.fullmatch(plain)):
        page = to_page(html)
        if page.text or not plain or _REPRESENTATION.fullmatch(plain):
            return page.text, page.left_out if page.text else {_WIDGET: 1}
    if latex := _joined(data.get("text/latex")):
        return latex.strip(), {}
    kinds = [str(kind) for kind in data]
    if any(kind.startswith(_PICTURES) for kind in kinds):
        return "", {_PICTURE: 1}
    if any(kind.startswith(_WIDGETS) for kind in kinds):
        return "", {_WIDGET: 1}
    text = _shown(text or plain)
    if not text.strip():
        return "", {_OTHER: 1} if data else {}
    return _fenced(text), {}


def _shown(text: str) -> str:
    """Return what a terminal shows: no colours, and the last state of each line."""
    lines = ESCAPES.sub("", text.replace("\r\n", "\n")).split("\n")
    return "\n".join(_last_state(line) for line in lines).strip("\n")


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return (states[-1] if states else "").replace("\b", "")


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
