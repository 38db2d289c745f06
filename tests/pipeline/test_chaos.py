"""A thousand chunks against a provider with every fault at once."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import docsum_nb as ds
from tests.loopback import Call, Loopback, Reply
from tests.pipeline.pipeline_samples import summarize

CHUNKS = 1_000
IN_FLIGHT = 32
LONG_S = 300.0
A_SECOND = 100
"""Requests that the server takes in each second of its clock."""
FAULTS = (
    (0.10, Reply("busy", status=429, headers={"retry-after": "0.02"})),
    (0.05, Reply("oops", status=500)),
    (0.02, Reply(cut=True)),
    (0.01, Reply(hang=True)),
    (0.01, Reply("")),
    (0.01, Reply(raw='{"id": "x", "object": "chat.completion", "choices": [{"ind')),
)


class Chaos:
    """The server's side: which request has which fault is decided by the prompt alone.

    A prompt that is asked again is decided anew, so that every prompt is answered at last; the
    order of arrival changes nothing.
    """

    def __init__(self, *, faults: bool = True, a_second: int = A_SECOND) -> None:
        self._lock = threading.Lock()
        self._faults = FAULTS if faults else ()
        self._a_second = a_second
        self._asked: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        """How often each chunk was answered well, and the merges."""

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            return self._reply(call)

    def _reply(self, call: Call) -> Reply:
        now = time.monotonic()
        self.seconds[int(now)] += 1
        if self.seconds[int(now)] > self._a_second:
            self.faults["over the limit"] += 1
            until = {"retry-after": f"{int(now) + 1 - now:.3f}"}
            return Reply("too many", status=429, headers=until)
        self._asked[call.prompt] += 1
        seed = f"{call.prompt} {self._asked[call.prompt]}".encode()
        drawn = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") / 2**64
        for share, reply in self._faults:
            drawn -= share
            if drawn < 0:
                self.faults[_name(reply)] += 1
                return reply
        return self._good(call)

    def _good(self, call: Call) -> Reply:
        marks = re.findall(r"MARK-\d{4}", call.prompt)
        if len(marks) != 1:
            self.answered["merges"] += 1
            return Reply("All of it, merged.")
        self.answered[marks[0]] += 1
        return Reply(f"What {marks[0]} says.")


def _name(reply: Reply) -> str:
    if reply.status != 200:
        return str(reply.status)
    return "cut" if reply.cut else "hang" if reply.hang else "empty" if not reply.text else "broken"


def model_of(server: Loopback, **options: Any) -> ds.Model:
    return ds.Model("openai/scripted", base_url=server.base_url, context_window=128_000, **options)


def texts(count: int) -> dict[str, str]:
    return {f"doc-{i:04}": f"MARK-{i:04} is said here, of ships." for i in range(count)}


def rows(ledger: Path) -> list[str]:
    with sqlite3.connect(ledger) as db:
        return [text for (text,) in db.execute("SELECT text FROM answers")]


@pytest.mark.timeout(330)
def test_a_thousand_chunks_survive_every_fault(server: Loopback, tmp_path: Path) -> None:
    """Every chunk is right and answered once, with at most 1.35 requests a chunk in all."""
    chaos = Chaos()
    server.script = chaos
    ledger = tmp_path / "ledger"
    model = model_of(server, timeout=2, max_retries=5)
    run = summarize(texts(CHUNKS), model=model, ledger=ledger, max_concurrency=IN_FLIGHT)
    summary = run.result(LONG_S)

    print(f"{len(server.calls)} requests, faults {dict(chaos.faults)}, {summary.seconds:.1f} s")
    assert [chunk.text for chunk in summary.chunks] == [
        f"What MARK-{i:04} says." for i in range(CHUNKS)
    ]
    assert (summary.text, summary.omitted) == ("All of it, merged.", ())
    assert set(chaos.faults) == {"429", "500", "cut", "hang", "empty", "broken"} | (
        {"over the limit"} & set(chaos.faults)
    )
    assert len(server.calls) <= 1.35 * CHUNKS
    merges = chaos.answered.pop("merges")
    assert set(chaos.answered.values()) == {1}
    assert sorted(rows(ledger)) == sorted(
        [chunk.text for chunk in summary.chunks] + ["All of it, merged."] * merges
    )
    assert max(chaos.seconds.values()) <= A_SECOND + IN_FLIGHT
    # A busy machine may let the time of a request pass before it is sent.
    assert run.state.calls >= len(server.calls)
    assert summary.usage.calls == CHUNKS + merges + chaos.faults["empty"]
    assert run.state.waiting == 0


def test_limit_that_nobody_told_is_learned(server: Loopback, tmp_path: Path) -> None:
    """A client that knows no rate goes over it by one window of requests in flight at most."""
    chaos = Chaos(faults=False, a_second=40)
    server.script = chaos
    summary = summarize(texts(200), model=model_of(server, max_retries=0), ledger=False).result(
        LONG_S
    )

    print(f"{len(server.calls)} requests, seconds {sorted(chaos.seconds.items())}")
    assert len(summary.chunks) == 200
    assert chaos.faults["over the limit"] > 0
    assert max(chaos.seconds.values()) <= 40 + IN_FLIGHT
    assert len(server.calls) <= 1.35 * 200


def test_limit_that_was_told_is_kept(server: Loopback) -> None:
    """A client that knows the rate is never turned away."""
    chaos = Chaos(faults=False, a_second=30)
    server.script = chaos
    # A second of the server's may hold the last of one second's share and all of the next.
    model = model_of(server, max_retries=0, requests_per_minute=60 * 14)
    summary = summarize(texts(60), model=model, ledger=False).result(LONG_S)
    assert len(summary.chunks) == 60
    assert chaos.faults == {}
