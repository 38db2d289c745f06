"""Which request may be sent next: the arithmetic of limits, without a clock or waiting.

One ``RateLimits`` stands before one account with a provider. Each of its models has the bounds that
its user gave: requests in flight, requests and tokens a minute. Over all of them stands a window
that adapts: additive increase, multiplicative decrease (Chiu & Jain 1989, as in TCP). Unbounded at
first; when the provider turns a request away, it becomes half of what is in flight, once for all
that were sent under the same window, and nothing is sent until the provider's time is over. Each
window of answers then adds one, and so does a time in which nothing came back at all: a request
that hangs must not hold up the others until its timeout.

Invariants: a ticket is waiting, sent, or not here; nothing is sent beyond a bound; the window is
never below one, so each that waits is sent in the end; of those that may be sent, the lowest ticket
goes first.
"""

from __future__ import annotations

import heapq
import math

__all__ = ["Bucket", "RateLimits"]

_MINUTE_S = 60.0
_ROUNDING_S = 1e-6
"""What floats may be off by; none is woken in vain."""
_SILENCE_S = 10.0


class Bucket:
    """A rate a minute that no minute exceeds; holds one second's worth, at least one.

    A bucket of a minute's worth would let two minutes' worth through in the first minute, and
    providers count windows. An amount larger than the bucket waits until it is full, and is worked
    off as debt.
    """

    def __init__(self) -> None:
        self._per_minute: float | None = None
        self._capacity = self._level = 0.0
        self._at = 0.0

    def set_rate(self, per_minute: float | None, now: float) -> None:
        """Change the rate; ``None`` for no limit. What was taken stays taken."""
        if per_minute == self._per_minute:
            return
        if per_minute is not None:
            capacity = max(1.0, per_minute / _MINUTE_S)
            level = self._level_at(now) if self._per_minute is not None else capacity
            self._capacity, self._level, self._at = capacity, min(level, capacity), now
        self._per_minute = per_minute

    def ready_at(self, amount: float, now: float) -> float:
        """Return when ``amount`` may be taken; ``now`` or earlier if it may be taken at once."""
        if self._per_minute is None:
            return now
        wait = (min(amount, self._capacity) - self._level_at(now)) / self._fill
        return now if wait < _ROUNDING_S else now + wait

    def take(self, amount: float, now: float) -> None:
        """Subtract ``amount`` from the bucket."""
        if self._per_minute is not None:
            self._level, self._at = self._level_at(now) - amount, now

    @property
    def _fill(self) -> float:
        """What comes in each second: so little that a minute which began full keeps the rate."""
        assert self._per_minute is not None
        return (self._per_minute - (self._capacity - 1)) / _MINUTE_S

    def _level_at(self, now: float) -> float:
        return min(self._capacity, self._level + (now - self._at) * self._fill)


class _Account:
    """One model's own bounds, and who waits for it."""

    def __init__(self) -> None:
        self.most: int | None = None
        self.requests = Bucket()
        self.tokens = Bucket()
        self.sent = 0
        self.queue: list[int] = []
        """A heap of tickets; those withdrawn are dropped when they come up."""

    @property
    def full(self) -> bool:
        return self.most is not None and self.sent >= self.most

    def ready_at(self, tokens: float, now: float) -> float:
        return max(self.requests.ready_at(1, now), self.tokens.ready_at(tokens, now))


