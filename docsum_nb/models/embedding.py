"""An embedding model behind LiteLLM: vectors of texts, in batches, with retries and their cost.

A request is sent again by the same rules as those of language models (``retry.py``): a provider
that is overloaded is waited for, other failures are retried a few times, and what no retry cures is
raised at once. A batch that is too large is halved. Blocks the calling thread; in a run, its stop
ends that, and no further request is sent. Refuses answers that are not one vector for each text.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from docsum_nb.errors import InputError, ModelError
from docsum_nb.models.litellm_api import (
    NO_RETRIES,
    address_in_environment,
    info_of,
    key_for,
    key_missing,
    known_provider,
    loaded,
    without_retries,
)
from docsum_nb.models.model import Model, note_model
from docsum_nb.models.opening_checks import check_reachable
from docsum_nb.models.retry import failure_of, pause, retry_after
from docsum_nb.models.unicode import writable
from docsum_nb.provider_errors import Failure, RedirectRefused, refuse_redirects, sanitized
from docsum_nb.records import Usage
from docsum_nb.run import DAEMON_THREADS, Stopping, pause_in_run

__all__ = ["EmbeddingModel", "charged_to"]

_BATCH = 96
"""Texts of a request: the fewest that a well-known provider allows."""
_BATCH_CHARS = 200_000
_MOST_CHARS = 8_000
"""Of one text, the part that is sent: about 2,000 tokens, which all models take."""
_SPARE_S = 5.0
"""What LiteLLM may take beside the request itself."""


_sending: ContextVar[bool] = ContextVar("sending", default=False)


class Charged(Protocol):
    """Who pays for requests: a run, with its bounds."""

    def reserve_now(self, model: str, tokens: int, cost_usd: float | None) -> Any:
        """Reserve the most that a request may take; raises BudgetExceeded."""

    def settle_now(self, model: str, reservation: Any, usage: Usage) -> None:
        """Replace the reservation by what it took."""


_charged: ContextVar[Charged | None] = ContextVar("charged", default=None)


@contextmanager
def charged_to(charged: Charged) -> Iterator[None]:
    """Charge a run with the requests that are made within."""
    token = _charged.set(charged)
    try:
        yield
    finally:
        _charged.reset(token)


class EmbeddingModel:
    """A model of LiteLLM's that computes vectors; opened at its first use.

    Args:
        settings: How it is called. ``max_concurrency`` and ``fallbacks`` have no effect: requests
            follow one another, and vectors of two models cannot be compared.
    """

    def __init__(self, settings: Model) -> None:
        self.settings = settings
        dimensions = settings.params.get("dimensions")
        self.name = f"{settings.name} ({dimensions} dimensions)" if dimensions else settings.name
        self._lock = threading.Lock()
        self._next = 0.0
        """The time before which no request is sent."""

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, in order.

        Raises:
            InputError: If the model's name, address or key cannot be used; nothing is sent.
            ModelError: If an answer is not one vector for each text, or the server sends requests
                on to another server.
            BudgetExceeded: If the next request might exceed a bound of the run.
            Stopping: If the run that it belongs to is stopped.
            Exception: The provider's error, after the retries.
        """
        # An empty text is refused by most providers.
        texts = [writable(text[:_MOST_CHARS]) or " " for text in texts]
        return [vector for batch in _batches(texts) for vector in self._vectors(batch)]

    def at_most(self, texts: int) -> Usage:
        """Return what a number of texts take at most, sent one by one and without retries."""
        tokens = texts * _about([" " * _MOST_CHARS])
        return Usage(texts, tokens, 0, self._cost(tokens))

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        failures = overloads = 0
        give_up_at = time.monotonic() + self.settings.give_up_after
        while True:
            try:
                return self._send(texts)
            except (InputError, ModelError, Stopping):
                raise
            except Exception as error:  # noqa: BLE001  # raised below, if no retry cures it
                if (refused := _redirect_in(error)) is not None:
                    raise ModelError(f"{self.name}: {refused}", lasting=True) from None
                failure = failure_of(error)
                if failure is Failure.TOO_LONG and len(texts) > 1:
                    half = len(texts) // 2
                    return self._vectors(texts[:half]) + self._vectors(texts[half:])
                if failure is Failure.OVERLOAD:
                    overloads += 1
                else:
                    failures += 1
                wait = pause(retry_after(error), overloads if overloads else failures)
                most = min(1, self.settings.max_retries)
                most = most if failure is Failure.DOUBTFUL else self.settings.max_retries
                if failure.final or failures > most or time.monotonic() + wait > give_up_at:
                    note_model(error, self.settings)
                    raise sanitized(error) from None
            pause_in_run(wait)

    def _send(self, texts: list[str]) -> list[list[float]]:
        arguments = self._arguments(texts)
        about = _about(texts)
        self._await_turn(about)
        charged, reserved = _charged.get(), None
        if charged is not None:
            reserved = charged.reserve_now(self.name, about, self._cost(about))
        tokens = 0
        try:
            pending = DAEMON_THREADS.submit(_call, arguments)
            response = pending.result(self.settings.timeout + _SPARE_S)
            tokens = _tokens(response, about)
            return _checked(response, len(texts), self.name)
        finally:
            if charged is not None:
                charged.settle_now(self.name, reserved, Usage(1, tokens, 0, self._cost(tokens)))

    def _arguments(self, texts: list[str]) -> dict[str, Any]:
        settings = self.settings
        provider, api_base = known_provider(settings)
        address = settings.base_url or api_base or address_in_environment(provider)
        check_reachable(settings, provider, address)
        missing = key_missing(settings)
        if missing is not None:
            raise InputError(missing)
        return {
            **settings.params,
            **without_retries(provider),
            "model": settings.name,
            "input": texts,
            "api_base": settings.base_url,
            "api_key": key_for(settings),
            "timeout": settings.timeout,
            "encoding_format": "float",
            "max_retries": NO_RETRIES,
            "num_retries": 0,
            "drop_params": True,
        }

    def _await_turn(self, tokens: int) -> None:
        """Wait until the limits for a minute allow another request."""
        settings = self.settings
        pace = 0.0
        if settings.requests_per_minute:
            pace = 60 / settings.requests_per_minute
        if settings.tokens_per_minute:
            pace = max(pace, 60 * tokens / settings.tokens_per_minute)
        with self._lock:
            begin = max(self._next, time.monotonic())
            self._next = begin + pace
        pause_in_run(max(0.0, begin - time.monotonic()))

    def _cost(self, tokens: int) -> float | None:
        if self.settings.prices is not None:
            return self.settings.prices[0] * tokens / 1e6
        price = info_of(self.settings.name).get("input_cost_per_token")
        return price * tokens if isinstance(price, int | float) else None


