"""Connections to the server: kept for a while, never shared with a forked child, always bounded.

A connection that is in use is one caller's. What the server does not answer in time, and what is
interrupted, closes it. Errors of the server become a ``LibraryError`` of one line; those of opening
a connection leave nothing behind that holds the password.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from docsum_nb.errors import DocsumError, InputError, LibraryError
from docsum_nb.library.postgres.address import Address
from docsum_nb.library.postgres.values import key_of, restored
from docsum_nb.library.soundness import flaw_in
from docsum_nb.secrets import masked

try:
    import psycopg
    from psycopg import sql
except ImportError as missing:
    raise InputError(
        "a library on a PostgreSQL server needs psycopg, which is not installed: "
        'pip install "docsum_nb[postgres]"'
    ) from missing

__all__ = ["Connection", "explained", "transaction"]

CONNECT_S = 10
READ_S = 60.0
WRITE_S = 300.0
"""How long a statement, or another writer, is waited for."""
_NETWORK_S = 15.0
"""What an answer may take longer than the statement."""
_KEPT_S = 30.0
"""A team's notebooks would fill the server with idle connections."""
_MOST_KEPT = 4
_OLDEST = 140000
"""PostgreSQL 14: it counts bits, and is the oldest that is maintained."""
_NO_RIGHTS = "42501"
_BUSY = {"55P03", "57014"}
_FULL = {"53100", "53200", "53400"}
_MISSING = {"42P01", "42703"}


class NoAnswerError(Exception):
    """The server did not answer in time."""


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose calls end."""

    limit_s = READ_S

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a step of the protocol, no longer than the limit."""
        return super().wait(_limited(gen, self.limit_s + _NETWORK_S), *args, **kwargs)


