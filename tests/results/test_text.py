"""A Summary in a terminal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.render.wrapping import wrap
from docsum_nb.results.text import to_text
from tests.results.result_samples import ATTACK, EMPTY, HOSTILE, ORDINARY


def test_text_shows_every_part_in_order() -> None:
    """Text, sources, documents, related documents, omissions and the facts follow one another."""
    text = to_text(ORDINARY)
    parts = [
        "Question: How did the year go?",
        "three quarters.[1] Late",
        "Sources",
        "[1] review.pdf, page 3, Numbers",
        "“Passage 1 of review.pdf.”",
        "* review.pdf (18 chunks)",
        "Related documentation",
        "Why: It differs.",
        "“First reminder on day 14.”",
        "- scan.pdf: no text on any page",
    ]

    places = [text.index(part) for part in parts]

    assert places == sorted(places)
    assert text.splitlines()[-1] == (
        "cites 2 of 2 documents · openai/gpt-4o-mini · 21 calls · 35,300 tokens · $0.0123 · 42 s"
    )


def test_hostile_text_moves_no_cursor() -> None:
    """No escape, bell, carriage return or mark of direction reaches the terminal."""
    text = to_text(HOSTILE)

    text.encode("utf-8")
    assert not set(text) & set("\x1b\x07\r\x9b\u202e\u202c\u2066\u2069\ud800")
    assert "␛[31mred" in text
    data = text[text.index("Data\n") :].partition("\n\n")[0]
    assert max(map(len, text.replace(data, "").splitlines())) <= 88


def test_extractive_note_stands_before_the_facts() -> None:
    """The text says plainly that no language model wrote it."""
    lines = to_text(replace(ORDINARY, model="extractive")).splitlines()

    assert "no language model" in " ".join(lines[-5:])


def test_empty_and_partial_results_have_a_text() -> None:
    """A result without a text says what is finished so far."""
    assert "0 documents and 0 chunks" in to_text(EMPTY)
    assert "2 documents and 1 chunk." in to_text(replace(ORDINARY, text="", citations=()))


@given(st.text("ab\u4e2d\u0301 -", max_size=400), st.sampled_from(["", "    "]))
def test_wrap_keeps_all_characters_within_88_columns(text: str, indent: str) -> None:
    """Lines hold all words, and at most 88 columns, wide characters counting two."""
    lines = wrap(text, indent=indent)

    assert "".join("".join(lines).split()) == "".join(text.split())
    widths = (sum({"中": 2, "\u0301": 0}.get(char, 1) for char in line) for line in lines)
    assert max(widths, default=0) <= 88


def test_a_megabyte_without_a_blank_is_rendered() -> None:
    """A word longer than any line is broken, in time that does not explode."""
    text = to_text(replace(ORDINARY, text="é" * 200_000 + ATTACK, citations=()))

    assert max(map(len, text.splitlines())) <= 88
