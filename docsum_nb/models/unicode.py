"""Text that can be written anywhere: half of a pair of surrogates cannot, and is replaced."""

from __future__ import annotations

import unicodedata
from typing import Any

__all__ = ["has_text", "writable", "writable_all"]

_INVISIBLE = ("Cf", "Cc", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800\u034f"
"""Letters and marks of Unicode that show nothing."""


def writable(text: str) -> str:
    """Return a text without lone surrogates; JSON and names of files can hold them.

    The halves of a pair that came one by one are joined.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def writable_all(value: Any) -> Any:
    """Return messages or parts of them with every text in them writable."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {writable_all(key): writable_all(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [writable_all(each) for each in value]
    return value


def has_text(text: str) -> bool:
    """Return whether anything in a text can be seen: zero-width characters cannot."""
    return any(
        unicodedata.category(each) not in _INVISIBLE and each not in _FILLERS for each in text
    )
