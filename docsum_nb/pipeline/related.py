"""Related documents of the library: searched by the summary and its parts, then judged.

Without a language model, the search alone decides. Otherwise an agent says of each document why it
is relevant, and drops what is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from docsum_nb.errors import UpstreamError
from docsum_nb.library import Library
from docsum_nb.models import ModelClient
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.pipeline.sizes import (
    AGENT_CALLS,
    agent_answer_tokens,
    agent_found_tokens,
    agent_text_tokens,
)
from docsum_nb.records import Answer, Hit, Omission
from docsum_nb.results import Summary
from docsum_nb.run import in_thread

__all__ = ["find_related"]

_HITS = 10
_MOST_PARTS = 50
"""Document summaries used as queries besides the whole; more add time and hardly a new hit."""
_RRF_K = 60
"""Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion": 60 serves all collections well."""
_REASONS = "why the related documents are relevant"
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
    hits = await in_thread(_search, library, summary)
    if not prepared.evaluates or not hits:
        return tuple(hits), []
    try:
        judged = await _judge(prepared, library, hits, summary, asker)
    except UpstreamError as error:
        return tuple(hits), [Omission(_REASONS, str(error))]
    if judged is None:
        why = "the model's answer could not be read, so all that the search found is listed"
        return tuple(hits), [Omission(_REASONS, why)]
    return judged, []


async def _judge(
    prepared: Prepared, library: Library, hits: list[Hit], summary: Summary, asker: ModelClient
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
        question=summary.question,
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


def _search(library: Library, summary: Summary) -> list[Hit]:
    weighted = [(summary.text, _WHOLE_WEIGHT)]
    if summary.question:
        weighted.append((summary.question, _WHOLE_WEIGHT))
    if len(summary.documents) > 1:
        weighted += [(document.text, 1.0) for document in summary.documents[:_MOST_PARTS]]
    scores: dict[str, float] = defaultdict(float)
    best: dict[str, Hit] = {}
    for query, weight in weighted:
        for rank, hit in enumerate(library.search(query, 2 * _HITS) if query.strip() else []):
            scores[hit.name] += weight / (_RRF_K + rank)
            best.setdefault(hit.name, hit)
    names = sorted(scores, key=lambda name: (-scores[name], name))[:_HITS]
    return [replace(best[name], score=scores[name]) for name in names]
