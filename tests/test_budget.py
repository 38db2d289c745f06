from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docsum_nb.budget import Budget, Reservation
from docsum_nb.errors import BudgetExceeded, InputError
from docsum_nb.records import Usage


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=60
    )
)
def test_bounds_hold_whatever_the_order_of_calls_and_answers(
    calls: list[tuple[int, float, bool]],
) -> None:
    """However calls overlap, what is spent and what is held never exceed a bound."""
    budget = Budget(max_calls=20, max_tokens=200, max_cost=0.5)
    flying: list[tuple[Reservation, int, float]] = []
    made, tokens_spent, paid = 0, 0, 0.0
    for tokens, share, answered in calls:
        cost = tokens / 100
        try:
            place = budget.reserve("m", tokens, cost)
        except BudgetExceeded:
            place = None
        if place is not None:
            made += 1
            flying.append((place, tokens, share))
        if answered and flying:
            place, most, share = flying.pop(0)
            used = int(most * share)
            budget.settle(place, Usage(1, used, 0, used / 100))
            tokens_spent, paid = tokens_spent + used, paid + used / 100
        held = sum(most for _, most, _ in flying)
        assert made <= 20
        assert tokens_spent + held <= 200
        assert paid + held / 100 <= 0.5 + 1e-6


def test_call_that_may_fit_later_waits_and_the_others_are_refused() -> None:
    """With a call in flight there is nothing to say yet; with none, the bound is named."""
    budget = Budget(max_cost=1.0)
    first = budget.reserve("m", 10, 0.9)
    assert first is not None
    assert budget.reserve("m", 10, 0.5) is None
    with pytest.raises(BudgetExceeded, match=r"may cost \$0.5, and \$1 of max_cost=\$1 are left"):
        budget.reserve("m", 10, 0.5, may_wait=False)
    budget.settle(first, Usage(1, 5, 5, 0.2))
    assert budget.reserve("m", 10, 0.5) is not None


def test_settling_wakes_whoever_waits_until_it_unsubscribes() -> None:
    """Every settled call is reported once; a second settling of the same changes nothing."""
    budget, told = Budget(max_tokens=100), threading.Semaphore(0)
    end = budget.on_change(told.release)
    place = budget.reserve("m", 60)
    assert place is not None
    budget.settle(place, Usage(1, 10, 10, 0.0))
    budget.settle(place, Usage(1, 90, 0, 0.0))
    assert told.acquire(timeout=60)
    assert not told.acquire(blocking=False)
    end()
    second = budget.reserve("m", 80)
    assert second is not None
    budget.settle(second, None)
    assert not told.acquire(blocking=False)
    # What a call took that tells no usage stays reserved.
    with pytest.raises(BudgetExceeded, match="0 of max_tokens=100 are left"):
        budget.reserve("m", 1)


def test_last_calls_have_their_answers_before_the_next_is_refused() -> None:
    """No answer gives a call back, but what is in flight is waited for: it is to be used."""
    budget = Budget(max_calls=1)
    place = budget.reserve("m")
    assert place is not None
    assert budget.reserve("m") is None
    budget.settle(place, Usage(1, 1, 1, 0.0))
    with pytest.raises(BudgetExceeded, match="all of max_calls=1 are made"):
        budget.reserve("m")


def test_call_takes_from_every_budget_around_it_or_from_none() -> None:
    """A run within a run is held by both; the one that cannot pass is the one that is reported."""
    outer = Budget(max_calls=3, max_cost=1.0)
    inner, other = Budget(max_tokens=100, within=outer), Budget(within=outer)
    first = inner.reserve("m", 60, 0.2)
    assert first is not None
    assert inner.reserve("m", 60, 0.2) is None  # and took nothing from the outer one
    told = threading.Semaphore(0)
    end = inner.on_change(told.release)
    second = other.reserve("m", 5, 0.7)
    assert second is not None
    assert other.reserve("m", 5, 0.7) is None
    other.settle(second, Usage(1, 1, 0, 0.1))
    assert told.acquire(timeout=60)  # there is room again in the budget around both
    end()
    third = inner.reserve("m", 10, 0.5)
    assert third is not None
    for place in (first, third):
        inner.settle(place, Usage(1, 10, 0, 0.0))
    with pytest.raises(BudgetExceeded, match="all of max_calls=3 are made"):
        inner.reserve("m", 10, 0.1)
    with pytest.raises(InputError, match="prices="):
        inner.reserve("m", 1, None)


def test_cost_without_a_price_is_asked_for() -> None:
    """A bound on cost is never guessed at."""
    with pytest.raises(InputError, match="prices="):
        Budget(max_cost=1.0).reserve("my-model", 10, None)
    assert Budget(max_calls=1).reserve("my-model", 10, None) is not None


@pytest.mark.parametrize(
    "bounds",
    [
        {"max_calls": 0},
        {"max_calls": 1.5},
        {"max_tokens": True},
        {"max_cost": -1.0},
        {"max_cost": "0.5"},
        {"max_cost": True},
    ],
)
def test_bounds_that_mean_nothing_are_refused(bounds: dict[str, Any]) -> None:
    """A bound is more than nothing, and calls and tokens are whole."""
    with pytest.raises(InputError):
        Budget(**bounds)
