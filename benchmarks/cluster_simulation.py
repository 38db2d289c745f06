"""Ten million chunks on a Dask cluster, by simulation: what is full first, and what helps.

A discrete-event simulation of ``summarize(..., client=...)`` in its steady state. The caller, the
scheduler and each worker are one core that serves in order; the provider answers after a random
time and is never full. A call goes the way of the package: the caller prepares it, gathers calls
into batches, which are spread over the workers; a batch is a task
and a message of the scheduler; a worker sends its requests at once and gathers answers for 10 ms;
the caller checks and stores each, which frees its place for the next call. What each step costs was
measured by ``python -m benchmarks.cluster_inputs``; ``MEASURED`` is the result of a day, which its
file in build/ replaces.

Prints tables, in Markdown. 30,000 chunks are simulated for each row, the first third of them is not
counted, and the rate is taken for ten million: what grows with the number of chunks (memory, disk)
is in the first table. Not modelled: rate limits, retries, lost workers, the network's bandwidth,
other users of the scheduler, and merges, which are a few thousand calls.

Usage: python -m benchmarks.cluster_simulation
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.cluster_inputs import FILE

CHUNKS = 10_000_000
SIMULATED = 30_000
_OUT_S, _MOST_OUT_S, _BACK_S = 0.02, 0.25, 0.01
"""How long calls, at least and at most, and answers are gathered; as in docsum_nb/cluster."""
_SPREAD = 0.5
"""Of the logarithm of the provider's times."""

_CALL_BYTES = 8_000
"""Of a chunk of 6,000 tokens in a batch, compressed to a third."""

MEASURED: dict[str, float] = {
    "plan_ms": 16.44,
    "caller_ms": 12.931,
    "ledger_ms_64": 0.106,
    "ledger_bytes": 855.941,
    "limiter_ms": 0.013,
    "memory_bytes": 14264.0,
    "scheduler_batch_ms": 7.09,
    "scheduler_message_ms": 0.51,
    "scheduler_mb_ms": 1.101,
    "worker_ms": 18.691,
    "worker_batch_ms": 12.8,
    "calls_a_batch": 4.267,
}
"""By ``benchmarks.cluster_inputs``, on 29 November 2026, beside other work on two cores."""


@dataclass(frozen=True)
class Setting:
    """One row of a table."""

    batch: int = 64
    """Calls of a batch at most."""
    least: int = 8
    """Calls that are not divided among workers, unless there are more of them."""
    gather: float = 0.05
    """How long calls are gathered, as a share of the latency; from 20 to 250 ms."""
    workers: int = 20
    latency_s: float = 5.0
    in_flight: int = 64
    """Requests for each worker."""
    callers: int = 1
    """Processes that each run a part of the pile on the same cluster."""

    @property
    def gathered_s(self) -> float:
        """How long calls are gathered."""
        return max(_OUT_S, min(self.gather * self.latency_s, _MOST_OUT_S))


class Core:
    """Serves in order, one at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at = 0.0
        self.busy_s = 0.0

    def serve(self, seconds: float, then: Callable[[], None]) -> None:
        """Call ``then`` when this has been served, after what came before it."""
        self._free_at = max(self._free_at, self._clock.now) + seconds
        self.busy_s += seconds
        self._clock.at(self._free_at, then)


class Clock:
    """The events that are to come, in order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, what: Callable[[], None]) -> None:
        """Call ``what`` at a time."""
        heapq.heappush(self._events, (when, next(self._numbers), what))

    def run_until(self, over: Callable[[], bool]) -> None:
        """Run the events in order, until it is over."""
        while not over():
            self.now, _, what = heapq.heappop(self._events)
            what()


