"""The sizes of a run: every level follows from the length, fits the window, and merging ends."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.options import DetailLevel, Strategy
from docsum_nb.pipeline.sizes import (
    CHUNK_WORDS,
    DOCUMENT_WORDS,
    NAMED_TOKENS,
    Merging,
    Sizes,
    answer_tokens,
    groups,
    sizes_for,
)

HANG_S = 300.0


def _mergings(sizes: Sizes, count: int) -> list[Merging]:
    documents = sizes.of_documents(count)
    return [documents, sizes.of_chunks(count, documents.part_words)]


@given(
    st.integers(2_000, 200_000),
    st.integers(100, 3_000),
    st.integers(1, 4_000),
    st.integers(1, 50_000),
    st.sampled_from(["low", "medium", "high"]),
    st.sampled_from(["auto", "refine", "single"]),
)
def test_merging_ends_and_every_prompt_fits(
    window: int,
    prompt: int,
    length: int,
    count: int,
    detail: DetailLevel,
    strategy: Strategy,
) -> None:
    """Whatever window, length and number of texts: each level has fewer texts, and all fit."""
    try:
        sizes = sizes_for(
            window=window,
            prompt_tokens=prompt,
            final_words=length,
            detail=detail,
            strategy=strategy,
            quotes=True,
        )
    except InputError:
        return
    words = sizes.of_documents(count).part_words
    carried = answer_tokens(words) + NAMED_TOKENS if strategy == "refine" else 0
    assert prompt + sizes.chunk_tokens + carried + answer_tokens(words) <= window
    for merging in _mergings(sizes, count):
        left = count
        for level in merging.levels:
            assert level.count == left
            assert level.groups <= -(-left // 2)
            assert level.merged_words >= level.words or level.groups == 1
            named = answer_tokens(level.words) + NAMED_TOKENS
            texts = level.largest * (named + level.evidence_tokens)
            assert prompt + texts + answer_tokens(level.merged_words) <= window
            left = level.groups
        assert left == 1
        assert merging.levels == () or count > 1
        assert merging.levels[-1:] == () or merging.levels[-1].merged_words >= 1


@pytest.mark.parametrize("length", [50, 300, 1_000, 2_000])
@pytest.mark.parametrize(("count", "step"), [(2, 2), (3, 2), (5, 4), (40, 32)])
def test_the_texts_of_each_level_hold_more_than_the_next_one(
    length: int, count: int, step: int
) -> None:
    """A merge has a choice; its texts are as long if there is one more, so that they stay paid."""
    sizes = sizes_for(window=128_000, prompt_tokens=1_000, final_words=length)
    documents = sizes.of_documents(count)
    assert documents.part_words == max(DOCUMENT_WORDS, -(-15 * length // (10 * step)))
    chunks = sizes.of_chunks(count, length)
    assert chunks.part_words == max(CHUNK_WORDS, -(-15 * length // (10 * step)))
    assert documents.calls == chunks.calls == 1


def test_quotations_of_the_sources_change_no_count() -> None:
    """They take the room that is left: levels, groups and lengths are as without them."""
    for count in (2, 40, 300, 5_000):
        without, quoting = (
            sizes_for(window=32_000, prompt_tokens=1_000, quotes=quotes) for quotes in (False, True)
        )
        levels = quoting.of_documents(count).levels
        assert tuple(replace(each, evidence_tokens=0) for each in levels) == (
            without.of_documents(count).levels
        )
        assert count > 40 or levels[-1].evidence_tokens > 0


def test_a_small_local_model_writes_a_short_summary() -> None:
    """A window of 2,048 tokens holds chunks and merges of shorter texts; 1,200 tokens do not."""
    model = ds.Model("openai/local", base_url="http://127.0.0.1:9/v1", context_window=2_048)
    plan = ds.plan({"whales": "Whales breathe air. " * 900}, model=model, length=100)
    assert plan.chunks > 2
    with pytest.raises(InputError, match="too small"):
        sizes_for(window=1_200, prompt_tokens=400, final_words=100)


def test_a_single_text_has_the_whole_length_and_no_merge() -> None:
    sizes = sizes_for(window=8_000, prompt_tokens=500, final_words=700)
    assert sizes.of_documents(1) == sizes.of_chunks(1, 700) == Merging(700, ())


@given(st.integers(1, 300), st.integers(1, 300))
def test_groups_are_even(count: int, parts: int) -> None:
    found = groups(range(count), min(count, parts))
    assert [item for group in found for item in group] == list(range(count))
    assert max(map(len, found)) - min(map(len, found)) <= 1


def _text(words: int, seed: int) -> str:
    """Return sentences of 8 to 30 words, in sections."""
    chance = random.Random(seed)
    names = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ara", "emo", "ilu", "one", "uva", "isto")]
    lines: list[str] = []
    while words > 0:
        count = chance.randint(8, 30)
        lines.append(f"The {' '.join(chance.choices(names, k=count - 1))}.")
        words -= count
        if chance.random() < 0.05:
            lines.append("\n\n## Another part\n\n")
    return " ".join(lines)


@pytest.mark.parametrize(
    ("length", "documents", "words"),
    [
        *((50, 1, 9_000), (2_000, 1, 9_000), (300, 7, 700), (1_000, 2, 6_000)),
        *((50, 40, 300), (2_000, 40, 300)),
    ],
)
def test_a_summary_has_the_length_that_was_asked_for(
    length: int, documents: int, words: int
) -> None:
    """Of one document or many, of one chunk or several; and the plan's calls are those made."""
    source = {f"document {at}": _text(words, at) for at in range(documents)}
    run = ds.summarize(source, length=length, chunk_tokens=2_000, show=False, ledger=False)
    summary = run.result(HANG_S)
    assert 0.9 * length <= len(summary.text.split()) <= 1.1 * length
    assert summary.usage.calls == ds.plan(source, length=length, chunk_tokens=2_000).calls
