from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from docsum_nb.models.rate_limit import Bucket, RateLimits


@settings(deadline=None)
@given(
    per_minute=st.floats(0.5, 20_000),
    waits=st.lists(st.floats(0, 30), max_size=120),
)
def test_no_minute_holds_more_requests_than_its_rate(per_minute: float, waits: list[float]) -> None:
    """Whenever requests come, any sixty seconds hold no more of them than was asked for."""
    bucket, now, taken = Bucket(), 1e5, []
    bucket.set_rate(per_minute, now)
    for wait in waits:
        now = max(now + wait, bucket.ready_at(1, now + wait))
        bucket.take(1, now)
        taken.append(now)
    for first in taken:
        # Floats round, so a minute is taken a little short.
        minute = sum(first <= at < first + 59.99 for at in taken)
        assert minute <= max(1, math.ceil(per_minute))


@settings(deadline=None)
@given(per_minute=st.floats(60, 200_000), amounts=st.lists(st.integers(1, 50_000), max_size=60))
def test_tokens_keep_their_rate_in_the_long_run_however_large_a_request(
    per_minute: float, amounts: list[int]
) -> None:
    """What has gone before the last request came in at no more than the rate, and all go."""
    bucket, start = Bucket(), 1e5
    now = start
    bucket.set_rate(per_minute, now)
    for count, amount in enumerate(amounts):
        now = bucket.ready_at(amount, now)
        spent = sum(amounts[:count])
        assert spent <= (now - start + 1) * per_minute / 60 + 1
        bucket.take(amount, now)
    assert math.isfinite(now)


def test_rate_is_used_not_only_kept() -> None:
    """Who always has something to send gets all but a sixtieth of the rate."""
    for per_minute in (3, 60, 600, 6_000):
        bucket, now, taken = Bucket(), 0.0, 0
        bucket.set_rate(per_minute, now)
        while now < 600:
            bucket.take(1, now)
            taken += 1
            now = bucket.ready_at(1, now)
        assert taken >= 10 * per_minute * 59 / 60 - 1


def test_new_rate_holds_at_once_and_what_was_taken_stays_taken() -> None:
    """A lower rate makes the next one wait; no rate lets it go; a rate set twice frees none."""
    bucket = Bucket()
    bucket.set_rate(60, 0)
    bucket.take(1, 0)
    assert bucket.ready_at(1, 0) == 1
    bucket.set_rate(6, 0)
    assert bucket.ready_at(1, 0) == 10
    bucket.set_rate(6, 5)
    assert bucket.ready_at(1, 5) == 10
    bucket.set_rate(None, 5)
    assert bucket.ready_at(1, 5) == 5


