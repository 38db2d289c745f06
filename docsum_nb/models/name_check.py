"""Whether a model's name is misspelled: what LiteLLM's list has that is close to it; asks nobody.

LiteLLM passes on whatever stands behind a provider's name, so a slip there is found by the provider
only, after the documents were read. Here it is a doubt, never a refusal: providers have models that
the list does not know yet.
"""

from __future__ import annotations

import difflib
from typing import Any

__all__ = ["close_names", "doubt_about"]

_PROVIDER_CUTOFF = 0.7
_MODEL_CUTOFF = 0.8
"""Of ``difflib``: one slip in a short name is above it, another model's name mostly below."""
_MODES = ("chat", "completion", "responses")


def doubt_about(litellm: Any, name: str, provider: str) -> str | None:
    """Say so where a name is not in LiteLLM's list, and a close one of its provider is.

    Args:
        litellm: The module.
        name: The model's, which is not in the list, at the provider's own address.
        provider: As LiteLLM calls it.
    """
    own = name.removeprefix(f"{provider}/")
    # A model that was tuned is the user's own, and is named after the one it was made of.
    close = None if own.startswith("ft:") else _close(own, _models(litellm, provider))
    if close is None:
        return None
    return f"{name} is not in LiteLLM's list; did you mean '{provider}/{close}'?"


def close_names(litellm: Any, name: str) -> list[str]:
    """Return the names that somebody may have meant whose provider LiteLLM does not know.

    Args:
        litellm: The module.
        name: As it was given.

    Returns:
        Two at most, the closest first, each with its provider where it was given with one.
    """
    given, _, own = name.partition("/")
    if not own:
        return difflib.get_close_matches(given, litellm.model_cost, n=2, cutoff=_PROVIDER_CUTOFF)
    known = [each.value for each in litellm.provider_list]
    providers = difflib.get_close_matches(given.lower(), known, n=3, cutoff=_PROVIDER_CUTOFF)
    for provider in providers:
        if close := _close(own, _models(litellm, provider)):
            return [f"{provider}/{close}"]
    return [f"{provider}/{own}" for provider in providers[:1]]


def _models(litellm: Any, provider: str) -> list[str]:
    """Return what a provider charges for, without its prefix: what is local costs nothing."""
    return [
        name.removeprefix(f"{provider}/")
        for name, info in litellm.model_cost.items()
        if info.get("litellm_provider") == provider
        and info.get("mode") in _MODES
        and info.get("input_cost_per_token")
    ]


def _close(name: str, known: list[str]) -> str | None:
    close = difflib.get_close_matches(name, known, n=1, cutoff=_MODEL_CUTOFF)
    return close[0] if close else None
