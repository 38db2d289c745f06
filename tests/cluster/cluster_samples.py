"""What the tests of clusters share: documents that name themselves, and their runs."""

from __future__ import annotations

import asyncio
import platform
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docsum_nb as ds
from docsum_nb.results import Summary
from docsum_nb.run import Run
from docsum_nb.testing import ScriptedServer
from tests.support.dask_cluster import HANG_S

__all__ = [
    "KEY",
    "Gate",
    "hide_package",
    "in_flight",
    "marks",
    "pretend",
    "queues_of",
    "start",
    "tasks_of",
    "texts",
    "until",
]

KEY = "sk-canary-7d1f0c3e5b9a42e8a6c4"


class Gate:
    """Holds answers of a server back until a test opens it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def open(self) -> None:
        """Send all answers, now and from now on."""
        self._event.set()

    async def opened(self) -> None:
        """Wait on the server's loop."""
        while not self._event.is_set():
            await asyncio.sleep(0.02)


def texts(count: int) -> dict[str, str]:
    """Make documents of one chunk each, whose text names them."""
    return {f"doc-{i:03}": f"MARK-{i:03} is a whale. " + "It swims. " * 20 for i in range(count)}


def marks(server: ScriptedServer) -> dict[str, int]:
    """Count the requests for the chunk of each document."""
    found: Counter[str] = Counter()
    for call in server.calls:
        found.update(f"doc-{i:03}" for i in range(300) if f"MARK-{i:03}" in call.prompt)
    return dict(sorted(found.items()))


def start(
    server: ScriptedServer, client: Any, count: int, folder: Path, **options: Any
) -> Run[Summary]:
    """Start a run on a cluster."""
    # Calls that a test holds back are not to end by their own timeout.
    settings = {"max_retries": 1, "timeout": 2 * HANG_S, **options.pop("limits", {})}
    model = ds.Model("openai/scripted", base_url=server.base_url, api_key=KEY, **settings)
    given = {"ledger": folder / "ledger.db", "show": False, "max_concurrency": 64}
    return ds.summarize(texts(count), model=model, client=client, **{**given, **options})


def until(reached: Callable[[], bool]) -> None:
    """Wait for what must come about; fails only if it hangs."""
    deadline = time.monotonic() + HANG_S
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_flight() -> int:
    """Count the calls that are in flight on the worker that runs this."""
    from docsum_nb.cluster import worker

    return sum(map(len, worker._running.values()))


def tasks_of(dask_scheduler: Any) -> str:
    """Return all that the scheduler which runs this shows of its tasks."""
    tasks = dask_scheduler.tasks.values()
    return repr([(each.key, each.run_spec, each.annotations) for each in tasks])


def queues_of(dask_scheduler: Any) -> list[str]:
    """Return the names of the queues that the scheduler which runs this keeps."""
    return [*dask_scheduler.extensions["queues"].queues]


def hide_package() -> None:
    """Make the process that runs this one in which docsum_nb is not installed."""
    for name in [each for each in sys.modules if each.split(".")[0] == "docsum_nb"]:
        del sys.modules[name]
    sys.modules["docsum_nb"] = None  # type: ignore[assignment]


def pretend(version: str, python: str) -> None:
    """Make the process that runs this one with other versions."""
    ds.__version__ = version
    platform.python_version = lambda: python
