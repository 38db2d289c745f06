"""Why no answer came, by the classes and words of the exceptions in a chain.

Decides kind, words and advice of a failure that happened before, or instead of, an answer: by the
table of ``cause_table.py``, else by the innermost exception's own words. Refuses to explain what no
client of a provider raised.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from traceback import walk_tb
from urllib.parse import urlsplit

from docsum_nb.provider_errors.addresses import (
    address_problem,
    asked_address,
    host_of,
    is_loopback,
    public_address,
)
from docsum_nb.provider_errors.cause_table import ROWS, CauseRow, Failure
from docsum_nb.provider_errors.exception_chain import (
    attribute,
    chain_of,
    class_names,
    texts_of,
    words_of,
)
from docsum_nb.render.one_line import one_line

__all__ = ["Cause", "cause_of"]


@dataclass(frozen=True)
class Cause:
    """Why no answer came."""

    failure: Failure
    words: str
    """What happened, on one line."""
    advice: str
    """What to change; empty if that is not known."""
    doubt: bool = False
    """Whether it is the innermost exception's own words, for want of a row that fits."""


_TRANSPORT = (
    *("OSError", "ClientError", "TransportError", "RequestError", "HTTPError", "SSLError"),
    *("EndpointConnectionError", "NetworkError", "ServiceRequestError", "TimeoutError"),
)
_CLIENTS = (
    *("aiohttp", "anthropic", "azure", "botocore", "google", "groq", "httpcore", "httpx"),
    *("huggingface_hub", "litellm", "mistralai", "ollama", "openai", "requests", "urllib3"),
)
"""Packages of which an exception has to be in the chain; others' faults are no failed requests."""
_MOST_FRAMES = 200
_CLIENTS_OWN = ("APIConnectionError", "APITimeoutError", "APIStatusError")


def cause_of(error: BaseException, address: str | None = None) -> Cause | None:
    """Return why no answer came; ``None`` if the chain does not show it, or is no client's.

    Args:
        error: An exception whose chain holds no answer of a provider.
        address: Of the server, as the user gave it; ``None`` if it is the provider's own.
    """
    links = chain_of(error)
    if not any(_is_a_clients(link) for link in links):
        return None
    address = address or asked_address(links)
    names = frozenset().union(*map(class_names, links))
    said = texts_of(links)
    facts = _facts(links, address)
    if address and (problem := address_problem(address)) is not None:
        return Cause(Failure.PERMANENT, f"base_url is no address: {problem}", "")
    through = _through_proxy(names, said, facts)
    if through is not None:
        return through
    for row in ROWS:
        if _fits(row, names, said):
            return _cause(row, facts)
    inner = _innermost(links)
    if inner is None or "TimeoutError" in class_names(inner):
        return None
    own = one_line(words_of(inner), max_chars=200)
    return Cause(Failure.TRANSIENT, f"the request failed: {own}", "", doubt=True)


def _is_a_clients(error: BaseException) -> bool:
    """Return whether an exception is a client's own, or was raised in a client's code."""
    if type(error).__module__.partition(".")[0] in _CLIENTS:
        return True
    frames = (frame for frame, _ in walk_tb(error.__traceback__))
    names = (str(frame.f_globals.get("__name__")) for frame in islice(frames, _MOST_FRAMES))
    return any(name.partition(".")[0] in _CLIENTS for name in names)


def _fits(row: CauseRow, names: frozenset[str], said: str) -> bool:
    if row.classes and not names.intersection(row.classes):
        return False
    return not row.markers or any(marker in said for marker in row.markers)


def _cause(row: CauseRow, facts: dict[str, str]) -> Cause:
    words = row.words
    for name, value in facts.items():
        words = words.replace(f"{{{name}}}", value)
    return Cause(row.failure, words, row.advice)


def _facts(links: tuple[BaseException, ...], address: str | None) -> dict[str, str]:
    host, wanted = _host_in(links), host_of(address)
    inner = _innermost(links) or links[-1]
    return {
        "asked": repr(host or wanted or "of the provider"),
        "host": wanted or host or "the provider",
        "address": public_address(address) if address else (host or "its address"),
        "proxy": _proxy_for(address) or "in between",
        "own": one_line(words_of(inner), max_chars=300),
    }


def _host_in(links: Iterable[BaseException]) -> str:
    """Return the host that a connection was sought to; empty if no exception names it."""
    for link in links:
        host = attribute(link, "host")
        if isinstance(host, str) and host:
            return host
    return ""


def _innermost(links: Iterable[BaseException]) -> BaseException | None:
    """Return the innermost exception of the transport; ``None`` if the chain holds none."""
    found = None
    for link in links:
        names = class_names(link)
        if names.intersection(_TRANSPORT) and not names.intersection(_CLIENTS_OWN):
            found = link
    return found


def _through_proxy(names: frozenset[str], said: str, facts: dict[str, str]) -> Cause | None:
    """Return the cause if it was the proxy that could not be reached."""
    proxy = facts["proxy"] if facts["proxy"] != "in between" else ""
    known = "ClientProxyConnectionError" in names or ("ProxyError" in names and "407" not in said)
    if not known and not (proxy and _is_about(proxy, said, facts)):
        return None
    if "ClientHttpProxyError" in names or ("407" in said and "ProxyError" in names):
        return None
    if is_loopback(facts["host"]):
        words = f"the request to {facts['host']}, this machine, went to the proxy {proxy}"
        return Cause(
            Failure.TRANSIENT,
            f"{words}, which does not answer",
            "name it in NO_PROXY: NO_PROXY=localhost,127.0.0.1,::1",
        )
    return Cause(
        Failure.TRANSIENT,
        f"the proxy {proxy or 'in between'} does not answer",
        "correct or unset HTTP_PROXY and HTTPS_PROXY, or name the host in NO_PROXY",
    )


def _is_about(proxy: str, said: str, facts: dict[str, str]) -> bool:
    """Return whether a connection that was refused, or a name that is unknown, is the proxy's."""
    parts = urlsplit(proxy)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if host == facts["host"] or not host:
        return False
    if facts["asked"] == repr(host) and host in said:
        return True
    return any(f"('{where}', {port}" in said for where in (host, "127.0.0.1", "::1") if port)


def _proxy_for(address: str | None) -> str:
    """Return the proxy that this process uses for an address, without its password."""
    if not address:
        scheme, host = "https", ""
    else:
        scheme, host = urlsplit(address).scheme, host_of(address)
    try:
        proxies = urllib.request.getproxies()
        if host and urllib.request.proxy_bypass(host):
            return ""
    except (OSError, ValueError):
        return ""
    found = proxies.get(scheme, proxies.get("all", ""))
    return public_address(found if "://" in found else f"http://{found}") if found else ""
