"""No text can hang a process: whatever reads one takes linear time, and bounded depth."""

from __future__ import annotations

import math

import pytest

from tests.linear.growth import MOST_GROWTH, measured
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


@pytest.mark.timeout(1_800)  # of a machine on which much else runs; each case has its own limit
@pytest.mark.parametrize("kind", ["patterns", "readers"])
def test_time_grows_with_the_length(kind: str) -> None:
    """An input twice as long takes at most 2.5 times the time, up to a megabyte."""
    found = list(measured("tests.linear.cases", kind, "some"))
    assert len(found) > 500
    assert [each for each in found if not each.is_linear] == []


def test_what_is_not_linear_is_found_by_name() -> None:
    """A hang with the interpreter's lock held, a quadratic pattern and deep recursion are named."""
    found = {each.name: each.growth for each in measured("tests.linear.known_bad")}
    assert found.pop("linear") <= MOST_GROWTH
    assert found.pop("exponential: killed") == found.pop("recursive: RecursionError") == math.inf
    assert all(growth > MOST_GROWTH for growth in found.values())
    assert len(found) == 1
