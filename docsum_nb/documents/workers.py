"""Read files in processes that can be killed, within bounds on time, memory and text.

Decides what a file may take: memory and time grow with its size, so that what a small file can do
is small. A process reads one file after the other, and is replaced after one that broke a bound or
the process. All processes belong to one ``Workers``, which ends them when it is closed, whatever
they are doing. Refuses a file that breaks a bound with an error that names the bound.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from docsum_nb.documents.reading import Reading
from docsum_nb.documents.worker import WorkerAnswer
from docsum_nb.errors import InputError, LoadError
from docsum_nb.records.json_form import read_json
from docsum_nb.run import DAEMON_THREADS

__all__ = ["Bounds", "Workers", "bounds_of"]

_POLL_S = 0.05
_MOST_FILES = 500
"""That one process reads: parsers leak a little."""
_KEPT_BYTES = 200 * 2**20
"""Memory above which a process is replaced after a file."""
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_STDERR_BYTES = 16 * 2**10
_PICTURES_S = 90
"""Seconds of processor time for the pictures of a document's pages."""


@dataclass(frozen=True)
class Bounds:
    """What reading one file may take."""

    cpu_s: float
    wall_s: float
    """For what waits instead of computing, such as a disk that does not answer."""
    memory: int
    """Bytes, of the process."""
    answer: int
    """Bytes of the text, as JSON."""


def bounds_of(size: int, *, pictures: bool = False) -> Bounds:
    """Return the bounds for a file.

    Args:
        size: In bytes.
        pictures: Whether pictures of its pages are made as well.
    """
    return Bounds(
        cpu_s=25 + size / 2**20 * 6 + (_PICTURES_S if pictures else 0),
        wall_s=600 + size / 2**20 * 30,
        memory=min(2**30 * 4, 400 * 2**20 + 24 * size),
        answer=64 * 2**20 + 16 * size,
    )


class Workers:
    """The processes of one loading.

    ``free`` must be called by one thread that lives as long as the processes are needed: on Linux
    they end with it. All else may be called by any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[Worker] = []
        self._all: set[Worker] = set()
        self._closed = False

    def free(self) -> Worker:
        """Return a process that reads nothing now; it is the caller's until given ``back``."""
        with self._lock:
            while self._free:
                worker = self._free.pop()
                if worker.is_usable:
                    return worker
                self._end(worker)
            worker = Worker()
            self._all.add(worker)
            if self._closed:
                self._end(worker)
            return worker

    def back(self, worker: Worker) -> None:
        """Return a process to the pool."""
        with self._lock:
            if worker in self._all:
                self._free.append(worker)

    def close(self) -> None:
        """End all processes; files that are being read are given up with a ``LoadError``."""
        with self._lock:
            self._closed = True
            for worker in list(self._all):
                self._end(worker)
            self._free.clear()

    def _end(self, worker: Worker) -> None:
        self._all.discard(worker)
        worker.end()


