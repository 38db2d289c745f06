from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from docsum_nb.errors import ModelError
from docsum_nb.events import TextStreamed
from docsum_nb.models import Model, ModelClient, SummaryStream, open_model
from tests.models.answer_rows import ROWS, Row
from tests.models.model_samples import REQUEST, shown_text
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop
from tests.support.raw_server import RawReply, RawServer, running_raw

SSE = "text/event-stream"


@dataclass(frozen=True)
class Outcome:
    """What came of one answer."""

    kind: str
    requests: int
    said: str
    shown: tuple[TextStreamed, ...]
    cost: float | None


async def asked(server: RawServer, path: str, *, streamed: bool, **options: Any) -> Outcome:
    """Ask for the answer of this path, with one retry."""
    events: list[Any] = []
    control = StandaloneControl(events)
    settings = Model(
        **{
            "name": "openai/m",
            "base_url": server.base_url(path),
            "prices": (1.0, 2.0),
            "max_retries": 1,
            "timeout": 30,
            "context_window": 32_000,
            **options,
        }
    )
    client = ModelClient([open_model(settings)], ledger=None, control=control)
    client.stream = SummaryStream(control, label="summary") if streamed else None
    try:
        answer = await client.ask(REQUEST, final=True)
        kind, said = ("cut" if answer.finish_reason == "length" else "text"), answer.text
        if client.stream is not None:
            client.stream.end(answer.text)
    except Exception as error:  # noqa: BLE001  # the kind is what is tested
        kind, said = _kind(error), str(error)
    shown = tuple(event for event in events if isinstance(event, TextStreamed))
    return Outcome(kind, server.asked[path], said, shown, client.usage.cost_usd)


def _kind(error: Exception) -> str:
    status = getattr(error, "status_code", None)
    if status is not None or not isinstance(error, ModelError):
        return str(status)
    kinds = {
        "broke its answer off": "broken",
        "asked for a tool": "broken",
        "refused to answer": "refused",
        "used up its room": "room",
        "no text": "empty",
        "not read further": "large",
    }
    return next((kind for words, kind in kinds.items() if words in str(error)), "?")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    """Every row, whole and as a stream, asked beside one another."""
    with running_raw() as server:
        for row in ROWS:
            text = row.body if isinstance(row.body, str) else json.dumps(row.body)
            plain = (RawReply(text.encode("utf-8", "surrogatepass")),)
            for name in (row.name, f"{row.name}-streamed"):
                server.plain[name] = plain
            if row.stream is not None:
                body = row.stream.encode("utf-8", "surrogatepass")
                server.streamed[f"{row.name}-streamed"] = (RawReply(body, SSE),)

        async def ask_all() -> list[Outcome]:
            asking = [asked(server, row.name, streamed=False) for row in ROWS]
            asking += [asked(server, f"{row.name}-streamed", streamed=True) for row in ROWS]
            return await asyncio.gather(*asking)

        names = [row.name for row in ROWS] + [f"{row.name}-streamed" for row in ROWS]
        yield dict(zip(names, on_loop(ask_all()), strict=True))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_whole_answer_comes_to_what_it_is(outcomes: dict[str, Outcome], row: Row) -> None:
    """What kind it is, after how many requests, in which words."""
    outcome = outcomes[row.name]
    assert (outcome.kind, outcome.requests) == (row.kind, row.requests), outcome.said
    assert row.said in outcome.said
    assert row.kind != "text" or outcome.said == row.said
    # A usage that cannot be makes nothing cheaper, and nothing dearer than a few cents.
    assert outcome.cost is not None
    assert 0 <= outcome.cost < 0.1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_streamed_answer_comes_to_the_same(outcomes: dict[str, Outcome], row: Row) -> None:
    """As for the whole answer; and nothing of a thought is shown."""
    outcome = outcomes[f"{row.name}-streamed"]
    assert (outcome.kind, outcome.requests) == (row.kind, row.streamed_requests), outcome.said
    assert row.said in outcome.said
    if row.kind == "text":
        assert outcome.said == row.said == shown_text(outcome.shown)
    assert not [event.text for event in outcome.shown if "let me" in event.text]


def test_every_row_has_its_source() -> None:
    """Each is from a document or a report, but a few that go further; no name stands twice."""
    made_up = [row.name for row in ROWS if not row.source]
    assert len(ROWS) - len(made_up) >= 60
    assert len(made_up) < len(ROWS) / 5
    assert all(row.source.startswith("https://") for row in ROWS if row.source)
    assert len({row.name for row in ROWS}) == len(ROWS)