class _Kept:
    """Connections between two uses, by server; closed when they were idle for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: defaultdict[str, list[tuple[float, Connection]]] = defaultdict(list)
        self._timer: threading.Timer | None = None

    def take(self, address: Address) -> Connection | None:
        """Return a connection that was kept; ``None`` if there is none."""
        with self._lock:
            idle = self._idle[address.server]
            return idle.pop()[1] if idle else None

    def give_back(self, address: Address, connection: Connection) -> None:
        """Keep a connection for the next use, or close it if there are enough."""
        with self._lock:
            idle = self._idle[address.server]
            if len(idle) < _MOST_KEPT:
                idle.append((time.monotonic(), connection))
                self._watch()
                return
        connection.close()

    def close(self, *, older_than: float = 0.0) -> None:
        """Close the connections that were not used for some seconds."""
        with self._lock:
            before = time.monotonic() - older_than
            unused = [
                connection
                for idle in self._idle.values()
                for since, connection in idle
                if since <= before
            ]
            for server, idle in self._idle.items():
                self._idle[server] = [each for each in idle if each[0] > before]
            self._timer = None
            if any(self._idle.values()):
                self._watch()
        for connection in unused:
            connection.close()

    def forget(self) -> None:
        """Leave the connections to the parent process, of which this one was forked."""
        idle = self._idle
        self.__init__()  # type: ignore[misc]  # a lock that another thread held stays locked
        for _, connection in (each for several in idle.values() for each in several):
            with suppress(OSError):
                # Closing it would end the parent's session: its last message goes nowhere.
                nowhere = os.open(os.devnull, os.O_RDWR)
                os.dup2(nowhere, connection.fileno())
                os.close(nowhere)
            connection.close()

    def _watch(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(_KEPT_S, self.close, kwargs={"older_than": _KEPT_S})
            self._timer.daemon = True
            self._timer.name = "docsum_nb-library-connections"
            self._timer.start()


_kept = _Kept()
atexit.register(_kept.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.forget)


@contextmanager
def transaction(address: Address, *, write: bool = False) -> Iterator[Connection]:
    """Open a transaction; a reader's sees the library as it was when it began.

    Raises:
        LibraryError: If the server cannot be reached.
    """
    connection = _begun(address, write=write)
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    _kept.give_back(address, connection)


@contextmanager
def explained(address: Address) -> Iterator[None]:
    """Raise the errors of the server, and of rows that make no sense, as ``LibraryError``.

    What only may come of such rows is raised unchanged if there are none.
    """
    try:
        yield
    except DocsumError:
        raise
    except psycopg.Error as error:
        raise LibraryError(_explanation(address, error)) from error
    except NoAnswerError:
        raise LibraryError(
            f"the server of the library {address.shown} does not answer: try again; what was "
            "reported as added is there"
        ) from None
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        flaw = _flaw_of(address)
        if flaw is None:
            raise
        raise LibraryError(
            f"the library {address.shown} has rows that docsum_nb did not write ({flaw}): restore "
            f"it from a backup, or drop the schema {address.schema} and add the documents again"
        ) from error


def _flaw_of(address: Address) -> str | None:
    """Return the first row that makes no sense; ``None`` if there is none, or no answer."""
    with suppress(psycopg.Error, NoAnswerError, LibraryError), transaction(address) as connection:

        def rows(query: str) -> Iterator[Any]:
            return connection.cursor().stream(query.encode())

        for name, key in rows("SELECT name, key FROM documents"):
            if key_of(restored(name)) != key:
                return f"the key of document {name!r:.80} is another's"
        return flaw_in(rows)
    return None


def _begun(address: Address, *, write: bool) -> Connection:
    connection = _kept.take(address)
    if connection is not None:
        try:
            _begin(address, connection, write=write)
        except (psycopg.Error, NoAnswerError):
            # The server was restarted since, or has closed it.
            connection.close()
        else:
            return connection
    connection = _opened(address)
    try:
        _begin(address, connection, write=write)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(address: Address, connection: Connection, *, write: bool) -> None:
    connection.limit_s = WRITE_S if write else READ_S
    limit = int(1000 * connection.limit_s)
    how = "READ COMMITTED READ WRITE" if write else "REPEATABLE READ READ ONLY"
    # For a lock another writer's whole batch is waited for, before the statement is given up. What
    # a vanished client held is free after a minute.
    connection.execute(
        sql.SQL(
            "BEGIN ISOLATION LEVEL {how}; SET LOCAL lock_timeout = {limit}; "
            "SET LOCAL statement_timeout = {longer}; "
            "SET LOCAL idle_in_transaction_session_timeout = 60000; "
            "SET LOCAL search_path = {schema}, pg_temp"
        ).format(
            how=sql.SQL(how),
            limit=sql.Literal(limit),
            longer=sql.Literal(limit + 5_000),
            schema=sql.Identifier(address.schema),
        )
    )


def _opened(address: Address) -> Connection:
    connection, problem = _attempt(address)
    # Raised here, where no frame that knows the password is in the traceback.
    if connection is None:
        raise LibraryError(
            f"the server of the library {address.shown} cannot be reached ({problem}): check the "
            "address, and that the server runs; a password may be in the address, in PGPASSWORD "
            "or in the password file"
        )
    if connection.info.server_version < _OLDEST:
        version = connection.info.server_version // 10_000
        connection.close()
        raise LibraryError(
            f"the server of the library {address.shown} is PostgreSQL {version}: docsum_nb needs "
            f"{_OLDEST // 10_000} or newer"
        )
    return connection


def _attempt(address: Address) -> tuple[Connection | None, str]:
    settings: dict[str, Any] = {"client_encoding": "UTF8", **address.secrets()}
    if "connect_timeout=" not in address.server and "PGCONNECT_TIMEOUT" not in os.environ:
        settings["connect_timeout"] = CONNECT_S
    if "application_name=" not in address.server:
        settings["fallback_application_name"] = "docsum_nb"
    try:
        # Statements are not prepared: a pooler may give the next transaction to another session.
        return Connection.connect(
            address.server, autocommit=True, prepare_threshold=None, **settings
        ), ""
    except psycopg.Error as error:
        return None, _without(_line(error), address)


def _limited(gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """Run a generator of psycopg, which is resumed ten times a second if nothing arrives."""
    give_up = time.monotonic() + seconds
    ready: Any = None
    while True:
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            return end.value
        ready = yield wanted
        if not ready and time.monotonic() > give_up:
            raise NoAnswerError


def _explanation(address: Address, error: psycopg.Error) -> str:
    code = error.sqlstate or ""
    said = _without(_line(error.diag.message_primary or error), address)
    where = f"the library {address.shown}"
    if code == _NO_RIGHTS:
        return (
            f"{where} may not be used so by this user ({said}): ask its owner for GRANT USAGE ON "
            f"SCHEMA {address.schema} and GRANT SELECT ON ALL TABLES IN SCHEMA {address.schema} to "
            "search, and for INSERT, UPDATE and DELETE besides to add and remove"
        )
    if code in _BUSY:
        return f"{where} is in use for too long ({said}): try again when others are done"
    if code in _FULL:
        return f"{where} cannot be written, its server is full ({said}): ask who runs the server"
    if code in _MISSING:
        return (
            f"{where} lacks a table or a column ({said}): restore it from a backup, or drop the "
            f"schema {address.schema} and add the documents again"
        )
    if code.startswith(("08", "57")) or not code:
        return (
            f"the connection to {where} was lost ({said}): try again; what was reported as added "
            "is there"
        )
    return f"{where} cannot be used ({said})"


def _line(error: object) -> str:
    return " ".join(str(error).split())[:400]


def _without(text: str, address: Address) -> str:
    for secret in address.secrets().values():
        text = text.replace(secret, "[secret]")
    return masked(text)
