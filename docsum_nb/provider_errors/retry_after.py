"""The time that a provider asks to wait, as its headers have it.

``Retry-After`` as seconds or as a date, ``retry-after-ms``, and what LiteLLM's proxy makes of them.
The ``x-ratelimit-reset-*`` headers are not used: they say when a whole allowance is back, not
when the next request may come. A header is a stranger's text: nothing in it raises.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["asked_in_headers"]

_MOST_CHARS = 64
_MOST_S = 366 * 86_400.0
"""A wait that is longer than this is an error of the server, and counts as none."""
_UNREADABLE = (ValueError, TypeError, OverflowError, OSError)
"""What the standard library raises for dates; a crafted one overflows the platform's time."""


def asked_in_headers(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, 0 for a time that is over; ``None`` if none is named.

    Args:
        headers: By names in lower case, or a mapping that takes names in any case.
    """
    # LiteLLM's proxy puts a prefix before the provider's own.
    for prefix in ("", "llm_provider-"):
        milliseconds = _number(headers.get(f"{prefix}retry-after-ms"))
        if milliseconds is not None:
            return _sane(milliseconds / 1000)
        text = headers.get(f"{prefix}retry-after")
        seconds = _number(text)
        if seconds is None:
            seconds = _until_date(text, headers.get("date"))
        if seconds is not None:
            return _sane(seconds)
    return None


def _sane(seconds: float) -> float | None:
    return seconds if seconds <= _MOST_S else None


def _number(text: str | None) -> float | None:
    try:
        number = float(_short(text))
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until_date(text: str | None, server_now: str | None) -> float | None:
    """Return the seconds until a date, by the server's clock if it names its time."""
    then = _timestamp(text)
    if then is None:
        return None
    now = _timestamp(server_now)
    return max(0.0, then - (time.time() if now is None else now))


def _timestamp(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(_short(text)).timestamp()
    except _UNREADABLE:
        return None


def _short(text: str | None) -> str:
    """Return a header's text; empty if it is longer than any time is written."""
    said = str(text or "")
    return said if len(said) <= _MOST_CHARS else ""
