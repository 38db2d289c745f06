"""Calls of models: without a timeout, retried by several layers, delayed by max_rpm.

The layers are those of CrewAI 1.15: the provider's client (two retries by default), CrewAI's own
three tries on a 429, and the agent's ``max_retry_limit``, which passes over LiteLLM's errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docsum_nb.crew.crewai_names.llm_calls import RATE_LIMIT_WRAPPED
from docsum_nb.crew.inspection.parts import (
    ModelUse,
    agents_of,
    field_of,
    role_of,
    uses_of_models,
)
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["call_findings", "requests_of_a_429"]

_CLIENT_RETRIES = 2
_RATE_LIMIT_TRIES = 3


def call_findings(crew: Any) -> Iterator[Finding]:
    """Examine how a crew calls its models."""
    uses = list(uses_of_models(crew))
    yield _timeouts(uses)
    yield _retries(uses)
    yield from _rpm(crew)


def _timeouts(uses: list[ModelUse]) -> Finding:
    endless = [use for use in uses if _may_wait(use.llm)]
    if not endless:
        return Finding("ok", "timeout", "models", "each call has a timeout, or decides itself")
    models = listed(_model(use.llm) for use in endless)
    return Finding(
        "warning",
        "timeout",
        f"model {models}",
        f"no timeout, used by {', '.join(dict.fromkeys(use.user for use in endless[:4]))}",
        "A call that hangs may be waited for ten minutes, and then be tried again.",
        f"LLM(model={_model(endless[0].llm)!r}, timeout=60); ds.kickoff(crew, deadline=120) ends "
        "the wait for the whole crew, and leaves the call in flight to itself.",
    )


def _may_wait(llm: Any) -> bool:
    if isinstance(llm, str):
        return True
    return "timeout" in type(llm).model_fields and _option(llm, "timeout") is None


def _option(llm: Any, name: str) -> Any:
    """Return an option of a model's client, from any of the fields that CrewAI accepts it in."""
    own = field_of(llm, name)
    for more in ("client_params", "additional_params"):
        own = own if own is not None else (field_of(llm, more) or {}).get(name)
    return own


def _model(llm: Any) -> str:
    return llm if isinstance(llm, str) else str(field_of(llm, "model") or type(llm).__name__)


def _retries(uses: list[ModelUse]) -> Finding:
    counted = [
        (requests_of_a_429(use.llm, use.agent), use)
        for use in uses
        if use.agent is not None and not isinstance(use.llm, str)
    ]
    worst, use = max(counted, key=lambda pair: pair[0], default=(0, None))
    if use is None or worst <= _RATE_LIMIT_TRIES:
        return Finding(
            "ok", "retries", "retries", f"a 429 costs at most {worst or _RATE_LIMIT_TRIES} requests"
        )
    guarded = requests_of_a_429(use.llm, use.agent, guarded=True)
    own = "" if guarded < worst else ", as many as with ds.kickoff"
    helps = f"ds.kickoff(crew) makes it {guarded}. " if guarded < worst else ""
    return Finding(
        "warning",
        "retries",
        f"model {_model(use.llm)!r}, {use.user}",
        f"one task that meets a 429 makes up to {worst} requests{own}",
        "The retries of the provider's client, of CrewAI and of the agent multiply, and CrewAI "
        "does not heed Retry-After; the agent's count over its whole life.",
        f"{helps}LLM(model={_model(use.llm)!r}, max_retries=0) and Agent(..., max_retry_limit=0) "
        f"make it {_RATE_LIMIT_TRIES}.",
    )


def requests_of_a_429(llm: Any, agent: Any, *, guarded: bool = False) -> int:
    """Return the most requests that one task makes if all are answered by 429.

    Args:
        llm: The agent's model.
        agent: The agent.
        guarded: As ``ds.kickoff`` runs it: CrewAI retries only if the client does not, the agent
            only if that is set, and max_execution_time repackages nothing.

    Returns:
        Requests; for a model of the user's own class, calls of it.
    """
    of_litellm = bool(field_of(llm, "is_litellm"))
    client = 1
    if of_litellm or "max_retries" in type(llm).model_fields:
        retries = _option(llm, "max_retries")
        client += _CLIENT_RETRIES if retries is None else int(retries)
    limit = int(field_of(agent, "max_retry_limit") or 0)
    repackaged = bool(field_of(agent, "max_execution_time"))
    tries = _tries(llm)
    if guarded:
        limit = limit if "max_retry_limit" in agent.model_fields_set else 0
        repackaged, tries = False, tries if client == 1 else 1
    # The agent does not repeat LiteLLM's errors, unless they come repackaged.
    passes = of_litellm and not repackaged
    return client * tries * (1 if passes else 1 + limit)


def _tries(llm: Any) -> int:
    call = type(llm).call
    # CrewAI wraps every model's call, unless it is marked as wrapped already.
    wrapped = hasattr(call, "__wrapped__") or not RATE_LIMIT_WRAPPED.known(call)
    return _RATE_LIMIT_TRIES if wrapped else 1


def _rpm(crew: Any) -> Iterator[Finding]:
    bounded = [f"agent {role_of(each)!r}" for each in agents_of(crew) if field_of(each, "max_rpm")]
    if field_of(crew, "max_rpm"):
        bounded.insert(0, "the crew")
    if not bounded:
        yield Finding("ok", "max-rpm", "max_rpm", "not used")
        return
    yield Finding(
        "warning",
        "max-rpm",
        "max_rpm",
        f"set for {', '.join(bounded[:4])}",
        "Above the limit CrewAI sleeps 60 s holding a lock, so all tasks of the crew stand still "
        "and cannot be interrupted; copies and other crews each count for themselves.",
        "ds.kickoff(crew, max_concurrency=4) bounds what runs at once; a deadline of ds.kickoff "
        "holds through the sleep.",
    )
