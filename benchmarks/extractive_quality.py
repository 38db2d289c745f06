"""ROUGE of the extractive model beside lead, random and a greedy oracle.

    python benchmarks/extractive_quality.py DATA_FOLDER

The folder holds ``qmsum-val/*.json`` (github.com/Yale-LILY/QMSum, data/ALL/val) and
``scisummnet/*/*.xml`` (github.com/WING-NUS/scisumm-corpus); a missing set is skipped.
All rows have the same budget of words, the mean length of the references of the field's tables.
"""

from __future__ import annotations

import html
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docsum_nb.documents.prose import prose_sentences
from docsum_nb.models.candidates import Vocabulary, candidates
from docsum_nb.models.extractive import Extractive
from docsum_nb.models.lexrank import lexrank, tf_idf
from docsum_nb.records import Request

_METRICS = ["rouge1", "rouge2", "rougeLsum"]
_CHUNK_PARAGRAPHS = 100


@dataclass(frozen=True)
class Case:
    """One document with its reference summaries."""

    text: str
    references: list[str]
    question: str | None = None


def meetings(folder: Path) -> Iterator[Case]:
    """Read QMSum's transcripts with the summaries of the whole meeting."""
    for path in sorted(folder.glob("qmsum-val/*.json")):
        meeting = json.loads(path.read_text())
        yield Case(transcript(meeting), [q["answer"] for q in meeting["general_query_list"]])


def questions(folder: Path) -> Iterator[Case]:
    """Read every third of QMSum's specific questions."""
    for path in sorted(folder.glob("qmsum-val/*.json")):
        meeting = json.loads(path.read_text())
        for asked in meeting["specific_query_list"][::3]:
            yield Case(transcript(meeting), [asked["answer"]], asked["query"])


def transcript(meeting: dict[str, Any]) -> str:
    """Write a meeting as a reader would get it: a paragraph for each turn."""
    turns = meeting["meeting_transcripts"]
    return "\n\n".join(f"{turn['speaker']}: {turn['content']}" for turn in turns)


def papers(folder: Path) -> Iterator[Case]:
    """Read SciSummNet's papers without their abstracts, with the summaries that people wrote."""
    for path in sorted(folder.glob("scisummnet/*/*.xml")):
        blocks: list[str] = []
        for part in ElementTree.fromstring(path.read_text(errors="replace")):
            if part.tag == "ABSTRACT":
                continue
            title = part.text if part.tag == "S" else part.get("title", "Abstract")
            blocks.append(f"## {(title or '').strip()}" if blocks else f"# {(title or '').strip()}")
            blocks.append(" ".join(each.text or "" for each in part.iter("S")))
        reference = path.with_name(f"{path.parent.name}.scisummnet_human.txt")
        yield Case(html.unescape("\n\n".join(blocks)), [reference.read_text(errors="replace")])


@cache
def sentences_of(text: str) -> list[str]:
    """Return the sentences of a document's prose."""
    return [sentence.text for sentence in prose_sentences(text)]


def filled(sentences: list[str], budget: int) -> str:
    """Return the first sentences, in order, that fit the budget."""
    taken: list[str] = []
    for sentence in sentences:
        budget -= len(sentence.split())
        if budget < 0:
            break
        taken.append(sentence)
    return "\n".join(taken)


def lead(case: Case, budget: int) -> str:
    """Return the beginning of the document."""
    return filled(sentences_of(case.text), budget)


def shuffled(case: Case, budget: int) -> str:
    """Return random sentences."""
    sentences = sentences_of(case.text)
    return filled(random.Random(7).sample(sentences, len(sentences)), budget)


def oracle(case: Case, budget: int) -> str:
    """Return sentences chosen greedily for the first reference: close to the upper bound."""
    sentences = sentences_of(case.text)
    bags = [Counter(re.findall(r"\w+", sentence.lower())) for sentence in sentences]
    wanted = Counter(re.findall(r"\w+", case.references[0].lower()))
    taken: list[int] = []
    while True:
        fits = [i for i, text in enumerate(sentences) if len(text.split()) <= budget]
        gains = [((bags[i] & wanted).total() / max(6, bags[i].total()), i) for i in fits]
        gain, best = max(gains, default=(0.0, -1))
        if gain <= 0:
            return "\n".join(sentences[i] for i in sorted(taken))
        taken.append(best)
        wanted -= bags[best]
        budget -= len(sentences[best].split())


