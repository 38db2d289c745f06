"""SummaryFlow as a real CrewAI flow, observed through CrewAI's own events."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from crewai.events import crewai_event_bus
from crewai.events.types.flow_events import (
    FlowFailedEvent,
    FlowFinishedEvent,
    MethodExecutionFailedEvent,
    MethodExecutionFinishedEvent,
    MethodExecutionStartedEvent,
)
from crewai.flow.flow import Flow, listen, start
from pydantic import BaseModel

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, DeadlineExceeded, InputError, LibraryError, LoadError
from docsum_nb.flow import SummaryFlow, SummaryState
from docsum_nb.ledger import Ledger
from docsum_nb.records import Document
from docsum_nb.results import Summary
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.pipeline.pipeline_samples import (
    LONG_S,
    TEXTS,
    chunk_number,
    marked,
    model_of,
    summarize,
    tick,
)
from tests.support.deadlines import pass_deadline

STEPS = ["load", "summarize", "combine", "evaluate"]


def flow_of(source: Any = None, **options: Any) -> SummaryFlow:
    return SummaryFlow(source, **{"show": False, **options})


@contextmanager
def events_of(flow: Any) -> Iterator[list[tuple[str, str]]]:
    """List what CrewAI tells of a flow: what happened, and to which method."""
    told: list[tuple[int, str, str]] = []
    kinds: dict[Any, str] = {
        MethodExecutionStartedEvent: "started",
        MethodExecutionFinishedEvent: "finished",
        MethodExecutionFailedEvent: "failed",
        FlowFinishedEvent: "flow finished",
        FlowFailedEvent: "flow failed",
    }

    def seen(source: Any, event: Any) -> None:
        if source is flow:
            method = getattr(event, "method_name", "")
            told.append((event.emission_sequence, kinds[type(event)], method))

    for kind in kinds:
        crewai_event_bus.on(kind)(seen)
    in_order: list[tuple[str, str]] = []
    try:
        yield in_order
        crewai_event_bus.flush()
        in_order.extend((what, method) for _, what, method in sorted(told))
    finally:
        for kind in kinds:
            crewai_event_bus.off(kind, seen)


def shown_until(failing: str) -> list[tuple[str, str]]:
    """List what CrewAI tells of a flow that fails at a step."""
    done = STEPS[: STEPS.index(failing)]
    before = [(what, step) for step in done for what in ("started", "finished")]
    return [*before, ("started", failing), ("failed", failing), ("flow failed", "")]


def test_an_argument_that_is_not_taken_is_an_error() -> None:
    """CrewAI would drop it in silence; its own arguments are taken, and likely ones named."""
    assert flow_of("x", suppress_flow_events=True).suppress_flow_events
    for given, end in {"words": "write length=300, in words", "tracin": "'tracing'?"}.items():
        with pytest.raises(TypeError, match=re.escape(end) + "$"):
            flow_of("x", **{given: 300})


def test_flow_does_what_summarize_does_and_tells_its_steps(server: ScriptedServer) -> None:
    """Same calls, same summary; every step is a method of CrewAI's with its events."""
    server.script = lambda call: Reply(f"About {chunk_number(call)}.")
    flow = flow_of(marked(3), model=model_of(server), ledger=False)
    with events_of(flow) as told:
        summary = flow.kickoff()
    assert told == [
        *[(what, step) for step in STEPS for what in ("started", "finished")],
        ("flow finished", ""),
    ]
    calls = sorted(call.prompt for call in server.calls)
    server.calls.clear()
    other = summarize(marked(3), model=model_of(server), ledger=False).result(LONG_S)
    assert sorted(call.prompt for call in server.calls) == calls
    assert isinstance(summary, Summary)
    assert (summary.text, summary.chunks) == (other.text, other.chunks)
    assert summary.documents == other.documents


