"""The search for related documents in a plan: what searches, and what its vectors cost at most.

Every query of a library with an embedding model is one request to it. An agent may search further,
so with a language model the figures are at most. Nothing is sent, and the library is not opened.
"""

from __future__ import annotations

from dataclasses import replace

from docsum_nb.library import Library
from docsum_nb.library.embedder import Embedder, embedder_of
from docsum_nb.pipeline.own_search import OwnSearch
from docsum_nb.pipeline.preparation import Prepared
from docsum_nb.pipeline.related import LEAST_SCORE, LEAST_WORDS, MOST_PARTS
from docsum_nb.pipeline.sizes import AGENT_CALLS
from docsum_nb.records import Usage
from docsum_nb.results import Plan

__all__ = ["with_search"]


def with_search(plan: Plan, prepared: Prepared) -> Plan:
    """Return the plan with the search of the library that a run makes last, if it makes one."""
    library = prepared.library
    if library is None:
        return plan
    embedder = embedder_of(library.embedder) if isinstance(library, Library) else None
    sent = Usage()
    if embedder is not None and embedder.model is not None:
        sent = embedder.model.at_most(_queries(prepared))
    known = plan.cost_usd is not None and sent.cost_usd is not None
    return replace(
        plan,
        calls=plan.calls + sent.calls,
        tokens=plan.tokens + sent.prompt_tokens,
        cost_usd=(plan.cost_usd or 0.0) + (sent.cost_usd or 0.0) if known else None,
        search=_described(library, embedder, prepared),
        queries=sent.calls,
    )


def _queries(prepared: Prepared) -> int:
    """Return how many queries there are at most."""
    count = len(prepared.documents)
    parts = min(count, MOST_PARTS) if count > 1 else 0
    by_agent = AGENT_CALLS - 1 if prepared.evaluates else 0
    return 1 + bool(prepared.options.question) + parts + by_agent


def _described(library: Library | OwnSearch, embedder: Embedder | None, prepared: Prepared) -> str:
    if isinstance(library, OwnSearch):
        what, floor = f"by {library.name}", "all that it finds is listed"
    else:
        vectors = f" and vectors of {embedder.name}" if embedder else ""
        what = f"in {library.path}, by words{vectors}"
        words = "a word" if prepared.evaluates else f"{LEAST_WORDS} words"
        floor = f"listed from {LEAST_SCORE:.0%} of the best score and {words} in common"
    judged = f", judged by {prepared.model.name}" if prepared.evaluates else ""
    return f"{what}; {floor}{judged}"
