from __future__ import annotations

import doctest
import inspect
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import pytest

import docsum_nb.library.library as library_module
from docsum_nb.errors import InputError, LibraryError
from docsum_nb.library import Library
from docsum_nb.library.store import Store
from docsum_nb.records import Added, Document

OFFICE = {
    "payments": "A payment is late when it arrives after the end of the month. "
    "Late payments cost two percent.",
    "holidays": "Holidays are asked for in writing, two weeks ahead.",
    "travel": "Journeys by train are paid back; journeys by plane need an approval.",
}


@pytest.fixture
def office(tmp_path: Path) -> Library:
    """Fill a library with three short documents."""
    library = Library(tmp_path / "office")
    library.add(OFFICE)
    return library


@pytest.fixture(scope="module")
def python_docs(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Fill a library with the documentation that comes with Python."""
    library = Library(tmp_path_factory.mktemp("python") / "library")
    library.add(topics)
    return library


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


def test_shorter_version_leaves_no_passage_of_the_longer(tmp_path: Path) -> None:
    """Replacing a long document by a short one removes all of its old passages."""
    library = Library(tmp_path)
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


def test_hits_are_distinct_documents_best_first(python_docs: Library) -> None:
    """A document with many matching passages is one hit; scores fall."""
    hits = python_docs.search("exception handling in asynchronous functions", 20)
    found = [hit.name for hit in hits]
    scores = [hit.score for hit in hits]
    assert len(found) == len(set(found)) == 20
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("query", "topic"),
    [
        ("How do I write a context manager?", "context-managers"),
        ("operator precedence", "operator-summary"),
        ("which characters may an identifier hold", "identifiers"),
        ("complex and imaginary numbers literals", "imaginary"),
    ],
)
def test_questions_find_the_topic_of_the_python_documentation(
    python_docs: Library, query: str, topic: str
) -> None:
    """On real documentation, the topic that answers a question is among the first three."""
    assert topic in names(python_docs, query, 3)


def test_hit_gives_the_place_of_its_passage(python_docs: Library) -> None:
    """A hit's passage is a readable, exact span of the document that holds the match."""
    for hit in python_docs.search("coroutine"):
        start, end = hit.metadata["start"], hit.metadata["end"]
        assert topics[hit.name][start:end] == hit.passage
        assert "corout" in hit.passage.lower()
        assert len(hit.passage.split()) <= 80


def test_hit_carries_metadata_path_page_and_headings(tmp_path: Path) -> None:
    """A hit has the document's metadata, its path, and page and headings of its passage."""
    first = "# Rules\n\n" + "Offices open at nine. " * 200
    text = first + "\n\n# Cars\n\n" + "A car may park here. " * 200 + "A zebra may not."
    document = Document("rules", text, "rules.pdf", (0, len(first)), {"year": 2024})
    library = Library(tmp_path)
    library.add([document])
    (hit,) = library.search("zebra")
    assert hit.metadata["year"] == 2024
    assert hit.metadata["path"] == "rules.pdf"
    assert hit.metadata["page"] == 2
    assert hit.metadata["headings"] == ["Cars"]
    assert "zebra" in hit.passage


def test_marks_are_the_words_that_were_searched_for(office: Library) -> None:
    """A hit marks its matching words, in other forms too, and no others."""
    (hit,) = office.search("paying late")
    assert [hit.passage[start:end] for start, end in hit.marks] == [
        *("payment", "late", "Late", "payments")
    ]


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

    (library.path / "docsum_library.json").write_text("rubbish")
    assert "is damaged" in library.to_text()


def test_a_large_library_lists_its_first_documents(tmp_path: Path) -> None:
    """Fifty are listed by name, and how many more there are."""
    library = Library(tmp_path)
    library.add({f"document {n:02}": "Text." for n in range(60)})
    lines = library.to_text().splitlines()
    assert lines[-52:-50] == ["document", "document 00"]
    assert lines[-2:] == ["document 49", "… and 10 more"]


@pytest.mark.parametrize(
    "query",
    [
        '"late payment"',
        "(late OR",
        "late AND NOT payment",
        "+late -payment",
        "text:late*",
        "late\x00payment",
        "late\ud800 payment",
        "'; DROP TABLE passages; -- late",
        "ｌａｔｅ late 🚆",
        "lâte late",
        "late " + "x" * 100_000,
    ],
)
def test_query_is_never_parsed(office: Library, query: str) -> None:
    """Operators, quotes, wild cards and rubbish in a query are plain text."""
    assert "payments" in names(office, query)


@pytest.mark.parametrize("query", ["zebra", "the", "!?", '"', "東京", "\x00", "🚆", "x" * 5000])
def test_no_match_is_an_empty_list(office: Library, query: str) -> None:
    """A query that matches nothing gives no hits and no error."""
    assert office.search(query) == []


def test_a_whole_text_as_query_finds_its_document(python_docs: Library) -> None:
    """A query of ten thousand words is answered, by the document it was mostly taken from."""
    query = topics["imaginary"] + " " + " ".join(" ".join(topics.values()).split()[:10_000])
    assert len(python_docs.search(query)) == 10
    assert names(python_docs, topics["context-managers"], 1) == ["context-managers"]


def test_scripts_without_spaces_are_found(tmp_path: Path) -> None:
    """Chinese and Japanese text is found by a word inside a sentence, accents do not matter."""
    library = Library(tmp_path)
    library.add(
        {"ja": "私は昨日東京に行きました。", "zh": "今天天气很好。", "fr": "Un café très noir."}
    )
    assert names(library, "東京") == ["ja"]
    assert names(library, "天气") == ["zh"]
    assert names(library, "cafe") == ["fr"]


@pytest.mark.parametrize("query", ["", "  \n\t"])
def test_blank_query_is_refused(office: Library, query: str) -> None:
    """A blank query is an input error."""
    with pytest.raises(InputError, match="what to look for"):
        office.search(query)


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(office: Library, k: int) -> None:
    """Asking for no documents is an input error."""
    with pytest.raises(InputError, match="at least one"):
        office.search("late", k)


def test_k_beyond_the_library_gives_all_matches(office: Library) -> None:
    """A k far beyond the number of documents gives all that match."""
    assert sorted(names(office, "payment journey holidays", 10**12)) == sorted(OFFICE)


def test_searching_nothing_says_how_to_fill_it(tmp_path: Path) -> None:
    """Searching where there is no library tells in one line how to fill it."""
    with pytest.raises(InputError, match=r"fill it with Library\(.*\)\.add") as caught:
        Library(tmp_path / "none").search("late")
    assert "\n" not in str(caught.value)


def test_odd_names_and_texts_are_kept(tmp_path: Path) -> None:
    """Quotes, surrogates and other odd characters in names and texts survive."""
    odd = {'it\'s; "odd"': "zebra one", "sur\udcffrogate": "zebra \ud800 two", "日本/x.md": "zebra"}
    library = Library(tmp_path)
    library.add([Document(name, text) for name, text in odd.items()])
    assert len(library.search("zebra")) == 3
    assert library.add([Document(name, text) for name, text in odd.items()]).unchanged == 3
    assert library.remove('it\'s; "odd"')
    assert len(library) == 2


def test_metadata_beyond_json_is_refused(tmp_path: Path) -> None:
    """Metadata that JSON cannot hold names the document, and nothing is written."""
    with pytest.raises(InputError, match="'odd'"):
        Library(tmp_path / "new").add([Document("odd", "text", metadata={"x": object()})])
    assert not (tmp_path / "new").exists()


def test_same_name_twice_is_refused(tmp_path: Path) -> None:
    """Two documents of one name cannot be told apart."""
    with pytest.raises(InputError, match="'same'"):
        Library(tmp_path / "new").add([Document("same", "one"), Document("same", "two")])


def test_another_folder_taking_the_place_is_seen(tmp_path: Path) -> None:
    """A library that was moved away and made anew under the same path shows the new content."""
    library = Library(tmp_path / "lib")
    library.add({"old": "zebra one"})
    assert names(library, "zebra") == ["old"]
    (tmp_path / "lib").rename(tmp_path / "moved")
    library.add({"new": "zebra two"})
    assert names(library, "zebra") == ["new"]
    assert names(Library(tmp_path / "moved"), "zebra") == ["old"]


def test_library_can_be_pickled(office: Library) -> None:
    """A library is only a path, and goes to other processes."""
    office.search("late")
    assert names(pickle.loads(pickle.dumps(office)), "paying late") == ["payments"]


def test_damaged_table_is_explained(office: Library) -> None:
    """Damaged files give one line that says what to do, whichever file it is."""
    for file in (office.path / "passages.lance").rglob("*"):
        if file.is_file():
            file.write_bytes(b"rubbish")
    for use in (lambda: len(Library(office.path)), lambda: office.add({"x": "y"})):
        with pytest.raises(LibraryError, match="add the documents again") as caught:
            use()
        assert "\n" not in str(caught.value)


def test_threads_add_and_search_at_once(tmp_path: Path) -> None:
    """Two threads that add and two that search at the same time all succeed."""
    library = Library(tmp_path)
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


def test_processes_add_at_once(tmp_path: Path) -> None:
    """Two processes that fill a new library at the same time, one document in common, succeed."""
    arguments = [[sys.executable, "-c", _ADDER, prefix, str(tmp_path / "lib")] for prefix in "ab"]
    processes = [subprocess.Popen(each) for each in arguments]
    assert [process.wait(120) for process in processes] == [0, 0]
    library = Library(tmp_path / "lib")
    assert len(library) == len(library.search("zebra", 50)) == 17


def _version(word: str) -> dict[str, str]:
    text = "\n\n".join(f"{word} paragraph {i}. " * 30 for i in range(25))
    return {f"document {i}": f"{text} {i}" for i in range(150)}


_UPDATE = f"""
import sys
from docsum_nb.library import Library
{inspect.getsource(_version)}
Library(sys.argv[1]).add(_version("newword"))
"""


def _kill_update(folder: Path, *, commits: int) -> None:
    """Update a library in a child process, and kill it once it has made some commits."""
    versions = folder / "passages.lance" / "_versions"
    before = len(list(versions.iterdir())) if versions.exists() else 0
    child = subprocess.Popen([sys.executable, "-c", _UPDATE, str(folder)])
    while child.poll() is None and not (
        versions.exists() and len(list(versions.iterdir())) >= before + commits
    ):
        time.sleep(0.001)
    child.kill()
    child.wait()


def _stored(folder: Path) -> dict[str, str]:
    """Join the passages of each document, as they are found."""
    snapshot = Store(folder).snapshot()
    assert snapshot
    found: dict[str, dict[int, str]] = {}
    for match in snapshot.match_passages(["oldword", "newword"], limit=10**6):
        found.setdefault(match.document, {})[match.start] = match.text
    return {name: "".join(part for _, part in sorted(found[name].items())) for name in found}


@pytest.mark.parametrize("commits", [1, 2, 3, 4])
def test_killed_update_leaves_each_document_old_or_new(tmp_path: Path, commits: int) -> None:
    """A document of an update that was killed is wholly old or new, and adding again finishes."""
    old, new = _version("oldword"), _version("newword")
    library = Library(tmp_path)
    library.add(old)
    _kill_update(tmp_path, commits=commits)
    stored = _stored(tmp_path)
    assert stored.keys() == old.keys()
    assert all(text.strip() in (old[name], new[name]) for name, text in stored.items())
    assert len(library) == len(old)
    done = library.add(new)
    assert done.updated + done.unchanged == len(new)
    assert {name: text.strip() for name, text in _stored(tmp_path).items()} == new


@pytest.mark.parametrize("commits", [1, 2, 4])
def test_killed_first_add_leaves_whole_documents(tmp_path: Path, commits: int) -> None:
    """A first add that was killed, even while the table was made, leaves whole documents only."""
    new = _version("newword")
    _kill_update(tmp_path / "lib", commits=commits)
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
    snapshot = Store(office.path).snapshot()
    assert snapshot
    office.add({"late": "late late late", "payments": "nothing"})
    office.remove("travel")
    assert [name for name, _ in snapshot.match_documents(["late"], limit=9)] == ["payments"]
    assert snapshot.count() == 3


def test_an_address_is_refused() -> None:
    """An address of an object store is refused, instead of becoming a folder of that name."""
    with pytest.raises(InputError, match="give the path of a folder"):
        Library("s3://bucket/library")


_FORK = """
import multiprocessing, sys
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
def test_forked_child_is_told_instead_of_hanging(tmp_path: Path) -> None:
    """A child forked before the first use works; one forked later gets a line that says why not."""
    done = run(_FORK, str(tmp_path))
    first, second, found = done.stdout.splitlines()
    assert (first, found, done.stderr) == ("added", "['two']", "")
    assert "'spawn'" in second


_SILENT = """
import sys
from docsum_nb.library import Library
library = Library(sys.argv[1])
assert not {"lancedb", "pyarrow", "filelock"} & set(sys.modules)
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


def test_marker_is_written_first_and_whole(office: Library) -> None:
    """The folder says what it is and which layout it has."""
    assert json.loads((office.path / "docsum_library.json").read_text()) == {
        "format": "docsum_nb library",
        "layout": 1,
    }


def test_examples_in_the_docstrings_hold() -> None:
    """The docstrings' examples print what they claim."""
    assert doctest.testmod(library_module).failed == 0
