from __future__ import annotations

from pydoc_data.topics import topics
from typing import Any

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


def test_hit_carries_metadata_path_page_and_headings(place: str) -> None:
    """A hit has the document's metadata, its path, and page and headings of its passage."""
    first = "# Rules\n\n" + "Offices open at nine. " * 200
    text = first + "\n\n# Cars\n\n" + "A car may park here. " * 200 + "A zebra may not."
    document = Document("rules", text, "rules.pdf", (0, len(first)), {"year": 2024})
    library = Library(place)
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


def test_scripts_without_spaces_are_found(place: str) -> None:
    """Chinese and Japanese text is found by a word inside a sentence, accents do not matter."""
    library = Library(place)
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


def test_searching_nothing_says_how_to_fill_it(place: str) -> None:
    """Searching where there is no library tells in one line how to fill it."""
    with pytest.raises(InputError, match=r"fill it with Library\(.*\)\.add") as caught:
        Library(place).search("late")
    assert "\n" not in str(caught.value)


def test_a_printed_hit_is_harmless() -> None:
    """A stranger's name and passage reach the terminal without what would steer it."""
    printed = str(Hit("a\x1b[31m.md", "red\u202e\n text", 1.0))
    assert printed == "a␛[31m.md: red text"


def test_common_words_of_a_long_query_do_not_count_in_a_large_library(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what a search reads, the rarest words decide; a common word alone is found."""
    texts = {f"d{i}": f"A {'valley' if i % 3 else 'system'} number{i}." for i in range(40)}
    texts |= {"rare": "A zebra.", "both": "A zebra in a system.", "far": "The okapi and a zebra."}
    library = Library(place)
    library.add(texts)
    assert names(library, "zebra system", 2) == ["both", "rare"]
    monkeypatch.setattr("docsum_nb.library.ranking._MOST_POSTINGS", 6)
    assert set(names(library, "zebra system", 50)) == {"rare", "both", "far"}
    assert len(names(library, "system", 50)) == 15
    assert names(library, "system number7", 50) == ["d7"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("The fault E-1234 stops the pump.", "E1234"),
        ("The fault E1234 stops the pump.", "E-1234"),
        ("Order part AB_77/3-x for it.", "ab-77/3-X"),
        ("Write an e-mail to them.", "email"),
        ("वह किताबें पढ़ता है", "किताबें"),
        ("ذهبَ الولدُ إلى المدرسةِ", "المدرسة"),
        ("私は水を飲みます", "水"),
        ("今天天气很好", "天气"),
        ("한국어를 공부합니다", "공부합니다"),
        ("Cafe\u0301 au lait", "café"),
        ("Die Größe der Straße", "GRÖSSE"),
        ("ภาษาไทยง่าย", "ไทย"),
    ],
)
def test_words_of_any_script_and_identifiers_are_found(place: str, text: str, query: str) -> None:
    """However they are written: with or without marks, hyphens, and spaces around them."""
    library = Library(place)
    library.add({"it": text, "other": "Nothing of all that.", "third": "Fault AB 12 of a pump."})
    assert names(library, query, 1) == ["it"]


def test_documents_with_the_phrase_come_first(place: str) -> None:
    """A phrase in quotation marks and an identifier count to the letter, and exclude nothing."""
    library = Library(place)
    others = {f"d{i}": "Time of notice. A notice in time, time and notice." for i in range(5)}
    library.add({**others, "it": "Leave needs planning. " * 40 + "It ends with the notice\ntime."})
    assert names(library, 'What is the "notice time"?')[0] == "it"
    assert len(library.search("notice time")) == 6
    library.add({"pump": "Code 7 of E-77, E-78, E-7: the valve.", "it": "On E-7.1 call Ann. " * 9})
    assert names(library, "what does E-7.1 mean: valve, code E-77 or E-78?", 2) == ["pump", "it"]
    assert names(library, "valve E-7.1", 1) == ["it"]


def test_a_word_of_most_texts_still_counts(place: str) -> None:
    """Of two texts, the one with the word is found, though more than half have it."""
    library = Library(place)
    library.add({f"d{i}": f"The pump number{i}." for i in range(9)} | {"none": "A valve."})
    assert len(library.search("pump")) == 9


CLAIMS = {"team": "claims", "year": 2024, "open": True, "a'b\"c": None}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"team": "claims"}, ["a"]),
        ({"team": ["claims", "sales"]}, ["a", "b"]),
        ({"year": 2024}, ["a"]),
        ({"year": 2023.0, "team": "sales"}, ["b"]),
        ({"open": True}, ["a"]),
        ({"open": 1}, ["c"]),
        ({"a'b\"c": None}, ["a"]),
        ({"team": "claims' OR '1'='1"}, []),
        ({"team') OR 1 --": "claims"}, []),
        ({"team": "CLAIMS"}, []),
        ({"team": []}, []),
        ({"year": 10**400 // 10**380}, []),
        ({}, ["a", "b", "c", "d"]),
        (None, ["a", "b", "c", "d"]),
    ],
)
def test_a_filter_by_metadata(
    place: str, where: dict[str, object] | None, found: list[str]
) -> None:
    """All keys must fit, types count, and nothing in a key or a value is an operator."""
    library = Library(place)
    library.add(
        [
            Document("a", "A zebra.", metadata=CLAIMS),
            Document("b", "A zebra.", metadata={"team": "sales", "year": 2023, "open": False}),
            Document("c", "A zebra.", metadata={"open": 1}),
            Document("d", "A zebra."),
        ]
    )
    assert sorted(hit.name for hit in library.search("zebra", where=where)) == found
    assert sorted(hit.name for hit in library.related('"zebra"', where=where)) == found
    assert sorted(hit.name for hit in library.search('"a zebra"', where=where)) == found


@pytest.mark.parametrize("where", ["team", [("team", "x")], {1: "x"}, {"team": {"x": 1}}])
def test_what_is_no_filter_is_refused(office: Library, where: Any) -> None:
    """The message says what one looks like."""
    with pytest.raises(InputError, match="where"):
        office.search("late", where=where)
