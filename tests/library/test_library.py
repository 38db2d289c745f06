from __future__ import annotations

import doctest
import json
import math
import pickle
from pathlib import Path
from typing import Any

import pytest

import docsum_nb.library.library as library_module
from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library import Library
from docsum_nb.records import Document
from docsum_nb.results import Added
from tests.library.library_samples import OFFICE, names, run


def test_added_documents_are_counted_and_found(office: Library) -> None:
    """What was added can be counted, and found by other forms of its words."""
    assert len(office) == 3
    assert names(office, "who approves my journey?")[0] == "travel"
    assert names(office, "paying late") == ["payments"]


def test_add_tells_what_changed(office: Library) -> None:
    """Unchanged documents are skipped, changed text or metadata replaces, new ones are added."""
    assert office.add(OFFICE) == Added(unchanged=3)
    changed = office.add({**OFFICE, "travel": "Nobody travels.", "parking": "Cars park outside."})
    assert changed == Added(added=1, updated=1, unchanged=2, passages=2)
    assert names(office, "plane approval") == []
    assert names(office, "nobody travels") == ["travel"]
    again = Document("parking", "Cars park outside.", metadata={"floor": 2})
    assert office.add([again]) == Added(updated=1, passages=1)
    assert office.search("cars")[0].metadata["floor"] == 2


def test_shorter_version_leaves_no_passage_of_the_longer(place: str) -> None:
    """Replacing a long document by a short one removes all of its old passages."""
    library = Library(place)
    library.add({"long": "\n\n".join(f"Paragraph {i} speaks of zebras." * 9 for i in range(90))})
    library.add({"long": "Now it speaks of lions."})
    assert names(library, "zebras") == []
    assert names(library, "lions") == ["long"]


def test_a_removed_document_is_gone(office: Library) -> None:
    """Removing tells whether the document was there, and takes its passages along."""
    assert office.remove("travel")
    assert not office.remove("travel")
    assert names(office, "journeys by train") == []
    assert len(office) == 2


def test_removing_from_nothing_makes_no_folder(tmp_path: Path) -> None:
    """Removing, counting and displaying never make the folder."""
    library = Library(tmp_path / "none")
    assert (library.remove("x"), len(library), bool(library)) == (False, 0, True)
    assert "none" in repr(library)
    assert not (tmp_path / "none").exists()


