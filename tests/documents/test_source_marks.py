"""Numbers that a model sets behind its sentences: read in many forms, and taken out of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.documents.source_marks import Mark, numbered, numbers_of, unmarked, with_marks
from docsum_nb.records import Chunk, SourceSpan

PLACES = tuple(SourceSpan("mill", at, at + 10) for at in range(0, 90, 10))
SAID = "The mill made steel. The road was closed."


@pytest.mark.parametrize(
    "answer",
    [
        "The mill made steel [#3]. The road was closed [#1, #2].",
        "The mill made steel. [#3] The road was closed. [#1][#2]",
        "[#3] The mill made steel. [#1] [#2] The road was closed.",
        "The mill made steel [3]. The road was closed [1-2].",
        "The mill made steel [Source 3]. The road was closed [1; 2].",
        "The mill made steel【3†source】. The road was closed【1:0†notes】【2†a】.",
        "The mill made steel^3. The road was closed^1 ^2.",
        "The mill made steel [^3]. The road was closed [^1][^2].",
        "The mill made steel (3). The road was closed (1, 2).",
        "The mill made steel (#3). The road was closed (#1 and #2).",
        "The mill made steel³. The road was closed¹ ².",
        "The mill made steel [#3].[#3]The road was closed [#1–#2].",
    ],
)
def test_marks_of_every_form_name_their_sentences(answer: str) -> None:
    found = unmarked(answer, PLACES, "Of steel and roads.")
    assert found.text.strip() == SAID
    named = [(found.text[each.start : each.end], each.places) for each in found.marks]
    assert named == [
        ("The mill made steel.", (PLACES[2],)),
        ("The road was closed.", (PLACES[0], PLACES[1])),
    ]
    assert found.unknown == 0


@pytest.mark.parametrize(
    "text",
    [
        "The mill (3) and the road (2) were closed. Nobody came. Nothing was said of it.",
        "It was built [1912] by Brandt.",
        "See [2](https://mill.example) for more.",
        "An area of 5 km² and 10^6 m³ is used. There is more to it. So it was said.",
        "Steps: (1) open the gate, (2) close it.",
        "As Brandt [7] shows, steel is hard.",
        "No numbers at all.",
        "The panel met with all its members (12). Others did not.",
        "The area is 5 m^2. The volume is x^3.",
        "It is 5 km². It grew to 10³.",
        "Section 3(2). Section 4(1).",
        "Call f(2). Then call g(3).",
        "The vote was (5-4). Another was (6-3).",
        "The list `items[3]` holds x[2] and M[1, 2].",
        "It reads as follows.\n```\nitems[3] = rows[2]\n```",
        "Values in [0, 1] and [0-9] are allowed.",
        "Fixed a crash (#123) and a leak (#4567).",
        "[1]: https://mill.example",
    ],
)
def test_what_may_be_the_text_s_own_stays(text: str) -> None:
    found = unmarked(text, PLACES, "As Brandt [7] shows, steel is hard.")
    assert found.text == text
    assert (found.marks, found.unknown) == ((), 0)


def test_numbers_of_no_passage_are_counted_and_taken_out() -> None:
    found = unmarked("The mill made steel [#3, #70]. It rained [99]. So [#0].", PLACES, "")
    assert found.text == "The mill made steel. It rained. So."
    assert [each.places for each in found.marks] == [(PLACES[2],)]
    assert found.unknown == 3


def test_an_answer_that_was_not_asked_stays() -> None:
    assert unmarked("It rained [#3].", (), "").text == "It rained [#3]."


def test_passages_are_numbered_and_rebuild_the_text() -> None:
    text = "# Mill\n\n" + "The mill made steel in the year. " * 60 + "\n\nThe end of it."
    chunk = Chunk("mill", 0, text, 100, 100 + len(text), 500)
    shown, places = numbered(chunk)
    assert len(places) > 2
    assert "".join(text[each.start - 100 : each.end - 100] for each in places) == text
    for number, each in enumerate(places, start=1):
        assert f"[#{number}] {text[each.start - 100 : each.end - 100]}" in shown


def test_a_text_with_such_numbers_of_its_own_gets_none() -> None:
    text = "The mill [#3] made steel."
    assert numbered(Chunk("mill", 0, text, 0, len(text), 9)) == (text, ())


def test_marks_are_written_as_they_are_read() -> None:
    marks = (Mark(0, 20, (PLACES[2],)), Mark(21, 41, (PLACES[5], PLACES[2])))
    shown = with_marks(SAID, marks, numbers_of([marks]))
    assert shown == "The mill made steel [#1]. The road was closed [#2, #1]."
    assert unmarked(shown, (PLACES[2], PLACES[5]), "").marks == marks


def test_a_number_of_the_text_s_own_stays_beside_marks() -> None:
    """Changes name their tickets, which a document of changes has."""
    answer = "The crash is fixed (#3) [#1]. The leak is fixed (#12) [#2]."
    found = unmarked(answer, PLACES, "- Crash fixed (#3)\n- Leak fixed (#12)")
    assert found.text == "The crash is fixed (#3). The leak is fixed (#12)."
    assert [each.places for each in found.marks] == [(PLACES[0],), (PLACES[1],)]
    assert found.unknown == 0


def test_no_blank_is_put_into_a_script_without_blanks() -> None:
    assert unmarked("「甲」【3】は乙である。", PLACES, "").text == "「甲」は乙である。"
    assert unmarked("It rained [#3]and snowed.", PLACES, "").text == "It rained and snowed."


@given(st.text("ab. \n[#1]()^¹【】†,-9", max_size=60))
def test_nothing_but_marks_is_taken_out(answer: str) -> None:
    found = unmarked(answer, PLACES, "")
    letters = [each for each in answer if each in "ab"]
    assert [each for each in found.text if each in "ab"] == letters
    assert all(found.text[each.start : each.end].strip() for each in found.marks)
