from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.ledger_samples import is_sound, said
from tests.support.zygote import running_zygote

LONG_S = 240.0
pytestmark = pytest.mark.timeout(3 * LONG_S)


def marked(count: int, paragraphs: int = 1) -> dict[str, str]:
    return {
        f"doc-{i:03}": "\n\n".join(
            f"MARK-{i:03}-{p} is what paragraph {p} of document {i} says. " + "Ships sail. " * 15
            for p in range(paragraphs)
        )
        for i in range(count)
    }


def echo(call: Call) -> Reply:
    """Answer with the marks of the prompt, so that an answer in a wrong place would be seen."""
    words = call.prompt.partition(' name="')[2].split()
    marks = dict.fromkeys(word for word in words if word.startswith("MARK-"))
    return Reply(f"{' '.join(list(marks)[:60])} are the marks.", delay=0.01)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_on_one_ledger_pay_for_a_chunk_once_or_twice(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Both get the result of a run alone; what they share is asked for once or twice."""
    server.script = echo
    source = marked(60)
    model = ds.Model("openai/scripted", base_url=server.base_url)
    alone = ds.summarize(source, model=model, ledger=tmp_path / "alone", show=False).result(LONG_S)
    needed = len(server.calls)
    server.calls.clear()
    ledger, start = tmp_path / "shared", tmp_path / "start"
    os.mkfifo(start)
    with running_zygote() as one, running_zygote() as other:
        outputs = []
        for number, zygote in enumerate((one, other)):
            outputs.append(tmp_path / f"{number}.json")
            zygote.start(
                source=source,
                options={"max_concurrency": 8},
                base_url=server.base_url,
                ledger=str(ledger),
                output=str(outputs[-1]),
                before=str(start),
            )
        # Each waits until somebody opens the other end: they begin together.
        with start.open("w"):
            assert [one.wait(), other.wait()] == [0, 0]
    results: list[dict[str, Any]] = [json.loads(output.read_text()) for output in outputs]
    expected = json.loads(alone.to_json())
    for result in results:
        for part in ("text", "documents", "citations", "omitted"):
            assert said(result, part) == said(expected, part), part
    assert needed <= len(server.calls) <= 2 * needed
    assert len({call.prompt for call in server.calls}) == needed
    assert is_sound(ledger)
    states = {record.state for record in ds.runs(ledger)}
    assert (states, len(ds.runs(ledger))) == ({"done"}, 2)


@pytest.mark.long
def test_edited_document_pays_for_its_chunks_and_the_merges_above_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """One edited page of 200 costs its changed chunk, the next one, its merge and those above."""
    server.script = echo
    source = marked(200, paragraphs=3)
    options: dict[str, Any] = {
        "model": ds.Model("openai/scripted", base_url=server.base_url, context_window=32_000),
        "ledger": tmp_path / "l",
        "chunk_tokens": 80,
        "show": False,
    }
    ds.summarize(source, **options).result(LONG_S)
    planned = len(server.calls)
    assert planned == ds.plan(source, model=options["model"], chunk_tokens=80).calls
    server.calls.clear()
    source["doc-085"] = source["doc-085"].replace("MARK-085-1", "MARK-085-X")
    edited = ds.summarize(source, **options).result(LONG_S)
    # Two of its three chunks, as one is what stands before the other; its own merge, one merge of
    # the level above, and the last one.
    prompts = [call.prompt for call in server.calls]
    assert sum("<text-" in prompt for prompt in prompts) == 2
    assert len(prompts) == 5
    assert all("MARK-085-X" in prompt for prompt in prompts)
    assert edited.usage.calls == 5
    server.calls.clear()
    source.pop("doc-085")
    ds.summarize(source, **options).result(LONG_S)
    assert not any("<text-" in call.prompt for call in server.calls)
