"""docsum_nb beside LangChain, LlamaIndex, LiteLLM and bare aiohttp on the same job, in one sitting.

The job: summarize n texts of about 600 words, 64 at once, over a loopback server in a process of
its own. Peers send one request a text and one more that merges; docsum_nb does all that
``summarize`` does: plan, ledger, limits, checks, merges level by level, citations. Each side runs
in a fresh process of an environment of its own, by turns; imports and a first small run are not
counted. The limit is what the server's latency alone takes: rounds of 64, and each level of merges.

Usage: python -m benchmarks.peers [--chunks 512] [--latency 1 0] [--rounds 3] [--sides ours ...]
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.bare_crewai import server

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
ENVIRONMENTS = ROOT / "build" / "peers"
AT_ONCE = 64

PACKAGES: dict[str, tuple[str, ...]] = {
    "aiohttp": (),
    "litellm": (),
    "langchain": ("langchain-openai==1.7.4",),
    "llamaindex": ("llama-index-llms-openai-like==0.8.1",),
    "ours-no-ledger": (),
    "ours": (),
}
"""By side, what its environment needs; without any, it is this one."""


def python_of(side: str) -> str:
    """Return the interpreter of a side's environment, which is made if it is not there."""
    packages = PACKAGES[side]
    if not packages:
        return sys.executable
    folder = ENVIRONMENTS / side
    interpreter = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = folder / ".ready"
    if not ready.exists() or ready.read_text() != str(packages):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True)
        ready.write_text(str(packages))
    return str(interpreter)


def measure(side: str, base_url: str, chunks: int) -> dict[str, Any]:
    """Run one side in a fresh process of its environment."""
    command = [python_of(side), str(HERE / "measure.py"), side, base_url, str(chunks), str(AT_ONCE)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    taken: dict[str, Any] = json.loads(printed.stdout.splitlines()[-1])
    return taken


def report(latency_s: float, chunks: int, taken: dict[str, list[dict[str, Any]]]) -> None:
    """Print a table of medians, with the least and the most of the rounds."""
    rounds = len(next(iter(taken.values())))
    print(f"\n{chunks} chunks, {AT_ONCE} at once, {latency_s:g} s a call, {rounds} rounds\n")
    print("| | CPU ms a chunk | wall s | its limit s | wall / limit | requests | RSS MB |")
    print("|---|---|---|---|---|---|---|")
    for side, runs in taken.items():
        limit = latency_s * (math.ceil(chunks / AT_ONCE) + runs[0]["levels"])
        walls = [each["wall"] for each in runs]
        shares = spread([wall / limit for wall in walls], 2) if limit else "-"
        print(
            f"| {side} | {spread([1000 * each['cpu'] / chunks for each in runs], 1)} "
            f"| {spread(walls, 2)} | {limit:g} | {shares} "
            f"| {runs[0]['requests']} | {max(each['rss_mb'] for each in runs):.0f} |"
        )


def spread(values: Sequence[float], digits: int) -> str:
    """Return the median, and the range if there is one."""
    middle = f"{statistics.median(values):.{digits}f}"
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def main() -> None:
    """Run the sides by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=512)
    parser.add_argument("--latency", type=float, nargs="+", default=[1.0, 0.0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", nargs="+", choices=PACKAGES, default=list(PACKAGES))
    given = parser.parse_args()
    for side in given.sides:
        python_of(side)
    for latency_s in given.latency:
        taken: dict[str, list[dict[str, Any]]] = {side: [] for side in given.sides}
        with server(latency_s) as base_url:
            for _ in range(given.rounds):
                for side in given.sides:
                    taken[side].append(measure(side, base_url, given.chunks))
        report(latency_s, given.chunks, taken)


if __name__ == "__main__":
    main()
