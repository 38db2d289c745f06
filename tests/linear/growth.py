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

__all__ = ["LONGEST", "MOST_GROWTH", "Case", "Growth", "grown", "measured", "serve"]

ROOT = Path(__file__).parents[2]
SHORTEST, LONGEST = 4_000, 1_024_000
"""Characters of the inputs."""
LIMIT_S = 60
"""CPU seconds that one case may take in all; then it is killed. The slowest takes 8 of a machine
with nothing else to do."""
MOST_GROWTH = 2.5
"""By which time may grow when the input doubles."""
_FLOOR_S = _SLACK_S = 0.02
"""What a clock, a cache and other processes may add; of what grows too fast, it is soon little."""
_TICKS_S = 0.01
"""By which the clock of a process is out while its time is limited; that of a thread is exact."""
_REPEATS = 3
_QUICK, _QUICK_S = 128_000, 0.004
"""What takes less than this for that number of characters cannot be quadratic in the longest."""
_CERTAIN_S = 0.3
"""CPU seconds of a run, far above ``_SLACK_S``, which decides about what is in doubt."""
_BASE_S, _AIM_S = 0.0006, 0.00125
"""CPU seconds of a short input: the least that is compared, and what its length is chosen for."""
_FARTHEST, _NEAREST = 32, 8
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
    """Run one case with inputs of growing length, in this process.

    Args:
        case: What to run.
        longest: Characters of the longest input.
        enough_s: CPU seconds of a run, after which no longer input is tried.
    """
    clock = _Clock(case)
    return Growth(case.name, *grown(clock.seconds, longest=longest, enough_s=enough_s))


def grown(
    seconds: Callable[[int], float], *, longest: int, enough_s: float
) -> tuple[int, float, float]:
    """Return the last length, the seconds for it, and the growth for twice the length.

    Args:
        seconds: Returns the CPU seconds for an input of a length. It may return too much at times.
        longest: The greatest length.
        enough_s: Seconds of a run, after which no longer input is tried, unless in doubt.
    """
    if enough_s < _CERTAIN_S and (found := _compared(seconds, longest, enough_s)):
        return found
    return _doubled(seconds, longest, max(enough_s, _CERTAIN_S))


def _compared(
    seconds: Callable[[int], float], longest: int, enough_s: float
) -> tuple[int, float, float] | None:
    """Compare a short input with a much longer one; return None if it may not be linear.

    A short run that disturbances make longer would hide growth, so the quicker of two is compared,
    one from before and one from after the long one. If the long one is no long one either,
    or grew too fast, it is the next short one: a function may begin to do something at a length.
    """
    size, short = _short(seconds)
    if size >= _QUICK and short <= _QUICK_S:
        return size, short, 0.0
    doubted = False
    while True:
        factor = max(_NEAREST, min(_FARTHEST, enough_s / short))
        longer = min(longest, _longer(size, factor))
        long = seconds(longer)
        short = min(short, seconds(size))
        doublings = math.log2(longer / size)
        fast = long > short * min(_SURE * 2**doublings, MOST_GROWTH**doublings)
        if fast and (doubted or longer >= longest // _NEAREST):
            return None
        if not fast and (long >= enough_s / 4 or longer >= longest // 2):
            return longer, long, (long / short) ** (1 / doublings)
        doubted |= fast
        size, short = longer, long


def _short(seconds: Callable[[int], float]) -> tuple[int, float]:
    """Return the length of a short input, and the seconds for it."""
    size = SHORTEST // 4
    seconds(size)  # a first call prepares something
    short = seconds(size)
    while short < _BASE_S and size < _QUICK:
        size = min(_QUICK, _longer(size, max(2, min(_FARTHEST, _AIM_S / short))))
        short = seconds(size)
    return size, short


def _longer(size: int, factor: float) -> int:
    """Return a size larger by at most a factor, by doubling it: few texts are made for all."""
    return size << int(math.log2(factor))


def _doubled(
    seconds: Callable[[int], float], longest: int, enough_s: float
) -> tuple[int, float, float]:
    """Measure inputs that double in length, until one takes ``enough_s``."""
    growth = last = 0.0
    size = SHORTEST
    while True:
        at = seconds(size)
        if last >= _FLOOR_S:
            factor = _growth(last, at)
            if factor > MOST_GROWTH:
                factor = _lasting(seconds, size)
            growth = max(growth, factor)
        if growth > MOST_GROWTH or (growth and at >= enough_s) or size >= longest:
            return size, at, growth
        last = at
        size *= 2


def _lasting(seconds: Callable[[int], float], size: int) -> float:
    """Look again at what grew too fast: the best of several runs, and whether it goes on.

    A function that begins to do something at a certain length grows fast there, and there only.
    """
    before, at, after = (
        min(seconds(each) for _ in range(_REPEATS)) for each in (size // 2, size, size * 2)
    )
    return min(_growth(before, at), _growth(at, after))


def _growth(last: float, seconds: float) -> float:
    return max(1.0, (seconds - _SLACK_S) / last)


@dataclass(frozen=True)
class _Clock:
    """Measures a case."""

    case: Case

    def seconds(self, size: int) -> float:
        """Return the CPU seconds that the case takes for a text of about a length."""
        text = self.case.make(size)
        gc.collect(0)
        gc.disable()
        began, began_here = time.process_time(), time.thread_time()
        try:
            # Rubbish may be refused, if soon; any other error, a RecursionError say, is a fault.
            with suppress(DocsumError, ValueError):
                self.case.call(text)
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
