"""A search: from a query to hits, over one snapshot of a library.

Whole documents and passages are ranked apart, by words and, with an embedder, by meaning, and the
rankings are fused: a passage alone can match by chance, and a whole document can bury the one page
that matters. Documents that hold a quoted phrase or an identifier of the query to the letter come
first. A document is found at most once, with its best passage.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from docsum_nb.documents.terms import has_words
from docsum_nb.library.analysis import phrase_form, query_terms, to_the_letter
from docsum_nb.library.contents import passage_terms
from docsum_nb.library.entries import Passage
from docsum_nb.library.query import excerpt, fuse, fuse_by_rank, matches, search_terms
from docsum_nb.library.ranking import Floats, Index, Scores, expanded, top
from docsum_nb.library.store import Snapshot
from docsum_nb.records import Document, Hit

__all__ = ["Query", "hits", "query_of"]

_DEPTH = 200
"""How many documents are ranked for a fusion, at least; passages, four times as many."""
_MOST_TERMS = 100
_MOST_LOOKED_UP = 1_000
"""Terms of a long query whose rarity is looked up to choose among them."""
_FEEDBACK_PASSAGES = 5
_FEEDBACK_TERMS = range(3, 41)
"""A query of fewer terms says too little to be widened, and one of more says enough."""
_MOST_EXACT = 1_000
"""Passages with all words of a phrase that are read to see whether they are in a row."""
_QUOTED = re.compile(r"[\"“”„]([^\"“”„]{2,200})[\"“”„]")
_IDENTIFIER = re.compile(r"(?<!\S)[(\[]?((?=\S{0,60}\d)(?=\S{0,60}[^\W\d_])[\w./#:-]{3,60}\w)")
_MOST_PHRASES = 5


@dataclass(frozen=True)
class Query:
    """What a search looks for."""

    text: str
    terms: Mapping[str, float]
    """Each with how much it counts."""
    phrases: tuple[str, ...] = ()
    """What a document should hold to the letter."""
    vector: Floats | None = None
    """``None`` to search by words alone."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """What the metadata of a document must be."""


def query_of(text: str, *, is_text: bool = False) -> Query:
    """Return the query of a text.

    Args:
        text: Plain text: nothing in it is an operator, except that a phrase in quotation marks is
            looked for to the letter.
        is_text: Whether it is a text that documents should be like, as a summary is, and not a
            question: then it has no phrases, and words that are repeated count once.
    """
    terms = query_terms(text)
    if is_text:
        return Query(text, dict.fromkeys(terms, 1.0))
    found = [*_QUOTED.findall(text), *_IDENTIFIER.findall(text)]
    phrases = dict.fromkeys(each.strip() for each in found if has_words(each))
    return Query(text, dict(terms), tuple(phrases)[:_MOST_PHRASES])


def hits(snapshot: Snapshot, query: Query, k: int) -> list[Hit]:
    """Return at most ``k`` documents, best first."""
    # A store that names no version has nothing kept of it.
    index = Index(snapshot, getattr(snapshot, "version", ""))
    if query.where:
        index.restrict(snapshot.with_metadata(query.where))
    scores = _scores(snapshot, index, _chosen(index, query.terms))
    depth = max(_DEPTH, 2 * min(k, len(index.documents)))
    documents = top(scores.documents, depth)
    passages = top(scores.passages, 4 * depth)
    near = index.nearest(query.vector, 4 * depth) if query.vector is not None else []
    words = [
        _pairs(documents, scores.documents[documents]),
        _pairs(index.owners[passages].tolist(), scores.passages[passages]),
    ]
    owners = index.owners[[at for at, _ in near]].tolist() if near else []
    meaning = [(owner, cosine) for owner, (_, cosine) in zip(owners, near, strict=True)]
    fused = dict(fuse_by_rank([fuse(words), meaning]) if meaning else fuse(words))
    exact = dict(_exact(snapshot, index, scores, query.phrases))
    for ordinal, count in Counter(ordinal for ordinal, _ in exact).items():
        fused[ordinal] = fused.get(ordinal, 0.0) + count
    best = {owner: at for owner, (at, _) in zip(reversed(owners), reversed(near), strict=True)}
    ranking = _first(snapshot, index, fused, k)
    for _, _, ordinal in ranking:
        # The passage that has the words; if none has, the one that is nearest.
        at = _best_passage(index, scores.passages, ordinal)
        if ordinal not in best or scores.passages[at] > 0:
            best[ordinal] = at
    best |= {ordinal: at for (ordinal, _), at in reversed(exact.items())}
    shown = snapshot.passages([index.number(best[ordinal]) for _, _, ordinal in ranking])
    records = snapshot.documents([name for _, name, _ in ranking])
    terms = search_terms(query.text)
    return [
        _hit(name, -score, terms, shown.get(index.number(best[ordinal])), records[name])
        for score, name, ordinal in ranking
    ]


def _pairs(ordinals: list[int], scores: Floats) -> list[tuple[int, float]]:
    return [*zip(ordinals, scores.tolist(), strict=True)]


def _first(
    snapshot: Snapshot, index: Index, fused: Mapping[int, float], k: int
) -> list[tuple[float, str, int]]:
    """Return the negated score, the name and the ordinal of the best documents, in order."""
    if not fused:
        return []
    least = sorted(fused.values(), reverse=True)[:k][-1]
    chosen = {ordinal: score for ordinal, score in fused.items() if score >= least}
    names = snapshot.names_of([int(index.documents[ordinal]) for ordinal in chosen])
    return sorted(
        (-score, names[int(index.documents[ordinal])], ordinal) for ordinal, score in chosen.items()
    )[:k]


def _scores(snapshot: Snapshot, index: Index, weights: Mapping[str, float]) -> Scores:
    """Return the scores of a query, widened by what its best passages say."""
    scores = index.score(weights)
    if len(weights) not in _FEEDBACK_TERMS:
        return scores
    best = {index.number(at): float(scores.passages[at]) for at in _best(index, scores)}
    read = snapshot.passages([*best])
    found = [(best[number], _counts(passage)) for number, passage in read.items()]
    return index.score(expanded(weights, found)) if found else scores


def _best(index: Index, scores: Scores) -> list[int]:
    return top(scores.passages, _FEEDBACK_PASSAGES)


def _counts(passage: Passage) -> Any:
    return passage_terms("", passage.headings, passage.text).counts


def _chosen(index: Index, terms: Mapping[str, float]) -> dict[str, float]:
    """Return the terms of a query that say most about it."""
    if len(terms) <= _MOST_TERMS:
        return dict(terms)
    looked_up = sorted(terms, key=lambda term: (-terms[term], -len(term)))[:_MOST_LOOKED_UP]
    sizes = index.sizes(looked_up)
    total = len(index.owners)

    def worth(term: str) -> float:
        return terms[term] * math.log(1 + total / sizes[term])

    there = [term for term in looked_up if sizes[term]]
    return {term: terms[term] for term in sorted(there, key=worth, reverse=True)[:_MOST_TERMS]}


def _best_passage(index: Index, scores: Floats, ordinal: int) -> int:
    first, last = index.positions(ordinal)
    return first + int(np.argmax(scores[first : last + 1]))


def _exact(
    snapshot: Snapshot, index: Index, scores: Scores, phrases: Sequence[str]
) -> list[tuple[tuple[int, str], int]]:
    """Return each document with a phrase that it holds, and the best passage with that phrase."""
    found: dict[tuple[int, str], int] = {}
    for phrase in phrases:
        candidates = index.with_all(query_terms(phrase))
        order = np.argsort(-scores.passages[candidates], kind="stable")[:_MOST_EXACT]
        positions = {index.number(int(at)): int(at) for at in candidates[order]}
        form = phrase_form(phrase)
        read = snapshot.passages([*positions])
        for number, at in positions.items():
            key = int(index.owners[at]), phrase
            if scores.passages[at] > 0 and number in read and key not in found:
                passage = read[number]
                if any(form in to_the_letter(each) for each in (passage.text, *passage.headings)):
                    found[key] = at
    return [*found.items()]


def _hit(
    name: str,
    score: float,
    terms: Sequence[str],
    passage: Passage | None,
    document: Mapping[str, Any],
) -> Hit:
    metadata: dict[str, Any] = dict(document["metadata"])
    if document["path"] is not None:
        metadata["path"] = document["path"]
    if passage is None:
        return Hit(name, "", score, metadata)
    start, end = excerpt(passage.text, terms)
    page = Document(name, "", pages=tuple(document["pages"])).page_at(passage.start + start)
    if page is not None:
        metadata["page"] = page
    if passage.headings:
        metadata["headings"] = list(passage.headings)
    metadata |= {"start": passage.start + start, "end": passage.start + end}
    shown = passage.text[start:end]
    return Hit(name, shown, score, metadata, marks=matches(shown, terms))
