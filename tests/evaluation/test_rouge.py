"""ROUGE has the figures of the package that others report theirs with."""

from __future__ import annotations

import random

import pytest

import docsum_nb as ds
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.evaluation import rouge

WORDS = [
    "running",
    "runs",
    "harbour",
    "harbours",
    "ships",
    "ship",
    "dues",
    "paying",
    "paid",
    "12",
    "the",
    "of",
    "a",
    "whale",
    "whales",
    "easily",
    "Easy",
    "national",
    "nationally",
    "relational",
    "hopping",
    "happy",
]


def by_line(text: str) -> str:
    return "\n".join(text[start:end] for start, end in sentence_spans(text))


def some_text(chance: random.Random) -> str:
    sentences = [
        " ".join(chance.choices(WORDS, k=chance.randint(2, 12))).capitalize()
        for _ in range(chance.randint(1, 5))
    ]
    return ". ".join(sentences) + "."


def test_figures_are_those_of_rouge_score() -> None:
    """Sixty pairs of texts of several sentences, with stems, numbers and repeats."""
    scorer_module = pytest.importorskip("rouge_score.rouge_scorer")
    scorer = scorer_module.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)
    chance = random.Random(1)
    for _ in range(60):
        text, reference = some_text(chance), some_text(chance)
        theirs = scorer.score(by_line(reference), by_line(text))
        ours = rouge(text, reference)
        expected = [theirs[name].fmeasure for name in ("rouge1", "rouge2", "rougeLsum")]
        assert [ours.rouge1, ours.rouge2, ours.rouge_l] == pytest.approx(expected)


def test_of_several_references_the_most_alike_counts() -> None:
    assert rouge("Ships pay dues.", ["Whales sing.", "Ships pay dues."]).rouge_l == 1.0
    assert rouge("", "Whales sing.").rouge1 == rouge("Ships.", []).rouge1 == 0.0


def test_long_texts_are_compared_in_little_memory_and_time() -> None:
    """A table of 5,000 times 5,000 numbers took minutes."""
    words = " ".join(f"{WORDS[at % 7]} {at % 31}" for at in range(2_400))
    assert rouge(words, words).rouge_l == 1.0


@pytest.mark.parametrize("references", [5, [5], b"x", ["x", None], {"whales": "x"}])
def test_what_is_no_text_is_refused(references: object) -> None:
    with pytest.raises(ds.errors.InputError, match="references are a text or a list of texts"):
        rouge("Ships pay dues.", references)  # type: ignore[arg-type]
