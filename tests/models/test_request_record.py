from __future__ import annotations

from typing import Any

import pytest

from docsum_nb.models import Model
from docsum_nb.models.litellm_api import loaded
from docsum_nb.models.litellm_model import LiteLLMModel
from docsum_nb.models.request_record import _listening, unobserved_record
from docsum_nb.records import Request
from docsum_nb.testing import ScriptedServer
from tests.support.loops import on_loop

REQUEST = Request("You are a tester.", "Summarize.", "A text.", 50, 150)
MESSAGES = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]


@pytest.fixture(autouse=True)
def no_listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the callbacks that crews of other tests have left in LiteLLM."""
    for name in _listening(loaded()):
        monkeypatch.setattr(loaded(), name, [])


def costs_computed(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, **params: Any
) -> list[str]:
    """Return which models LiteLLM computed the cost of, over one request."""
    computed: list[str] = []
    compute = loaded().response_cost_calculator

    def seen(*args: Any, **kwargs: Any) -> Any:
        computed.append(kwargs["model"])
        return compute(*args, **kwargs)

    monkeypatch.setattr(loaded(), "response_cost_calculator", seen)
    model = LiteLLMModel(Model("openai/scripted", base_url=server.base_url, params=params))
    assert on_loop(model.answer(REQUEST)).text == "A summary."
    return computed


def test_request_without_listeners_takes_no_cost_of_litellms(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This package computes cost itself; LiteLLM does so twice for callbacks that are not there."""
    assert costs_computed(server, monkeypatch) == []


def test_callback_of_the_users_sees_each_answer_and_its_cost(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A logger that is registered with LiteLLM, such as one of costs, is called as always."""
    from litellm.integrations.custom_logger import CustomLogger

    class Logger(CustomLogger):
        def log_pre_api_call(self, model: Any, messages: Any, kwargs: Any) -> None:
            seen.append(messages[0]["content"])

    seen: list[str] = []
    monkeypatch.setattr(loaded(), "callbacks", [Logger()])
    assert "openai/scripted" in costs_computed(server, monkeypatch)
    assert seen == ["You are a tester."]


def test_provider_of_the_users_own_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM learns of a user's providers when it makes its own record of a request."""
    litellm = loaded()

    class Own(litellm.CustomLLM):  # type: ignore[name-defined]
        async def acompletion(self, *args: Any, **kwargs: Any) -> Any:
            return await litellm.acompletion("openai/x", MESSAGES, mock_response="My answer.")

    for name in ("provider_list", "_custom_providers"):
        monkeypatch.setattr(litellm, name, [*getattr(litellm, name)])
    own = {"provider": "a-users-own", "custom_handler": Own()}
    monkeypatch.setattr(litellm, "custom_provider_map", [own])
    model = LiteLLMModel(Model("a-users-own/x", context_window=8_000, api_key="none"))
    assert on_loop(model.answer(REQUEST)).text == "My answer."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("callbacks", ["x"]),
        ("success_callback", ["x"]),
        ("_async_success_callback", ["x"]),
        ("failure_callback", ["x"]),
        ("input_callback", ["x"]),
        ("service_callback", ["x"]),
        ("pre_call_rules", ["x"]),
        ("post_call_rules", ["x"]),
        ("max_budget", 1.0),
        ("cache", object()),
    ],
)
def test_listeners_in_litellm_keep_its_own_record(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    """So do a budget and a cache, which LiteLLM keeps itself."""
    litellm = loaded()
    assert unobserved_record(litellm, "openai/x", MESSAGES, {"max_tokens": 5})
    monkeypatch.setattr(litellm, name, value)
    assert unobserved_record(litellm, "openai/x", MESSAGES, {"max_tokens": 5}) == {}


@pytest.mark.parametrize("name", ["metadata", "success_callback", "mock_response", "stream"])
def test_parameter_that_litellm_reads_keeps_its_own_record(name: str) -> None:
    """Only parameters that are known to be the provider's alone do without it."""
    assert unobserved_record(loaded(), "openai/x", MESSAGES, {name: "x"}) == {}


def test_record_that_takes_more_than_is_known_is_left_to_litellm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A release in which a record is made of something else costs CPU time, and no request."""
    from litellm.litellm_core_utils.litellm_logging import Logging

    def made(self: Any, *args: Any, tenant: str, **kwargs: Any) -> None:
        """Require one argument more than this release does."""

    monkeypatch.setattr(Logging, "__init__", made)
    assert unobserved_record(loaded(), "openai/x", MESSAGES, {"max_tokens": 5}) == {}


def test_all_lists_of_listeners_are_looked_at() -> None:
    """LiteLLM's lists of names that it knows are no listeners."""
    found = set(_listening(loaded()))
    assert {"callbacks", "success_callback", "_async_failure_callback", "pre_call_rules"} <= found
    assert not any("known" in name for name in found)
