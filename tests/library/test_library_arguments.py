"""Mistakes in a call: each is one clear error, and a whole library is never taken for damaged."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.errors import DocsumError, InputError, LibraryError
from docsum_nb.library import Library
from docsum_nb.records import Document
from tests.library.library_samples import OFFICE, execute, names, schema_of
from tests.support.postgres import Server


class Strange(str):
    """A text of a class that encodes itself."""

    __slots__ = ()

    def encode(self, *arguments: Any, **more: Any) -> bytes:
        """Raise an error of the user's."""
        raise ValueError("mine")


@pytest.fixture(autouse=True)
def no_warning() -> Any:
    """Fail if a repair is reported."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def is_whole(library: Library) -> bool:
    """Return whether all documents are found, and nothing was set aside."""
    assert names(Library(library.path), "late payments") == ["payments"]
    return isinstance(library.path, str) or not [*library.path.glob("*.damaged*")]


def test_remove_takes_the_name_of_a_document(office: Library) -> None:
    """Of what is none, it says so; of one with a lone surrogate, it removes what was stored."""
    for name in (None, 5, b"travel", ["travel"], {"travel": 1}, Path("travel"), object):
        with pytest.raises(InputError, match="name of one document"):
            office.remove(name)  # type: ignore[arg-type]
    office.add({"\ud800\x00\n": "A zebra."})
    assert not office.remove("\udfff")
    assert office.remove("\ud800\x00\n")
    assert is_whole(office)


def test_a_filter_of_any_size_is_no_damage(office: Library) -> None:
    """500 values of one key or 500 keys are looked for, and more are refused."""
    office.add([Document("new", "A zebra.", metadata={"n": 499, "t": "x", "b": None})])
    found: list[dict[str, Any]] = [
        {"n": [*range(500)]},
        {"n": [*map(str, range(498)), 499.0, None]},
        {"t": Strange("x")},
        {Strange("b"): [None, True]},
    ]
    for where in found:
        assert [hit.name for hit in office.search("zebra", where=where)] == ["new"]
    missing: list[dict[str, Any]] = [
        {str(i): [] for i in range(500)},
        {str(i): i for i in range(500)},
        {"n": [True]},
    ]
    for where in missing:
        assert not office.search("zebra", where=where)
    with pytest.raises(InputError, match="more than 500"):
        office.search("zebra", where={str(i): [] for i in range(2_000)})
    assert is_whole(office)


@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError, IndexError, OverflowError])
def test_an_error_that_rows_do_not_explain_is_raised_unchanged(
    office: Library, error: type[Exception]
) -> None:
    """It is what an unforeseen argument raises in the middle of a search or a change."""

    def fails(opened: Any) -> None:
        raise mine

    mine = error("mine")
    store: Any = office._store
    for use in (store.read, store._commit):
        with pytest.raises(error) as caught:
            use(fails)
        assert caught.value is mine
    assert is_whole(office)


def test_a_query_that_sqlite_refuses_is_no_damage(office_folder: Library) -> None:
    """The error has SQLite's words, and says that the library is whole."""
    store: Any = office_folder._store
    for query, values in (("SELECT ?", ([],)), ("SELECT ? ? ?", ()), ("SELECT sum(x)", ())):
        with pytest.raises(LibraryError, match=r"is whole, but .* failed") as caught:
            store.read(lambda snapshot, q=query, v=values: snapshot._db.execute(q, v))
        assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert is_whole(office_folder)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE passages SET headings = '[' WHERE id = 1", "row of passage 1"),
        ("UPDATE documents SET pages = '[\"x\"]' WHERE id = 1", "row of document 1"),
        ("UPDATE documents SET name = 'other' WHERE id = 1", "key of document 'other'"),
        ("UPDATE postings SET passages = 'ab'", "index of the term"),
        ("ALTER TABLE documents RENAME pages TO leaves", "lacks a table or a column"),
    ],
)
def test_rows_that_explain_an_error_on_a_server_are_named(
    server: Server, on_server: str, damage: str, named: str
) -> None:
    """The message says which row, and what to do."""
    library = Library(on_server)
    library.add(OFFICE)
    execute(server, f'SET search_path = "{schema_of(on_server)}"', damage)
    with pytest.raises(LibraryError, match=f"{named}.*restore it from a backup"):
        library.search("late payments by train, in weeks")


def test_documents_with_fields_of_other_types_are_named(office: Library) -> None:
    """Nothing of them is stored."""
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    fields: list[dict[str, Any]] = [
        *({"path": 5}, {"path": Path("x")}, {"pages": ("x",)}, {"pages": 5}, {"pages": (1.5,)}),
        *({"metadata": {"a": deep}}, {"metadata": 5}),
    ]
    for each in fields:
        with pytest.raises(InputError, match=r"strange"):
            office.add([Document("strange", "A zebra.", **each)])
    levels = json.loads("[" * 99 + "]" * 99)
    office.add([Document("levels", "A zebra.", metadata={"a": levels, "b": 1})])
    assert names(office, "zebra") == ["levels"]
    assert office.search("zebra", where={"b": 1})
    assert is_whole(office)


def test_embedders_of_a_strange_kind_are_no_damage(office: Library) -> None:
    """A name that UTF-8 cannot hold is kept; numbers beyond float32 are refused without noise."""

    def short(texts: list[str]) -> list[list[float]]:
        return [[float(len(text)), 1.0] for text in texts]

    async def late(texts: list[str]) -> list[list[float]]:
        return short(texts)

    short.__qualname__ = "\ud800"
    library = Library(office.path, embedder=short)
    assert library.embed() == 3
    assert library.embed() == 0
    with pytest.raises(InputError, match="is asynchronous"):
        Library(office.path, embedder=late)
    huge = Library(office.path, embedder=lambda texts: [[1e300, 1.0]] * len(texts))
    with pytest.raises(InputError, match="one vector of numbers"):
        huge.embed()
    assert is_whole(office)


def test_what_is_no_path_is_refused() -> None:
    """Also a text that no file system has, and an address, whose password is not shown."""
    for path in ("", "\ud800", "a\x00b", b"folder", 5, ["x"]):
        with pytest.raises(InputError, match="is a folder's path"):
            Library(path)  # type: ignore[arg-type]
    with pytest.raises(DocsumError) as caught:
        Library("postgresql://me:secret@host/\ud800")
    assert "secret" not in str(caught.value).replace("[secret]", "")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_may_have_a_name_of_any_bytes(tmp_path: Path) -> None:
    """Its searches are no damage, and neither is a pipe in place of a marker waited for."""
    library = Library(os.fsdecode(bytes(tmp_path) + b"/caf\xe9"))
    library.add(OFFICE)
    assert is_whole(library)
    marker = library.path / "docsum_library.json"
    marker.unlink()
    os.mkfifo(marker)
    assert is_whole(library)
