"""Counts, money, time and names in words, the same in every rendering and view."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["cost_text", "count_text", "duration_text", "listed", "refusal_text"]

_LEAST_USD = 0.000001


def count_text(number: int, noun: str) -> str:
    """Return a count with its noun: ``1 call``, ``1,200 calls``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def cost_text(cost_usd: float | None) -> str:
    """Return a price as text.

    Args:
        cost_usd: In US dollars; ``None`` if unknown.

    Returns:
        ``price not known``, or dollars: with two decimals from one dollar on, with four down to a
        cent, below it with two significant digits.
    """
    if cost_usd is None or not math.isfinite(cost_usd):
        return "price not known"
    if cost_usd == 0:
        return "$0"
    if cost_usd >= 0.99995:
        return f"${cost_usd:,.2f}"
    if cost_usd >= 0.01:
        return f"${cost_usd:.4f}"
    if cost_usd < _LEAST_USD:
        return f"less than ${_LEAST_USD:f}"
    return f"${cost_usd:.{1 - math.floor(math.log10(cost_usd))}f}"


def duration_text(seconds: float) -> str:
    """Return a duration as text: ``4.2 s``, ``35 s``, ``3 min 05 s``, ``1 h 02 min``."""
    if not math.isfinite(seconds) or seconds < 0:
        return "0 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def listed(names: Iterable[str], *, most: int = 4) -> str:
    """Return names in a row, the first few of many."""
    each = list(dict.fromkeys(names))
    more = f" and {len(each) - most} more" if len(each) > most else ""
    return ", ".join(repr(name) for name in each[:most]) + more


def refusal_text(model: str, status: int | None, words: str) -> str:
    """Return what happened if a provider had no room: the first words of the warning of it.

    Args:
        model: The model that was asked.
        status: Of HTTP; ``None`` if none is known.
        words: The provider's own; empty if it gave none.
    """
    return f"{model} turned a request away (status {status or '?'}{words and f': {words}'})"
