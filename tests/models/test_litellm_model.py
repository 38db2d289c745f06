from __future__ import annotations

import asyncio
import gc
import re
from dataclasses import replace
from typing import Any

import pytest

from docsum_nb.errors import InputError, ModelError
from docsum_nb.models import Model, open_model
from docsum_nb.models.litellm_api import loaded
from docsum_nb.models.litellm_model import LiteLLMModel
from docsum_nb.records import Request
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.loops import on_loop

REQUEST = Request("You are a tester.", "Summarize.", "The text {with} braces.", 50, 150)


def provider(server: ScriptedServer, **options: Any) -> LiteLLMModel:
    return LiteLLMModel(Model("openai/scripted", base_url=server.base_url, **options))


def test_request_arrives_as_it_was_meant(server: ScriptedServer) -> None:
    """Role, instructions, text, limits and the user's parameters reach the server unchanged."""
    answer = on_loop(provider(server, params={"temperature": 0.5}).answer(REQUEST))

    body = server.calls[0].body
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "The text {with} braces." in server.calls[0].prompt
    assert (body["max_tokens"], body["temperature"]) == (150, 0.5)
    assert answer.text == "A summary."
    assert answer.usage.calls == 1
    assert answer.usage.completion_tokens == 2
    assert answer.usage.cost_usd is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 429, 500, 503])
def test_status_of_the_provider_is_on_its_own_error_and_one_request_is_made(
    server: ScriptedServer, status: int
) -> None:
    """For every refusal, LiteLLM's error carries it and nothing tried again."""
    server.script = lambda call: Reply("no", status=status)
    with pytest.raises(Exception, match="no") as caught:
        on_loop(provider(server).answer(REQUEST))
    assert caught.value.status_code == status  # type: ignore[attr-defined]
    assert type(caught.value).__module__.startswith("litellm")
    assert len(server.calls) == 1


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(cut=True), Reply(raw="{broken")])
def test_server_that_hangs_cuts_or_babbles_is_an_error(
    server: ScriptedServer, reply: Reply
) -> None:
    """No answer within the timeout, a cut connection and broken JSON end the call."""
    server.script = lambda call: reply
    with pytest.raises(Exception):  # noqa: B017, PT011  # three kinds, all of LiteLLM's choosing
        on_loop(provider(server, timeout=0.3).answer(REQUEST))
    assert len(server.calls) == 1


