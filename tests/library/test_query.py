from __future__ import annotations

from pydoc_data.topics import topics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.library.query import excerpt, fuse, matches, search_terms


def test_terms_are_distinct_and_informative() -> None:
    """Terms come without common words and repeats, those used most first."""
    assert search_terms("The late payment of a payment") == ["payment", "late"]


def test_terms_are_at_most_a_hundred() -> None:
    """However long the query, the terms stay few, and the most used ones are among them."""
    query = " ".join(f"word{i}" for i in range(5000)) + " zebra" * 3
    terms = search_terms(query)
    assert len(terms) == 100
    assert terms[0] == "zebra"


def test_fusion_rewards_agreement() -> None:
    """A name that is good in both rankings beats one that leads a single ranking."""
    ranking = fuse([[("a", 9.0), ("b", 8.0)], [("c", 0.3), ("b", 0.2)]])
    assert [name for name, _ in ranking] == ["b", "a", "c"]


def test_fusion_is_blind_to_the_scale_of_scores() -> None:
    """Rankings count the same, whatever their scores are; who leads both has the score 1."""
    one, other = [("a", 2.0), ("b", 1.0)], [("a", 4.0), ("c", 1.0)]
    large = [(name, 1000 * score) for name, score in other]
    assert fuse([one, other]) == fuse([one, large])
    assert fuse([one, other])[0] == ("a", 1.0)


def test_fusion_counts_a_name_once() -> None:
    """A name that a ranking repeats counts with its best score; nothing fuses to nothing."""
    assert fuse([[("a", 3.0), ("a", 2.0), ("b", 1.0)]]) == fuse([[("a", 3.0), ("b", 1.0)]])
    assert fuse([]) == fuse([[], []]) == []


def test_excerpt_is_around_the_match() -> None:
    """From a long passage, the excerpt holds the sentences with the most of the terms."""
    text = "Nothing is here. " * 60 + "Late payments cost two percent. " + "Nothing more. " * 60
    start, end = excerpt(text, ["payment", "late"])
    assert text[start:end].startswith("Late payments")
    assert len(text[start:end].split()) <= 80


def test_excerpt_of_one_long_sentence_is_cut() -> None:
    """A sentence beyond the limit is cut at words, the part with the match is shown."""
    text = "word " * 300 + "zebra " + "word " * 300
    start, end = excerpt(text, ["zebra"])
    assert "zebra" in text[start:end]
    assert len(text[start:end].split()) <= 80


@pytest.mark.parametrize("text", ["x" * 5000, "東京" * 2000])
def test_excerpt_of_text_without_spaces_is_short(text: str) -> None:
    """Text without spaces is shown in part as well."""
    start, end = excerpt(text, ["x"])
    assert 0 < end - start <= 1600


def test_excerpt_without_a_match_is_the_beginning() -> None:
    """Where no term is found, the passage is shown from its beginning."""
    start, end = excerpt(topics["with"], ["zebra"])
    assert start == 0
    assert end > 0


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_excerpt_is_a_stripped_span_of_any_text(text: str, terms: list[str]) -> None:
    """Of any text, the excerpt is a valid span without white space at its ends."""
    start, end = excerpt(text, terms)
    assert 0 <= start <= end <= len(text)
    assert text[start:end] == text[start:end].strip()


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("late payments", "Paying late: a Payment.", ["Paying", "late", "Payment"]),
        ("exceptions", "An exception, except once; expected.", ["exception", "except"]),
        ("class tuples", "Classes of a tuple, clasp", ["Classes", "tuple"]),
        ("getting attributes", "get the attribute", ["get", "attribute"]),
        ("event-loop", "the loop's event", ["loop", "event"]),
        ("cafe ｌａｔｅ", "cafe\u0301, café, late", ["cafe\u0301", "café", "late"]),
        ("東京", "私は東京に行きました。", ["東京"]),
        ("東京に", "私は東京に行きました。", ["東京に"]),
        ("zebra", "No such animal.", []),
    ],
)
def test_matches_are_words_of_the_same_stem(query: str, text: str, found: list[str]) -> None:
    """Words match in other forms, accents and parts of compounds; adjoining pairs are one."""
    spans = matches(text, search_terms(query))
    assert [text[start:end] for start, end in spans] == found


@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_matches_are_ordered_spans_of_any_text(text: str, terms: list[str]) -> None:
    """Of any text, matches are spans in order, none over another."""
    places = [place for span in matches(text, terms) for place in span]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


_ASCII = st.text(st.characters(max_codepoint=127))


@given(_ASCII, st.lists(st.text(st.characters(max_codepoint=127), max_size=5), max_size=3))
def test_text_in_ascii_is_marked_as_any_other(text: str, terms: list[str]) -> None:
    """Text in ASCII is read in another way than other text; both find the same."""
    other = f"{text} \u20ac"
    for wanted in (terms, text.split()[:3]):
        assert matches(text, wanted) == matches(other, wanted)
