"""What only a library on a server has: an address with secrets, rights, tables of its own."""

from __future__ import annotations

import json
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
import psycopg
import pytest

import docsum_nb as ds
from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library import Library
from docsum_nb.library.postgres import schema, store
from docsum_nb.options import Options, without_password
from docsum_nb.records import Document
from tests.library.library_samples import OFFICE, execute, names, schema_of
from tests.support.postgres import PASSWORD, Server

SAMPLE = {name: topics[name] for name in sorted(topics)[::5]}
QUERIES = ("exception handling", "operator precedence", "what is a coroutine", '"with statement"')


def vectors_of(texts: list[str]) -> Any:
    """Return vectors that depend on the letters of a text."""
    counts = [[text.lower().count(chr(97 + i)) for i in range(24)] for text in texts]
    return np.array(counts, float) - 5.0


# --- the same as a folder -------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["", "CREATE EXTENSION IF NOT EXISTS vector SCHEMA public"])
def test_ranking_is_that_of_a_folder(
    server: Server, on_server: str, tmp_path: Path, extension: str
) -> None:
    """The same hits with the same scores, by words and by meaning, with pgvector and without."""
    execute(server, "DROP EXTENSION IF EXISTS vector CASCADE", extension)
    one = Library(tmp_path / "folder", embedder=vectors_of)
    other = Library(on_server, embedder=vectors_of)
    for library in (one, other):
        library.add(SAMPLE)
        library.add({"a": topics["while"], next(iter(SAMPLE)): "Another text."})
        library.remove([*SAMPLE][1])
    assert other.stats()["pgvector"] == (None if not extension else "0.8.5")
    assert other.stats()["vectors"] == other.stats()["passages"] == one.stats()["passages"]
    for query in QUERIES:
        for where in (None, {"none": 1}):
            found = [
                [
                    (hit.name, hit.passage, hit.marks, hit.metadata)
                    for hit in library.search(query, 20, where=where)
                ]
                for library in (one, other)
            ]
            assert found[0] == found[1]
        scores = [[hit.score for hit in library.search(query, 20)] for library in (one, other)]
        assert scores[0] == pytest.approx(scores[1])
        words = [
            [(hit.name, hit.score) for hit in Library(library.path).search(query, 20)]
            for library in (one, other)
        ]
        assert words[0] == words[1]


def test_any_text_comes_back_as_it_was(on_server: str) -> None:
    """Characters that PostgreSQL does not keep, quotes, and names of any length."""
    odd = "zebra \x00 \ufdd0 \ufdd00 \ufdd01 '; DROP TABLE documents; -- %s {} \U0010ffff"
    metadata = {"a\x00b": "\x00", "%s": [1], "\ud800": "\udfff", "n": 2**53 + 1}
    library = Library(on_server)
    documents = [
        Document("\x00'\"%s" + "n" * 9_000, odd, "\x00.txt", metadata=metadata),
        Document("other", odd),
    ]
    assert library.add(documents).added == 2
    assert library.add(documents).unchanged == 2
    (hit,) = library.search("zebra", where={"a\x00b": "\x00", "n": 2**53 + 1})
    assert (hit.name, hit.passage) == (documents[0].name, odd)
    assert hit.metadata.items() >= {**metadata, "path": "\x00.txt"}.items()
    assert not library.search("zebra", where={"n": float(2**53)})
    assert library.remove(documents[0].name)
    assert len(library) == 1


