"""The one layer that tries again, by the kind of failure.

Retried ``max_retries`` times: 408, 409, 5xx, a timeout, a cut or refused connection, an empty
answer. Retried once: an unknown host, a body that is no JSON. Waited out within a wall-clock limit:
an overloaded provider (429; 529; 503 with a time to come back). Never retried: everything else,
above all 400, 401, 403 and 404, a certificate or an address that cannot be used, and a 429 that no
waiting cures.

The wait is what the provider asks for, else it doubles with jitter from half a second (AWS
Architecture Blog, "Exponential Backoff And Jitter", 2015). A provider that asks for no wait at all,
or for a few milliseconds time after time, is not asked in a loop: such a wait doubles, too.
"""

from __future__ import annotations

import asyncio
import math
import random

from tenacity import AsyncRetrying, RetryCallState, wait_random_exponential

from docsum_nb.models.model import Model
from docsum_nb.provider_errors import Failure, asked_in_headers, fault_of
from docsum_nb.run import Control

__all__ = ["Failure", "Tries", "failure_of", "is_too_long", "pause", "retry_after"]

_backoff = wait_random_exponential(multiplier=0.5, max=30)
_SPREAD = 0.1
"""Part of a wait that is added at random: other processes got the same time."""
_MOST_SPREAD_S = 1.0
_TAKEN_AT_ITS_WORD = 3
"""Refusals in a row after which a short wait that was asked for is not enough."""


def failure_of(error: BaseException) -> Failure:
    """Return what kind of failure an error is."""
    return fault_of(error).failure


def is_too_long(error: BaseException) -> bool:
    """Return whether a request was refused as too long, so that a shorter one may succeed."""
    return failure_of(error) is Failure.TOO_LONG


def retry_after(error: BaseException) -> float | None:
    """Return the seconds that a provider asks to wait; ``None`` if it names none."""
    # LiteLLM keeps the headers beside the response that it makes up.
    asked = asked_in_headers(getattr(error, "litellm_response_headers", None) or {})
    return fault_of(error).waits if asked is None else asked


class Tries:
    """The tries of one answer by one model.

    Args:
        settings: How often, and for how long.
        control: The run's; once it is stopping, the error is final.
        after_timeout: Whether to try again after a timeout.
    """

    def __init__(self, settings: Model, *, control: Control, after_timeout: bool = True) -> None:
        self._settings = settings
        self._control = control
        self._after_timeout = after_timeout
        self._overloads = 0
        self.failures = 0
        """Tries that failed so far; those that found no room with the provider do not count."""
        self.give_up_at: float | None = None
        """The time of the loop after which no try begins; ``None`` before the first one."""
        self.last_error: Exception | None = None

    def attempts(self) -> AsyncRetrying:
        """Return the attempts, to be iterated over; the last error is raised unchanged."""
        return AsyncRetrying(retry=self._may_try_again, wait=self._wait, reraise=True)

    def begin(self) -> None:
        """Note that a try is sent now; the wall clock runs from the first one."""
        if self.give_up_at is None:
            self.give_up_at = _now() + self._settings.give_up_after

    def pause_for(self, error: Exception) -> float | None:
        """Return how long the provider is not asked after this error; ``None`` for no pause."""
        if failure_of(error) is not Failure.OVERLOAD:
            return None
        self._overloads += 1
        asked = retry_after(error)
        # A time that is too long for this model's patience is no reason for others to wait.
        if asked is not None and asked > self._left():
            return 0.0
        return pause(asked, self._overloads)

    def _may_try_again(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, Exception) or self._control.stopped_by() is not None:
            return False
        self.last_error = error
        failure = failure_of(error)
        if failure.final or (failure is Failure.TIMEOUT and not self._after_timeout):
            return False
        if failure is not Failure.OVERLOAD:
            self.failures += 1
            most = self._settings.max_retries
            if self.failures > (min(1, most) if failure is Failure.DOUBTFUL else most):
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
        wait = pause(retry_after(error), self.failures)
        return max(0.0, min(wait, self._left()))

    def _left(self) -> float:
        return math.inf if self.give_up_at is None else self.give_up_at - _now()


def pause(asked: float | None, times: int) -> float:
    """Return the seconds to wait after this number of failures in a row."""
    if not asked:
        return _backed_off(times)
    if times <= _TAKEN_AT_ITS_WORD:
        return _spread(asked)
    return max(_spread(asked), _backed_off(times - _TAKEN_AT_ITS_WORD))


def _backed_off(times: int) -> float:
    # What another kind of failure has taken does not count.
    state = RetryCallState(AsyncRetrying(), None, (), {})
    state.attempt_number = times
    return _backoff(state)


def _spread(wait: float) -> float:
    return wait + random.uniform(0, min(_SPREAD * wait, _MOST_SPREAD_S))  # noqa: S311


def _now() -> float:
    return asyncio.get_running_loop().time()