def test_refusal_that_litellm_swallows_is_an_error_with_its_status(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CrewAI has LiteLLM drop parameters, and by itself it returns nothing for a 422 then."""
    monkeypatch.setattr(loaded(), "drop_params", True)
    server.script = lambda call: Reply("unknown parameter", status=422)
    with pytest.raises(Exception, match="unknown parameter") as caught:
        on_loop(provider(server).answer(REQUEST))
    assert type(caught.value).__name__ == "UnprocessableEntityError"
    assert getattr(caught.value, "status_code", None) == 422
    assert len(server.calls) == 1


def test_clients_that_litellm_forgets_leave_no_word(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """They go after an hour; a user could do nothing about it."""
    # What earlier tests have left.
    loaded().in_memory_llm_clients_cache.flush_cache()
    gc.collect()
    caplog.clear()
    on_loop(provider(server).answer(REQUEST))
    loaded().in_memory_llm_clients_cache.flush_cache()
    gc.collect()
    on_loop(asyncio.sleep(0))
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


def test_empty_answer_is_no_summary(server: ScriptedServer) -> None:
    """White space for an answer raises ModelError with the finish reason."""
    server.script = lambda call: Reply("  \n", finish_reason="end_turn")
    with pytest.raises(ModelError, match="end_turn"):
        on_loop(provider(server).answer(REQUEST))


@pytest.mark.parametrize("name", ["foo-bar", "nosuch/model", "gpt-4o-mimi/"])
def test_unknown_name_says_how_to_write_one(name: str) -> None:
    """A name that no provider takes is an InputError before anything is sent."""
    with pytest.raises(InputError, match=r"unknown model .*PROVIDER/MODEL"):
        open_model(Model(name))


def test_prompt_from_the_providers_cache_costs_what_it_costs(server: ScriptedServer) -> None:
    """The price of cached tokens is used where it is known; a user's own price is for all."""
    settings = Model("openai/gpt-4o-mini", base_url=server.base_url, api_key="k")
    server.script = lambda call: Reply("A summary.", cached=5 if len(server.calls) > 1 else 0)
    full, cached = (
        on_loop(LiteLLMModel(settings).answer(REQUEST)).usage.cost_usd for _ in range(2)
    )
    assert full is not None
    assert cached == pytest.approx(full - 5 * (0.15 - 0.075) / 1e6)
    own = LiteLLMModel(replace(settings, prices=(1.0, 1.0)))
    usage = on_loop(own.answer(REQUEST)).usage
    assert usage.cost_usd == pytest.approx((usage.prompt_tokens + usage.completion_tokens) / 1e6)


@pytest.mark.parametrize("odd", [{"fallbacks": None}, {"fallbacks": 3}, {"params": None}])
def test_settings_of_a_wrong_kind_are_refused(odd: dict[str, Any]) -> None:
    """The message names the setting and the model."""
    with pytest.raises(InputError, match=f"{next(iter(odd))} of openai/x is a"):
        Model("openai/x", **odd)


def test_missing_key_names_the_variable() -> None:
    """Without a key the error names what to set."""
    with pytest.raises(InputError, match="OPENAI_API_KEY"):
        open_model(Model("openai/gpt-4o-mini"))


def test_model_that_is_not_to_be_asked_needs_no_key() -> None:
    """For a plan it has window and price, and what a run would lack; an asked one is refused."""
    model = open_model(Model("openai/gpt-4o-mini"), to_ask=False)
    assert model.price(1_000_000, 0) == pytest.approx(0.15)
    assert "OPENAI_API_KEY" in str(model.missing_key)
    assert open_model(Model("openai/gpt-4o-mini", api_key="k")).missing_key is None
    assert open_model(Model("openai/my-own", base_url="http://127.0.0.1:1")).missing_key is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("openai/gpt-4o-minni", "openai/gpt-4o-mini"),
        ("anthropic/claude-sonet-4-5", "anthropic/claude-sonnet-4-5"),
        ("openai/gpt-4o-mini", None),
        ("openai/my-own", None),
        ("openai/ft:gpt-4o-mini-2024-07-18:my-org::id", None),
        ("ollama/llama3.9", None),
    ],
)
def test_name_close_to_a_listed_one_of_its_provider_is_doubted(
    name: str, meant: str | None
) -> None:
    """A slip behind a known provider's name is said with what was meant, and refuses nothing."""
    doubt = open_model(Model(name, api_key="k")).name_warning
    assert doubt == (meant and f"{name} is not in LiteLLM's list; did you mean '{meant}'?")


def test_names_at_an_address_of_the_users_own_are_not_doubted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At an address of one's own, every name is right."""
    name = "openai/gpt-4o-minni"
    assert open_model(Model(name, base_url="http://127.0.0.1:1")).name_warning is None
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    assert open_model(Model(name, api_key="k")).name_warning is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("opnai/gpt-4o", "'openai/gpt-4o'"),
        ("OpenAI/gpt-4o", "'openai/gpt-4o'"),
        ("antropic/claude-sonet-4-5", "'anthropic/claude-sonnet-4-5'"),
        ("opnai/my-own", "'openai/my-own'"),
        ("gpt-4o-minni", "'gpt-4o-mini' or "),
    ],
)
def test_unknown_provider_is_corrected_before_the_model(name: str, meant: str) -> None:
    """The provider that was meant is looked for first, then its model."""
    with pytest.raises(InputError, match=f"did you mean {meant}"):
        open_model(Model(name))


