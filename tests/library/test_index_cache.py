"""What searches keep of an index is never older than the library."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from docsum_nb.library import Library, index_cache
from docsum_nb.library.folder_snapshot import FolderSnapshot
from docsum_nb.library.index_cache import _Kept
from tests.library.library_samples import OFFICE, names, run

CHANGE = """
import sys
from docsum_nb.library import Library
library = Library(sys.argv[1])
library.add({"payments": "Nothing of it is left.", "fees": "Late fees are paid by the month."})
library.remove("travel")
"""


def test_another_process_changes_the_library(office_folder: Library) -> None:
    """A search that follows finds what is there, and nothing else."""
    assert names(office_folder, "late") == ["payments"]
    assert names(office_folder, "train") == ["travel"]
    done = run(CHANGE, str(office_folder.path))
    assert done.returncode == 0, done.stderr
    assert names(office_folder, "late") == ["fees"]
    assert names(office_folder, "train") == []


def test_a_folder_is_replaced(tmp_path: Path) -> None:
    """Also if the new library has the same path and as many passages."""
    library = Library(tmp_path / "library")
    library.add(OFFICE)
    assert names(library, "late") == ["payments"]
    (tmp_path / "library").rename(tmp_path / "old")
    library.add(dict.fromkeys(("a", "b", "c"), "Trains are late."))
    assert sorted(names(library, "late")) == ["a", "b", "c"]
    assert names(Library(tmp_path / "old"), "late") == ["payments"]


def test_a_second_search_reads_no_index(
    office_folder: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither blocks nor postings; the first search after a change reads them."""
    read: list[str] = []
    for name in ("blocks", "postings", "sizes"):
        whole = getattr(FolderSnapshot, name)

        def noted(self: FolderSnapshot, *args: object, name: str = name, whole: object = whole):  # type: ignore[no-untyped-def]
            # Asked for no terms, it reads none.
            if args != ([],):
                read.append(name)
            return whole(self, *args)  # type: ignore[operator]

        monkeypatch.setattr(FolderSnapshot, name, noted)
    first = office_folder.search("late payments")
    read.clear()
    assert office_folder.search("late payments") == first
    assert read == []
    office_folder.add({"more": "Late again."})
    office_folder.search("late payments")
    assert {*read} == {"blocks", "postings"}


def test_a_search_reads_while_others_write(tmp_path: Path) -> None:
    """Every document that was there when the search began is found, and no other."""
    library = Library(tmp_path / "library")
    library.add({"0": "Late number 0."})
    done = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not done.is_set():
            before = len(library)
            found = len(library.search("late", k=100))
            after = len(library)
            if not before <= found <= after:
                wrong.append((before, found, after))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 25):
        library.add({str(number): f"Late number {number}."})
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(library.search("late", k=100)) == 25


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, office_folder: Library) -> None:
    """The least recently used goes first; without room, a search finds the same."""
    kept = _Kept(100)
    for number in range(10):
        kept.put(number, np.zeros(1), 20)
    assert [kept.get(number) is not None for number in range(10)] == [False] * 5 + [True] * 5
    kept.put("large", "x", 30)
    assert kept.get("large") is None
    monkeypatch.setattr(index_cache, "_KEPT", _Kept(0))
    assert names(office_folder, "late payments") == ["payments"]
