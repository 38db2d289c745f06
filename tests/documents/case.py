"""One small file as people have them, and what reading has to make of it.

The modules of ``cases/`` hold them, a module an area. Every text is matched after runs of white
space were made one blank, so that a case does not depend on where lines are broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.documents.load import Loaded, load

__all__ = ["Case", "check"]

LONG_S = 600.0


@dataclass(frozen=True)
class Case:
    """A file and what is expected of it."""

    name: str
    """Unique in its module."""
    file: str
    """The file's name; its suffix counts."""
    data: bytes | str
    """What the file holds; a ``str`` is written as UTF-8."""
    has: tuple[str, ...] = ()
    """What the documents' text contains, in this order."""
    lacks: tuple[str, ...] = ()
    """What it does not contain."""
    omitted: tuple[str, ...] = ()
    """Words of the omissions: each stands in the name or the reason of one."""
    silent: bool = False
    """Whether nothing may be omitted."""
    refused: str = ""
    """Words of the error; empty if the file is loaded."""
    quoted: tuple[str, ...] = ()
    """What a long extractive summary contains."""
    unquoted: tuple[str, ...] = ()
    """What it does not contain."""
    source: str = ""
    """Where the case comes from, such as the address of a report."""


def check(case: Case, folder: Path) -> Loaded | None:
    """Write the file, read it, and compare; return what was loaded, ``None`` if it was refused.

    Raises:
        AssertionError: if something is not as the case says.
    """
    path = folder / case.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.data.encode() if isinstance(case.data, str) else case.data)
    if case.refused:
        with pytest.raises(ds.errors.InputError) as caught:
            load(path)
        assert flat(case.refused) in flat(str(caught.value))
        return None
    loaded = load(path)
    text = flat("\n\n".join(document.text for document in loaded.documents))
    at = 0
    for part in map(flat, case.has):
        found = text.find(part, at)
        assert found >= 0, f"{part!r} is not in {text[at:]!r}"
        at = found + len(part)
    for part in map(flat, case.lacks):
        assert part not in text, f"{part!r} is in {text!r}"
    check_omissions(case, loaded)
    if case.quoted or case.unquoted:
        summary = ds.summarize(path, length=1_000, show=False, ledger=False).result(LONG_S)
        said = flat(summary.text)
        for part in map(flat, case.quoted):
            assert part in said, f"{part!r} is not in {said!r}"
        for part in map(flat, case.unquoted):
            assert part not in said, f"{part!r} is in {said!r}"
    return loaded


def check_omissions(case: Case, loaded: Loaded) -> None:
    omitted = [flat(f"{each.what}: {each.reason}") for each in loaded.omitted]
    for part in map(flat, case.omitted):
        assert any(part in each for each in omitted), f"{part!r} is in none of {omitted}"
    if case.silent:
        assert not omitted


def flat(text: str) -> str:
    return " ".join(text.split())