class RateLimits:
    """The limits of one account. Times are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self.window = math.inf
        """How many requests may be in flight, in parts of one; infinite until one is refused."""
        self.paused_until = -math.inf
        self._moved_at = -math.inf
        """When a request was last sent or answered, or the window grew for lack of answers."""
        self._rounds = 0
        """How often the window was made smaller."""
        self._lanes: dict[str, _Account] = {}
        self._waiting: dict[int, float] = {}
        """From ticket to tokens."""
        self._sent: dict[int, tuple[_Account, int]] = {}
        """From ticket to its lane, and the round it was sent in."""

    @property
    def in_flight(self) -> int:
        """How many are sent and not ended."""
        return len(self._sent)

    @property
    def waiting(self) -> int:
        """How many have entered and are not sent."""
        return len(self._waiting)

    def limit(
        self,
        model: str,
        *,
        concurrency: int | None,
        requests: float | None,
        tokens: float | None,
        now: float,
    ) -> None:
        """Set a model's bounds; ``None`` for none. The newest hold for all who wait."""
        lane = self._lanes.setdefault(model, _Account())
        lane.most = concurrency
        lane.requests.set_rate(requests, now)
        lane.tokens.set_rate(tokens, now)

    def enter(self, ticket: int, model: str, tokens: float) -> None:
        """Begin to wait. Lower tickets go first, whenever they enter."""
        assert ticket not in self._waiting
        assert ticket not in self._sent
        self._waiting[ticket] = tokens
        heapq.heappush(self._lanes.setdefault(model, _Account()).queue, ticket)

    def withdraw(self, ticket: int) -> None:
        """Wait no longer, or give back what was just sent."""
        if self._waiting.pop(ticket, None) is None:
            self._leave(ticket)

    def admit(self, now: float) -> list[int]:
        """Send all that may be sent now; return their tickets."""
        if self._full and self._open_lanes() and now - self._moved_at >= _SILENCE_S - _ROUNDING_S:
            self.window, self._moved_at = self.window + 1, now
        admitted = []
        while (lane := self._next_lane(now)) is not None:
            ticket = heapq.heappop(lane.queue)
            lane.requests.take(1, now)
            lane.tokens.take(self._waiting.pop(ticket), now)
            lane.sent += 1
            self._sent[ticket] = lane, self._rounds
            admitted.append(ticket)
            self._moved_at = now
        return admitted

    def wake_at(self, now: float) -> float | None:
        """Return when the next one may go by time alone; ``None`` if time helps none that waits."""
        earliest = self.paused_until
        if self._full:
            earliest = max(earliest, self._moved_at + _SILENCE_S)
        times = [
            max(earliest, lane.ready_at(self._waiting[lane.queue[0]], now))
            for lane in self._open_lanes()
        ]
        return min(times, default=None)

    def end(self, ticket: int, *, now: float, answered: bool = False) -> None:
        """End a request; an answer to one that filled the window makes the window larger."""
        was_full = self._full
        self._leave(ticket)
        self._moved_at = now
        if answered and was_full:
            self.window += 1 / self.window

    def refuse(self, ticket: int, *, pause: float, now: float) -> None:
        """End a request that the provider had no room for.

        Args:
            ticket: The request.
            pause: Seconds for which no request is sent.
            now: The time.
        """
        in_flight = self.in_flight
        sent_in = self._leave(ticket)
        self._moved_at = now
        # Those sent under one window are turned away together; that is one sign, not many.
        if sent_in == self._rounds:
            self._rounds += 1
            self.window = max(1.0, min(self.window, in_flight) / 2)
        self.paused_until = max(self.paused_until, now + pause)

    @property
    def _full(self) -> bool:
        return math.isfinite(self.window) and self.in_flight >= int(self.window)

    def _leave(self, ticket: int) -> int:
        lane, sent_in = self._sent.pop(ticket)
        lane.sent -= 1
        return sent_in

    def _open_lanes(self) -> list[_Account]:
        """Return the models that have a request waiting and may send one more."""
        for lane in self._lanes.values():
            while lane.queue and lane.queue[0] not in self._waiting:
                heapq.heappop(lane.queue)
        return [lane for lane in self._lanes.values() if lane.queue and not lane.full]

    def _next_lane(self, now: float) -> _Account | None:
        if now < self.paused_until or self._full:
            return None
        ready = [
            lane
            for lane in self._open_lanes()
            if lane.ready_at(self._waiting[lane.queue[0]], now) <= now
        ]
        return min(ready, key=lambda lane: lane.queue[0], default=None)
