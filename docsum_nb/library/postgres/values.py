"""Values as PostgreSQL can keep them: texts without NUL, and labels to filter by.

A text comes back as it was stored. A label stands for one entry of a document's metadata; two are
equal if key, type and value are, whole numbers and fractions being one type.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["key_of", "labels_of", "restored", "storable", "wanted_labels"]

# PostgreSQL keeps any character but NUL. This one is assigned to none.
_ESCAPE = "\ufdd0"
_EXACT = 2**63


def storable(text: str) -> str:
    """Return a text that PostgreSQL can keep."""
    if text.isascii() and "\x00" not in text:
        return text
    plain = text.encode("utf-8", "replace").decode("utf-8")
    return plain.replace(_ESCAPE, f"{_ESCAPE}1").replace("\x00", f"{_ESCAPE}0")


def restored(text: str) -> str:
    """Return the text of what ``storable`` returned."""
    if _ESCAPE not in text:
        return text
    return text.replace(f"{_ESCAPE}0", "\x00").replace(f"{_ESCAPE}1", _ESCAPE)


def key_of(name: str) -> bytes:
    """Return what a document is found by: an index takes no names of any length."""
    return hashlib.sha256(name.encode("utf-8", "replace")).digest()


def labels_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return the labels of a document, for the entries that a filter can ask for."""
    return [
        _label(key, value)
        for key, value in metadata.items()
        if isinstance(value, str | int | float | None)
    ]


def wanted_labels(where: Mapping[str, list[Any]]) -> list[list[str]]:
    """Return the labels of which a document must have one, for each key of a filter."""
    return [[_label(key, value) for value in values] for key, values in where.items()]


def _label(key: str, value: str | int | float | None) -> str:
    kind: str
    if value is None or isinstance(value, bool):
        kind, text = "word", json.dumps(value)
    elif isinstance(value, str):
        kind, text = "text", value
    else:
        kind, text = "number", _number(value)
    content = json.dumps([key, kind, text])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _number(value: int | float) -> str:
    # As SQLite compares: whole numbers of 64 bits exactly, larger ones as fractions.
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    try:
        return float(value).hex()
    except OverflowError:
        return str(value)
