"""What a library costs as it grows: time of an add, disk, files and memory.

    python benchmarks/library_size.py [--adds 1000] [--book-mb 20] [--books 1] [--searches 20]

Adds texts of 20 kB one by one, then books, each in an ``add`` of its own. Prints the time of an
add at the beginning and at the end, the disk as a multiple of the text (the largest that was seen,
looking ten times a second), the number of files, the most memory that the process took, and after
every tenth book the time of a search. Words are as frequent as in real text: the n-th most frequent
one is used in proportion to 1 / n. With ``--books 100`` it is 2 GB of text, and takes about 40
minutes.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import threading
import time
from itertools import accumulate
from pathlib import Path

from docsum_nb.library import Library

SMALL = 20_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORDS = ["".join(random.Random(i).choices(_LETTERS, k=7)) for i in range(50_000)]
"""The most frequent first."""
_FREQUENCIES = list(accumulate(1 / number for number in range(1, len(_WORDS) + 1)))
_COMMON = 200
"""Words that no question has: of English, about these many say nothing."""


def text_of(characters: int, seed: int) -> str:
    """Return sentences of random words."""
    chosen = random.Random(seed)
    sentences = (
        " ".join(chosen.choices(_WORDS, cum_weights=_FREQUENCIES, k=12)).capitalize()
        for _ in range(characters // 97)
    )
    return ". ".join(sentences)


def question_of(words: int, seed: int) -> str:
    """Return words that a question has: the frequent ones more often, as in a text."""
    chosen = random.Random(-1 - seed)
    return " ".join(chosen.choices(_WORDS[_COMMON:], cum_weights=_FREQUENCIES[:-_COMMON], k=words))


def size_of(folder: Path) -> int:
    """Return the bytes of all files of a folder, some of which may just be deleted."""
    total = 0
    for file in folder.iterdir():
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total


class DiskWatch(threading.Thread):
    """Looks at a folder ten times a second; ``most`` is the largest size, in bytes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self.most = 0

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            if self._folder.exists():
                self.most = max(self.most, size_of(self._folder))
            time.sleep(0.1)


def peak_mb() -> int:
    """Return the most memory that this process took, in MB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def timed(library: Library, name: str, text: str) -> float:
    """Return the seconds that an add takes."""
    start = time.perf_counter()
    library.add({name: text})
    return time.perf_counter() - start


def print_searches(library: Library, number: int) -> None:
    """Print the time of questions of five words, and of fifty, as a summary has."""
    for words in (5, 50):
        times = []
        for seed in range(number):
            start = time.perf_counter()
            library.search(question_of(words, seed))
            times.append(time.perf_counter() - start)
        times.sort()
        print(
            f"{number} searches of {words} words: median {statistics.median(times):.3f} s, "
            f"slowest {times[-1]:.3f} s",
            flush=True,
        )


def main() -> None:
    """Fill a library in a temporary folder, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adds", type=int, default=1_000)
    parser.add_argument("--book-mb", type=int, default=20)
    parser.add_argument("--books", type=int, default=1)
    parser.add_argument("--searches", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "library"
        library, watch = Library(folder), DiskWatch(folder)
        watch.start()
        times = [timed(library, f"note {i}", text_of(SMALL, i)) for i in range(chosen.adds)]
        if times:
            first, last = statistics.median(times[:20]), statistics.median(times[-20:])
            print(f"{chosen.adds} adds of 20 kB: {first:.3f} s at first, {last:.3f} s at last")
            print(f"ratio {last / first:.2f}, files {len(list(folder.iterdir()))}")
            print(f"disk {watch.most / (chosen.adds * SMALL):.2f} times the text, {peak_mb()} MB")
        total = chosen.adds * SMALL
        for number in range(chosen.books):
            text = text_of(chosen.book_mb * 1_000_000, number)
            total += len(text)
            seconds = timed(library, f"book {number}", text)
            print(
                f"book {number + 1} of {chosen.book_mb} MB: {seconds:.1f} s, disk at most "
                f"{watch.most / total:.2f} times the text, memory at most {peak_mb()} MB",
                flush=True,
            )
            if (number + 1) % 10 == 0 or number + 1 == chosen.books:
                print_searches(library, chosen.searches)


if __name__ == "__main__":
    main()
