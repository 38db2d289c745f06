"""Copy a file before it is read, so that what is read is what was checked.

Decides what may be read as a file: regular files alone, opened once, without waiting for a FIFO,
and without following a symbolic link that has taken the file's place unless links may be followed.
Everything else is done with the copy, which nobody changes. A file that changes while it is copied
is copied again, and reported if it goes on changing. Refuses devices, FIFOs,
sockets, folders, and files that are too large or too slow.
"""

from __future__ import annotations

import os
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docsum_nb.errors import LoadError
from docsum_nb.paths import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["MAX_BYTES", "TIMEOUT_S", "copy_file", "start_of", "too_large", "write_all"]

MAX_BYTES = 512 * 1024 * 1024
"""Bytes of a file that is read."""
TIMEOUT_S = 600.0
"""Seconds that copying one file may take, on a slow network say."""
_TRIES = 3
_CHUNK = 1024 * 1024
# If there is no such flag, as on Windows, there are no FIFOs among files either.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO (named pipe)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def copy_file(path: Path, copy: Path, *, links: bool) -> str:
    """Copy a file.

    Args:
        path: The file.
        copy: The file to be made; its folder exists.
        links: Whether the path itself may be a symbolic link.

    Returns:
        What is to be reported of the copy; empty if it is exactly the file.

    Raises:
        LoadError: The path is no regular file, or the file is too large or too slow.
        OSError: The file cannot be opened, read or written.
    """
    deadline = time.monotonic() + TIMEOUT_S
    with _opened(path, links=links) as file:
        for _ in range(_TRIES):
            before = os.fstat(file)
            if before.st_size > MAX_BYTES:
                raise too_large(path, before.st_size)
            os.lseek(file, 0, os.SEEK_SET)
            copied = write_all(copy, _chunks(file), path, deadline=deadline)
            after = os.fstat(file)
            # Some file systems do not know the size of what they make up while it is read.
            if (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns) and (
                copied == after.st_size or not after.st_size
            ):
                return ""
    return f"changed while it was read; {copied:,} bytes were read as they were then"


def start_of(path: Path, size: int, *, links: bool) -> bytes:
    """Return the first bytes of a regular file.

    Raises:
        LoadError: The path is no regular file.
        OSError: The file cannot be opened or read.
    """
    with _opened(path, links=links) as file:
        return os.read(file, size)


def write_all(copy: Path, chunks: Iterable[bytes], path: Path | str, *, deadline: float) -> int:
    """Write a file of what arrives in pieces.

    Args:
        copy: The file to be written.
        chunks: The pieces.
        path: What is copied, for errors.
        deadline: When to give up, by ``time.monotonic``.

    Returns:
        The number of bytes.

    Raises:
        LoadError: It is too large, or was not whole by the deadline.
        OSError: The file cannot be written.
    """
    size = 0
    with copy.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise too_large(path, size)
            if time.monotonic() > deadline:
                raise LoadError(
                    visible(str(path)), "takes too long to read; copy it to this machine"
                )
            file.write(chunk)
    return size


def too_large(path: Path | str, size: int) -> LoadError:
    """Create the error for a file above the limit."""
    limit = MAX_BYTES // 2**20
    reason = f"has {size // 2**20:,} MB, more than {limit} MB; split it"
    return LoadError(visible(str(path)), reason)


def _chunks(file: int) -> Iterator[bytes]:
    while chunk := os.read(file, _CHUNK):
        yield chunk


@contextmanager
def _opened(path: Path, *, links: bool) -> Iterator[int]:
    file = os.open(path, _FLAGS if links else _FLAGS | _NO_LINK)
    try:
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            what = next((name for matches, name in _KINDS if matches(mode)), "no regular file")
            raise LoadError(visible(str(path)), f"is {what}, not a file; copy its content to one")
        yield file
    finally:
        os.close(file)
