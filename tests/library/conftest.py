from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import pytest

from docsum_nb.library import Library
from tests.library.library_samples import OFFICE
from tests.support.postgres import Server, running_postgres

PLACES = ("folder", "postgres")
_schemas = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Start a PostgreSQL server; skips if it is not installed, except in CI."""
    with running_postgres() as running:
        yield running


def new_schema(server: Server) -> str:
    """Return the address of a schema that is not there yet."""
    return server.address(f"&schema=library-{next(_schemas)}")


@pytest.fixture
def on_server(server: Server) -> str:
    """Return the address of a library on a server that is not there yet."""
    return new_schema(server)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a place for a library that is not there yet: a folder, then a server."""
    if request.param == "folder":
        return str(tmp_path / "library")
    return new_schema(request.getfixturevalue("server"))


@pytest.fixture
def office(place: str) -> Library:
    """Fill a library with three short documents."""
    library = Library(place)
    library.add(OFFICE)
    return library


@pytest.fixture
def office_folder(tmp_path: Path) -> Library:
    """Fill a library in a folder with three short documents."""
    library = Library(tmp_path / "office")
    library.add(OFFICE)
    return library


@pytest.fixture(scope="session", params=PLACES)
def python_docs(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Library:
    """Fill a library with the documentation that comes with Python."""
    if request.param == "folder":
        library = Library(tmp_path_factory.mktemp("python") / "library")
    else:
        library = Library(new_schema(request.getfixturevalue("server")))
    library.add(topics)
    return library
