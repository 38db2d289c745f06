"""A warm process whose children add to a library, sync it or embed it, and can be killed.

A child that adds writes the number of each add into a file once the add has returned.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from pathlib import Path
from typing import Any

from tests.support.forking import serve

__all__ = ["reported", "text_of", "vectors"]


def text_of(number: int, version: int = 0) -> str:
    """Return a text with two words by which it is found."""
    words = random.Random(number).choices(["harbor", "dues", "ship", "berth", "late", "ice"], k=150)
    return f"number{number} version{version} {' '.join(words)}"


def vectors(texts: list[str]) -> list[list[float]]:
    """Return a vector of two numbers for each text."""
    return [[len(text) % 7 + 1.0, text.count("e") + 1.0] for text in texts]


def reported(file: Path) -> list[int]:
    """Return the numbers that were written as whole lines."""
    content = file.read_text() if file.exists() else ""
    return [int(line) for line in content.splitlines(keepends=True) if line.endswith("\n")]


def _add(library: Any, report: Path, *, times: int) -> None:
    first = len(reported(report))
    with report.open("a") as file:
        for number in range(first, first + 3000):
            text = text_of(number) * times
            library.add({f"d{number}": text, f"e{number}": text_of(number, 1)})
            file.write(f"{number}\n")
            file.flush()


def _work(job: dict[str, Any]) -> Any:
    from docsum_nb.errors import LibraryError
    from docsum_nb.library import Library

    folder = job["folder"]
    if job["what"] == "sync":
        Library(folder).sync(job["source"])
    elif job["what"] == "embed":

        def slowly(texts: list[str]) -> list[list[float]]:
            time.sleep(0.02)
            return vectors(texts)

        # Here, this module is called __main__; a library knows an embedder by its name.
        slowly.__module__ = "tests.support.library_process"
        slowly.__qualname__ = vectors.__qualname__
        Library(folder, embedder=slowly).embed()
    else:
        if "room" in job:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["room"], job["room"]))
        try:
            _add(Library(folder), Path(job["report"]), times=job.get("times", 1))
        except LibraryError as error:
            return str(error)
    return None


if __name__ == "__main__":
    # Forked children find it imported.
    import docsum_nb.documents
    import docsum_nb.library
    import docsum_nb.library.search  # noqa: F401

    os.environ["OMP_NUM_THREADS"] = "1"
    serve(_work)
