"""How well a library finds what is relevant, beside bm25s in the same run, and how fast.

    python -m benchmarks.retrieval DATA_FOLDER [--embedder local] [--passages 1000 10000]

``DATA_FOLDER`` has a folder for each collection: ``cranfield`` in TREC form (1,400 abstracts, 225
questions, judged by hand), ``qmsum-val`` (37 meetings with summaries) and ``scisummnet`` (papers
with summaries). Of Cranfield: nDCG@10 and recall@100. Of the others: how often a summary finds the
document that it was written of, among all of them, in the first place and in the first ten; as a
question and as a text (``Library.related``). bm25s is measured if it is installed, with PyStemmer:
``pip install bm25s PyStemmer``; with an embedder, also fused with its vectors by reciprocal rank.
``--passages`` measures made-up texts: time of adds and searches, disk and memory. Times of searches
are CPU time, of adds as well: the clock of a shared machine says little.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.library_size import question_of, size_of, text_of
from docsum_nb.library import Library

DEPTH, RECALL = 10, 100
Search = Callable[[str, int], list[str]]


def abstracts(folder: Path) -> dict[str, str]:
    """Return the text of each abstract, its title included, by number."""
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
    """Return the questions; the judgments count them from 1 in the order of the file."""
    markup = (folder / "cran.qry.xml").read_text(encoding="utf-8")
    titles = re.findall(r"<title>(.*?)</title>", markup, flags=re.DOTALL)
    return {str(number): " ".join(title.split()) for number, title in enumerate(titles, start=1)}


def judgments(folder: Path) -> dict[str, dict[str, int]]:
    """Return which abstracts are relevant to which question, and how much."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "cranqrel.trec.txt").read_text(encoding="utf-8").splitlines():
        question, _, document, grade = line.split()
        found[question][document] = max(0, int(grade))
    return dict(found)


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Return nDCG at the benchmark's depth."""
    gained = sum(relevant.get(name, 0) / math.log2(i + 2) for i, name in enumerate(ranking[:DEPTH]))
    best = sorted(relevant.values(), reverse=True)[:DEPTH]
    possible = sum(grade / math.log2(i + 2) for i, grade in enumerate(best))
    return gained / possible if possible else 0.0


def recall(ranking: Sequence[str], relevant: Mapping[str, int]) -> float:
    """Return the share of the relevant documents that are among the first hundred."""
    wanted = {name for name, grade in relevant.items() if grade > 0}
    return len(wanted & set(ranking[:RECALL])) / len(wanted) if wanted else 1.0


