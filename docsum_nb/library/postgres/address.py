"""The address of a library on a PostgreSQL server, and the secrets in it.

The password is taken out of the address at once and kept by this process alone: no object holds it,
so that nothing that is displayed, logged, pickled or stored can show it. All else is left to libpq:
``PGPASSWORD``, the password file, services, several hosts, certificates. Refuses an address that
libpq would read in another way than it was meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from docsum_nb.errors import InputError
from docsum_nb.secrets import remember

__all__ = ["Address", "address_of", "is_postgres"]

_SCHEMES = ("postgresql://", "postgres://")
_SECRETS = (
    "password",
    "sslpassword",
    "scram_client_key",
    "scram_server_key",
    "oauth_client_secret",
)
_SCHEMA = "docsum_nb"
_LONGEST_NAME = 63
"""Bytes: PostgreSQL cuts longer names without an error."""
_HOST = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?")
_NAME = re.compile(r"[^\x00-\x1f\x7f]+")

_secrets: dict[str, dict[str, str]] = {}
"""By what libpq is given."""


@dataclass(frozen=True)
class Address:
    """Where a library is."""

    shown: str
    """The whole address without its secrets."""
    server: str = field(repr=False)
    """What libpq is given, without secrets and schema."""
    schema: str = field(repr=False)

    def secrets(self) -> dict[str, str]:
        """Return what this process knows besides, as parameters of a connection."""
        return dict(_secrets.get(self.server, {}))


def is_postgres(path: str) -> bool:
    """Return whether a path is the address of a PostgreSQL server."""
    return path.lower().startswith(_SCHEMES)


def address_of(given: str) -> Address:
    """Return the address, and keep its secrets apart.

    Raises:
        InputError: If it cannot be read as it was meant; its text is not in the message.
    """
    rest = given.partition("://")[2]
    login, found, place = rest.partition("@")
    if not found or "/" in login:
        login, place = "", rest
    user, _, password = login.partition(":")
    where, _, query = place.partition("?")
    if not _is_place(where) or any("=" not in part for part in query.split("&") if part):
        raise InputError(
            "the address of the library cannot be read: in a password write @ as %40, : as %3A, / "
            "as %2F and ? as %3F, and after the ? only name=value"
        )
    secrets = {"password": _plain(password)} if password else {}
    schema, kept = _SCHEMA, []
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name == "schema":
            schema = _plain(value)
        elif name in _SECRETS:
            secrets[name] = _plain(value)
        else:
            kept.append(part)
    if not _NAME.fullmatch(schema) or len(schema.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise InputError(f"schema={schema!r} in the address of the library is no name of a schema")
    server = "postgresql://" + (f"{user}@" if user else "") + where
    server += f"?{'&'.join(kept)}" if kept else ""
    mark = "&" if kept else "?"
    shown = server + (f"{mark}schema={quote(schema)}" if schema != _SCHEMA else "")
    remember(*secrets.values(), *_as_given(secrets))
    if secrets:
        _secrets[server] = secrets
    return Address(shown, server, schema)


def _is_place(where: str) -> bool:
    """Return whether it is hosts with ports and a database; else part of a password is in it."""
    hosts, _, database = where.partition("/")
    return "@" not in where and "/" not in database and all(map(_HOST.fullmatch, hosts.split(",")))


def _plain(value: str) -> str:
    if "\x00" in (plain := unquote(value)):
        raise InputError("the address of the library has a NUL character (%00)")
    return plain


def _as_given(secrets: dict[str, str]) -> list[str]:
    return [quote(value, safe="") for value in secrets.values()]
