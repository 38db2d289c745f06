from __future__ import annotations

import json
from typing import Any

import pytest

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded
from docsum_nb.models import Model, open_model
from docsum_nb.models.prices import listed_price, price_in
from docsum_nb.records import Price
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.models.answer_forms import GOOD, events, whole
from tests.models.test_answer_table import SSE, asked
from tests.support.loops import on_loop
from tests.support.raw_server import RawReply, running_raw

MILLION = 1_000_000


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")


def test_service_tier_has_its_own_price() -> None:
    """Flex costs half, priority more; a tier without prices is the standard one."""
    prices = {
        tier: open_model(
            Model("openai/gpt-5-mini", params={"service_tier": tier} if tier else {})
        ).price(MILLION, MILLION, largest=1000)
        for tier in (None, "auto", "default", "flex", "priority")
    }
    assert prices[None] == prices["auto"] == prices["default"] == pytest.approx(2.25)
    assert prices["flex"] == pytest.approx(2.25 / 2)
    assert prices["priority"] == pytest.approx(4.05)


def test_plan_and_bound_know_the_tier(server: ScriptedServer) -> None:
    """The plan of a run in flex is half as dear, and so is what a call reserves."""
    texts = {"a": "Ships carry coal to the north. " * 50}

    def model(**params: Any) -> ds.Model:
        return ds.Model("openai/gpt-5-mini", base_url=server.base_url, params=params)

    standard = ds.plan(texts, model=model()).cost_usd
    flex = ds.plan(texts, model=model(service_tier="flex")).cost_usd
    assert standard is not None
    assert flex == pytest.approx(standard / 2)
    options: dict[str, Any] = {"max_cost": 0.75 * standard, "ledger": False, "show": False}
    assert ds.summarize(texts, model=model(service_tier="flex"), **options).result(60).text
    with pytest.raises(BudgetExceeded):
        ds.summarize(texts, model=model(), **options).result(60)


@pytest.mark.parametrize("streamed", [False, True])
def test_answer_costs_what_the_tier_costs_that_gave_it(
    server: ScriptedServer,
    streamed: bool,  # noqa: FBT001
) -> None:
    """A provider may answer in another tier than was asked for, and says so."""
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}

    def script(call: Call) -> Reply:
        return Reply(raw=json.dumps({**whole(GOOD, usage=usage), "service_tier": "default"}))

    server.script = script
    model = open_model(
        Model("openai/gpt-5-mini", base_url=server.base_url, params={"service_tier": "flex"})
    )
    from tests.models.model_samples import REQUEST

    standard = 1000 * 0.25e-6 + 100 * 2e-6
    if not streamed:
        assert on_loop(model.answer(REQUEST)).usage.cost_usd == pytest.approx(standard)
        return
    with running_raw() as raw:
        body = events([GOOD], usage=usage).replace('"model"', '"service_tier": "default", "model"')
        raw.plain["m"] = (RawReply(body.encode(), SSE),)
        outcome = on_loop(
            asked(raw, "m", streamed=True, name="openai/gpt-5-mini", prices=None,
                  params={"service_tier": "flex"})
        )  # fmt: skip
        assert outcome.cost == pytest.approx(standard)


def test_long_prompts_cost_more_a_token() -> None:
    """Above that number of tokens of one prompt, the other price holds for all of the call."""
    price = listed_price("gemini/gemini-2.5-pro")
    assert price is not None
    assert price.of(200_000, 1000) == pytest.approx(200_000 * 1.25e-6 + 1000 * 1e-5)
    assert price.of(200_001, 1000) == pytest.approx(200_001 * 2.5e-6 + 1000 * 1.5e-5)
    assert price.of(300_000, 0, read=300_000) == pytest.approx(300_000 * 2.5e-7)
    # Many prompts together are not one long one.
    assert price.at_most(900_000, 0, largest=9000) == pytest.approx(900_000 * 1.25e-6)
    assert price.at_most(900_000, 0) == pytest.approx(900_000 * 2.5e-6)
    priority = listed_price("gemini/gemini-2.5-pro", tier="priority")
    assert priority is not None
    assert priority.of(200_001, 0) == pytest.approx(200_001 * 4.5e-6)


def test_prices_by_ranges_are_read() -> None:
    """Some providers list a price for each range of lengths and none besides."""
    info = {
        "max_output_tokens": 9,
        "tiered_pricing": [
            {"range": [0, 32_000], "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6},
            {"range": [32_000, 128_000], "input_cost_per_token": 2e-6,
             "output_cost_per_token": 8e-6},
        ],
    }  # fmt: skip
    price = price_in(info)
    assert price is not None
    assert price.most_output == 9
    assert price.of(32_000, 1) == pytest.approx(0.032 + 4e-6)
    assert price.of(32_001, 1) == pytest.approx(0.064002 + 8e-6)


def test_thought_has_its_own_price_where_one_is_listed() -> None:
    """Of the answer's tokens; a plan takes the dearer of the two."""
    listed = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
    price = price_in({**listed, "output_cost_per_reasoning_token": 8e-6})
    assert price is not None
    assert price.of(0, 1000, reasoning=900) == pytest.approx(100 * 2e-6 + 900 * 8e-6)
    assert price.at_most(0, 1000) == pytest.approx(8e-3)


@pytest.mark.parametrize(
    ("counts", "parts"),
    [
        ((-500, -500), {}),
        ((100, -500), {"read": 10**12}),
        ((100, 50), {"read": -(10**12), "written": 10**12, "reasoning": -5}),
        ((0, 0), {"reasoning": 10**12, "written": 10**12}),
    ],
)
def test_no_call_costs_less_than_nothing(counts: tuple[int, int], parts: dict[str, int]) -> None:
    """Any counts that a provider makes up; parts are never more than the whole."""
    price = Price(1e-6, 2e-6, 1e-7, 2e-6, reasoning=4e-6)
    assert 0 <= price.of(*counts, **parts) <= price.at_most(max(0, counts[0]), max(0, counts[1]))


@pytest.mark.parametrize("value", ["free", -1.0, True, [], {"a": 1}])
def test_prices_that_are_none_are_not_known(value: Any) -> None:
    """The list is another project's, and a user may register entries of their own."""
    assert price_in({"input_cost_per_token": value, "output_cost_per_token": 1e-6}) is None
