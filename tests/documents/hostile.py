"""One hostile file, and how reading it may end: loaded, or one clear error, within bounds.

The modules of ``hostile_inputs/`` hold them, a module an area.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Literal

import psutil

import docsum_nb as ds
from docsum_nb.documents.load import load

__all__ = ["Hostile", "Outcome", "try_it"]

HANG_S = 600.0
"""By then a file was read or refused, on a loaded machine too: its reader has processor time for a
few tens of seconds."""
LOOK_S = 0.1
"""Between looks for new children: the system lists all that runs, which takes long."""
MOST_MB = 600
"""Of memory above what the process had before."""


@dataclass(frozen=True)
class Hostile:
    """A hostile file."""

    name: str
    """Unique in its module."""
    make: Callable[[Path], Path]
    """Makes it in an empty folder, and returns what to load."""
    ends: Literal["loaded", "refused", "either"]
    says: str = ""
    """Words of the error, or of an omission."""
    most_mb: int = MOST_MB


@dataclass(frozen=True)
class Outcome:
    """What came of a hostile file."""

    loaded: bool
    says: str
    """The error, or the omissions."""
    seconds: float
    peak_mb: float
    """Of this process above its memory before, and of its children."""


def try_it(hostile: Hostile, folder: Path) -> Outcome:
    """Load a hostile file.

    Raises:
        AssertionError: if it hangs, takes too much memory, leaves a process, or ends otherwise
            than it should; an error that is none of ours is raised as it came.
    """
    path = hostile.make(folder)
    process = psutil.Process()
    others = {child.pid for child in process.children(recursive=True)}  # of tests before
    before = memory(process, [])
    begun = time.monotonic()
    ended: Future[tuple[bool, str]] = Future()
    Thread(target=read_into, args=(path, ended), daemon=True).start()
    peak = last = looked = 0.0
    children: list[psutil.Process] = []
    while not ended.done() and time.monotonic() < begun + HANG_S:
        if time.monotonic() > looked + LOOK_S:
            found = process.children(recursive=True)
            children = [child for child in found if child.pid not in others]
            looked = time.monotonic()
        now = memory(process, children) - before
        # A child counts as much as its parent for a moment, until it runs its own program.
        peak, last = max(peak, min(last, now)), now
        time.sleep(0.02)
    assert ended.done(), "hangs"
    loaded, says = ended.result()
    seconds = time.monotonic() - begun
    assert not {child.pid for child in process.children()} - others
    peak_mb = peak / 2**20
    assert peak_mb <= hostile.most_mb, f"took {peak_mb:,.0f} MB"
    if hostile.ends != "either":
        assert loaded == (hostile.ends == "loaded"), says
    assert hostile.says in says, says
    return Outcome(loaded, says, seconds, peak_mb)


def read_into(path: Path, ended: Future[tuple[bool, str]]) -> None:
    try:
        found = load(path)
    except ds.errors.InputError as error:
        ended.set_result((False, str(error)))
    except BaseException as error:  # noqa: BLE001  # raised to the test
        ended.set_exception(error)
    else:
        ended.set_result((True, "; ".join(f"{each.what}: {each.reason}" for each in found.omitted)))


def memory(process: psutil.Process, children: list[psutil.Process]) -> float:
    """Return the bytes of a process and of some of its children."""
    total = float(process.memory_info().rss)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            total += child.memory_info().rss
    return total
