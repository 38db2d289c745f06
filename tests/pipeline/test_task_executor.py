from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent

_EXTRACTIVE = """
import json, sys
import docsum_nb as ds
text = "Whales are mammals that live in the sea. They breathe air at the surface. " * 40
summary = ds.summarize({"a": text, "b": text + "They sing."}, ledger=sys.argv[1]).result()
heavy = ("crewai", "litellm", "openai", "chromadb", "lancedb", "jsonschema", "IPython")
print(json.dumps({"text": summary.text, "heavy": [name for name in heavy if name in sys.modules]}))
"""

_MODEL = """
import asyncio, json, sys, threading
import docsum_nb as ds
from docsum_nb.testing import Reply, ScriptedServer

seen = {"at first": None, "tasks": []}


def listen():
    from crewai.events import TaskStartedEvent, crewai_event_bus

    @crewai_event_bus.on(TaskStartedEvent)
    def started(source, event):
        seen["tasks"].append(source.name)


async def script(call):
    if call.number == 0:
        seen["at first"] = "crewai" in sys.modules
    if call.number == 1:
        while any(thread.name == "docsum_nb-import" for thread in threading.enumerate()):
            await asyncio.sleep(0.01)
        listen()
    return Reply(f"Whales are old, says {call.number}.")


with ScriptedServer(script) as server:
    model = ds.Model("openai/gpt-4o-mini", base_url=server.base_url, api_key="none")
    texts = {name: f"Document {name} is about whales." for name in "abcd"}
    summary = ds.summarize(texts, model=model, ledger=False, max_concurrency=1).result()
from crewai.events import crewai_event_bus

crewai_event_bus.flush()
print(json.dumps({**seen, "calls": len(server.calls), "text": summary.text}))
"""


def output_of(code: str, *arguments: str) -> dict[str, Any]:
    """Run code in a process of its own, and return what it prints as JSON."""
    process = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert process.returncode == 0, process.stderr
    assert "Traceback" not in process.stderr
    printed: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return printed


def test_the_extractive_model_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Neither CrewAI nor LiteLLM, with what they import: that takes ten seconds."""
    printed = output_of(_EXTRACTIVE, str(tmp_path / "l"))
    assert printed["text"]
    assert printed["heavy"] == []


@pytest.mark.long
def test_no_request_waits_for_crewai_and_later_ones_are_its_tasks() -> None:
    """The first is sent before it is imported; once it is, each request is a CrewAI task."""
    printed = output_of(_MODEL)
    assert printed["at first"] is False
    # The second one was sent directly, too, and answered when CrewAI was there.
    assert len(printed["tasks"]) == printed["calls"] - 2 > 0
    assert printed["text"].startswith("Whales are old")
