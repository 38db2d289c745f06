"""The way of a fresh chunk to its request: the package's own frames, and the looks into the ledger.

Prints the frames from the worker of a chunk to ``litellm.acompletion``, outermost first, how often
the ledger is read for a chunk that it does not hold, and the CPU that a chunk takes with a ledger
and without. The bounds: ten frames, one look.

Usage: python benchmarks/frames.py [--chunks 200] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parent.parent
PACKAGE = str(ROOT / "docsum_nb")
MOST_FRAMES = 10
_WINDOW = 128_000


def suspended(task: asyncio.Task[Any]) -> list[FrameType]:
    """Return the frames of a task that waits, outermost first."""
    frames: list[FrameType] = []
    coroutine: Any = task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        frames.append(frame)
        coroutine = getattr(coroutine, "cr_await", None)
    return frames


def own_frames() -> list[str]:
    """Return the package's frames from the worker of the chunk to the caller of this function."""
    running: list[FrameType] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        running.insert(0, frame)
        frame = frame.f_back
    # Before Python 3.12 asyncio.wait_for runs what it waits for in a task of its own.
    chains = [suspended(task) for task in asyncio.all_tasks()]
    chain = [frame for frames in chains for frame in frames if frame not in running] + running
    own = [each.f_code for each in chain if each.f_code.co_filename.startswith(PACKAGE)]
    files = [Path(code.co_filename).relative_to(PACKAGE) for code in own]
    worker = len(files) - files[::-1].index(Path("run/fanout.py"))
    return [
        f"{code.co_qualname}  ({file})"
        for code, file in zip(own[worker:], files[worker:], strict=True)
        if file != Path("run/loop.py")
    ]


def follow(base_url: str, folder: str) -> dict[str, Any]:
    """Summarize one chunk, and note the way to its request."""
    import docsum_nb as ds
    from docsum_nb.ledger import Ledger
    from docsum_nb.models.litellm_api import loaded

    way: list[str] = []
    looks = 0
    send, find = loaded().acompletion, Ledger.find

    async def send_noted(**parameters: Any) -> Any:
        way[:] = way or own_frames()
        return await send(**parameters)

    def find_noted(*arguments: Any, **options: Any) -> Any:
        nonlocal looks
        looks += 1
        return find(*arguments, **options)

    model = ds.Model("openai/scripted", base_url=base_url, context_window=_WINDOW)
    with (
        patch.object(loaded(), "acompletion", send_noted),
        patch.object(Ledger, "find", find_noted),
    ):
        ds.summarize({"a": "A text."}, model=model, ledger=f"{folder}/way", show=False).result()
    return {"frames": way, "looks": looks}


def measure(base_url: str, ledger: str, chunks: int) -> dict[str, Any]:
    """Return the CPU milliseconds for a chunk, after a small run that is not counted."""
    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url, context_window=_WINDOW)

    def job(count: int) -> None:
        texts = {
            f"doc-{i}": f"Document {i} is about ships and harbors. " * 85 for i in range(count)
        }
        ds.summarize(
            texts,
            model=model,
            ledger=f"{ledger}/{count}" if ledger else False,
            show=False,
            max_concurrency=16,
        ).result()

    job(2)
    before = time.process_time()
    job(chunks)
    return {"ms": 1000 * (time.process_time() - before) / chunks}


def step(*arguments: object) -> dict[str, Any]:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    """Print the way and the CPU; exits with 1 if there are too many frames or looks."""
    from docsum_nb.testing import ScriptedServer

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--chunks", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ScriptedServer() as server:
        base_url = server.base_url
        way = step("follow", base_url, folder)
        for number, frame in enumerate(way["frames"], start=1):
            print(f"{number:3}  {frame}")
        print(f"looks into the ledger: {way['looks']}")
        for name, ledger in (("with a ledger", f"{folder}/"), ("without", "")):
            taken = [
                step("measure", base_url, ledger and f"{ledger}{turn}", given.chunks)["ms"]
                for turn in range(given.rounds)
            ]
            print(f"CPU a chunk {name}: {statistics.median(taken):.1f} ms")
    if len(way["frames"]) > MOST_FRAMES or way["looks"] > 1:
        sys.exit(f"more than {MOST_FRAMES} frames, or more than one look")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    match sys.argv[1:]:
        case ["follow", base_url, folder]:
            print(json.dumps(follow(base_url, folder)))
        case ["measure", base_url, ledger, chunks]:
            print(json.dumps(measure(base_url, ledger, int(chunks))))
        case _:
            main()
