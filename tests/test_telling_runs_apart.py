"""Two runs at once can be told apart: in logs, in events, and in traces where there are any."""

from __future__ import annotations

import json
import logging
import subprocess
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.events import Event
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.warm_python import warm_python

LONG_S = 60.0


def test_events_and_log_lines_carry_the_run(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two summaries at once, every event and every line names the run it belongs to."""
    caplog.set_level(logging.DEBUG, logger="docsum_nb")
    model = ds.Model("openai/x", base_url=server.base_url)
    seen: dict[str, list[Event]] = {"a": [], "b": []}
    runs = {
        name: ds.summarize(
            {name: f"Text {name}."}, model=model, ledger=False, on_event=events.append, show=False
        )
        for name, events in seen.items()
    }
    for run in runs.values():
        run.result(LONG_S)
    for name, run in runs.items():
        assert {event.run_id for event in seen[name]} == {run.id}
    lines = [record for record in caplog.records if record.name.startswith("docsum_nb")]
    assert {record.run_id for record in lines} == {run.id for run in runs.values()}  # type: ignore[attr-defined]
    assert all(record.run_id in record.getMessage() for record in lines)  # type: ignore[attr-defined]


TRACED = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
if sys.argv[2] == "set up":
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)

import docsum_nb as ds
from tests.crew.crew_samples import field_crew, kickoff, llm_of

class Server:
    base_url = sys.argv[1]

run = kickoff(field_crew(llm_of(Server), parts=2))
error = run.exception()
model = ds.Model("openai/x", base_url=Server.base_url, max_retries=0)
refused = ds.summarize({"a": "Text."}, model=model, ledger=False, show=False)
refused.exception()
assert refused.join(60)
spans = {span.context.span_id: span for span in exporter.get_finished_spans()}
print(json.dumps([
    [
        span.name,
        spans[span.parent.span_id].name if span.parent else None,
        dict(span.attributes),
        span.status.status_code.name,
    ]
    for span in spans.values()
]))
"""


def traced(
    server: ScriptedServer, setting: str
) -> list[tuple[str, str | None, dict[str, object], str]]:
    """Run a crew and a summary in a process of its own, and return their spans."""
    done = subprocess.run(
        [*warm_python(), "-c", TRACED, server.base_url, setting],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    return [tuple(span) for span in json.loads(done.stdout)]


@pytest.mark.long
def test_spans_where_the_user_set_a_provider_up_and_none_elsewhere(server: ScriptedServer) -> None:
    """A run holds its tasks, a task its calls with their tokens; a refusal is an error."""
    server.script = lambda call: Reply("no", status=403 if "Text." in call.prompt else 200)
    spans = traced(server, "set up")
    named = {name: (parent, attributes, status) for name, parent, attributes, status in spans}
    assert named["docsum_nb crew"][0] is None
    assert "docsum_nb.run_id" in named["docsum_nb crew"][1]
    assert named["task part 1"][0] == "docsum_nb crew"
    parent, attributes, _ = named["chat gpt-4o-mini"]
    assert parent is not None
    assert attributes["gen_ai.usage.output_tokens"] == 1
    assert sum(name == "chat gpt-4o-mini" for name, *_ in spans) == 4
    assert named["docsum_nb summarize"][2] == "ERROR"
    assert traced(server, "not set up") == []
