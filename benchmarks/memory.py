"""Memory of a run as the number of chunks grows: base, peak, and bytes that one more chunk takes.

Each run has a fresh process. Its base is what it holds after all imports and a small run. Then it
makes texts of 3.3 kB, one chunk each, and summarizes them with a ledger, 64 requests at once: with
the extractive model, and with a model on a loopback server, in a process of its own, that answers
at once. The peak is over the base, so the caller's own texts are in it. The slope is between the
sizes before and after; the multiple is of the text's characters, which are one byte each.

With ``--kept``, the objects that Python's memory holds when the run has ended, by their place of
allocation (tracemalloc; a run takes several times as long), in bytes a chunk.

Usage: python -m benchmarks.memory [--chunks 2000 5000 10000] [--sides extractive server] [--kept]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from benchmarks.library_size import text_of
from benchmarks.peers.server import serving

ROOT = Path(__file__).parent.parent
CHARACTERS = 3_300
AT_ONCE = 64
WARM_UP = 32
_LARGEST = 12
_SERVER = "server"


def main() -> None:
    """Run the sizes of each side, each in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=[2_000, 5_000, 10_000])
    parser.add_argument("--sides", nargs="+", default=["extractive", _SERVER])
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measured(given.child, given.chunks[0], kept=given.kept)))
        return
    print("| model | chunks | text MB | base MB | peak over base MB | of the text |", end="")
    print(" slope B a chunk | of the text | after the run MB | CPU s |")
    print("|---" * 10 + "|")
    with serving(0) as server:
        for side in given.sides:
            before: dict[str, Any] = {}
            for chunks in given.chunks:
                address = server.base_url if side == _SERVER else side
                taken = in_a_process(address, chunks, kept=given.kept)
                print_row(side, taken, before)
                before = taken


def in_a_process(address: str, chunks: int, *, kept: bool) -> dict[str, Any]:
    """Return what a run in a fresh process printed."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.memory",
        "--child",
        address,
        "--chunks",
        str(chunks),
    ]
    done = subprocess.run(
        [*command, *(["--kept"] if kept else [])],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    taken: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return taken


def print_row(side: str, taken: dict[str, Any], before: dict[str, Any]) -> None:
    """Print the row of a run, and what it kept."""
    over = taken["peak"] - taken["base"]
    slope, share = "-", "-"
    if before:
        more = over - (before["peak"] - before["base"])
        slope = f"{more / (taken['chunks'] - before['chunks']):,.0f}"
        share = f"{more / (taken['text'] - before['text']):.2f}"
    cells = [
        side,
        f"{taken['chunks']:,}",
        f"{taken['text'] / 1e6:.1f}",
        f"{taken['base'] / 1e6:.0f}",
        f"{over / 1e6:.0f}",
        f"{over / taken['text']:.2f}",
        slope,
        share,
        f"{(taken['after'] - taken['base']) / 1e6:.0f}",
        f"{taken['seconds']:.0f}",
    ]
    print(f"| {' | '.join(cells)} |", flush=True)
    for line in taken["kept"]:
        print(f"    {line}", flush=True)


def measured(address: str, chunks: int, *, kept: bool) -> dict[str, Any]:
    """Summarize in this process; returns bytes and seconds of CPU."""
    if address != "extractive":
        import crewai  # noqa: F401  # so that every request is a CrewAI task
    summarized(address, texts_of(WARM_UP, -1))
    gc.collect()
    base = resident()
    if kept:
        tracemalloc.start(8)
    texts = texts_of(chunks, 0)
    began = time.process_time()
    summary = summarized(address, texts)
    seconds = time.process_time() - began
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    gc.collect()
    lines = places(chunks) if kept else []
    return {
        "chunks": chunks,
        "text": sum(map(len, texts.values())),
        "base": base,
        "peak": peak,
        "after": resident(),
        "seconds": seconds,
        "kept": lines,
        "answer": len(str(summary)),
    }


def summarized(address: str, texts: dict[str, str]) -> Any:
    """Return the summary of the texts, with everything on."""
    import docsum_nb as ds

    model: Any = address
    if address != "extractive":
        model = ds.Model(
            "openai/scripted", base_url=address, api_key="none", context_window=128_000
        )
    with tempfile.TemporaryDirectory() as folder:
        run = ds.summarize(
            texts,
            model=model,
            ledger=Path(folder) / "ledger",
            show=False,
            max_concurrency=AT_ONCE,
            length=100,
        )
        summary = run.result()
        run.join(60)
    return summary


def texts_of(count: int, seed: int) -> dict[str, str]:
    """Make texts of one chunk each, in words that are as frequent as in real text."""
    return {f"text-{i:06}": text_of(CHARACTERS, (seed << 24) + i) for i in range(count)}


def resident() -> int:
    """Return the bytes that this process holds."""
    return int(psutil.Process().memory_info().rss)


def places(chunks: int) -> list[str]:
    """Return where what is held was allocated, the largest first, in bytes a chunk."""
    taken: Counter[str] = Counter()
    for trace in tracemalloc.take_snapshot().traces:
        taken[_place(trace.traceback)] += trace.size
    return [f"{size / chunks:8,.0f} {place}" for place, size in taken.most_common(_LARGEST)]


def _place(traceback: tracemalloc.Traceback) -> str:
    """Return the innermost line, and the innermost one of this package if it is another."""
    lines = [f"{_short(frame.filename)}:{frame.lineno}" for frame in reversed(traceback)]
    own = next((line for line in lines if line.startswith("docsum_nb")), "")
    return lines[0] if lines[0] == own or not own else f"{lines[0]} from {own}"


def _short(name: str) -> str:
    """Return a file's path within its package."""
    return name.rpartition("site-packages/")[2].removeprefix(f"{ROOT}{os.sep}")


if __name__ == "__main__":
    main()
