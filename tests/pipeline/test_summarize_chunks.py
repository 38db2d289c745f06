"""Texts that turn out to be too long for the model, though the plan thought they fit."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from benchmarks import frames
from docsum_nb.results import Summary
from docsum_nb.run import Run
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.warm_python import warm_python

LONG_S = 60.0
SENTENCES = [f"Sentence number {i} tells of the ship named MARK-{i:03}." for i in range(120)]


def refusing(limit: int) -> Any:
    """Refuse every prompt of more words, as OpenAI does; answer with the marks of the others."""

    def script(call: Call) -> Reply:
        if len(call.prompt.split()) > limit:
            error = {
                "message": "This model's maximum context length is 500 tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
            return Reply(raw=ds_json({"error": error}), status=400)
        marks = sorted(set(re.findall(r"MARK-\d{3}", call.prompt)))
        return Reply(" ".join(f"{mark}." for mark in marks) or "Nothing.")

    return script


def ds_json(value: Any) -> str:
    import json

    return json.dumps(value)


def model_of(server: ScriptedServer) -> ds.Model:
    return ds.Model("openai/x", base_url=server.base_url, context_window=32_000)


def summarize(server: ScriptedServer, texts: dict[str, str], **options: Any) -> Run[Summary]:
    return ds.summarize(
        texts, model=model_of(server), ledger=False, show=False, deadline=LONG_S, **options
    )


@pytest.mark.parametrize("limit", [800, 420])
def test_chunk_that_is_too_long_is_cut_again_and_nothing_is_lost(
    server: ScriptedServer, limit: int
) -> None:
    """Refused as too long, a chunk is summarized in halves, or quarters, and merged."""
    server.script = refusing(limit)
    run = summarize(server, {"log": " ".join(SENTENCES)})
    summary = run.result()
    marks = [f"MARK-{i:03}" for i in range(120)]
    assert sorted(re.findall(r"MARK-\d{3}", summary.text)) == marks
    assert len(summary.chunks) == 1
    assert summary.omitted == ()
    refused = sum(len(call.prompt.split()) > limit for call in server.calls)
    assert refused >= 1


def test_merge_that_is_too_long_is_made_in_halves(server: ScriptedServer) -> None:
    """Many summaries refused together are merged by halves; each document is in the result."""
    texts = {f"doc-{i:02}": SENTENCES[i] for i in range(12)}
    whole: list[int] = []

    def script(call: Call) -> Reply:
        names = re.findall(r'^<summary-\w+ name="doc-\d\d', call.prompt, re.MULTILINE)
        if len(names) > 6:
            whole.append(len(names))
            error = {"message": "too many tokens", "code": "context_length_exceeded"}
            return Reply(raw=ds_json({"error": error}), status=400)
        return Reply(" ".join(f"{m}." for m in re.findall(r"MARK-\d{3}", call.prompt)))

    server.script = script
    run = summarize(server, texts)
    summary = run.result()
    assert whole == [12]
    assert run.state.merged == run.state.merges == 1 + 2
    assert set(re.findall(r"MARK-\d{3}", summary.text)) == {f"MARK-{i:03}" for i in range(12)}


def test_text_that_never_fits_is_the_providers_own_error(server: ScriptedServer) -> None:
    """Cut down to pieces that are still refused, the refusal comes out, after a bounded number."""
    server.script = refusing(10)
    run = summarize(server, {"log": " ".join(SENTENCES)})
    error = run.exception()
    assert type(error).__name__ == "ContextWindowExceededError"
    assert len(server.calls) < 10


@pytest.mark.parametrize("on_error", ["skip", "collect"])
def test_merge_of_pieces_that_fails_is_one_chunks_failure(
    server: ScriptedServer, on_error: Any
) -> None:
    """Where failures are kept, a chunk that was cut again fails like any other chunk."""
    cut_again = refusing(800)
    server.script = lambda call: (
        Reply("no", status=400) if 'name="part' in call.prompt else cut_again(call)
    )
    texts = {"log": " ".join(SENTENCES), "a": SENTENCES[1], "b": SENTENCES[2]}
    run = summarize(server, texts, on_error=on_error, max_concurrency=1)
    error = run.exception()
    assert run.state.done == 2
    if on_error == "skip":
        assert [each.what for each in run.result().omitted] == ["log, chunk 0"]
    else:
        assert isinstance(error, ExceptionGroup)
        assert len(error.exceptions) == 1


def test_pieces_that_were_cut_off_are_omissions(server: ScriptedServer) -> None:
    """What the summaries of a chunk's pieces lack is reported, although their merge is whole."""
    cut_again = refusing(800)

    def script(call: Call) -> Reply:
        if 'name="part' in call.prompt:
            return Reply("All of it.")
        if len(call.prompt.split()) > 800:
            return cut_again(call)  # type: ignore[no-any-return]
        return Reply("It tells of", finish_reason="length")

    server.script = script
    summary = summarize(server, {"log": " ".join(SENTENCES)}).result()
    assert summary.text == "All of it."
    assert [each.what for each in summary.omitted][:2] == [
        "part 1 of log, chunk 0",
        "part 2 of log, chunk 0",
    ]
    assert "cut off" in summary.omitted[0].reason


def test_a_chunk_takes_ten_frames_to_its_request_and_one_look(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """From the worker of a chunk to LiteLLM, with one look into the ledger for a fresh chunk."""
    # In a process of its own: a guard, once used, puts a wrapper of its own around CrewAI's tasks.
    command = [*warm_python(), frames.__file__, "follow", server.base_url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=True)
    way = json.loads(done.stdout.splitlines()[-1])
    assert len(way["frames"]) <= frames.MOST_FRAMES, way["frames"]
    assert way["looks"] == 1
