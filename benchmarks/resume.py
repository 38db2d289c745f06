"""Resuming a finished run: seconds and calls, by the number of stored chunks.

The answers are paid for once, at a loopback server in a process of its own; then the run is resumed
in a fresh process, as after the end of a kernel, with CrewAI and LiteLLM imported by a small run
before. The goal: 10,000 chunks in under 3 s, with no call.

Usage: python benchmarks/resume.py [--chunks 10000] [--tokens 300] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
BOUND_S = 3.0
_A_DOCUMENT = 50
"""Chunks of one document."""
_WINDOW = 128_000


def texts(chunks: int, tokens: int) -> dict[str, str]:
    """Make documents of paragraphs that are a chunk each."""
    sentence = "The harbor of town {} holds {} boats, and many sailors rest there in winter. "
    return {
        f"doc-{d:04}": "\n\n".join(
            "".join(sentence.format(d * 97 + p, p * 13 + i) for i in range(tokens * 9 // 200))
            for p in range(_A_DOCUMENT)
        )
        for d in range(chunks // _A_DOCUMENT)
    }


@contextmanager
def server() -> Iterator[str]:
    """Run the scripted model in a process of its own."""
    command = [sys.executable, str(ROOT / "tests" / "support" / "model_process.py")]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield str(json.loads(process.stdout.readline())["base_url"])
    finally:
        process.stdin.close()
        process.wait(30)


def pay(ledger: str, base_url: str, chunks: int, tokens: int) -> None:
    """Do the job for the first time."""
    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url, context_window=_WINDOW)
    began = time.perf_counter()
    run = ds.summarize(
        texts(chunks, tokens), model=model, ledger=ledger, chunk_tokens=tokens, show=False
    )
    done = len(run.result().chunks)
    print(json.dumps({"chunks": done, "seconds": time.perf_counter() - began}), flush=True)


def resume(ledger: str, base_url: str) -> None:
    """Resume the newest run in a process that has its libraries imported."""
    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url)
    ds.summarize({"a": "A text."}, model=model, ledger=False, show=False).result()
    last = ds.runs(ledger)[0].id
    began = time.perf_counter()
    run = ds.resume(last, ledger=ledger, show=False)
    summary = run.result()
    seconds = time.perf_counter() - began
    calls, cached = run.state.calls, sum(chunk.cached for chunk in summary.chunks)
    print(json.dumps({"seconds": seconds, "calls": calls, "cached": cached}), flush=True)


def step(*arguments: object) -> dict[str, float]:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Measure and print; exits with 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--tokens", type=int, default=300, help="of a chunk")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server() as base_url:
        ledger = str(Path(folder) / "ledger.sqlite3")
        paid = step("pay", ledger, base_url, given.chunks, given.tokens)
        print(f"paid once: {paid['chunks']:,.0f} chunks in {paid['seconds']:.1f} s")
        worst = 0.0
        for number in range(given.rounds):
            again = step("resume", ledger, base_url)
            worst = max(worst, again["seconds"])
            print(
                f"resume {number + 1}: {again['seconds']:.2f} s, {again['calls']:.0f} calls, "
                f"{again['cached']:,.0f} chunks from the ledger"
            )
            if again["calls"]:
                sys.exit("a resumed run asked the model")
    print(f"slowest: {worst:.2f} s (bound for 10,000 chunks: {BOUND_S} s)")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    match sys.argv[1:]:
        case ["pay", ledger, base_url, chunks, tokens]:
            pay(ledger, base_url, int(chunks), int(tokens))
        case ["resume", ledger, base_url]:
            resume(ledger, base_url)
        case _:
            main()
