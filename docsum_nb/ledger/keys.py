"""The keys by which answers are found: a hash of everything that decides an answer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from docsum_nb.errors import InputError

__all__ = ["key_of"]


def key_of(parts: Any) -> str:
    """Hash everything that decides an answer.

    Args:
        parts: JSON-serializable; a pydantic class counts by its schema.

    Returns:
        A SHA-256 in hexadecimal.

    Raises:
        InputError: if something in it is neither, so that it could not be told from another.
    """
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=_as_json)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _as_json(value: Any) -> Any:
    schema = getattr(value, "model_json_schema", None)
    if callable(schema):
        return schema()
    raise InputError(
        f"a parameter of type {type(value).__name__} cannot be part of the ledger's key; give "
        "plain values, or ledger=False"
    )