def test_state_is_typed_and_holds_what_each_step_found(tmp_path: Path) -> None:
    """Inputs and results can be read in the state, which survives JSON and CrewAI's copies."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues are owed by every ship, by its tonnage."})
    flow = flow_of(TEXTS, length=50)
    summary = flow.kickoff(inputs={"library": library, "length": 60})
    state = flow.state
    assert isinstance(state, SummaryState)
    assert state.plan is not None
    assert (state.plan.chunks, state.length, state.source) == (2, 60, TEXTS)
    assert state.chunks == summary.chunks
    assert (state.documents, state.text) == (summary.documents, summary.text)
    assert (state.citations, state.related) == (summary.citations, summary.related)
    assert [hit.name for hit in state.related] == ["dues"]
    assert (state.usage, state.run_id) == (summary.usage, summary.run_id)

    again = SummaryState.model_validate_json(state.model_dump_json())
    assert again.library == str(library.path)
    assert again.documents == state.documents
    assert [each.text for each in again.chunks] == [each.text for each in state.chunks]
    assert {each.chunk.text for each in again.chunks} == {""}
    assert state.model_copy(deep=True).chunks is state.chunks


def test_documents_and_models_survive_being_inputs(server: ScriptedServer, tmp_path: Path) -> None:
    """CrewAI rebuilds the state from a dump: Documents and paths come out as they were."""
    (tmp_path / "file.txt").write_text("A text in a file.")
    source = [Document("a", "A text.", pages=(0,)), tmp_path / "file.txt", {"b": "Another text."}]
    flow = flow_of()
    model = model_of(server, api_key="sk-secret", fallbacks=["openai/other"])
    summary = flow.kickoff(inputs={"source": source, "model": model, "ledger": tmp_path / "l"})
    assert flow.state.source == source
    assert [document.name for document in summary.documents] == ["a", "file.txt", "b"]
    assert summary.citations == () or summary.citations[0].page == 1
    assert "sk-secret" not in flow.state.model_dump_json() + str(flow.state.model_dump())
    assert len(Ledger(tmp_path / "l")) == len(server.calls) == 4


@pytest.mark.parametrize("step", ["summarize", "combine"])
def test_refusal_fails_the_flow_at_its_step(server: ScriptedServer, step: str) -> None:
    """A 403 is raised unchanged, with its note; later steps do not run and ask for nothing."""

    def script(call: Call) -> Reply:
        place = "combine" if chunk_number(call) is None else "summarize"
        return Reply("forbidden", status=403) if place == step else Reply("fine")

    server.script = script
    flow = flow_of(marked(3), model=model_of(server), max_concurrency=1)
    with events_of(flow) as told, pytest.raises(Exception, match="forbidden") as caught:
        flow.kickoff()
    assert told == shown_until(step)
    assert caught.value.status_code == 403  # type: ignore[attr-defined]
    assert "HTTP status 403" in caught.value.__notes__[0]
    assert len(server.calls) == (1 if step == "summarize" else 4)
    assert flow.partial is not None
    assert len(flow.partial.chunks) == (0 if step == "summarize" else 3)
    assert flow.partial.text == ""


def test_library_that_cannot_be_used_fails_load_or_evaluate(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """An empty library costs nothing; one that breaks later leaves the paid summary reachable."""
    flow = flow_of(TEXTS, model=model_of(server), library=tmp_path / "empty")
    with events_of(flow) as told, pytest.raises(InputError, match="holds nothing"):
        flow.kickoff()
    assert told == shown_until("load")
    assert server.calls == []

    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage."})

    def script(call: Call) -> Reply:
        for file in (tmp_path / "lib").rglob("*"):
            if file.is_file():
                file.write_bytes(b"rubbish")
        return Reply("Ships pay harbour dues.")

    server.script = script
    flow = flow_of(TEXTS, model=model_of(server), library=tmp_path / "lib")
    with events_of(flow) as told, pytest.raises(LibraryError):
        flow.kickoff()
    assert told == shown_until("evaluate")
    assert flow.state.text == "Ships pay harbour dues."
    assert flow.partial is not None
    assert flow.partial.text == flow.state.text


class Reviewed(SummaryFlow):
    """A flow of a user's: one step overridden as a plain method, one added."""

    async def combine(self) -> Summary:
        summary = await super().combine()
        self.state.text = summary.text.upper()
        return summary

    @listen(SummaryFlow.evaluate)
    def review(self, summary: Summary) -> tuple[str, str]:
        return self.state.text, summary.text


class Again(Reviewed):
    """A subclass of a subclass."""

    @listen(Reviewed.review)
    async def shorten(self, reviewed: tuple[str, str]) -> str:
        return reviewed[0][:5]


