"""Why no answer came: a table of causes, by the classes and words of the exceptions in a chain.

Decides kind, words and advice of a failure that happened before, or instead of, an answer. The
first row that fits counts; what fits no row is told by the innermost exception's own words.
Invariant: no row quotes an exception that may hold a key: of a header, only that it is unfit.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from traceback import walk_tb
from urllib.parse import urlsplit

from docsum_nb.faults.addresses import (
    address_problem,
    asked_address,
    host_of,
    is_loopback,
    public_address,
)
from docsum_nb.faults.chain import attribute, chain_of, class_names, texts_of, words_of
from docsum_nb.faults.kinds import Failure
from docsum_nb.render.clean import one_line

__all__ = ["Cause", "cause_of"]

_TRUST = "give its certificate in SSL_CERT_FILE=/path/to/it.pem before the kernel starts"
_TO_HTTPS = "if this happens every time, try https:// in base_url, and check the port"


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


@dataclass(frozen=True)
class _Row:
    classes: tuple[str, ...]
    """Names of which one has to be in the chain; empty for any."""
    markers: tuple[str, ...]
    """Pieces of text, in lower case, of which one has to be in the chain; empty for any."""
    failure: Failure
    words: str
    advice: str


_P, _T, _TIME, _D = Failure.PERMANENT, Failure.TRANSIENT, Failure.TIMEOUT, Failure.DOUBTFUL
_CERTIFICATE = ("SSLCertVerificationError", "ClientConnectorCertificateError")
_ANY_SSL = ("SSLError", *_CERTIFICATE, "ClientConnectorSSLError", "ConnectError")
_HEADER = ("ValueError", "UnicodeEncodeError", "LocalProtocolError", "InvalidHeader")
_URL = ("InvalidURL", "InvalidUrlClientError", "UnsupportedProtocol", "ValueError", "UnicodeError")
_BROKEN_OFF = (
    *("ServerDisconnectedError", "ConnectionResetError", "BrokenPipeError", "ReadError"),
    *("ConnectionAbortedError", "RemoteProtocolError", "WriteError", "ProtocolError"),
)
_NO_HTTP = ("bad status line", "illegal status line", "expected http/", "invalid http version")
_REFUSED = ("errno 111", "errno 61]", "winerror 10061", "connection refused", "connect call failed")

_ROWS = (
    _Row(
        _CERTIFICATE,
        ("self-signed certificate in certificate chain", "self signed certificate in certificate"),
        _P,
        "the certificate of {host} was issued by an authority that is not known here, such as a "
        "company's proxy",
        f"{_TRUST.replace('its certificate', 'the certificate of that authority')}",
    ),
    _Row(
        _CERTIFICATE,
        ("self-signed certificate", "self signed certificate"),
        _P,
        "{host} answers, but signed its certificate itself",
        _TRUST,
    ),
    _Row(
        _CERTIFICATE,
        ("certificate has expired",),
        _P,
        "the certificate of {host} has expired",
        "have it renewed; check the clock of this machine, too",
    ),
    _Row(
        _CERTIFICATE,
        ("certificate is not yet valid",),
        _P,
        "the certificate of {host} is not valid yet",
        "check the clock of this machine",
    ),
    _Row(
        _CERTIFICATE,
        ("hostname mismatch", "ip address mismatch", "doesn't match", "certificate is not valid"),
        _P,
        "the certificate that {host} shows is for another name",
        "write the name that it is for into base_url",
    ),
    _Row(
        _CERTIFICATE,
        ("unable to get local issuer certificate", "unable to get issuer certificate"),
        _P,
        "the certificate of {host} was issued by an authority that is not known here",
        _TRUST.replace("its certificate", "the certificate of that authority"),
    ),
    _Row(
        (*_CERTIFICATE, "ConnectError"),
        ("certificate_verify_failed", "certificate verify failed"),
        _P,
        "the certificate of {host} cannot be trusted ({own})",
        _TRUST,
    ),
    _Row(
        (),
        ("wrong_version_number", "wrong version number", "record layer failure", "http_request"),
        _P,
        "{host} answers without encryption on that port",
        "write http:// in place of https:// in base_url, or the port of https",
    ),
    _Row(
        (),
        ("certificate_required", "certificate required", "handshake_failure", "handshake failure"),
        _P,
        "{host} refuses the encrypted connection ({own})",
        "ask who runs it which certificate or version of TLS it wants",
    ),
    _Row(
        ("ClientHttpProxyError", "ProxyError"),
        ("407",),
        _P,
        "the proxy {proxy} wants a user and a password (407)",
        "write them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
    ),
    _Row(
        ("ClientHttpProxyError",),
        (),
        _T,
        "the proxy {proxy} lets the request not through ({own})",
        "ask who runs it, or name the host in NO_PROXY",
    ),
    _Row(
        ("gaierror", "ClientConnectorDNSError"),
        ("temporary failure", "try again", "errno -3]"),
        _T,
        "the name {asked} could not be looked up: no name server answers",
        "check the network",
    ),
    _Row(
        ("gaierror", "ClientConnectorDNSError"),
        (),
        _D,
        "no host is known by the name {asked}",
        "check its spelling in base_url, and the network or VPN",
    ),
    _Row(
        (),
        ("name or service not known", "nodename nor servname", "no address associated"),
        _D,
        "no host is known by the name {asked}",
        "check its spelling in base_url, and the network or VPN",
    ),
    _Row(
        ("ConnectTimeout", "ConnectionTimeoutError"),
        (),
        _TIME,
        "no connection to {host} came about within the timeout",
        "check host, port and firewall, and https:// against http://; raise timeout if it is slow",
    ),
    _Row(
        ("PoolTimeout",),
        (),
        _TIME,
        "no connection was free within the timeout",
        "lower max_concurrency, or raise timeout",
    ),
    _Row(
        ("ReadTimeout", "SocketTimeoutError", "ServerTimeoutError", "WriteTimeout"),
        (),
        _TIME,
        "{host} took the connection, and gave no answer within the timeout",
        "raise timeout if the model needs longer",
    ),
    _Row(
        ("ConnectionRefusedError",),
        (),
        _T,
        "nothing answers at {address}: the connection was refused",
        "start the server, or correct host and port in base_url",
    ),
    _Row(
        ("OSError", "ConnectError"),
        _REFUSED,
        _T,
        "nothing answers at {address}: the connection was refused",
        "start the server, or correct host and port in base_url",
    ),
    _Row(
        ("OSError", "ConnectError"),
        ("no route to host", "network is unreachable", "host is down", "errno 113", "errno 101"),
        _T,
        "{host} cannot be reached from here ({own})",
        "check the network, VPN and firewall",
    ),
    _Row(
        ("OSError",),
        ("too many open files",),
        _T,
        "this process has too many files and connections open",
        "lower max_concurrency, or raise the limit (ulimit -n)",
    ),
    _Row(
        (),
        _NO_HTTP,
        _P,
        "what answers at {address} is no web server",
        "check host and port in base_url; a port of https wants https://",
    ),
    _Row(
        _HEADER,
        ("control character detected in headers", "illegal header", "invalid header value"),
        _P,
        "the key, or another header, holds a line break or another character that no header can",
        "read the key again without it: key.strip()",
    ),
    _Row(
        (),
        ("cannot combine authorization",),
        _P,
        "base_url holds a user or a password, and the key is sent as well",
        "leave USER:PASSWORD@ out of base_url",
    ),
    _Row(
        ("UnicodeEncodeError",),
        ("surrogates not allowed",),
        _P,
        "the text holds half of a pair of characters (a lone surrogate), which cannot be sent",
        "replace it: text.encode('utf-8', 'replace').decode()",
    ),
    _Row(
        ("UnicodeEncodeError",),
        ("'ascii' codec", "'latin-1' codec"),
        _P,
        "the key, or another header, holds a character that no header can",
        "copy the key again; quotes and dots may have been changed on the way",
    ),
    _Row(
        _URL,
        (
            "port out of range",
            "invalid port",
            "invalid url",
            "missing an 'http",
            "idna",
            "protocol",
        ),
        _P,
        "{address} cannot be used",
        "write it as http://HOST:PORT/v1 or https://HOST/v1",
    ),
    _Row(
        ("InvalidURL", "InvalidUrlClientError", "UnsupportedProtocol", "NonHttpUrlClientError"),
        (),
        _P,
        "{address} cannot be used",
        "write it as http://HOST:PORT/v1 or https://HOST/v1",
    ),
    _Row(
        ("ClientPayloadError", "IncompleteRead", "ContentLengthError", "TransferEncodingError"),
        (),
        _T,
        "{host} broke the connection off in the middle of its answer",
        "",
    ),
    _Row(
        _BROKEN_OFF,
        (
            "disconnected",
            "reset by peer",
            "broken pipe",
            "without sending",
            "eof occurred",
            "aborted",
        ),
        _T,
        "{host} closed the connection without an answer",
        _TO_HTTPS,
    ),
    _Row(
        _ANY_SSL,
        ("ssl",),
        _T,
        "the encrypted connection to {host} failed ({own})",
        "",
    ),
)
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
    """Return why no answer came; ``None`` if the chain does not tell, or is no client's.

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
    for row in _ROWS:
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


def _fits(row: _Row, names: frozenset[str], said: str) -> bool:
    if row.classes and not names.intersection(row.classes):
        return False
    return not row.markers or any(marker in said for marker in row.markers)


def _cause(row: _Row, facts: dict[str, str]) -> Cause:
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
        "own": one_line(words_of(inner), max_chars=160),
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
