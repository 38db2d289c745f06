"""Words recalled and precision of each format's reader, against reference readers; MB a CPU second.

Recall is the share of the reference's words that we give as well, precision the share of our words
that the reference gives; each word as often as it stands there. Medians and worst of the files, and
the files with the lowest recall. A reference may be wrong, or omit text that we return. Processor
time is that of all processes, also of those in which PDF, HTML and Office files are read; one of
them takes about half a second to start, so few small files look slow. Files of a format are tried
for at most five minutes.

Usage: make readers && python -m benchmarks.documents [FILES A FORMAT] [SUFFIX ...]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from docsum_nb.documents.load import load  # noqa: E402
from docsum_nb.errors import InputError  # noqa: E402

from benchmarks.documents.files import MADE, REAL, Format, found, made  # noqa: E402  # isort: skip

READERS = ROOT / "build" / "readers" / "bin" / "python"
WORD = re.compile(r"[^\W_]+")
LOWEST = 3
LEAST_S = 0.05
"""The clock of processor time is too coarse for less."""
LONGEST_S = 300.0
"""Of comparing the files of a format with one reader."""


class Peers:
    """The reference readers, in a process and environment of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **asked: Any) -> dict[str, Any]:
        """Return the answer of ``peers.py``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked, default=str) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def peers() -> Iterator[Peers]:
    """Start the reference readers; they end with the block."""
    if not READERS.exists():
        sys.exit("first run: make readers")
    command = [str(READERS), str(Path(__file__).with_name("peers.py"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Peers(process)
        finally:
            process.kill()


def cpu_s() -> float:
    """Return the seconds of processor time of this process, and of its children that have ended."""
    return sum(os.times()[:4])


def words(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(WORD.findall(text.casefold()))


def ours(files: list[Path]) -> tuple[dict[Path, Counter[str]], float, list[str]]:
    """Read files with docsum_nb; returns the words of each, the seconds, and the refusals."""
    begun = cpu_s()
    try:
        loaded = load(list(map(str, files)), on_error="skip")
    except InputError as error:
        return {}, 0.0, [str(error)]
    seconds = cpu_s() - begun
    found: dict[Path, Counter[str]] = {}
    for document in loaded.documents:
        path = Path(str(document.path))
        found[path] = found.get(path, Counter()) + words(document.text)
    refusals = [f"{each.what}: {each.reason}" for each in loaded.omitted]
    return found, seconds, refusals


def shares(mine: Counter[str], other: Counter[str]) -> tuple[float, float]:
    """Return recall and precision."""
    both = (mine & other).total()
    return both / max(1, other.total()), both / max(1, mine.total())


def row(kind: Format, files: list[Path], readers: Peers) -> Iterator[str]:
    """Read the files, and return the lines of the table."""
    if not files:
        return
    read, seconds_here, refusals = ours(files)
    size = sum(path.stat().st_size for path in read) / 1e6
    pace = size / max(1e-9, seconds_here)
    label = kind.suffix + (f" (of {kind.made_from})" if kind.made_from else "")
    options = dict(kind.options)
    for name in kind.readers:
        scores: list[tuple[float, float, Path]] = []
        compared = 0.0
        seconds = 0.0
        until = time.monotonic() + LONGEST_S
        for path, each in read.items():
            if time.monotonic() > until:
                break
            answer = readers.ask(reader=name, path=path, **options)
            if "error" in answer:
                continue
            seconds += answer["seconds"]
            compared += path.stat().st_size / 1e6
            scores.append((*shares(each, words(answer["text"])), path))
        if not scores:
            continue
        recall = [score[0] for score in scores]
        precision = [score[1] for score in scores]
        theirs = f"{compared / seconds:.2f}" if seconds > LEAST_S else "-"
        yield (
            f"{label:16} {name:12} {len(scores):5} {statistics.median(recall):7.3f} "
            f"{statistics.mean(recall):6.3f} {min(recall):6.3f} "
            f"{statistics.median(precision):10.3f} {statistics.mean(precision):6.3f} "
            f"{pace:7.2f} {theirs:>7} {len(files) - len(read):7}"
        )
        for score in sorted(scores)[:LOWEST]:
            if score[0] < 0.9:
                yield f"    lowest: {score[0]:.3f} {score[2]}"
    for path in set(files) - set(read):
        refused = [each for each in refusals if path.name in each]
        yield f"    refused: {(refused or [path.name])[0][:160]}"


def main(most: int, suffixes: list[str]) -> None:
    """Print the table, of all formats or of some."""
    folder = ROOT / "build" / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    print(
        "format           reference    files  recall   mean  worst  precision   mean  MB/CPUs"
        "  theirs refused"
    )
    with peers() as readers:
        for kind in (*REAL, *MADE):
            if suffixes and kind.suffix not in suffixes:
                continue
            if kind.made_from:
                files = made(kind, most, folder, readers.ask)
            else:
                files = found(kind.suffix, most)
            for line in row(kind, files, readers):
                print(line, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40, sys.argv[2:])
