"""Redirects of model servers to other hosts, which clients follow with prompt, headers and key.

Decides which redirects are refused: those of a model's request, known by its endpoint or by a
secret in its headers, to another scheme, host or port; from http to https of the same host is
allowed. Invariant: a refused redirect sends nothing. Requests outside of a run are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urljoin, urlsplit

from docsum_nb.provider_errors.addresses import public_address
from docsum_nb.secrets import masked

__all__ = ["RedirectRefused", "leads_elsewhere", "refuse_redirects"]

_ENDPOINTS = ("/completions", "/responses", "/messages", "/chat", "/embeddings", "/generate")
_PORTS = {"http": 80, "https": 443}

_applies: list[Callable[[], bool]] = []


class RedirectRefused(OSError):  # noqa: N818  # what happened, as the user is told it
    """A server sends a request on to another host; nothing was sent there."""


def leads_elsewhere(asked: str, status: int, location: str | None) -> str | None:
    """Return what is said of a redirect to another server; ``None`` if it is none.

    Args:
        asked: The address that was asked.
        status: Of the answer.
        location: Where it points to, as its header says.
    """
    if not 300 <= status < 400 or not location:
        return None
    try:
        target = urljoin(asked, location)
        before, after = _origin(asked), _origin(target)
    except ValueError:
        before, after, target = ("", "", 0), ("", "", 1), location
    to_https = before == ("http", after[1], 80) and after == ("https", after[1], 443)
    if before == after or to_https:
        return None
    return (
        f"sends requests on to another server: from {_shown(asked)} to {_shown(target)} (status "
        f"{status}); nothing was sent there, neither key nor text. If that is the server you mean, "
        "write its address into base_url"
    )


def _origin(address: str) -> tuple[str, str, int]:
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme, 0)


def _shown(address: str) -> str:
    parts = urlsplit(public_address(address))
    return f"{parts.scheme}://{parts.netloc}"[:200]


def refuse_redirects(client: Any, applies: Callable[[], bool]) -> None:
    """Make the clients of a class refuse redirects of models' requests to other hosts.

    Args:
        client: ``httpx.Client`` or ``httpx.AsyncClient``.
        applies: Whether this holds in the context of a request.
    """
    if applies not in _applies:
        _applies.append(applies)
    own = getattr(client, "_build_redirect_request", None)
    if own is None or getattr(own, "_docsum_nb_refuses", False):
        return

    @wraps(own)
    def build(self: Any, request: Any, response: Any) -> Any:
        if any(each() for each in _applies) and _is_to_a_model(request):
            location = response.headers.get("location")
            elsewhere = leads_elsewhere(str(request.url), response.status_code, location)
            if elsewhere is not None:
                raise RedirectRefused(f"the model's server {elsewhere}")
        return own(self, request, response)

    build._docsum_nb_refuses = True  # type: ignore[attr-defined]
    client._build_redirect_request = build


def _is_to_a_model(request: Any) -> bool:
    path = str(request.url.path).rstrip("/")
    if path.endswith(_ENDPOINTS) or ":generateContent" in path:
        return True
    return any(masked(value) != value for value in request.headers.values())
