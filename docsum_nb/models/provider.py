"""A model behind LiteLLM: checked when it is opened, asked through one asynchronous call.

Retries of LiteLLM and of the provider's client are off; ``retry.py`` is the only one. LiteLLM is
imported when the first such model is opened, in a worker thread: it takes seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import importlib
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from docsum_nb.documents.tokens import token_counter
from docsum_nb.errors import InputError, ModelError
from docsum_nb.models.model import Model
from docsum_nb.models.structured import schema_instructions
from docsum_nb.records import Answer, Request, Usage
from docsum_nb.run import before_exit

__all__ = ["Provider"]

_UNKNOWN_WINDOW = 8_192
_REASONING_TOKENS = 8_192
"""Room for what a reasoning model thinks before it writes; it counts as part of the answer."""
_IMPORTED_BY_REQUESTS = (
    "openai.resources",
    "litellm._service_logger",
    "litellm.proxy._types",
    "litellm.llms.vertex_ai.vertex_ai_partner_models.anthropic.transformation",
)
"""The first request imports these otherwise, within its timeout: seconds on a busy machine."""
_MESSAGE_TOKENS = 32
"""What the format of the messages takes, generously."""


class Provider:
    """A model of LiteLLM's.

    Raises:
        InputError: if LiteLLM does not know who provides the model, or the provider's key is
            missing. Nothing is sent for it.
    """

    def __init__(self, settings: Model) -> None:
        litellm = _litellm()
        self.settings = settings
        self.name = settings.name
        _, provider, _, api_base = _known_provider(litellm, settings)
        self._address = settings.base_url or api_base or _address_in_environment(provider)
        self._api_key = _key(litellm, settings, provider)
        self.account: tuple[str, ...] = (provider, self._address or "", str(hash(self._api_key)))
        info = _info(litellm, settings.name)
        self.window = (
            settings.context_window
            or info.get("max_input_tokens")
            or info.get("max_tokens")
            or _UNKNOWN_WINDOW
        )
        self.overhead = _MESSAGE_TOKENS
        self.thinking = _REASONING_TOKENS if info.get("supports_reasoning") else 0
        self._most_output = info.get("max_output_tokens")
        self._prices: tuple[Any, Any] = (
            info.get("input_cost_per_token"),
            info.get("output_cost_per_token"),
        )
        if settings.prices is not None:
            prompt, completion = settings.prices
            self._prices = (prompt / 1_000_000, completion / 1_000_000)
        self._takes_schemas = bool(litellm.supports_response_schema(settings.name))
        self.count = token_counter(settings.name)

    async def answer(self, request: Request) -> Answer:
        """Ask once; see ``ChatModel``."""
        return await self.complete(
            self._messages(request),
            max_tokens=request.max_tokens,
            response_format=self._response_format(request),
        )

    async def complete(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        response_format: Any = None,
    ) -> Answer:
        """Send messages as they are, once.

        Raises:
            ModelError: if the answer is empty.
            TimeoutError: if there was no whole answer within the model's timeout.
            Exception: what LiteLLM raises.
        """
        settings = self.settings
        sending = _litellm().acompletion(
            model=settings.name,
            messages=list(messages),
            base_url=settings.base_url,
            api_key=self._api_key,
            # LiteLLM's own timeout starts anew with every byte that trickles in, so ours is first.
            timeout=settings.timeout + 1,
            num_retries=0,
            max_retries=0,
            drop_params=True,
            stop=list(stop) if stop else None,
            **self._parameters(max_tokens, response_format),
        )
        try:
            return self._read(await asyncio.wait_for(sending, settings.timeout))
        except TimeoutError as error:
            raise TimeoutError(
                f"{self.name} gave no whole answer within {settings.timeout:g} s"
            ) from error
        except Exception as error:
            # Behind it are the same failure's earlier forms, some hundred lines of a client's
            # inside; the error itself says all of it.
            error.__suppress_context__ = True
            raise

    def key_parts(self, request: Request) -> Any:
        """Return everything that decides the answer; see ``ChatModel``."""
        return self.key_of_messages(
            self._messages(request),
            max_tokens=request.max_tokens,
            response_format=self._response_format(request),
        )

    def key_of_messages(
        self,
        messages: Sequence[dict[str, Any]],
        *,
        max_tokens: int | None = None,
        stop: Sequence[str] | None = None,
        response_format: Any = None,
    ) -> Any:
        """Return everything that decides the answer to messages as they are."""
        call = [self._parameters(max_tokens, response_format), list(stop) if stop else None]
        return [self.name, self._address, list(messages), *call]

    def price(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Return what so many tokens cost; see ``ChatModel``."""
        prompt, completion = self._prices
        if prompt is None or completion is None:
            return None
        return float(prompt * prompt_tokens + completion * completion_tokens)

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        if request.schema is not None and not self._takes_schemas:
            asked = f"{request.instructions}\n\n{schema_instructions(request.schema)}"
            request = replace(request, instructions=asked)
        return _messages(request)

    def _response_format(self, request: Request) -> Any:
        return request.schema if self._takes_schemas else None

    def _parameters(self, max_tokens: int | None, response_format: Any) -> dict[str, Any]:
        call = dict(self.settings.params)
        if response_format is not None:
            call["response_format"] = response_format
        if max_tokens is not None:
            most = max_tokens + self.thinking
            call.setdefault("max_tokens", min(most, self._most_output or most))
        return call

    def _read(self, response: Any) -> Answer:
        choice = response.choices[0] if response.choices else None
        text, reason = _said(choice.message if choice else None)
        # Half of a pair of surrogates, as JSON can hold it, cannot be written anywhere.
        text = text.encode("utf-8", "replace").decode("utf-8")
        reason = reason or str((choice.finish_reason if choice else None) or "stop")
        used = getattr(response, "usage", None)
        prompt = int(getattr(used, "prompt_tokens", 0) or 0)
        completion = int(getattr(used, "completion_tokens", 0) or 0)
        usage = Usage(1, prompt, completion, self.price(prompt, completion))
        if not text:
            raise ModelError(
                f"{self.name} answered with no text (finish reason {reason!r}); run again, or "
                "choose another model",
                usage=usage,
            )
        return Answer(text, self.name, usage, reason)


