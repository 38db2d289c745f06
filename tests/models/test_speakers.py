"""What is quoted of a transcript stands behind the name of the person who said it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import docsum_nb as ds
from docsum_nb.documents.cite import cite
from docsum_nb.documents.load import load
from docsum_nb.documents.turns import turns
from docsum_nb.models.extractive import Extractive
from docsum_nb.records import Chunk, Request, SourceText

HANG_S = 60.0
NAMES = ("Carla", "Dev", "P3", "Ann Lee")
MARKS = (
    "{name}: ",
    "[0:{n:02}:01] {name}: ",
    "[{n:02}:07] {name}: ",
    "12/05/2024, 10:{n:02} - {name}: ",
    "[10:{n:02}] {name}: ",
    "**{name}:** ",
)
NOUNS = ["harbour", "budget", "roof", "supplier", "crane", "ferry", "bridge", "anchor", "market"]
LABEL = re.compile(rf"(?<!\w)({'|'.join(NAMES)}):\**(?=\s)")
MEETING = """WEBVTT

00:00:01.000 --> 00:00:06.000
<v Carla>Welcome everybody, today we have to decide about the budget for the harbour repairs.

00:00:06.500 --> 00:00:14.000
<v Dev>The budget is short. The main reason is the roof of warehouse B, which leaks since March.

00:00:15.000 --> 00:00:22.000
<v Eli>I would postpone the gate. The supplier of it can wait until spring without a penalty.

00:00:23.000 --> 00:00:33.000
<v Carla>Does anybody disagree? Eli, you will write to the supplier about the new date of the gate.
"""


@st.composite
def transcripts(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, str]]]:
    """Draw the turns of a transcript, and who says each of its sentences."""
    mark, blank = draw(st.sampled_from(MARKS)), draw(st.sampled_from(["\n", "\n\n"]))
    said, lines = [], []
    for n in range(draw(st.integers(4, 14))):
        # Two names come back at least.
        name = NAMES[n % 2] if n < 4 else draw(st.sampled_from(NAMES))
        own = []
        for k in range(draw(st.integers(1, 4))):
            chosen = " ".join(draw(st.lists(st.sampled_from(NOUNS), min_size=7, max_size=9)))
            own.append(f"Number{n}x{k} says that the {chosen} matter.")
        lines.append(f"{mark.format(name=name, n=n)}{' '.join(own)}{blank}")
        said += [(name, each) for each in own]
    return lines, said


@settings(max_examples=25)
@given(transcripts(), st.integers(15, 120), st.integers(0, 13))
def test_the_nearest_label_before_a_sentence_is_its_speakers(
    drawn: tuple[list[str], list[tuple[str, str]]], limit: int, cut: int
) -> None:
    """In any form, also if the transcript is in two parts; what is cited stands in the source."""
    lines, said = drawn
    parts = [part for part in ("".join(lines[:cut]), "".join(lines[cut:])) if part.strip()]
    sources = tuple(SourceText("a", part, "plain") for part in parts)
    answer = Extractive().answer(Request("", "", "", limit, 4 * limit, sources=sources)).text
    found = [(name, answer.find(each)) for name, each in said if each in answer]
    for name, at in found:
        assert [each[1] for each in LABEL.finditer(answer, 0, at)][-1:] == [name], answer
    whole = "".join(parts)
    places = [0, len(parts[0])]
    chunks = [
        Chunk("a", n, each, places[n], places[n] + len(each), 0) for n, each in enumerate(parts)
    ]
    citations = cite(answer, chunks)
    assert len(citations) >= len(found)
    for each in citations:
        assert each.passage == whole[each.source_start : each.source_end]
        quoted = answer[each.start : each.end].replace("*", "")
        assert " ".join(quoted.split()) in " ".join(whole.replace("*", "").split())


@pytest.mark.parametrize("length", [20, 40, 100])
def test_a_name_that_is_added_is_no_part_of_a_quotation(tmp_path: Path, length: int) -> None:
    """Such a sentence is cited without the name, the check doubts nothing, and it verifies."""
    path = tmp_path / "meeting.vtt"
    path.write_text(MEETING)
    (document,) = load(path).documents
    summary = ds.summarize(path, length=length, show=False, ledger=False).result(HANG_S)
    for each in summary.citations:
        quoted = summary.text[each.start : each.end]
        assert quoted == each.passage == document.text[each.source_start : each.source_end]
    assert not summary.check().findings
    assert summary.verify(path).ok
    if length == 20:
        assert summary.text.startswith("Dev: The main reason is the roof of warehouse B")


def test_a_name_of_another_speaker_is_part_of_what_is_checked() -> None:
    """Words that somebody else says in the source are not cited as if the name were right."""
    text = "".join(
        f"{name}: {words}\n\n"
        for name, words in [
            ("Dev", "The budget is short. The main reason is the roof of warehouse B."),
            ("Eli", "I would postpone the gate. The supplier can wait until spring."),
            ("Dev", "Then that is what we do about it in the end."),
            ("Eli", "So everybody agrees about the gate and the roof."),
        ]
    )
    chunk = Chunk("a", 0, text, 0, len(text), 0)
    sentence = "The main reason is the roof of warehouse B."
    (right,) = cite(f"Dev: {sentence}", [chunk])
    assert (right.start, right.passage, right.score) == (5, sentence, 1.0)
    assert all(each.start == 0 for each in cite(f"Eli: {sentence}", [chunk]))


def test_what_ends_with_a_colon_is_no_name() -> None:
    """A speaker who is not named is known by the time, not by the words before a colon."""
    text = (
        "[0:00:01] Ann: We closed the harbour. The ships waited outside of it for two weeks.\n\n"
        "[0:00:09] Ben: Who decided that? The council never voted about closing the harbour.\n\n"
        "[0:00:18] The reason is: nobody asked. The crane was about to fall into the water.\n\n"
    )
    assert [each.label for each in turns(text)] == ["Ann:", "Ben:", "[0:00:18]"]
