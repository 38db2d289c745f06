"""What the tests of the ledger share: a file's soundness, what lies in it, and a few texts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

__all__ = ["TEXTS", "holds", "is_sound", "said"]

TEXTS = {f"doc-{i}": f"Document {i} tells of ships and harbors. " * 3 for i in range(6)}


def said(result: dict[str, Any], part: str) -> Any:
    """Return a part of a result as JSON, without what was paid: that depends on who was first."""
    if part != "documents":
        return result[part]
    return [{**document, "usage": None} for document in result[part]]


def is_sound(path: str | Path) -> bool:
    """Check the whole file."""
    with closing(sqlite3.connect(path)) as db:
        return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def holds(path: Path, text: str) -> bool:
    """Tell whether the bytes of the file, its log or its index hold a text."""
    files = [path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))]
    return any(text.encode() in file.read_bytes() for file in files if file.exists())
