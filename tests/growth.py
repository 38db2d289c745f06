"""How the time of a function grows with its input, measured so that a hang ends by name.

Cases run in a child process, each under a limit of CPU time that the operating system enforces: it
holds even where a pattern keeps the interpreter's lock. Times are CPU times of the process, so that
what else runs on the machine counts for little.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LIMIT_S", "MOST_GROWTH", "Case", "Growth", "measured", "serve"]

ROOT = Path(__file__).parent.parent
LIMIT_S = 15
"""CPU seconds that one case may take in all; then it is killed."""
MOST_GROWTH = 2.5
"""By which time may grow when the input doubles."""
_FLOOR_S = 0.02
"""Below this, a clock and a cache decide more than the input."""
_REPEATS = 3


@dataclass(frozen=True)
class Case:
    """A function of a text, and how to make a text of about a given length for it."""

    name: str
    call: Callable[[str], object]
    make: Callable[[int], str]


@dataclass(frozen=True)
class Growth:
    """How long one case took."""

    name: str
    size: int
    """Of the longest input, in characters."""
    seconds: float
    """CPU time for it; infinite if the case was killed."""
    growth: float
    """The largest factor between an input and one twice as long; 0 if all were too quick."""

    @property
    def is_linear(self) -> bool:
        """Whether the time grew no more than it may."""
        return self.growth <= MOST_GROWTH


def measure(case: Case, sizes: Sequence[int]) -> Growth:
    """Run one case with inputs that double, in this process."""
    growth = last = seconds = 0.0
    for size in sizes:
        text = case.make(size)
        seconds = _seconds(case, text)
        if last >= _FLOOR_S and seconds / last > MOST_GROWTH:
            # Once may be bad luck: compare the best of several.
            smaller = case.make(size // 2)
            last = min(last, *(_seconds(case, smaller) for _ in range(_REPEATS)))
            seconds = min(seconds, *(_seconds(case, text) for _ in range(_REPEATS)))
        if last >= _FLOOR_S:
            growth = max(growth, seconds / last)
            if growth > MOST_GROWTH:
                return Growth(case.name, size, seconds, growth)
        last = seconds
    return Growth(case.name, sizes[-1], seconds, growth)


def _seconds(case: Case, text: str) -> float:
    began = time.process_time()
    try:
        case.call(text)
    except RecursionError:
        # It must be caught by whoever reads: a text is no reason for it.
        raise
    except Exception:  # noqa: BLE001  # rubbish may be refused, if soon
        pass
    return time.process_time() - began


def serve(cases: Iterable[Case], sizes: Sequence[int], *, skip: int) -> None:
    """Run cases one after the other, each under the limit; say what began and what came of it."""
    for case in list(cases)[skip:]:
        print(json.dumps({"began": case.name}), flush=True)
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        try:
            found = measure(case, sizes)
        except BaseException as error:  # noqa: BLE001  # by name, like a hang
            found = Growth(f"{case.name}: {type(error).__name__}", 0, float("inf"), float("inf"))
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(vars(found)), flush=True)


def measured(script: str, *arguments: str) -> Iterator[Growth]:
    """Run a script that serves cases until all are through, past those that were killed.

    Args:
        script: A module that calls ``serve`` and takes the number of cases to skip first.
        arguments: What it takes besides.
    """
    skip = 0
    while True:
        child = subprocess.run(
            [sys.executable, "-m", script, str(skip), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in child.stdout.splitlines()]
        results = [line for line in lines if "began" not in line]
        yield from (Growth(**line) for line in results)
        if child.returncode == 0:
            return
        if child.returncode != -signal.SIGPROF:
            raise RuntimeError(f"{script} ended with {child.returncode}")
        yield Growth(lines[-1]["began"], 0, float("inf"), float("inf"))
        skip += len(results) + 1
