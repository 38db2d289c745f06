"""No text can hang a process: whatever reads one takes linear time, and bounded depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from tests.linear.growth import LONGEST, MOST_GROWTH, grown, measured
from tests.linear.hostile import pattern_texts
from tests.linear.patterns import compiled_patterns, uncompiled_uses
from tests.linear.readers import unread


def test_every_pattern_can_be_found() -> None:
    """Patterns are compiled as their module is imported, so that all of them are measured."""
    assert uncompiled_uses() == []
    assert len(compiled_patterns()) > 50
    assert all(map(pattern_texts, compiled_patterns().values()))


def test_every_reading_function_is_measured() -> None:
    """A new public function that takes a text is measured, or is named with a reason."""
    assert list(unread()) == []


@pytest.mark.long
@pytest.mark.timeout(1_800)  # of a machine on which much else runs; each case has its own limit
@pytest.mark.parametrize("kind", ["patterns", "readers"])
def test_time_grows_with_the_length(kind: str) -> None:
    """An input twice as long takes at most 2.5 times the time, up to a megabyte."""
    found = list(measured("tests.linear.cases", kind, "some"))
    assert len(found) > 500
    assert [each for each in found if not each.is_linear] == []


@pytest.mark.long
def test_what_is_not_linear_is_found_by_name() -> None:
    """A hang with the interpreter's lock held, a quadratic pattern and deep recursion are named."""
    found = {each.name: each.growth for each in measured("tests.linear.known_bad")}
    assert found.pop("linear") <= MOST_GROWTH
    assert found.pop("exponential: killed") == found.pop("recursive: RecursionError") == math.inf
    assert all(growth > MOST_GROWTH for growth in found.values())
    assert len(found) == 1


@pytest.mark.parametrize("disturbed", [0, 1, 2, 3], ids="disturbed {}".format)
@pytest.mark.parametrize("linear_s", [0.0, 0.05, 0.1], ids="{} s besides".format)
def test_what_is_quadratic_is_found_on_a_machine_of_any_speed(
    linear_s: float, disturbed: int
) -> None:
    """Squared time is found on a fast and a slow machine, and if short runs were disturbed.

    Seconds are for a megabyte, from 2 to 55,000.
    """
    for step in range(60):
        clock = _Clock(2.0 * 2 ** (step / 4), linear_s, disturbed)
        assert grown(clock.seconds, longest=LONGEST, enough_s=0.02)[2] > MOST_GROWTH, clock


@pytest.mark.parametrize("disturbed", [0, 1, 2, 3], ids="disturbed {}".format)
def test_what_is_linear_is_not_found(disturbed: int) -> None:
    for step in range(60):
        clock = _Clock(0.0, 0.001 * 2 ** (step / 4), disturbed)
        assert grown(clock.seconds, longest=LONGEST, enough_s=0.02)[2] <= MOST_GROWTH, clock


@dataclass
class _Clock:
    """Seconds of a function whose time is known, on a machine that was busy for its first runs."""

    squared_s: float
    linear_s: float
    disturbed: int
    runs: int = 0

    def seconds(self, size: int) -> float:
        """Return the seconds for an input of a length."""
        self.runs += 1
        share = size / LONGEST
        late = 0.03 if self.runs <= self.disturbed else 0.0
        return self.squared_s * share**2 + self.linear_s * share + late