class Caller:
    """One run of ``summarize``, with as many calls in work as it may have."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._core = Core(cluster.clock)
        self._waiting = 0
        for _ in range(
            cluster.setting.in_flight * cluster.setting.workers // cluster.setting.callers
        ):
            self.start()

    @property
    def busy_s(self) -> float:
        """The seconds of work that it was given."""
        return self._core.busy_s

    def start(self) -> None:
        """Prepare a call."""
        self._core.serve(self._cluster.costs["caller_ms"] / 2000, self._gather)

    def answered(self) -> None:
        """Check and store an answer; then the next call may go."""
        self._core.serve(self._cluster.costs["caller_ms"] / 2000, self._finished)

    def _finished(self) -> None:
        self._cluster.finished += 1
        self.start()

    def _gather(self) -> None:
        self._waiting += 1
        if self._waiting == 1:
            gathered_s = self._cluster.setting.gathered_s
            self._cluster.clock.at(self._cluster.clock.now + gathered_s, self._send)

    def _send(self) -> None:
        setting, calls = self._cluster.setting, self._waiting
        self._waiting = 0
        size = min(setting.batch, max(setting.least, math.ceil(calls / setting.workers)))
        while calls:
            self._cluster.send(self, min(size, calls))
            calls -= min(size, calls)


class Worker:
    """Makes the calls of batches, and sends what comes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._core = Core(cluster.clock)
        self._came: deque[Caller] = deque()
        self.in_work = 0

    @property
    def busy_s(self) -> float:
        """The seconds of work that it was given."""
        return self._core.busy_s

    def take(self, caller: Caller, calls: int) -> None:
        """Send the requests of a batch."""
        self.in_work += calls
        self._core.serve(self._cluster.costs["worker_batch_ms"] / 1000, lambda: None)
        for _ in range(calls):
            self._core.serve(self._cluster.costs["worker_ms"] / 2000, lambda: self._ask(caller))

    def _ask(self, caller: Caller) -> None:
        mean = math.log(self._cluster.setting.latency_s) - _SPREAD**2 / 2
        takes = self._cluster.chance.lognormvariate(mean, _SPREAD)
        cost = self._cluster.costs["worker_ms"] / 2000
        now = self._cluster.clock.now
        self._cluster.clock.at(
            now + takes, lambda: self._core.serve(cost, lambda: self._gather(caller))
        )

    def _gather(self, caller: Caller) -> None:
        self._came.append(caller)
        if len(self._came) == 1:
            self._cluster.clock.at(self._cluster.clock.now + _BACK_S, self._send)

    def _send(self) -> None:
        self.in_work -= len(self._came)
        for caller in dict.fromkeys(self._came):
            self._cluster.answer(caller, self._came.count(caller))
        self._came.clear()


class Cluster:
    """The scheduler, its workers, and those who use it."""

    def __init__(self, setting: Setting, costs: dict[str, float]) -> None:
        self.setting, self.costs = setting, costs
        self.clock = Clock()
        self.chance = random.Random(1)
        self.finished = self.batches = self.sent = 0
        self.scheduler = Core(self.clock)
        self.workers = [Worker(self) for _ in range(setting.workers)]
        self.callers = [Caller(self) for _ in range(setting.callers)]

    def send(self, caller: Caller, calls: int) -> None:
        """Bring a batch to the worker that has least to do."""
        self.batches += 1
        self.sent += calls
        megabytes = calls * _CALL_BYTES / 1e6
        takes = self.costs["scheduler_batch_ms"] + megabytes * self.costs["scheduler_mb_ms"]
        # That it begins, and that it ends.
        takes += 2 * self.costs["scheduler_message_ms"]

        def arrive() -> None:
            min(self.workers, key=lambda each: each.in_work).take(caller, calls)

        self.scheduler.serve(takes / 1000, arrive)

    def answer(self, caller: Caller, calls: int) -> None:
        """Bring answers to the caller, in one message."""

        def arrive() -> None:
            for _ in range(calls):
                caller.answered()

        self.scheduler.serve(self.costs["scheduler_message_ms"] / 1000, arrive)

    def busy(self) -> tuple[float, ...]:
        """Return the seconds in which callers, scheduler and workers were busy, at most."""
        return (
            max(each.busy_s for each in self.callers),
            self.scheduler.busy_s,
            max(each.busy_s for each in self.workers),
        )


@dataclass(frozen=True)
class Outcome:
    """What a simulation showed."""

    rate: float
    """Chunks a second."""
    batch: float
    """Calls of a batch, on average."""
    shares: tuple[float, ...]
    """How busy the busiest caller, the scheduler and the busiest worker were."""

    @property
    def limit(self) -> str:
        """What is full; the provider's time if nothing is."""
        share = max(self.shares)
        return (
            ("caller", "scheduler", "workers")[self.shares.index(share)]
            if share > 0.95
            else "latency"
        )


