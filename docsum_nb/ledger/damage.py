"""A damaged file of a ledger: what it is, and what can be read of it, in a new file.

The damaged file is kept beside the new one, under a name of its own, and a warning names it. Every
row that can be read is copied; what is lost of the answers is requested again when it is needed. A
file of which it is not certain that this package wrote it is refused and not changed.
"""

from __future__ import annotations

import functools
import os
import shutil
import sqlite3
import stat
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from docsum_nb.errors import LedgerError
from docsum_nb.ledger.schema import TABLES, VERSION, begins_as_ours, columns_of, make_tables
from docsum_nb.paths import make_private_file

__all__ = [
    "Copying",
    "DamagedLedgerError",
    "damage_of",
    "is_damage",
    "mending",
    "refuse_other_than_files",
    "replace_damaged",
    "surviving_damage",
]

P = ParamSpec("P")
T = TypeVar("T")

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_UNKNOWN = ("no such table", "no such column", "unsupported file format", "malformed")
_WAIT_S = 300.0
"""How long another process may take to copy what can be read."""
_WRITER_S = 30.0
"""How long a transaction of another process may take."""
_LEAST_ROW_BYTES = 32
"""No row takes fewer, so that the numbers of rows to look for are bounded by the file."""
_MAGIC = b"SQLite format 3\x00"
_BESIDE = ("-wal", "-shm", "-journal")
"""The ends of the names of SQLite's own files beside a database."""


class DamagedLedgerError(LedgerError):
    """The content of the file is not what was written."""


def is_damage(error: Exception) -> bool:
    """Return whether an error of SQLite comes from the content of the file."""
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _DAMAGED or any(each in str(error) for each in _UNKNOWN)


def damage_of(error: Exception, path: Path) -> DamagedLedgerError:
    """Return the error of a damaged ledger.

    Raises:
        LedgerError: if the file is none, so that it must not be changed.
    """
    if not begins_as_ours(path):
        raise LedgerError(
            f"{path} cannot be read as a ledger ({error}) and was not changed; give ledger=PATH "
            "for another place, or ledger=False to keep no answers"
        ) from error
    return DamagedLedgerError(f"the ledger {path} is damaged: {error}")


