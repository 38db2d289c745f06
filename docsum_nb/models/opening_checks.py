"""What of a model's settings can never be sent: an address or a key that no request can carry.

Found when a model is opened, so that nothing is tried four times that a typing error made.
Invariant: no message shows a key, or what an address holds beside its host and path.
"""

from __future__ import annotations

import os

from docsum_nb.errors import InputError
from docsum_nb.faults import address_problem
from docsum_nb.models.model import Model

__all__ = ["check_reachable"]


def check_reachable(settings: Model, provider: str, address: str | None) -> None:
    """Check that an address and a key can be used at all; nothing is sent.

    Args:
        settings: How the model is called.
        provider: Who provides it, as LiteLLM names it.
        address: Where; ``None`` if only the provider's client knows.

    Raises:
        InputError: if the address has no scheme, an impossible port or the like, or the key holds
            a line break or another character that no header can.
    """
    if address and (problem := address_problem(address)) is not None:
        named = "base_url" if settings.base_url else f"{provider.upper()}_BASE_URL or _API_BASE"
        raise InputError(f"{named} of {settings.name} is no address: {problem}")
    variable = f"{provider.upper()}_API_KEY"
    key = settings.api_key or os.environ.get(variable)
    if key and (wrong := _wrong_with(key)) is not None:
        named = "api_key" if settings.api_key else variable
        raise InputError(f"the {named} of {settings.name} {wrong}")


def _wrong_with(key: str) -> str | None:
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
