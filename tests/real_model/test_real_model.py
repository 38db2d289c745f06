"""The main job and a guarded crew with a real, small language model behind a real server.

Its words are poor and often repeat; its protocol, its errors and its pace are real. What it writes
is not judged here, except that what is wrong with it is reported.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.events import CallStarted, Event, TextStreamed
from docsum_nb.results import Summary
from docsum_nb.run import Run
from tests.real_model.real_server import HANG_S, RealServer, free_port, running_model

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(2 * HANG_S)]

CONTEXT = 2048
TEXTS = {
    "whales": "Whales are mammals that live in the open sea. They breathe air at the surface. "
    "A blue whale eats about four tonnes of krill a day. Sailors once hunted whales for their oil.",
    "harbors": "A harbor shelters ships from storms. Harbor masters assign each ship a berth. "
    "Ships pay harbor dues by their tonnage. Dredgers keep the channel of a harbor deep.",
    "rice": "Farmers plant rice when the river has flooded the fields. The plants stand in water "
    "for three months. Before the harvest the fields are drained, and the grain dries in the sun.",
}


@pytest.fixture(scope="module")
def real() -> Iterator[RealServer]:
    """A server of the model that has loaded it."""
    with running_model(CONTEXT) as server:
        server.wait_for(200)
        yield server


def model_at(server: RealServer, **options: Any) -> ds.Model:
    """Return the model; its answers are short, as it mostly repeats itself after a sentence."""
    settings = {"max_concurrency": 2, "timeout": HANG_S, "context_window": CONTEXT, **options}
    return ds.Model(
        "openai/smollm2",
        base_url=server.base_url,
        api_key="none",
        params={"temperature": 0, "max_tokens": 80},
        **settings,
    )


def summarize(source: Any, model: ds.Model, **options: Any) -> Run[Summary]:
    settings = {"ledger": False, "show": False, "deadline": HANG_S, "length": 40, **options}
    return ds.summarize(source, model=model, **settings)


def test_main_job(real: RealServer) -> None:
    """Every document is summarized by the model, which counts its tokens; nothing is missing."""
    run = summarize(TEXTS, model_at(real))
    summary = run.result()
    assert len(summary.chunks) == len(TEXTS)
    assert all(chunk.text for chunk in summary.chunks)
    assert summary.text
    assert summary.usage.calls >= run.state.planned_calls
    assert summary.usage.prompt_tokens > 100 * len(TEXTS)
    assert run.state.outcome == "done"


def test_text_is_streamed(real: RealServer) -> None:
    """The pieces of the final text, from the last beginning on, are the text of the summary."""
    events: list[Event] = []
    summary = summarize(
        {"whales": TEXTS["whales"]}, model_at(real), on_event=events.append
    ).result()
    pieces = [event for event in events if isinstance(event, TextStreamed)]
    last = max(i for i, piece in enumerate(pieces) if piece.begins)
    assert "".join(piece.text for piece in pieces[last:]) == summary.text
    assert len(pieces) > 1


def test_chunk_that_is_too_long_is_cut_again(real: RealServer) -> None:
    """A window that is smaller than was said loses nothing: what is refused is cut again."""
    text = "\n\n".join(f"{TEXTS['rice']} That was year {year}." for year in range(1960, 2003))
    model = model_at(real, context_window=4096)
    run = summarize({"rice": text}, model, chunk_tokens=2600)
    summary = run.result()
    assert summary.text
    assert run.state.outcome == "done"
    # Refused once, then asked for in halves.
    assert summary.usage.calls >= 3


def test_looping_answer_is_reported(real: RealServer) -> None:
    """An answer that repeats itself to the limit is not passed off as a summary in silence."""
    loop = "The ship sails. " * 60
    run = summarize({"log": loop}, model_at(real), length=100)
    summary = run.result()
    words = summary.text.split()
    looped = len(words) > 100 and len(set(words)) < len(words) / 4
    assert not looped or summary.omitted or run.state.warnings


def test_guarded_crew(real: RealServer) -> None:
    """A crew whose concurrent tasks share an agent is carried out, and its tokens are counted."""
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(
        model="openai/smollm2",
        base_url=real.base_url,
        api_key="none",
        max_tokens=40,
        temperature=0,
        timeout=HANG_S,
    )
    agent = Agent(role="writer", goal="Summarize", backstory="You are brief.", llm=llm)
    tasks = [
        Task(
            description=f"Summarize in one sentence: {text}",
            expected_output="One sentence.",
            agent=agent,
            async_execution=True,
        )
        for text in TEXTS.values()
    ]
    last = Task(description="Combine.", expected_output="A text.", agent=agent, context=tasks)
    run = ds.kickoff(Crew(agents=[agent], tasks=[*tasks, last]), deadline=HANG_S, show=False)
    output = run.result()
    assert len(output.tasks_output) == 4
    assert output.token_usage.successful_requests >= 4
    assert output.token_usage.prompt_tokens > 100


def test_cancel_in_mid_answer(real: RealServer) -> None:
    """A run is stopped while the model writes; the server answers the next one."""
    sent = threading.Event()
    run = summarize(
        TEXTS,
        model_at(real),
        length=100,
        on_event=lambda event: sent.set() if isinstance(event, CallStarted) else None,
    )
    assert sent.wait(HANG_S)
    run.cancel()
    error = run.exception(HANG_S)
    assert isinstance(error, ds.errors.RunCancelled)
    assert summarize({"rice": TEXTS["rice"]}, model_at(real)).result().text


def test_server_that_is_still_loading_is_waited_for() -> None:
    """A server that answers 503 while it loads its model costs no run."""
    with running_model(CONTEXT) as server:
        server.wait_for(503, 200)
        assert summarize({"rice": TEXTS["rice"]}, model_at(server)).result().text


def test_server_killed_in_mid_run(tmp_path: Path) -> None:
    """The run ends with an error that names the address; resumed, it asks for the rest only."""
    ledger, port = tmp_path / "ledger.sqlite3", free_port()
    texts = {f"doc-{i}": f"{text} This is copy {i}." for i in range(3) for text in TEXTS.values()}
    with running_model(CONTEXT, port=port) as server:
        server.wait_for(200)
        model = model_at(server, max_retries=1)
        run = summarize(texts, model, ledger=ledger)
        while run.state.done < 1 and not run.done:
            run.join(0.05)
        server.kill()
        error = run.exception(HANG_S)
        assert error is not None
        assert f"127.0.0.1:{port}" in "\n".join([str(error), *error.__notes__])
        run.join(HANG_S)
    kept = run.state.done
    with running_model(CONTEXT, port=port) as server:
        server.wait_for(200)
        again = ds.resume(run.id, model=model, ledger=ledger, show=False, deadline=HANG_S)
        summary = again.result()
    assert kept >= 1
    assert summary.text
    assert again.state.cached >= kept
