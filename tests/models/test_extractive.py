from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docsum_nb.documents.prose import prose_sentences
from docsum_nb.errors import InputError
from docsum_nb.models.extractive import Extractive
from docsum_nb.records import Request, SourceText

TOPICS = {
    "solar": "panels inverters rooftop photovoltaic sunlight subsidy kilowatt installers batteries",
    "ocean": "currents plankton salinity reefs fisheries trawlers acidification tides sediment",
    "rail": "locomotives signaling timetable freight sleepers gauge commuters depots electrified",
}


def _document(*, sentences: int, seed: int = 1, topics: str = "solar ocean rail") -> str:
    chance = random.Random(seed)
    names = topics.split()
    lines = []
    for number in range(sentences):
        chosen = chance.sample(TOPICS[names[number % len(names)]].split(), 7)
        lines.append(f"Statement {number} says that {' '.join(chosen)} matter.")
    return " ".join(lines)


def _ask(text: str, *, max_words: int = 60, question: str | None = None) -> str:
    request = Request("", "", text, max_words, 4 * max_words, question)
    return Extractive().answer(request).text


def test_sentences_are_verbatim_and_in_source_order() -> None:
    """A summary is made of whole sentences of the text, in the text's order, within the length."""
    text = _document(sentences=80)
    answer = _ask(text)
    taken = [sentence.text for sentence in prose_sentences(answer)]
    places = [text.index(sentence) for sentence in taken]
    assert len(taken) >= 3
    assert places == sorted(places)
    assert 30 <= len(answer.split()) <= 60


def test_the_same_request_has_the_same_answer() -> None:
    """Two instances answer alike: nothing is random and nothing is remembered."""
    text = _document(sentences=50)
    assert _ask(text) == _ask(text)


def test_the_answer_names_the_model_and_costs_nothing() -> None:
    """An answer is one call of "extractive" with no tokens and no price."""
    answer = Extractive().answer(Request("", "", _document(sentences=9), 40, 100))
    assert (answer.model, answer.finish_reason, answer.cached) == ("extractive", "stop", False)
    usage = answer.usage
    assert (usage.calls, usage.prompt_tokens, usage.completion_tokens) == (1, 0, 0)
    assert usage.cost_usd == 0.0


def test_a_question_turns_the_summary_to_its_subject() -> None:
    """With a question, sentences about it are preferred over those more central."""
    text = _document(sentences=60, topics="solar solar solar ocean")
    answer = _ask(text, question="What about plankton, reefs and salinity?")
    taken = prose_sentences(answer)
    on_subject = [s for s in taken if re.search("plankton|reefs|salinity", s.text)]
    assert len(on_subject) >= len(taken) - 1


def test_near_duplicates_are_not_repeated() -> None:
    """Of sentences that say the same in the same words, one is taken."""
    same = "Solar panels on rooftop installations reduce electricity cost for families"
    text = " ".join([f"{same}.", f"{same}!", f"Indeed, {same.lower()}."] * 5)
    answer = _ask(f"{text} {_document(sentences=40)}")
    assert len(re.findall("reduce electricity", answer)) <= 1


def test_a_combined_summary_hears_every_section() -> None:
    """Of labelled summaries none is taken from twice while equally central ones are unheard."""
    parts = [f"## part {i}\n\n{_document(sentences=6, seed=i)}" for i in range(20)]
    text = "\n\n".join(parts)
    request = Request("", "", text, 110, 440, syntax="summaries")
    answer = Extractive().answer(request).text
    sections = [
        next(i for i, part in enumerate(parts) if sentence.text in part)
        for sentence in prose_sentences(answer)
    ]
    assert len(sections) >= 8
    assert len(set(sections)) == len(sections)
    assert "##" not in answer
    assert "part" not in answer


def test_a_short_text_is_given_as_it_is() -> None:
    """A text within the length asked for loses its headings and nothing else."""
    assert _ask("# Title\n\nIt is short. It is also clear.") == "It is short. It is also clear."


def test_a_sentence_too_long_is_cut_with_an_ellipsis() -> None:
    """Where no sentence fits, the best is cut at a clause and shown to be cut."""
    answer = _ask(
        "The committee agreed on the budget for the coming year, although several of its members "
        "had asked for a delay until the new figures were known to all of the regional offices.",
        max_words=14,
    )
    assert answer == "The committee agreed on the budget for the coming year…"


def test_text_in_a_script_without_spaces_keeps_to_the_length() -> None:
    """Chinese text is measured in pairs of characters, so that an answer cannot run on."""
    text = "".join(f"第{i}个项目的预算问题在会议上被详细讨论了很长时间。" for i in range(50))
    assert 10 < len(_ask(text, max_words=60)) < 90


def test_a_text_without_prose_gives_its_first_lines() -> None:
    """Tables and listings are quoted from their start, within the length."""
    answer = _ask("| a | b |\n|---|---|\n| 1 | 2 |\n", max_words=6)
    assert answer == "| a | b |"


@pytest.mark.parametrize("text", ["", " \n\t ", "--- *** |||"])
def test_a_text_without_a_word_is_refused(text: str) -> None:
    """Nothing can be said about a text that says nothing."""
    with pytest.raises(InputError, match="no words"):
        _ask(text)


def test_more_sentences_than_are_compared_can_be_summarized() -> None:
    """A text of thousands of sentences has a summary; only its best sentences are compared."""
    answer = _ask(_document(sentences=5_000), max_words=100)
    assert 60 <= len(answer.split()) <= 100


