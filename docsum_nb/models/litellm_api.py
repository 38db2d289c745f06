"""LiteLLM itself: imported once and quietly, and what it knows of a model; asks no provider.

Retries of LiteLLM and of the provider's client are off; ``retry.py`` makes the only ones. The
import takes seconds, so it belongs in a worker thread.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import threading
import warnings
from functools import cache
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.models.litellm_names import (
    ASK,
    TABLE,
    aiohttp_transport,
    clients_closer,
    logging_worker,
)
from docsum_nb.models.model import Model
from docsum_nb.models.opening_checks import close_names, name_warning
from docsum_nb.models.transport import watch_transport
from docsum_nb.run import before_exit, without_collection
from docsum_nb.secrets import NO_KEY, mask_logs
from docsum_nb.upstream import complete_classes

__all__ = [
    "NO_RETRIES",
    "address_in_environment",
    "info_of",
    "key_for",
    "key_missing",
    "known_provider",
    "lacks_pictures",
    "loaded",
    "name_warning_for",
    "provider_error",
    "takes_schemas",
    "unprocessable",
    "without_retries",
]

_IMPORTED_BY_REQUESTS = (
    "openai.resources",
    "litellm._service_logger",
    "litellm.proxy._types",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation",
)
"""The first request imports these otherwise, within its timeout: seconds on a busy machine."""


_loading = threading.RLock()
"""Held while LiteLLM is imported, which several runs may want at the same time."""

_ERRORS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    502: "BadGatewayError",
    503: "ServiceUnavailableError",
}


def loaded() -> Any:
    """Return the module; the first time takes seconds, also for others that call it meanwhile.

    Raises:
        UpstreamError: if this version lacks a name without which no model can be asked.
    """
    with _loading:
        return _load()


@cache
def _load() -> Any:
    with warnings.catch_warnings(), without_collection():
        warnings.simplefilter("ignore")
        import litellm

        for module in _IMPORTED_BY_REQUESTS:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        TABLE.require(ASK)
        # Completing some of them warns of what a user cannot act on.
        complete_classes("openai.types.chat", "litellm.types.utils")

    # Its classes for other providers are built later; a user cannot act on what they warn of.
    warnings.filterwarnings("ignore", message=".*using the `ReadOnly` qualifier.*")
    # A request that is stopped before it is sent, while LiteLLM prepares it in a thread.
    warnings.filterwarnings("ignore", message="coroutine .*acompletion' was never awaited")
    # It reads all attributes of the piece of a stream that holds the usage.
    warnings.filterwarnings("ignore", message="Accessing the 'model_.*fields' attribute")
    logging.getLogger("LiteLLM").addFilter(_is_worth_printing)
    if (transport := aiohttp_transport()) is not None:
        watch_transport(transport)
    mask_logs()
    litellm.suppress_debug_info = True
    # For some names LiteLLM would fetch a tokenizer from the network.
    litellm.disable_hf_tokenizer_download = True
    before_exit(close=_close)
    return litellm


async def _close() -> None:
    """Stop what LiteLLM runs on the loop, which its own exit handler would do twice."""
    worker = logging_worker()
    if worker is not None:
        await worker.flush()
        await worker.stop()
    close_clients = clients_closer()
    if close_clients is not None:
        await close_clients()


def known_provider(settings: Model) -> tuple[str, str | None]:
    """Return who provides a model, and its address if LiteLLM knows it.

    Raises:
        InputError: if LiteLLM does not know the provider.
    """
    litellm = loaded()
    try:
        found = litellm.get_llm_provider(settings.name, api_base=settings.base_url)
    except litellm.BadRequestError:
        close = close_names(litellm, settings.name)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        if settings.base_url and not hint:
            hint = f"; for an OpenAI-compatible server write 'openai/{settings.name}'"
        raise InputError(
            f"unknown model {settings.name!r}: write PROVIDER/MODEL as LiteLLM names it, such as "
            f"'openai/gpt-4o-mini', or 'extractive'{hint}"
        ) from None
    _, provider, _, address = found
    return provider, address


def key_for(settings: Model) -> str | None:
    """Return the key that was given, or that a client insists on; ``None`` for the environment's.

    If there is none in either place, ``key_missing`` returns what to do.
    """
    if settings.api_key:
        return settings.api_key
    # Clients insist on a key, local servers do not look at it.
    return NO_KEY if settings.base_url and _missing_keys(settings) else None


def key_missing(settings: Model) -> str | None:
    """Return how to give a key; ``None`` if there is one, or none is needed."""
    if settings.api_key or settings.base_url:
        return None
    missing = _missing_keys(settings)
    if not missing:
        return None
    return (
        f"no key for {settings.name}: set {' and '.join(missing)} in the environment, or give "
        f"Model({settings.name!r}, api_key=...)"
    )


def _missing_keys(settings: Model) -> list[str]:
    return [
        name
        for name in loaded().validate_environment(settings.name)["missing_keys"]
        # Addresses have defaults, such as that of a local Ollama; secrets have none.
        if any(word in name for word in ("KEY", "TOKEN", "SECRET"))
    ]


def name_warning_for(settings: Model, provider: str, info: dict[str, Any]) -> str | None:
    """Return a warning if a model's name looks misspelled, else ``None``.

    At an address of the user's own, names are the user's own.

    Args:
        settings: How the model is called.
        provider: Who provides it.
        info: What ``info_of`` knows of it.
    """
    listed = info.get("key") in loaded().model_cost
    if listed or settings.base_url or address_in_environment(provider):
        return None
    return name_warning(loaded(), settings.name, provider)


class _Zero(int):
    """Zero, and true."""

    def __bool__(self) -> bool:
        return True


NO_RETRIES = _Zero()
"""``max_retries=`` of a request for vectors. LiteLLM takes a 0 for one that was not given, and then
has OpenAI's client try three times."""


