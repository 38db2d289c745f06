"""How web addresses are asked, and what the errors of servers and storages mean.

Decides that a server is given a minute for each step, that proxies of the environment hold, and
that a redirect may not lead from a public server into a private network: what is read there would
be sent to a model. Refuses nothing else; what a server refuses is said in words.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

from docsum_nb.errors import LoadError, described
from docsum_nb.paths import visible

__all__ = ["client_options", "fault_of", "leads_inside"]

CONNECT_S, SILENCE_S = 30.0, 60.0
"""Seconds for a connection, and without a byte."""
_STATUS = {
    401: "wants a login; download it and give the file, or write https://USER:PASSWORD@HOST",
    403: "refuses it; it may want a login: download it and give the file",
    404: "has nothing there; check the address",
    407: "is behind a proxy that wants a login; set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
    408: "took too long; try again later",
    410: "has removed it; check the address",
    429: "is asked too often; try again later, or download the files",
    451: "may not show it here",
}


def client_options() -> dict[str, Any]:
    """Return how the web's file system of ``fsspec`` is to be opened."""
    import aiohttp

    redirects = aiohttp.TraceConfig()
    redirects.on_request_redirect.append(_check_redirect)
    return {
        "skip_instance_cache": True,
        "client_kwargs": {
            "timeout": aiohttp.ClientTimeout(
                total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S
            ),
            "trace_configs": [redirects],
            "trust_env": True,
        },
        # What arrives is to be what the server has, byte for byte.
        "headers": {"Accept-Encoding": "identity"},
    }


async def _check_redirect(session: Any, context: Any, redirect: Any) -> None:
    """Refuse a redirect from a public server into a private network.

    Raises:
        LoadError: It is one.
    """
    from yarl import URL

    here = redirect.url
    try:
        there = here.join(URL(redirect.response.headers.get("Location", "")))
    except ValueError:
        return  # the client says what is wrong with it
    if there.host is None or there.host == here.host:
        return
    if await leads_inside(there.host) and not await leads_inside(here.host or ""):
        redirect.response.close()
        reason = f"redirects to {there.host} in a private network, which is not followed"
        raise LoadError("", f"{reason}; if that is meant, give that address itself")


async def leads_inside(host: str) -> bool:
    """Check whether a host is in a private network or on this machine; if not known, it is not."""
    import asyncio

    try:
        return not _is_public(host)
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return not all(_is_public(str(each[4][0]).partition("%")[0]) for each in found)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_global)


def fault_of(error: Exception) -> str:
    """Return what an error of a server or storage means, and what helps."""
    if isinstance(error, LoadError):
        return error.reason
    if isinstance(status := getattr(error, "status", None), int) and status >= 400:
        return f"cannot be fetched: the server {_words_of(status)} (HTTP status {status})"
    for kind, words in _faults():
        if isinstance(error, kind):
            return words.format(described(error)) if "{}" in words else words
    return f"cannot be fetched ({described(error)}); download it and give the file"


def _faults() -> Iterator[tuple[type[Exception], str]]:
    """Yield the kinds of errors that have words of their own, the narrower first."""
    import aiohttp

    loop = "is redirected without end; open it in a browser, and give the address that works"
    yield aiohttp.TooManyRedirects, loop
    where = "is redirected to what is no web address ({}); check the address"
    yield aiohttp.NonHttpUrlRedirectClientError, where
    missing = "was not found (HTTP status 404, if on the web); check the address"
    yield FileNotFoundError, missing
    yield PermissionError, "may not be read ({}); check the credentials for this storage"
    silent = "cannot be fetched: the server does not answer; try again later, or download it"
    yield TimeoutError, silent
    yield aiohttp.ClientPayloadError, "broke off before it was whole; try again, or download it"
    unreachable = (
        "cannot be fetched: no connection ({}); check the address, and whether this machine may "
        "reach it"
    )
    yield aiohttp.ClientConnectionError, unreachable
    yield ConnectionError, unreachable
    yield socket.gaierror, unreachable
    yield aiohttp.InvalidURL, "is no usable address; check how it is written"


def _words_of(status: int) -> str:
    if status >= 500:
        return "fails; try again later"
    return visible(_STATUS.get(status, "refuses it; download it and give the file"))