def _said(message: Any) -> tuple[str, str | None]:
    """Return what a message says, and ``"refusal"`` where it is marked as one."""
    text = str(getattr(message, "content", None) or "").strip()
    # LiteLLM keeps what only OpenAI has beside the rest.
    fields = getattr(message, "provider_specific_fields", None) or {}
    refusal = fields.get("refusal") or getattr(message, "refusal", None)
    return (text, None) if not refusal else (str(refusal).strip(), "refusal")


def _messages(request: Request) -> list[dict[str, Any]]:
    """Render a request; the text is set apart, so that nothing in it passes for an instruction."""
    tag = "text"
    while f"</{tag}>" in request.text:
        tag += "_"
    return [
        {"role": "system", "content": request.role},
        {
            "role": "user",
            "content": f"{request.instructions}\n\n<{tag}>\n{request.text}\n</{tag}>",
        },
    ]


@cache
def _litellm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import litellm

        for module in _IMPORTED_BY_REQUESTS:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        # Its models build themselves when first used, and warn then; better here than in a cell.
        litellm.ModelResponse(choices=[{"message": {"content": "", "role": "assistant"}}])

    # Its classes for other providers are built later; nobody can act on what they warn of.
    warnings.filterwarnings("ignore", message=".*using the `ReadOnly` qualifier.*")
    # A request that is stopped before it is sent, while LiteLLM prepares it in a thread.
    warnings.filterwarnings("ignore", message="coroutine .*acompletion' was never awaited")
    litellm.suppress_debug_info = True
    # For some names LiteLLM would fetch a tokenizer from the network.
    litellm.disable_hf_tokenizer_download = True
    before_exit(close=_close)
    return litellm


async def _close() -> None:
    """End what LiteLLM has running on the loop, which its own exit handler would do twice."""
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

    await GLOBAL_LOGGING_WORKER.flush()
    await GLOBAL_LOGGING_WORKER.stop()
    await _litellm().close_litellm_async_clients()


def _known_provider(litellm: Any, settings: Model) -> tuple[Any, ...]:
    try:
        found: tuple[Any, ...] = litellm.get_llm_provider(settings.name, api_base=settings.base_url)
    except litellm.BadRequestError:
        close = difflib.get_close_matches(settings.name, litellm.model_cost, n=2, cutoff=0.7)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        if settings.base_url and not hint:
            hint = f"; for an OpenAI-compatible server write 'openai/{settings.name}'"
        raise InputError(
            f"unknown model {settings.name!r}: write PROVIDER/MODEL as LiteLLM names it, such as "
            f"'openai/gpt-4o-mini', or 'extractive'{hint}"
        ) from None
    return found


def _key(litellm: Any, settings: Model, provider: str) -> str | None:
    if settings.api_key:
        return settings.api_key
    missing = [
        name
        for name in litellm.validate_environment(settings.name)["missing_keys"]
        # Addresses have defaults, such as that of a local Ollama; secrets have none.
        if any(word in name for word in ("KEY", "TOKEN", "SECRET"))
    ]
    if missing and settings.base_url:
        # Clients insist on a key, local servers do not look at it.
        return "not-needed"
    if missing:
        raise InputError(
            f"no key for {settings.name}: set {' and '.join(missing)} in the environment, or give "
            f"Model({settings.name!r}, api_key=...)"
        )
    return None


def _address_in_environment(provider: str) -> str | None:
    """Return the server that the provider's client takes from the environment."""
    names = (f"{provider.upper()}_{suffix}" for suffix in ("BASE_URL", "API_BASE"))
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _info(litellm: Any, name: str) -> dict[str, Any]:
    try:
        return dict(litellm.get_model_info(name))
    except Exception:  # noqa: BLE001  # LiteLLM raises various errors for a model it has no data on
        return {}
