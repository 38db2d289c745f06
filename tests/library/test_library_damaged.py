from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library import Library
from tests.library.library_samples import OFFICE, names, run

DATABASE = "documents-1.sqlite3"
MANY = {f"d{i}": f"Document {i} is about word{i}. " + "The zebra sleeps. " * 300 for i in range(60)}


@pytest.fixture
def office(office_folder: Library) -> Library:
    """Return a library in a folder, whose files can be damaged."""
    return office_folder


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a library with documents that take many pages of the database."""
    folder = tmp_path_factory.mktemp("many") / "library"
    Library(folder).add(MANY)
    return folder


def damage(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema=ON")
        db.execute(statement, values)


ROWS: dict[str, tuple[str, object]] = {
    f"{table}.{column}, {name}": (f"UPDATE {table} SET {column} = ? WHERE id = 2", value)
    for table, columns in {
        "documents": ["name", "digest", "path", "pages", "metadata", "first", "last"],
        "passages": ["document", "text", "start", "headings"],
    }.items()
    for column in columns
    for name, value in {
        "of another type": b"\xff\x00rubbish",
        "a number": 10**12,
        "nested": "[" * 100_000 + "]" * 100_000,
    }.items()
}


@pytest.mark.filterwarnings("ignore:the library .* damaged:RuntimeWarning")
@pytest.mark.parametrize("case", ROWS)
def test_a_bad_value_in_a_row_costs_that_document_at_most(office: Library, case: str) -> None:
    """The others are found and counted, adding works, and adding all again mends it."""
    damage(office.path, *ROWS[case])
    assert "payments" in names(office, "late payments")
    assert len(office.search("weeks trains payments holidays")) >= 2
    office.add({"new": "A zebra."})
    assert names(office, "zebra") == ["new"]
    office.to_text()
    office.add({name: text + " Mended." for name, text in OFFICE.items()})
    assert {"payments", "holidays", "travel"} <= set(names(office, "mended"))


@pytest.mark.filterwarnings("ignore:the library .* damaged:RuntimeWarning")
@pytest.mark.parametrize("seed", range(6))
def test_rubbish_in_the_file_costs_what_lay_there(many: Path, tmp_path: Path, seed: int) -> None:
    """Pages that were overwritten are lost; the rest is found, or one error says what to do."""
    folder = tmp_path / "library"
    shutil.copytree(many, folder)
    chosen = random.Random(seed)
    with (folder / DATABASE).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(chosen.randrange(8_192, size))
        file.write(chosen.randbytes(9_000))
    library = Library(folder)
    library.add({"new": "A giraffe."})
    library.add({"newer": "A giraffe too."})
    assert set(names(library, "giraffe")) == {"new", "newer"}
    library.add(MANY)
    library.add({name: text + " Mended." for name, text in MANY.items()})
    library.add(MANY)
    assert len(library) == len(MANY) + 2
    assert names(library, "word17") == ["d17"]


def _truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


FILES: dict[str, Callable[[Path], object]] = {
    "truncated": _truncate,
    "empty": lambda file: file.write_bytes(b""),
    "a megabyte of rubbish": lambda file: file.write_bytes(random.Random(1).randbytes(1_000_000)),
    "a directory": _directory,
    "gone": Path.unlink,
}


@pytest.mark.filterwarnings("ignore:the library .* damaged:RuntimeWarning")
@pytest.mark.parametrize("how", FILES)
def test_a_damaged_database_is_repaired_or_explained(many: Path, tmp_path: Path, how: str) -> None:
    """What is readable is found; if nothing is, one line says what to do, and nothing is lost."""
    folder = tmp_path / "library"
    shutil.copytree(many, folder)
    FILES[how](folder / DATABASE)
    for use in (
        lambda: len(Library(folder)),
        lambda: Library(folder).search("zebra"),
        lambda: Library(folder).add({"x": "y"}),
        lambda: Library(folder).remove("d1"),
    ):
        with suppress(LibraryError):
            use()
            continue
        with pytest.raises(LibraryError, match="add the documents again"):
            use()


@pytest.mark.filterwarnings("ignore:the library .* damaged:RuntimeWarning")
@pytest.mark.parametrize("share", [0.9, 0.97])
def test_of_a_database_that_lost_its_end_the_rest_is_found(
    many: Path, tmp_path: Path, share: float
) -> None:
    """SQLite refuses such a file; the documents that are whole in it are found all the same."""
    folder = tmp_path / "library"
    shutil.copytree(many, folder)
    os.truncate(folder / DATABASE, int((folder / DATABASE).stat().st_size * share))
    library = Library(folder)
    assert len(library) > 0
    library.add(MANY)
    assert len(library) == len(MANY)
    assert names(library, "word17") == ["d17"]


BLOBS = {"postings": "passages", "blocks": "passages", "signs": "signs", "vectors": "vector"}
USES: list[Callable[[Library], object]] = [
    lambda library: names(library, "late payments"),
    lambda library: library.add({"new": "A zebra."}),
    lambda library: library.remove("travel"),
    Library.embed,
]


def embedder(texts: list[str]) -> list[list[float]]:
    return [[float(len(text)), 1.0, *[0.5] * 14] for text in texts]


@pytest.mark.filterwarnings("ignore:.*damage:RuntimeWarning")
@pytest.mark.parametrize("table", BLOBS)
@pytest.mark.parametrize("value", ["text", 7])
def test_an_index_of_another_type_is_derived_again(
    tmp_path: Path, table: str, value: object
) -> None:
    """Searches, changes and vectors all meet it; each works afterwards."""
    for number, use in enumerate(USES):
        library = Library(tmp_path / str(number), embedder=embedder)
        library.add(OFFICE)
        damage(library.path, f"UPDATE {table} SET {BLOBS[table]} = ?", value)
        with suppress(InputError):
            # It says that the vectors are to be computed again.
            use(library)
        library.embed()
        assert "payments" in names(library, "late payments")


@pytest.mark.parametrize("how", [*FILES, "nested", "of another database"])
def test_a_damaged_marker_costs_nothing(office: Library, how: str) -> None:
    """The newest database counts, and the next add writes the marker again."""
    place = office.path / "docsum_library.json"
    if how == "nested":
        place.write_text("[" * 100_000)
    elif how == "of another database":
        place.write_text(place.read_text().replace(DATABASE, "documents-7.sqlite3"))
    else:
        FILES[how](place)
    assert names(office, "late payments") == ["payments"]
    office.add({"new": "zebra"})
    assert json.loads(place.read_text())["database"] == DATABASE


@pytest.mark.parametrize("table", ["documents", "passages", "postings", "blocks"])
@pytest.mark.filterwarnings("ignore:the library .* damaged:RuntimeWarning")
def test_a_missing_table_is_derived_or_explained(office: Library, table: str) -> None:
    """An index is built again from the passages; without the documents one line says what to do."""
    damage(office.path, f"DROP TABLE {table}")
    if table == "documents":
        with pytest.raises(LibraryError, match="add the documents again"):
            office.search("late")
    else:
        office.add(OFFICE)
        assert names(office, "late payments")[0] == "payments"


def test_a_repair_names_what_was_lost_and_the_file(office: Library) -> None:
    """The warning says which document is incomplete, and adding it again completes it."""
    damage(office.path, "DELETE FROM passages WHERE id = 1")
    damage(office.path, "DROP TABLE postings")
    with pytest.warns(RuntimeWarning, match=r"parts of 'payments' were lost.*sqlite3\.damaged"):
        office.search("weeks")
    assert office.add(OFFICE).updated == 1
    assert names(office, "late payments") == ["payments"]
    assert (office.path / f"{DATABASE}.damaged").exists()


def test_a_newer_database_and_a_foreign_one_are_refused_untouched(office: Library) -> None:
    """Neither is repaired, and not a byte changes."""
    damage(office.path, "PRAGMA user_version=99")
    file = office.path / DATABASE
    before = file.read_bytes()
    for use in (lambda: office.search("late"), lambda: office.add({"x": "y"})):
        with pytest.raises(LibraryError, match="update docsum_nb"):
            use()
    assert file.read_bytes() == before
    file.unlink()
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE mine (x)")
    before = file.read_bytes()
    for use in (lambda: office.search("late"), lambda: office.add({"x": "y"})):
        with pytest.raises(LibraryError, match="something else"):
            use()
    assert file.read_bytes() == before


_LOOSE = """
import os, sys
from docsum_nb.library import Library
os.umask(int(sys.argv[2], 8))
library = Library(sys.argv[1])
library.add({"a": "zebra"})
db = __import__("sqlite3").connect(library.path / "documents-1.sqlite3")
db.execute("SELECT count(*) FROM documents").fetchone()
library.add({"b": "zebra"})
for folder, _, files in os.walk(os.path.dirname(sys.argv[1])):
    print(oct(os.stat(folder).st_mode & 0o777), folder)
    for name in files:
        print(oct(os.stat(os.path.join(folder, name)).st_mode & 0o777), name)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", ["000", "022", "077"])
