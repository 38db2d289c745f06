"""How well a library finds what is relevant, and how fast: the Cranfield collection.

    python benchmarks/library_quality.py DATA_FOLDER

The folder holds the collection in TREC form: ``cran.all.1400.xml``, ``cran.qry.xml`` and
``cranqrel.trec.txt`` (1,400 abstracts, 225 questions, judged by hand). Prints nDCG@10 over all
questions that have a judgment, the time to fill the library and the time of a search.
"""

from __future__ import annotations

import argparse
import math
import re
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from docsum_nb.library import Library

DEPTH = 10


def documents(folder: Path) -> dict[str, str]:
    """Read title and text of each abstract, by number."""
    markup = (folder / "cran.all.1400.xml").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for part in re.findall(r"<doc>(.*?)</doc>", markup, flags=re.DOTALL):
        number = re.search(r"<docno>\s*(\d+)", part)
        text = re.search(r"<text>(.*?)</text>", part, flags=re.DOTALL)
        # One abstract of the collection is empty, and there is nothing in it to find.
        if number and text and text[1].strip():
            found[number[1]] = text[1].strip()
    return found


def questions(folder: Path) -> dict[str, str]:
    """Read the questions; the judgments count them from 1 in the order of the file."""
    markup = (folder / "cran.qry.xml").read_text(encoding="utf-8")
    titles = re.findall(r"<title>(.*?)</title>", markup, flags=re.DOTALL)
    return {str(number): " ".join(title.split()) for number, title in enumerate(titles, start=1)}


def judgments(folder: Path) -> dict[str, dict[str, int]]:
    """Read which abstracts are relevant to which question, and how much."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "cranqrel.trec.txt").read_text(encoding="utf-8").splitlines():
        question, _, document, grade = line.split()
        found[question][document] = max(0, int(grade))
    return dict(found)


def ndcg(ranking: list[str], relevant: dict[str, int]) -> float:
    """Compute nDCG at the benchmark's depth."""
    gained = sum(relevant.get(name, 0) / math.log2(i + 2) for i, name in enumerate(ranking[:DEPTH]))
    best = sorted(relevant.values(), reverse=True)[:DEPTH]
    possible = sum(grade / math.log2(i + 2) for i, grade in enumerate(best))
    return gained / possible if possible else 0.0


def main() -> None:
    """Fill a library, ask every question, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data_folder", type=Path, help="the folder with the collection")
    folder = parser.parse_args().data_folder
    with tempfile.TemporaryDirectory() as temporary:
        library = Library(Path(temporary) / "library")
        Library(Path(temporary) / "warm-up").add({"one": "Loads the database."})
        began = time.perf_counter()
        added = library.add(documents(folder))
        filled = time.perf_counter() - began
        asked, relevant = questions(folder), judgments(folder)
        scores, seconds = [], []
        for number, grades in relevant.items():
            began = time.perf_counter()
            hits = library.search(asked[number], k=DEPTH)
            seconds.append(time.perf_counter() - began)
            scores.append(ndcg([hit.name for hit in hits], grades))
    print(f"{added.added} documents, {added.passages} passages, added in {filled:.2f} s")
    print(f"nDCG@{DEPTH} {statistics.mean(scores):.3f} over {len(scores)} questions")
    median, slowest = statistics.median(seconds) * 1000, max(seconds) * 1000
    print(f"search: median {median:.1f} ms, slowest {slowest:.1f} ms")


if __name__ == "__main__":
    main()
