"""Quality of the default model on open data, by the package's own measures: one table for a set.

    python -m benchmarks.quality DATA_FOLDER

The folder is as for ``extractive_quality.py``, with ``cranfield/`` beside it (cran.all.1400.xml,
cran.qry.xml, cranqrel.trec.txt); a missing set is skipped. To compare with an earlier version, run
it there as well: only ``docsum_nb.evaluation`` has to exist, and may be copied.

LEAD, random sentences, LexRank of this package alone (without filter, lead or redundancy), LexRank
of sumy (an environment of its own, see ``sumy_lexrank.py``) and
``ds.summarize`` itself. All choose from the same sentences, but the last, which reads the text.
On the first documents of each set, its text is compared with that of the model alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import docsum_nb as ds
from benchmarks import extractive_quality as sets
from benchmarks import sumy_lexrank
from docsum_nb.evaluation import rouge

_COMPARED = 20  # documents of a set, whose texts are compared with the model's own


@cache
def _sumy() -> subprocess.Popen[str]:
    return sumy_lexrank.start()


@cache
def _sumy_ranked(text: str) -> tuple[list[str], list[int]]:
    sentences = sets.sentences_of(text)
    return sentences, sumy_lexrank.ranked(_sumy(), sentences)


def sumy(case: sets.Case, budget: int) -> str:
    """Return the most central sentences by sumy's LexRank, in order."""
    return sets.fitting(*_sumy_ranked(case.text), budget)


def summarized(case: sets.Case, budget: int) -> str:
    """Summarize as a user does, with the default model."""
    run = ds.summarize({"text": case.text}, length=budget, question=case.question, ledger=False)
    return run.result().text


_METHODS = {
    "lead": sets.lead,
    "random": sets.shuffled,
    "lexrank": sets.central,
    "sumy": sumy,
    "extractive": summarized,
}
_SETS: dict[str, tuple[Callable[[Path], Iterator[sets.Case]], int]] = {
    "QMSum val, questions": (sets.questions, 65),
    "QMSum val, whole meeting": (sets.meetings, 110),
    "SciSummNet without abstracts": (sets.papers, 144),
}


def summaries(folder: Path) -> None:
    """Print ROUGE-1/2/Lsum F1, the words written over those asked for, and the time."""
    for title, (read, budget) in _SETS.items():
        cases = list(read(folder))
        if not cases:
            continue
        print(f"\n{title}: {len(cases)} documents, {budget} words asked for")
        for name, method in _METHODS.items():
            started = time.perf_counter()
            texts = [method(case, budget) for case in cases]
            spent = 1000 * (time.perf_counter() - started) / len(cases)
            found = [rouge(t, c.references) for t, c in zip(texts, cases, strict=True)]
            means = [
                100 * sum(values) / len(cases)
                for values in zip(*((f.rouge1, f.rouge2, f.rouge_l) for f in found), strict=True)
            ]
            length = sum(len(text.split()) for text in texts) / budget / len(cases)
            shown = " / ".join(f"{mean:.2f}" for mean in means)
            print(f"{name:12}{shown}   length {length:.2f}   {spent:.0f} ms", flush=True)
        # The last method is ``ds.summarize``.
        compared = cases[:_COMPARED]
        same = sum(
            text.split() == sets.ours(case, budget).split()
            for text, case in zip(texts, compared, strict=False)
        )
        print(f"summarize gives the text of the model alone for {same} of {len(compared)}")


def search(folder: Path) -> None:
    """Print the mean nDCG of the first ten hits of the library on Cranfield."""
    texts = (folder / "cran.all.1400.xml").read_text(errors="replace")
    documents = {
        number.strip(): f"{title.strip()}\n\n{text.strip()}"
        for number, title, text in re.findall(
            r"(?s)<docno>(.*?)</docno>.*?<title>(.*?)</title>.*?<text>(.*?)</text>", texts
        )
        if text.strip()
    }
    asked = (folder / "cran.qry.xml").read_text(errors="replace")
    queries = re.findall(r"(?s)<title>(.*?)</title>", asked)
    judged: dict[str, dict[str, float]] = {}
    for line in (folder / "cranqrel.trec.txt").read_text().splitlines():
        number, _, document, grade = line.split()[:4]
        if int(grade) > 0 and document in documents:
            judged.setdefault(" ".join(queries[int(number) - 1].split()), {})[document] = 1.0
    with tempfile.TemporaryDirectory() as place:
        library = ds.Library(place)
        library.add(documents)
        found = ds.evaluate_library(library, judged)
    print(f"\nCranfield: {len(documents)} documents, {len(judged)} queries: nDCG@10 {found:.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.quality DATA_FOLDER")
    summaries(Path(sys.argv[1]))
    if (Path(sys.argv[1]) / "cranfield").is_dir():
        search(Path(sys.argv[1]) / "cranfield")
