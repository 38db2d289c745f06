"""A provider with every fault at once, and what must hold of a run that went through them.

Used by the tests, with some hundred chunks, and by ``benchmarks/chaos.py``, with a thousand.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer

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
_HALF = "What MARK says, and then the"
_LOOP = "It says so again and again. " * 30
ANSWERS: tuple[tuple[float, str, Callable[[str], Reply]], ...] = (
    (0.01, "broken off", lambda good: Reply(_HALF, finish_reason="error")),
    (0.01, "broken off", lambda good: Reply(_HALF, finish_reason="insufficient_system_resource")),
    (0.01, "broken off", lambda good: Reply(_HALF, finish_reason="a_word_of_tomorrow")),
    (0.01, "error in 200", lambda good: Reply(raw='{"error": {"code": 502, "message": "gone"}}')),
    (0.01, "invisible", lambda good: Reply("\u200b\u2060")),
    (0.01, "refused", lambda good: Reply("", finish_reason="content_filter")),
    (0.01, "looped", lambda good: Reply(f"{good} {_LOOP}", finish_reason="length")),
    (0.01, "blank", lambda good: Reply("[]")),
    (0.01, "thought", lambda good: Reply(f"Okay. It is short.\n</think>\n\n{good}")),
    (0.01, "thought", lambda good: Reply(f"[THINK]Let me see.[/THINK]{good}")),
    (0.01, "other word", lambda good: Reply(good, finish_reason="end_turn")),
    (0.01, "odd usage", lambda good: Reply(raw=_odd(good, {"prompt_tokens": -(10**9)}))),
    (0.01, "odd usage", lambda good: Reply(raw=_odd(good, {"prompt_tokens": "many"}))),
    (0.01, "parts", lambda good: Reply(raw=_odd([{"type": "text", "text": good}], {}))),
)
"""Answers of status 200 that are none, or are one that is wrapped up: how often, and from what."""
_PAID = ("broken off", "invisible", "refused", "looped", "blank")
"""What is paid for and asked for again."""


def _odd(content: Any, usage: dict[str, Any]) -> str:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    return json.dumps({**body, "choices": [choice]})


class Chaos:
    """The server's side: which request has which fault is decided by its chunk alone.

    A prompt that is asked again gets another fault or none, so that every prompt is answered at
    last; the order of arrival changes nothing.
    """

    def __init__(self, *, faults: bool = True, a_second: int = A_SECOND) -> None:
        self._lock = threading.Lock()
        self._faults: tuple[tuple[float, Reply], ...] = FAULTS if faults else ()
        self._answers = ANSWERS if faults else ()
        self._declined: set[str] = set()
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
        # By what a chunk says, so that the faults are the same ones when prompts change.
        about = _mark(call) if _mark(call) != "merges" else call.prompt
        seed = f"ships {about} {self._asked[call.prompt]}".encode()
        drawn = int.from_bytes(hashlib.sha256(seed).digest()[:8], "big") / 2**64
        for share, reply in self._faults:
            drawn -= share
            if drawn < 0:
                self.faults[_name(reply)] += 1
                return reply
        good = self._good(call)
        for share, name, made in self._answers:
            drawn -= share
            if drawn < 0:
                if name == "refused" and _mark(call) in self._declined:
                    return good  # twice is an error that ends the run
                self._declined |= {_mark(call)} if name == "refused" else set()
                self.faults[name] += 1
                if name in (*_PAID, "error in 200"):
                    self.answered[_mark(call)] -= 1
                return made(good.text)
        return good

    def _good(self, call: Call) -> Reply:
        mark = _mark(call)
        self.answered[mark] += 1
        return Reply("All of it, merged." if mark == "merges" else f"What {mark} says.")


def _mark(call: Call) -> str:
    marks = re.findall(r"MARK-\d{4}", call.prompt)
    return marks[0] if len(marks) == 1 else "merges"


def _name(reply: Reply) -> str:
    if reply.status != 200:
        return str(reply.status)
    return "cut" if reply.cut else "hang" if reply.hang else "empty" if not reply.text else "broken"


def model_of(server: ScriptedServer, **options: Any) -> ds.Model:
    options = {"context_window": 128_000, "prices": (1.0, 1.0), **options}
    return ds.Model("openai/scripted", base_url=server.base_url, **options)


def texts(count: int) -> dict[str, str]:
    return {f"doc-{i:04}": f"MARK-{i:04} is said here, of ships." for i in range(count)}


def rows(ledger: Path) -> list[str]:
    with sqlite3.connect(ledger) as db:
        return [text for (text,) in db.execute("SELECT text FROM answers")]


def survive(server: ScriptedServer, ledger: Path, chunks: int) -> str:
    """Summarize through every fault, and check every bound by the server's counts.

    Returns:
        What it took, in one line.
    """
    chaos = Chaos()
    server.script = chaos
    model = model_of(server, timeout=6, max_retries=5)
    run = ds.summarize(
        texts(chunks), model=model, ledger=ledger, max_concurrency=IN_FLIGHT, show=False
    )
    summary = run.result(LONG_S)
    asked, merges = len(server.calls), run.state.planned_calls - chunks
    del chaos.answered["merges"]

    reported = {omission.what for omission in summary.omitted}
    wrong = [
        each.chunk.label
        for i, each in enumerate(summary.chunks)
        if each.text != f"What MARK-{i:04} says."
    ]
    assert len(summary.chunks) == chunks
    assert set(wrong) <= reported
    # Twice the same, by chance: a loop is left out, what is better than it is taken.
    assert len(reported) <= 0.02 * chunks
    assert summary.text.startswith("All of it, merged.")
    assert set(chaos.faults) >= {"429", "500", "cut", "hang", "empty", "broken"}
    assert set(chaos.faults) >= {name for _, name, _ in ANSWERS}
    assert asked <= 1.5 * chunks
    assert len(chaos.answered) == chunks
    # On a busy machine an answer may come after its timeout, and be asked for once more.
    assert sum(chaos.answered.values()) <= 1.02 * chunks
    # Of a chunk that was asked for twice in vain, both answers may be there.
    stored = Counter(rows(ledger))
    assert not Counter([each.text for each in summary.chunks]) - stored
    assert stored["All of it, merged."] >= merges - len(reported)
    assert not [text for text in stored if _HALF in text or "think" in text.lower()]
    assert max(chaos.seconds.values()) <= A_SECOND + IN_FLIGHT
    assert run.state.calls >= asked
    again = sum(chaos.faults[name] for name in ("empty", *_PAID))
    assert summary.usage.calls == chunks + merges + again - len(reported)
    assert (summary.usage.cost_usd or 0) > 0
    assert run.state.waiting == 0
    return (
        f"{chunks} chunks: {asked} requests ({asked / chunks:.3f} a chunk), "
        f"{len(reported)} reported, "
        f"faults {dict(chaos.faults)}, {summary.seconds:.1f} s"
    )
