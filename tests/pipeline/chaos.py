"""A provider with every fault at once, and what must hold of a run that went through them.

Used by the tests, with some hundred chunks, and by ``benchmarks/chaos.py``, with a thousand.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import docsum_nb as ds
from tests.loopback import Call, Loopback, Reply

__all__ = ["IN_FLIGHT", "LONG_S", "Chaos", "model_of", "survive", "texts"]

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
        self._faults: tuple[tuple[float, Reply], ...] = FAULTS if faults else ()
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


def survive(server: Loopback, ledger: Path, chunks: int) -> str:
    """Summarize so many chunks through every fault, and check every bound by the server's counts.

    Returns:
        What it took, in one line.
    """
    chaos = Chaos()
    server.script = chaos
    model = model_of(server, timeout=2, max_retries=5)
    run = ds.summarize(
        texts(chunks), model=model, ledger=ledger, max_concurrency=IN_FLIGHT, show=False
    )
    summary = run.result(LONG_S)
    asked, merges = len(server.calls), run.state.planned_calls - chunks
    del chaos.answered["merges"]

    assert [each.text for each in summary.chunks] == [
        f"What MARK-{i:04} says." for i in range(chunks)
    ]
    assert (summary.text, summary.omitted) == ("All of it, merged.", ())
    assert set(chaos.faults) >= {"429", "500", "cut", "hang", "empty", "broken"}
    assert asked <= 1.35 * chunks
    assert len(chaos.answered) == chunks
    # On a busy machine an answer may come after its timeout, and be asked for once more.
    assert sum(chaos.answered.values()) <= 1.02 * chunks
    assert sorted(rows(ledger)) == sorted(
        [each.text for each in summary.chunks] + ["All of it, merged."] * merges
    )
    assert max(chaos.seconds.values()) <= A_SECOND + IN_FLIGHT
    assert run.state.calls >= asked
    assert summary.usage.calls == chunks + merges + chaos.faults["empty"]
    assert run.state.waiting == 0
    return (
        f"{chunks} chunks: {asked} requests ({asked / chunks:.3f} a chunk), "
        f"faults {dict(chaos.faults)}, {summary.seconds:.1f} s"
    )
