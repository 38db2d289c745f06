"""Redirects of model servers to other hosts, which clients follow with prompt, headers and key.

Decides which redirects are refused: those of a model's request, known by its endpoint or by a
secret in its headers, to another scheme, host or port; from http to https of the same host is
allowed. Invariant: a refused redirect sends nothing. Requests outside of a run are not looked at.
The clients are httpx, which LiteLLM, CrewAI and the providers' own use, requests and aiohttp;
botocore follows no redirect of a model's request.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urljoin, urlsplit

from docsum_nb.provider_errors.addresses import public_address
from docsum_nb.secrets import masked

__all__ = ["RedirectRefused", "leads_elsewhere", "refuse_redirects"]

_ENDPOINT = re.compile(
    r"(?:[/:](?:completions?|responses|messages|chat|generate|converse|converse-stream|invoke|"
    r"invoke-with-response-stream|embeddings?|embed|rerank|predict|rawPredict|streamRawPredict|"
    r"embedContent|batchEmbedContents)|:(?:generate|streamGenerate)Content)/?$"
)
_PORTS = {"http": 80, "https": 443}

_applies: list[Callable[[], bool]] = []


class RedirectRefused(OSError):  # noqa: N818  # named for what happened, which the user reads
    """A server sends a request on to another host; nothing was sent there."""


def leads_elsewhere(asked: str, status: int, location: str | None) -> str | None:
    """Return what is said of a redirect to another server; ``None`` if it is none.

    Args:
        asked: The address that was asked.
        status: Of the answer.
        location: The address in its header.
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


def refuse_redirects(applies: Callable[[], bool]) -> None:
    """Make HTTP clients refuse redirects of models' requests to other hosts.

    A client that is not imported yet is passed over: call it again in the next run.

    Args:
        applies: Whether this holds in the context of a request.
    """
    if applies not in _applies:
        _applies.append(applies)
    for module, names, method, patched in _CLIENTS:
        for name in names:
            client = getattr(sys.modules.get(module), name, None)
            own = getattr(client, method, None)
            if own is not None and not hasattr(own, "_docsum_nb_refuses"):
                refusing = wraps(own)(patched(own))
                refusing._docsum_nb_refuses = True  # type: ignore[attr-defined]
                setattr(client, method, refusing)


def _of_httpx(own: Callable[..., Any]) -> Callable[..., Any]:
    def build(self: Any, request: Any, response: Any) -> Any:
        _check(request.url, request.headers, response.status_code, response.headers)
        return own(self, request, response)

    return build


def _of_requests(own: Callable[..., Any]) -> Callable[..., Any]:
    def target(self: Any, response: Any) -> Any:
        asked = response.request
        # It is also called to learn whether there is a redirect, before one is followed.
        _check(asked.url, asked.headers, response.status_code, response.headers)
        return own(self, response)

    return target


def _of_aiohttp(own: Callable[..., Any]) -> Callable[..., Any]:
    async def start(self: Any, connection: Any) -> Any:
        response = await own(self, connection)
        # Redirects are followed within one long method; this is the last step before.
        _check(self.url, self.request_info.headers, self.status, self.headers)
        return response

    return start


_CLIENTS = (
    ("httpx", ("Client", "AsyncClient"), "_build_redirect_request", _of_httpx),
    ("requests", ("Session",), "get_redirect_target", _of_requests),
    ("aiohttp", ("ClientResponse",), "start", _of_aiohttp),
)


def _check(url: object, headers: Mapping[str, str], status: int, answered: Any) -> None:
    """Check that an answer does not lead a model's request elsewhere.

    Raises:
        RedirectRefused: if it does.
    """
    location = answered.get("location")
    if location and any(each() for each in _applies) and _is_to_a_model(str(url), headers):
        elsewhere = leads_elsewhere(str(url), status, location)
        if elsewhere is not None:
            raise RedirectRefused(f"the model's server {elsewhere}")


def _is_to_a_model(url: str, headers: Mapping[str, str]) -> bool:
    if _ENDPOINT.search(urlsplit(url).path):
        return True
    return any(masked(str(value)) != value for value in headers.values())
