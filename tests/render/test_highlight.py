"""A passage on one line, with what was searched for kept apart."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.records import Hit
from docsum_nb.render.highlight import joined, marked_line
from docsum_nb.render.one_line import one_line
from tests.results.result_samples import ORDINARY


def marked(text: str, *marks: tuple[int, int], max_chars: int = 100) -> list[str]:
    """List what is marked."""
    spans = marked_line(text, marks, max_chars=max_chars)
    return [span.text for span in spans if span.marked]


def test_marks_follow_their_words_through_cleaning() -> None:
    """Controls become pictures, marks of direction vanish, white space shrinks: marks stay put."""
    text = "a\x1b  \u202elate\n\n fee  is due"

    assert marked(text, (text.index("late"), text.index("late") + 4)) == ["late"]
    assert marked(text, (text.index("late"), text.index(" is"))) == ["late fee"]
    assert marked(text, (0, 2)) == ["a␛"]


def test_marks_behind_many_blanks_stay_on_their_words() -> None:
    """What is not looked at before the text does not move them."""
    blanks = 10_000
    text = " " * blanks + "late fee"
    assert marked(text, (blanks + 5, blanks + 8)) == ["fee"]


def test_two_marks_side_by_side_stay_two() -> None:
    """The blank between two words that matched is not marked."""
    assert marked("late payments", (0, 4), (5, 13)) == ["late", "payments"]


def test_marks_beyond_what_is_shown_are_gone() -> None:
    """Of a shortened passage, the ellipsis is never marked."""
    assert marked("word " * 30 + "late", (150, 154), max_chars=40) == []
    assert marked("alpha beta gamma delta", (0, 22), max_chars=18) == ["alpha beta gamma "]


@given(
    st.text(st.characters(), max_size=120),
    st.lists(st.tuples(st.integers(-9, 150), st.integers(-9, 150)), max_size=6),
    st.integers(10, 80),
)
def test_marks_never_change_what_is_read(
    text: str, marks: list[tuple[int, int]], max_chars: int
) -> None:
    """Whatever the marks, the line is the same, and no span of it is empty."""
    spans = marked_line(text, marks, max_chars=max_chars)

    assert joined(spans) == one_line(text, max_chars=max_chars)
    assert all(span.text for span in spans)


def test_markdown_shows_marks_in_bold_and_text_leaves_them_out() -> None:
    """A mark that could not be bold is left unchanged, rather than shown with stars."""
    hit = Hit("n", "Pay late (or not) here.", 1.0, marks=((4, 8), (9, 17), (18, 22)))
    summary = replace(ORDINARY, related=(hit,))

    assert "> Pay **late** (or not) **here**." in summary.to_markdown()
    assert "“Pay late (or not) here.”" in summary.to_text()