@given(
    st.text(alphabet=st.sampled_from("abcdé \n.!?#|-*这是句。…"), max_size=300), st.integers(0, 20)
)
def test_any_text_with_a_word_has_an_answer_within_the_length(text: str, limit: int) -> None:
    """For every text and length, the answer has words and not too many."""
    try:
        answer = _ask(text, max_words=limit)
    except InputError:
        assert not re.search(r"\w", text)
    else:
        assert answer
        assert len(answer.split()) <= max(1, 1.1 * limit)


def _prose(words: int, seed: int) -> str:
    """Return sentences of 8 to 30 words."""
    chance = random.Random(seed)
    names = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ara", "emo", "ilu", "one", "uva", "isto")]
    lines = []
    while words > 0:
        count = chance.randint(8, 30)
        lines.append(f"The {' '.join(chance.choices(names, k=count - 1))}.")
        words -= count
    return " ".join(lines)


@settings(max_examples=20)
@given(st.integers(50, 2_000), st.integers(1, 40), st.integers(0, 9))
def test_the_length_is_within_a_tenth(limit: int, documents: int, seed: int) -> None:
    """Of one text or of many, if they hold enough sentences of usual length."""
    each = 3 * limit // documents + 100
    sources = [SourceText(f"d{at}", _prose(each, seed + at), "plain") for at in range(documents)]
    request = Request("", "", "", limit, 4 * limit, sources=tuple(sources))
    assert 0.9 * limit <= len(Extractive().answer(request).text.split()) <= 1.1 * limit


def test_sentences_alike_stand_once_in_a_summary_of_many_texts() -> None:
    """Redundancy is removed over all documents, not within each."""
    same = "The harbour of the old town was closed by the council for the {} winter in a row"
    numbers = ("third", "fourth", "fifth", "last")
    texts = [f"{same.format(n)}. {_prose(400, at)}" for at, n in enumerate(numbers)]
    sources = tuple(SourceText(f"d{at}", text, "plain") for at, text in enumerate(texts))
    answer = Extractive().answer(Request("", "", "", 120, 480, sources=sources)).text
    assert answer.count("harbour of the old town") == 1
    assert len(answer.split("\n\n")) == 4


@pytest.mark.parametrize("opening", ["This", "However, it", "Therefore they", "“That"])
def test_no_summary_begins_with_a_word_that_points_back(opening: str) -> None:
    central = "council harbour winter ships budget trade"
    lines = [f"Number {n} says that the {central} of {n} matter a lot." for n in range(20)]
    lines[3] = f"{opening} says that the {central} and all of the {central} matter a lot."
    text = " ".join(["It begins with a few words about nothing at all in the town.", *lines])
    answer = _ask(text, max_words=40)
    assert not answer.startswith((opening, "It begins"))


def test_the_words_of_a_whole_transcript_count() -> None:
    """In a transcript, frequent subjects are covered one after the other, wherever they stand."""
    chance = random.Random(3)
    turns = []
    for topic in ("solar", "ocean", "rail"):
        for n in range(30):
            chosen = " ".join(chance.sample(TOPICS[topic].split(), 6))
            turns.append(f"{'Ann' if n % 2 else 'Bob'}: I think that we said {chosen} of it.")
    answer = _ask("\n".join(turns), max_words=60)
    for topic in TOPICS.values():
        assert any(word in answer for word in topic.split())


def test_a_fragment_is_quoted_without_a_full_stop() -> None:
    """Nothing is added to what stands in the text; a paragraph ends behind it instead."""
    text = "- A list item of nine words or a few more\n- Another item of nine words or a few more\n"
    lines = [line.removeprefix("- ") for line in text.splitlines()]
    assert _ask(text).split("\n\n") == lines


@pytest.mark.parametrize(
    "name",
    ["LICENSE", "LICENSE.txt", "a/COPYING", "copyright", "changelog.gz/changelog", "AUTHORS.md"],
)
def test_a_summary_of_many_files_is_not_made_of_their_licences(name: str) -> None:
    """Licences, lists of changes and of names are quoted only if there is nothing else."""
    other = SourceText(name, _prose(900, 1), "plain")
    own = SourceText("guide.md", _document(sentences=30), "plain")
    request = Request("", "", "", 60, 240, sources=(other, own))
    assert "Statement" in Extractive().answer(request).text
    assert "The" not in Extractive().answer(request).text.split()
    named = replace(request, sources=(other._replace(name="news"), own))
    assert "The" in Extractive().answer(named).text.split()
    alone = Request("", "", "", 60, 240, sources=(other,))
    assert len(Extractive().answer(alone).text.split()) > 50


def test_a_page_of_nothing_but_navigation_is_not_quoted_among_others() -> None:
    menu = "Next: Memory usage, Previous: What is it?, Up: The library [Index]"
    sources = (
        SourceText("menu.html", menu, "plain"),
        SourceText("guide.md", _document(sentences=30), "plain"),
    )
    assert "Next" not in Extractive().answer(Request("", "", "", 90, 360, sources=sources)).text


def test_a_focus_turns_part_of_the_summary_to_its_subject() -> None:
    """Sentences about it are preferred, and the others are still there."""
    text = _document(sentences=60, topics="solar solar solar ocean")
    plain, focused = (
        Extractive().answer(replace(Request("", "", text, 120, 480), focus=focus)).text
        for focus in (None, "plankton, reefs and salinity")
    )
    on_subject = re.compile("plankton|reefs|salinity")
    assert len(on_subject.findall(focused)) > len(on_subject.findall(plain))
    assert any(not on_subject.search(each.text) for each in prose_sentences(focused))
