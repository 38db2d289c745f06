"""The one layer that tries again, by status code.

Tried again: 408, 409, 429, 5xx, a timeout, a cut connection, an empty answer. Never tried again:
everything else, above all 400, 401, 403 and 404. The wait doubles with jitter from half a second
(AWS Architecture Blog, "Exponential Backoff And Jitter", 2015) unless the provider says how long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from docsum_nb.errors import ModelError

__all__ = ["is_transient", "retrying"]

_LONGEST_WAIT_S = 60.0
_backoff = wait_random_exponential(multiplier=0.5, max=30)


def retrying(max_retries: int, *, while_: Callable[[], bool]) -> AsyncRetrying:
    """Return the attempts of one call: the first, and at most ``max_retries`` more.

    Args:
        max_retries: Further attempts after the first.
        while_: Asked before each of them; once it says no, the error is final.

    Returns:
        The attempts; the last error is raised as it is.
    """
    return AsyncRetrying(
        stop=stop_after_attempt(max_retries + 1),
        retry=retry_if_exception(lambda error: while_() and is_transient(error)),
        wait=_wait,
        reraise=True,
    )


def is_transient(error: BaseException) -> bool:
    """Tell whether the same request may succeed later."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status in (408, 409, 429) or status >= 500
    return isinstance(error, TimeoutError | ConnectionError | ModelError)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after(error)
    return _backoff(state) if asked is None else min(asked, _LONGEST_WAIT_S)


def _retry_after(error: Any) -> float | None:
    """Read the seconds a provider asks to wait; LiteLLM keeps the headers beside the response."""
    response = getattr(error, "response", None)
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(response, "headers", None),
    ):
        try:
            return max(0.0, float((headers or {}).get("retry-after", "")))
        except ValueError:
            continue
    return None
