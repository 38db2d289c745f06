from __future__ import annotations

from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import LONG_S, TEXTS, model_of, summarize


def test_related_documentation_comes_from_the_library(tmp_path: Path) -> None:
    """The library is searched by the summary and its parts; hits carry the matching passage."""
    library = ds.Library(tmp_path / "lib")
    library.add(
        {
            "dues": "Harbour dues are owed by every ship and are reckoned by its tonnage.",
            "krill": "Krill are small crustaceans; a blue whale eats tonnes of krill.",
            "knitting": "Purl two, then knit two together to the end of the row.",
        }
    )
    summary = summarize(TEXTS, library=library).result(LONG_S)
    names = [hit.name for hit in summary.related]
    assert {"dues", "krill"} <= set(names[:2])
    assert "tonnage" in summary.related[names.index("dues")].passage


def test_related_documents_are_others_and_close_and_say_why(tmp_path: Path) -> None:
    """Neither what is summarized nor a copy of it, nor what shares a common word only."""
    folder = tmp_path / "reports"
    folder.mkdir()
    north = "The harbour of the north froze. Ships waited outside. The pilots slept in the town."
    (folder / "north.md").write_text(north)
    library = ds.Library(tmp_path / "lib")
    library.add(folder)
    library.add(
        {
            "copy/north.md": north,
            "ice": "A harbour that is frozen is closed to ships by its master.",
            "cooking": "The town has a library with many books about cooking.",
        }
    )
    summary = summarize(folder, library=library).result(LONG_S)
    (hit,) = summary.related
    assert hit.name == "ice"
    assert hit.why == "It has words of the summary: 'harbour', 'ships'"
    shown = str(summary.related)
    assert shown.startswith("1 related document in the library")
    assert f"Why: {hit.why}" in shown
    assert hit.why in summary.to_text()
    assert ds.Summary.from_json(summary.to_json()) == summary


def test_reasons_are_the_rare_words(tmp_path: Path) -> None:
    """Words that most of what is found has come last, or not at all; no score is shown."""
    library = ds.Library(tmp_path / "lib")
    for number, rare in enumerate(("krill plankton", "tonnage dues", "anchor berths", "rope tar")):
        text = f"Ships and the harbour in the report of the year: {rare} are said to be new."
        library.add({f"d{number}": text})
    text = (
        "The report of the year says: ships in the harbour paid tonnage dues, and krill was sold."
    )
    summary = summarize({"a": text}, library=library).result(LONG_S)
    why = {hit.name: hit.why for hit in summary.related}
    assert why["d1"] == "It has words of the summary: 'tonnage', 'dues'"
    assert "score" not in str(summary.related)


def test_agent_says_why_documents_are_relevant(server: ScriptedServer, tmp_path: Path) -> None:
    """With a language model, an agent judges the hits; its call is planned, stored and metered."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage.", "berths": "A berth for each harbour ship."})

    def script(call: Call) -> Reply:
        if "search_library" in call.prompt:
            found = '[{"name": "dues", "why": "It sets the dues."}]'
            return Reply(f"Thought: I know.\nFinal Answer: {found}")
        return Reply("Ships pay harbour dues and get a berth.")

    server.script = script
    source, model, ledger = TEXTS, model_of(server), tmp_path / "l"
    planned = ds.plan(source, model=model, library=library)
    summary = summarize(source, model=model, library=library, ledger=ledger).result(LONG_S)
    assert [(hit.name, hit.why) for hit in summary.related] == [("dues", "It sets the dues.")]
    assert len(server.calls) == planned.calls == summary.usage.calls == 4
    again = summarize(source, model=model, library=library, ledger=ledger)
    assert again.result(LONG_S).related == summary.related
    assert again.state.calls == 0


def test_agent_can_search_the_library_further(server: ScriptedServer, tmp_path: Path) -> None:
    """What the agent finds with its tool can be among the related documents."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage.", "knitting": "Purl two, knit two together."})

    def script(call: Call) -> Reply:
        if "search_library" not in call.prompt:
            return Reply("Ships pay harbour dues.")
        if "Purl" not in call.prompt:
            return Reply(
                'Thought: look.\nAction: search_library\nAction Input: {"query": "knit"}\n'
            )
        return Reply('Final Answer: [{"name": "knitting", "why": "Sailors knit."}]')

    server.script = script
    summary = summarize(TEXTS, model=model_of(server), library=library).result(LONG_S)
    assert [hit.name for hit in summary.related] == ["knitting"]


def test_unreadable_judgement_keeps_the_hits_and_says_so(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """An answer that is no list of reasons loses nothing that the search found."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage."})
    server.script = lambda call: Reply("Final Answer: the harbour dues document, surely")
    summary = summarize(TEXTS, model=model_of(server), library=library).result(LONG_S)
    assert [hit.name for hit in summary.related] == ["dues"]
    assert "could not be read" in summary.omitted[-1].reason


def test_failed_evaluation_keeps_the_summary(server: ScriptedServer, tmp_path: Path) -> None:
    """The summary that was paid for is in the partial result; skipping, it is the result."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage."})

    def script(call: Call) -> Reply:
        agent = "search_library" in call.prompt
        return Reply("no", status=400) if agent else Reply("Ships pay harbour dues.")

    server.script = script
    run = summarize(TEXTS, model=model_of(server), library=library)
    error = run.exception(LONG_S)
    assert error is not None
    assert "evaluating" in error.__notes__[0]
    assert run.partial.text == "Ships pay harbour dues."
    skipping = summarize(TEXTS, model=model_of(server), library=library, on_error="skip")
    summary = skipping.result(LONG_S)
    assert summary.text == "Ships pay harbour dues."
    assert "not judged" in summary.omitted[-1].reason


@pytest.mark.parametrize("window", [6_000, 8_192, 128_000])
def test_agents_calls_stay_in_the_window_and_in_the_plan(
    server: ScriptedServer, tmp_path: Path, window: int
) -> None:
    """However long the agent searches, its calls and tokens are within the plan's bound."""
    library = ds.Library(tmp_path / "lib")
    library.add({f"dues {i}": f"Harbour dues {i} by tonnage. " * 100 for i in range(30)})

    def script(call: Call) -> Reply:
        if "search_library" in call.prompt:
            return Reply('Thought: more.\nAction: search_library\nAction Input: {"query": "dues"}')
        return Reply(" ".join(f"Ships of {i} tonnes pay harbour dues of {i}." for i in range(8)))

    server.script = script
    model = model_of(server, context_window=window)
    planned = ds.plan(TEXTS, model=model, library=library)
    summary = summarize(TEXTS, model=model, library=library).result(LONG_S)
    assert len(server.calls) <= planned.calls + 2
    assert summary.usage.prompt_tokens + summary.usage.completion_tokens <= planned.tokens
    assert all(len(call.prompt) / 4 + call.body["max_tokens"] < window for call in server.calls)
