"""Sentences of a source that a summary rests on, to be sent to a merge beside the summary.

Merging compounds what summaries got wrong; with sentences of the text beside them, the model that
merges can check names, numbers and conditions (Ou & Lapata 2025, "Context-Aware Hierarchical
Merging for Long Document Summarization"). They are found by the words that they share with the
summary, weighted by how rare these are in the text, each word counted once over all sentences.

Invariant: each sentence is in the text, but for white space. Equal texts give equal sentences.
Refuses nothing: a summary that shares no word with its text has no evidence.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words

__all__ = ["clipped_to", "evidence_for", "with_evidence"]

_MOST = 4
"""Sentences beside one summary."""
_LEAST_WORDS, _MOST_CHARS = 5, 600
_LEAST_SHARED = 2
"""Content words that a sentence shares with the summary."""
_INTRODUCTION = "Quoted from the text:"
_REMEMBERED = 256  # texts whose sentences are kept between the merges of a run


@lru_cache(_REMEMBERED)
def _sentences(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    found = []
    for start, end in sentence_spans(text):
        sentence = " ".join(text[start:end].split())
        terms = [word for word in words(sentence) if word not in STOP_WORDS]
        if len(terms) >= _LEAST_WORDS and len(sentence) <= _MOST_CHARS:
            found.append((sentence, frozenset(terms)))
    return tuple(dict.fromkeys(found))


def evidence_for(summary: str, sources: Sequence[str]) -> tuple[str, ...]:
    """Return the sentences that a summary rests on most, in the order of the sources.

    Args:
        summary: A summary.
        sources: What it is a summary of, or sentences of that.
    """
    found = [each for text in sources for each in _sentences(text)]
    asked = {word for word in words(summary) if word not in STOP_WORDS}
    shared = [(terms & asked) for _, terms in found]
    frequency = Counter(word for each in shared for word in each)
    weights = {word: math.log(1 + len(found) / times) for word, times in frequency.items()}
    left = {at: each for at, each in enumerate(shared) if len(each) >= _LEAST_SHARED}
    chosen: list[int] = []
    while left and len(chosen) < _MOST:
        gains = {at: sum(weights[word] for word in sorted(each)) for at, each in left.items()}
        best = max(gains, key=lambda at: (gains[at], -at))
        if gains[best] <= 0:
            break
        chosen.append(best)
        held = left.pop(best)
        left = {at: each - held for at, each in left.items() if len(each - held) >= _LEAST_SHARED}
    return tuple(found[at][0] for at in sorted(chosen))


def with_evidence(
    summary: str, evidence: Sequence[str], *, most: int, count: Callable[[str], int]
) -> str:
    """Return a summary with as much of its evidence below it as has ``most`` tokens."""
    held: list[str] = []
    for sentence in evidence:
        lines = "\n".join(["", "", _INTRODUCTION, *(f"- {each}" for each in (*held, sentence))])
        if count(lines) + 2 <= most:  # joined to another text, its first tokens may differ
            held.append(sentence)
    if not held:
        return summary
    return "\n".join([summary, "", _INTRODUCTION, *(f"- {each}" for each in held)])


def clipped_to(text: str, most: int, count: Callable[[str], int]) -> str:
    """Return the end of a text, from the start of a word, that has at most ``most`` tokens."""
    while text and count(text) > most:
        _, _, text = text[len(text) // 4 + 1 :].partition(" ")
    return text