class Traffic(RuleBasedStateMachine):
    """Requests of two models that come, wait, are sent, end, are refused or withdrawn."""

    @initialize(caps=st.tuples(*[st.none() | st.integers(1, 5)] * 2), rate=st.none() | st.just(120))
    def begin(self, caps: tuple[int | None, int | None], rate: float | None) -> None:
        self.gate = RateLimits()
        self.now = 0.0
        self.caps = dict(zip("ab", caps, strict=True))
        for model, cap in self.caps.items():
            self.gate.limit(model, concurrency=cap, requests=rate, tokens=None, now=0)
        self.tickets = itertools.count()
        self.waiting: dict[int, str] = {}
        self.sent: dict[int, str] = {}

    def admit(self) -> None:
        before = self.gate.in_flight
        admitted = self.gate.admit(self.now)
        for ticket in admitted:
            self.sent[ticket] = self.waiting.pop(ticket)
        assert not admitted or self.now >= self.gate.paused_until
        assert self.gate.in_flight <= max(before, self.gate.window)

    @rule(model=st.sampled_from("ab"), count=st.integers(1, 6))
    def come(self, model: str, count: int) -> None:
        for _ in range(count):
            ticket = next(self.tickets)
            self.waiting[ticket] = model
            self.gate.enter(ticket, model, 10)
            self.admit()

    @rule(data=st.data(), outcome=st.sampled_from(["answered", "failed", "withdrawn", "again"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        if not self.sent:
            return
        ticket = data.draw(st.sampled_from(sorted(self.sent)))
        model = self.sent.pop(ticket)
        before = self.gate.window
        if outcome == "withdrawn":
            self.gate.withdraw(ticket)
        else:
            self.gate.end(ticket, now=self.now, answered=outcome == "answered")
        assert before <= self.gate.window <= before + 1
        if outcome == "again":
            self.waiting[ticket] = model
            self.gate.enter(ticket, model, 10)
        self.admit()

    @rule(pause=st.floats(0, 5))
    def refuse_all(self, pause: float) -> None:
        window, sent = min(self.gate.window, len(self.sent)), sorted(self.sent)
        for ticket in sent:
            del self.sent[ticket]
            self.gate.refuse(ticket, pause=pause, now=self.now)
            self.admit()
        assert self.gate.window >= window / 2, "once for all, however many there were"

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.waiting:
            ticket = data.draw(st.sampled_from(sorted(self.waiting)))
            del self.waiting[ticket]
            self.gate.withdraw(ticket)
            self.admit()

    @rule(seconds=st.floats(0, 10))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.admit()

    @rule()
    def wake(self) -> None:
        at = self.gate.wake_at(self.now)
        if at is not None:
            assert at > self.now, "what can go now was not admitted"
            waiting = len(self.waiting)
            self.now = at + 2e-6
            self.admit()
            assert len(self.waiting) < waiting, "woken in vain"

    @invariant()
    def bounds_hold(self) -> None:
        if not hasattr(self, "gate"):
            return
        assert self.gate.window >= 1
        assert (self.gate.in_flight, self.gate.waiting) == (len(self.sent), len(self.waiting))
        for model, cap in self.caps.items():
            assert cap is None or list(self.sent.values()).count(model) <= cap

    def teardown(self) -> None:
        """Nobody waits for ever: with answers and time, all are sent in the order of tickets."""
        if not hasattr(self, "gate"):
            return
        order: dict[str, list[int]] = {"a": [], "b": []}
        while self.waiting or self.sent:
            for ticket in list(self.sent):
                del self.sent[ticket]
                self.gate.end(ticket, now=self.now, answered=True)
            before = set(self.sent)
            self.admit()
            for ticket in sorted(set(self.sent) - before):
                order[self.sent[ticket]].append(ticket)
            if not self.sent and self.waiting:
                at = self.gate.wake_at(self.now)
                assert at is not None, "somebody waits and nothing will wake them"
                self.now = at + 2e-6
        assert all(tickets == sorted(tickets) for tickets in order.values())


TestTraffic = Traffic.TestCase
TestTraffic.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def sent_at_once(gate: RateLimits, count: int, tickets: Iterator[int], now: float = 0) -> list[int]:
    """Admit a number of requests; return those that are sent, and withdraw the others."""
    entered = [next(tickets) for _ in range(count)]
    for ticket in entered:
        gate.enter(ticket, "m", 1)
    sent = gate.admit(now)
    for ticket in set(entered) - set(sent):
        gate.withdraw(ticket)
    return sent


def test_thirty_refusals_at_once_halve_the_window_once() -> None:
    """The window becomes half of what was in flight, and all wait as long as was asked."""
    gate, tickets = RateLimits(), itertools.count()
    for ticket in sent_at_once(gate, 30, tickets):
        gate.refuse(ticket, pause=2, now=0)
    assert (gate.window, gate.paused_until) == (15, 2)
    assert sent_at_once(gate, 32, tickets, now=1.9) == []
    assert len(sent_at_once(gate, 32, tickets, now=2)) == 15


def test_each_refused_window_halves_down_to_one() -> None:
    """The last window is one, so that somebody always goes."""
    gate, tickets, sizes = RateLimits(), itertools.count(), []
    for _ in range(7):
        for ticket in sent_at_once(gate, 32, tickets):
            gate.refuse(ticket, pause=0, now=0)
        sizes.append(gate.window)
    assert sizes == [16, 8, 4, 2, 1, 1, 1]


def test_window_grows_by_one_for_each_window_of_answers() -> None:
    """Recovery is additive."""
    gate, tickets = RateLimits(), itertools.count()
    for ticket in sent_at_once(gate, 8, tickets):
        gate.refuse(ticket, pause=0, now=0)
    sent = sent_at_once(gate, 4, tickets)
    for window in (4, 5, 6):
        for _ in range(window):
            gate.end(sent.pop(0), now=0, answered=True)
            sent += sent_at_once(gate, 9, tickets)
        assert window + 0.8 < gate.window <= window + 1
        # The rounding of the sum is not what is tested.
        gate.window = float(round(gate.window))
        sent += sent_at_once(gate, 9, tickets)


def test_request_that_hangs_does_not_hold_up_the_others() -> None:
    """Where nothing comes back for a while, one more is sent."""
    gate, tickets = RateLimits(), itertools.count()
    gate.refuse(sent_at_once(gate, 1, tickets)[0], pause=1, now=0)
    assert gate.window == 1
    hanging = sent_at_once(gate, 1, tickets, now=1)
    assert len(hanging) == 1
    gate.enter(99, "m", 1)
    assert gate.admit(1) == []
    at = gate.wake_at(1)
    assert at is not None
    assert 5 < at < 30
    assert gate.admit(at) == [99]


def test_unused_window_does_not_grow() -> None:
    """Answers one at a time say nothing about how many the provider takes at once."""
    gate, tickets = RateLimits(), itertools.count()
    for ticket in sent_at_once(gate, 8, tickets):
        gate.refuse(ticket, pause=0, now=0)
    for _ in range(50):
        for ticket in sent_at_once(gate, 1, tickets):
            gate.end(ticket, now=0, answered=True)
    assert gate.window == 4


def test_one_who_was_turned_away_goes_before_those_who_came_later() -> None:
    """Order is that of first arrival."""
    gate = RateLimits()
    gate.limit("m", concurrency=1, requests=None, tokens=None, now=0)
    for ticket in range(3):
        gate.enter(ticket, "m", 1)
    assert gate.admit(0) == [0]
    gate.refuse(0, pause=1, now=0)
    gate.enter(0, "m", 1)
    assert gate.admit(0.5) == []
    assert gate.admit(1) == [0]


def test_model_that_must_wait_does_not_hold_up_another() -> None:
    """The rate of one model is not the other's; the window is both's."""
    gate = RateLimits()
    gate.limit("slow", concurrency=None, requests=1, tokens=None, now=0)
    for ticket in range(3):
        gate.enter(ticket, "slow", 1)
    gate.enter(3, "fast", 1)
    assert gate.admit(0) == [0, 3]
    assert gate.wake_at(0) == 60
