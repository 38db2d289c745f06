"""A process that is killed while it adds, syncs or embeds loses nothing that it has reported."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.library import Library
from tests.support.forking import WarmProcess, running

if sys.platform == "win32":
    pytest.skip("processes are forked", allow_module_level=True)

from tests.support.library_process import reported, text_of, vectors

LONGEST_S = 0.1
"""About as long as the work takes that is killed, on an idle machine."""


@pytest.fixture(scope="module")
def process() -> Iterator[WarmProcess]:
    with running("tests.support.library_process", WarmProcess) as process:
        yield process


def kill(
    process: WarmProcess, after_s: float, begun: Callable[[], bool] = lambda: True, **job: Any
) -> None:
    """Kill a child some seconds after it has begun; one that is done by then is not killed."""
    pid = process.start(**job)
    while not begun():
        time.sleep(0.002)
    time.sleep(after_s)
    # It is not waited for before the next line of the warm process is read, but may be gone.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert process.wait() in (-signal.SIGKILL, 0)


def moments(name: str, kills: int) -> list[float]:
    chosen = random.Random(name)
    return [chosen.uniform(0, LONGEST_S) for _ in range(kills)]


@pytest.mark.long
def test_killed_adds(process: WarmProcess, tmp_path: Path) -> None:
    """What an add reported is there with its whole text, and the next process goes on."""
    report, folder = tmp_path / "report", tmp_path / "library"
    job = {"what": "add", "folder": str(folder), "report": str(report)}
    for moment in moments("add", 20):
        before = len(reported(report))
        kill(process, moment, lambda before=before: len(reported(report)) > before, **job)  # type: ignore[misc]
        last = reported(report)[-1]
        found = Library(folder).search(f'"number{last} version1"', k=1)
        assert [hit.name for hit in found] == [f"e{last}"]
    done = reported(report)
    assert done == [*range(len(done))]
    library = Library(folder)
    # Of what was not reported, both documents of an add are there or none.
    assert len(library) in (2 * len(done), 2 * len(done) + 2)
    again = library.add({f"d{number}": text_of(number) for number in done})
    assert (again.unchanged, again.added, again.updated) == (len(done), 0, 0)


def test_killed_syncs(process: WarmProcess, tmp_path: Path) -> None:
    """Each document is there in its old or its new version, and the next sync finishes."""
    source, folder = tmp_path / "source", tmp_path / "library"
    source.mkdir()
    for version, moment in enumerate(moments("sync", 6)):
        for file in source.iterdir():
            file.unlink()
        for number in range(12):
            (source / f"{(number + version) % 16}.txt").write_text(text_of(number, version))
        kill(process, moment, what="sync", folder=str(folder), source=str(source))
        library = Library(folder)
        assert library.sync(source).gone == ()
        assert len(library) == 12
        assert len(library.search(f"version{version}", k=50)) == 12
        assert not version or not library.search(f'"version{version - 1}"', k=50)


def test_killed_embeds(process: WarmProcess, tmp_path: Path) -> None:
    """Vectors that were stored stay, and the next call computes the others."""
    folder = tmp_path / "library"
    Library(folder).add({f"d{number}": text_of(number) for number in range(300)})
    counts = [0]
    for moment in moments("embed", 8):
        kill(process, moment, what="embed", folder=str(folder))
        counts.append(Library(folder).stats()["vectors"])
    assert counts == sorted(counts)
    library = Library(folder, embedder=vectors)
    assert library.embed() == 300 - counts[-1]
    assert library.stats()["vectors"] == 300
    assert library.search("harbor", k=5)


@pytest.mark.long
def test_a_full_disk(process: WarmProcess, tmp_path: Path) -> None:
    """It is one clear error; what was there before is there, and the next add goes on."""
    report, folder = tmp_path / "report", tmp_path / "library"
    Library(folder).add({"before": text_of(-1)})
    job = {"what": "add", "folder": str(folder), "report": str(report), "times": 15}
    error = process.ask(**job, room=250_000)
    assert str(folder) in error
    done = reported(report)
    assert done
    library = Library(folder)
    found = library.search(f'"number{done[-1]} version1"', k=1)
    assert [hit.name for hit in found] == [f"e{done[-1]}"]
    assert len(library) in (2 * len(done) + 1, 2 * len(done) + 3)
    assert library.add({"after": text_of(-2)}).added == 1