class Worker:
    """One process that reads files, started when the first is given to it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._ended = False
        self._read = 0
        self._lock = threading.Lock()
        self._start()

    @property
    def is_usable(self) -> bool:
        """Whether it can read one more file."""
        if self._process is None or self._process.poll() is not None or self._ended:
            return False
        with contextlib.suppress(psutil.Error):
            memory = psutil.Process(self._process.pid).memory_info().rss
            return self._read < _MOST_FILES and memory < _KEPT_BYTES
        return False

    def read(
        self, path: Path, kind: str, bounds: Bounds, *, pictures: Path | None = None
    ) -> Reading:
        """Read a file.

        Args:
            path: The file.
            kind: The reader's name.
            bounds: What reading it may take.
            pictures: The folder for pictures of pages without text; ``None`` makes none.

        Raises:
            LoadError: if the reader refuses it, a bound is broken, the process dies, or the
                workers are closed meanwhile.
        """
        self._read += 1
        asked = {
            "path": str(path.absolute()),
            "kind": kind,
            "memory": bounds.memory,
            "pictures": None if pictures is None else str(pictures.absolute()),
        }
        answer = self._ask(json.dumps(asked), path, bounds)
        if answer.reading is not None:
            return answer.reading
        if not answer.error:
            # Something may still hold most of it, so the next file gets a fresh process.
            self.end()
        raise LoadError(str(path), answer.error or _too_much_memory(bounds))

    def end(self) -> None:
        """Kill the process, even if it is busy."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is None:
            return
        _kill(process)
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            # What was asked may not be writable any more.
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _start(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by ``end``
        try:
            self._process = subprocess.Popen(
                # -P: a file named like a module, beside the documents, must not be imported.
                [sys.executable, "-P", "-m", "docsum_nb.documents.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_environment(),
                # An interrupt of the kernel goes to its process group; it is not the child's.
                start_new_session=True,
            )
        except OSError as error:
            self._why_not = str(error)

    def _ask(self, line: str, path: Path, bounds: Bounds) -> WorkerAnswer:
        process = self._process
        if process is None:
            reason = f"the process that reads files cannot be started ({self._why_not})"
            raise LoadError(str(path), reason)
        assert process.stdin is not None
        assert process.stdout is not None
        # A process that has died is asked in vain; it gives no answer then.
        with contextlib.suppress(OSError, ValueError):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        found = self._wait(process, process.stdout, path, bounds)
        if len(found) >= bounds.answer and not found.endswith(b"\n"):
            self.end()
            most = bounds.answer // 2**20
            raise LoadError(str(path), f"holds more than {most} MB of text; split it")
        if not found.endswith(b"\n"):
            raise LoadError(str(path), self._why_dead(process))
        try:
            return read_json(WorkerAnswer, found.decode("ascii", "replace"))
        except InputError:
            self.end()
            raise LoadError(str(path), "its reader gave no usable answer") from None

    def _wait(
        self, process: subprocess.Popen[bytes], answers: IO[bytes], path: Path, bounds: Bounds
    ) -> bytes:
        """Wait for an answer, and watch what it takes.

        Raises:
            LoadError: if a bound is broken; the process is killed.
        """
        answer = DAEMON_THREADS.submit(answers.readline, bounds.answer)
        watched = psutil.Process(process.pid)
        begun, cpu_before = time.monotonic(), _cpu(watched)
        while True:
            try:
                return answer.result(_POLL_S)
            except NotYet:
                pass
            except (OSError, ValueError):
                return b""  # it was closed
            try:
                spent, memory = _cpu(watched) - cpu_before, watched.memory_info().rss
            except psutil.Error:
                continue  # it has died; its output ends
            broken = ""
            if spent > bounds.cpu_s or time.monotonic() - begun > bounds.wall_s:
                most = bounds.cpu_s if spent > bounds.cpu_s else bounds.wall_s
                broken = f"took longer than {most:.0f} s to read; split it, or convert it to text"
            elif memory > bounds.memory:
                broken = _too_much_memory(bounds)
            if broken:
                self.end()
                raise LoadError(str(path), broken)

    def _why_dead(self, process: subprocess.Popen[bytes]) -> str:
        if self._ended:
            return "reading it was stopped"
        code = process.wait()
        said = self._last_line()
        self.end()
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"signal {-code}"
            return f"crashed its reader ({name}); it is damaged: open it and save or print it again"
        return f"its reader failed ({said or f'exit code {code}'})"

    def _last_line(self) -> str:
        assert self._errors is not None
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _STDERR_BYTES))
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and what it has started."""
    if os.name != "posix":
        process.kill()
    elif process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Return the environment of a process that reads what strangers wrote: without secrets."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    package = Path(__file__).parents[1]
    # The child must find this package, also if the kernel's search path was changed by hand.
    search = os.pathsep.join(filter(None, [str(package.parent), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": search, "DOCSUM_NB_PARENT": str(os.getpid())}


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _too_much_memory(bounds: Bounds) -> str:
    return f"takes more than {bounds.memory // 2**20:,} MB of memory to read; split it"