def meetings(folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the transcripts of QMSum, and each summary of a whole meeting with its name."""
    texts, summaries = {}, []
    for file in sorted(folder.glob("*.json")):
        meeting = json.loads(file.read_text(encoding="utf-8"))
        turns = meeting["meeting_transcripts"]
        texts[file.stem] = "\n".join(f"{turn['speaker']}: {turn['content']}" for turn in turns)
        summaries += [(file.stem, each["answer"]) for each in meeting["general_query_list"]]
    return texts, summaries


def papers(folder: Path) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the papers of SciSummNet without their abstracts, and the summaries by people."""
    texts, summaries = {}, []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        markup = (place / f"{place.name}.xml").read_text(encoding="utf-8", errors="replace")
        markup = re.sub(r"<ABSTRACT.*?</ABSTRACT>", " ", markup, flags=re.DOTALL)
        texts[place.name] = re.sub(r"<[^>]{1,200}>", "", markup)
        summary = place / f"{place.name}.scisummnet_human.txt"
        summaries.append((place.name, summary.read_text(encoding="utf-8", errors="replace")))
    return texts, summaries


def bm25s_search(texts: Mapping[str, str]) -> Search | None:
    """Return the search of bm25s with stop words and English stems; ``None`` if not installed."""
    try:
        import bm25s
        import Stemmer
    except ImportError:
        return None
    stemmer, names = Stemmer.Stemmer("english"), [*texts]

    def tokens(given: list[str]) -> Any:
        return bm25s.tokenize(given, stopwords="en", stemmer=stemmer, show_progress=False)

    index = bm25s.BM25()
    index.index(tokens([*texts.values()]), show_progress=False)

    def search(query: str, k: int) -> list[str]:
        most = min(k, len(names))
        found, scores = index.retrieve(tokens([query]), k=most, show_progress=False)
        return [names[i] for i, score in zip(found[0], scores[0], strict=True) if score > 0]

    return search


def vector_search(texts: Mapping[str, str]) -> Search:
    """Return a search by the vectors of MiniLM of whole texts."""
    from docsum_nb.library.minilm import minilm

    names, model = [*texts], minilm()
    vectors = model.embed([*texts.values()])

    def search(query: str, k: int) -> list[str]:
        return [names[i] for i in np.argsort(-(vectors @ model.embed([query])[0]))[:k]]

    return search


def by_reciprocal_rank(one: Search, other: Search) -> Search:
    """Return a search that fuses two with the constant 60."""

    def search(query: str, k: int) -> list[str]:
        scores: defaultdict[str, float] = defaultdict(float)
        for each in (one, other):
            for rank, name in enumerate(each(query, 100), start=1):
                scores[name] += 1 / (60 + rank)
        return sorted(scores, key=lambda name: -scores[name])[:k]

    return search


def print_cranfield(folder: Path, embedder: str | None) -> None:
    """Print the figures of the judged collection."""
    texts, asked, relevant = abstracts(folder), questions(folder), judgments(folder)
    with tempfile.TemporaryDirectory() as temporary:
        searches: dict[str, Search | None] = {"bm25s": bm25s_search(texts)}
        searches["library, words"] = library_search(Path(temporary) / "words", texts, None)
        if embedder:
            both = library_search(Path(temporary) / "both", texts, embedder)
            searches["library, words and vectors"] = both
            if (words := searches["bm25s"]) and embedder == "local":
                searches["bm25s and MiniLM"] = by_reciprocal_rank(words, vector_search(texts))
        for name, search in searches.items():
            if search is None:
                print(f"{name}: not installed")
                continue
            search("warm", 1)
            runs, times = {}, []
            for number in relevant:
                start = time.thread_time()
                runs[number] = search(asked[number], RECALL)
                times.append(1000 * (time.thread_time() - start))
            times.sort()
            gain = statistics.mean(ndcg(runs[number], relevant[number]) for number in relevant)
            found = statistics.mean(recall(runs[number], relevant[number]) for number in relevant)
            print(
                f"Cranfield, {name}: nDCG@10 {gain:.3f}, recall@100 {found:.3f}, "
                f"{statistics.median(times):.1f} ms of CPU time for 100 hits, 95 % within "
                f"{times[int(0.95 * len(times))]:.1f} ms",
                flush=True,
            )


def library_search(folder: Path, texts: dict[str, str], embedder: str | None) -> Search:
    """Return the search of a library that is filled with the texts."""
    library = Library(folder, **({"embedder": embedder} if embedder else {}))
    library.add(texts)
    return lambda query, k: [hit.name for hit in library.search(query, k)]


def print_sources(
    name: str, texts: dict[str, str], summaries: list[tuple[str, str]], embedder: str | None
) -> None:
    """Print how often a summary finds its own source."""
    with tempfile.TemporaryDirectory() as temporary:
        library = Library(
            Path(temporary) / "library", **({"embedder": embedder} if embedder else {})
        )
        library.add(texts)
        searches = {
            "bm25s": bm25s_search(texts),
            "library, as a question": lambda query, k: [h.name for h in library.search(query, k)],
            "library, as a text": lambda query, k: [h.name for h in library.related(query, k)],
        }
        for which, search in searches.items():
            if search is None:
                continue
            ranks = [search(summary, DEPTH) for _, summary in summaries]
            first = sum(each[:1] == [own] for each, (own, _) in zip(ranks, summaries, strict=True))
            ten = sum(own in each for each, (own, _) in zip(ranks, summaries, strict=True))
            print(
                f"{name}, {len(texts)} documents, {len(summaries)} summaries, {which}: "
                f"hit@1 {first / len(summaries):.3f}, hit@10 {ten / len(summaries):.3f}",
                flush=True,
            )


def print_size(passages: int) -> None:
    """Print what a library of made-up texts, each of one passage, costs."""
    texts = {f"text {i}": text_of(1_300, i) for i in range(passages)}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "library"
        library = Library(folder)
        seconds = []
        for _ in ("new", "unchanged"):
            start = time.process_time()
            library.add(texts)
            seconds.append(time.process_time() - start)
        times, spent = [], []
        for seed in range(60):
            start, used = time.perf_counter(), time.process_time()
            library.search(question_of(6, seed))
            times.append(1000 * (time.perf_counter() - start))
            spent.append(1000 * (time.process_time() - used))
        times.sort()
        spent.sort()
        text = sum(map(len, texts.values()))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"{passages:,} passages: {passages / seconds[0]:,.0f} new and "
            f"{passages / seconds[1]:,.0f} unchanged documents a second of CPU time, search p50 "
            f"{statistics.median(spent):.1f} ms, p95 {spent[56]:.1f} ms of CPU time "
            f"({statistics.median(times):.1f} and {times[56]:.1f} ms by the clock), disk "
            f"{size_of(folder) / text:.2f} times the text, memory at most {memory} MB",
            flush=True,
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data_folder", type=Path, help="the folder of the collections")
    parser.add_argument("--embedder", default=None, help="as of Library: local, or a model's name")
    parser.add_argument("--passages", type=int, nargs="*", default=[])
    chosen = parser.parse_args()
    folder = chosen.data_folder
    if (folder / "cranfield").is_dir():
        print_cranfield(folder / "cranfield", chosen.embedder)
    for name, read in (("qmsum-val", meetings), ("scisummnet", papers)):
        if (folder / name).is_dir():
            print_sources(name, *read(folder / name), chosen.embedder)
    for passages in chosen.passages:
        print_size(passages)


if __name__ == "__main__":
    main()
