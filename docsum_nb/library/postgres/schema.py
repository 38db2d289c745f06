"""The tables of a library: created, checked and brought up to date.

They are in a schema of their own, with the number of their format. Refuses a schema that holds
something else, and one of a newer format; those are left untouched.
"""

from __future__ import annotations

from typing import Any

from psycopg import errors, sql

from docsum_nb.errors import LibraryError
from docsum_nb.library.postgres.address import Address
from docsum_nb.library.postgres.connection import Connection

__all__ = ["NoTablesError", "check_absence", "checked_format", "lock", "prepare"]

FORMAT = 1
_APPLICATION = "docsum_nb library"
_LOCK = 0x646E6263
"""The first half of the advisory lock's number; the second is made of the schema's name."""
_TABLES = (
    "CREATE TABLE settings (key text PRIMARY KEY, value text NOT NULL)",
    """
    CREATE TABLE documents (
        id int4 PRIMARY KEY,
        key bytea NOT NULL UNIQUE,  -- SHA-256 of the name
        name text COLLATE "C" NOT NULL,
        digest text NOT NULL,
        path text,
        pages text NOT NULL,  -- JSON
        metadata text NOT NULL,  -- JSON
        labels text[] NOT NULL,  -- of the metadata, to filter by
        first int4 NOT NULL,  -- its passages
        last int4 NOT NULL
    )
    """,
    "CREATE INDEX documents_labels ON documents USING gin (labels)",
    """
    CREATE TABLE passages (
        id int4 PRIMARY KEY,
        document int4 NOT NULL,
        text text NOT NULL,
        start int4 NOT NULL,
        headings text NOT NULL  -- JSON
    )
    """,
    "CREATE TABLE blocks (id int4 PRIMARY KEY, version uuid NOT NULL, passages bytea NOT NULL)",
    """
    CREATE TABLE postings (
        block int4 NOT NULL,
        term text COLLATE "C" NOT NULL,
        passages bytea NOT NULL,
        PRIMARY KEY (term, block)
    )
    """,
    # Of an embedder: the signs of each passage's vector, and its numbers in a byte each.
    "CREATE TABLE signs (passage int4 PRIMARY KEY, signs varbit NOT NULL)",
    "CREATE TABLE vectors (passage int4 PRIMARY KEY, small bytea NOT NULL)",
    # Bytes that hardly shrink are not worth an attempt.
    "ALTER TABLE blocks ALTER passages SET STORAGE EXTERNAL",
    "ALTER TABLE postings ALTER passages SET STORAGE EXTERNAL",
    "ALTER TABLE vectors ALTER small SET STORAGE EXTERNAL",
)
_UPGRADES: dict[int, tuple[str, ...]] = {}
"""The statements that bring a format to the next one, by the older."""


class NoTablesError(Exception):
    """There is no table of settings as a library has it."""


def checked_format(connection: Connection, address: Address) -> int:
    """Return the format of the library; its tables are there.

    Raises:
        LibraryError: If it is newer than this version, or something else.
        NoTablesError: If the tables are not there; the transaction has failed.
    """
    try:
        rows = connection.execute("SELECT key, value FROM settings").fetchall()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        raise NoTablesError from None
    found: dict[str, Any] = dict(rows)
    number = str(found.get("format"))
    if found.get("application") != _APPLICATION or not number.isdecimal():
        raise _foreign(address, "settings")
    if int(number) > FORMAT:
        raise LibraryError(
            f"the library {address.shown} was written by a newer docsum_nb (format {number}, this "
            f"one reads {FORMAT}): update docsum_nb"
        )
    return int(number)


def check_absence(connection: Connection, address: Address) -> None:
    """Raise an error if the schema holds anything, or may not be looked into.

    Raises:
        LibraryError: It says which.
    """
    row = connection.execute(
        "SELECT oid, has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s",
        (address.schema,),
    ).fetchone()
    if row is None:
        return
    if not row[1]:
        raise errors.InsufficientPrivilege(f"permission denied for schema {address.schema}")
    other = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = %s AND relkind IN ('r', 'p', 'v', 'm', "
        "'f') ORDER BY relname LIMIT 1",
        (row[0],),
    ).fetchone()
    if other is not None:
        raise _foreign(address, other[0])


def lock(connection: Connection, address: Address) -> None:
    """Wait for other writers; the lock is free when the transaction ends, also by a kill."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, address.schema))


def prepare(connection: Connection, address: Address) -> None:
    """Create the tables, or bring them up to date; the caller holds the lock.

    Raises:
        LibraryError: As for ``checked_format``; if the schema holds something else.
    """
    try:
        with connection.transaction():
            number = checked_format(connection, address)
    except NoTablesError:
        check_absence(connection, address)
        _create(connection, address)
        return
    for older in range(number, FORMAT):
        for statement in _UPGRADES[older]:
            connection.execute(statement.encode())
    if number < FORMAT:
        connection.execute("UPDATE settings SET value = %s WHERE key = 'format'", (str(FORMAT),))


def _create(connection: Connection, address: Address) -> None:
    ((encoding,),) = connection.execute("SHOW server_encoding").fetchall()
    if encoding != "UTF8":
        raise LibraryError(
            f"the database of the library {address.shown} has the encoding {encoding}: a library "
            "needs one with UTF8"
        )
    query = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    if connection.execute(query, (address.schema,)).fetchone() is None:
        schema = sql.Identifier(address.schema)
        connection.execute(sql.SQL("CREATE SCHEMA {schema}").format(schema=schema))
    for table in _TABLES:
        connection.execute(table)
    for key, value in (("application", _APPLICATION), ("format", str(FORMAT))):
        connection.execute("INSERT INTO settings VALUES (%s, %s)", (key, value))


def _foreign(address: Address, table: str) -> LibraryError:
    return LibraryError(
        f"the schema {address.schema} of {address.shown} holds something else (the table "
        f"{table!r}) and is not a library: give the name of another with ?schema=NAME"
    )
