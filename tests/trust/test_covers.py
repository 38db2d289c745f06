"""Summary.covers: which points, and where."""

from __future__ import annotations

from typing import Any

import pytest

from docsum_nb.errors import InputError
from docsum_nb.records import Citation
from docsum_nb.results import Summary

TEXT = (
    "The board raised the dividend to four percent.\n\n"
    "- Two plants in Ohio will close by the end of the year.\n"
    "- Nobody was named to follow the chairman."
)


def summary() -> Summary:
    end = TEXT.index("\n")
    return Summary(TEXT, "m", citations=(Citation(1, 0, end, "minutes.pdf", "p", 0, 1, 0.9),))


def test_points_are_found_in_their_sentence() -> None:
    coverage = summary().covers(
        ["Plants in Ohio close this year", "a higher dividend: four percent", "The strike in Texas"]
    )
    ohio, dividend, strike = coverage.points
    assert ohio.covered
    assert "Two plants in Ohio" in ohio.sentence
    assert TEXT[ohio.start : ohio.end] == ohio.sentence
    assert dividend.documents == ("minutes.pdf",)
    assert not strike.covered
    assert coverage.missing == ("The strike in Texas",)
    assert coverage.share == pytest.approx(2 / 3)
    assert ohio.score > strike.score


def test_rare_words_count_more_than_frequent_ones() -> None:
    text = "The plan is good. The plan is new. The plan is cheap. The plan names Utrecht."
    rare, frequent = Summary(text, "m").covers(["Utrecht plan", "plan Antwerp"]).points
    assert rare.score == 1.0
    assert frequent.score < 0.4


def test_display_says_what_it_is() -> None:
    text = str(summary().covers(["Two plants close"]))
    assert "1 of 1 point covered" in text
    assert "Spearman .73" in text
    assert "words, not of meaning" in " ".join(text.split())
    frame = summary().covers(["Two plants close", "xyz"]).to_frame()
    assert list(frame["covered"]) == [True, False]


def test_a_summary_without_text_covers_nothing() -> None:
    (point,) = Summary("", "m").covers(["anything"]).points
    assert (point.covered, point.score, point.start) == (False, 0.0, None)


@pytest.mark.parametrize("points", [[], [""], [3], ["a", None]])
def test_what_is_no_point_is_refused(points: Any) -> None:
    with pytest.raises(InputError, match="list of texts"):
        summary().covers(points)
