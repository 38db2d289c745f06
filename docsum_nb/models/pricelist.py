"""What models cost, as LiteLLM lists it; read without importing LiteLLM.

The list that it ships is for calls that do not go through this package's models: those of a user's
own crew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docsum_nb.records import Price

__all__ = ["listed_price", "price_in"]


def listed_price(model: str, provider: str | None = None) -> Price | None:
    """Look a model up, by its name as CrewAI or LiteLLM writes it.

    Args:
        model: Such as ``"gpt-4o-mini"`` or ``"openai/gpt-4o-mini"``.
        provider: Who serves it, where the name does not tell; ``None`` where that is not known.

    Returns:
        Its price; ``None`` where the list does not know it.
    """
    listed = _listed()
    for name in (f"{provider}/{model}", model, model.partition("/")[2]):
        price = price_in(listed.get(name) or {})
        if price is not None:
            return price
    return None


def price_in(info: Mapping[str, Any]) -> Price | None:
    """Read the price in what LiteLLM tells of a model; ``None`` where it is not known."""
    prompt, completion = info.get("input_cost_per_token"), info.get("output_cost_per_token")
    if prompt is None or completion is None:
        return None
    return Price(
        float(prompt),
        float(completion),
        info.get("cache_read_input_token_cost"),
        info.get("cache_creation_input_token_cost"),
        info.get("max_output_tokens"),
    )


@cache
def _listed() -> dict[str, dict[str, Any]]:
    found = find_spec("litellm")
    if found is None or found.origin is None:
        return {}
    path = Path(found.origin).parent / "model_prices_and_context_window_backup.json"
    if not path.is_file():
        return {}
    listed: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return listed
