"""A library on a PostgreSQL server beside one in a folder: the same results, and how fast.

    python -m benchmarks.library_on_server DATA_FOLDER [--embedder local] [--passages 1000 10000]

``DATA_FOLDER`` is as for ``benchmarks.retrieval``. The server is the one of ``make postgres``, on
this machine; with ``--address``, another, whose schemas ``benchmark_*`` are dropped first. Of
Cranfield it prints nDCG@10 of both, and for how many questions the first ten are the same; of
made-up texts of one passage each, the time of adds and searches of both in turn.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.library_size import question_of, text_of
from benchmarks.retrieval import DEPTH, abstracts, judgments, ndcg, questions
from docsum_nb.library import Library
from tests.support.postgres import running_postgres

SEARCHES = 60


@contextmanager
def server(address: str | None) -> Iterator[str]:
    """Return the address of a server; start one if none is given."""
    if address is not None:
        yield address
        return
    with running_postgres() as running:
        yield running.address()


def new_library(address: str, name: str, embedder: str | None) -> Library:
    """Return a library in a schema that is empty."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "benchmark_{name}" CASCADE'.encode())
        if embedder:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    return Library(f"{address}&schema=benchmark_{name}", embedder=embedder)


def print_cranfield(folder: Path, address: str, embedder: str | None) -> None:
    """Print the figures of the judged collection."""
    texts, asked, relevant = abstracts(folder), questions(folder), judgments(folder)
    with tempfile.TemporaryDirectory() as temporary:
        places = {
            "folder": Library(temporary, embedder=embedder),
            "server": new_library(address, "cranfield", embedder),
        }
        found: dict[str, list[list[str]]] = {}
        for name, library in places.items():
            library.add(texts)
            found[name] = [
                [hit.name for hit in library.search(asked[number], DEPTH)] for number in relevant
            ]
            gains = [
                ndcg(each, relevant[number])
                for each, number in zip(found[name], relevant, strict=True)
            ]
            print(f"Cranfield, {name}: nDCG@10 {statistics.mean(gains):.4f}", flush=True)
        same = sum(one == other for one, other in zip(*found.values(), strict=True))
        print(f"Cranfield: the first ten are the same for {same} of {len(relevant)} questions")
        print(f"Cranfield: {places['server'].stats()}", flush=True)


def print_times(passages: int, address: str) -> None:
    """Print how long adds and searches take, in turn, so that both meet the same load."""
    texts = {f"text {i}": text_of(1_300, i) for i in range(passages)}
    with tempfile.TemporaryDirectory() as temporary:
        places = {
            "folder": Library(temporary),
            "server": new_library(address, f"{passages}", None),
        }
        times: dict[str, list[float]] = {name: [] for name in places}
        for name, library in places.items():
            seconds = []
            for _ in ("new", "unchanged"):
                start = time.perf_counter()
                library.add(texts)
                seconds.append(time.perf_counter() - start)
            start = time.perf_counter()
            for number in range(20):
                library.add({f"single {number}": text_of(1_300, -number - 1)})
            print(
                f"{passages:,} passages, {name}: {passages / seconds[0]:,.0f} new and "
                f"{passages / seconds[1]:,.0f} unchanged documents a second, "
                f"{1000 * (time.perf_counter() - start) / 20:.0f} ms for an add of one document",
                flush=True,
            )
        for seed in range(SEARCHES):
            for name, library in places.items():
                start = time.perf_counter()
                library.search(question_of(6, seed))
                times[name].append(1000 * (time.perf_counter() - start))
        for name, each in times.items():
            each.sort()
            print(
                f"{passages:,} passages, {name}: search p50 {statistics.median(each):.1f} ms, "
                f"p95 {each[int(0.95 * SEARCHES)]:.1f} ms",
                flush=True,
            )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data_folder", type=Path, help="the folder of the collections")
    parser.add_argument("--address", help="of a server, with a ? in it")
    parser.add_argument("--embedder", default=None, help="as of Library")
    parser.add_argument("--passages", type=int, nargs="*", default=[])
    chosen = parser.parse_args()
    with server(chosen.address) as address:
        if (chosen.data_folder / "cranfield").is_dir():
            print_cranfield(chosen.data_folder / "cranfield", address, chosen.embedder)
        for passages in chosen.passages:
            print_times(passages, address)


if __name__ == "__main__":
    main()
