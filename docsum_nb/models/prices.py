"""What models cost, as LiteLLM lists it; read without importing LiteLLM.

The list that it ships is for calls that do not go through this package's models: those of a user's
own crew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docsum_nb.records import Price

__all__ = ["listed_price", "price_in"]

_LONGER = "input_cost_per_token_above_"


def listed_price(model: str, provider: str | None = None, tier: str | None = None) -> Price | None:
    """Look a model up, by its name as CrewAI or LiteLLM writes it.

    Args:
        model: Such as ``"gpt-4o-mini"`` or ``"openai/gpt-4o-mini"``.
        provider: Who serves it, if the name does not show it; ``None`` if that is not known.
        tier: The service tier, as for ``price_in``.

    Returns:
        Its price; ``None`` if the list does not know it.
    """
    listed = _listed()
    for name in (f"{provider}/{model}", model, model.partition("/")[2]):
        price = price_in(listed.get(name) or {}, tier)
        if price is not None:
            return price
    return None


def price_in(info: Mapping[str, Any], tier: str | None = None) -> Price | None:
    """Return the price in what LiteLLM knows of a model; ``None`` if it is not known.

    Args:
        info: An entry of LiteLLM's list.
        tier: The service tier, such as ``"flex"``; what has no price of its own there costs what it
            costs elsewhere. Tiers without prices, such as ``"auto"``, are the standard one.
    """
    prices = _ranges(info) or {
        over: _at(info, f"_above_{text}_tokens" if over else "", tier)
        for over, text in sorted(_thresholds(info).items())
    }
    base = prices.pop(0, None)
    if base is None:
        return None
    above = tuple((over, price) for over, price in sorted(prices.items()) if price is not None)
    return replace(base, above=above)


def _thresholds(info: Mapping[str, Any]) -> dict[int, str]:
    """Return the lengths of prompts above which other prices hold, and how the list writes each."""
    found = {0: ""}
    for name in info:
        text = name.removeprefix(_LONGER).partition("_tokens")[0]
        number = text.removesuffix("k")
        if name.startswith(_LONGER) and text.endswith("k") and number.isdigit():
            found[1_000 * int(number)] = text
    return found


def _at(info: Mapping[str, Any], length: str, tier: str | None) -> Price | None:
    """Return the price of one tier for one length of prompts."""
    suffixes = [length, ""]
    if tier:
        suffixes = [f"{length}_{tier}", length, f"_{tier}", ""]

    def cost(name: str) -> float | None:
        for suffix in suffixes:
            value = info.get(f"{name}{suffix}")
            if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
                return float(value)
        return None

    prompt, completion = cost("input_cost_per_token"), cost("output_cost_per_token")
    if prompt is None or completion is None:
        return None
    return Price(
        prompt,
        completion,
        cost("cache_read_input_token_cost"),
        cost("cache_creation_input_token_cost"),
        info.get("max_output_tokens"),
        cost("output_cost_per_reasoning_token"),
    )


def _ranges(info: Mapping[str, Any]) -> dict[int, Price | None]:
    """Return the prices that are listed by ranges of prompts, by the beginning of each."""
    ranges = info.get("tiered_pricing")
    if not isinstance(ranges, list):
        return {}
    shared = {"max_output_tokens": info.get("max_output_tokens")}
    return {
        int(each["range"][0]): _at({**each, **shared}, "", None)
        for each in ranges
        if isinstance(each, Mapping) and each.get("range")
    }


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