# --- secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["login", "query", "environment", "passfile"])
def test_a_password_is_nowhere_to_be_seen(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """It opens the library, and is in no object, pickle, error, option or stored argument."""
    place = f"127.0.0.1:{server.port}/postgres?schema=secret"
    monkeypatch.delenv("PGPASSWORD", raising=False)
    login = f":{PASSWORD}" if how == "login" else ""
    address = f"postgres://owner{login}@{place}"
    if how == "query":
        address += f"&password={PASSWORD}"
    if how == "environment":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    if how == "passfile":
        (tmp_path / "pass").write_text(f"*:*:*:owner:{PASSWORD}\n")
        (tmp_path / "pass").chmod(0o600)
        address += f"&passfile={tmp_path / 'pass'}"
    library = Library(address)
    library.add(OFFICE)
    assert names(library, "late payments") == ["payments"]
    copy = pickle.loads(pickle.dumps(library))
    assert len(copy) == 3
    broken = Library(address.replace("schema=secret", "schema=secret&sslmode=verify-full"))
    with pytest.raises(LibraryError, match="cannot be reached") as caught:
        broken.search("x")
    options = Options(source="a text of several words", library=address)
    values = ds.app(library=address)
    shown = [
        *(repr(library), str(vars(library)), str(vars(library._store)), library.to_text()),
        *(str(library.path), repr(pickle.dumps(library)), str(library.stats())),
        *(repr(caught.value), str(caught.value.__cause__), str(caught.value.__context__)),
        *(repr(options), str(without_password(address)), values.code, repr(library.search("late"))),
    ]
    values.close()
    assert not [each for each in shown if PASSWORD in each]


def test_a_wrong_password_is_not_repeated(server: Server) -> None:
    """Nor is one that was written so that it cannot be read."""
    address = server.address_with_password().replace(PASSWORD, "Wrong-one/with@")
    for bad in (address, address.replace("@", "?"), "postgresql://u:Wrong-one@h@h/db"):
        with pytest.raises(InputError, match="cannot be read") as caught:
            Library(bad)
        assert "Wrong" not in str(caught.value)
    address = server.address_with_password().replace(PASSWORD, "Wrong-one%40%2F")
    with pytest.raises(LibraryError, match="password authentication failed") as refused:
        len(Library(address))
    assert "Wrong" not in str(refused.value)
    assert refused.value.__cause__ is refused.value.__context__ is None


def test_a_run_stores_no_password(server: Server, tmp_path: Path) -> None:
    """A summary finds what is related, and its ledger and its events hold the address alone."""
    address = server.address_with_password("schema=related")
    Library(address).add(OFFICE)
    events: list[Any] = []
    summary = ds.summarize(
        {"text": "Late payments arrive after the end of the month. They cost two percent."},
        *(),
        library=address,
        ledger=tmp_path / "ledger",
        on_event=events.append,
        show=False,
    ).result()
    assert summary.related[0].name == "payments"
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("ledger*"))
    assert PASSWORD.encode() not in stored
    assert b"schema=related" in stored
    assert PASSWORD not in f"{events}{summary.to_json()}"


# --- what is there already ------------------------------------------------------------------------


def test_another_table_and_a_newer_format_are_refused(server: Server, on_server: str) -> None:
    """One line says so, whatever is called, and nothing is changed."""
    schema = schema_of(on_server)
    execute(server, f'CREATE SCHEMA "{schema}"', f'CREATE TABLE "{schema}".settings (x int)')
    library = Library(on_server)
    for use in (lambda: len(library), lambda: library.add(OFFICE), lambda: library.search("x")):
        with pytest.raises(LibraryError, match="holds something else"):
            use()
    execute(server, f'DROP TABLE "{schema}".settings')
    library.add(OFFICE)
    execute(server, f"UPDATE \"{schema}\".settings SET value = '9' WHERE key = 'format'")
    for use in (lambda: len(library), lambda: library.add({"x": "y"})):
        with pytest.raises(LibraryError, match="update docsum_nb"):
            use()