def _call(arguments: dict[str, Any]) -> Any:
    """Send a request; a redirect to another server is refused before anything is sent there."""
    litellm = loaded()
    refuse_redirects(_sending.get)
    token = _sending.set(True)
    try:
        return litellm.embedding(**arguments)
    finally:
        _sending.reset(token)


def _redirect_in(error: BaseException | None) -> RedirectRefused | None:
    """Return the refusal of a redirect that an error of a client comes from."""
    while error is not None and not isinstance(error, RedirectRefused):
        error = error.__cause__ or error.__context__
    return error


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == _BATCH or characters + len(text) > _BATCH_CHARS):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _about(texts: Sequence[str]) -> int:
    """Return how many tokens texts have, estimated high."""
    return sum(map(len, texts)) // 3 + len(texts)


def _tokens(response: Any, about: int) -> int:
    """Return the tokens that were paid for; about as many as the texts have, if it does not say."""
    found = getattr(getattr(response, "usage", None), "prompt_tokens", None)
    return found if isinstance(found, int) and found > 0 else about


def _checked(response: Any, number: int, name: str) -> list[list[float]]:
    rows = getattr(response, "data", None)
    found: dict[int, list[float]] = {}
    for place, row in enumerate(rows if isinstance(rows, list) else []):
        each = row if isinstance(row, dict) else vars(row)
        vector, index = each.get("embedding"), each.get("index", place)
        if isinstance(vector, list) and vector and all(map(_is_number, vector)):
            found[index if isinstance(index, int) else place] = vector
    vectors = [found[index] for index in range(number) if index in found]
    if len(vectors) != number or len(set(map(len, vectors))) != 1:
        raise ModelError(
            f"{name} returned {len(vectors)} usable vectors for {number} texts: is it a model that "
            "computes embeddings?"
        )
    return vectors


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
