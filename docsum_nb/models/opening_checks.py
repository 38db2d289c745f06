"""Checks of a model's settings when it is opened; none of them sends anything.

An address or a key that no request can carry is refused, so that no request is retried that a
typing error made. No message shows a key, or what an address holds beside its host and path. A name
that looks misspelled is a warning, never refused: LiteLLM passes on all names of a provider, and
providers have models that its list does not know yet.
"""

from __future__ import annotations

import difflib
import os
from typing import Any

from docsum_nb.environment import redirected_by_dotenv
from docsum_nb.errors import InputError
from docsum_nb.models.model import Model
from docsum_nb.provider_errors import address_problem, public_address
from docsum_nb.secrets import NO_KEY

__all__ = ["check_reachable", "close_names", "name_warning"]

_PROVIDER_CUTOFF = 0.7
_MODEL_CUTOFF = 0.8
"""Of ``difflib``: one slip in a short name is above it, another model's name mostly below."""
_MODES = ("chat", "completion", "responses")


def check_reachable(settings: Model, provider: str, address: str | None) -> None:
    """Check that an address and a key can be used at all; sends nothing.

    Args:
        settings: How the model is called.
        provider: Who provides it, as LiteLLM names it.
        address: The server's; ``None`` if only the provider's client knows it.

    Raises:
        InputError: if the address has no scheme, an impossible port or the like, or the key holds
            a line break or another character that no header can.
    """
    if address and (problem := address_problem(address)) is not None:
        named = "base_url" if settings.base_url else f"{provider.upper()}_BASE_URL or _API_BASE"
        raise InputError(f"{named} of {settings.name} is no address: {problem}")
    _check_dotenv(settings, provider)
    variable = f"{provider.upper()}_API_KEY"
    key = settings.api_key or os.environ.get(variable)
    if key and (problem := _problem_of(key)) is not None:
        named = "api_key" if settings.api_key else variable
        raise InputError(f"the {named} of {settings.name} {problem}")


def _check_dotenv(settings: Model, provider: str) -> None:
    """Check that no ``.env`` file that was not named sends the user's own key elsewhere."""
    if settings.base_url or settings.api_key == NO_KEY:
        return
    redirected = redirected_by_dotenv(provider, settings.api_key)
    if redirected is None:
        return
    variable, address, path = redirected
    raise InputError(
        f"{variable} in {path} would send your key for {settings.name}, which is not from that "
        f"file, to {public_address(address)}. If that is the server you mean, give "
        f"Model({settings.name!r}, base_url=...); else remove that line, and unset {variable}"
    )


def _problem_of(key: str) -> str | None:
    if key.strip() != key:
        return "has white space or a line break around it; give it without: key.strip()"
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in key):
        return "holds a line break or another control character; copy it again"
    if not key.isascii():
        return (
            "holds a character that no header can carry, such as a typographic quote or three dots "
            "in place of what was cut out; copy it again"
        )
    return None


def name_warning(litellm: Any, name: str, provider: str) -> str | None:
    """Return a warning if LiteLLM's list lacks a name and has a close one; else ``None``.

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
    """Return the names that may have been meant by one whose provider LiteLLM does not know.

    Args:
        litellm: The module.
        name: As it was given.

    Returns:
        Two at most, the closest first, each with its provider if it was given with one.
    """
    given, _, own = name.partition("/")
    if not own:
        if difflib.get_close_matches(given.lower(), ["extractive"], cutoff=_PROVIDER_CUTOFF):
            return ["extractive"]
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
