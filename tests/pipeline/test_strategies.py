"""Strategies, controls, and what a prompt holds beside its text; plans come true."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import model_of, summarize

HANG_S = 300.0
SYLLABLES = [f"{a}{b}" for a in "bdfgklmnprst" for b in ("ara", "emo", "ilu", "one", "uva", "isto")]


def prose(words: int, seed: int) -> str:
    chance = random.Random(seed)
    sentences = []
    while words > 0:
        count = chance.randint(8, 20)
        words -= count
        sentences.append(f"The {' '.join(chance.choices(SYLLABLES, k=count - 1))}.")
    return " ".join(sentences)


def at_full_length(call: Call) -> Reply:
    """Answer with as many words as the limit of tokens lets through, and more."""
    return Reply(prose(int(call.body.get("max_tokens", 300)), call.number))


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lengths=st.lists(st.integers(20, 6_000), min_size=1, max_size=3),
    window=st.sampled_from([3_000, 5_000, 16_000]),
    length=st.sampled_from([40, 300, 700]),
    strategy=st.sampled_from(["auto", "tree", "refine", "single", "per-document"]),
    detail=st.sampled_from(["low", "medium", "high"]),
)
def test_calls_of_the_plan_are_those_that_are_made(
    server: ScriptedServer, lengths: list[int], window: int, length: int, strategy: Any, detail: Any
) -> None:
    """For any documents, window, length and strategy, with a model that fills each answer."""
    source = {f"d{at}": prose(words, at) for at, words in enumerate(lengths)}
    model = model_of(server, context_window=window)
    asked: dict[str, Any] = {"length": length, "strategy": strategy, "detail": detail}
    server.script = at_full_length
    before = len(server.calls)
    try:
        planned = ds.plan(source, model=model, **asked)
    except InputError:
        return
    summary = summarize(source, model=model, ledger=False, **asked).result(HANG_S)
    assert planned.calls == summary.usage.calls == len(server.calls) - before
    assert summary.usage.prompt_tokens + summary.usage.completion_tokens <= planned.tokens
    assert {each.name for each in summary.documents} == set(source)


def test_a_summary_is_rewritten_chunk_by_chunk(server: ScriptedServer) -> None:
    """Each request of a document holds the answer to the one before it."""
    server.script = lambda call: Reply(f"Answer {call.number} of the dredger.")
    asked: dict[str, Any] = {
        "model": model_of(server, context_window=16_000),
        "strategy": "refine",
        "chunk_tokens": 400,
    }
    source = {"a": prose(700, 1)}
    plan = ds.plan(source, **asked)
    summary = summarize(source, ledger=False, **asked).result(HANG_S)
    assert plan.depth == plan.calls == len(server.calls) > 3
    assert (plan.strategy, plan.why) == ("refine", "as asked")
    for earlier, later in zip(server.calls, server.calls[1:], strict=False):
        assert f"Answer {earlier.number} of the dredger." in later.prompt
    assert summary.text == f"Answer {plan.calls - 1} of the dredger."
    assert summary.documents[0].usage.calls == plan.calls


def test_a_chunk_that_fails_is_skipped_and_the_summary_goes_on(server: ScriptedServer) -> None:
    def script(call: Call) -> Reply:
        return Reply("no", status=400) if call.number == 1 else Reply(f"Answer {call.number} here.")

    server.script = script
    summary = summarize(
        {"a": prose(700, 1)},
        model=model_of(server, context_window=16_000),
        strategy="refine",
        chunk_tokens=400,
        on_error="skip",
        ledger=False,
    ).result(HANG_S)
    assert "Answer 0 here." in server.calls[2].prompt
    assert [each.what for each in summary.omitted] == ["a, chunk 1"]


def test_each_document_has_a_summary_and_none_is_merged(server: ScriptedServer) -> None:
    server.script = lambda call: Reply(f"Answer {call.number} here.")
    source = {"a": "A harbour shelters ships.", "b": "Whales are mammals."}
    options: dict[str, Any] = {"model": model_of(server), "strategy": "per-document"}
    assert ds.plan(source, **options).calls == 2
    summary = summarize(source, ledger=False, length=200, **options).result(HANG_S)
    assert re.fullmatch(r"a\n\nAnswer [01] here\.\n\nb\n\nAnswer [01] here\.", summary.text)
    assert all("at most 200 words" in call.prompt for call in server.calls)


def test_a_document_that_does_not_fit_into_one_request_is_refused(server: ScriptedServer) -> None:
    model = model_of(server, context_window=5_000)
    with pytest.raises(InputError, match=r"sends each document whole, and b has more than the .*"):
        ds.plan({"a": "Short text.", "b": prose(6_000, 1)}, model=model, strategy="single")
    assert ds.plan({"a": "Short text."}, model=model).strategy == "single"
    assert ds.plan({"b": prose(6_000, 1)}, model=model).strategy == "tree"


def test_a_merge_sees_sentences_of_the_sources(server: ScriptedServer) -> None:
    """Those that a summary rests on, unchanged, below it; and nothing of other sentences."""

    def script(call: Call) -> Reply:
        of = "Krill" if "krill" in call.prompt else "Dues"
        return Reply(f"{of} matters: four tonnes of krill are eaten, harbour dues are by tonnage.")

    server.script = script
    source = {
        "whales": "A blue whale eats about four tonnes of krill a day. Sailors hunted it for oil.",
        "harbours": "Ships pay harbour dues by their tonnage in June. Dredgers keep it deep today.",
    }
    summarize(source, model=model_of(server), ledger=False).result(HANG_S)
    merge = server.calls[-1].prompt
    assert "Quoted from the text:\n- A blue whale eats about four tonnes of krill a day." in merge
    assert "Quoted from the text:\n- Ships pay harbour dues by their tonnage in June." in merge
    assert "Sailors" not in merge
    assert "Dredgers" not in merge


def test_a_chunk_comes_with_what_stands_before_it(server: ScriptedServer) -> None:
    """The headings above it and the last words before it, apart from what is to be summarized."""
    text = f"# Ports\n\n## Dues\n\n### Rates\n\n{prose(500, 2)}"
    summarize(
        {"a": text}, model=model_of(server), ledger=False, chunk_tokens=300, max_concurrency=1
    ).result(HANG_S)
    second = server.calls[1].prompt
    (before,) = re.findall(r'name="before the text">\n(.*?)\n</', second, re.S)
    (own,) = re.findall(r'name="a, chunk 1[^"]*">\n(.*?)\n</', second, re.S)
    assert before.startswith("Ports > Dues > Rates\n")
    last = before.split()[-5:]
    assert " ".join([*last, *own.split()[:3]]) in " ".join(text.split())
    assert "before the text" not in server.calls[0].prompt


def test_language_audience_and_focus_reach_every_prompt(server: ScriptedServer) -> None:
    summarize(
        {"a": "A harbour shelters ships.", "b": "Whales are mammals."},
        model=model_of(server),
        ledger=False,
        language="German",
        audience="harbour masters",
        focus="dates",
    ).result(HANG_S)
    for call in server.calls:
        assert "Write in German, in plain sentences" in call.prompt
        assert "Write for this audience: harbour masters." in call.prompt
        assert "Dwell on this more than on other things: dates." in call.prompt


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"language": "German"}, "language needs a language model"),
        ({"audience": "children"}, "audience needs a language model"),
        ({"strategy": "refine"}, "strategy='refine' needs a language model"),
        ({"strategy": "map"}, "strategy is one of auto, tree, refine, single, per-document"),
        ({"detail": 3}, "detail is one of low, medium, high, not 3"),
        ({"focus": " "}, "focus is a text, not ' '"),
        ({"strategy": "single", "chunk_tokens": 300}, "leave out chunk_tokens"),
    ],
)
def test_what_cannot_be_done_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ds.plan({"a": "A text."}, **given)


def test_licences_and_lists_of_names_are_named_if_nothing_is_selected_from_them() -> None:
    """With their words; what is left out of the final text is said."""
    source = {
        "guide": prose(900, 1),
        "LICENSE": prose(200, 2),
        "AUTHORS": "Anna Berg, Carl Dahl, Eva Falk, Gus Holm, Ida Jansson, Karl Lund.",
    }
    summary = summarize(source, ledger=False, length=60).result(HANG_S)
    (omission,) = [each for each in summary.omitted if "nothing was selected" in each.reason]
    assert "LICENSE (2" in omission.reason
    assert "AUTHORS (12 words)" in omission.reason


def test_documents_that_nothing_is_selected_from_are_counted_and_named() -> None:
    """In one line, with the words of the first few."""
    source = {f"d{at}": prose(300, at) for at in range(12)}
    summary = summarize(source, ledger=False, length=60).result(HANG_S)
    (omission,) = [each for each in summary.omitted if "nothing was selected" in each.reason]
    cited = {each.document for each in summary.citations}
    assert f"from {12 - len(cited)} of 12 documents, " in omission.reason
    assert omission.reason.count(" words)") <= 6
