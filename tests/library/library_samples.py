"""What the tests of the library share: three short documents, a search by name, a process."""

from __future__ import annotations

import subprocess
import sys

import psycopg

from docsum_nb.library import Library
from tests.support.postgres import Server

__all__ = ["OFFICE", "execute", "names", "run", "schema_of"]

OFFICE = {
    "payments": "A payment is late when it arrives after the end of the month. "
    "Late payments cost two percent.",
    "holidays": "Holidays are asked for in writing, two weeks ahead.",
    "travel": "Journeys by train are paid back; journeys by plane need an approval.",
}


def names(library: Library, query: str, k: int = 10) -> list[str]:
    """Search, and give the documents' names only."""
    return [hit.name for hit in library.search(query, k)]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, with warnings shown."""
    return subprocess.run(
        [sys.executable, "-W", "default", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def execute(server: Server, *statements: str) -> None:
    """Run SQL statements as the owner."""
    with psycopg.connect(server.address(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def schema_of(address: str) -> str:
    """Return the schema of an address of the tests."""
    return address.rpartition("schema=")[2]