def test_only_the_owner_may_read_a_library(tmp_path: Path, umask: str) -> None:
    """Folders and files, the lock and the log, have no permissions for others."""
    done = run(_LOOSE, str(tmp_path / "above" / "library"), umask)
    modes = {line.split()[0] for line in done.stdout.splitlines()}
    assert modes == {"0o700", "0o600"}, done.stdout + done.stderr
    assert "-wal" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_library_that_others_could_read_is_closed_to_them(office: Library) -> None:
    """One that an older version made is closed at the next add."""
    for each in [office.path, *office.path.iterdir()]:
        each.chmod(0o755 if each.is_dir() else 0o644)
    office.add({"new": "zebra"})
    modes = {stat.S_IMODE(each.stat().st_mode) for each in office.path.iterdir()}
    assert (modes, stat.S_IMODE(office.path.stat().st_mode)) == ({0o600}, 0o700)


def holds(folder: Path, word: str) -> list[str]:
    return [
        file.name
        for file in folder.rglob("*")
        if file.is_file() and word.encode() in file.read_bytes().lower()
    ]


@pytest.mark.parametrize("how", ["removed", "replaced", "pruned"])
def test_what_is_removed_leaves_the_disk(tmp_path: Path, how: str) -> None:
    """No file of the library holds the word, in the index or in the text."""
    folder, source = tmp_path / "library", tmp_path / "source"
    source.mkdir()
    for name, text in MANY.items():
        (source / f"{name}.txt").write_text(text)
    (source / "secret.txt").write_text("Canaryword sings. " * 200)
    library = Library(folder)
    library.add(source)
    assert holds(folder, "canaryword")
    if how == "removed":
        (name,) = names(library, "canaryword")
        assert library.remove(name)
    elif how == "replaced":
        (source / "secret.txt").write_text("Another text.")
        assert library.add(source).updated == 1
    else:
        (source / "secret.txt").unlink()
        assert len(library.add(source, prune=True).removed) == 1
    assert holds(folder, "canarywo") == []
    assert names(library, "word17") != []


