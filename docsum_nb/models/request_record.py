"""LiteLLM's record of a request, without what only its callbacks would see.

LiteLLM computes the cost of each answer and a report of it for callbacks, budgets and rules of its
own; that takes as much CPU as building the request. This package computes cost itself
(``metering.py``), so a request that nobody listens to is sent with a record that leaves both out.

Decides whether anybody listens: any list of callbacks or rules in LiteLLM that is not empty, its
budget or cache, a provider that the user's own code is, or a parameter that LiteLLM itself reads.
Invariant: then, and with a LiteLLM whose record is another one, the request is sent as always.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from docsum_nb.models.litellm_names import TABLE, UNOBSERVED, logging_record

__all__ = ["unobserved_record"]

_LISTS = ("callback", "callbacks", "_rules")
"""How LiteLLM's lists of listeners end, which are attributes of the module."""
_SETTINGS = (
    "max_budget",
    "cache",
    "custom_provider_map",
    "log_raw_request_response",
    "request_correlation_in_logs",
)
"""Further attributes of the module that make it look at each answer or request."""
_PLAIN = frozenset(
    [
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "n",
        "seed",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "reasoning_effort",
        "num_ctx",
        "keep_alive",
        "extra_headers",
        "extra_body",
    ]
)
"""Parameters that only the provider reads."""


def unobserved_record(
    litellm: Any, name: str, messages: Sequence[dict[str, Any]], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the argument of ``acompletion`` that is the record of a request nobody listens to.

    Args:
        litellm: The module.
        name: The model's.
        messages: Texts of the system and the user only.
        parameters: What else the request says, but for its address and key.

    Returns:
        No argument if somebody may listen, or the record cannot be made.
    """
    if not parameters.keys() <= _PLAIN or _is_observed(litellm):
        return {}
    kind = _kind()
    if kind is None:
        return {}
    request = uuid.uuid4().hex
    try:
        record = kind(
            model=name,
            messages=list(messages),
            stream=False,
            call_type="acompletion",
            start_time=datetime.datetime.now(),
            litellm_call_id=request,
            litellm_trace_id=request,
            function_id="",
        )
        record.update_environment_variables(
            model=name, user="", optional_params={}, litellm_params={"api_base": ""}
        )
    except Exception:  # noqa: BLE001  # LiteLLM's is made otherwise in another release
        return {}
    return {"litellm_logging_obj": record, "litellm_call_id": request}


def _is_observed(litellm: Any) -> bool:
    """Return whether LiteLLM has a callback, a rule, a budget, a cache or a user's provider."""
    return any(getattr(litellm, each, None) for each in (*_listening(litellm), *_SETTINGS))


@cache
def _listening(litellm: Any) -> tuple[str, ...]:
    return tuple(
        name
        for name, value in vars(litellm).items()
        if name.endswith(_LISTS) and isinstance(value, list) and not name.startswith("_known")
    )


@cache
def _kind() -> Any:
    """Return the class of records; ``None`` if LiteLLM's is another one."""
    if TABLE.lost(UNOBSERVED):
        return None

    class UnobservedRecord(logging_record()):  # type: ignore[misc]
        """A record that nobody reads."""

        def response_cost_calculator(self, *_: Any, **__: Any) -> None:
            """Compute no cost."""

        def claim_async_success_log(self) -> bool:
            """Refuse the report to asynchronous callbacks."""
            return False

        async def async_success_handler(self, *_: Any, **__: Any) -> None:
            """Report nothing: what versions call that claim no report first."""

    return UnobservedRecord
