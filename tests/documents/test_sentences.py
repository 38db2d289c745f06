from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.terms import words

_PIECES = st.sampled_from(
    ["One. ", "Two! ", "\n", "\n\n", "  ", "Dr. Who ", "a", '"Q?" ', "中文。", "\r\n", "😀", "(x. "]
)


def _check(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@given(st.text(st.characters()))
def test_spans_cover_any_text(text: str) -> None:
    """The spans join to the text, whatever it holds, and none is empty."""
    _check(text)


@given(st.lists(_PIECES, max_size=60), st.integers(1, 120))
def test_spans_cover_long_texts(pieces: list[str], times: int) -> None:
    """The same holds for texts longer than the window that is looked at at once."""
    _check("".join(pieces) * times)


def test_sentences_end_where_a_reader_ends_them() -> None:
    """Full stops in abbreviations end nothing, blank lines do."""
    text = "Dr. Smith came at 5 p.m. today. He left!\n\nA title\n\nThe end."
    found = [text[start:end].strip() for start, end in sentence_spans(text)]
    assert found[:2] == ["Dr. Smith came at 5 p.m. today.", "He left!"]
    assert found[-2:] == ["A title", "The end."]


@pytest.mark.parametrize(
    "text",
    [
        f"\n# G\xa0.{chr(0xA0) * 45}\u2592{chr(0xA0) * 16}= Guuie\nIt rains. It snows.\n",
        "\u2003B\n\u2028.No.No.\xa0.\u0418\u0418 It rains. It snows.\n",
    ],
)
def test_white_space_that_the_library_cannot_take_ends_nothing(
    text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """A wide space before a full stop makes sentencex panic and print; neither is seen."""
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert text[slice(*spans[-1])] == "It snows.\n"
    assert capfd.readouterr().err == ""


class PanicException(BaseException):
    """What an extension in Rust raises; its class cannot be imported."""


@pytest.mark.parametrize("error", [PanicException, ValueError, RecursionError])
def test_a_text_at_which_the_library_fails_is_cut_by_rule(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sentences end at their signs and at blank lines then, in any script."""

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr("sentencex.get_sentence_boundaries", fail)
    text = 'One. "Is it two?" Three!\n\nFour goes\non. \u4e94\u3002\u516d\u3002'
    found = [text[start:end].strip() for start, end in sentence_spans(text)]
    assert found == [
        "One.",
        '"Is it two?"',
        "Three!",
        "Four goes\non.",
        "\u4e94\u3002",
        "\u516d\u3002",
    ]


def test_long_texts_are_cut_as_short_ones() -> None:
    """Windows do not add or lose a sentence."""
    text = "This is a sentence of some length. " * 2000
    assert len(sentence_spans(text)) == 2000


@pytest.mark.parametrize("unit", ["a", "中文。", "a. ", "\n", '"A. '])
def test_long_lines_do_not_hang(unit: str) -> None:
    """A line of 300,000 characters is cut in time that is linear."""
    _check(unit * (300_000 // len(unit)))


def test_words_of_spaced_and_unspaced_scripts() -> None:
    """Words keep inner apostrophes and hyphens; unspaced scripts become pairs."""
    assert words("Don't re-run IT!") == ["don't", "re-run", "it"]
    assert words("中文字 a") == ["中文", "文字", "a"]
    assert words("中") == ["中"]
    assert words("") == []


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("(a) The rent is due. It is paid.", ["(a) The rent is due.", "It is paid."]),
        ("One ends.\n  (12) The rent is due. So.", ["One ends.", "(12) The rent is due.", "So."]),
        ("It ends.\n[12] Another is here.", ["It ends.", "[12] Another is here."]),
        ('It ends here. "So," he said.', ["It ends here.", '"So," he said.']),
    ],
)  # fmt: skip
def test_what_stands_before_a_sentence_is_its_own(text: str, sentences: list[str]) -> None:
    """A number in brackets joins no sentences behind it; a quotation mark opens its own."""
    assert [text[start:end].strip() for start, end in sentence_spans(text)] == sentences


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The branch.<name>.remote and branch.<name>.merge options are used. It works.", 2),
        ('You call st.component("<project>.<name>") once. It returns a renderer.', 2),
        ("Update the version in ../shared/version.py as well. Then run it.", 2),
        ("Open file:///srv/.{name}/x now. It ends.", 2),
        ("It costs nothing.$5 is too much. So.", 2),
    ],
)
def test_a_full_stop_within_code_ends_nothing(text: str, count: int) -> None:
    """Directly behind it stands a sign with which no sentence begins."""
    assert len(sentence_spans(text)) == count
