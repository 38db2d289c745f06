"""Related documents of the library: searched by the summary and its parts, then judged.

It may also be a search of the user's own, whose order counts. Without a language model, the search
alone decides, and the rarest words that a document shares with the summary say why it is listed.
Rare is what few of the documents that were found have. Otherwise an agent says why, and drops what
is not relevant. Left out are the summarized documents themselves, and what has hardly a word in
common with the summary.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from docsum_nb.documents.stopwords import STOP_WORDS
from docsum_nb.documents.terms import words
from docsum_nb.errors import UpstreamError
from docsum_nb.library import Library
from docsum_nb.models import ModelClient
from docsum_nb.models.embedding import charged_to
from docsum_nb.pipeline.own_search import OwnSearch, SearchFailedError, StartedSearch
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.pipeline.sizes import (
    AGENT_CALLS,
    agent_answer_tokens,
    agent_found_tokens,
    agent_text_tokens,
)
from docsum_nb.records import Answer, Document, Hit, Omission
from docsum_nb.render.formats import listed
from docsum_nb.results import Summary
from docsum_nb.run import in_thread

__all__ = ["LEAST_SCORE", "LEAST_WORDS", "MOST_PARTS", "find_related"]

_HITS = 10
_MOST_OWN = 100
"""Summarized documents that a search looks beyond."""
LEAST_SCORE = 0.2
"""Of the best score of a search: below it, a document has common words only."""
LEAST_WORDS = 2
_MOST_WORDS = 5
MOST_PARTS = 50
"""Document summaries used as queries besides the whole; more add time and hardly a new hit."""
_MOST_OWN_PARTS = 8
"""The same for a search of the user's own, which may cost money."""
_RRF_K = 60
"""Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion": 60 serves all collections well."""
_REASONS = "why the related documents are relevant"
_RELATED = "the related documentation"
_WHOLE_WEIGHT = 3.0
"""The whole summary (and the question) against the summary of one document."""


async def find_related(
    prepared: Prepared, summary: Summary, asker: ModelClient
) -> tuple[tuple[Hit, ...], list[Omission]]:
    """Find and judge the related documents of the library.

    Returns:
        The hits, best first, and what could not be said about them.
    """
    library = prepared.library
    assert library is not None
    if isinstance(library, OwnSearch):
        started = library.started(asyncio.get_running_loop())
        search = _OtherDocuments(started, prepared.documents)
    else:
        search = _OtherDocuments(library, prepared.documents)
    with charged_to(asker.payer()):
        return await _found_and_judged(prepared, search, summary, asker)


async def _found_and_judged(
    prepared: Prepared, search: _OtherDocuments, summary: Summary, asker: ModelClient
) -> tuple[tuple[Hit, ...], list[Omission]]:
    # An agent drops what is not relevant; without one, a single word in common is too little.
    least_words = 1 if prepared.evaluates else LEAST_WORDS
    try:
        hits = await in_thread(_search, search, summary, least_words)
    except SearchFailedError as error:
        return (), [Omission(_RELATED, str(error))]
    if not prepared.evaluates or not hits:
        return search.explained(hits), []
    try:
        judged = await _judge(prepared, search, hits, summary, asker)
    except UpstreamError as error:
        return search.explained(hits), [Omission(_REASONS, str(error))]
    if judged is None:
        why = "the model's answer could not be read, so all that the search found is listed"
        return search.explained(hits), [Omission(_REASONS, why)]
    return judged, []


