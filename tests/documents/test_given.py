"""What a caller has in memory as a source: tables, columns, texts, bytes, files, iterators."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import docsum_nb as ds
from docsum_nb.documents.given import sources_in
from docsum_nb.documents.load import load
from docsum_nb.errors import InputError
from docsum_nb.pipeline.arguments import packed, unpacked
from tests.documents.pdf_maker import column, made

NORTH, SOUTH = "The harbor froze for weeks. Ships waited.", "The south sold grain. Prices fell."
ROWS: dict[str, list[Any]] = {"id": ["a", "b"], "stars": [4, 5], "review": [NORTH, SOUTH]}
ZIP = io.BytesIO()
with zipfile.ZipFile(ZIP, "w") as _archive:
    _archive.writestr("x.md", NORTH)


class Lazy:
    """A table of polars, with what polars is recognized by; it is not among our packages."""

    columns = ("id", "stars", "review")
    __dataframe__ = __arrow_c_stream__ = collect_schema = None

    class Column:
        """One of its columns."""

        def __init__(self, values: list[Any]) -> None:
            self._values = values

        def to_list(self) -> list[Any]:
            return self._values

    def collect(self) -> Lazy:
        return self

    def __getitem__(self, name: str) -> Lazy.Column:
        return Lazy.Column(ROWS[name])


class Broken(Lazy):
    """A query of polars that fails when it is run."""

    def collect(self) -> Lazy:
        raise ValueError("no column 'x'\nin a plan")


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def read(source: Any, **columns: str) -> dict[str, str]:
    """Return the texts that a source comes to, by name."""
    documents = load(sources_in(source, **columns)).documents
    assert all(each.path is None for each in documents if not Path(each.path or "").is_file())
    return {each.name: each.text.strip() for each in documents}


BOTH = {"a": NORTH, "b": SOUTH}
NUMBERED = {"text 1": NORTH, "text 2": SOUTH}
READ: dict[str, tuple[Callable[[], Any], dict[str, str]]] = {
    "pandas": (lambda: frame(**ROWS), BOTH),
    "polars, lazy": (Lazy, BOTH),
    "arrow": (lambda: pa.table(ROWS), BOTH),
    "names in the index": (lambda: frame(**ROWS).set_index("id"), BOTH),
    "names that are not unique": (
        lambda: frame(id=["a", "a"], text=[NORTH, SOUTH]),
        {"row 1": NORTH, "row 2": SOUTH},
    ),
    "several columns, one called text": (
        lambda: frame(text=[NORTH], notes=["x"], name=["n"]),
        {"n": NORTH},
    ),
    "a Series": (lambda: pd.Series(BOTH), BOTH),
    "a column of polars": (lambda: Lazy()["review"], NUMBERED),
    "a column of short texts": (
        lambda: pa.array(["good", "bad"]),
        {"text 1": "good", "text 2": "bad"},
    ),
    "an array": (lambda: np.array([NORTH, SOUTH]), NUMBERED),
    "texts": (lambda: [NORTH, SOUTH], NUMBERED),
    "a generator of texts": (lambda: (each for each in (NORTH, SOUTH)), NUMBERED),
    "pairs": (lambda: zip("ab", (NORTH, SOUTH), strict=True), BOTH),
    "items": (BOTH.items, BOTH),
    "documents": (lambda: (ds.Document(*each) for each in BOTH.items()), BOTH),
    "bytes": (NORTH.encode, {"document": NORTH}),
    "bytes of UTF-16": (lambda: memoryview(NORTH.encode("utf-16")), {"document": NORTH}),
    "bytes of a PDF": (lambda: made(column("Ships waited.")), {"document": "Ships waited."}),
    "bytes by name": (
        lambda: {"a.zip": ZIP.getvalue(), "b": SOUTH},
        {"a.zip/x.md": NORTH, "b": SOUTH},
    ),
    "an upload": (
        lambda: ({"name": "a.txt", "size": 3, "content": memoryview(NORTH.encode())},),
        {"a.txt": NORTH},
    ),
    "a file in memory": (
        lambda: [io.StringIO(NORTH), io.BytesIO(SOUTH.encode())],
        {"document 1": NORTH, "document 2": SOUTH},
    ),
    "a path in an archive": (lambda: zipfile.Path(ZIP, "x.md"), {"x.md": NORTH}),
    "rows": (lambda: frame(**ROWS).to_dict("records"), BOTH),
    "rows, one without a name": (
        lambda: ({"id": "a", "text": NORTH}, {"text": SOUTH}),
        {"row 1": NORTH, "row 2": SOUTH},
    ),
    "one row": (lambda: [{"title": "a", "text": NORTH}], {"a": NORTH}),
    "mappings": (lambda: [{"a": NORTH}, {"b": SOUTH}], BOTH),
    "a Series in which one name is text": (
        lambda: pd.Series({"text": NORTH, "b": SOUTH}),
        {"text": NORTH, "b": SOUTH},
    ),
    "a table in a list": (
        lambda: [frame(**ROWS), {"c": "Bridges open."}],
        {**BOTH, "c": "Bridges open."},
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_in_memory_is_read(case: str) -> None:
    """Each with the names that the page on sources says."""
    make, expected = READ[case]
    assert read(make()) == expected


def test_files_are_read(tmp_path: Path) -> None:
    """Open or opened later, by a glob or a set of paths; from where an open one stands."""
    path = tmp_path / "north.md"
    path.write_text(NORTH, encoding="utf-8")
    expected = {"north.md": NORTH}
    with path.open("rb") as binary, path.open(encoding="utf-8") as text:
        assert read(binary) == read(text) == expected
        with pytest.raises(InputError, match=r"north\.md: holds nothing, or was read.*seek\(0\)"):
            sources_in(text)
    assert read(fsspec.open(str(path))) == expected
    assert read(tmp_path.glob("*.md")) == read({path}) == expected
    with pytest.raises(InputError, match=r"is a name and its text, but .* is a file or folder"):
        sources_in([("north", str(path))])
    with pytest.raises(InputError, match="are the path of a file or folder"):
        sources_in(str(path).encode())
    with pytest.raises(InputError, match="1 of the 2 strings read like texts"):
        sources_in([NORTH, str(path)])


async def later() -> AsyncIterator[str]:
    yield NORTH


REFUSED: dict[str, tuple[Callable[[], Any], dict[str, str], str]] = {
    "two columns": (lambda: frame(a=[NORTH], b=[SOUTH + SOUTH]), {}, r"'a', 'b'; say .* text='b'"),
    "numbers as texts": (lambda: frame(text=[1]), {}, "'text' is of type int, not a text"),
    "no column of texts": (lambda: frame(a=[1]), {}, "no column of texts; it has 'a'"),
    "no such column": (lambda: frame(a=[NORTH]), {"text": "b"}, "no column 'b', given as text="),
    "no such name": (lambda: frame(a=[NORTH]), {"name": "b"}, "no column 'b', given as name="),
    "names twice": (
        lambda: frame(a=["x", "x"], t=[NORTH, SOUTH]),
        {"name": "a"},
        "1 of the 2 names",
    ),
    "a missing name": (
        lambda: frame(a=["x", None], t=[NORTH, SOUTH]),
        {"name": "a"},
        "are missing",
    ),
    "a missing text": (
        lambda: frame(text=[NORTH, None]),
        {},
        "'row 2' in the column 'text' is mis",
    ),
    "no rows": (lambda: frame(text=[]), {}, "no rows"),
    "no table": (lambda: [NORTH], {"text": "a"}, "text='a' names a column of a table"),
    "an asynchronous iterator": (later, {}, "async for part in source"),
    "an empty iterator": (lambda: iter(()), {}, "sources is empty: it found nothing, or was read"),
    "a function": (lambda: later, {}, r"is a function, not what it returns; call it: later\(\)"),
    "a module": (lambda: os, {}, "a value of type module"),
    "a path with a name": (lambda: {"a": Path("b.md")}, {}, "text; paths go in a list, without"),
    "paths by name": (lambda: {"a": __file__}, {}, "the texts of the dict are paths"),
    "a column of paths": (lambda: pd.Series([__file__, __file__]), {}, "of the Series are paths"),
    "paths in a table": (lambda: frame(a=[__file__]), {}, "of the column 'a' are paths"),
    "a column of addresses": (
        lambda: pa.array(["https://a.example/x.pdf", "s3://b/x.pdf"]),
        {},
        "are paths or addresses, such as 'https://a.example/x.pdf'",
    ),
    "rows with two texts": (lambda: [{"a": NORTH, "b": SOUTH}] * 2, {}, "2 columns of texts"),
    "a row without its text": (
        lambda: [{"id": 1, "text": NORTH}, {"id": 2}],
        {},
        "the text of '2' in the column 'text' is missing",
    ),
    "a table that cannot be made": (Broken, {}, "Broken cannot be collected: no column 'x'$"),
    "bytes of no kind": (lambda: bytes(range(256)), {}, "not text, PDF, RTF or an Office file"),
    "an archive without a name": (ZIP.getvalue, {}, r"ZIP archive; name it so: \{'NAME.zip'"),
    "a result": (lambda: ds.Summary("a", "m"), {}, "is a Summary, not a document"),
    "a plan": (lambda: ds.plan({"a": NORTH}), {}, "documents from a value of type Plan"),
    "numbers": (lambda: range(3), {}, "cannot load documents from a value of type range"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_clear_is_refused(case: str) -> None:
    """The error says what could be meant."""
    make, columns, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        read(make(), **columns)


def test_options_read_a_source_once_and_the_ledger_keeps_it(tmp_path: Path) -> None:
    """An iterator and bytes are there again for ``resume``; a library takes a table as well."""
    given = ds.Document("a", NORTH), {"b.txt": SOUTH.encode()}
    from docsum_nb.options import Options

    options = Options(source=iter(given))
    arguments, texts = packed(options)
    again = unpacked(arguments, texts, run_id="r", given={})
    assert read(again.source) == read(options.source) == {"a": NORTH, "b.txt": SOUTH}
    added = ds.Library(tmp_path / "library").add(frame(**ROWS), text="review", name="id")
    assert added.added == 2
    assert ds.plan(frame(**ROWS), name="stars").contents[0].name == "4"


def test_one_file_of_many_names_the_way_on(tmp_path: Path) -> None:
    """An error among several files says how the others are read; of one, it does not."""
    (tmp_path / "a.md").write_text(NORTH, encoding="utf-8")
    (tmp_path / "scan.pdf").write_bytes(made(b"", b""))
    with pytest.raises(InputError, match=r"scan\.pdf: holds no text.*on_error='skip' leaves out"):
        load(tmp_path)
    with pytest.raises(InputError, match=r"holds no text on 2 page\(s\)$"):
        load(tmp_path / "scan.pdf")
    with pytest.raises(InputError, match=r"did you mean .*scan\.pdf'"):
        load(tmp_path / "scans.pdf")
