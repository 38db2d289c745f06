from __future__ import annotations

import pytest

from docsum_nb.documents import support
from docsum_nb.documents.cite import cite
from docsum_nb.documents.claims import name_spans
from docsum_nb.documents.support import supports
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk

RIVER = (
    "In May 2013 the river rose by 3.4 meters above its usual level at Dresden. Farmers along the "
    "Elbe lost twenty-five percent of their wheat that summer. Mayor Helma Orosz closed the two "
    "bridges in the old town. The insurers did not pay for the flooded cellars of the old town. "
    "Rebuilding cost 1.2 million euros, according to the office for water."
)


def _chunk(text: str = RIVER, name: str = "river", start: int = 0) -> Chunk:
    return Chunk(name, 0, text, start, start + len(text), 9)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (
            "At Dresden the river rose 3.4 meters above its level.",
            "At Dresden the river rose 4.3 meters above its level.",
        ),
        (
            "Farmers on the Elbe lost 25 % of the summer's wheat.",
            "Farmers on the Elbe lost 35 % of the summer's wheat.",
        ),
        (
            "The office for water says that rebuilding cost €1,200,000.",
            "The office for water says that rebuilding cost €2,100,000.",
        ),
        (
            "Above its usual level the river rose in May 2013.",
            "Above its usual level the river rose in May 2016.",
        ),
        (
            "The bridges in the old town were closed by Orosz, the mayor.",
            "The bridges in the old town were closed by Merkel, the mayor.",
        ),
        (
            "The insurers did not pay for flooded cellars in the old town.",
            "The insurers did pay for flooded cellars in the old town.",
        ),
    ],
)
def test_a_changed_fact_is_not_cited(true: str, false: str) -> None:
    """A number, a date, a name, a negation: in the same words otherwise."""
    assert len(cite(true, [_chunk()])) == 1
    assert cite(false, [_chunk()]) == ()


def test_what_is_lacking_is_named() -> None:
    text = "Farmers on the Elbe lost 35 % of the summer's wheat."
    (found,) = supports(text, [_chunk()])
    assert [(each.kind, text[each.start : each.end], each.near) for each in found.lacking] == [
        ("number", "35", False)
    ]


def test_a_writers_own_count_is_not_asked_of_the_source() -> None:
    """A text may speak of two reasons although the source counts none."""
    text = "There are two things: farmers along the Elbe lost wheat, and the river rose at Dresden."
    (found,) = supports(text, [_chunk()])
    assert not found.lacking


def test_neighbors_choose_between_passages_that_are_alike() -> None:
    """Of two passages that fit a vague sentence, the one beside its neighbors' is cited."""
    filler = " ".join(f"Unrelated talk number {word} went on." for word in words(RIVER)[:60])
    plan = "They agreed that the plan for the {} needs more money. The {} was shown to everybody."
    source = f"{plan.format('harbor', 'crane')} {filler} {plan.format('station', 'clock')}"
    for own, other in (("crane", "harbor"), ("clock", "station")):
        text = f"The {own} was shown. All agreed that the plan needs more money."
        cited = cite(text, [_chunk(source)])
        assert other in cited[-1].passage


def test_sentences_at_the_edge_of_a_chunk_see_the_next_one() -> None:
    """Where a document was cut says nothing of what belongs together."""
    first, second = RIVER[: RIVER.index("Mayor")], RIVER[RIVER.index("Mayor") :]
    text = "Wheat was lost along the Elbe. The old town's bridges were closed."
    cut = [_chunk(first), _chunk(second, start=len(first))]
    whole = {each.source_start: each.score for each in cite(text, [_chunk()])}
    assert {each.source_start: each.score for each in cite(text, cut)}.keys() == whole.keys()


def test_names_are_words_with_capitals_within_a_sentence() -> None:
    text = (
        "Penguins were seen by Marie Curie's team at NASA in May. Then Merkel came, with COVID-19."
    )
    found = [term for _, _, term in name_spans(text)]
    assert found == ["marie", "curie", "nasa", "merkel", "covid-19"]
    assert (
        name_spans("Die Regierung hat im Bundestag ein Gesetz über die Steuern beschlossen.") == ()
    )
    assert name_spans("ALL OF THIS IS SHOUTED") == ()


@pytest.mark.parametrize(
    "text",
    [
        "委员会在2021年批准了25万元的预算。",
        "समिति ने २५ प्रतिशत की वृद्धि को मंज़ूरी दी।",
        "وافقت اللجنة على زيادة قدرها ٢٥٪ في الميزانية.",
        "Комитет одобрил бюджет в размере 25 млн рублей.",
    ],
)
def test_other_scripts_are_cited_as_before(text: str) -> None:
    (citation,) = cite(text, [_chunk(f"{text}\n\n{RIVER}")])
    assert citation.passage == text


def test_a_passage_with_the_number_is_taken_before_one_with_more_of_the_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a search for the number, the sentence would not be supported."""
    source = (
        "The council planned a new bridge over the harbor. Nobody asked for it. The ships went on "
        "as before. Rain fell on the market. Its bridge cost 48 million euros in all."
    )
    sentence = "The council spent 48 million euros on a new bridge near the harbor, critics recall."
    (found,) = supports(sentence, [_chunk(source)])
    assert found.supported
    assert found.passage is not None
    assert "48 million" in source[found.passage.start : found.passage.end]
    monkeypatch.setattr(support, "_MOST_SOUGHT", 0)
    (unsought,) = supports(sentence, [_chunk(source)])
    assert not unsought.supported


def test_of_two_places_that_say_the_same_the_one_near_the_neighbors_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filler = " ".join(f"Item {word} of the agenda was postponed." for word in "abcdefghij" * 5)
    again = "The committee wants cheaper batteries for the remote."
    source = (
        f"The committee wants a cheaper battery soon. {filler} {again} Rubber was chosen for its "
        f"cover. Yellow buttons were drawn by Anna. {filler}"
    )
    text = (
        "A cheaper battery is what the committee wants. Rubber covers and yellow buttons came up."
    )
    first, _ = supports(text, [_chunk(source)])
    assert first.passage is not None
    assert first.passage.start >= source.index(again) - 100
    monkeypatch.setattr(support, "_NEIGHBORS", 0)
    alone, _ = supports(text, [_chunk(source)])
    assert alone.passage is not None
    assert alone.passage.start < source.index(again) - 100
