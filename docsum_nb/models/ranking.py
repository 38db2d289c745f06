"""How much each sentence of some texts is worth in a summary of them.

Decides by three kinds of task. Sentences of a text are scored by LexRank (Erkan & Radev 2004) with
a bonus for what stands first in its text. In a transcript, which leads with nothing, frequent words
and pairs of words count instead, each once (Gillick & Favre 2009, "A Scalable Global Model for
Summarization"). With a question, BM25 (Robertson & Zaragoza 2009) over stems decides, smoothed over
the sentences around: an answer rarely repeats the words of its question; in a transcript, beside
frequent words.

Equal sentences in equal order have equal scores. Refuses nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from docsum_nb.models.candidates import Candidate
from docsum_nb.models.lexrank import TfIdf, lexrank, tf_idf

if TYPE_CHECKING:
    from docsum_nb.models.lexrank import Vector

__all__ = ["Coverage", "Ranking", "rank", "relevance"]

# Chosen on QMSum (validation) and SciSummNet: benchmarks/extractive_quality.py.
_LEAD = 0.5
_LEAD_SENTENCES = 20  # the bonus falls by 1/e over this number of candidates
_CENTRALITY = 0.3  # of a transcript, beside coverage
_LEAD_OF_TRANSCRIPT = 0.4
_COVERAGE = 1.6
_LEAST_FREQUENT = 3  # sentences that hold a word or a pair before it counts
_SHORTNESS = 0.3  # power of the length that the weight of new words is divided by
_RELEVANCE = 0.8  # of the likeness to a question, beside centrality
_RELEVANCE_OF_TURNS = 1.6  # of the likeness to a question in a transcript
_COVERAGE_OF_ANSWERS = 0.8  # there, beside it
_FOCUS = 0.6  # of the likeness to what is to be dwelt on, beside all else
_AROUND = (0.5, 0.25)  # weight of the sentences before and after
_K1, _B = 0.9, 0.4


@dataclass(frozen=True)
class Ranking:
    """Scores of candidates."""

    matrix: TfIdf
    scores: Vector
    coverage: float = 0.0
    """The weight of the words that a selection does not hold yet, see ``Coverage``; 0 for none."""

    def only(self, kept: Sequence[int]) -> Ranking:
        """Return the scores of some of the candidates, by their indexes in ascending order."""
        return Ranking(self.matrix.only(kept), self.scores[kept], self.coverage)


def rank(
    pool: Sequence[Candidate],
    *,
    relevant: Vector | None,
    focused: Vector | None = None,
    transcript: bool,
) -> Ranking:
    """Score candidates.

    Args:
        pool: The candidates.
        relevant: How relevant each is to the question, from 0 to 1; ``None`` without one.
        focused: How relevant each is to what is to be dwelt on; ``None`` without it.
        transcript: Whether they are what people said in turn.
    """
    ranking = _ranked(pool, relevant=relevant, transcript=transcript)
    if focused is None:
        return ranking
    return replace(ranking, scores=ranking.scores + _FOCUS * focused)


def _ranked(pool: Sequence[Candidate], *, relevant: Vector | None, transcript: bool) -> Ranking:
    matrix = tf_idf([each.terms for each in pool])
    central = lexrank(matrix)
    if relevant is not None and transcript:
        scores = _RELEVANCE_OF_TURNS * relevant + _CENTRALITY * central
        return Ranking(matrix, scores, _COVERAGE_OF_ANSWERS)
    if relevant is not None:
        return Ranking(matrix, _RELEVANCE * relevant + (1 - _RELEVANCE) * central)
    if transcript:
        scores = _CENTRALITY * central + _LEAD_OF_TRANSCRIPT * _lead(pool)
        return Ranking(matrix, scores, _COVERAGE)
    return Ranking(matrix, central + _LEAD * _lead(pool))


def relevance(found: Sequence[Candidate], asked: Mapping[int, str]) -> Vector | None:
    """Return how relevant sentences are to a question, the most relevant 1.

    Args:
        found: All sentences, in order.
        asked: The words that are like those of the question, with their stems.

    Returns:
        ``None`` if no word of the question is in the sentences.
    """
    import numpy as np

    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for index, each in enumerate(found):
        for term in each.terms:
            if (stem := asked.get(term)) is not None:
                counts[stem][index] += 1
    lengths = np.array([len(each.terms) for each in found], dtype=float)
    norms = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1e-9))
    scores = np.zeros(len(found))
    for _, times in sorted(counts.items()):
        at = np.array(list(times), dtype=np.intp)
        often = np.array(list(times.values()), dtype=float)
        rarity = np.log(1 + (len(found) - len(at) + 0.5) / (len(at) + 0.5))
        scores[at] += rarity * often * (_K1 + 1) / (often + norms[at])
    smooth = _smoothed(scores, np.array([each.source for each in found]))
    top = float(smooth.max(initial=0.0))
    return smooth / top if top > 0 else None


def _smoothed(scores: Vector, source: Vector) -> Vector:
    """Add to each score a share of those around it in the same text."""
    smooth = scores.copy()
    for distance, weight in enumerate(_AROUND, start=1):
        if distance < len(scores):
            same = source[distance:] == source[:-distance]
            smooth[distance:] += weight * scores[:-distance] * same
            smooth[:-distance] += weight * scores[distance:] * same
    return smooth


def _lead(pool: Sequence[Candidate]) -> Vector:
    """Return the bonus for what stands first in its text."""
    import numpy as np

    seen: Counter[int] = Counter()
    ranks = []
    for each in pool:
        seen[each.source] += 1
        ranks.append(seen[each.source])
    lead: Vector = np.exp(-np.array(ranks, dtype=np.float64) / _LEAD_SENTENCES)
    return lead


class Coverage:
    """The weight of the frequent words and pairs of words that a selection does not hold yet."""

    def __init__(self, pool: Sequence[Candidate], weight: float) -> None:
        import numpy as np

        self._weight = weight
        held = [{*each.terms, *zip(each.terms, each.terms[1:], strict=False)} for each in pool]
        times = Counter(concept for own in held for concept in own)
        self._weights = {each: n for each, n in times.items() if n >= _LEAST_FREQUENT}
        self._held = [own & self._weights.keys() for own in held]
        self._holders: dict[object, list[int]] = defaultdict(list)
        for index, own in enumerate(self._held):
            for concept in own:
                self._holders[concept].append(index)
        self._gains = np.array(
            [sum(self._weights[concept] for concept in own) for own in self._held], dtype=float
        )
        self._sizes = np.array([max(1, each.length) for each in pool], dtype=float) ** _SHORTNESS
        self._top = max(float((self._gains / self._sizes).max(initial=0.0)), 1e-9)

    def gains(self) -> Vector:
        """Return what each candidate would add, the most that one alone adds being the weight."""
        gains: Vector = self._weight * self._gains / self._sizes / self._top
        return gains

    def select(self, index: int) -> None:
        """Count what a candidate holds as covered."""
        for concept in self._held[index]:
            weight = self._weights.pop(concept, 0)
            if weight:
                self._gains[self._holders[concept]] -= weight
