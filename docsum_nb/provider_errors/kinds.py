"""The kinds of failure of a request to a model, by what helps against each."""

from __future__ import annotations

from enum import Enum

__all__ = ["Failure"]


class Failure(Enum):
    """What kind of failure an error is: what helps against it."""

    PERMANENT = "the same request will fail again"
    DOUBTFUL = "the same request will most likely fail again; one more try finds out"
    TRANSIENT = "the same request may succeed"
    TIMEOUT = "there was no answer in time"
    OVERLOAD = "the provider has no room now"
    TOO_LONG = "the request is too long; a shorter one may succeed"
    SPENT = "money or quota is used up, and waiting does not bring it back in time"

    @property
    def final(self) -> bool:
        """Whether no further try of the same request can succeed."""
        return self in (Failure.PERMANENT, Failure.TOO_LONG, Failure.SPENT)