def ours(case: Case, budget: int) -> str:
    """Summarize with the extractive model, the whole document at once."""
    request = Request("", "", case.text, budget, 4 * budget, case.question)
    return _by_line(Extractive().answer(request).text)


def central(case: Case, budget: int) -> str:
    """Return the most central sentences by LexRank alone, in order."""
    found = candidates([("", prose_sentences(case.text))], Vocabulary())
    scores = lexrank(tf_idf([each.terms for each in found]))
    return fitting([each.text for each in found], scores.argsort()[::-1].tolist(), budget)


def fitting(sentences: list[str], ranked: list[int], budget: int) -> str:
    """Return the highest ranked sentences that fit the budget, in the document's order."""
    taken: list[int] = []
    for place in ranked:
        if (length := len(sentences[place].split())) <= budget:
            taken.append(place)
            budget -= length
    return "\n".join(sentences[place] for place in sorted(taken))


def by_chunks(case: Case, budget: int) -> str:
    """Summarize each chunk, then the chunks' summaries, as a language model does."""
    paragraphs = case.text.split("\n\n")
    chunks = [
        "\n\n".join(paragraphs[i : i + _CHUNK_PARAGRAPHS])
        for i in range(0, len(paragraphs), _CHUNK_PARAGRAPHS)
    ]
    parts = [ours(Case(chunk, [], case.question), budget) for chunk in chunks if chunk.strip()]
    labelled = "\n\n".join(f"## chunk {i}\n\n{part}" for i, part in enumerate(parts))
    request = Request("", "", labelled, budget, 4 * budget, case.question, syntax="summaries")
    return _by_line(Extractive().answer(request).text)


def unquestioned(case: Case, budget: int) -> str:
    """Summarize without the question."""
    return ours(Case(case.text, []), budget)


def _by_line(text: str) -> str:
    return re.sub(r"(?<=[.!?])\s+", "\n", text)


def measure(cases: list[Case], budget: int, method: Callable[[Case, int], str]) -> str:
    """Score one method: mean ROUGE F1 of the best of each case's references, and its time."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(_METRICS, use_stemmer=True)
    started = time.perf_counter()
    answers = [method(case, budget) for case in cases]
    spent = (time.perf_counter() - started) / len(cases)
    rows = [
        max(
            [scorer.score(_by_line(reference), answer)[name].fmeasure for name in _METRICS]
            for reference in case.references
        )
        for case, answer in zip(cases, answers, strict=True)
    ]
    means = [100 * sum(column) / len(rows) for column in zip(*rows, strict=True)]
    return f"{'/'.join(f'{mean:.1f}' for mean in means):>16}  {1000 * spent:7.1f} ms"


def main(folder: Path) -> None:
    """Print a table for each set."""
    shared = {
        "lead": lead,
        "random": shuffled,
        "lexrank": central,
        "extractive": ours,
        "by chunks": by_chunks,
    }
    sets: list[tuple[str, Callable[[Path], Iterator[Case]], int, dict[str, Any]]] = [
        ("QMSum val, whole meeting", meetings, 110, {}),
        ("QMSum val, questions", questions, 65, {"no question": unquestioned}),
        ("SciSummNet without abstracts", papers, 144, {}),
    ]
    for title, read, budget, more in sets:
        cases = list(read(folder))
        if not cases:
            continue
        length = sum(len(case.text.split()) for case in cases) // len(cases)
        print(f"\n{title}: {len(cases)} x {length} words, {budget} asked; ROUGE-1/2/Lsum F1")
        for name, method in (shared | more | {"oracle": oracle}).items():
            print(f"{name:12}{measure(cases, budget, partial(method))}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/extractive_quality.py DATA_FOLDER")
    main(Path(sys.argv[1]))
