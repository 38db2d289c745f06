"""Bounds on cost, calls and tokens of a summary, by the server's own count."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded, InputError
from docsum_nb.testing import Call, Reply, ScriptedServer

LONG_S = 60.0
PRICES = (1.0, 4.0)
"""US dollars for a million tokens of prompt and answer."""
TEXTS = {f"doc-{i:02}": f"Document {i} tells of ships and of the sea. " * 20 for i in range(40)}


def model_of(server: ScriptedServer, **options: Any) -> ds.Model:
    return ds.Model(
        "openai/x", base_url=server.base_url, prices=PRICES, context_window=128_000, **options
    )


def summarize(server: ScriptedServer, **options: Any) -> Any:
    given = {"ledger": False, "show": False, "deadline": LONG_S, **options}
    return ds.summarize(TEXTS, model=given.pop("model", model_of(server)), **given)


def charged(server: ScriptedServer) -> float:
    """Add up what the server's own counts of tokens come to, in US dollars."""
    words = [len(call.prompt.split()) for call in server.calls]
    return (PRICES[0] * sum(words) + PRICES[1] * 2 * len(words)) / 1e6


def test_run_at_half_its_cost_stops_under_it_and_says_what_remains(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """The server charges no more than the bound; the rest is reported, and can be resumed."""
    ledger = tmp_path / "ledger"
    summarize(server).result()
    bound = charged(server) / 2
    server.calls.clear()
    # What an answer may take is far more than it does, so the bound is met with calls in flight.
    run = summarize(server, max_cost=bound, ledger=ledger)
    error = run.exception()
    assert isinstance(error, BudgetExceeded)
    assert run.join(LONG_S)
    assert charged(server) <= bound
    assert 0 < len(error.partial.chunks) < 40
    assert f"of max_cost=${bound:g} are left" in str(error)
    assert f"what remains: 40 documents, {40 - len(error.partial.chunks)} chunks" in str(error)
    assert error.run_id == run.id
    assert run.id in error.__notes__[0]
    made = len(server.calls)
    again = summarize(server, ledger=ledger)
    assert len(again.result().chunks) == 40
    assert len(server.calls) == 41
    assert again.state.cached >= made - 1


def test_cost_that_a_plan_bounds_is_enough(server: ScriptedServer) -> None:
    """A run that may cost what its plan says at most is never stopped."""
    planned = ds.plan(TEXTS, model=model_of(server))
    assert planned.cost_usd is not None
    # A tenth is kept for vocabularies that count otherwise.
    summary = summarize(server, max_cost=1.1 * planned.cost_usd).result()
    assert len(summary.documents) == 40
    assert len(server.calls) == planned.calls
    assert charged(server) <= planned.cost_usd


@pytest.mark.parametrize("on_error", ["raise", "collect", "skip"])
def test_calls_and_tokens_are_bounded_whatever_is_done_with_errors(
    server: ScriptedServer, on_error: Any
) -> None:
    """A bound is no failure of one chunk: the run ends, and no request goes over it."""
    run = summarize(server, max_calls=7, on_error=on_error)
    assert isinstance(run.exception(), BudgetExceeded)
    assert run.join(LONG_S)
    assert len(server.calls) == 7
    run = summarize(server, max_tokens=9_000, on_error=on_error)
    assert isinstance(run.exception(), BudgetExceeded)
    assert run.join(LONG_S)
    tokens = sum(len(call.prompt.split()) + 2 for call in server.calls[7:])
    assert 0 < tokens <= 9_000


def test_answers_in_flight_when_the_bound_is_met_are_kept(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """What was paid for before the bound is stored, however the run ended."""
    ledger = tmp_path / "ledger"
    run = summarize(server, max_calls=10, ledger=ledger)
    assert isinstance(run.exception(), BudgetExceeded)
    assert run.join(LONG_S)
    assert len(server.calls) == 10
    summarize(server, ledger=ledger).result()
    assert len(server.calls) == 41


def test_refused_requests_count_as_calls_and_cost_nothing(server: ScriptedServer) -> None:
    """A 500 that is tried again is two of max_calls, and one answer's cost."""

    def script(call: Call) -> Reply:
        return Reply("oops", status=500) if call.number == 0 else Reply()

    server.script = script
    model = model_of(server, max_retries=1)
    error = summarize(server, model=model, max_calls=3, max_concurrency=1).exception()
    assert isinstance(error, BudgetExceeded)
    assert len(server.calls) == 3
    assert len(error.partial.chunks) == 2


def test_unknown_price_is_asked_for_before_the_run_is_one(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """With max_cost, a model without a price is wrong input: nothing is sent, no run is kept."""
    model = ds.Model("openai/x", base_url=server.base_url)
    ledger = tmp_path / "ledger"
    with pytest.raises(InputError, match=r"prices=\(PROMPT, ANSWER\)") as caught:
        summarize(server, model=model, max_cost=1.0, ledger=ledger).result()
    assert not hasattr(caught.value, "__notes__")
    assert server.calls == []
    assert list(ds.runs(ledger)) == []


def test_bounds_of_a_guarded_flow_hold_for_the_summary_inside_it(server: ScriptedServer) -> None:
    """The guard's max_calls and the flow's own are both kept; the smaller one ends the run."""
    flow = ds.SummaryFlow(TEXTS, model=model_of(server), ledger=False, show=False, max_calls=30)
    run = ds.kickoff(flow, max_calls=5, deadline=LONG_S, show=False)
    assert isinstance(run.exception(), BudgetExceeded)
    assert flow.run is not None
    assert flow.run.join(LONG_S)
    assert len(server.calls) == 5
    run = ds.kickoff(flow, max_cost=1e-9, deadline=LONG_S, show=False)
    assert isinstance(run.exception(), BudgetExceeded)
    assert len(server.calls) == 5


@pytest.mark.parametrize(
    "options",
    [{"params": {"max_tokens": 4_000}}, {"params": {"max_completion_tokens": 4_000}}],
    ids=["max_tokens", "max_completion_tokens"],
)
def test_length_of_the_users_own_is_counted_for_the_bounds(
    server: ScriptedServer, options: dict[str, Any]
) -> None:
    """An answer may become as long as the request says, so that is what is planned and held."""
    planned = ds.plan(TEXTS, model=model_of(server, **options))
    assert planned.tokens > planned.calls * 4_000
    run = summarize(server, model=model_of(server, **options), max_tokens=3_000)
    assert isinstance(run.exception(), BudgetExceeded)
    assert server.calls == []
    summarize(server, model=model_of(server, **options)).result()
    names = {name for call in server.calls for name in call.body if name.startswith("max_")}
    assert names == set(options["params"])


def test_fallback_that_thinks_is_held_to_the_bound(server: ScriptedServer) -> None:
    """What a reasoning fallback may take is reserved before it is asked."""
    server.script = lambda call: Reply("no", status=403)
    thinker = ds.Model("openai/o3-mini", base_url=server.base_url, prices=PRICES)
    run = summarize(server, model=model_of(server, fallbacks=[thinker]), max_tokens=8_000)
    assert isinstance(run.exception(), BudgetExceeded)
    assert {call.body["model"] for call in server.calls} == {"x"}


def test_whoever_waits_for_its_budget_keeps_nobody_from_the_provider(
    server: ScriptedServer,
) -> None:
    """A run near its bound waits for its own answers without a place among the requests."""
    go_on = threading.Event()

    async def script(call: Call) -> Reply:
        if "harbor" not in call.prompt:
            await asyncio.to_thread(go_on.wait, LONG_S)
        return Reply("A summary.")

    server.script = script
    model = model_of(server, max_concurrency=2)
    bounded = summarize(server, model=model, max_calls=1)
    try:
        while not server.calls:
            assert not bounded.done
            time.sleep(0.01)
        other = ds.summarize(
            {"b": "Ships leave the harbor."}, model=model, ledger=False, show=False
        )
        assert other.result(LONG_S / 2).text == "A summary."
    finally:
        go_on.set()
    assert isinstance(bounded.exception(), BudgetExceeded)
