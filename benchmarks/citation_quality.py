"""How often a citation found after writing points into the passage that people marked.

    python benchmarks/citation_quality.py DATA_FOLDER

The folder holds ``qmsum-val/*.json`` (github.com/Yale-LILY/QMSum, data/ALL/val): answers to
questions about meetings, each with the turns that it was written from. All meetings are sources at
once, so that a citation can also point into the wrong meeting. Chance is the marked turns' share of
their meeting. Cited without their own meeting, the answers show how often a citation is found by
mistake.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docsum_nb.documents.cite import cite
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.records import Chunk, Citation

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


def _share(part: float, whole: float) -> str:
    return f"{part / max(1, whole):.3f}"


def main(folder: Path) -> None:
    """Print how many sentences are cited, and how many of the citations are right."""
    loaded = [load(path) for path in sorted(folder.glob("qmsum-val/*.json"))]
    pool = [chunk for chunks, _ in loaded for chunk in chunks]
    answers = [answer for _, own in loaded for answer in own if answer.gold]
    lengths = {chunk.document: chunk.end for chunk in pool}
    chance = sum(sum(b - a for a, b in each.gold) / lengths[each.meeting] for each in answers)
    sentences = sum(len(sentence_spans(answer.text)) for answer in answers)
    print(
        f"{len(answers)} answers, {sentences} sentences, {len(pool)} chunks, "
        f"chance {_share(chance, len(answers))}"
    )
    started = time.perf_counter()
    everything: list[Cited] = []
    alone: list[Cited] = []
    strangers: list[Cited] = []
    for chunks, own in loaded:
        others = [chunk for chunk in pool if chunk.document != own[0].meeting]
        everything += cited(own, pool)
        alone += cited(own, chunks)
        strangers += cited(own, others)
    print(f"{time.perf_counter() - started:.1f} s for {3 * len(loaded)} texts")
    print("\nscore   all meetings as sources         own meeting only       without own meeting")
    print("from    cited   meeting   in the turns   cited   in the turns   cited, all wrongly")
    for floor in (0.4, 0.5, 0.6, 0.7, 0.8):
        print(f"{floor}     {_row(floor, everything, alone, strangers)}")


def cited(own: list[Answer], chunks: list[Chunk]) -> list[Cited]:
    """Cite all the answers on a meeting as one text, as a summary is cited."""
    text = "\n\n".join(answer.text for answer in own)
    owners = [answer for answer in own for _ in range(len(answer.text) + 2)]
    return [(citation, owners[citation.start]) for citation in cite(text, chunks)]


def _row(floor: float, *tables: list[Cited]) -> str:
    everything, alone, strangers = ([c for c in table if c[0].score >= floor] for table in tables)
    meeting = sum(citation.document == answer.meeting for citation, answer in everything)
    right, right_alone = (sum(is_right(*each) for each in kept) for kept in (everything, alone))
    return (
        f"{len(everything):5}   {_share(meeting, len(everything)):>7}"
        f"   {_share(right, len(everything)):>12}   {len(alone):5}"
        f"   {_share(right_alone, len(alone)):>12}   {len(strangers):18}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python benchmarks/citation_quality.py DATA_FOLDER")
    main(Path(sys.argv[1]))
