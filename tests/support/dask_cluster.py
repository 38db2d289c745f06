"""A Dask cluster of real processes on loopback, whose workers can be killed and added."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distributed import Client

from tests.support.warm_python import warm_python

__all__ = ["DaskCluster", "dask_cluster"]

HANG_S = 200.0


class DaskCluster:
    """A scheduler and its workers, each a process; the dashboard is off.

    Args:
        folder: Where they write their files and logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._schedulers = 0
        self.start_scheduler()

    def start_scheduler(self) -> None:
        """Start a scheduler; workers that are added from now on are its own."""
        file = self.folder / f"scheduler-{self._schedulers}.json"
        self._schedulers += 1
        self._start("scheduler", "--port", "0", "--scheduler-file", str(file))
        deadline = time.monotonic() + HANG_S
        while not self.address:
            try:
                self.address = json.loads(file.read_text())["address"]
            except (OSError, ValueError):
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.05)

    def kill_scheduler(self) -> None:
        """Kill the scheduler, as a power cut does."""
        with Client(self.address, set_as_default=False) as client:
            pid = client.run_on_scheduler(os.getpid)
            os.kill(pid, signal.SIGKILL)
        self.address = ""

    def add(self, workers: int = 1, **environment: str) -> None:
        """Start workers, and wait until the scheduler knows them."""
        with self.client() as client:
            there = len(client.nthreads())
            for _ in range(workers):
                options = ("--nthreads", "1", "--no-nanny", "--death-timeout", "60")
                local = ("--local-directory", str(self.folder))
                self._start("worker", self.address, *options, *local, **environment)
            client.wait_for_workers(there + workers, timeout=HANG_S)

    def pids(self) -> dict[str, int]:
        """Return the processes of the workers by their addresses."""
        with self.client() as client:
            found: dict[str, int] = client.run(os.getpid)
            return found

    def client(self, **options: Any) -> Any:
        """Return a new client, which the caller closes."""
        return Client(self.address, set_as_default=False, timeout=HANG_S, **options)

    def logs(self) -> str:
        """Return what all processes have written so far."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(HANG_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(HANG_S)

    def _start(self, what: str, *options: str, **environment: str) -> None:
        log = self.folder / f"{what}-{len(self._processes)}.log"
        module = ("-m", f"distributed.cli.dask_{what}")
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*warm_python(), *module, *options, "--host", "127.0.0.1", "--no-dashboard"],
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
            )
        self._processes.append(process)


@contextmanager
def dask_cluster(folder: Path, workers: int) -> Iterator[DaskCluster]:
    """Start a cluster, and end it."""
    cluster = DaskCluster(folder)
    try:
        if workers:
            cluster.add(workers)
        yield cluster
    finally:
        cluster.close()
