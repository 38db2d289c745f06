"""Bounds on what one run may ask of models: calls, tokens, US dollars.

A call reserves the most it may take before it goes out, and returns the rest when its answer is
there. So a bound is never exceeded, however many calls are in flight. A call that may still fit
when answers in flight have arrived is not refused: it waits for them.

Usable from threads and event loops alike; nothing here blocks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from docsum_nb.errors import BudgetExceeded, InputError
from docsum_nb.records import Usage

__all__ = ["Budget", "Reservation"]


@dataclass(frozen=True, eq=False)
class Reservation:
    """The most that a call may take, until it is settled."""

    tokens: int
    cost_usd: float


class Budget:
    """The bounds of one run, and what is left of them; ``None`` is no bound.

    Args:
        max_calls: Requests, those that fail included.
        max_tokens: Of prompts and answers together.
        max_cost: US dollars.
        within: The budget of a run around this one, whose bounds hold as well.
    """

    def __init__(
        self,
        *,
        max_calls: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        within: Budget | None = None,
    ) -> None:
        for name, bound in (("max_calls", max_calls), ("max_tokens", max_tokens)):
            if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
                raise InputError(f"{name} is a whole number, not {bound!r}")
        if isinstance(max_cost, bool) or not isinstance(max_cost, int | float | None):
            raise InputError(f"max_cost is an amount of US dollars, not {max_cost!r}")
        bounds = {"max_calls": max_calls, "max_tokens": max_tokens, "max_cost": max_cost}
        for name, amount in bounds.items():
            if amount is not None and not amount > 0:
                raise InputError(f"{name} must be more than 0, not {amount!r}")
        self.max_calls = max_calls
        self.max_tokens = max_tokens
        self.max_cost = max_cost
        self._all: tuple[Budget, ...] = (self, *(within._all if within is not None else ()))
        # One lock for all: a call is reserved in each of them or in none.
        self._lock: threading.Lock = within._lock if within is not None else threading.Lock()
        self._calls = 0
        self._spent = Usage()
        self._open: set[Reservation] = set()
        self._wakers: set[Callable[[], object]] = set()

    def reserve(
        self,
        model: str,
        tokens: int = 0,
        cost_usd: float | None = 0.0,
        *,
        may_wait: bool = True,
    ) -> Reservation | None:
        """Reserve the most that a call may take.

        Args:
            model: For the message of an error.
            tokens: Prompt and longest possible answer.
            cost_usd: The cost of these; ``None`` if the price is not known.
            may_wait: Whether the caller can wait for calls in flight; one that cannot is refused.

        Returns:
            The reservation, to be settled in any case; ``None`` if it does not fit now, but may
            once a call in flight is settled or released: see ``on_change``.

        Raises:
            BudgetExceeded: if it does not fit and nothing can be waited for; the call must not be
                made.
            InputError: if there is a bound on cost and the price is not known.
        """
        if cost_usd is None and any(budget.max_cost is not None for budget in self._all):
            raise InputError(
                f"max_cost needs the price of {model}, which is not known: give it with prices="
            )
        reservation = Reservation(tokens, cost_usd or 0.0)
        with self._lock:
            full = [budget for budget in self._all if budget._lacking(reservation)]
            if not full:
                for budget in self._all:
                    budget._open.add(reservation)
                    budget._calls += 1
                return reservation
            # Calls that are made are never returned; they have their answers before it ends.
            final = [budget for budget in full if not (may_wait and budget._open)]
            if not final:
                return None
            lacking = final[0]._lacking(reservation)
        raise BudgetExceeded(f"the next call of {model} was not made: {lacking}")

    def settle(self, reservation: Reservation, usage: Usage | None) -> None:
        """Replace a reservation by what the call really took; further times do nothing.

        Args:
            reservation: What ``reserve`` returned.
            usage: Of the call; ``None`` if it is not known: the reservation stays spent. A call
                that was refused took nothing: ``Usage(calls=1)``.
        """
        if usage is None:
            usage = Usage(1, 0, reservation.tokens, reservation.cost_usd)
        elif usage.cost_usd is None:
            usage = Usage(1, usage.prompt_tokens, usage.completion_tokens, reservation.cost_usd)
        self._close(reservation, usage, calls=0)

    def release(self, reservation: Reservation) -> None:
        """Release the reservation of a call that was not made; does nothing after ``settle``."""
        self._close(reservation, Usage(), calls=1)

    def _close(self, reservation: Reservation, usage: Usage, *, calls: int) -> None:
        """Replace a reservation by what was used, and return calls."""
        wakers: set[Callable[[], object]] = set()
        with self._lock:
            if reservation not in self._open:
                return
            for budget in self._all:
                budget._open.remove(reservation)
                budget._spent += usage
                budget._calls -= calls
                wakers |= budget._wakers
        for wake in wakers:
            wake()

    def on_change(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Call something, in any thread, each time that a call is settled or released.

        Returns:
            A function that ends that.
        """
        with self._lock:
            for budget in self._all:
                budget._wakers.add(wake)

        def end() -> None:
            with self._lock:
                for budget in self._all:
                    budget._wakers.discard(wake)

        return end

    def _lacking(self, asked: Reservation) -> str:
        """Return which bound a call exceeds, and by how much; empty if none. The lock is held."""
        tokens, cost_usd = asked.tokens, asked.cost_usd
        if self.max_calls is not None and self._calls >= self.max_calls:
            return f"all of max_calls={self.max_calls:,} are made"
        spent = self._spent
        used = spent.prompt_tokens + spent.completion_tokens
        held = sum(reservation.tokens for reservation in self._open)
        if self.max_tokens is not None and used + held + tokens > self.max_tokens:
            return (
                f"it may take {tokens:,} tokens, and {max(0, self.max_tokens - used):,} of "
                f"max_tokens={self.max_tokens:,} are left"
            )
        paid = spent.cost_usd or 0.0
        held_usd = sum(reservation.cost_usd for reservation in self._open)
        # Sums of floats that come out a hair above the bound are at the bound.
        if self.max_cost is not None and paid + held_usd + cost_usd > self.max_cost * (1 + 1e-9):
            left = max(0.0, self.max_cost - paid)
            return (
                f"it may cost {_usd(cost_usd)}, and {_usd(left)} of max_cost=${self.max_cost:g} "
                "are left"
            )
        return ""


def _usd(amount: float) -> str:
    """Write dollars to three digits that count: calls cost hundredths of a cent."""
    text = f"{float(f'{amount:.3g}'):.10f}".rstrip("0")
    return f"${text.rstrip('.')}"
