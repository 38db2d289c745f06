"""Figures of a summary, made from it alone and from references, and of a library's search.

Decides what is measured: the share of sentences with a source, the share of documents that are
cited, the length, and ROUGE if there is a reference. They are screens: a sentence can be supported
and misleading, and a good summary may use other words than the reference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.documents.cite import cite
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.terms import has_words
from docsum_nb.errors import InputError
from docsum_nb.evaluation.rouge import Rouge, rouge
from docsum_nb.records import Chunk
from docsum_nb.render.displayed import Tabled
from docsum_nb.render.table import Column, Row, Table, cells
from docsum_nb.results import Summary

if TYPE_CHECKING:
    from docsum_nb.library import Library

__all__ = ["Evaluation", "evaluate", "evaluate_library", "measured"]

_MOST_GRADE = 100
_LEAST_CHARS = 30  # of a line without an end, to be taken for a sentence and not for a heading


@dataclass(frozen=True)
class Evaluation(Tabled):
    """Figures of one summary; displays itself as a table."""

    words: int
    """Of the text."""
    supported: float
    """The share of its sentences for which a source was found, from 0 to 1."""
    coverage: float
    """The share of the documents, or of one document's chunks, that a sentence cites; 0 to 1."""
    length: float | None = None
    """Words over words asked for; ``None`` if that is not known."""
    rouge: Rouge | None = None
    """Beside the references; ``None`` without any."""

    def _table(self) -> Table:
        heads = ["words", "supported", "coverage", "length", "ROUGE-1", "ROUGE-2", "ROUGE-L"]
        rates = [self.supported, self.coverage, self.length]
        rates += [None] * 3 if self.rouge is None else _rates(self.rouge)
        shown = [f"{self.words:,}", *("" if each is None else f"{each:.2f}" for each in rates)]
        columns = tuple(Column(head, "number") for head in heads)
        return Table("Figures of the summary", columns, (Row(tuple(cells(shown))),))


def _rates(found: Rouge) -> list[float | None]:
    return [found.rouge1, found.rouge2, found.rouge_l]


@explains_arguments
def evaluate(
    summary: Summary, references: str | Sequence[str] | None = None, *, length: int | None = None
) -> Evaluation:
    """Measure a summary, offline and without a model.

    Args:
        summary: The result of ``summarize``.
        references: A good summary of the same, or several; ``None`` measures no ROUGE.
        length: The words that were asked for; ``None`` if that is not to be measured.

    Returns:
        Its figures: a screen, not a proof.

    Raises:
        InputError: if it is no ``Summary``, a reference is no text, or the length no number.

    Example:
        >>> import docsum_nb as ds
        >>> text = "Whales are mammals that live in the sea. They breathe air at the surface."
        >>> summary = ds.summarize({"whales": text}, ledger=False, show=False).result()
        >>> ds.evaluate(summary, "Whales are mammals and breathe air.").supported
        1.0
    """
    if not isinstance(summary, Summary):
        raise InputError(f"evaluate takes the Summary of a run, not {type(summary).__name__}")
    if length is not None and not _is_count(length):
        raise InputError(f"length (words) is a whole number of at least 1, not {length!r:.80}")
    chunks = [each.chunk for each in summary.chunks]
    return measured(summary.text, chunks, references=references, length=length)


def measured(
    text: str,
    chunks: Sequence[Chunk],
    *,
    references: str | Sequence[str] | None = None,
    length: int | None = None,
) -> Evaluation:
    """Measure a text that was written from chunks; as ``evaluate``."""
    cited = cite(text, chunks)
    ends = {each.end for each in cited}
    spans = [(start, end) for start, end in sentence_spans(text) if _is_sentence(text[start:end])]
    held = sum(any(start < end <= stop for end in ends) for start, stop in spans)
    documents = {each.document for each in chunks}
    if len(documents) > 1:
        used, all_of = len({each.document for each in cited}), len(documents)
    else:
        starts = {
            at
            for at, chunk in enumerate(chunks)
            for each in cited
            if _holds(chunk, each.source_start)
        }
        used, all_of = len(starts), len(chunks)
    words = len(text.split())
    return Evaluation(
        words,
        held / len(spans) if spans else 0.0,
        used / all_of if all_of else 0.0,
        words / length if length else None,
        None if references is None else rouge(text, references),
    )


def _holds(chunk: Chunk, at: int) -> bool:
    return chunk.start <= at < chunk.end


def _is_sentence(text: str) -> bool:
    bare = text.strip()
    return has_words(bare) and (bare[-1] in '.!?…。！？”"' or len(bare) >= _LEAST_CHARS)


@explains_arguments
def evaluate_library(
    library: Library, judged: Mapping[str, Mapping[str, float] | Sequence[str]], *, k: int = 10
) -> float:
    """Return the mean nDCG of a library's search, from 0 to 1.

    Args:
        library: The library.
        judged: From each query to the names of the documents that answer it; or to their grades, a
            number above 0 for each.
        k: How many hits of each search count.

    Returns:
        The mean over the queries of the gain of the first ``k`` hits, each less by its rank, over
        that of the best order.

    Raises:
        InputError: if there is no query, a query has no document that answers it, or a grade or
            ``k`` cannot be counted with.
    """
    if not judged:
        raise InputError("evaluate_library needs at least one query with its documents")
    if not isinstance(judged, Mapping):
        raise InputError(f"judged maps queries to documents; it is of type {type(judged).__name__}")
    if not _is_count(k):
        raise InputError(f"k (hits) is a whole number of at least 1, not {k!r:.80}")
    return sum(_ndcg(library, query, of, k) for query, of in judged.items()) / len(judged)


def _ndcg(
    library: Library, query: str, judged: Mapping[str, float] | Sequence[str], k: int
) -> float:
    grades = _grades(query, judged)
    best = _gain(sorted(grades.values(), reverse=True)[:k])
    if best <= 0:
        raise InputError(f"no document answers the query {query!r}: leave it out")
    return _gain([grades.get(hit.name, 0.0) for hit in library.search(query, k)]) / best


def _grades(query: str, judged: Mapping[str, float] | Sequence[str]) -> dict[str, float]:
    if not isinstance(judged, Mapping):
        return dict.fromkeys([judged] if isinstance(judged, str) else judged, 1.0)
    for name, grade in judged.items():
        if not _is_grade(grade):
            raise InputError(
                f"the grade of {name!r:.80} for the query {query!r:.80} is a number up to "
                f"{_MOST_GRADE}, not {grade!r:.80}"
            )
    return dict(judged)


def _is_grade(value: Any) -> bool:
    return issubclass(type(value), Real) and bool(abs(value) <= _MOST_GRADE)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _gain(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(rank) for rank, grade in enumerate(grades, start=2))