def test_the_room_of_what_is_removed_goes_back_to_the_disk(tmp_path: Path) -> None:
    """The database is as small as if the document had never been there."""
    library = Library(tmp_path / "library")
    library.add(OFFICE)
    before = (library.path / DATABASE).stat().st_size
    library.add({"long": "The zebra sleeps. " * 30_000})
    assert library.remove("long")
    assert (library.path / DATABASE).stat().st_size < before + 50_000


def test_what_a_search_held_leaves_the_disk_with_the_next_add(tmp_path: Path) -> None:
    """A reader of an older version does not break, and the text goes when it has ended."""
    library = Library(tmp_path / "library")
    library.add({"secret": "Canaryword sings.", **OFFICE})
    with closing(sqlite3.connect(tmp_path / "library" / DATABASE, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM documents").fetchone()
        library.remove("secret")
        assert db.execute("SELECT text FROM passages WHERE id = 1").fetchone()
        db.execute("COMMIT")
    library.add({"new": "zebra"})
    assert holds(library.path, "canarywo") == []


def old_layout(folder: Path, texts: dict[str, str]) -> None:
    """Write a library as version 0.1 did, with nulls in the columns of the other kind of row."""
    import lancedb
    import pyarrow as pa

    folder.mkdir()
    (folder / "docsum_library.json").write_text('{"format": "docsum_nb library", "layout": 1}')
    rows = []
    for name, text in texts.items():
        whole = {"document": name, "number": 0, "digest": "old", "path": f"/x/{name}"}
        rows.append({**whole, "pages": [0], "metadata": '{"k": 1}', "document_terms": text})
        half = len(text) // 2
        for number, start in ((1, 0), (2, half)):
            part = text[start:half] if start == 0 else text[half:]
            row = {"document": name, "number": number, "text": part, "start": start}
            rows.append({**row, "headings": ["H"], "passage_terms": part})
    schema = pa.schema(
        [
            *(pa.field("document", pa.string()), pa.field("number", pa.int32())),
            *(pa.field("digest", pa.string()), pa.field("path", pa.string())),
            *(pa.field("pages", pa.list_(pa.int64())), pa.field("metadata", pa.string())),
            *(pa.field("document_terms", pa.string()), pa.field("text", pa.string())),
            *(pa.field("start", pa.int64()), pa.field("headings", pa.list_(pa.string()))),
            pa.field("passage_terms", pa.string()),
        ]
    )
    table = pa.Table.from_pylist(rows, schema=schema)
    lancedb.connect(str(folder)).create_table("passages", table)


def test_a_library_of_the_first_layout_is_brought_up_to_date(tmp_path: Path) -> None:
    """Names, paths, metadata and spans stay; its old files are deleted."""
    folder = tmp_path / "old"
    old_layout(folder, {name: text + " zebra. " * 2_000 for name, text in OFFICE.items()})
    library = Library(folder)
    assert set(names(library, "zebra")) == set(OFFICE)
    (hit,) = library.search("late payments", 1)
    assert (hit.name, hit.metadata["path"], hit.metadata["k"]) == ("payments", "/x/payments", 1)
    assert (hit.metadata["headings"], hit.metadata["page"]) == (["H"], 1)
    library.add({"new": "giraffe"})
    assert len(library) == 4
    assert not (folder / "passages.lance").exists()


def test_a_first_layout_of_which_nothing_is_readable_says_what_to_do(tmp_path: Path) -> None:
    """One line, and nothing is deleted."""
    folder = tmp_path / "old"
    old_layout(folder, OFFICE)
    for file in (folder / "passages.lance").rglob("*"):
        if file.is_file():
            file.write_bytes(b"rubbish")
    with pytest.raises(LibraryError, match="move the folder away"):
        Library(folder).search("late")
    assert (folder / "passages.lance").exists()


def test_a_file_set_aside_is_named_when_a_document_is_removed(office: Library) -> None:
    """It holds the text; once it is deleted, there is no more warning."""
    damage(office.path, "UPDATE documents SET first = 'x' WHERE id = 2")
    with pytest.warns(RuntimeWarning, match="holds their text until you delete it"):
        office.add({name: text + " More." for name, text in OFFICE.items()})
    (aside,) = office.path.glob("*.damaged")
    assert b"late" in aside.read_bytes()
    with pytest.warns(RuntimeWarning, match=f"{aside.name} was set aside .* text of 'holidays'"):
        assert office.remove("holidays") in (True, False)
    aside.unlink()
    office.remove("new")


_FORMAT_2 = """
CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL,
    path TEXT, pages TEXT NOT NULL, metadata TEXT NOT NULL, terms TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE passages (id INTEGER PRIMARY KEY, document INTEGER NOT NULL, text TEXT NOT NULL,
    start INTEGER NOT NULL, headings TEXT NOT NULL, above TEXT NOT NULL, terms BLOB);
CREATE VIRTUAL TABLE document_index USING fts5(terms, content='');
CREATE VIRTUAL TABLE passage_index USING fts5(terms, content='');
PRAGMA application_id=1684955724;
PRAGMA user_version=2;
"""


def second_format(folder: Path, texts: dict[str, str]) -> None:
    """Write a library as version 0.9 did, whose index was one of SQLite."""
    folder.mkdir()
    marker = {"format": "docsum_nb library", "layout": 2, "database": DATABASE}
    (folder / "docsum_library.json").write_text(json.dumps(marker))
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_FORMAT_2)
        for number, (name, text) in enumerate(texts.items(), start=1):
            row = (number, name, "old", f"/x/{name}", "[0]", '{"k": 1}', name, number, number)
            db.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            passage = (number, number, text, 0, '["H"]', f"{name}\nH", None)
            db.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", passage)


@pytest.mark.parametrize("first", ["search", "add"])
def test_a_library_of_the_second_format_is_brought_up_to_date(tmp_path: Path, first: str) -> None:
    """By a search or by an add; names, paths, metadata and spans stay, its old file is deleted."""
    folder = tmp_path / "old"
    second_format(folder, OFFICE)
    library = Library(folder)
    if first == "add":
        library.add({"new": "giraffe"})
    (hit,) = library.search("late payments", 1)
    assert (hit.name, hit.metadata["path"], hit.metadata["k"]) == ("payments", "/x/payments", 1)
    assert (hit.metadata["headings"], hit.metadata["page"]) == (["H"], 1)
    library.add({"newer": "okapi"})
    assert len(library) == len(OFFICE) + 1 + (first == "add")
    assert [file.name for file in folder.glob("documents-*.sqlite3")] == ["documents-2.sqlite3"]
