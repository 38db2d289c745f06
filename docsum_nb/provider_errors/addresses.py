"""Addresses of servers: what is wrong with one, and what of it may be shown.

Invariant: a user name, a password and a query, which may hold a key, are never returned.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

__all__ = [
    "address_problem",
    "asked_address",
    "base_of",
    "host_of",
    "is_loopback",
    "path_advice",
    "public_address",
]

from docsum_nb.provider_errors.exception_chain import attribute

_SCHEMES = ("http", "https")
_ENDPOINTS = ("/chat/completions", "/completions", "/responses", "/messages", "/api/chat")


def _split(address: str | None) -> SplitResult | None:
    try:
        return urlsplit(address or "")
    except ValueError:
        return None


def public_address(address: str | None) -> str:
    """Return an address without what may be secret; ``"its address"`` if none is known."""
    parts = _split(address)
    if parts is None:
        return "its address"
    public = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return public.geturl() or "its address"


def _shown(text: str) -> str:
    """Return an address as it was written, unless it may hold something secret."""
    return public_address(text) if any(char in text for char in "@?#") else text[:200]


def host_of(address: str | None) -> str:
    """Return the host of an address, in lower case; empty if it has none."""
    parts = _split(address)
    try:
        return (parts.hostname or "") if parts is not None else ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine itself."""
    if host.rstrip(".").lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_problem(address: str) -> str | None:
    """Return what is wrong with an address and what to write; ``None`` if it can be used.

    Args:
        address: As a user wrote it. Only its form is looked at; nothing is sent.
    """
    text = address.strip()
    shown = _shown(text)
    if text != address or any(char.isspace() or not char.isprintable() for char in text):
        return f"{shown!r} has white space in it; remove it"
    parts = _split(text)
    if parts is None:
        return "it cannot be read as an address; write an IPv6 host in brackets: http://[::1]:8000"
    if (wrong := _scheme_problem(text, parts)) is not None:
        return wrong
    try:
        port, host = parts.port, parts.hostname
    except ValueError:
        if parts.netloc.rpartition("@")[2].count(":") > 1:
            return f"{shown!r}: write an IPv6 host in brackets, as in http://[::1]:8000/v1"
        return f"{shown!r} has a port that is none; ports are numbers from 1 to 65535"
    if not host:
        return f"{shown!r} names no host; write it after {parts.scheme}://"
    if port == 0:
        return f"{shown!r} has a port that is none; ports are numbers from 1 to 65535"
    if any(len(label) > 63 for label in host.split(".")) or ".." in host:
        return f"{shown!r}: {host[:80]!r} is not a host's name"
    return None


def _scheme_problem(text: str, parts: SplitResult) -> str | None:
    shown = _shown(text)
    rest = text.lstrip(":/")
    if parts.scheme in _SCHEMES and text.lower().startswith(f"{parts.scheme}://"):
        return None
    head = text.partition("://")[0] if "://" in text else ""
    if parts.scheme in _SCHEMES and not head:
        host = text.partition(":")[2].lstrip("/")
        return f"{shown!r} is misspelled after {parts.scheme!r}; write {parts.scheme}://{host}"
    if head:
        return f"{shown!r} begins with {head!r}; an address begins with http:// or https://"
    for scheme in reversed(_SCHEMES):
        if rest.startswith(f"{scheme}/"):
            return f"{shown!r} lacks a colon; write {scheme}://{rest[len(scheme) :].lstrip('/')}"
    local = is_loopback(rest.partition("/")[0].partition(":")[0])
    wanted = "http" if local else "https"
    return f"{shown!r} lacks the http:// or https:// in front; write {wanted}://{rest}"


def asked_address(links: Iterable[BaseException]) -> str | None:
    """Return the address that a client asked, as its exceptions have it; ``None`` if none does.

    LiteLLM's own are passed over: their requests are made up.
    """
    for link in links:
        if not type(link).__module__.startswith("litellm"):
            url = attribute(attribute(link, "request"), "url")
            if url is not None and "://" in str(url):
                return base_of(str(url))
    return None


def base_of(url: str) -> str:
    """Return an address without the endpoint that the client put behind it."""
    url = public_address(url)
    for endpoint in _ENDPOINTS:
        if url.endswith(endpoint):
            return url.removesuffix(endpoint)
    return url


def path_advice(address: str | None) -> str:
    """Return what to try if a server answers at an address and knows no such path."""
    parts = _split(address)
    path = (parts.path if parts is not None else "").rstrip("/")
    for endpoint in _ENDPOINTS:
        if path.endswith(endpoint):
            return f"leave {endpoint!r} off the end of base_url: the client adds it"
    if not address:
        return "check the model's name"
    if "/v1" not in path:
        return (
            "check the path of base_url: OpenAI-compatible servers mostly want /v1 at its end, as "
            f"in {public_address(address).rstrip('/')}/v1; else check the model's name"
        )
    return "check the path of base_url and the model's name"
