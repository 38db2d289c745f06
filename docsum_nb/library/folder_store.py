"""The documents of a library in a folder, as searches and writers reach them.

All of a document is replaced in a single transaction, so that readers, and a process that opens the
folder after a crash, see its old version or its new one. Readers take no lock and keep to the
snapshot they opened. A damaged database is repaired at the moment it is noticed: what can be read
is copied, the damaged file is set aside, and a warning names what was lost.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TypeVar

from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library.contents import insert, take_out, wipe
from docsum_nb.library.database import (
    DamageError,
    OlderFormatError,
    check_damage,
    checkpoint,
    created,
    explained,
    is_damaged,
    is_older,
    open_to_read,
    open_to_write,
    transaction,
)
from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.folder import (
    Marker,
    discard_unmarked,
    mark,
    marker_of,
    new_database,
    set_aside,
    writing,
)
from docsum_nb.library.folder_snapshot import VERSION, FolderSnapshot
from docsum_nb.library.ranking import Floats
from docsum_nb.library.repair import copied_from_older, repaired
from docsum_nb.library.store import OTHER_EMBEDDER, Snapshot, still_there
from docsum_nb.library.upgrade import discard_first_layout, upgraded
from docsum_nb.library.vectors import forget_all_vectors, write_vectors
from docsum_nb.results import Added

__all__ = ["FolderStore"]

_T = TypeVar("_T")
_ATTEMPTS = 2
"""A damaged database is repaired once; if it is damaged again, the disk or the memory is."""


class FolderStore:
    """Opens the database for readers and writers; holds only a path, so it can be pickled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, work: Callable[[Snapshot], _T]) -> _T | None:
        """Return the result of ``work`` for the current library; ``None`` if there is none.

        A library of the first layout is brought up to date first, and a damaged one is repaired;
        then ``work`` is called again.

        Raises:
            LibraryError: If there is something else at the path, or it cannot be read.
        """
        for attempt in range(_ATTEMPTS):
            marker = marker_of(self._folder)
            if marker is None:
                return None
            if marker.database is None:
                with self._writing():
                    marker = marker_of(self._folder)
            try:
                with explained(self._folder), closing(self._opened(marker)) as db:
                    return work(FolderSnapshot(self._folder, db))
            except DamageError as error:
                damage = error
            self._repair(marker, damage, again=attempt > 0)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _opened(self, marker: Marker | None) -> sqlite3.Connection:
        """Return the database opened for reading, brought up to date first if need be."""
        try:
            return open_to_read(_database(marker))
        except OlderFormatError:
            with self._writing() as newer:
                return open_to_read(_database(newer))

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them if their digest differs, in a single transaction.

        Raises:
            LibraryError: If the folder cannot be written, or is in use for too long.
        """
        return self._commit(lambda db: _replace(db, entries))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in one transaction; return the names of those that were there."""
        if not names or not self.read(lambda snapshot: snapshot.digests(names)):
            return ()
        return self._commit(
            lambda db: tuple(name for name in sorted(set(names)) if take_out(db, name))
        )

    def bytes_on_disk(self) -> int:
        """Return the size of the folder's files; one that has just been deleted counts as none."""
        total = 0
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                with suppress(OSError):
                    total += entry.stat().st_size
        return total

    def warn_of_what_is_set_aside(self, name: str) -> None:
        """Warn of damaged files that may hold the text of a document that was to be removed."""
        kept = set_aside(self._folder)
        if kept:
            warnings.warn(
                f"{', '.join(map(str, kept))} was set aside after damage and may still hold the "
                f"text of {name!r}: delete it once you need nothing of it",
                RuntimeWarning,
                stacklevel=3,
            )

    def begin_vectors(self, embedder: str, size: int) -> None:
        """Delete all vectors, and keep the name of the embedder of the next ones."""
        self._commit(lambda db: _begin_vectors(db, embedder))

    def add_vectors(self, embedder: str, passages: Mapping[int, Passage], vectors: Floats) -> None:
        """Store vectors of passages, but not of those that were replaced meanwhile.

        Raises:
            InputError: If the library has the vectors of another embedder by now.
        """
        self._commit(lambda db: _add_vectors(db, embedder, passages, vectors))

    def wipe(self) -> None:
        """Delete what was replaced or removed from the disk.

        It costs time in proportion to the whole index, so it is called at the end of a change.

        Raises:
            LibraryError: As for ``write``.
        """
        self._change(wipe)

    def _commit(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Change the database in one transaction, and return the result of ``change``.

        Raises:
            LibraryError: As for ``write``.
        """

        def work(db: sqlite3.Connection) -> _T:
            with transaction(db):
                done = change(db)
                query = "INSERT OR REPLACE INTO settings VALUES (?, ?)"
                db.execute(query, (VERSION, token_hex(8)))
                return done

        return self._change(work)

    def _change(self, change: Callable[[sqlite3.Connection], _T]) -> _T:
        """Change the database, after a repair if it is found damaged."""
        for attempt in range(_ATTEMPTS):
            with self._writing() as marker:
                try:
                    with (
                        explained(self._folder),
                        closing(open_to_write(_database(marker))) as db,
                    ):
                        done = change(db)
                        checkpoint(db)
                        return done
                except DamageError as error:
                    damage = error
                except LibraryError as error:
                    if marker.database is None or not is_damaged(marker.database, error):
                        raise
                    damage = DamageError(str(error.__cause__))
            self._repair(marker, damage, again=attempt > 0)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _writing(self) -> Iterator[Marker]:
        """Hold the writers' lock; the library is made, or brought up to date, if need be."""
        with writing(self._folder):
            marker = marker_of(self._folder)
            if marker is None:
                marker = new_database(self._folder)
                assert marker.database is not None
                with explained(self._folder), created(marker.database):
                    pass
                mark(self._folder, marker)
            elif marker.database is None:
                marker = upgraded(self._folder)
            elif marker.drafted:
                # The file that named the database was damaged.
                mark(self._folder, marker)
            if marker.database is not None and is_older(marker.database):
                with explained(self._folder):
                    marker = copied_from_older(self._folder, marker.database)
            discard_first_layout(self._folder)
            discard_unmarked(self._folder, marker)
            yield marker

    def _repair(self, marker: Marker | None, damage: DamageError, *, again: bool) -> None:
        """Repair the library, if it is damaged and no other process has done it meanwhile."""
        check_damage(self._folder, marker.database if marker else None, damage)
        if again:
            raise LibraryError(
                f"the library {self._folder} is damaged again after it was repaired ({damage}): "
                "check the disk; move the folder away and add the documents again"
            ) from damage
        with writing(self._folder):
            # Another process may have done it while this one waited.
            if marker_of(self._folder) == marker:
                with explained(self._folder):
                    repaired(self._folder, marker.database if marker else None, damage)


def _database(marker: Marker | None) -> Path:
    if marker is None or marker.database is None or not marker.database.is_file():
        raise DamageError("the database is not there")
    return marker.database


def _replace(db: sqlite3.Connection, entries: Sequence[Entry]) -> Added:
    known = FolderSnapshot(Path(), db).digests([entry.name for entry in entries])
    changed = [entry for entry in entries if known.get(entry.name) != entry.digest]
    for entry in changed:
        take_out(db, entry.name)
    insert(db, changed)
    updated = sum(entry.name in known for entry in changed)
    return Added(
        added=len(changed) - updated,
        updated=updated,
        unchanged=len(entries) - len(changed),
        passages=sum(len(entry.passages) for entry in changed),
    )


def _begin_vectors(db: sqlite3.Connection, embedder: str) -> None:
    forget_all_vectors(db)
    db.execute("INSERT OR REPLACE INTO settings VALUES ('embedder', ?)", (embedder,))


def _add_vectors(
    db: sqlite3.Connection, embedder: str, passages: Mapping[int, Passage], vectors: Floats
) -> None:
    snapshot = FolderSnapshot(Path(), db)
    if snapshot.setting("embedder") != embedder:
        raise InputError(OTHER_EMBEDDER)
    kept = still_there(passages, snapshot.passages([*passages]))
    if kept:
        numbers = [*passages]
        write_vectors(db, [numbers[index] for index in kept], vectors[kept])