def simulate(setting: Setting, costs: dict[str, float]) -> Outcome:
    """Run a cluster until enough chunks are finished."""
    cluster = Cluster(setting, costs)
    cluster.clock.run_until(lambda: cluster.finished >= SIMULATED // 3)
    began, finished, busy = cluster.clock.now, cluster.finished, cluster.busy()
    sent, batches = cluster.sent, cluster.batches
    cluster.clock.run_until(lambda: cluster.finished >= SIMULATED)
    seconds = cluster.clock.now - began
    return Outcome(
        (cluster.finished - finished) / seconds,
        (cluster.sent - sent) / max(1, cluster.batches - batches),
        # What a core was given may reach beyond this moment.
        tuple(min(1.0, (b - a) / seconds) for a, b in zip(busy, cluster.busy(), strict=True)),
    )


def table(title: str, settings: list[Setting], costs: dict[str, float]) -> None:
    """Print a row for each setting."""
    columns = (
        *("batch at most", "undivided", "gathered ms", "workers", "callers", "latency s"),
        *("in flight", "chunks a second", "calls a batch", "caller", "scheduler", "worker"),
        *("full", "10 million take"),
    )
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for each in settings:
        found = simulate(each, costs)
        row = (
            *(each.batch, each.least, f"{1000 * each.gathered_s:.0f}", each.workers, each.callers),
            *(f"{each.latency_s:g}", each.in_flight * each.workers, f"{found.rate:.0f}"),
            *(f"{found.batch:.1f}", *(f"{share:.0%}" for share in found.shares)),
            *(found.limit, f"{CHUNKS / found.rate / 3600:.1f} h"),
        )
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def totals(costs: dict[str, float]) -> None:
    """Print what ten million chunks take of everything that they pass through, without waiting."""
    a_batch = costs["scheduler_batch_ms"] + costs["scheduler_message_ms"]
    a_call = _CALL_BYTES / 1e6 * costs["scheduler_mb_ms"]
    times = {
        "reading, splitting, planning, before the first request": costs["plan_ms"],
        "caller": costs["caller_ms"],
        "of it, the ledger, 64 answers at a time": costs["ledger_ms_64"],
        "of it, the limiter": costs["limiter_ms"],
        "scheduler, batches of 1": a_batch + a_call,
        "scheduler, batches of 50": a_batch / 50 + a_call,
        "workers, for requests alone": costs["worker_ms"],
    }
    sizes = {"memory of the caller": "memory_bytes", "disk of the ledger": "ledger_bytes"}
    print("| | a chunk | 10 million |\n|---|---|---|")
    for what, milliseconds in times.items():
        print(f"| {what} | {milliseconds:.2f} ms | {milliseconds * CHUNKS / 3.6e6:.1f} h |")
    for what, name in sizes.items():
        print(f"| {what} | {costs[name] / 1000:.1f} kB | {costs[name] * CHUNKS / 1e9:,.0f} GB |")


def main() -> None:
    """Print the tables."""
    costs = {**MEASURED, **(json.loads(FILE.read_text()) if FILE.exists() else {})}
    # The run that was measured paid for its batches, too.
    costs["worker_ms"] -= costs["worker_batch_ms"] / costs["calls_a_batch"]
    totals(costs)
    sizes = [Setting(batch=size, least=size, gather=0.25) for size in (1, 10, 50, 200)]
    table("Batches of a size, never divided", sizes, costs)
    divided = [Setting(least=1, gather=0), Setting(least=1), Setting(gather=0), Setting()]
    table("Divided and gathered for 20 ms, gathered longer, not divided, both", divided, costs)
    table("Workers", [Setting(workers=workers) for workers in (1, 5, 10, 20, 40)], costs)
    table("Latency", [Setting(latency_s=latency) for latency in (0.5, 2, 10, 30)], costs)
    callers = [Setting(callers=callers, latency_s=2) for callers in (1, 2, 4, 8)]
    table("Callers, each with a part of the pile", callers, costs)


if __name__ == "__main__":
    main()
