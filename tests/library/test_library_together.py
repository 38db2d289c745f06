from __future__ import annotations

import inspect
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.errors import InputError
from docsum_nb.library import Library
from docsum_nb.library.folder_store import FolderStore
from docsum_nb.library.search import hits, query_of
from docsum_nb.library.store import Snapshot
from tests.library.library_samples import run


def test_threads_add_and_search_at_once(place: str) -> None:
    """Two threads that add and two that search at the same time all succeed."""
    library = Library(place)
    library.add({"zero": "zebra zero"})
    errors: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test shows it
            errors.append(error)

    def add(prefix: str) -> None:
        for i in range(6):
            library.add({f"{prefix}{i}": f"zebra {prefix} number {i}"})

    def search() -> None:
        for _ in range(30):
            assert library.search("zebra", 100)

    works = [lambda: add("a"), lambda: add("b"), search, search]
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(library) == len(library.search("zebra", 100)) == 13


_ADDER = """
import sys
from docsum_nb.library import Library
prefix, path = sys.argv[1:]
for i in range(8):
    Library(path).add({f"{prefix}{i}": f"zebra {prefix}", "shared": f"zebra {prefix} {i}"})
"""


def test_processes_add_at_once(place: str) -> None:
    """Two processes that fill a new library at the same time, one document in common, succeed."""
    arguments = [[sys.executable, "-c", _ADDER, prefix, place] for prefix in "ab"]
    processes = [subprocess.Popen(each) for each in arguments]
    assert [process.wait(120) for process in processes] == [0, 0]
    library = Library(place)
    assert len(library) == len(library.search("zebra", 50)) == 17


def test_a_library_that_another_process_makes_is_no_foreign_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every state of a first add, a search says that there is no library yet, or finds it."""
    made = tmp_path / "made"
    Library(made).add({"a": "zebra"})
    folder = tmp_path / "lib"
    folder.mkdir()
    (folder / ".documents.draft").write_bytes(b"")
    (folder / ".documents.draft-journal").write_bytes(b"")
    with pytest.raises(InputError, match="no library"):
        Library(folder).search("zebra")

    # The first add ends between the look for the marker and the look at the folder.
    scandir = os.scandir

    def ends_first(path: Any) -> Any:
        monkeypatch.undo()
        shutil.copytree(made, folder, dirs_exist_ok=True)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", ends_first)
    assert [hit.name for hit in Library(folder).search("zebra")] == ["a"]


def _version(word: str) -> dict[str, str]:
    text = "\n\n".join(f"{word} paragraph {i}. " * 30 for i in range(25))
    return {f"document {i}": f"{text} {i}" for i in range(150)}


_UPDATE = f"""
import sys
from docsum_nb.library import Library
{inspect.getsource(_version)}
Library(sys.argv[1]).add(_version("newword"))
"""


def _kill_update(folder: Path, *, bytes_written: int) -> None:
    """Update a library in a child process, and kill it once the log has some bytes."""
    log = folder / "documents-1.sqlite3-wal"
    child = subprocess.Popen([sys.executable, "-c", _UPDATE, str(folder)])
    while child.poll() is None and _size(log) < bytes_written:
        time.sleep(0.001)
    child.kill()
    child.wait()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _stored(folder: Path) -> dict[str, str]:
    """Join the passages of each document, as they are found."""
    found = Library(folder).search("oldword newword", 10**6) if len(Library(folder)) else []
    passages = FolderStore(folder).read(lambda snapshot: snapshot.passages(range(1, 100_000)))
    texts: dict[str, str] = {}
    with closing(sqlite3.connect(folder / "documents-1.sqlite3")) as db:
        query = "SELECT passages.id, name FROM passages JOIN documents ON documents.id = document"
        for number, name in db.execute(f"{query} ORDER BY passages.id"):
            texts[name] = texts.get(name, "") + (passages or {})[number].text
    assert {hit.name for hit in found} == texts.keys()
    return texts


@pytest.mark.long
@pytest.mark.parametrize("written", [1, 100_000, 1_000_000, 3_000_000])
def test_killed_update_leaves_each_document_old_or_new(tmp_path: Path, written: int) -> None:
    """A document of an update that was killed is wholly old or new, and adding again finishes."""
    old, new = _version("oldword"), _version("newword")
    library = Library(tmp_path)
    library.add(old)
    _kill_update(tmp_path, bytes_written=written)
    stored = _stored(tmp_path)
    assert stored.keys() == old.keys()
    assert all(text.strip() in (old[name], new[name]) for name, text in stored.items())
    assert len(library) == len(old)
    done = library.add(new)
    assert done.updated + done.unchanged == len(new)
    assert {name: text.strip() for name, text in _stored(tmp_path).items()} == new


@pytest.mark.long
@pytest.mark.parametrize("written", [1, 100_000, 1_000_000])
def test_killed_first_add_leaves_whole_documents(tmp_path: Path, written: int) -> None:
    """A first add that was killed, even while the table was made, leaves whole documents only."""
    new = _version("newword")
    _kill_update(tmp_path / "lib", bytes_written=written)
    library = Library(tmp_path / "lib")
    stored = _stored(tmp_path / "lib")
    assert all(text.strip() == new[name] for name, text in stored.items())
    assert len(library) == len(stored)
    done = library.add(new)
    assert (done.added + done.unchanged, len(library)) == (len(new), len(new))


def test_what_another_process_added_is_found_by_the_next_search(office: Library) -> None:
    """A search sees what another process added since the last one."""
    assert office.search("zebra") == []
    assert run(_ADDER, "other", str(office.path)).returncode == 0
    assert len(office.search("zebra")) == 9


def test_a_snapshot_does_not_change(office: Library) -> None:
    """What is opened for one search stays as it was, whatever is written meanwhile."""

    def look(snapshot: Snapshot) -> None:
        assert snapshot.count() == 3
        office.add({"late": "late late late", "payments": "nothing"})
        office.remove("travel")
        assert [hit.name for hit in hits(snapshot, query_of("late"), 9)] == ["payments"]
        assert snapshot.count() == 3

    office._store.read(look)
    assert len(office) == 3
    assert not list(office.search("train"))


_FORK = """
import multiprocessing, sys, warnings
# From 3.12 on, Python says what is tested here.
warnings.filterwarnings("ignore", "This process", DeprecationWarning)
from docsum_nb.errors import LibraryError
from docsum_nb.library import Library
library = Library(sys.argv[1])
def child():
    try:
        library.add({"two": "zebra"})
    except LibraryError as error:
        print(error, flush=True)
    else:
        print("added", flush=True)
context = multiprocessing.get_context("fork")
for use in (lambda: None, lambda: library.search("zebra")):
    use()
    process = context.Process(target=child)
    process.start()
    process.join()
print(sorted(hit.name for hit in library.search("zebra")))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_uses_a_library(place: str) -> None:
    """A child works, whether it was forked before the first use or after."""
    done = run(_FORK, place)
    assert (done.stdout.splitlines(), done.stderr) == (["added", "added", "['two']"], "")
