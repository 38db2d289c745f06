"""How the time of a function grows with its input, measured so that a hang ends by name.

Cases run in a child process, each under a limit of CPU time that the operating system enforces: it
holds even if a pattern keeps the interpreter's lock. Times are CPU times of the process, so that
what else runs on the machine counts for little.

Where not all is tried, a short input is compared with one that is many times longer. Only what may
have grown too fast between the two is measured at every length that doubles.
"""

from __future__ import annotations

import gc
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from docsum_nb.errors import DocsumError

__all__ = ["LONGEST", "MOST_GROWTH", "Case", "Growth", "measured", "serve"]

ROOT = Path(__file__).parents[2]
SHORTEST, LONGEST = 4_000, 1_024_000
"""Characters of the inputs."""
LIMIT_S = 10
"""CPU seconds that one case may take in all; then it is killed."""
MOST_GROWTH = 2.5
"""By which time may grow when the input doubles."""
_FLOOR_S = 0.004
_SLACK_S = 0.02
"""What a clock, a cache and other processes may add; of what grows too fast, it is soon little."""
_TICKS_S = 0.01
"""By which the clock of a process is out while its time is limited; that of a thread is exact."""
_REPEATS = 3
_QUICK, _QUICK_S = 128_000, 0.004
"""What takes less than this for that number of characters cannot be quadratic in the longest."""
_BASE_S, _AIM_S = 0.00125, 0.0025
"""CPU seconds of a short input: the least that is compared, and what its length is chosen for."""
_FARTHEST, _NEAREST = 32, 2
"""By how many times a longer input is longer."""
_SURE = 1.5
"""An input N times longer may take at most this many times N, or is measured further."""


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


def measure(case: Case, *, longest: int, enough_s: float) -> Growth:
    """Run one case with inputs that double, in this process.

    Args:
        case: What to run.
        longest: Characters of the longest input.
        enough_s: CPU seconds of a run, after which no longer input is tried.
    """
    if enough_s < 1 and (found := _compared(case, longest=longest, enough_s=enough_s)):
        return found
    return _doubled(case, longest=longest, enough_s=enough_s)


def _compared(case: Case, *, longest: int, enough_s: float) -> Growth | None:
    """Compare a short input with a much longer one; return None if it may not be linear.

    The longer one is as long as ``enough_s`` allows: of a quick function, it has a megabyte.
    """
    size = SHORTEST
    _seconds(case, case.make(size))  # a first call prepares something
    seconds = _seconds(case, case.make(size))
    while seconds < _BASE_S and size < _QUICK:
        size = min(_QUICK, _longer(size, max(2, min(_FARTHEST, _AIM_S / seconds))))
        seconds = _seconds(case, case.make(size))
    if size >= _QUICK and seconds <= _QUICK_S:
        return Growth(case.name, size, seconds, 0.0)
    seconds = min(seconds, _seconds(case, case.make(size)))
    last, factor = size, max(_NEAREST, min(_FARTHEST, enough_s / seconds))
    size = min(longest, _longer(size, factor))
    before, seconds = seconds, _seconds(case, case.make(size))
    doublings = math.log2(size / last)
    if seconds > before * min(_SURE * 2**doublings, MOST_GROWTH**doublings):
        return None
    return Growth(case.name, size, seconds, (seconds / before) ** (1 / doublings))


def _longer(size: int, factor: float) -> int:
    """Return a size at most so many times larger, by doubling it: few texts are made for all."""
    return size << int(math.log2(factor))


def _doubled(case: Case, *, longest: int, enough_s: float) -> Growth:
    """Measure inputs that double in length, until one takes ``enough_s``."""
    growth = last = seconds = 0.0
    size = SHORTEST
    while True:
        seconds = _seconds(case, case.make(size))
        if last >= _FLOOR_S:
            factor = _growth(last, seconds)
            if factor > MOST_GROWTH:
                factor = _lasting(case, size)
            growth = max(growth, factor)
        quick = size >= _QUICK and seconds <= _QUICK_S and enough_s < 1
        if quick or growth > MOST_GROWTH or (growth and seconds >= enough_s) or size >= longest:
            return Growth(case.name, size, seconds, growth)
        last = seconds
        size *= 2


def _lasting(case: Case, size: int) -> float:
    """Look again at what grew too fast: the best of several runs, and whether it goes on.

    A function that begins to do something at a certain length grows fast there, and there only.
    """
    before, at, after = (
        min(_seconds(case, case.make(each)) for _ in range(_REPEATS))
        for each in (size // 2, size, size * 2)
    )
    return min(_growth(before, at), _growth(at, after))


def _growth(last: float, seconds: float) -> float:
    return max(1.0, (seconds - _SLACK_S) / last)


def _seconds(case: Case, text: str) -> float:
    gc.collect(0)
    gc.disable()
    began, began_here = time.process_time(), time.thread_time()
    try:
        # Rubbish may be refused, if soon; any other error, a RecursionError say, is a fault.
        with suppress(DocsumError, ValueError):
            case.call(text)
        here = time.thread_time() - began_here
        return max(here, time.process_time() - began - _TICKS_S)
    finally:
        gc.enable()


def serve(
    cases: Iterable[Case], *, skip: int, longest: int, enough_s: float, limit_s: float = LIMIT_S
) -> None:
    """Run cases one after the other, each under the limit; print what began and what came of it."""
    gc.freeze()
    for case in islice(cases, skip, None):
        print(json.dumps({"began": case.name}), flush=True)
        signal.setitimer(signal.ITIMER_PROF, limit_s + enough_s)
        try:
            found = measure(case, longest=longest, enough_s=enough_s)
        except BaseException as error:  # noqa: BLE001  # by name, like a hang
            found = Growth(f"{case.name}: {type(error).__name__}", 0, math.inf, math.inf)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(vars(found)), flush=True)


def measured(module: str, *arguments: str) -> Iterator[Growth]:
    """Run a module that serves cases until all are through, past those that were killed.

    Args:
        module: Its name; it takes the number of cases to skip as its first argument.
        arguments: What it takes besides.
    """
    skip = 0
    while True:
        with subprocess.Popen(
            [sys.executable, "-m", module, str(skip), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            began = ""
            for line in child.stdout or ():
                found = json.loads(line)
                if "began" in found:
                    began = found["began"]
                    continue
                skip += 1
                yield Growth(**found)
        if child.returncode == 0:
            return
        if child.returncode != -signal.SIGPROF:
            raise RuntimeError(f"{module} ended with {child.returncode} in {began}")
        skip += 1
        yield Growth(f"{began}: killed", 0, math.inf, math.inf)
