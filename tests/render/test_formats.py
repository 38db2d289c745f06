"""Counts, money and time in words."""

from __future__ import annotations

import math

import pytest

from docsum_nb.render.formats import cost_text, count_text, duration_text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, "price not known"),
        (math.nan, "price not known"),
        (0.0, "$0"),
        (0.01234, "$0.0123"),
        (0.0099, "$0.0099"),
        (0.00042, "$0.00042"),
        (0.0000123, "$0.000012"),
        (0.0000004, "less than $0.000001"),
        (0.999951, "$1.00"),
        (1234.5, "$1,234.50"),
    ],
)
def test_cost_text_never_invents_a_price(cost: float | None, text: str) -> None:
    """An unknown price is said to be unknown; a known one is dollars, and never reads as none."""
    assert cost_text(cost) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (4.24, "4.2 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185.0, "3 min 05 s"),
        (3720.0, "1 h 02 min"),
        (math.inf, "0 s"),
    ],
)
def test_duration_text_reads_naturally(seconds: float, text: str) -> None:
    """Durations carry their units, at a grain that fits their size."""
    assert duration_text(seconds) == text


def test_count_text_agrees_in_number() -> None:
    """One of a thing is singular, any other number plural, thousands are parted."""
    assert [count_text(n, "call") for n in (0, 1, 1200)] == ["0 calls", "1 call", "1,200 calls"]
