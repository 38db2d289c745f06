"""Hostile files of plain text."""

from __future__ import annotations

from pathlib import Path

from tests.documents.hostile import Hostile


def nothing_but_nul(folder: Path) -> Path:
    path = folder / "nul.txt"
    path.write_bytes(b"\0" * 2**20)
    return path


INPUTS = [Hostile("nothing-but-nul", nothing_but_nul, "either")]
