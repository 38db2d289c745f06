"""Refusals and dead connections through ``summarize``: cut again, quoted, explained."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import DeadlineExceeded
from docsum_nb.events import Event, Throttled
from docsum_nb.testing import Call, Reply, ScriptedServer
from docsum_nb.views.status import state_html, state_text
from tests.models.refusals import ROWS, Row
from tests.support.deadlines import pass_deadline

LONG_S = 60.0
SENTENCES = [f"Sentence number {i} tells of the ship named MARK-{i:03}." for i in range(120)]
LIMIT = 800
"""Words of a prompt that the server takes."""
TOO_LONG = [
    row for row in ROWS if row.failure.name == "TOO_LONG" and row.model.startswith("openai/")
]


def summarize(server: ScriptedServer, texts: dict[str, str], **options: Any) -> Any:
    model = ds.Model("openai/x", base_url=server.base_url, context_window=32_000)
    options = {"ledger": False, "show": False, "deadline": LONG_S, "model": model, **options}
    return ds.summarize(texts, **options)


@pytest.mark.parametrize("row", TOO_LONG[::4], ids=lambda row: row.name)
def test_chunk_refused_in_any_wording_is_cut_again(server: ScriptedServer, row: Row) -> None:
    """One request is refused; its halves are summarized and merged, and nothing is lost."""

    def script(call: Call) -> Reply:
        if len(call.prompt.split()) > LIMIT:
            return Reply(raw=row.body, status=row.status)
        marks = sorted(set(re.findall(r"MARK-\d{3}", call.prompt)))
        return Reply(" ".join(f"{mark}." for mark in marks) or "Nothing.")

    server.script = script
    run = summarize(server, {"log": " ".join(SENTENCES)})
    summary = run.result()
    assert sorted(re.findall(r"MARK-\d{3}", summary.text)) == [f"MARK-{i:03}" for i in range(120)]
    assert summary.omitted == ()
    refused = [call for call in server.calls if len(call.prompt.split()) > LIMIT]
    assert len(refused) == 1
    assert len(server.calls) <= 5


def test_provider_without_room_is_quoted_while_it_is_waited_for(server: ScriptedServer) -> None:
    """Its words and the next try are in the line and in the panel; the deadline repeats them."""
    words = "Rate limit reached for x on requests per min (RPM): Limit 3, Used 3."
    server.script = lambda call: Reply(words, status=429, headers={"retry-after": "30"})
    events: list[Event] = []
    run = summarize(server, {"a": SENTENCES[0]}, deadline=LONG_S, on_event=events.append)
    pass_deadline(run, lambda: run.state.throttled)
    error = run.exception()
    assert isinstance(error, DeadlineExceeded)
    assert "turned requests away with status 429: Rate limit reached" in str(error)
    held = run.state.throttled
    assert isinstance(held, Throttled)
    waiting = [event for event in events if isinstance(event, Throttled)]
    assert waiting == [held]
    # As a view saw it before the end.
    before = replace(run.state, outcome=None, error=None, waiting=1)
    for shown in (state_text(before, "t"), state_html(before, "t", with_style=False)):
        assert "Rate limit reached for x" in shown
        assert "next try at" in shown
    assert len(server.calls) == 1


def test_account_without_money_ends_the_run_at_once(server: ScriptedServer) -> None:
    """One request for all chunks in flight at most, the provider's words, and what to look at."""
    body = json.dumps(
        {"error": {"message": "Insufficient balance. Please recharge.", "code": "1113"}}
    )
    server.script = lambda call: Reply(raw=body, status=429)
    run = summarize(server, {f"d{i}": SENTENCES[i] for i in range(6)}, max_concurrency=1)
    error = run.exception()
    assert "Please recharge" in str(error)
    assert any("HTTP status 429; waiting does not help" in note for note in error.__notes__)
    assert len(server.calls) == 1


def test_closed_port_is_explained_wherever_the_error_is_shown() -> None:
    """In the note, in the state that panels show, and in what is left out."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        model = ds.Model("openai/x", base_url=url, max_retries=0)
        options: dict[str, Any] = {"model": model, "ledger": False, "show": False}
        run = ds.summarize({"a": SENTENCES[0]}, deadline=LONG_S, **options)
        error = run.exception()
        words = f"nothing answers at {url}: the connection was refused; start the server"
        assert error is not None
        assert any(words in note for note in error.__notes__)
        assert words in str(run.state.error)
        both = ds.summarize(
            {"a": SENTENCES[0], "b": SENTENCES[1]}, deadline=LONG_S, on_error="collect", **options
        )
        group = both.exception()
        assert isinstance(group, ExceptionGroup)


def test_address_without_its_path_is_said(server: ScriptedServer) -> None:
    """A server that knows no such path is no reason to look for a model."""
    model = ds.Model("openai/x", base_url=server.address)
    run = summarize(server, {"a": SENTENCES[0]}, model=model)
    error = run.exception()
    assert error.status_code == 404
    assert any(f"/v1 at its end, as in {server.address}/v1" in note for note in error.__notes__)


def test_endpoint_that_was_pasted_is_said(server: ScriptedServer) -> None:
    """The client puts the endpoint behind the address a second time."""
    model = ds.Model("openai/x", base_url=f"{server.base_url}/chat/completions")
    error = summarize(server, {"a": SENTENCES[0]}, model=model).exception()
    assert any("leave '/chat/completions' off" in note for note in error.__notes__)


def test_half_a_character_is_no_fault_of_the_server(server: ScriptedServer) -> None:
    """A lone surrogate, as a notebook may hold, is summarized or said; not tried four times."""
    server.script = lambda call: Reply("A summary.")
    run = summarize(server, {"log\ud800": f"{SENTENCES[0]} \udc80 {SENTENCES[1]}"})
    assert run.result().text == "A summary."
    assert len(server.calls) == 1
