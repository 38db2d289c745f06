from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded, InputError, LedgerError, LoadError
from docsum_nb.ledger import Ledger
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import LONG_S, chunk_number, marked, model_of, summarize, tick
from tests.support.deadlines import pass_deadline


def test_first_error_is_seen_at_once_and_the_next_run_pays_only_for_the_rest(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """A 403 on chunk 10 waits for no other; nothing is sent after it; what lands is kept."""
    seen = threading.Event()

    async def script(call: Call) -> Reply:
        while len(server.calls) < 12 or (chunk_number(call) != 10 and not seen.is_set()):
            await tick()
        return Reply("forbidden", status=403) if chunk_number(call) == 10 else Reply("A summary.")

    server.script = script
    source, ledger = marked(20), tmp_path / "ledger"
    run = summarize(source, model=model_of(server), max_concurrency=12, ledger=ledger)
    with pytest.raises(Exception, match="forbidden") as caught:
        run.result(LONG_S)
    # What a panel shows where nobody sees the traceback.
    assert "doc-10" in (run.state.error or "")
    assert caught.value.status_code == 403  # type: ignore[attr-defined]
    assert "doc-10" in caught.value.__notes__[0]
    assert "HTTP status 403" in caught.value.__notes__[0]
    seen.set()
    assert run.join(LONG_S)
    assert len(server.calls) == 12
    assert len(Ledger(ledger)) == 11

    server.script = lambda call: Reply("fine")
    again = summarize(source, model=model_of(server), ledger=ledger)
    again.result(LONG_S)
    assert len(server.calls) - 12 == ds.plan(source, model=model_of(server)).calls - 11
    assert again.state.cached == 11


def test_partial_result_holds_what_was_finished(server: ScriptedServer) -> None:
    """A run that failed still shows its finished chunk summaries, and names what is missing."""

    def script(call: Call) -> Reply:
        return Reply("no", status=401) if chunk_number(call) == 3 else Reply("done")

    server.script = script
    run = summarize(marked(6), model=model_of(server), max_concurrency=1)
    assert run.exception(LONG_S) is not None
    partial = run.partial
    assert [summary.chunk.document for summary in partial.chunks] == ["doc-00", "doc-01", "doc-02"]
    assert partial.text == ""
    assert {omission.what for omission in partial.omitted} >= {"doc-03", "doc-05"}


def test_skip_goes_on_and_names_the_gaps(server: ScriptedServer) -> None:
    """With on_error="skip" the summary comes, and says what it lacks."""

    def script(call: Call) -> Reply:
        return Reply("no", status=400) if chunk_number(call) in (1, 2) else Reply("fine")

    server.script = script
    summary = summarize(marked(4), model=model_of(server), on_error="skip").result(LONG_S)
    assert [document.name for document in summary.documents] == ["doc-00", "doc-03"]
    assert [omission.what for omission in summary.omitted] == ["doc-01, chunk 0", "doc-02, chunk 0"]


def test_collect_finishes_the_others_and_raises_all(server: ScriptedServer, tmp_path: Path) -> None:
    """With on_error="collect" all failures come in one group, and the other answers are kept."""

    def script(call: Call) -> Reply:
        return Reply("no", status=400) if chunk_number(call) in (1, 2) else Reply("fine")

    server.script = script
    run = summarize(marked(5), model=model_of(server), on_error="collect", ledger=tmp_path / "l")
    with pytest.raises(ExceptionGroup) as caught:
        run.result(LONG_S)
    assert len(caught.value.exceptions) == 2
    assert "2 of 5 chunks failed; the others are kept" in str(caught.value)
    assert len(Ledger(tmp_path / "l")) == 3


@pytest.mark.parametrize(
    ("refused", "words"),
    [((1,), "; the answers of the others are not kept (ledger=False) ("), ((0, 1), " (")],
)
def test_collect_promises_nothing_without_a_ledger(
    server: ScriptedServer, refused: tuple[int, ...], words: str
) -> None:
    """What is not kept is not called kept, and if all failed there are no others."""

    def script(call: Call) -> Reply:
        return Reply("no", status=400) if chunk_number(call) in refused else Reply("fine")

    server.script = script
    run = summarize(marked(2), model=model_of(server), on_error="collect", ledger=False)
    error = run.exception(LONG_S)
    assert str(error).startswith(f"{len(refused)} of 2 chunks failed{words}")


def test_everything_failed_is_an_error_even_when_skipping(server: ScriptedServer) -> None:
    """Nothing to summarize is no summary."""
    server.script = lambda call: Reply("no", status=400)
    with pytest.raises(Exception, match="no"):
        summarize(marked(2), model=model_of(server), on_error="skip").result(LONG_S)


def test_deadline_ends_a_run_whose_provider_hangs(server: ScriptedServer) -> None:
    """A provider that never answers costs the deadline; the error says what hung, what is kept."""
    server.script = lambda call: Reply(hang=True) if call.number else Reply("one")
    run = summarize(marked(3), model=model_of(server), deadline=LONG_S, max_concurrency=1)
    pass_deadline(run, lambda: len(server.calls) == 2 and run.state.done == 1)
    with pytest.raises(DeadlineExceeded, match=r"summarizing: 1 of 3 chunks done") as caught:
        run.result(LONG_S)
    (hung,) = run.underway()
    assert f"passed, while summarizing {hung!r} (" in str(caught.value)
    kept = (
        "1 of 3 chunks are done and kept; 1 call in flight is waited for, 5 s at most, and kept; "
        f"docsum_nb.resume({run.id!r}) or the same call"
    )
    assert f"docsum_nb run {run.id}: {kept}" in caught.value.__notes__[0]
    error = run.exception()
    assert isinstance(error, DeadlineExceeded)
    assert len(error.partial.chunks) == 1


def test_cancelled_run_sends_nothing_more_and_keeps_what_lands(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """After cancel(), requests in flight land and are stored; no other goes out."""
    gate, flying = threading.Event(), threading.Event()

    async def script(call: Call) -> Reply:
        flying.set()
        while not gate.is_set():
            await tick()
        return Reply("landed")

    server.script = script
    run = summarize(marked(8), model=model_of(server), max_concurrency=2, ledger=tmp_path / "l")
    assert flying.wait(LONG_S)
    run.cancel("not needed")
    sent = len(server.calls)
    gate.set()
    assert run.join(LONG_S)
    assert len(server.calls) <= 2
    assert len(Ledger(tmp_path / "l")) == len(server.calls) >= sent


LONG = " ".join(f"The ship{i} sails at dawn." for i in range(400))


def test_cut_off_and_overlong_answers_are_omissions(server: ScriptedServer) -> None:
    """An answer cut off by the provider, and one too long to be merged, are in omitted."""

    def script(call: Call) -> Reply:
        if chunk_number(call) == 0:
            return Reply("Cut off", finish_reason="length")
        return Reply(LONG if chunk_number(call) == 1 else "Fine.")

    server.script = script
    summary = summarize(marked(3), model=model_of(server)).result(LONG_S)
    reasons = {omission.what: omission.reason for omission in summary.omitted}
    assert "cut off at the length limit" in reasons["doc-00, chunk 0"]
    assert "too long" in reasons["doc-01"]


def test_what_is_wrong_with_the_input_is_one_line_before_any_call(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Empty folder, missing path, unreadable file, unknown model, missing key, empty library."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 rubbish")
    model = model_of(server)
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (tmp_path / "empty", {"model": model}, "empty"),
        (tmp_path / "nowhere", {"model": model}, "nowhere"),
        (tmp_path / "bad.pdf", {"model": model}, r"bad\.pdf"),
        ({}, {"model": model}, ""),
        ({"a": "text"}, {"model": "no-such-model"}, "no-such-model"),
        ({"a": "text"}, {"model": "openai/gpt-4o"}, "OPENAI_API_KEY"),
        ({"a": "text"}, {"model": model, "library": tmp_path / "lib"}, "holds nothing"),
        ({"a": "text"}, {"model": model, "prompts": tmp_path / "empty"}, "agents.yaml"),
        ({"a": "text"}, {"model": model_of(server, context_window=1024)}, "window"),
    ]
    for source, options, words in wrong:
        error = summarize(source, **options).exception(LONG_S)
        assert isinstance(error, InputError), (source, options, error)
        assert re.search(words, str(error)), error
        assert "\n" not in str(error)
    assert server.calls == []


@pytest.mark.parametrize(
    "options",
    [
        {"on_error": "ignore"},
        {"length": 0},
        {"max_concurrency": 0},
        {"question": " "},
        {"ledger": True},
        {"model": 3},
        {"deadline": -1},
    ],
)
def test_rubbish_arguments_are_refused_at_the_call(options: dict[str, Any]) -> None:
    """An argument that cannot be used raises from summarize() itself."""
    with pytest.raises(InputError):
        summarize({"a": "text"}, **options)


def test_ledger_that_cannot_be_written_is_an_error_before_any_call(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What could not be kept is not paid for."""
    (tmp_path / "file").write_text("x")
    run = summarize(marked(1), model=model_of(server), ledger=tmp_path / "file" / "ledger")
    with pytest.raises(LedgerError):
        run.result(LONG_S)
    assert server.calls == []


def test_skip_leaves_out_an_unreadable_file_and_names_it(tmp_path: Path) -> None:
    """One bad file among good ones costs its own summary only, where that is wished."""
    (tmp_path / "good.txt").write_text("A good text that says something about the harbour.")
    (tmp_path / "bad.docx").write_bytes(b"rubbish")
    with pytest.raises(LoadError, match=r"bad\.docx"):
        summarize(tmp_path).result(LONG_S)
    summary = summarize(tmp_path, on_error="skip").result(LONG_S)
    assert [document.name for document in summary.documents] == ["good.txt"]
    assert summary.omitted[0].what.endswith("bad.docx")


def test_failed_merge_says_what_was_combined(server: ScriptedServer) -> None:
    """The error of a merge has a note that names it."""

    def script(call: Call) -> Reply:
        return Reply("no", status=400) if chunk_number(call) is None else Reply("fine")

    server.script = script
    error = summarize(marked(3), model=model_of(server)).exception(LONG_S)
    assert error is not None
    assert "combining all 3 documents together" in error.__notes__[0]


def test_every_summary_names_the_model_that_wrote_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """With a fallback for some chunks, each says who wrote it; from the ledger the same."""

    def script(call: Call) -> Reply:
        refused = call.body["model"] == "scripted" and chunk_number(call) in (1, 3)
        return Reply("no", status=403) if refused else Reply(f"By {call.body['model']}.")

    server.script = script
    model = model_of(server, fallbacks=["openai/spare"])
    for cached in (False, True):
        summary = summarize(marked(5), model=model, ledger=tmp_path / "l").result(LONG_S)
        wrote = [chunk.model.removeprefix("openai/") for chunk in summary.chunks]
        assert wrote == ["scripted", "spare", "scripted", "spare", "scripted"]
        assert [chunk.text for chunk in summary.chunks] == [f"By {name}." for name in wrote]
        assert {chunk.cached for chunk in summary.chunks} == {cached}


def test_partial_result_counts_documents_of_one_chunk_as_finished(server: ScriptedServer) -> None:
    """What is summarized is no omission, though the merges were not reached."""

    def script(call: Call) -> Reply:
        return Reply("no", status=401) if chunk_number(call) == 3 else Reply("done")

    server.script = script
    run = summarize(marked(6), model=model_of(server), max_concurrency=1)
    assert run.exception(LONG_S) is not None
    partial = run.partial
    assert [document.name for document in partial.documents] == ["doc-00", "doc-01", "doc-02"]
    assert [each.what for each in partial.omitted] == ["doc-03", "doc-04", "doc-05"]
