"""Unpack archives of documents, within bounds: ZIP, TAR, and single packed files.

Decides what an archive may hold: how many members, how large they are together, and how much larger
than the archive. What a member unpacks to is counted while it is read. Nothing is written under a
member's name, so a name is only a name. Links and devices of a TAR are no documents. Refuses
encrypted and damaged archives, and those beyond the bounds.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from docsum_nb.documents.zipped import Container
from docsum_nb.errors import LoadError
from docsum_nb.paths import visible
from docsum_nb.records import Omission

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_LEVELS", "Allowance", "Member", "members"]

MAX_LEVELS = 4
"""Archives and messages within one another, the outermost included."""
_MAX_MEMBERS = 10_000
_MAX_ENTRIES = 100_000
"""Folders and links of a TAR included, each of which takes time."""
_MAX_UNPACKED = 1024 * 1024 * 1024
_MAX_RATIO = 200
_FREE = 64 * 1024 * 1024
"""Bytes that may be unpacked at any ratio."""
_CHUNK = 64 * 1024
_DAMAGE = (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, OverflowError)
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\0", lzma.open))


class Allowance:
    """What may still be unpacked of one file that the caller gave, archives in it included."""

    def __init__(self, size: int) -> None:
        """Create the allowance for a file of a size in bytes."""
        self._members = _MAX_MEMBERS
        self._bytes = min(_MAX_UNPACKED, max(_FREE, _MAX_RATIO * size))

    def one_more(self) -> bool:
        """Count a member; returns whether it may be read."""
        self._members -= 1
        return self._members >= 0

    @property
    def is_spent(self) -> bool:
        """Whether more was unpacked than may be."""
        return self._bytes < 0

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass pieces on and count their bytes.

        Raises:
            LoadError: More is unpacked than may be.
        """
        for chunk in chunks:
            self._bytes -= len(chunk)
            if self._bytes < 0:
                reason = f"unpacks to more than {_MAX_UNPACKED // 2**20:,} MB, or than "
                raise LoadError("", f"{reason}{_MAX_RATIO} times its size; unpack it and split it")
            yield chunk


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    """Its path in the archive, harmless and with ``/``."""
    chunks: Iterator[bytes]
    """Its bytes, to be read before the next member is asked for; raises ``LoadError``."""


Piece: TypeAlias = Member | Omission


def members(path: Path, name: str, allowance: Allowance) -> Iterator[Piece]:
    """Yield the members of an archive in its order, and what in it is no file.

    Args:
        path: The archive.
        name: What it is called, for what it packs if that is a single file.
        allowance: What may be unpacked.

    Raises:
        LoadError: The archive is none, damaged, or holds too many members.
        OSError: The archive cannot be opened or read.
    """
    with path.open("rb") as file:
        start = file.read(300)
    if start.startswith(b"PK"):
        found = _of_zip(path, allowance)
    elif _is_tar(start) or _is_packed_tar(path):
        found = _of_tar(path, allowance)
    elif any(start.startswith(mark) for mark, _ in _PACKED):
        found = _of_packed(path, name, start, allowance)
    else:
        raise LoadError(str(path), "is not a ZIP, TAR, gzip, bzip2 or xz archive, or is cut off")
    for piece in found:
        if isinstance(piece, Member) and not allowance.one_more():
            raise LoadError(
                str(path), f"holds more than {_MAX_MEMBERS:,} files; unpack and split it"
            )
        yield piece


def _is_tar(start: bytes) -> bool:
    """Check whether a file begins as a TAR archive does."""
    return start[257:262] == b"ustar"


def _is_packed_tar(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except _DAMAGE:
        return False  # what is damaged is reported when it is unpacked


def _harmless(name: str) -> str:
    """Return a member's path without what would lead out of a folder."""
    parts = name.replace("\\", "/").split("/")
    return visible("/".join(part for part in parts if part not in ("", ".", ".."))) or "unnamed"


def _of_zip(path: Path, allowance: Allowance) -> Iterator[Piece]:
    with Container(path, kind="ZIP archive", max_unpacked=_MAX_UNPACKED) as container:
        for name in container.repeated():
            reason = "is in the archive more than once; the last one is read"
            yield Omission(_harmless(name), reason)
        for name in container.names():
            yield Member(_harmless(name), allowance.counted(container.chunks(name)))


def _of_tar(path: Path, allowance: Allowance) -> Iterator[Piece]:
    packed = path.stat().st_size
    try:
        # As a stream, so that nothing is unpacked that was not counted.
        with tarfile.open(path, "r:*") as archive:
            for entries, info in enumerate(archive):
                if entries >= _MAX_ENTRIES:
                    reason = f"holds more than {_MAX_ENTRIES:,} files, folders and links"
                    raise LoadError(str(path), f"{reason}; unpack and split it")
                if info.offset_data > max(_FREE, _MAX_RATIO * packed):
                    raise LoadError(str(path), "unpacks to too much; unpack it and split it")
                name = _harmless(info.name)
                if info.isdir():
                    continue
                if not info.isreg():
                    what = "a link" if info.issym() or info.islnk() else "no regular file"
                    yield Omission(name, f"is {what} in the archive")
                    continue
                file = archive.extractfile(info)
                if file is not None:
                    yield Member(name, allowance.counted(_chunks(file, path)))
                # The list of members is not needed, and grows.
                archive.members = []  # type: ignore[attr-defined]  # as documented in its module
    except LoadError:
        raise
    except _DAMAGE as error:
        raise LoadError(str(path), f"is damaged or cut off ({error}); pack it again") from error


def _of_packed(path: Path, name: str, start: bytes, allowance: Allowance) -> Iterator[Piece]:
    opened = next(opened for mark, opened in _PACKED if start.startswith(mark))
    with opened(path) as file:
        inner = name.rpartition("/")[2].rpartition(".")[0] or "content"
        yield Member(inner, allowance.counted(_chunks(file, path)))


def _chunks(file: Any, path: Path) -> Iterator[bytes]:
    try:
        while chunk := file.read(_CHUNK):
            yield chunk
    except (*_DAMAGE, OSError) as error:
        raise LoadError(str(path), f"is damaged or cut off ({error}); pack it again") from error