def refuse_other_than_files(path: Path) -> None:
    """Check that nothing but a file is there.

    Raises:
        LedgerError: if it is a folder, a pipe or a device.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if stat.S_ISDIR(mode):
        # It would lose its permissions, as if it were the file.
        raise LedgerError(
            f"the ledger {path} is a folder; give ledger= a file in it, such as "
            f"{str(path / 'answers.sqlite3')!r}, or ledger=False to keep no answers"
        )
    if not stat.S_ISREG(mode):
        raise LedgerError(
            f"the ledger {path} is a pipe or a device; give ledger=PATH for another place, or "
            "ledger=False to keep no answers"
        )


def surviving_damage(method: Callable[P, T]) -> Callable[P, T]:
    """Decorate a method of what has a ``file``: it is repeated once if that had to be mended."""

    @functools.wraps(method)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except DamagedLedgerError as damage:
            holder: Any = args[0]
            holder.file.mend(damage)
        return method(*args, **kwargs)

    return repeated


@contextmanager
def mending(path: Path) -> Iterator[None]:
    """Hold the lock that all processes share which replace a damaged file.

    Raises:
        LedgerError: if another process holds it for five minutes.
    """
    from filelock import FileLock, Timeout

    path = path.resolve()
    place = path.with_name(f"{path.name}.lock")
    try:
        lock = FileLock(place, timeout=_WAIT_S, mode=0o600)
        lock.acquire()
    except Timeout:
        raise LedgerError(
            f"the ledger {path} is damaged, and another process is still repairing it: try again "
            "when it is done"
        ) from None
    try:
        yield
    finally:
        lock.release()


def replace_damaged(path: Path, damage: DamagedLedgerError) -> None:
    """Put a new file with all rows that can be read in the place of a damaged one; hold the lock.

    Raises:
        OSError: if the folder cannot be written.
        sqlite3.Error: if the disk is full.
    """
    path = path.resolve()
    scratch, new = (path.with_name(f"{path.name}.{end}") for end in ("damaged-copy", "repaired"))
    try:
        for each in (scratch, new):
            _remove(each)
        with _without_writers(path):
            _copy(path, scratch)
            version = _mend_header(scratch)
            make_private_file(new)
            kept = _copied(scratch, new, version)
            make_private_file(path)
            aside = _unused(path)
            for end in _BESIDE:
                # Before the new file is there: SQLite would apply the old log to it.
                with suppress(FileNotFoundError):
                    Path(f"{path}{end}").replace(f"{aside}{end}")
            path.replace(aside)
            new.replace(path)
        _remove_empty_log(aside)
    finally:
        _remove(scratch)
        _remove(new)
    counts = ", ".join(f"{kept[table]:,} {table}" for table in ("runs", "answers", "pieces"))
    warnings.warn(
        f"{damage}; what could be read is in a new file in its place ({counts}), and what was lost "
        f"is requested again if it is needed; the damaged file is {aside}, which holds answers and "
        "texts until you delete it",
        RuntimeWarning,
        stacklevel=2,
    )


@contextmanager
def _without_writers(path: Path) -> Iterator[None]:
    """Hold the write lock of a damaged file, if it can be had: a writer waits for the new one."""
    if os.name == "nt":
        # No open file can be renamed there, so that none is replaced while others write to it.
        yield
        return
    with closing(sqlite3.connect(path, timeout=_WRITER_S, isolation_level=None)) as db:
        with suppress(sqlite3.Error):
            db.execute("BEGIN IMMEDIATE")
        yield


def _unused(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside, number = path.with_name(f"{path.name}.damaged-{stamp}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    return aside


def _remove_empty_log(path: Path) -> None:
    log = Path(f"{path}-wal")
    with suppress(OSError):
        if not log.exists() or not log.stat().st_size:
            for end in ("-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)


def _copy(path: Path, to: Path) -> None:
    # The log first: what is moved from it into the file meanwhile is in both then.
    for end in ("-wal", ""):
        source = Path(f"{path}{end}")
        if source.is_file():
            make_private_file(Path(f"{to}{end}"))
            shutil.copyfile(source, f"{to}{end}")


def _remove(path: Path) -> None:
    for end in ("", *_BESIDE):
        with suppress(OSError):
            Path(f"{path}{end}").unlink()


def _mend_header(path: Path) -> int:
    """Write what the header of every ledger holds; returns its format."""
    with path.open("r+b") as file:
        header = file.read(100).ljust(100, b"\x00")
        (size,) = struct.unpack(">H", header[16:18])
        if size not in {512 << power for power in range(7)} | {1}:
            size = 4096
        (version,) = struct.unpack(">i", header[60:64])
        file.seek(0)
        file.write(_MAGIC + struct.pack(">H", size) + bytes((2, 2, 0, 64, 32, 32)))
        file.seek(44)
        file.write(struct.pack(">i", 4))
        file.seek(56)
        file.write(struct.pack(">i", 1))
    return version if 0 < version <= VERSION else VERSION


def _copied(damaged: Path, new: Path, version: int) -> dict[str, int]:
    """Copy all rows that can be read; returns how many by table."""
    kept = dict.fromkeys(TABLES, 0)
    most = damaged.stat().st_size // _LEAST_ROW_BYTES
    uri = f"{damaged.absolute().as_uri()}?mode=rw"
    with (
        closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as old,
        closing(sqlite3.connect(new, isolation_level=None)) as fresh,
    ):
        old.text_factory = bytes
        make_tables(fresh)
        with suppress(sqlite3.Error):
            # A file that lost its end, which SQLite refuses otherwise, is read as far as it goes.
            old.execute("PRAGMA writable_schema=ON")
        fresh.execute("BEGIN")
        for table in TABLES:
            _copy_table(old, fresh, table, most)
            (kept[table],) = fresh.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        fresh.execute("COMMIT")
        fresh.execute(f"PRAGMA user_version={version}")
    return kept


@dataclass(frozen=True)
class Copying:
    """The statements that copy rows of one table."""

    old: sqlite3.Connection
    new: sqlite3.Connection
    read: str
    write: str

    def rows(self, where: str, values: tuple[Any, ...] = ()) -> bool:
        """Copy the rows that a condition selects; returns whether all of them can be read.

        Raises:
            sqlite3.OperationalError: if they cannot be written, as on a full disk.
        """
        unreadable = (sqlite3.Error, ValueError, OverflowError, MemoryError)
        try:
            found = self.old.execute(f"{self.read} {where}", values)
        except unreadable:
            return False
        while True:
            try:
                row = next(found, None)
            except unreadable:
                return False
            if row is None:
                return True
            self.new.execute(self.write, row)


def _copy_table(old: sqlite3.Connection, new: sqlite3.Connection, table: str, most: int) -> None:
    there = _columns(old, table)
    shared = [each for each in columns_of(table) if each in there]
    if not shared:
        return
    # Texts arrive as bytes, so that one in no encoding is copied too. An index is not used: it may
    # be what is damaged.
    values = ", ".join(f"typeof({each}) = 'text', {each}" for each in shared)
    marks = ", ".join(
        f"CASE ?{each} WHEN 1 THEN CAST(?{each + 1} AS TEXT) ELSE ?{each + 1} END"
        for each in range(1, 2 * len(shared), 2)
    )
    names = ", ".join(shared)
    copying = Copying(
        old,
        new,
        f"SELECT {values} FROM {table} NOT INDEXED",  # noqa: S608  # constants
        f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",  # noqa: S608
    )
    if not copying.rows(""):
        for where, of in _parts(old, new, table, most):
            copying.rows(where, of)


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    try:
        found = db.execute(f"PRAGMA table_info({table})").fetchall()
    except sqlite3.Error:
        return set()
    return {name.decode(errors="replace") for _, name, *_ in found}


def _parts(
    old: sqlite3.Connection, new: sqlite3.Connection, table: str, most: int
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield conditions that select all rows of a table in small parts, each read for itself."""
    if table in ("runs", "pieces"):
        for number in range(1, _highest(old, table, most) + 1):
            yield "WHERE rowid = ?", (number,)
        return
    if table != "uses":
        for prefix in map("{:03x}".format, range(4096)):
            yield "WHERE key >= ? AND key < ?", (prefix, f"{prefix}g")
        return
    for (run,) in new.execute("SELECT id FROM runs UNION SELECT run_id FROM answers").fetchall():
        for prefix in map("{:02x}".format, range(256)):
            yield "WHERE run = ? AND key >= ? AND key < ?", (run, prefix, f"{prefix}g")


def _highest(db: sqlite3.Connection, table: str, most: int) -> int:
    """Return the highest number of a row, or what the size of the file allows."""
    try:
        query = f"SELECT coalesce(max(rowid), 0) FROM {table} NOT INDEXED"  # noqa: S608
        return min(int(db.execute(query).fetchone()[0]), most)
    except sqlite3.Error:
        return most
