"""The documents of a library on a server, as searches and writers reach them.

All of a document is replaced in a single transaction. Readers take no lock and keep to the snapshot
they opened; writers of all processes and machines take turns by a lock that the server frees when a
writer ends, also by a kill. Nothing is retried after a change may have been stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library.entries import Entry, Passage
from docsum_nb.library.postgres.address import Address
from docsum_nb.library.postgres.connection import Connection, explained, transaction
from docsum_nb.library.postgres.contents import insert, take_out
from docsum_nb.library.postgres.schema import (
    NoTablesError,
    check_absence,
    checked_format,
    lock,
    prepare,
)
from docsum_nb.library.postgres.snapshot import PostgresSnapshot
from docsum_nb.library.postgres.vectors import add_column, forget_all_vectors, write_vectors
from docsum_nb.library.ranking import Floats
from docsum_nb.library.store import OTHER_EMBEDDER, Snapshot, still_there
from docsum_nb.results import Added

__all__ = ["PostgresStore"]

_T = TypeVar("_T")


class PostgresStore:
    """Opens transactions for readers and writers; holds only an address, so it can be pickled."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def read(self, work: Callable[[Snapshot], _T]) -> _T | None:
        """Return the result of ``work`` for the current library; ``None`` if there is none.

        Raises:
            LibraryError: If there is something else in the schema, or it cannot be read.
        """
        return self._read(work)

    def write(self, entries: Sequence[Entry]) -> Added:
        """Add the documents, or replace them if their digest differs, in a single transaction.

        Raises:
            LibraryError: If the library cannot be written, or is in use for too long.
        """
        return self._commit(lambda connection: _replace(connection, entries))

    def remove(self, names: Sequence[str]) -> tuple[str, ...]:
        """Remove documents in one transaction; return the names of those that were there."""
        if not names or not self.read(lambda snapshot: snapshot.digests(names)):
            return ()
        return self._commit(lambda connection: _remove(connection, names))

    def wipe(self) -> None:
        """Do nothing: the server deletes what was removed, when its autovacuum comes by."""

    def warn_of_what_is_set_aside(self, name: str) -> None:
        """Do nothing: a server sets no files aside."""

    def bytes_on_disk(self) -> int:
        """Return the size of the tables and indexes."""
        return self._read(PostgresSnapshot.bytes_on_disk) or 0

    def begin_vectors(self, embedder: str, size: int) -> None:
        """Delete all vectors, and keep the name of the embedder of the next ones."""
        self._commit(lambda connection: _begin_vectors(connection, embedder))

    def add_vectors(self, embedder: str, passages: Mapping[int, Passage], vectors: Floats) -> None:
        """Store vectors of passages, but not of those that were replaced meanwhile.

        Raises:
            InputError: If the library has the vectors of another embedder by now.
        """
        self._commit(lambda connection: _add_vectors(connection, embedder, passages, vectors))

    def _read(self, work: Callable[[PostgresSnapshot], _T]) -> _T | None:
        with explained(self._address):
            with suppress(NoTablesError):
                return self._from_tables(work)
            strange = self._something_else()
            if strange is None:
                return None
            # Another process may have created the library between the two looks.
            with suppress(NoTablesError):
                return self._from_tables(work)
            raise strange

    def _from_tables(self, work: Callable[[PostgresSnapshot], _T]) -> _T:
        """Return the result of ``work``.

        Raises:
            NoTablesError: If the tables are not there.
        """
        with transaction(self._address) as connection:
            checked_format(connection, self._address)
            return work(PostgresSnapshot(connection))

    def _something_else(self) -> LibraryError | None:
        """Return the error of a schema that holds something else; ``None`` if it is empty."""
        with transaction(self._address) as connection:
            try:
                check_absence(connection, self._address)
            except LibraryError as error:
                return error
        return None

    def _commit(self, change: Callable[[Connection], _T]) -> _T:
        with explained(self._address), transaction(self._address, write=True) as connection:
            lock(connection, self._address)
            prepare(connection, self._address)
            return change(connection)


def _replace(connection: Connection, entries: Sequence[Entry]) -> Added:
    known = PostgresSnapshot(connection).digests([entry.name for entry in entries])
    changed = [entry for entry in entries if known.get(entry.name) != entry.digest]
    old = [entry.name for entry in changed if entry.name in known]
    if old:
        take_out(connection, old)
    if changed:
        insert(connection, changed)
    return Added(
        added=len(changed) - len(old),
        updated=len(old),
        unchanged=len(entries) - len(changed),
        passages=sum(len(entry.passages) for entry in changed),
    )


def _remove(connection: Connection, names: Sequence[str]) -> tuple[str, ...]:
    there = tuple(sorted(PostgresSnapshot(connection).digests(names)))
    if there:
        take_out(connection, there)
    return there


def _begin_vectors(connection: Connection, embedder: str) -> None:
    forget_all_vectors(connection)
    add_column(connection)
    connection.execute(
        "INSERT INTO settings VALUES ('embedder', %s) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (embedder,),
    )


def _add_vectors(
    connection: Connection, embedder: str, passages: Mapping[int, Passage], vectors: Floats
) -> None:
    snapshot = PostgresSnapshot(connection)
    if snapshot.setting("embedder") != embedder:
        raise InputError(OTHER_EMBEDDER)
    kept = still_there(passages, snapshot.passages([*passages]))
    if kept:
        numbers = [*passages]
        write_vectors(connection, [numbers[index] for index in kept], vectors[kept])
