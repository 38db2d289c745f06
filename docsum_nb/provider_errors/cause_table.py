"""The kinds of failure, and the table of causes: how each is recognized, and what helps.

The first row that fits counts, so the special ones stand before the general. In the words,
``{host}``, ``{address}``, ``{asked}``, ``{proxy}`` and ``{own}`` stand for what is known. The last
one, the innermost exception's words, is never used of a header, which may hold a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["ROWS", "CauseRow", "Failure"]

_TRUST = "give its certificate in SSL_CERT_FILE=/path/to/it.pem before the kernel starts"
_TO_HTTPS = "if this happens every time, try https:// in base_url, and check the port"


class Failure(Enum):
    """What kind of failure an error is: what helps against it."""

    PERMANENT = "the same request will fail again"
    DOUBTFUL = "the same request will most likely fail again; one more try finds out"
    TRANSIENT = "the same request may succeed"
    TIMEOUT = "there was no answer in time"
    OVERLOAD = "the provider has no room now"
    TOO_LONG = "the request is too long; a shorter one may succeed"
    SPENT = "money or quota is used up, and waiting does not bring it back in time"

    @property
    def final(self) -> bool:
        """Whether no further try of the same request can succeed."""
        return self in (Failure.PERMANENT, Failure.TOO_LONG, Failure.SPENT)


@dataclass(frozen=True)
class CauseRow:
    """A cause: how it is recognized, its kind, and what is said of it."""

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

ROWS = (
    CauseRow(("RedirectRefused",), (), _P, "{own}", ""),
    CauseRow(
        _CERTIFICATE,
        ("self-signed certificate in certificate chain", "self signed certificate in certificate"),
        _P,
        "the certificate of {host} was issued by an authority that is not known here, such as a "
        "company's proxy",
        f"{_TRUST.replace('its certificate', 'the certificate of that authority')}",
    ),
    CauseRow(
        _CERTIFICATE,
        ("self-signed certificate", "self signed certificate"),
        _P,
        "{host} answers, but signed its certificate itself",
        _TRUST,
    ),
    CauseRow(
        _CERTIFICATE,
        ("certificate has expired",),
        _P,
        "the certificate of {host} has expired",
        "have it renewed; check the clock of this machine, too",
    ),
    CauseRow(
        _CERTIFICATE,
        ("certificate is not yet valid",),
        _P,
        "the certificate of {host} is not valid yet",
        "check the clock of this machine",
    ),
    CauseRow(
        _CERTIFICATE,
        ("hostname mismatch", "ip address mismatch", "doesn't match", "certificate is not valid"),
        _P,
        "the certificate that {host} shows is for another name",
        "write the name that it is for into base_url",
    ),
    CauseRow(
        _CERTIFICATE,
        ("unable to get local issuer certificate", "unable to get issuer certificate"),
        _P,
        "the certificate of {host} was issued by an authority that is not known here",
        _TRUST.replace("its certificate", "the certificate of that authority"),
    ),
    CauseRow(
        (*_CERTIFICATE, "ConnectError"),
        ("certificate_verify_failed", "certificate verify failed"),
        _P,
        "the certificate of {host} cannot be trusted ({own})",
        _TRUST,
    ),
    CauseRow(
        (),
        (
            "no certificate or crl found",
            "no_certificate_or_crl_found",
            "could not find a suitable tls",
        ),
        _P,
        "the file of trusted certificates holds none ({own})",
        "correct or unset SSL_CERT_FILE, SSL_VERIFY and REQUESTS_CA_BUNDLE",
    ),
    CauseRow(
        ("TooManyRedirects",),
        (),
        _P,
        "what answers at {address} sends the request on in a circle",
        "write the address that it ends at into base_url; http and https may be mixed up",
    ),
    CauseRow(
        (),
        ("wrong_version_number", "wrong version number", "record layer failure", "http_request"),
        _P,
        "{host} answers without encryption on that port",
        "write http:// in place of https:// in base_url, or the port of https",
    ),
    CauseRow(
        (),
        ("certificate_required", "certificate required", "handshake_failure", "handshake failure"),
        _P,
        "{host} refuses the encrypted connection ({own})",
        "ask who runs it which certificate or version of TLS it wants",
    ),
    CauseRow(
        ("ClientHttpProxyError", "ProxyError"),
        ("407",),
        _P,
        "the proxy {proxy} wants a user and a password (407)",
        "write them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT",
    ),
    CauseRow(
        ("ClientHttpProxyError",),
        (),
        _T,
        "the proxy {proxy} lets the request not through ({own})",
        "ask who runs it, or name the host in NO_PROXY",
    ),
    CauseRow(
        ("gaierror", "ClientConnectorDNSError"),
        ("temporary failure", "try again", "errno -3]"),
        _T,
        "the name {asked} could not be looked up: no name server answers",
        "check the network",
    ),
    CauseRow(
        ("gaierror", "ClientConnectorDNSError"),
        (),
        _D,
        "no host is known by the name {asked}",
        "check its spelling in base_url, and the network or VPN",
    ),
    CauseRow(
        (),
        ("name or service not known", "nodename nor servname", "no address associated"),
        _D,
        "no host is known by the name {asked}",
        "check its spelling in base_url, and the network or VPN",
    ),
    CauseRow(
        ("ConnectTimeout", "ConnectionTimeoutError"),
        (),
        _TIME,
        "no connection to {host} came about within the timeout",
        "check host, port and firewall, and https:// against http://; raise timeout if it is slow",
    ),
    CauseRow(
        ("PoolTimeout",),
        (),
        _TIME,
        "no connection was free within the timeout",
        "lower max_concurrency, or raise timeout",
    ),
    CauseRow(
        ("ReadTimeout", "SocketTimeoutError", "ServerTimeoutError", "WriteTimeout"),
        (),
        _TIME,
        "{host} took the connection, and gave no answer within the timeout",
        "raise timeout if the model needs longer",
    ),
    CauseRow(
        ("ConnectionRefusedError",),
        (),
        _T,
        "nothing answers at {address}: the connection was refused",
        "start the server, or correct host and port in base_url",
    ),
    CauseRow(
        ("OSError", "ConnectError"),
        _REFUSED,
        _T,
        "nothing answers at {address}: the connection was refused",
        "start the server, or correct host and port in base_url",
    ),
    CauseRow(
        ("OSError", "ConnectError"),
        ("no route to host", "network is unreachable", "host is down", "errno 113", "errno 101"),
        _T,
        "{host} cannot be reached from here ({own})",
        "check the network, VPN and firewall",
    ),
    CauseRow(
        ("OSError",),
        ("too many open files",),
        _T,
        "this process has too many files and connections open",
        "lower max_concurrency, or raise the limit (ulimit -n)",
    ),
    CauseRow(
        (),
        _NO_HTTP,
        _P,
        "what answers at {address} is no web server",
        "check host and port in base_url; a port of https wants https://",
    ),
    CauseRow(
        _HEADER,
        ("control character detected in headers", "illegal header", "invalid header value"),
        _P,
        "the key, or another header, holds a line break or another character that no header can",
        "read the key again without it: key.strip()",
    ),
    CauseRow(
        (),
        ("cannot combine authorization",),
        _P,
        "base_url holds a user or a password, and the key is sent as well",
        "leave USER:PASSWORD@ out of base_url",
    ),
    CauseRow(
        ("UnicodeEncodeError",),
        ("surrogates not allowed",),
        _P,
        "the text holds half of a pair of characters (a lone surrogate), which cannot be sent",
        "replace it: text.encode('utf-8', 'replace').decode()",
    ),
    CauseRow(
        ("UnicodeEncodeError",),
        ("'ascii' codec", "'latin-1' codec"),
        _P,
        "the key, or another header, holds a character that no header can",
        "copy the key again; quotes and dots may have been changed on the way",
    ),
    CauseRow(
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
    CauseRow(
        ("InvalidURL", "InvalidUrlClientError", "UnsupportedProtocol", "NonHttpUrlClientError"),
        (),
        _P,
        "{address} cannot be used",
        "write it as http://HOST:PORT/v1 or https://HOST/v1",
    ),
    CauseRow(
        ("ClientPayloadError", "IncompleteRead", "ContentLengthError", "TransferEncodingError"),
        (),
        _T,
        "{host} broke the connection off in the middle of its answer",
        "",
    ),
    CauseRow(
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
    CauseRow(
        _ANY_SSL,
        ("ssl",),
        _T,
        "the encrypted connection to {host} failed ({own})",
        "",
    ),
)
