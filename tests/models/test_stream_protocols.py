"""Streams of providers that do not speak OpenAI's protocol, through the real LiteLLM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from docsum_nb.events import Event, Warned
from docsum_nb.models import Model, ModelClient, SummaryStream, litellm_model, open_model
from docsum_nb.records import Answer, Request
from tests.models.model_samples import REQUEST, shown_text
from tests.models.protocols import WORDS, speaking
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

MODELS = ["anthropic/claude-sonnet-4-5", "ollama_chat/x"]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the protocols; what a process remembers of models is forgotten from test to test."""
    monkeypatch.setattr(litellm_model, "_unstreamed", set())
    with speaking() as found:
        yield found


def asked(
    name: str, address: str, request: Request, *, streamed: bool
) -> tuple[Answer, list[Event]]:
    events: list[Event] = []
    control = StandaloneControl(events)
    model = open_model(Model(name, base_url=address, api_key="k", max_retries=0))
    client = ModelClient([model], ledger=None, control=control)

    async def ask() -> Answer:
        client.stream = SummaryStream(control, label="summary") if streamed else None
        answer = await client.ask(request, final=True)
        if client.stream is not None:
            client.stream.end(answer.text)
        return answer

    return on_loop(ask()), events


@pytest.mark.parametrize("name", MODELS)
def test_streamed_answer_is_the_unstreamed_one_in_any_protocol(name: str, address: str) -> None:
    """Text, reason, usage (cached tokens included) and cost are the same, and nothing warns."""
    stream, events = asked(name, address, REQUEST, streamed=True)
    plain, _ = asked(name, address, REQUEST, streamed=False)
    assert stream == plain
    assert stream.text == shown_text(events) == "".join(WORDS)
    assert (stream.usage.completion_tokens, stream.counted) == (5, False)
    assert stream.usage.prompt_tokens == (15 if name.startswith("anthropic") else 11)
    assert not [event for event in events if isinstance(event, Warned)]


@pytest.mark.parametrize("name", MODELS)
def test_stream_that_ends_too_early_is_known_in_any_protocol(name: str, address: str) -> None:
    """No half text is an answer; the plain request's whole one is."""
    request = replace(REQUEST, role="break it")
    answer, events = asked(name, address, request, streamed=True)
    assert answer.text == shown_text(events) == "".join(WORDS)
    assert [event for event in events if isinstance(event, Warned)]