def test_a_library_displays_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is added, afterwards, and when it is damaged: looking never raises."""
    monkeypatch.chdir(tmp_path)
    library = Library("lib")
    assert library.to_text() == "Library lib: nothing was added yet"
    assert not library.path.exists()

    library.add([Document("b", "Two.", "b.pdf", (0, 2)), Document("a", "One.")])
    assert library.to_text().splitlines() == [
        "Library lib: 2 documents, 2 passages",
        "document  file   pages",
        "a",
        "b         b.pdf      2",
    ]
    assert "<table" in library._repr_mimebundle_()["text/html"]
    assert repr(library) == "Library('lib')"

    for file in library.path.glob("documents-1.sqlite3*"):
        file.write_text("rubbish")
    # The path decides where lines are broken.
    assert "is damaged" in " ".join(library.to_text().split())


def test_a_large_library_lists_its_first_documents(place: str) -> None:
    """Fifty are listed by name, and how many more there are."""
    library = Library(place)
    library.add({f"document {n:02}": "Text." for n in range(60)})
    lines = library.to_text().splitlines()
    assert lines[-52:-50] == ["document", "document 00"]
    assert lines[-2:] == ["document 49", "… and 10 more"]


def test_odd_names_and_texts_are_kept(place: str) -> None:
    """Quotes, surrogates and other odd characters in names and texts survive."""
    odd = {'it\'s; "odd"': "zebra one", "sur\udcffrogate": "zebra \ud800 two", "日本/x.md": "zebra"}
    library = Library(place)
    library.add([Document(name, text) for name, text in odd.items()])
    assert len(library.search("zebra")) == 3
    assert library.add([Document(name, text) for name, text in odd.items()]).unchanged == 3
    assert library.remove('it\'s; "odd"')
    assert len(library) == 2


@pytest.mark.parametrize("odd", [object(), math.nan, (1, 2), {1: "one"}])
def test_metadata_beyond_json_is_refused(tmp_path: Path, odd: object) -> None:
    """Metadata that JSON cannot hold names the document, and nothing is written."""
    with pytest.raises(InputError, match="'odd'"):
        Library(tmp_path / "new").add([Document("odd", "text", metadata={"x": odd})])
    assert not (tmp_path / "new").exists()


def test_same_name_twice_is_refused(tmp_path: Path) -> None:
    """Two documents of one name cannot be distinguished."""
    with pytest.raises(InputError, match="'same'"):
        Library(tmp_path / "new").add([Document("same", "one"), Document("same", "two")])


def test_another_folder_taking_the_place_is_seen(tmp_path: Path) -> None:
    """A library that was moved away and recreated under the same path shows the new content."""
    library = Library(tmp_path / "lib")
    library.add({"old": "zebra one"})
    assert names(library, "zebra") == ["old"]
    (tmp_path / "lib").rename(tmp_path / "moved")
    library.add({"new": "zebra two"})
    assert names(library, "zebra") == ["new"]
    assert names(Library(tmp_path / "moved"), "zebra") == ["old"]


def test_a_library_follows_a_folder(tmp_path: Path, place: str) -> None:
    """New files are added, changed ones replaced and deleted ones removed; others stay."""
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.txt").write_text(f"A zebra of {name}.")
    library = Library(place)
    library.add({"other": "A zebra."})
    assert library.sync(folder).added == 3
    (folder / "one.txt").unlink()
    (folder / "two.txt").write_text("A lion.")
    (folder / "four.txt").write_text("A lion.")
    done = library.sync(folder)
    assert (done.added, done.updated, done.unchanged, done.removed) == (1, 1, 1, ("one.txt",))
    assert set(names(library, "zebra")) == {"three.txt", "other"}
    others: list[Any] = [folder / "two.txt", None, 5, [], "a" * 5_000, b"/"]
    for other in others:
        with pytest.raises(InputError, match="sync needs a folder"):
            library.sync(other)


def test_stats_count_what_a_library_holds(place: str) -> None:
    """Nothing at first, without making the folder; then documents, texts, vectors and the disk."""
    assert set(Library(place).stats().values()) == {0, None}
    assert not Path(place).exists()
    library = Library(place, embedder=_lengths)
    library.add(OFFICE)
    stats = library.stats()
    assert stats.pop("bytes") > sum(map(len, OFFICE.values()))
    assert stats.pop("embedder").endswith("_lengths")
    assert stats.pop("embedded") == "the whole"
    stats.pop("pgvector", None)
    texts = sum(map(len, OFFICE.values()))
    assert stats == {"documents": 3, "passages": 3, "vectors": 3, "characters": texts}


def _lengths(texts: list[str]) -> list[list[float]]:
    return [[1.0, float(len(text))] for text in texts]


def test_library_can_be_pickled(office: Library) -> None:
    """A library is only a path, and goes to other processes."""
    office.search("late")
    assert names(pickle.loads(pickle.dumps(office)), "paying late") == ["payments"]


def test_damaged_table_is_explained(office_folder: Library) -> None:
    """Damaged files give one line that says what to do, whichever file it is."""
    for file in office_folder.path.glob("documents-*"):
        file.write_bytes(b"rubbish")
    for use in (lambda: len(Library(office_folder.path)), lambda: office_folder.add({"x": "y"})):
        with pytest.raises(LibraryError, match="add the documents again") as caught:
            use()
        assert "\n" not in str(caught.value)


def test_an_address_is_refused() -> None:
    """An address of an object store is refused, instead of becoming a folder of that name."""
    with pytest.raises(InputError, match="give the path of a folder"):
        Library("s3://bucket/library")


@pytest.mark.parametrize("path", [None, 5, b"folder"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    """It is an input error, whatever it is."""
    with pytest.raises(InputError, match="a library is a folder's path"):
        Library(path)


_SILENT = """
import sys
from docsum_nb.library import Library
library = Library(sys.argv[1])
assert not {"lancedb", "filelock"} & set(sys.modules)
for word in ("zebra", "lion"):
    library.add({"one": word, "two": "x"})
    library.search(word)
library.remove("one")
repr(library), len(library)
"""


def test_nothing_is_printed_or_warned_and_imports_are_lazy(tmp_path: Path) -> None:
    """A library prints nothing, warns of nothing, and imports its database at first use only."""
    done = run(_SILENT, str(tmp_path / "lib"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_marker_is_written_first_and_whole(office_folder: Library) -> None:
    """The folder says what it is and which layout it has."""
    assert json.loads((office_folder.path / "docsum_library.json").read_text()) == {
        "format": "docsum_nb library",
        "layout": 2,
        "database": "documents-1.sqlite3",
    }


def test_examples_in_the_docstrings_hold() -> None:
    """The docstrings' examples print what they claim."""
    assert doctest.testmod(library_module).failed == 0
