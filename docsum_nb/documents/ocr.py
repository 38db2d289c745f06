"""Recognize the text of a picture by tesseract, if it is installed.

Decides the languages: all that are installed for tesseract, four at most. Each picture has a bound
on time; the process that recognizes ends with this one.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

from docsum_nb.documents.worker import end_with_parent

__all__ = ["is_installed", "recognized"]

_SECONDS = 60.0
_LANGUAGES = 4


def is_installed() -> bool:
    """Return whether tesseract and a language for it are installed."""
    return bool(_languages())


@cache
def _languages() -> str:
    if shutil.which("tesseract") is None:
        return ""
    try:
        listed = subprocess.run(
            ["tesseract", "--list-langs"],  # noqa: S607  # wherever the user has it
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    names = [line.strip() for line in listed.splitlines()[1:]]
    found = [name for name in names if name and name != "osd" and "/" not in name]
    return "+".join(sorted(found, key=lambda name: name != "eng")[:_LANGUAGES])


def recognized(picture: bytes) -> str:
    """Return the text of a picture; empty if there is none, or it cannot be recognized in time."""
    try:
        found = subprocess.run(  # noqa: S603  # fixed, but for names of languages
            ["tesseract", "stdin", "stdout", "-l", _languages()],  # noqa: S607
            input=picture,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            preexec_fn=end_with_parent if _can_end() else None,  # one call of C
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    lines = (line.strip() for line in found.decode("utf-8", "replace").split("\n"))
    return "\n".join(lines).strip("\n\f ")


def _can_end() -> bool:
    import os

    return os.name == "posix"
