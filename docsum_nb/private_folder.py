"""A folder for copies of private documents that leaves the disk, also if its process was killed.

Decides whose folder it is by a lock that its process holds, which the system releases at its end,
however that comes. The first one that a process creates removes those whose process has ended.
Refuses folders of other users, and folders without such a lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PrivateFolder", "remove_abandoned"]

_PREFIX = "docsum_nb-"
_LOCK = ".lock"
_EMPTY_S = 3600.0
"""Age of a folder without a lock after which its process was killed while it created it."""
_ATTEMPTS = 3

_swept = threading.Event()


class PrivateFolder:
    """A temporary folder that only this user can read.

    ``path`` is removed by ``remove``. If the process is killed before, the next one that creates
    such a folder removes it.

    Raises:
        OSError: if it cannot be created.
    """

    def __init__(self) -> None:
        from filelock import FileLock, Timeout

        if not _swept.is_set():
            _swept.set()
            remove_abandoned()
        for _ in range(_ATTEMPTS):
            self._outer = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock = FileLock(self._outer / _LOCK, mode=0o600, thread_local=False)
            # Another process may take the folder for abandoned before it is locked.
            with contextlib.suppress(Timeout, FileNotFoundError, NotImplementedError):
                self._lock.acquire(timeout=0)
            if (self._outer / _LOCK).exists():
                break
        self.path = self._outer / "files"
        self.path.mkdir(mode=0o700)

    def remove(self) -> None:
        """Remove the folder and all in it; what cannot be removed stays without an error."""
        self._lock.release(force=True)
        shutil.rmtree(self._outer, ignore_errors=True)


def remove_abandoned() -> None:
    """Remove the folders of this user's processes that have ended; never raises."""
    from filelock import FileLock, Timeout

    for folder in _folders_of_this_user():
        with contextlib.suppress(OSError, NotImplementedError, Timeout):
            if not (folder / _LOCK).exists():
                if time.time() - folder.stat().st_mtime > _EMPTY_S:
                    folder.rmdir()  # only an empty one
                continue
            with FileLock(folder / _LOCK, mode=0o600, timeout=0):
                shutil.rmtree(folder / "files", ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def _folders_of_this_user() -> Iterator[Path]:
    own = os.geteuid() if hasattr(os, "geteuid") else None
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if not entry.name.startswith(_PREFIX) or not entry.is_dir(follow_symlinks=False):
                    continue
                if own is None or entry.stat(follow_symlinks=False).st_uid == own:
                    yield Path(entry.path)
