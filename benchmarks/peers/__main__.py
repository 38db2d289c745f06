"""docsum_nb beside LangChain, LlamaIndex, LiteLLM and bare aiohttp on the same job, in one sitting.

The job: summarize n texts of about 600 words, 64 at once, and merge, over a loopback server in a
process of its own. docsum_nb does it first, and the server saves what it was sent; the peers send
the same messages with the same bounds of length, in the same levels, with as many retries. Only
docsum_nb has a ledger, limits, checks, citations and a CrewAI task for each request; the row
without ledger is for comparison. Each side runs in a fresh process of an environment of its own, by
turns. A small run comes first, and shows when a fresh process sends its first request; imports and
that run are not counted in the other columns. The limit is what the server's latency alone takes:
rounds of 64 on each level. A side that cannot be installed or fails is named below the table.

Usage: python -m benchmarks.peers [--chunks 512] [--latency 1 0] [--rounds 3] [--sides SIDE ...]
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import OURS, PACKAGES, SideFailed, python_of, versions_of
from benchmarks.peers.server import LoopbackServer, serving

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
AT_ONCE = 64
_HANGS_S = 1800

Taken = dict[str, Any]


def measure(side: str, python: str, server: LoopbackServer, job: Path) -> Taken:
    """Run one side in a fresh process of its environment.

    Raises:
        SideFailed: if it ends with an error, or does not end.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        [python, str(HERE / "measure.py"), side, server.base_url, str(job), str(AT_ONCE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT) if side in OURS else ""},
    )
    server.ask("watch", process.pid)
    killer = threading.Timer(_HANGS_S, process.kill)
    killer.start()
    try:
        assert process.stdout is not None
        # Other lines are what a library prints.
        while (line := process.stdout.readline()) not in ("ready\n", ""):
            pass
        first = server.ask("seen")
        server.ask("watch", process.pid)
        printed, errors = process.communicate("\n" if line else None)
    finally:
        killer.cancel()
        process.kill()
    if process.returncode:
        raise SideFailed(" ".join(errors.split())[-400:] or f"exit code {process.returncode}")
    taken: Taken = json.loads(printed.splitlines()[-1])
    seen = server.ask("seen")
    return {
        **taken,
        "requests": seen["requests"],
        "first": first["first_at"] - began,
        "first_cpu": first.get("first_cpu_s", math.nan),
    }


def saved_job(server: LoopbackServer, chunks: int, folder: Path) -> tuple[Path, list[int]]:
    """Return the job's file, with what docsum_nb sends, and the number of requests by level."""
    texts, job = folder / "texts.json", folder / "job.json"
    texts.write_text(json.dumps([[{}] * chunks]), "utf-8")
    measure(OURS[0], sys.executable, server, texts)
    return job, server.ask("save", job)["levels"]


class Sitting:
    """The sides that are measured by turns, and those that failed."""

    def __init__(self, sides: Sequence[str]) -> None:
        self.failed: dict[str, str] = {}
        self.pythons: dict[str, str] = {}
        for side in sides:
            print(f"setting up {side}", file=sys.stderr, flush=True)
            with self._named(side):
                self.pythons[side] = python_of(side)

    def run(self, latency_s: float, chunks: int, rounds: int) -> None:
        """Measure all sides with a latency, and print a table."""
        taken: dict[str, list[Taken]] = {side: [] for side in self.pythons}
        with serving(latency_s) as server, tempfile.TemporaryDirectory() as folder:
            job, levels = saved_job(server, chunks, Path(folder))
            for number in range(rounds):
                for side in list(taken):
                    print(f"{latency_s:g} s, round {number + 1}: {side}", file=sys.stderr)
                    with self._named(side):
                        taken[side].append(measure(side, self.pythons[side], server, job))
                taken = {side: runs for side, runs in taken.items() if side not in self.failed}
        report(latency_s, levels, taken)

    @contextmanager
    def _named(self, side: str) -> Iterator[None]:
        """Note the failure of a side, and go on."""
        try:
            yield
        except SideFailed as error:
            self.failed[side] = str(error)
            print(f"{side} failed: {error}", file=sys.stderr)


def report(latency_s: float, levels: list[int], taken: dict[str, list[Taken]]) -> None:
    """Print a table of medians, with the least and the most of the rounds."""
    chunks = levels[0]
    limit = latency_s * sum(math.ceil(requests / AT_ONCE) for requests in levels)
    merges = " and ".join(map(str, levels[1:])) or "no"
    print(
        f"\n{chunks} texts, then {merges} to merge, {AT_ONCE} at once, {latency_s:g} s a call,",
        end="",
    )
    print(f" limit {limit:g} s\n")
    print(
        "| | CPU ms a text | of LiteLLM's | wall s | wall / limit | first request s (CPU s) |",
        end="",
    )
    print(" MB | requests |\n|---|---|---|---|---|---|---|---|")
    basis = [each["cpu"] for each in taken.get("LiteLLM", [])]
    for side, runs in taken.items():
        cells = [
            spread([1000 * each["cpu"] / chunks for each in runs], 2),
            spread([a["cpu"] / b for a, b in zip(runs, basis, strict=False)], 2),
            spread([each["wall"] for each in runs], 2),
            spread([each["wall"] / limit for each in runs], 2) if limit else "-",
            f"{middle(runs, 'first'):.1f} ({middle(runs, 'first_cpu'):.1f})",
            f"{max(each['rss_mb'] for each in runs):.0f}",
            ", ".join(sorted({str(each["requests"]) for each in runs})),
        ]
        print(f"| {side} | {' | '.join(cells)} |", flush=True)


def middle(runs: Sequence[Taken], what: str) -> float:
    """Return the median of a figure."""
    return float(statistics.median(each[what] for each in runs))


def spread(values: Sequence[float], digits: int) -> str:
    """Return the median, and the range if there is one."""
    if not values:
        return "-"
    text = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return text
    return f"{text} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main() -> None:
    """Run the sides by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=512)
    parser.add_argument("--latency", type=float, nargs="+", default=[1.0, 0.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    given = parser.parse_args()
    sitting = Sitting(given.sides)
    state(sitting)
    for latency_s in given.latency:
        sitting.run(latency_s, given.chunks, given.rounds)
    for side, why in sitting.failed.items():
        print(f"\n{side} was not measured: {why}")


def state(sitting: Sitting) -> None:
    """Print the date, the machine's state, and the versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    print(
        f"{datetime.date.today():%d %B %Y}, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores, load {load:.1f} at the start; by "
        f"`{' '.join(['python -m benchmarks.peers', *sys.argv[1:]])}`"
    )
    for side, python in sitting.pythons.items():
        if side != OURS[0]:
            print(f"{side}: {versions_of(side, python)}")


if __name__ == "__main__":
    main()
