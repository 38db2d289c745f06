"""What a stranger's text may do to a screen: nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.render.one_line import clean, one_line

ANY_TEXT = st.text(st.characters(), max_size=200)  # lone surrogates included


@given(ANY_TEXT)
def test_clean_text_holds_no_control_and_encodes(text: str) -> None:
    """Whatever comes in, no control but the line feed comes out, and UTF-8 can encode it."""
    cleaned = clean(text)

    cleaned.encode("utf-8")
    assert all(c == "\n" or unicodedata.category(c) != "Cc" for c in cleaned)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("ring\x07", "ring␇"),
        ("good\rbad", "good␍bad"),
        ("a\r\nb\x0cc\u2028d", "a\nb\nc\nd"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066a\u2069\u200f", "a"),
        ("a\U000e0041b", "ab"),
        ("\x9b31m", "\ufffd31m"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_clean_shows_controls_and_drops_direction_marks(text: str, shown: str) -> None:
    """Controls become visible pictures; marks of direction and invisible tags are gone."""
    assert clean(text) == shown


@pytest.mark.parametrize("text", ["naïve", "日本語", "שלום עולם", "می\u200cخواهم", "👩\u200d🔬"])
def test_clean_keeps_ordinary_writing(text: str) -> None:
    """Right-to-left scripts, joiners and emoji are spelled as before."""
    assert clean(text) == text


@given(ANY_TEXT, st.integers(min_value=10, max_value=80))
def test_one_line_is_one_line_of_the_given_length(text: str, max_chars: int) -> None:
    """No result is longer than asked for or holds a line feed."""
    line = one_line(text, max_chars=max_chars)

    assert len(line) <= max_chars
    assert "\n" not in line


def test_one_line_shortens_at_a_word_and_says_so() -> None:
    """A shortened line ends at a word's end with an ellipsis; a fitting one is whole."""
    assert one_line("alpha beta gamma delta", max_chars=18) == "alpha beta gamma …"
    assert one_line("alpha\n beta", max_chars=18) == "alpha beta"


def test_one_line_of_a_long_blank_text_is_short() -> None:
    """A megabyte of blanks neither costs time nor is taken for a text, before or behind one."""
    assert one_line(" " * 1_000_000 + "x", max_chars=20) == "x"
    assert one_line(" " * 1_000_000, max_chars=20) == ""
