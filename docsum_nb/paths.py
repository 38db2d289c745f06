"""Paths as users write them, with ``~`` for their home folder, and as they are shown."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from pathlib import Path

from docsum_nb.errors import InputError

__all__ = ["is_path", "make_private_file", "make_private_folder", "user_path", "visible"]

_UNSEEN = frozenset(("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"))
"""Categories of characters that have no shape, or move what stands around them."""
_JOINERS = "\u200c\u200d"
_FILE, _FOLDER = 0o600, 0o700


def is_path(text: str) -> bool:
    """Return whether a text can be the path of a file, of those that the system can have."""
    try:
        return bool(text) and b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def user_path(given: str | os.PathLike[str]) -> Path:
    """Return a path with the home folder in place of ``~`` and ``~name``.

    Raises:
        InputError: if there is no such user, or no home folder.
    """
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise InputError(f"{os.fspath(given)}: {error} Write the path without '~'.") from error


def visible(name: str) -> str:
    """Return a file's name with its control characters and broken bytes escaped.

    Visible characters stay, and the joiners that some scripts need.
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


def make_private_folder(path: Path) -> None:
    """Create a folder, and those above it, that only its owner may enter; or make it so.

    A folder that belongs to another user keeps its permissions.

    Raises:
        OSError: if it cannot be created.
    """
    # mkdir(parents=True) gives the folders above the usual permissions.
    for folder in reversed([path, *path.parents]):
        if not folder.exists():
            folder.mkdir(mode=_FOLDER, exist_ok=True)
    path.mkdir(exist_ok=True)
    _restrict(path, _FOLDER)


def make_private_file(path: Path) -> None:
    """Create a file, if there is none, that only its owner may read and write; or make it so.

    A file that belongs to another user keeps its permissions.

    Raises:
        OSError: if it cannot be created.
    """
    if not path.exists():
        path.touch(mode=_FILE)
    _restrict(path, _FILE)


def _restrict(path: Path, mode: int) -> None:
    """Remove what the permissions allow beyond the mode."""
    if not hasattr(os, "geteuid"):
        return
    # On a file system without permissions there is nothing to restrict.
    with contextlib.suppress(OSError):
        status = path.stat()
        shared, owner = status.st_mode & 0o077, status.st_mode & 0o700
        if status.st_uid == os.geteuid() and shared:
            path.chmod(owner & mode)
