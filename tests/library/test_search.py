from __future__ import annotations

from pathlib import Path
from pydoc_data.topics import topics

import pytest

from docsum_nb.errors import InputError
from docsum_nb.library import Library
from docsum_nb.records import Document, Hit
from tests.library.library_samples import OFFICE, names


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


def test_a_printed_hit_is_harmless() -> None:
    """A stranger's name and passage reach the terminal without what would steer it."""
    printed = str(Hit("a\x1b[31m.md", "red\u202e\n text", 1.0))
    assert printed == "a␛[31m.md: red text"


def test_common_words_of_a_large_library_count_and_find_nothing_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rare words find is ranked as if all were looked at; a common word alone is found."""
    texts = {f"d{i}": f"A {'valley' if i % 3 else 'system'} number{i}." for i in range(40)}
    texts |= {"rare": "A zebra.", "both": "A zebra in a system.", "far": "The okapi and a zebra."}
    library = Library(tmp_path / "library")
    library.add(texts)
    all_at_once = names(library, "zebra system okapi", 3)
    monkeypatch.setattr("docsum_nb.library.store._MOST_FOUND", 6)
    assert names(library, "zebra system okapi", 50) == all_at_once
    assert set(all_at_once) == {"rare", "both", "far"}
    assert len(names(library, "system", 50)) == 15
    assert names(library, "system number7", 50) == ["d7"]
