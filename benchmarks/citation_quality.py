"""How often a citation found after writing points into the passage that people marked.

    python benchmarks/citation_quality.py DATA_FOLDER [EVERY]

With EVERY, each EVERY-th meeting and paper is taken. The folder holds ``qmsum-val/*.json``
(github.com/Yale-LILY/QMSum, data/ALL/val): answers to questions about meetings, each with the turns
that it was written from. All meetings are sources at once, so that a citation can also point into
the wrong meeting. Chance is the marked turns' share of their meeting. Cited without their own
meeting, the answers show how often a citation is found by mistake; so do the answers on one
meeting, cited with another one alone.

Then ``Summary.check`` is measured: the support of sentences in their own source and in another, and
how often it finds that one number of a sentence was replaced. Besides the answers, these are human
summaries of papers (``scisummnet/*``, github.com/WING-NUS/scisumm-corpus, without the abstracts),
and sentences of the papers themselves.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docsum_nb.documents.cite import cite
from docsum_nb.documents.quantities import Quantity, quantities
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.records import Chunk, ChunkSummary, Citation
from docsum_nb.results import Check, CheckedSentence, Summary

_CHUNK_CHARACTERS = 6_000


@dataclass(frozen=True)
class Answer:
    """An answer that a person wrote, and the spans of the meeting it was written from."""

    meeting: str
    text: str
    gold: list[tuple[int, int]]


Cited = tuple[Citation, Answer]


def load(path: Path) -> tuple[list[Chunk], list[Answer]]:
    """Read one meeting as chunks, and its answers."""
    meeting = json.loads(path.read_text())
    turns = [f"{turn['speaker']}: {turn['content']}\n\n" for turn in meeting["meeting_transcripts"]]
    starts = [0]
    for turn in turns:
        starts.append(starts[-1] + len(turn))
    answers = [
        Answer(path.stem, asked["answer"], list(_spans(asked, starts)))
        for asked in meeting["specific_query_list"]
    ]
    return list(_chunks(path.stem, turns)), answers


def _spans(asked: dict[str, Any], starts: list[int]) -> Iterator[tuple[int, int]]:
    last = len(starts) - 1
    for first, final in asked["relevant_text_span"]:
        yield starts[min(int(first), last)], starts[min(int(final) + 1, last)]


def _chunks(name: str, turns: list[str]) -> Iterator[Chunk]:
    text, start, index = "", 0, 0
    for place, turn in enumerate(turns):
        text += turn
        if len(text) >= _CHUNK_CHARACTERS or place == len(turns) - 1:
            yield Chunk(name, index, text, start, start + len(text), len(text) // 4)
            start, index, text = start + len(text), index + 1, ""


def is_right(citation: Citation, answer: Answer) -> bool:
    """Return whether the passage overlaps the spans that people marked."""
    return citation.document == answer.meeting and any(
        citation.source_start < end and start < citation.source_end for start, end in answer.gold
    )


def share(part: float, whole: float) -> str:
    """Return a share with three decimals."""
    return f"{part / max(1, whole):.3f}"


def main(folder: Path, every: int = 1) -> None:
    """Print how many sentences are cited, how many rightly, and what a check finds."""
    paths = sorted(folder.glob("qmsum-val/*.json"))[::every]
    loaded = [load(path) for path in paths]
    pool = [chunk for chunks, _ in loaded for chunk in chunks]
    answers = [answer for _, own in loaded for answer in own if answer.gold]
    lengths = {chunk.document: chunk.end for chunk in pool}
    chance = sum(sum(b - a for a, b in each.gold) / lengths[each.meeting] for each in answers)
    sentences = sum(len(sentence_spans(answer.text)) for answer in answers)
    print(
        f"{len(answers)} answers, {sentences} sentences, {len(pool)} chunks, "
        f"chance {share(chance, len(answers))}"
    )
    started = time.perf_counter()
    tables: dict[str, list[Cited]] = {"everything": [], "alone": [], "strangers": [], "another": []}
    for at, (chunks, own) in enumerate(loaded):
        others = [chunk for chunk in pool if chunk.document != own[0].meeting]
        tables["everything"] += cited(own, pool)
        tables["alone"] += cited(own, chunks)
        tables["strangers"] += cited(own, others)
        tables["another"] += cited(own, loaded[_another(at, loaded)][0])
    print(f"{time.perf_counter() - started:.1f} s for {4 * len(loaded)} texts\n")
    for name, what in _SOURCES.items():
        print(f"{what:28} {_row(tables[name], sentences)}")
    documents = (
        [("\n\n".join(each.text for each in own), chunks) for chunks, own in loaded],
        papers(sorted(folder.glob("scisummnet/*/"))[::every]),
    )
    for name, found in zip(("meetings", "papers"), documents, strict=True):
        print(f"\n{name}: {_support_row(found)}")
        print(f"{name}: numbers: {_number_row(found)}")
    whole = papers(sorted(folder.glob("scisummnet/*/"))[::every], abstracts=True)
    print(f"papers with abstracts: numbers: {_number_row(whole)}")
    print(f"sentences of papers: numbers: {_number_row(list(_quoted(documents[1])))}")


_SOURCES = {
    "everything": "all meetings as sources",
    "alone": "own meeting only",
    "strangers": "without own meeting",
    "another": "another meeting only",
}
Texts = list[tuple[str, list[Chunk]]]
"""Summaries, each with its source."""


def papers(folders: list[Path], *, abstracts: bool = False) -> Texts:
    """Read the human summaries of papers, and the papers, with or without their abstracts."""
    found: Texts = []
    for folder in folders:
        root = ElementTree.parse(folder / f"{folder.name}.xml").getroot()
        taken = ("ABSTRACT", "SECTION") if abstracts else ("SECTION",)
        parts = [" ".join(" ".join(each.itertext()).split()) for each in root if each.tag in taken]
        summary = (folder / f"{folder.name}.scisummnet_human.txt").read_text()
        turns = [f"{part}\n\n" for part in parts if part]
        found.append((summary.partition("\n")[2] or summary, list(_chunks(folder.name, turns))))
    return found


def _another(at: int, texts: Sequence[object]) -> int:
    """Return the place of a text far from another one: those of a series stand together."""
    return (at + len(texts) // 2) % len(texts)


def _quoted(texts: Texts) -> Iterator[tuple[str, list[Chunk]]]:
    """Yield sentences with numbers of each paper as its summary, without their last word."""
    for _, chunks in texts:
        text = "".join(chunk.text for chunk in chunks)
        spans = [
            (a, b)
            for a, b in sentence_spans(text)
            if 60 < b - a < 400 and any(map(is_changed, quantities(text[a:b])))
        ]
        kept = spans[:: max(1, len(spans) // 12)]
        yield "\n\n".join(" ".join(text[a:b].split()[:-1]) for a, b in kept), chunks


def checked(text: str, chunks: list[Chunk]) -> Check:
    """Check a text that is cited as a summary is."""
    summaries = tuple(ChunkSummary(chunk, "", "") for chunk in chunks)
    return Summary(text, "", cite(text, chunks), chunks=summaries).check()


def _support_row(texts: Texts) -> str:
    own = [each.support for text, chunks in texts for each in checked(text, chunks).sentences]
    other = [
        each.support
        for at, (text, _) in enumerate(texts)
        for each in checked(text, texts[_another(at, texts)][1]).sentences
    ]
    ranked = sorted([(value, 1) for value in own] + [(value, 0) for value in other])
    wins, below = 0, 0
    for _, is_own in ranked:
        wins, below = (wins + below, below) if is_own else (wins, below + 1)
    auc = share(wins, len(own) * len(other))
    return f"{len(own)} sentences, support in own and other source: AUC {auc}"


def is_changed(quantity: Quantity) -> bool:
    """Return whether a number is one that is replaced."""
    return bool(quantity.values) and not quantity.counted


def _number_row(texts: Texts) -> str:
    """Replace one number of each sentence that has any; count what is found before and after."""
    chosen = random.Random(1)
    sentences = caught = alarms = cited_true = cited_false = 0
    for text, chunks in texts:
        changed, starts = _with_other_numbers(text, chosen)
        true, false = (sentences_at(checked(each, chunks), starts) for each in (text, changed))
        sentences += len(starts)
        alarms += sum(map(_has_number_finding, true))
        caught += sum(map(_has_number_finding, false))
        cited_true += sum(each.cited for each in true)
        cited_false += sum(each.cited for each in false)
    return (
        f"{sentences} sentences; false alarms {share(alarms, sentences)}, cited "
        f"{share(cited_true, sentences)}; with one number replaced: caught "
        f"{share(caught, sentences)}, cited {share(cited_false, sentences)}"
    )


def _with_other_numbers(text: str, chosen: random.Random) -> tuple[str, list[int]]:
    """Return a text with one number of each sentence replaced, and where these sentences start.

    The text keeps its length.
    """
    changed, starts = text, []
    for start, end in sentence_spans(text):
        numbers = [
            each
            for each in quantities(text[start:end])
            if is_changed(each) and text[start + each.end - 1].isdecimal()
        ]
        if numbers:
            one = chosen.choice(numbers)
            low, high = start + one.start, start + one.end
            changed = changed[:low] + other_number(text[low:high], chosen) + changed[high:]
            starts.append(start)
    return changed, starts


def sentences_at(check: Check, starts: list[int]) -> list[CheckedSentence]:
    """Return the sentences that stand where others stood."""
    return [next(each for each in check.sentences if each.end > start) for start in starts]


def _has_number_finding(sentence: CheckedSentence) -> bool:
    return any(each.kind in ("number", "date") for each in sentence.findings)


def other_number(number: str, chosen: random.Random) -> str:
    """Return another number that looks alike."""
    while True:
        other = "".join(str(chosen.randint(1, 9)) if char.isdecimal() else char for char in number)
        if other != number:
            return other


def cited(own: list[Answer], chunks: list[Chunk]) -> list[Cited]:
    """Cite all the answers on a meeting as one text, as a summary is cited."""
    text = "\n\n".join(answer.text for answer in own)
    owners = [answer for answer in own for _ in range(len(answer.text) + 2)]
    return [(citation, owners[citation.start]) for citation in cite(text, chunks)]


def _row(table: list[Cited], sentences: int) -> str:
    meeting = sum(citation.document == answer.meeting for citation, answer in table)
    right = sum(is_right(*each) for each in table)
    return (
        f"cited {share(len(table), sentences)}   of its meeting {share(meeting, len(table))}"
        f"   in the marked turns {share(right, len(table))}"
    )


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python benchmarks/citation_quality.py DATA_FOLDER [EVERY]")
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
