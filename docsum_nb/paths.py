"""Paths as users write them, where ``~`` stands for their home folder, and as they are shown."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from docsum_nb.errors import InputError

__all__ = ["user_path", "visible"]

_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
"""Categories of characters that have no shape, or move what stands around them."""
_JOINERS = "\u200c\u200d"


def user_path(given: str | os.PathLike[str]) -> Path:
    """Put the home folder in place of ``~`` and ``~name``.

    Raises:
        InputError: if there is no such user, or no home folder.
    """
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise InputError(f"{os.fspath(given)}: {error} Write the path without '~'.") from error


def visible(name: str) -> str:
    """Return a file's name with its control characters and broken bytes escaped.

    What stays is what can be seen, and the joiners with which some scripts are spelled.
    """
    if name.isascii() and name.isprintable():
        return name
    return "".join(map(_visible, name))


def _visible(character: str) -> str:
    if character in _JOINERS or unicodedata.category(character) not in _UNSEEN:
        return character
    if "\udc80" <= character <= "\udcff":
        # A byte of a name that is not UTF-8.
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
