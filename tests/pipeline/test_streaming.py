from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import docsum_nb as ds
from docsum_nb.events import CallStarted, Event, TextStreamed
from docsum_nb.ledger import Ledger
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.model_samples import shown_text
from tests.pipeline.pipeline_samples import LONG_S, SMALL, marked, model_of, summarize

FINAL = " ".join(f"word{number}" for number in range(30))


class Watched:
    """A run that an observer looks at."""

    def __init__(self, source: Any, **options: Any) -> None:
        self.events: list[Event] = []
        self.run = summarize(source, on_event=self.events.append, **options)
        self.summary = self.run.result(LONG_S)

    @property
    def told(self) -> list[TextStreamed]:
        return [event for event in self.events if isinstance(event, TextStreamed)]


def streamed(call: Call) -> bool:
    return bool(call.body.get("stream"))


def script(call: Call) -> Reply:
    return Reply(FINAL, gap=0.01) if streamed(call) else Reply("A part.")


@pytest.mark.parametrize(
    ("source", "window"),
    [
        (marked(3), None),
        (marked(9), SMALL),
        (marked(1), None),
        (marked(1, paragraphs=80), SMALL),
    ],
    ids=["documents", "levels", "one chunk", "one document"],
)
def test_the_last_text_is_streamed_and_nothing_else(
    server: ScriptedServer, source: Any, window: int | None
) -> None:
    """One request is a stream, the one that writes the result; its pieces are the result."""
    server.script = script
    watched = Watched(source, model=model_of(server, context_window=window))
    assert list(map(streamed, server.calls)) == [False] * (len(server.calls) - 1) + [True]
    assert len(server.calls) == watched.run.state.planned_calls
    assert (len(server.calls) == 1) == (len(source) == 1 and window is None)
    assert shown_text(watched.events) == watched.summary.text == FINAL
    assert len(watched.told) > 1
    assert {event.label for event in watched.told} == {"summary"}
    assert [event.begins for event in watched.told] == [True] + [False] * (len(watched.told) - 1)


def test_where_nobody_looks_nothing_is_streamed(server: ScriptedServer) -> None:
    """A plain request has fewer ways to fail."""
    server.script = script
    assert summarize(marked(2), model=model_of(server)).result(LONG_S).text == "A part."
    assert not any(map(streamed, server.calls))


def test_stored_text_is_shown_whole(server: ScriptedServer, tmp_path: Path) -> None:
    """A run from the ledger asks nobody, and tells its text in one piece; also if not streamed."""
    server.script = script
    for source in (marked(2), marked(1)):
        options = {"model": model_of(server), "ledger": tmp_path / "ledger"}
        first, again = Watched(source, **options), Watched(source, **options)
        assert again.summary.usage.calls == 0
        assert again.summary.text == first.summary.text == FINAL
        assert [(event.text, event.begins) for event in again.told] == [(FINAL, True)]
    assert len(list(filter(streamed, server.calls))) == 2


def test_extractive_text_is_shown_whole() -> None:
    """The embedded model does not write piece by piece."""
    watched = Watched(marked(2, paragraphs=2))
    assert [event.text for event in watched.told] == [watched.summary.text]


def test_data_is_not_streamed(server: ScriptedServer) -> None:
    """Of a run with a response model, the text is streamed; the JSON comes after it, whole."""

    class Findings(BaseModel):
        title: str

    server.script = lambda call: (
        Reply('{"title": "Whales"}') if "JSON" in call.prompt else script(call)
    )
    watched = Watched(marked(2), model=model_of(server), response_model=Findings)
    assert shown_text(watched.events) == FINAL
    assert watched.summary.data == Findings(title="Whales")
    assert list(map(streamed, server.calls)) == [False, False, True, False]


def test_one_document_left_of_several_is_streamed(server: ScriptedServer) -> None:
    """Where the others failed and are skipped, its last merge is the result."""

    def failing(call: Call) -> Reply:
        return Reply("no", status=401) if "MARK-01" in call.prompt else script(call)

    server.script = failing
    source = {**marked(1, paragraphs=80), "doc-01": marked(2)["doc-01"]}
    model = model_of(server, context_window=SMALL)
    watched = Watched(source, model=model, on_error="skip")
    assert watched.summary.text == shown_text(watched.events) == FINAL
    assert len(list(filter(streamed, server.calls))) == 1


def test_merge_that_is_too_long_is_streamed_once_it_fits(server: ScriptedServer) -> None:
    """The halves come whole; their merge is the result, and the one that is streamed."""

    def refusing(call: Call) -> Reply:
        if streamed(call) and call.prompt.count("A part.") > 2:
            error = "This model's maximum context length is 10 tokens."
            return Reply(error, status=400)
        return script(call)

    server.script = refusing
    watched = Watched(marked(4), model=model_of(server))
    assert watched.summary.text == shown_text(watched.events) == FINAL
    assert list(map(streamed, server.calls)) == [*[False] * 4, True, False, False, True]


def test_flow_streams_its_last_text_where_it_is_observed(server: ScriptedServer) -> None:
    """A step that a flow asks for is reported like one of summarize."""
    server.script = script
    events: list[Event] = []
    flow = ds.SummaryFlow(
        marked(2), model=model_of(server), ledger=False, show=False, on_event=events.append
    )
    assert flow.kickoff().text == shown_text(events) == FINAL
    server.calls.clear()
    guarded: list[Event] = []
    inner = ds.SummaryFlow(marked(2), model=model_of(server), ledger=False)
    run = ds.kickoff(inner, deadline=LONG_S, on_event=guarded.append, show=False)
    assert run.result().text == shown_text(guarded) == FINAL


@pytest.mark.long
def test_run_that_is_stopped_midway_leaves_no_stream_behind(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The server sees its client go once the settle time is over; the chunks are kept.

    Going on from there asks for the last text alone.
    """
    begun = threading.Event()
    server.script = lambda call: (
        Reply(FINAL, words=3, hang=True) if streamed(call) else Reply("A part.")
    )

    def observe(event: Event) -> None:
        if isinstance(event, TextStreamed):
            begun.set()

    options = {"model": model_of(server), "ledger": tmp_path / "ledger"}
    run = summarize(marked(2), on_event=observe, **options)
    assert begun.wait(LONG_S)
    run.cancel()
    assert isinstance(run.exception(), ds.errors.RunCancelled)
    assert run.join(LONG_S)
    gone = threading.Event()
    for _ in range(int(LONG_S / 0.05)):
        if server.gone or gone.wait(0.05):
            break
    assert server.gone == [2]
    assert len(Ledger(tmp_path / "ledger")) == 2

    server.script = script
    again = Watched(marked(2), **options)
    assert [event.attempt for event in again.events if isinstance(event, CallStarted)] == [1]
    assert shown_text(again.events) == FINAL
