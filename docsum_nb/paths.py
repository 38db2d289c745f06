"""Paths as users write them: ``~`` stands for their home folder."""

from __future__ import annotations

import os
from pathlib import Path

from docsum_nb.errors import InputError

__all__ = ["user_path"]


def user_path(given: str | os.PathLike[str]) -> Path:
    """Put the home folder in place of ``~`` and ``~name``.

    Raises:
        InputError: if there is no such user, or no home folder.
    """
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise InputError(f"{os.fspath(given)}: {error} Write the path without '~'.") from error
