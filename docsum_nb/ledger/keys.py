"""The keys of answers, each a hash of everything that decides it; and the JSON of entries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from docsum_nb.errors import InputError, LedgerError

__all__ = ["key_of", "stored_json"]


def key_of(parts: Any) -> str:
    """Return the hash of everything that decides an answer.

    Args:
        parts: JSON-serializable; a pydantic class counts by its schema.

    Returns:
        A SHA-256 in hexadecimal.

    Raises:
        InputError: if something in it is neither, so that it has no key of its own.
    """
    canonical = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=_as_json)
    return hashlib.sha256(canonical.encode()).hexdigest()


def stored_json(content: str | bytes) -> Any:
    """Return the value of a JSON text of the ledger.

    Raises:
        LedgerError: if it is none, or is nested deeper than anything that is stored.
    """
    try:
        return json.loads(content)
    except (ValueError, TypeError, RecursionError) as error:
        raise LedgerError(
            f"the ledger is damaged: an entry is no JSON ({type(error).__name__}); give another "
            "ledger, or restore this one from a copy"
        ) from None


def _as_json(value: Any) -> Any:
    schema = getattr(value, "model_json_schema", None)
    if callable(schema):
        return schema()
    raise InputError(
        f"a parameter of type {type(value).__name__} cannot be part of the ledger's key; give "
        "plain values, or ledger=False"
    )
