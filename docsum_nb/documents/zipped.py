"""Open ZIP containers of any origin: Office files, EPUB, archives of documents.

Decides what of a container may be trusted: its directory is small, its members are packed by the
two methods everybody uses, and what they unpack to is counted while it is read, whatever their
declared sizes say. Unpacks nothing to disk, so names of members are only names. Refuses encrypted,
damaged and truncated containers, and those that hold more than a real document does.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from docsum_nb.documents.omissions import omissions
from docsum_nb.errors import LoadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import IO, Self

    from docsum_nb.records import Omission

__all__ = ["MAX_UNPACKED", "Container"]

MAX_UNPACKED = 256 * 1024 * 1024
"""Bytes that the members read from one container may unpack to, together."""
_MAX_DIRECTORY = 8 * 1024 * 1024
"""Bytes of the list of members; each of them costs some hundred bytes of memory."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""The methods whose reading takes bounded memory."""
_ENCRYPTED = 0x1
_CHUNK = 64 * 1024
_END = b"PK\x05\x06"
_END_SIZE = 22
_LONGEST_COMMENT = 65_535
_END64 = b"PK\x06\x06"
_LOCATOR64 = b"PK\x06\x07"
_LOCATOR64_SIZE = 20
_RECORD64_SIZE = 56 + _LOCATOR64_SIZE
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, KeyError)


class Container:
    """A ZIP container that is open for reading.

    Use it as a context manager. One thread reads it at a time.
    """

    def __init__(self, path: Path, *, kind: str, max_unpacked: int = MAX_UNPACKED) -> None:
        """Open a container and read the list of its members.

        Args:
            path: The file.
            kind: What the file should be, for messages, such as ``".docx file"``.
            max_unpacked: Bytes that all members read may unpack to.

        Raises:
            LoadError: The file is not a ZIP container, is cut off, or lists too many members.
            OSError: The file cannot be opened or read.
        """
        self._path = path
        self.kind = kind
        self._max = self._left = max_unpacked
        self._check_directory()
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise LoadError(str(path), f"is not a {kind}, or is cut off ({error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def __contains__(self, name: object) -> bool:
        return name in self._zip.NameToInfo

    def names(self) -> tuple[str, ...]:
        """Return the names of all members that are files, in the order of the directory."""
        return tuple(
            dict.fromkeys(info.filename for info in self._zip.infolist() if _is_file(info))
        )

    def repeated(self) -> tuple[str, ...]:
        """Return the names that several members have; the last of them is the one that is read."""
        counts = Counter(info.filename for info in self._zip.infolist())
        return tuple(name for name, count in counts.items() if count > 1)

    def repetitions(self) -> tuple[Omission, ...]:
        """Return the names that several members have, as a ``Reading`` reports them."""
        names = self.repeated()
        if not names:
            return ()
        shown = ", ".join(name[:100] for name in names[:5])
        return omissions([f"{len(names)} part(s) that are there twice; the last is read: {shown}"])

    def declared_size(self, name: str) -> int:
        """Return the bytes that a member says it unpacks to; 0 if there is no such member."""
        info = self._zip.NameToInfo.get(name)
        return info.file_size if info else 0

    def read(self, name: str, *, most: int = MAX_UNPACKED) -> bytes:
        """Return the bytes of a member.

        Args:
            name: The member.
            most: Bytes that it may unpack to.

        Raises:
            LoadError: There is no such member, it is encrypted or damaged, or unpacks to too much.
        """
        return b"".join(self.chunks(name, most=most))

    def chunks(self, name: str, *, most: int = MAX_UNPACKED) -> Iterator[bytes]:
        """Yield the bytes of a member in pieces of 64 kB.

        Args:
            name: The member.
            most: Bytes that it may unpack to.

        Raises:
            LoadError: There is no such member, it is encrypted or damaged, or unpacks to too much.
        """
        size = 0
        with self._reading(name) as file:
            while chunk := self._piece(file, name):
                size += len(chunk)
                self._left -= len(chunk)
                if size > most or self._left < 0:
                    self._refuse_size(min(most, self._max))
                yield chunk

    @contextmanager
    def _reading(self, name: str) -> Iterator[IO[bytes]]:
        info = self._zip.NameToInfo.get(name)
        if info is None:
            raise LoadError(str(self._path), f"is not a whole {self.kind}: it has no part {name}")
        if info.flag_bits & _ENCRYPTED:
            raise LoadError(str(self._path), "is encrypted; save it without a password")
        if info.compress_type not in _METHODS:
            raise LoadError(
                str(self._path),
                f"is packed by a method that is not read ({info.compress_type}); "
                "unpack it and pack it again as a common ZIP file",
            )
        try:
            file = self._zip.open(info)
        except (*_DAMAGE, OSError, RuntimeError) as error:
            raise self._damaged(name, error) from error
        with file:
            yield file

    def _piece(self, file: IO[bytes], name: str) -> bytes:
        try:
            return file.read(_CHUNK)
        except (*_DAMAGE, OSError) as error:  # OSError: a place before the file's begin
            raise self._damaged(name, error) from error

    def _damaged(self, name: str, error: BaseException) -> LoadError:
        reason = f"is a damaged {self.kind}: its part {name} cannot be unpacked ({error})"
        return LoadError(str(self._path), f"{reason}; open it and save it again")

    def _refuse_size(self, most: int) -> None:
        raise LoadError(
            str(self._path),
            f"unpacks to more than the {most // 2**20} MB that are read; split it",
        )

    def _check_directory(self) -> None:
        """Check the size of the directory before it is read into memory."""
        with self._path.open("rb") as file:
            size = _directory_size(file)
        if size is None:
            raise LoadError(str(self._path), f"is not a {self.kind}, or is cut off")
        if size > _MAX_DIRECTORY:
            raise LoadError(
                str(self._path),
                f"lists more members than are read ({size // 2**20} MB of names); split it",
            )


def _is_file(info: zipfile.ZipInfo) -> bool:
    # A damaged list may hold a member without a name, which is_dir() cannot take.
    return bool(info.filename) and not info.is_dir()


def _directory_size(file: IO[bytes]) -> int | None:
    """Return the most bytes that a container's directory may have; ``None`` if there is none.

    The record that gives them may be found in more than one way, and every way is looked at.
    """
    length = file.seek(0, 2)
    start = max(0, length - _END_SIZE - _LONGEST_COMMENT - _RECORD64_SIZE)
    file.seek(start)
    tail = file.read()
    places = {len(tail) - _END_SIZE, tail.rfind(_END)}
    ends = [at for at in places if at >= 0 and tail.startswith(_END, at)]
    sizes = [0]
    for at in ends:
        if len(tail) - at < _END_SIZE:
            return None
        sizes.append(struct.unpack_from("<L", tail, at + 12)[0])
        if at >= _RECORD64_SIZE and tail.startswith(_LOCATOR64, at - _LOCATOR64_SIZE):
            file.seek(min(struct.unpack_from("<Q", tail, at - _LOCATOR64_SIZE + 8)[0], length))
            records = (tail[at - _RECORD64_SIZE :], file.read(_RECORD64_SIZE))
            sizes += [
                struct.unpack_from("<Q", record, 40)[0]
                for record in records
                if record.startswith(_END64) and len(record) >= _RECORD64_SIZE
            ]
    # A size beyond the file's is that of no directory: the reader refuses it.
    return max(size for size in sizes if size <= length) if ends else None
