"""What of a model's settings can never be sent: an address or a key that no request can carry.

Found when a model is opened, so that nothing is tried four times that a typing error made.
Invariant: no message shows a key, or what an address holds beside its host and path.
"""

from __future__ import annotations

import os

from docsum_nb.environment import redirected_by_dotenv
from docsum_nb.errors import InputError
from docsum_nb.models.model import Model
from docsum_nb.provider_errors import address_problem, public_address
from docsum_nb.secrets import NO_KEY

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
    _check_dotenv(settings, provider)
    variable = f"{provider.upper()}_API_KEY"
    key = settings.api_key or os.environ.get(variable)
    if key and (wrong := _wrong_with(key)) is not None:
        named = "api_key" if settings.api_key else variable
        raise InputError(f"the {named} of {settings.name} {wrong}")


def _check_dotenv(settings: Model, provider: str) -> None:
    """Check that no ``.env`` file, which nobody named, leads the user's own key elsewhere."""
    if settings.base_url or settings.api_key == NO_KEY:
        return
    found = redirected_by_dotenv(provider, settings.api_key)
    if found is None:
        return
    variable, address, path = found
    raise InputError(
        f"{variable} in {path} would send your key for {settings.name}, which is not from that "
        f"file, to {public_address(address)}. If that is the server you mean, give "
        f"Model({settings.name!r}, base_url=...); else remove that line, and unset {variable}"
    )


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
