"""What ``ds.summarize`` with the extractive model takes for a long text: CPU seconds and memory.

    python -m benchmarks.extractive_size [--megabytes 5 10 20] [--documents 1]

Each size is summarized in a fresh process with at most 6 GB of address space. CPU seconds are those
of the call, without imports; memory is the most that the process took. The text is made of random
words, as frequent as in real text (see ``library_size.py``), in paragraphs of five sentences; it is
split evenly into documents.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.library_size import text_of

_ADDRESS_SPACE = 6_000_000 * 1024
_SENTENCES = 5


def measured(folder: Path) -> None:
    """Summarize the texts of a folder in this process, and print what it took."""
    import docsum_nb as ds

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}
    started = time.process_time()
    summary = ds.summarize(texts, ledger=False).result()
    spent = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    megabytes = sum(map(len, texts.values())) / 1e6
    print(
        f"{megabytes:5.1f} MB: {spent:6.1f} s CPU, {spent / megabytes:.2f} s a MB; "
        f"{memory:5.0f} MB of memory; {len(summary.text.split())} words, "
        f"{len(summary.citations)} citations, {len(summary.omitted)} omissions",
        flush=True,
    )


def write(folder: Path, megabytes: float, documents: int) -> None:
    """Write the texts."""
    for number in range(documents):
        sentences = text_of(int(megabytes * 1e6 / documents), number).split(". ")
        paragraphs = (
            ". ".join(sentences[at : at + _SENTENCES]) + "."
            for at in range(0, len(sentences), _SENTENCES)
        )
        (folder / f"{number:03}.txt").write_text("\n\n".join(paragraphs), "utf-8")


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", nargs="+", type=float, default=[5, 10, 20])
    parser.add_argument("--documents", type=int, default=1)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        measured(given.folder)
        return
    for megabytes in given.megabytes:
        with tempfile.TemporaryDirectory() as place:
            write(Path(place), megabytes, given.documents)
            subprocess.run(
                [sys.executable, "-m", "benchmarks.extractive_size", "--folder", place], check=True
            )


if __name__ == "__main__":
    main()
