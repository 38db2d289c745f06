"""Measures what ``benchmarks.cluster_simulation`` is driven by, and writes it to build/.

- ``ledger``: 100,000 answers of 60 words stored in batches of 1, 10, 64 and 512: CPU of an answer,
  and bytes of the file for each.
- ``limiter``: CPU of one decision, with 1,280 requests in flight and a rate that never binds.
- ``client``: CPU and memory of a chunk of 3.3 kB in a run on this machine, and CPU of reading,
  splitting and planning a chunk of 24 kB, before the first request.
- ``scheduler``: a Dask scheduler in a process of its own, with trivial tasks that go the way of
  batches (a task, a queue in, a queue out): its CPU for a batch and for a byte.
- ``cluster``: a run of ``summarize(client=...)`` with two workers: CPU of a chunk in the caller, in
  the workers and in the scheduler, beside a server that answers at once.

CPU is that of processes or threads, so other work on the machine matters little.

Usage: python -m benchmarks.cluster_inputs [ledger] [limiter] [client] [scheduler] [cluster]
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

import docsum_nb as ds
from benchmarks.peers.measure import texts_of
from benchmarks.peers.server import serving
from docsum_nb.ledger import Ledger
from docsum_nb.models.rate_limit import RateLimits
from docsum_nb.records import Answer, Usage

FILE = Path(__file__).parent.parent / "build" / "cluster_inputs.json"
ANSWERS = 100_000
_WORDS = 60
_IN_FLIGHT = 1_280
_DECISIONS = 20_000
_FEW, _MANY = 128, 640
"""Chunks of two runs; what one more chunk takes is the difference."""
_LONG = 24_000
"""Characters of a chunk of 6,000 tokens, the default."""
_PROBES = 100
_LARGE = 1_000_000
"""Bytes of a batch; what a byte takes is the difference to a small one."""
_REPLIES = 11
"""Messages back of a batch; what a message takes is the difference to one."""


def ledger() -> dict[str, float]:
    """Return the CPU of an answer in ms by batch, and its bytes on the disk."""
    taken = {}
    for batch in (1, 10, 64, 512):
        count = ANSWERS if batch == 64 else ANSWERS // 20
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ledger"
            book = Ledger(path)
            before, began = time.process_time(), time.perf_counter()
            for start in range(0, count, batch):
                rows = [_answer(number) for number in range(start, min(count, start + batch))]
                book.put_all(rows, run_id="a-run-of-the-benchmark")
            taken[f"ledger_ms_{batch}"] = 1000 * (time.process_time() - before) / count
            taken[f"ledger_wall_ms_{batch}"] = 1000 * (time.perf_counter() - began) / count
            if count == ANSWERS:
                taken["ledger_bytes"] = _disk(Path(folder)) / count
            book.close()
    return taken


def limiter() -> dict[str, float]:
    """Return the CPU of a decision in ms."""
    limits = RateLimits()
    limits.limit("m", concurrency=_IN_FLIGHT, requests=6e7, tokens=6e10, now=0.0)
    before = time.process_time()
    for number in range(_DECISIONS):
        now = 10 + number / 1000
        limits.enter(number, "m", 7_000)
        limits.admit(now)
        limits.wake_at(now)
        if number >= _IN_FLIGHT:
            limits.end(number - _IN_FLIGHT, now=now, answered=True)
            limits.admit(now)
    return {"limiter_ms": 1000 * (time.process_time() - before) / _DECISIONS}


def client() -> dict[str, float]:
    """Return the CPU of a chunk in ms and its memory in bytes, and the CPU of planning one."""
    own = psutil.Process()
    _summarize(8)
    import crewai  # noqa: F401  # so that every request is a CrewAI task

    few = _summarize(_FEW)
    gc.collect()
    memory = own.memory_info().rss
    many, summary = _summarize_kept(_MANY)
    grown = own.memory_info().rss - memory
    del summary
    texts = {f"text-{i}": _prose(i) for i in range(_FEW)}
    before = time.process_time()
    ds.plan(texts, model=ds.Model("openai/scripted", api_key="none", context_window=128_000))
    return {
        "local_ms": 1000 * (many - few) / (_MANY - _FEW),
        "memory_bytes": grown / _MANY,
        "plan_ms": 1000 * (time.process_time() - before) / _FEW,
    }


def scheduler() -> dict[str, float]:
    """Return the CPU in ms of a batch, of a message of answers, and of a megabyte, by process."""
    from distributed import Client

    with _dask() as (address, process, workers), Client(address, set_as_default=False) as dask:
        _probe(dask, 20, 1_000, 1)
        taken, in_workers = [], []
        for size, replies in ((1_000, 1), (_LARGE, 1), (1_000, _REPLIES)):
            before = _cpu(process), sum(map(_cpu, workers))
            _probe(dask, _PROBES, size, replies)
            taken.append(1000 * (_cpu(process) - before[0]) / _PROBES)
            in_workers.append(1000 * (sum(map(_cpu, workers)) - before[1]) / _PROBES)
    small, large, many = taken
    message = (many - small) / (_REPLIES - 1)
    return {
        "scheduler_batch_ms": small - message,
        "scheduler_message_ms": message,
        "scheduler_mb_ms": (large - small) / (_LARGE - 1_000) * 1e6,
        "worker_batch_ms": in_workers[0],
    }


def cluster() -> dict[str, float]:
    """Return the CPU of a chunk in ms, in each process of a run on a cluster, and calls a batch."""
    from distributed import Client

    with _dask() as (address, process, workers), Client(address, set_as_default=False) as dask:
        _summarize(16, client=dask)
        seen = []
        for chunks in (_FEW, _MANY):
            before = _cpu(process), sum(map(_cpu, workers)), dask.run_on_scheduler(_batches)
            caller = _summarize(chunks, client=dask)
            after = _cpu(process), sum(map(_cpu, workers)), dask.run_on_scheduler(_batches)
            seen.append((caller, *(b - a for a, b in zip(before, after, strict=True))))
    *taken, batches = [(b - a) / (_MANY - _FEW) for a, b in zip(*seen, strict=True)]
    names = ("caller_ms", "scheduler_ms", "worker_ms")
    found = dict(zip(names, (1000 * each for each in taken), strict=True))
    return {**found, "calls_a_batch": 1 / batches if batches else 0.0}


def _batches(dask_scheduler: Any) -> int:
    """Return how many batches the scheduler has had."""
    return sum(
        prefix.state_counts["memory"]
        for name, prefix in dask_scheduler.task_prefixes.items()
        if name.startswith("docsum_nb")
    )


def _probe(dask: Any, count: int, size: int, replies: int) -> None:
    """Send trivial batches as a run does: a queue, a task, and what it answers in another queue."""
    from distributed import Queue

    name = f"probe-{os.urandom(8).hex()}"
    out = Queue(name, client=dask)
    tasks = []
    for number in range(count):
        inbox = f"{name}-{number}"
        Queue(inbox, client=dask).put(os.urandom(size))
        tasks.append(dask.submit(_echo, inbox, name, replies, key=f"{inbox}-task", pure=False))
    for _ in range(count * replies):
        out.get()
    dask.gather(tasks)


def _echo(inbox: str, outbox: str, replies: int) -> None:
    from distributed import Queue, secede

    secede()
    out = Queue(outbox)
    Queue(inbox).get()
    for _ in range(replies):
        out.put(b"answer" * 100)


@contextlib.contextmanager
def _dask() -> Iterator[tuple[str, psutil.Process, list[psutil.Process]]]:
    """Start a scheduler and two workers, each a process of its own."""
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"

        def start(*command: str) -> psutil.Process:
            log = (Path(folder) / f"{len(started)}.log").open("wb")
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", *command, "--scheduler-file", str(file)],
                    stdout=log,
                    stderr=log,
                    cwd=FILE.parent.parent,
                )
            )
            return psutil.Process(started[-1].pid)

        try:
            process = start(
                "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1",
                "--no-dashboard",
            )  # fmt: skip
            while not file.exists():
                time.sleep(0.1)
            address = json.loads(file.read_text())["address"]
            worker = (
                "distributed.cli.dask_worker", "--no-nanny", "--no-dashboard", "--nthreads", "4",
                "--local-directory", folder,
            )  # fmt: skip
            workers = [start(*worker) for _ in range(2)]
            yield address, process, workers
        finally:
            # A worker that looks for its scheduler does not end otherwise.
            for each in reversed(started):
                each.kill()
                each.wait()


def _summarize(chunks: int, **more: Any) -> float:
    return _summarize_kept(chunks, **more)[0]


def _summarize_kept(chunks: int, **more: Any) -> tuple[float, Any]:
    """Return the seconds of CPU that a run took in this process, and its result."""
    with serving(0.0) as server, tempfile.TemporaryDirectory() as folder:
        model = ds.Model(
            "openai/scripted", base_url=server.base_url, api_key="none", context_window=128_000
        )
        before = time.process_time()
        run = ds.summarize(
            texts_of(chunks),
            model=model,
            ledger=Path(folder) / "ledger",
            show=False,
            max_concurrency=64,
            length=100,
            **more,
        )
        summary = run.result()
        run.join(60)
        return time.process_time() - before, summary


def _answer(number: int) -> tuple[str, Answer]:
    from docsum_nb.ledger import key_of

    text = f"Summary {number} of some length. " * (_WORDS // 5)
    return key_of(["answer", number]), Answer(
        text, "openai/a", Usage(1, 6_500, 80, 0.001), ended="stop"
    )


def _prose(number: int) -> str:
    sentence = f"Ship {number} left the harbour with {{}} sailors on a cold morning in May. "
    return "".join(sentence.format(i) for i in range(_LONG // len(sentence)))


def _disk(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


MEASURED: dict[str, Callable[[], dict[str, float]]] = {
    each.__name__: each for each in (ledger, limiter, client, scheduler, cluster)
}


def main() -> None:
    """Measure what is named, and add it to the file."""
    for name in sys.argv[1:] or MEASURED:
        found = MEASURED[name]()
        for what, value in found.items():
            print(f"{what}: {value:.3f}", flush=True)
        FILE.parent.mkdir(exist_ok=True)
        known = json.loads(FILE.read_text()) if FILE.exists() else {}
        FILE.write_text(json.dumps({**known, **found}, indent=1))


if __name__ == "__main__":
    main()
