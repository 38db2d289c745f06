"""The one layer that tries again, by status code.

Tried again, so often: 408, 409, 5xx, a timeout, a cut or refused connection, a body that is no
JSON, an empty answer. Waited out, as often as it takes within a wall-clock limit: a provider that
says that it has no room (429; 529; 503 with a time to come back). Never tried again: everything
else, above all 400, 401, 403 and 404, and a 429 that says that the account is out of money.

The wait is what the provider asks for, else it doubles with jitter from half a second (AWS
Architecture Blog, "Exponential Backoff And Jitter", 2015). The ``x-ratelimit-reset-*`` headers are
not used: they tell when a whole allowance is back, not when the next request may come.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from docsum_nb.errors import ModelError
from docsum_nb.models.model import Model

__all__ = ["Failure", "Tries", "failure_of", "is_too_long", "retry_after"]

_backoff = wait_random_exponential(multiplier=0.5, max=30)
_SPREAD = 0.1
"""Part of a wait that is added at random: other processes were told the same time."""
_MOST_SPREAD_S = 1.0


class Failure(Enum):
    """What kind of failure an error is: what helps against it."""

    PERMANENT = "the same request will fail again"
    TRANSIENT = "the same request may succeed"
    TIMEOUT = "there was no answer in time"
    OVERLOAD = "the provider has no room now"


def failure_of(error: BaseException) -> Failure:
    """Tell what kind of failure an error is, by its status code where it has one."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        if isinstance(error, TimeoutError):
            return Failure.TIMEOUT
        transient = isinstance(error, ConnectionError | ModelError)
        return Failure.TRANSIENT if transient else Failure.PERMANENT
    if status == 429:
        return Failure.PERMANENT if _out_of_money(error) else Failure.OVERLOAD
    if status == 529 or (status == 503 and retry_after(error) is not None):
        return Failure.OVERLOAD
    return Failure.TRANSIENT if status in (408, 409) or status >= 500 else Failure.PERMANENT


def is_too_long(error: BaseException) -> bool:
    """Tell whether the provider refused a request because it does not fit the model's window."""
    # LiteLLM knows it by the words of many providers; what it passes on as it came has a code.
    named = any(kind.__name__ == "ContextWindowExceededError" for kind in type(error).__mro__)
    return named or getattr(error, "code", None) == "context_length_exceeded"


def _out_of_money(error: BaseException) -> bool:
    body = getattr(error, "body", None)
    told = [body.get("code"), body.get("type")] if isinstance(body, Mapping) else []
    return "insufficient_quota" in told


class Tries:
    """The tries of one answer by one model.

    Args:
        settings: How often, and for how long.
        going: Asked before each further try; once it says no, the error is final.
        after_timeout: Whether to try again after a timeout.
    """

    def __init__(
        self, settings: Model, *, going: Callable[[], bool], after_timeout: bool = True
    ) -> None:
        self._settings = settings
        self._going = going
        self._after_timeout = after_timeout
        self._overloads = 0
        self.failures = 0
        """Tries that failed so far; those that found no room with the provider do not count."""
        self.give_up_at: float | None = None
        """The time of the loop after which no try begins; ``None`` before the first one."""
        self.last_error: Exception | None = None

    def attempts(self) -> AsyncRetrying:
        """Return the attempts, to be iterated over; the last error is raised as it is."""
        return AsyncRetrying(retry=self._may_try_again, wait=self._wait, reraise=True)

    def begin(self) -> None:
        """Say that a try is sent now; the wall clock runs from the first one."""
        if self.give_up_at is None:
            self.give_up_at = _now() + self._settings.give_up_after

    def pause_for(self, error: Exception) -> float | None:
        """Return how long nobody is to ask the provider after this error; ``None`` for no pause."""
        if failure_of(error) is not Failure.OVERLOAD:
            return None
        self._overloads += 1
        asked = retry_after(error)
        if asked is None:
            return _backed_off(self._overloads)
        # A time that is too long for this model's patience is no reason for others to wait.
        return _spread(asked) if asked <= self._left() else 0.0

    def _may_try_again(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Exception) or not self._going():
            return False
        self.last_error = error
        failure = failure_of(error)
        if failure is Failure.PERMANENT or (failure is Failure.TIMEOUT and not self._after_timeout):
            return False
        if failure is not Failure.OVERLOAD:
            self.failures += 1
            if self.failures > self._settings.max_retries:
                return False
        wait = retry_after(error) or 0.0
        if wait <= self._left():
            return True
        asked = f"; the provider asks to wait {wait:g} s" if wait else ""
        error.add_note(f"given up, as give_up_after={self._settings.give_up_after:g} s{asked}")
        return False

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if error is None or failure_of(error) is Failure.OVERLOAD:
            return 0.0  # the limiter makes it wait, with all others
        asked = retry_after(error)
        wait = _backed_off(self.failures) if asked is None else _spread(asked)
        return max(0.0, min(wait, self._left()))

    def _left(self) -> float:
        return math.inf if self.give_up_at is None else self.give_up_at - _now()


def _backed_off(times: int) -> float:
    # What another kind of failure has taken does not count.
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = times
    return _backoff(state)


def _spread(wait: float) -> float:
    return wait + random.uniform(0, min(_SPREAD * wait, _MOST_SPREAD_S))  # noqa: S311


def _now() -> float:
    return asyncio.get_running_loop().time()


def retry_after(error: Any) -> float | None:
    """Read the seconds that a provider asks to wait; ``None`` where it names none."""
    # LiteLLM keeps the headers beside the response; its proxy puts a prefix before the provider's.
    response = getattr(error, "response", None)
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(response, "headers", None),
    ):
        for prefix in ("", "llm_provider-"):
            found = _told(headers or {}, prefix)
            if found is not None:
                return found
    return None


def _told(headers: Mapping[str, str], prefix: str) -> float | None:
    milliseconds = _number(headers.get(f"{prefix}retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get(f"{prefix}retry-after")
    seconds = _number(text)
    return _until_date(text, headers.get("date")) if seconds is None else seconds


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until_date(text: str | None, server_now: str | None) -> float | None:
    """Read a date as seconds from now, by the server's clock where it tells its time."""
    try:
        then = parsedate_to_datetime(text or "").timestamp()
    except ValueError:
        return None
    try:
        now = parsedate_to_datetime(server_now or "").timestamp()
    except ValueError:
        now = time.time()
    return max(0.0, then - now)
