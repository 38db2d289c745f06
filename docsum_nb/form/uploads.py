"""Files that were uploaded: in a private folder, until the form or its process ends.

They are files so that every kind that is read from a folder can be read here, too. Their names come
from a stranger: what is left of one is a plain name in that folder.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath

from docsum_nb.private_folder import PrivateFolder
from docsum_nb.render.one_line import one_line

__all__ = ["Uploads"]

_MOST_BYTES = 120
"""Of a name; file systems take 255, and some of them fewer if they encrypt."""
_NEVER = frozenset('<>:"/\\|?*')


class Uploads:
    """The uploaded files of one form."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._folder: Path | None = None
        self._removal: Callable[[], object] | None = None

    @property
    def folder(self) -> str | None:
        """Where they are; ``None`` while there are none."""
        return str(self._folder) if self._folder is not None and self._files else None

    @property
    def files(self) -> Mapping[str, int]:
        """Their names, and their sizes in bytes."""
        return self._files

    def add(self, name: str, content: bytes | memoryview) -> None:
        """Keep a file; one of the same name is replaced.

        Raises:
            OSError: if it cannot be written.
        """
        if self._folder is None:
            folder = PrivateFolder()
            self._folder = folder.path
            self._removal = weakref.finalize(self, folder.remove)
        plain = _plain_name(name)
        (self._folder / plain).write_bytes(content)
        self._files[plain] = len(content)

    def clear(self) -> None:
        """Remove them."""
        if self._removal is not None:
            self._removal()
        self._folder = self._removal = None
        self._files.clear()


def _plain_name(name: str) -> str:
    """Keep what can be a file's name; hidden files would not be read.

    Of two names that differ, what is kept differs.
    """
    last = PureWindowsPath(PurePosixPath(name).name).name
    kept = "".join(char for char in one_line(last, max_chars=1000) if char not in _NEVER)
    kept = kept.lstrip(".~$ ").rstrip(". ") or "upload"
    suffix = PurePosixPath(kept).suffix.encode()[:16].decode(errors="ignore")
    room = _MOST_BYTES - len(suffix.encode())
    stem = kept.removesuffix(suffix).encode()[:room].decode(errors="ignore")
    if f"{stem}{suffix}" == last:
        return last
    # Two names may differ only in what was dropped.
    mark = hashlib.sha256(last.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = stem.encode()[: room - len(mark) - 1].decode(errors="ignore")
    return f"{stem}-{mark}{suffix}"
