"""Bare CrewAI beside docsum_nb on the same job: CPU per chunk and wall time, as ratios.

The job: summarize n texts, then combine the summaries, over a loopback server in a process of its
own that takes 0.2 s for an answer. Bare CrewAI gets an agent for each task, since concurrent tasks
that share one crash it. Each side runs in a fresh process, in turn; the imports and a first small
run are not counted.

Usage: python benchmarks/bare_crewai.py [--chunks 100] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LATENCY_S = 0.2
SIDES = ("bare", "ours")


def texts(count: int) -> dict[str, str]:
    """Make documents of about 600 words."""
    return {f"doc-{i}": f"Document {i} is about ships and harbours. " * 85 for i in range(count)}


def bare(base_url: str, documents: dict[str, str]) -> None:
    """Do the job as CrewAI's documentation shows it."""
    from crewai import Agent, Crew, Task
    from crewai.llm import LLM

    llm = LLM(model="openai/gpt-4o-mini", base_url=base_url, api_key="k", max_retries=0)

    def agent(role: str) -> Any:
        return Agent(role=role, goal="Summarize.", backstory="Editor.", llm=llm, verbose=False)

    tasks = [
        Task(
            description=f"Summarize in 120 words:\n{text}",
            expected_output="A summary.",
            agent=agent(f"summarizer of {name}"),
            async_execution=True,
        )
        for name, text in documents.items()
    ]
    combine = Task(
        description="Combine.", expected_output="One.", agent=agent("editor"), context=tasks
    )
    agents = [task.agent for task in [*tasks, combine]]
    Crew(agents=agents, tasks=[*tasks, combine], verbose=False).kickoff()


def ours(base_url: str, documents: dict[str, str]) -> None:
    """Do the job with docsum_nb, all chunks at once."""
    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url, context_window=128_000)
    ds.summarize(
        documents, model=model, ledger=False, show=False, max_concurrency=len(documents)
    ).result()


def measure(side: str, base_url: str, count: int) -> dict[str, float]:
    """Run one side in this process, after a small run that is not counted."""
    from docsum_nb import environment

    environment.prepare()
    job: Callable[[str, dict[str, str]], None] = {"bare": bare, "ours": ours}[side]
    job(base_url, texts(2))
    most, done = threading.active_count(), threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.01):
            most = max(most, threading.active_count())

    threading.Thread(target=watch, daemon=True).start()
    cpu, wall = time.process_time(), time.perf_counter()
    job(base_url, texts(count))
    taken = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    done.set()
    return {**taken, "threads": most}


@contextmanager
def server(latency_s: float = LATENCY_S) -> Iterator[str]:
    """Serve answers from a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests" / "support" / "model_process.py"), str(latency_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["base_url"]
    finally:
        process.stdin.close()
        process.wait(10)


def main() -> None:
    """Run both sides in turn and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "URL"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        side, base_url = given.one
        print(json.dumps(measure(side, base_url, given.chunks)))
        return
    taken: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with server() as base_url:
        for _ in range(given.rounds):
            for side in SIDES:
                command = [sys.executable, __file__, "--one", side, base_url]
                command += ["--chunks", str(given.chunks)]
                printed = subprocess.run(
                    command, check=True, capture_output=True, text=True, env={**os.environ}
                )
                taken[side].append(json.loads(printed.stdout.splitlines()[-1]))
    report(taken, given.chunks)


def report(taken: dict[str, list[dict[str, float]]], chunks: int) -> None:
    """Print a table of medians, and the ratios round by round."""
    print(f"{chunks} chunks, answers after {LATENCY_S} s, medians of {len(taken['ours'])} rounds")
    print(f"{'':6}{'CPU ms a chunk':>16}{'wall s':>10}{'threads':>10}")
    for side in SIDES:
        cpu, wall, threads = (
            statistics.median(each[key] for each in taken[side])
            for key in ("cpu", "wall", "threads")
        )
        print(f"{side:6}{1000 * cpu / chunks:16.1f}{wall:10.2f}{threads:10.0f}")
    for key in ("cpu", "wall"):
        ratios = [b[key] / o[key] for b, o in zip(taken["bare"], taken["ours"], strict=True)]
        spread = f"{min(ratios):.1f} to {max(ratios):.1f}"
        print(f"bare / ours, {key}: {statistics.median(ratios):.1f} ({spread})")


if __name__ == "__main__":
    main()
