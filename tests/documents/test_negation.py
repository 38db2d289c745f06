"""A sentence that denies what its source affirms, or the other way round, in other words too."""

from __future__ import annotations

import pytest

from docsum_nb.documents.negation import differs_in_negation

OTHERWISE = [
    ("The owners do plan to sell the mill.", "The owners do not plan to sell the mill."),
    ("The team won't build a touch screen.", "Well, we build a touch screen, I think."),
    (
        "The consent forms are not being revised.",
        "I mean, we 're gonna do a revised form, of course. Once signed, the consent is valid.",
    ),
    ("They have never had a strong college.", "As it turned out, we have a strong college."),
    ("The last model was not very functional.", "Our last model was functional, but ugly."),
    (
        "She was aware of any delay.",
        "Williams: I, personally, am not aware of any delay, but wait.",
    ),
    ("The paint is unsafe for children.", "The paint is safe for young children."),
    ("The bridge is no longer open to trucks.", "The bridge is open to trucks all year."),
    ("They cannot reach the island by boat.", "One can reach the island in an hour by boat."),
    ("Die Stadt kauft das alte Haus nicht.", "Die Stadt kauft das alte Haus."),
    ("La mairie ne vend pas le pont.", "La mairie vend le pont."),
    ("El alcalde nunca vende el puente.", "El alcalde vende el puente."),
    ("Он не продал старый мост.", "Он продал старый мост."),
]
ALIKE = [
    ("The owners won't sell the mill.", "The owners do not plan to sell the mill."),
    ("The mill is not for sale.", "The mill is unlikely to be sold, and for sale it is not."),
    ("It is not only a mill but a home.", "The mill is a home."),
    ("They do not build a touch screen.", "Should we build a touch screen? I do n't think so."),
    ("It is no unique trouble of Wales.", "It is a common trouble across the globe, and of Wales."),
    ("He favors a strong mill.", "I wouldn't use that word, but what I favor is a strong mill."),
    ("They did not open the gate.", "They failed to open the gate and refused to try."),
    ("The unit is under the roof.", "The unit is under the roof, it is."),
    ("", ""),
    ("Not.", "No. Never."),
]


@pytest.mark.parametrize(("sentence", "passage"), OTHERWISE)
def test_what_is_denied_by_one_and_affirmed_by_the_other_differs(
    sentence: str, passage: str
) -> None:
    assert differs_in_negation(sentence, passage)
    assert not differs_in_negation(sentence, sentence)
    assert not differs_in_negation(passage, passage)


@pytest.mark.parametrize(("sentence", "passage"), ALIKE)
def test_what_is_denied_in_other_words_or_asked_does_not_differ(
    sentence: str, passage: str
) -> None:
    assert not differs_in_negation(sentence, passage)