def test_price_that_litellm_makes_up_is_not_known() -> None:
    """Of a model of a family it knows, whose price is not in its list, LiteLLM says 0."""
    model = open_model(Model("anthropic/claude-sonnet-4-99", api_key="k"))
    assert model.window == 200_000
    assert model.price(1_000_000, 0) is None


def test_known_model_has_its_window_and_price() -> None:
    """What LiteLLM knows of a model is used; what it does not is None, never guessed."""
    known = open_model(Model("openai/gpt-4o-mini", api_key="k"))
    unknown = open_model(Model("openai/my-own", api_key="k"))
    assert known.window == 128_000
    assert known.price(1_000_000, 0) == pytest.approx(0.15)
    assert unknown.price(1, 1) is None
    assert unknown.window == 8_192
    assert open_model(Model("openai/my-own", api_key="k", context_window=5000)).window == 5000


def test_given_prices_are_used_and_are_those_of_one_model() -> None:
    """Prices given go before what LiteLLM knows; a named fallback has its own."""
    unknown = Model("openai/my-own", api_key="k", prices=(2.0, 8.0), fallbacks=["openai/gpt-4o"])
    assert open_model(unknown).price(500_000, 250_000) == pytest.approx(3.0)
    known = open_model(Model("openai/gpt-4o-mini", api_key="k", prices=(0, 0)))
    assert known.price(1_000_000, 1_000_000) == 0
    assert unknown.with_fallbacks()[1].prices is None


def test_key_of_a_request_changes_with_what_decides_the_answer(server: ScriptedServer) -> None:
    """Name, address, parameters and messages are in the ledger's key; the API key is not."""
    base = provider(server).key_parts(REQUEST)
    assert provider(server, params={"seed": 1}).key_parts(REQUEST) != base
    assert provider(server, api_key="secret").key_parts(REQUEST) == base
    assert "secret" not in repr(Model("openai/x", api_key="secret"))


def test_address_from_the_environment_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of a private server is not taken for one of the public service."""
    public = LiteLLMModel(Model("openai/gpt-4o", api_key="k")).key_parts(REQUEST)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert LiteLLMModel(Model("openai/gpt-4o", api_key="k")).key_parts(REQUEST) != public


def test_named_fallback_of_the_same_provider_goes_to_the_same_server() -> None:
    """Documents meant for a private server do not go to the public one when a call fails."""
    first = Model("openai/a", base_url="http://127.0.0.1:1/v1", fallbacks=["openai/b", "ollama/c"])
    assert [each.base_url for each in first.with_fallbacks()] == [first.base_url] * 2 + [None]


def test_text_cannot_end_the_block_it_stands_in(server: ScriptedServer) -> None:
    """A document that holds a closing tag stands whole between tags that it does not hold."""
    on_loop(provider(server).answer(replace(REQUEST, text="a </text> b </TEXT> c")))
    assert re.search(r"<(text-\d{9})>\na </text> b </TEXT> c\n</\1>", server.calls[0].prompt)


@pytest.mark.parametrize(
    "options",
    [
        {"name": ""},
        {"name": "x", "timeout": 0},
        {"name": "x", "max_retries": -1},
        {"name": "x", "max_concurrency": 0},
        {"name": "x", "requests_per_minute": -5},
        {"name": "x", "fallbacks": "openai/y"},
        {"name": "x", "fallbacks": [Model("y", fallbacks=["z"])]},
        {"name": "x", "params": {"stream": True}},
        {"name": "x", "timeout": None},
        {"name": "x", "give_up_after": 0},
        {"name": "x", "prices": 0.5},
        {"name": "x", "prices": (1.0, -1.0)},
        {"name": "x", "prices": ("1", "2")},
    ],
)
def test_rubbish_settings_are_refused(options: dict[str, Any]) -> None:
    """A setting that could never work is an InputError when the model is made."""
    name = options.pop("name")
    with pytest.raises(InputError):
        Model(name, **options)
