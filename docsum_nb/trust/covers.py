"""Which points a summary covers, by the words they share with its best sentence.

The score is the recall of a point's words, weighted by how rare they are among the sentences of the
result and the points. It is about shared words, not about meaning. Refuses what is no text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import log

from docsum_nb.documents.passages import content_terms, trimmed_sentences
from docsum_nb.errors import InputError
from docsum_nb.records import SummaryRecord
from docsum_nb.results import Coverage, CoveredPoint

__all__ = ["covers"]

_COVERED = 0.5


def covers(summary: SummaryRecord, points: Iterable[str]) -> Coverage:
    """Return which points a summary covers, and by which sentence.

    Args:
        summary: A result.
        points: Statements that it may cover.

    Raises:
        InputError: If points are no texts, or there are none.
    """
    listed = [points] if isinstance(points, str) else list(points)
    if not listed or not all(isinstance(each, str) and each.strip() for each in listed):
        raise InputError("covers takes the points to look for: a list of texts, none of them empty")
    text = summary.text
    spans = list(trimmed_sentences(text))
    sentences = [content_terms(text[start:end]) for start, end in spans]
    asked = [content_terms(each) for each in listed]
    pool = [
        content_terms(each.text[start:end])
        for each in summary.documents
        for start, end in trimmed_sentences(each.text)
    ]
    counts = Counter(term for terms in (*sentences, *asked, *pool) for term in terms)
    everything = len(sentences) + len(asked) + len(pool)
    weights = {term: log(1 + everything / count) for term, count in counts.items()}
    found = []
    for point, terms in zip(listed, asked, strict=True):
        total = sum(weights[term] for term in sorted(terms)) or 1.0
        scores = [sum(weights[t] for t in sorted(terms & own)) / total for own in sentences]
        at = max(range(len(scores)), key=lambda each: scores[each], default=None)
        best = None if at is None or not scores[at] else (*spans[at], scores[at])
        found.append(_covered(summary, point, best))
    return Coverage(tuple(found))


def _covered(
    summary: SummaryRecord, point: str, best: tuple[int, int, float] | None
) -> CoveredPoint:
    if best is None:
        return CoveredPoint(point, 0.0, covered=False)
    start, end, score = best
    documents = dict.fromkeys(
        each.document for each in summary.citations if each.start < end and start < each.end
    )
    return CoveredPoint(
        point,
        round(score, 4),
        score >= _COVERED,
        summary.text[start:end],
        start,
        end,
        tuple(documents),
    )
