"""How a model is called: one frozen record, checked when it is made.

An error keeps the model that was asked, as a fallback's error is not the first model's.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.errors import InputError
from docsum_nb.provider_errors import explained, public_address
from docsum_nb.secrets import masked_params, remember_settings, without_login

__all__ = ["Model", "as_model", "asked_of", "note_model", "vision_of", "with_cause"]


_TAKEN = {
    *("model", "messages", "stop", "stream", "timeout", "n"),
    *("base_url", "api_base", "api_key", "num_retries", "max_retries", "drop_params"),
}
"""Parameters of a request that this package sets itself."""


@explains_arguments
@dataclass(frozen=True)
class Model:
    """A model, and how it is to be called.

    ``"extractive"`` is the default: sentences taken from the sources, in this process, for nothing.
    Every other name is one of LiteLLM's, such as ``"openai/gpt-4o-mini"``,
    ``"anthropic/claude-sonnet-4-5"`` or ``"ollama/llama3"``.

    Attributes:
        name: ``"extractive"``, or a name of LiteLLM's.
        base_url: Address of an OpenAI-compatible server; ``None`` for the provider's own.
        api_key: The key; ``None`` takes it from the environment, where the provider's clients look
            for it.
        timeout: Seconds for one request, from sending it to the end of its answer; of an answer
            that is streamed, from each piece to the next. After that, the first of the fallbacks is
            asked at once; if there is none, it counts as a failure that is retried.
        max_concurrency: Requests in flight at once, over all runs of the process; ``None``: each
            run's own bound. If the provider turns requests away, fewer are in flight until it
            takes them again.
        requests_per_minute: Over all runs of the process; callers wait. ``None`` for no limit. Of
            several records for one model, the one used last holds for all that wait; so with the
            other limits.
        tokens_per_minute: Prompt and longest possible answer together; ``None`` for no limit.
        max_retries: Further tries after 408, 409, 5xx, a timeout, a cut connection, or an answer
            that is empty or broke off. A 429, a 529 and a 503 that names a time are no failures:
            they are waited out, save a 429 for an empty account, which is final.
        give_up_after: Seconds from an answer's first request, after which no further one is sent
            for it. Bounds the waiting for a provider that turns requests away, and the retries. A
            provider that asks to wait longer is not waited for. A stream that takes longer is
            broken off.
        fallbacks: Models to ask, in this order, when this one has failed after its retries or
            exceeded its timeout. A plain name of the same provider is called like this model.
        params: Further parameters of the request, such as ``temperature``; part of the ledger's
            key. With ``max_tokens`` among them, every answer may become as long as that, and is
            reserved so in plans and bounds. With ``service_tier`` among them, the prices of that
            tier count.
        context_window: Tokens of prompt and answer together; ``None`` takes what LiteLLM knows,
            else 8,192.
        prices: US dollars for a million tokens of prompt and for a million tokens of answer, as
            ``(0.15, 0.60)``; ``None`` takes what LiteLLM knows. What neither knows is not guessed.

    Raises:
        InputError: if a setting cannot be used. An address or a key that no request can carry is
            found when the model is used first; nothing is sent then.

    Example:
        >>> Model("openai/gpt-4o-mini", requests_per_minute=500, fallbacks=("openai/gpt-4o",)).name
        'openai/gpt-4o-mini'
    """

    name: str
    base_url: str | None = field(default=None, kw_only=True)
    api_key: str | None = field(default=None, kw_only=True, repr=False)
    timeout: float = field(default=60.0, kw_only=True)
    max_concurrency: int | None = field(default=None, kw_only=True)
    requests_per_minute: float | None = field(default=None, kw_only=True)
    tokens_per_minute: float | None = field(default=None, kw_only=True)
    max_retries: int = field(default=3, kw_only=True)
    give_up_after: float = field(default=900.0, kw_only=True)
    fallbacks: Sequence[str | Model] = field(default=(), kw_only=True)
    params: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    context_window: int | None = field(default=None, kw_only=True)
    prices: tuple[float, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise InputError(f"a model's name is a text such as 'openai/gpt-4o', not {self.name!r}")
        for name in ("timeout", "give_up_after", "requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            optional = name.endswith("per_minute") and value is None
            if not optional and not (isinstance(value, int | float) and value > 0):
                raise InputError(f"{name} of {self.name} must be more than 0, not {value!r}")
        if self.prices is not None and not _are_prices(self.prices):
            raise InputError(
                f"prices of {self.name} are dollars for a million tokens of prompt and of answer, "
                f"such as (0.15, 0.60), not {self.prices!r}"
            )
        for name, least in (("max_concurrency", 1), ("max_retries", 0), ("context_window", 1024)):
            self._check_whole(name, least)
        self._check_fallbacks()
        # Lists, as JSON gives them, would make two models out of one.
        object.__setattr__(self, "fallbacks", tuple(self.fallbacks))
        if self.prices is not None:
            object.__setattr__(self, "prices", tuple(self.prices))
        if not isinstance(self.params, Mapping):
            raise InputError(f"params of {self.name} is a dict, not {self.params!r}")
        self._remember_secrets()
        taken = sorted(_TAKEN & set(self.params))
        if taken:
            raise InputError(f"params of {self.name} cannot hold {taken[0]!r}: it is set here")

    def _remember_secrets(self) -> None:
        """Know what is secret in it, so that it is shown and kept nowhere."""
        remember_settings(key=self.api_key, address=self.base_url, params=self.params)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a record that another process has sent."""
        vars(self).update(state)
        self._remember_secrets()

    def __repr__(self) -> str:
        """Write it without its key, and with masks for what is secret in its other settings."""
        shown = {
            each.name: getattr(self, each.name) for each in fields(self) if each.name != "api_key"
        }
        if self.base_url:
            shown["base_url"] = without_login(self.base_url)
        shown["params"] = masked_params(self.params)
        return f"Model({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def _check_fallbacks(self) -> None:
        if isinstance(self.fallbacks, str):
            raise InputError(f"fallbacks of {self.name} is a list; write [{self.fallbacks!r}]")
        if not isinstance(self.fallbacks, Sequence):
            raise InputError(f"fallbacks of {self.name} is a list, not {self.fallbacks!r}")
        if any(isinstance(each, Model) and each.fallbacks for each in self.fallbacks):
            raise InputError(f"list all fallbacks in {self.name}: theirs are not asked")

    def _check_whole(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is None and name != "max_retries":
            return
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise InputError(
                f"{name} of {self.name} must be a whole number from {least} on, not {value!r}"
            )

    def with_fallbacks(self) -> tuple[Model, ...]:
        """Return this model and its fallbacks, in the order in which they are asked.

        A fallback that is a name of the same provider is called like this one: same address, same
        key, same limits; its prices are its own.
        """
        return (self, *map(self.beside, self.fallbacks))

    def beside(self, other: str | Model) -> Model:
        """Return another model; a name of the same provider is called like this one.

        So is any name beside the extractive model: an address given with that is for the other one,
        and nothing may be sent elsewhere.
        """
        if not isinstance(other, str):
            return as_model(other)
        same = self.embedded or other.partition("/")[0] == self.name.partition("/")[0]
        return replace(self, name=other, fallbacks=(), prices=None) if same else Model(other)

    @property
    def embedded(self) -> bool:
        """Whether it runs in this process, with no provider."""
        return self.name == "extractive"


def _are_prices(prices: object) -> bool:
    return (
        isinstance(prices, tuple | list)
        and len(prices) == 2
        and all(isinstance(price, int | float) and 0 <= price < math.inf for price in prices)
    )


def as_model(model: str | Model) -> Model:
    """Return a ``Model``; a plain string is its name.

    Raises:
        InputError: if it is neither.
    """
    if isinstance(model, Model):
        return model
    if isinstance(model, str):
        return Model(model)
    raise InputError(
        f"model is a name, such as 'openai/gpt-4o-mini', or a Model, not {type(model).__name__}"
        + _instead_of(model)
    )


def _instead_of(model: object) -> str:
    if model is None:
        return "; leave it out for 'extractive', which needs no key"
    if isinstance(model, list | tuple | set):
        return "; compare(source, models=[...]) takes several, and Model(..., fallbacks=[...])"
    return ""


def vision_of(vision: str | Model, *, beside: Model | None = None) -> Model:
    """Return the model that reads pictures.

    Args:
        vision: A ``Model`` or its name.
        beside: A model; a name of the same provider is called like this one.

    Raises:
        InputError: if it is neither, or the extractive model, which reads no pictures.
    """
    if not isinstance(vision, str | Model):
        raise InputError(f"vision is a name or a Model, not {type(vision).__name__}")
    model = as_model(vision) if beside is None else beside.beside(vision)
    if model.embedded:
        raise InputError(
            "vision is a model that reads pictures, such as 'openai/gpt-4o'; 'extractive' does not"
        )
    return model


def note_model(error: Exception, model: Model) -> None:
    """Note on an error the model that was asked; the first one noted stays."""
    # An error may take no attributes.
    with contextlib.suppress(Exception):
        if asked_of(error) is None:
            address = public_address(model.base_url) if model.base_url else None
            # The error may be pickled, and no key goes with it.
            shown = Model(model.name, base_url=address)
            error._docsum_nb_asked = shown  # type: ignore[attr-defined]


def asked_of(error: Exception) -> Model | None:
    """Return the model that was asked; ``None`` if the error is no model's."""
    found = error.__dict__.get("_docsum_nb_asked")
    return found if isinstance(found, Model) else None


def with_cause(error: Exception) -> str:
    """Return an error's kind and message, and why no answer came if the message lacks that."""
    model = asked_of(error)
    return explained(error, model.base_url if model is not None else None)