def test_subclass_keeps_the_steps_and_adds_its_own(server: ScriptedServer) -> None:
    """Steps are inherited, overridden ones stand where they stood, added ones get the summary."""
    server.script = lambda call: Reply("some words")
    flow = Reviewed(marked(2), model=model_of(server), show=False)
    with events_of(flow) as told:
        assert flow.kickoff() == ("SOME WORDS", "some words")
    assert [method for what, method in told if what == "finished"] == [*STEPS, "review"]
    assert Again(marked(2), model=model_of(server), show=False).kickoff() == "SOME "


def test_flow_is_a_step_of_another_flow(server: ScriptedServer) -> None:
    """Awaited in a step, it raises its error there, and what the outer flow makes of it counts."""
    server.script = lambda call: Reply("no", status=400) if "bad" in call.prompt else Reply("fine")

    class Outer(Flow[Any]):
        @start()
        async def both(self) -> list[Any]:
            flows = [flow_of({"a": text}, model=model_of(server)) for text in ("good", "bad")]
            done = [flow.kickoff_async() for flow in flows]
            return list(await asyncio.gather(*done, return_exceptions=True))

    good, bad = asyncio.run(Outer(suppress_flow_events=True).kickoff_async())
    assert good.text == "fine"
    assert bad.status_code == 400
    good, bad = ds.kickoff(Outer(suppress_flow_events=True), show=False).result(LONG_S)
    assert (good.text, bad.status_code) == ("fine", 400)


def test_flows_at_once_do_not_mix_and_one_instance_runs_once(server: ScriptedServer) -> None:
    """Ten flows on one loop each get their own; a second kickoff of a running one is refused."""
    server.script = lambda call: Reply(f"About {chunk_number(call)}.", delay=0.02)
    flows = [
        flow_of({name: text}, model=model_of(server), ledger=False)
        for name, text in marked(10).items()
    ]

    async def main() -> list[Any]:
        kickoffs = [flow.kickoff_async() for flow in [*flows, flows[0]]]
        return list(await asyncio.gather(*kickoffs, return_exceptions=True))

    *summaries, refused = asyncio.run(main())
    assert [summary.text for summary in summaries] == [f"About {i}." for i in range(10)]
    assert isinstance(refused, InputError)
    assert "running" in str(refused)
    assert flows[0].kickoff(inputs={"source": {"doc-42": "Text."}}).text == "About 42."