def without_retries(provider: str) -> dict[str, Any]:
    """Return what a request needs besides ``max_retries=0`` for it to hold.

    For some providers that are asked through OpenAI's client, LiteLLM drops the parameter as one
    that they do not support; the client then tries three times.
    """
    compatible = provider in loaded().openai_compatible_providers
    return {"allowed_openai_params": ["max_retries"]} if compatible else {}


def address_in_environment(provider: str) -> str | None:
    """Return the server that the provider's client takes from the environment."""
    names = (f"{provider.upper()}_{suffix}" for suffix in ("BASE_URL", "API_BASE"))
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def info_of(name: str) -> dict[str, Any]:
    """Return what is known of a model; empty if nothing is."""
    try:
        if _is_looked_up(name):
            return {}
        info = dict(loaded().get_model_info(name))
    except Exception:  # noqa: BLE001  # LiteLLM raises various errors for a model it has no data on
        return {}
    listed = loaded().model_cost.get(info.get("key"), {})
    # What it passes on of a model lacks some of the listed prices.
    info = {**listed, **{name: value for name, value in info.items() if value is not None}}
    for price in ("input_cost_per_token", "output_cost_per_token"):
        # LiteLLM gives 0 for a price that its list lacks; for Ollama, 0 is true.
        if listed.get(price) is None and not str(info.get("litellm_provider")).startswith("ollama"):
            info[price] = None
    return info


def _is_worth_printing(record: logging.LogRecord) -> bool:
    """Return whether a line of LiteLLM's log may be printed, by default into the cell."""
    # What an unknown reason means is decided in ``finish_reasons.py``.
    return not str(record.msg).startswith("Unmapped finish_reason")


def provider_error(name: str, status: int, message: str, *, body: Any, address: str | None) -> Any:
    """Return the error that LiteLLM raises for a response with this status.

    Args:
        name: The model's.
        status: Of HTTP.
        message: The provider's own words.
        body: The error as the provider sent it.
        address: The server's.
    """
    import httpx

    litellm = loaded()
    fields = {"message": message, "model": name, "llm_provider": name.partition("/")[0]}
    kind = _ERRORS.get(status)
    if kind is None:
        error = litellm.APIError(status_code=status, **fields)
    else:
        request = httpx.Request("POST", address or "https://provider")
        response = httpx.Response(status, json=body, request=request)
        error = getattr(litellm, kind)(response=response, **fields)
    error.body = body
    error.code = body.get("code") if isinstance(body, dict) else None
    return error


def unprocessable(name: str, refusal: Any | None, address: str | None) -> Exception:
    """Return the error for a request that is refused with status 422.

    Args:
        name: The model's.
        refusal: The error with status 400 that LiteLLM made of it; ``None`` if LiteLLM
            swallowed it. It does so if ``litellm.drop_params`` is set, by CrewAI for the whole
            process, and its transport cannot be watched (``OpenAIChatCompletion.acompletion``).
        address: The server's.
    """
    message = (
        "the provider cannot process the request (status 422); its reason is lost in LiteLLM, as "
        "litellm.drop_params is set, which CrewAI does"
    )
    body = None
    if refusal is not None:
        message, body = refusal.message.removeprefix("litellm.BadRequestError: "), refusal.body
    error: Exception = provider_error(name, 422, message, body=body, address=address)
    return error


def takes_schemas(name: str) -> bool:
    """Return whether a model is known to take the schema of an answer beside the prompt."""
    return not _is_looked_up(name) and bool(loaded().supports_response_schema(name))


def lacks_pictures(settings: Model) -> bool:
    """Return whether a model is known to take no pictures.

    At an address of the user's own, names are the user's own, and nothing is known.
    """
    info = {} if settings.base_url else info_of(settings.name)
    return info.get("key") in loaded().model_cost and info.get("supports_vision") is not True


def _is_looked_up(name: str) -> bool:
    """Return whether LiteLLM would fetch what it knows of a model from Hugging Face."""
    if name in loaded().model_cost:
        return False
    with contextlib.suppress(loaded().BadRequestError):
        return bool(loaded().get_llm_provider(name)[1] == "huggingface")
    return False  # the address says whose it is
