from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from docsum_nb.errors import LibraryError
from docsum_nb.library import Library
from docsum_nb.library.folder import Marker, marker_of, writing


def marker(folder: Path) -> Path:
    """Name the file that makes a folder a library."""
    return folder / "docsum_library.json"


def test_a_folder_becomes_a_library_once(tmp_path: Path) -> None:
    """Nothing and an empty folder are no library yet; a second add leaves the marker alone."""
    folder = tmp_path / "a" / "b"
    assert marker_of(folder) is None
    with writing(folder):
        assert marker_of(folder) is None
    Library(folder).add({"a": "zebra"})
    before = marker(folder).stat()
    Library(folder).add({"b": "zebra"})
    assert marker_of(folder) == Marker(folder / "documents-1.sqlite3")
    assert marker(folder).stat().st_mtime_ns == before.st_mtime_ns


def test_remains_of_a_killed_first_add_are_no_obstacle(tmp_path: Path) -> None:
    """A folder with the lock, half a marker and half a database can still become a library."""
    with writing(tmp_path):
        (tmp_path / ".docsum_library.draft").write_text('{"for')
        (tmp_path / ".documents.draft").write_bytes(b"SQLite")
    assert marker_of(tmp_path) is None
    Library(tmp_path).add({"a": "zebra"})
    assert len(Library(tmp_path)) == 1


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    """A file, or a folder below a file, is refused with one line."""
    file = tmp_path / "file"
    file.write_text("mine")
    for path in (file, file / "below"):
        for use in (lambda p=path: len(Library(p)), lambda p=path: Library(p).add({"a": "b"})):
            with pytest.raises(LibraryError, match="is a file"):
                use()
    assert file.read_text() == "mine"


def test_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder with other data is refused, and not one file in it changes or appears."""
    (tmp_path / "data.lance").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    for use in (lambda: Library(tmp_path).search("x"), lambda: Library(tmp_path).add({"a": "b"})):
        with pytest.raises(LibraryError, match="not a library"):
            use()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.lance", "notes.txt"]


@pytest.mark.parametrize("layout", ["1e999", "[]", "null"])
def test_marker_that_makes_no_sense_is_damage(tmp_path: Path, layout: str) -> None:
    """Whatever stands there in place of a number, the error says what to do."""
    marker(tmp_path).write_text(f'{{"format": "docsum_nb library", "layout": {layout}}}')
    with pytest.raises(LibraryError, match="is damaged"):
        len(Library(tmp_path))


def test_newer_layout_is_refused(tmp_path: Path) -> None:
    """A library of a later layout asks for an update, and is not touched."""
    marker(tmp_path).write_text(json.dumps({"format": "docsum_nb library", "layout": 3}))
    for use in (lambda: Library(tmp_path).search("x"), lambda: Library(tmp_path).add({"a": "b"})):
        with pytest.raises(LibraryError, match="update docsum_nb"):
            use()
    assert [path.name for path in tmp_path.iterdir()] == ["docsum_library.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": "x", "layout": 1}', "\x00"])
def test_damaged_marker_is_explained(tmp_path: Path, text: str) -> None:
    """A marker that cannot be read says what to do."""
    marker(tmp_path).write_text(text)
    with pytest.raises(LibraryError, match="move the folder away"):
        len(Library(tmp_path))


_UNPRIVILEGED = """
import os, sys
from docsum_nb.errors import LibraryError
from docsum_nb.library import Library
os.chdir(sys.argv[1])
Library("imported").add({"one": "everything that is imported late"})
Library("imported").search("late")
for folder, _, files in os.walk("."):
    for name in files:
        os.chmod(os.path.join(folder, name), 0o444)
    os.chmod(folder, 0o555)
if os.geteuid() == 0:
    os.seteuid(65534)
print([hit.name for hit in Library("library").search("zebra")])
for path in ("library", "new"):
    try:
        Library(path).add({"two": "lion"})
    except LibraryError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_folder_without_permission_to_write_can_be_searched() -> None:
    """A library that may only be read is searched; adding says that it cannot be written."""
    # Pytest's own temporary folder is closed to the user that root becomes in the child.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Library(folder / "library").add({"one": "zebra"})
        done = subprocess.run(
            [sys.executable, "-c", _UNPRIVILEGED, name],
            capture_output=True,
            text=True,
            check=False,
            timeout=150,
        )
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
    assert done.stderr == ""
    found, *refused = done.stdout.splitlines()
    assert found == "['one']"
    assert len(refused) == 2
    assert all("cannot be written" in line for line in refused)