def test_cancelled_kickoff_sends_nothing_more_and_keeps_what_lands(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """When the request that awaits it is cancelled, calls in flight land, no other goes out."""
    gate, flying = threading.Event(), threading.Event()

    async def script(call: Call) -> Reply:
        flying.set()
        while not gate.is_set():
            await tick()
        return Reply("landed")

    server.script = script
    flow = flow_of(marked(8), model=model_of(server), max_concurrency=2, ledger=tmp_path / "l")

    async def request() -> None:
        kickoff = asyncio.ensure_future(flow.kickoff_async())
        while not flying.is_set():
            await tick()
        kickoff.cancel()
        with pytest.raises(asyncio.CancelledError):
            await kickoff
        assert flow.run is not None
        assert flow.run.done

    asyncio.run(request())
    gate.set()
    assert flow.run is not None
    assert flow.run.join(LONG_S)
    assert 1 <= len(server.calls) <= 2
    assert len(Ledger(tmp_path / "l")) == len(server.calls)
    server.script = lambda call: Reply("fine")
    flow.kickoff()
    assert len(server.calls) == 9


def test_guarded_flow_ends_at_the_deadline_with_its_calls(server: ScriptedServer) -> None:
    """ds.kickoff shows its progress, ends at the deadline with the partial result, stops calls."""
    flow_of(marked(1), model=model_of(server), ledger=False).kickoff()  # imports take their time
    server.calls.clear()

    def script(call: Call) -> Reply:
        return Reply(hang=True) if call.number else Reply("one")

    server.script = script
    flow = flow_of(marked(3), model=model_of(server), max_concurrency=1)
    run = ds.kickoff(flow, deadline=LONG_S, show=False)
    pass_deadline(run, lambda: len(server.calls) == 2 and flow.run and flow.run.state.done == 1)
    with pytest.raises(DeadlineExceeded, match=r"while summarizing .*1 of 3 chunks done") as caught:
        run.result(LONG_S)
    assert len(caught.value.partial.chunks) == 1
    assert run.state.calls == 2
    assert flow.run is not None
    assert flow.run.join(LONG_S)
    assert len(server.calls) == 2


def test_guarded_flow_counts_its_calls(server: ScriptedServer, tmp_path: Path) -> None:
    """What ds.kickoff bounds and counts holds for the flow: no call is made above max_calls."""
    library = ds.Library(tmp_path / "lib")
    library.add({"dues": "Harbour dues by tonnage."})
    server.script = lambda call: Reply('Final Answer: [{"name": "dues", "why": "It says."}]')
    model = model_of(server)
    run = ds.kickoff(flow_of(TEXTS, model=model, library=library), max_calls=4, show=False)
    assert run.result(LONG_S).related[0].why == "It says."
    assert run.state.calls == run.state.planned_calls == len(server.calls) == 4
    assert (run.state.done, run.state.queued) == (2, 0)
    fresh = flow_of(marked(5), model=model, max_concurrency=1)
    run = ds.kickoff(fresh, max_calls=3, show=False)
    with pytest.raises(BudgetExceeded):
        run.result(LONG_S)
    assert len(server.calls) == 4 + 3


def test_rubbish_is_refused_before_the_flow_starts(server: ScriptedServer) -> None:
    """Arguments and inputs that cannot be used are InputErrors that name them."""
    with pytest.raises(InputError, match="on_error"):
        flow_of(TEXTS, on_error="ignore")
    flow = flow_of(model=model_of(server))
    for inputs, words in [({"sorce": "x"}, "sorce"), ({"length": "long"}, "length")]:
        with events_of(flow) as told, pytest.raises(InputError, match=words):
            flow.kickoff(inputs=inputs)
        assert told == []
    with events_of(flow) as told, pytest.raises(LoadError, match="nowhere"):
        flow.kickoff(inputs={"source": "nowhere"})
    assert told == shown_until("load")
    with pytest.raises(InputError, match="None"):
        flow_of().kickoff()
    assert server.calls == []


def test_persisted_flow_goes_on_from_the_ledger(server: ScriptedServer, tmp_path: Path) -> None:
    """A flow restored by its id has its inputs again, and pays for nothing twice."""
    from crewai.flow.persistence import SQLiteFlowPersistence, persist

    stored = SQLiteFlowPersistence(str(tmp_path / "flows.db"))
    Persisted = persist(stored)(type("Persisted", (SummaryFlow,), {}))  # noqa: N806
    server.script = lambda call: (
        Reply("fine") if chunk_number(call) is not None else Reply("no", 400)
    )
    first = Persisted(marked(3), model=model_of(server), ledger=tmp_path / "l", show=False)
    with pytest.raises(Exception, match="no"):
        first.kickoff()
    server.script = lambda call: Reply("fine")
    second = Persisted(show=False)
    summary = second.kickoff(inputs={"id": first.state.id})
    assert (summary.text, len(server.calls)) == ("fine", 5)
    assert second.state.source == marked(3)
    assert json.loads(first.state.model_dump_json())["model"]["name"] == "openai/scripted"


def test_steps_tell_progress_in_one_run(server: ScriptedServer) -> None:
    """The whole kickoff is one run with its own events, deadline and end."""
    import_module("litellm")  # the first import in a process is a stage of its own
    seen: list[Any] = []
    flow = flow_of(marked(4), model=model_of(server), on_event=seen.append)
    flow.kickoff()
    stages = [event.stage for event in seen if type(event).__name__ == "StageStarted"]
    assert stages == ["loading", "summarizing", "combining"]
    assert [type(event).__name__ for event in seen].count("RunEnded") == 1
    assert flow.run is not None
    assert (flow.run.state.outcome, flow.run.state.done, flow.run.state.calls) == ("done", 4, 5)
    server.script = lambda call: Reply(hang=True)
    late = flow_of(marked(2), model=model_of(server), deadline=5.0, ledger=False)
    with events_of(late) as told, pytest.raises(DeadlineExceeded, match="at the step 'summarize'"):
        late.kickoff()
    assert told == shown_until("summarize")


class Topic(BaseModel):
    topic: str


@pytest.mark.parametrize("fallbacks", [(), ("openai/y",)])
def test_state_that_went_through_json_is_the_same(fallbacks: tuple[str, ...]) -> None:
    """The model is the one whose key the flow holds, and the form is a class again."""
    model = ds.Model("openai/x", prices=(1.0, 2.0), fallbacks=fallbacks)
    state = SummaryState(source="a", model=model, response_model=Topic)
    again = SummaryState.model_validate_json(state.model_dump_json())
    assert again.model == model
    assert again.response_model is Topic
