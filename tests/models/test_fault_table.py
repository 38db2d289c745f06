"""Every provider's refusal, through the models layer: its kind, its requests, its words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from docsum_nb.budget import Budget
from docsum_nb.errors import described
from docsum_nb.events import Event, Throttled, Warned
from docsum_nb.models import Model, ModelClient, is_too_long, open_model, with_cause
from docsum_nb.provider_errors import Failure, ProviderReply, failure_of_reply, fault_of
from tests.models.model_samples import REQUEST
from tests.models.refusals import ROWS, Row
from tests.models.wire import Wire, answer, serving
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

PATIENCE_S = 0.6
"""For which a provider without room is waited for here."""
LONG_S = 60.0
REQUESTS = {
    Failure.PERMANENT: (1, 1),
    Failure.TOO_LONG: (1, 1),
    Failure.SPENT: (1, 1),
    Failure.DOUBTFUL: (2, 2),
    Failure.TRANSIENT: (2, 2),
    # As often as it takes, and no hot loop.
    Failure.OVERLOAD: (1, 8),
}
"""Least and most requests for one answer, with ``max_retries=1``."""


@dataclass(frozen=True)
class Outcome:
    """What came of one row."""

    error: Exception
    requests: int
    events: tuple[Event, ...]


async def ask(wire: Wire, row: Row) -> Outcome:
    events: list[Event] = []
    control = StandaloneControl(events)
    params = {"api_version": "2024-06-01"} if row.model.startswith("azure/") else {}
    settings = Model(
        row.model,
        base_url=wire.base_url(row.name),
        api_key="sk-" + row.name,
        max_retries=1,
        give_up_after=PATIENCE_S if row.failure is Failure.OVERLOAD else LONG_S,
        params=params,
    )
    client = ModelClient([open_model(settings)], ledger=None, control=control, budget=Budget())
    try:
        await client.ask(REQUEST)
    except Exception as error:  # noqa: BLE001  # whatever the client makes of it
        return Outcome(error, wire.asked[row.name], tuple(events))
    raise AssertionError(f"{row.name} is an error")


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    """Ask for all rows at once: most of their time is waiting."""

    async def all_of_them(wire: Wire) -> dict[str, Outcome]:
        found = await asyncio.gather(*(ask(wire, row) for row in ROWS))
        return {row.name: outcome for row, outcome in zip(ROWS, found, strict=True)}

    # CrewAI sets this for the process; by itself LiteLLM then loses the words of a 422.
    with serving() as wire, pytest.MonkeyPatch.context() as patch:
        patch.setattr("litellm.drop_params", True)
        for row in ROWS:
            wire.answers[row.name] = [
                answer(row.status, row.body, headers=row.headers, kind=row.kind)
            ]
        yield on_loop(all_of_them(wire))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_refusal_is_what_it_is(row: Row, outcomes: dict[str, Outcome]) -> None:
    """Kind, number of requests, the provider's own words, and what to change."""
    outcome = outcomes[row.name]
    fault = fault_of(outcome.error, "http://127.0.0.1/v1")
    said = "\n".join([described(outcome.error), *getattr(outcome.error, "__notes__", ())])
    assert fault.failure is row.failure, said
    least, most = REQUESTS[row.failure]
    assert least <= outcome.requests <= most
    assert row.says in said or row.says in fault.words
    assert row.advises in f"{said} {fault.line}"
    assert is_too_long(outcome.error) is (row.failure is Failure.TOO_LONG)
    assert "sk-" + row.name not in f"{said} {fault.line} {with_cause(outcome.error)}"


def test_rows_are_many_and_each_has_its_source() -> None:
    """Names are unique; each answer is documented or was reported."""
    assert len({row.name for row in ROWS}) == len(ROWS) >= 60
    assert all(link.startswith("https://") for row in ROWS for link in row.source)
    assert all(row.source for row in ROWS)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.failure is Failure.OVERLOAD], ids=lambda row: row.name
)
def test_provider_without_room_is_quoted(row: Row, outcomes: dict[str, Outcome]) -> None:
    """While it is waited for, its words are in the event and in the warning, with the time."""
    events = outcomes[row.name].events
    throttled = [event for event in events if isinstance(event, Throttled)]
    warnings = [event.message for event in events if isinstance(event, Warned)]
    assert throttled
    assert row.says in throttled[0].words
    assert throttled[0].next_at > 0
    assert any(row.says in message and "held back for" in message for message in warnings)


def test_error_that_was_raised_while_another_was_handled_is_read_for_itself(
    outcomes: dict[str, Outcome],
) -> None:
    """A merge that is refused is made in halves while its refusal is handled."""
    earlier, later = outcomes["bare-413-openai"].error, outcomes["anthropic-529-anthropic"].error
    innermost = later
    while innermost.__context__ is not None:
        assert isinstance(innermost.__context__, Exception)
        innermost = innermost.__context__
    innermost.__context__ = earlier
    try:
        assert fault_of(later).status == 529
        assert fault_of(later).failure is Failure.OVERLOAD
    finally:
        innermost.__context__ = None


@pytest.mark.parametrize("status", [None, 200, 502])
def test_number_in_a_body_counts_before_a_name(status: int | None) -> None:
    """A gateway names every refusal "invalid_request_error", and passes the number on."""
    reply = ProviderReply(status, codes=frozenset({"429", "invalid_request_error"}))
    assert failure_of_reply(reply) is Failure.OVERLOAD