def test_an_older_format_is_brought_up_to_date(
    on_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next add, in its transaction; a search reads it unchanged."""
    library = Library(on_server)
    library.add(OFFICE)
    monkeypatch.setattr("docsum_nb.library.postgres.schema.FORMAT", 2)
    monkeypatch.setattr(
        "docsum_nb.library.postgres.schema._UPGRADES", {1: ("ALTER TABLE documents ADD more int",)}
    )
    assert names(library, "late payments") == ["payments"]
    assert library.add({**OFFICE, "new": "A zebra."}).added == 1
    with psycopg.connect(on_server.partition("&schema")[0]) as connection:
        query = f"SELECT value FROM \"{schema_of(on_server)}\".settings WHERE key = 'format'"
        assert connection.execute(query.encode()).fetchone() == ("2",)


def test_a_reader_needs_to_select_only(server: Server, on_server: str) -> None:
    """Without a right, the error names the missing GRANT; with SELECT, everything is found."""
    Library(on_server).add(OFFICE)
    schema = schema_of(on_server)
    with suppress(psycopg.errors.DuplicateObject):
        execute(server, "CREATE ROLE reader LOGIN")
    reader = Library(on_server.replace("user=owner", "user=reader"))
    with pytest.raises(LibraryError, match="GRANT USAGE ON SCHEMA"):
        reader.search("late")
    execute(server, f'GRANT USAGE ON SCHEMA "{schema}" TO reader')
    with pytest.raises(LibraryError, match="GRANT SELECT ON ALL TABLES"):
        reader.search("late")
    execute(server, f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO reader')
    assert names(reader, "late payments") == ["payments"]
    assert reader.stats()["documents"] == 3
    for use in (lambda: reader.add({"x": "y"}), lambda: reader.remove("travel")):
        with pytest.raises(LibraryError, match="INSERT, UPDATE and DELETE"):
            use()
    elsewhere = Library(on_server.replace("user=owner", "user=reader") + "-new")
    with pytest.raises(LibraryError, match="permission denied for database"):
        elsewhere.add({"x": "y"})


# --- addresses ------------------------------------------------------------------------------------


def test_a_service_and_the_environment_are_left_to_libpq(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the address does not say comes from where every client of PostgreSQL finds it."""
    (tmp_path / "services").write_text(
        f"[team]\nhost={server.folder}\nport={server.port}\nuser=owner\ndbname=postgres\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    library = Library("postgresql://?service=team&schema=by-service")
    assert library.add(OFFICE).added == 3
    monkeypatch.setenv("PGHOST", str(server.folder))
    monkeypatch.setenv("PGPORT", str(server.port))
    monkeypatch.setenv("PGUSER", "owner")
    assert len(Library("postgres:///postgres?schema=by-service")) == 3


@pytest.mark.parametrize("schema", ["", "%00", "x" * 64, "a%0Ab"])
def test_what_is_no_schema_is_refused(schema: str) -> None:
    """PostgreSQL would cut a long name, or mean another."""
    with pytest.raises(InputError, match=r"schema|NUL"):
        Library(f"postgresql:///db?schema={schema}")


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    for name in [each for each in sys.modules if each.startswith("docsum_nb.library.postgres.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InputError, match=r'pip install "docsum_nb\[postgres\]"'):
        Library("postgresql:///db")


def test_metadata_is_json_on_the_server(server: Server, on_server: str) -> None:
    """Texts and metadata can be read with any client."""
    Library(on_server).add([Document("a", "A zebra.", metadata={"team": "claims"})])
    with psycopg.connect(server.address()) as connection:
        query = f'SELECT metadata FROM "{schema_of(on_server)}".documents'
        ((metadata,),) = connection.execute(query.encode()).fetchall()
    assert json.loads(metadata) == {"team": "claims"}


def test_a_library_that_another_creates_meanwhile_is_read(
    on_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables are not there at the first look, and no strange ones at the second."""
    look = schema.check_absence

    def late(connection: Any, address: Any) -> None:
        monkeypatch.undo()
        Library(on_server).add(OFFICE)
        look(connection, address)

    monkeypatch.setattr(store, "check_absence", late)
    assert names(Library(on_server), "late payments") == ["payments"]
