"""Whether a bound on cost can hold for the models of a crew: their prices and longest answers.

A call is reserved at the most it may cost before it goes out, so both must be known of every model
before the first one is asked. Nothing is guessed: what is missing is named all at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from docsum_nb.crew.inspection.parts import ModelUse
from docsum_nb.errors import InputError
from docsum_nb.records import Price
from docsum_nb.render.formats import listed

__all__ = ["PriceOf", "check_affordable", "longest_answer", "name_of", "price_of_model"]

PriceOf = Callable[[str, str | None], Price | None]
"""Looks a model up, by its name and its provider; ``None`` where its price is not known."""


def check_affordable(uses: Iterable[ModelUse], price_of: PriceOf) -> None:
    """Check that the most a call may cost is known of every model.

    Args:
        uses: The models, and who uses them.
        price_of: What they cost.

    Raises:
        InputError: naming everything that is missing, with the arguments to give.
    """
    unpriced: dict[str, None] = {}
    endless: dict[str, list[str]] = {}
    for use in uses:
        name, price = name_of(use.llm), price_of_model(use.llm, price_of)
        if price is None:
            unpriced[name] = None
        if not (longest_answer(use.llm) or (price and price.most_output)):
            endless.setdefault(name, []).append(use.user)
    missing = []
    if unpriced:
        pairs = ", ".join(f"{json.dumps(name)}: (0.15, 0.60)" for name in unpriced)
        missing.append(
            f"what {listed(unpriced)} costs is not known: add prices={{{pairs}}}, with its own US "
            "dollars for a million tokens of prompt and of answer"
        )
    for name, users in endless.items():
        missing.append(
            f"how long an answer of {name!r} may be is not known: give the LLM of "
            f"{', '.join(dict.fromkeys(users))} max_tokens=1000 or so"
        )
    if missing:
        raise InputError(f"max_cost cannot hold: {'; '.join(missing)}")


def name_of(llm: Any) -> str:
    """Name a model as CrewAI knows it: without its provider, where CrewAI has a client for that."""
    return llm if isinstance(llm, str) else str(getattr(llm, "model", None) or "model")


def price_of_model(llm: Any, price_of: PriceOf) -> Price | None:
    """Look up what a model costs; ``None`` where that is not known."""
    return price_of(name_of(llm), getattr(llm, "provider", None))


def longest_answer(llm: Any) -> Any:
    """Return how many tokens a model may answer, where it is told; ``None`` elsewhere."""
    return getattr(llm, "max_tokens", None) or getattr(llm, "max_completion_tokens", None)