class _OtherDocuments:
    """Searches a library for documents other than those that are summarized."""

    def __init__(self, library: Library | StartedSearch, documents: Sequence[Document]) -> None:
        self._library = library
        self.is_own = isinstance(library, StartedSearch)
        """Whether the search is the user's own."""
        self._paths = {os.path.realpath(each.path) for each in documents if each.path}
        self._texts: dict[str, list[str]] = defaultdict(list)
        for each in documents:
            self._texts[_last_part(each.name)].append(each.text)
        self._words: dict[str, set[str]] = defaultdict(set)
        """Of the passages that were found, by document."""

    def search(self, query: str, k: int, *, is_text: bool = False) -> list[Hit]:
        """Return what is found, best first; ``is_text`` if the query is a summary."""
        library = self._library
        find = library.related if is_text and isinstance(library, Library) else library.search
        # Of what is found first, all of the summarized documents may be.
        found = find(query, k + min(_MOST_OWN, len(self._texts)))
        others = [hit for hit in found if not self._is_summarized(hit)][:k]
        for hit in others:
            self._words[hit.name].update(words(hit.passage))
        return others

    def explained(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """Return the hits with the words by which they were found as the reason."""
        return tuple(replace(hit, why=hit.why or self._words_in_common(hit)) for hit in hits)

    def _words_in_common(self, hit: Hit) -> str:
        """Return the words that a document shares with the summary, in words; rare ones first."""
        spread = {
            word: sum(word in each for each in self._words.values()) for word in _shared_words(hit)
        }
        ranked = sorted(spread, key=lambda word: (spread[word], -len(word)))
        # Some words are in what any text of the library says.
        rare = [word for word in ranked if 2 * spread[word] <= len(self._words)]
        shown = listed(rare if len(rare) >= LEAST_WORDS else ranked, most=_MOST_WORDS)
        return f"It has words of the summary: {shown}" if shown else ""

    def _is_summarized(self, hit: Hit) -> bool:
        path = hit.metadata.get("path")
        if isinstance(path, str) and os.path.realpath(path) in self._paths:
            return True
        # A copy of it, or a document that came as text.
        return any(hit.passage in text for text in self._texts.get(_last_part(hit.name), ()))


def _last_part(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _shared_words(hit: Hit) -> list[str]:
    """Return the words by which a document was found, each once, without those of any subject."""
    marked = (word for start, end in hit.marks for word in words(hit.passage[start:end]))
    return [word for word in dict.fromkeys(marked) if word not in STOP_WORDS and len(word) > 1]


def _is_close(hit: Hit, best: float, least_words: int) -> bool:
    """Check whether a document has enough in common with what is searched for.

    Args:
        hit: What was found.
        best: The score of the best of the same search.
        least_words: The number of different words that it must share.
    """
    return hit.score >= LEAST_SCORE * best and len(_shared_words(hit)) >= least_words


async def _judge(
    prepared: Prepared,
    library: _OtherDocuments,
    hits: list[Hit],
    summary: Summary,
    asker: ModelClient,
) -> tuple[Hit, ...] | None:
    """Return what is relevant of the hits, with reasons; ``None`` if the answer is unreadable."""
    from docsum_nb.crew.evaluate import AgentSizes, explain

    window = prepared.window

    async def converse(
        messages: Sequence[dict[str, Any]], max_tokens: int, stop: Sequence[str]
    ) -> Answer:
        return await asker.converse(messages, max_tokens=max_tokens, stop=stop)

    return await explain(
        hits,
        summary=summary.text,
        wishes=prepared.options.wishes,
        prompts=prepared.prompts,
        converse=converse,
        search=lambda query: library.search(query, 5),
        model=prepared.model.name,
        sizes=AgentSizes(
            window=window,
            context=agent_text_tokens(window),
            found=agent_found_tokens(window),
            answer=agent_answer_tokens(window),
            calls=AGENT_CALLS,
        ),
        count=prepared.model.count,
    )


def _search(library: _OtherDocuments, summary: Summary, least_words: int) -> list[Hit]:
    weighted = [(summary.text, _WHOLE_WEIGHT)]
    if summary.question:
        weighted.append((summary.question, _WHOLE_WEIGHT))
    if len(summary.documents) > 1:
        most = _MOST_OWN_PARTS if library.is_own else MOST_PARTS
        weighted += [(document.text, 1.0) for document in summary.documents[:most]]
    scores: dict[str, float] = defaultdict(float)
    best: dict[str, Hit] = {}
    for query, weight in weighted:
        is_text = query != summary.question
        found = library.search(query, 2 * _HITS, is_text=is_text) if query.strip() else []
        # What another search finds need not share a word, and its scores may be distances.
        close = [
            hit for hit in found if library.is_own or _is_close(hit, found[0].score, least_words)
        ]
        for rank, hit in enumerate(close):
            scores[hit.name] += weight / (_RRF_K + rank)
            best.setdefault(hit.name, hit)
    names = sorted(scores, key=lambda name: (-scores[name], name))[:_HITS]
    return [replace(best[name], score=scores[name]) for name in names]
