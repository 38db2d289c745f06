"""Connections that fail, each for its own reason: the cause, what to change, and how many tries.

Real sockets, certificates and proxies; nothing here is made to look as if it failed.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from docsum_nb.budget import Budget
from docsum_nb.errors import InputError
from docsum_nb.events import CallStarted, Event
from docsum_nb.models import Model, ModelClient, open_model, with_cause
from docsum_nb.provider_errors import Failure, Fault, fault_of
from tests.models.certificates import Authority, self_signed
from tests.models.model_samples import REQUEST
from tests.models.wire import answer
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

RETRIES = 2
TRIES = {Failure.PERMANENT: 1, Failure.DOUBTFUL: 2, Failure.TRANSIENT: 3, Failure.TIMEOUT: 3}
KEY = "sk-not-to-be-shown"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def failing(
    url: str, *, key: str = KEY, name: str = "openai/x", **options: Any
) -> tuple[Any, int]:
    """Ask a server that gives no answer; return the error and how often it was asked."""
    events: list[Event] = []
    control = StandaloneControl(events)
    settings = Model(name, base_url=url, api_key=key, **{"max_retries": RETRIES, **options})
    client = ModelClient([open_model(settings)], ledger=None, control=control, budget=Budget())
    try:
        await client.ask(REQUEST)
    except Exception as error:  # noqa: BLE001  # whatever the client makes of it
        return error, sum(isinstance(event, CallStarted) for event in events)
    raise AssertionError("no answer was to come")


async def against(
    handler: Handler, scheme: str = "http", tls: ssl.SSLContext | None = None, **options: Any
) -> tuple[str, Any, int]:
    """Ask a server of one's own; return its address, the error and the number of tries."""
    server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=tls)
    async with server:
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return url, *await failing(url, **options)


def checked_fault(url: str, error: Any, tries: int) -> Fault:
    """Check what holds of every fault of a connection, and return it."""
    fault = fault_of(error, url)
    assert fault.status is None, fault
    assert tries == TRIES[fault.failure]
    assert "\n" not in fault.line
    assert fault.words in with_cause(error)
    assert KEY not in with_cause(error)
    return fault


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(answer(400, "what was that", kind="text/plain"))
    await writer.drain()
    writer.close()


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.close()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    # Closed with nothing to wait for, a socket sends a reset.
    own = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    await writer.drain()
    await reader.read()
    writer.close()


async def breaking_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(answer(200, "{" + " " * 100)[:-50])
    await writer.drain()
    writer.close()


async def circling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(answer(301, "", headers={"location": "/v1/chat/completions"}))
    await writer.drain()
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def asking_for_a_password(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer(407, "who are you?", kind="text/plain"))
    await writer.drain()
    writer.close()


@contextmanager
def free_port() -> Iterator[int]:
    """Hold a port on which nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


# --- certificates ------------------------------------------------------------------------------


def test_certificate_that_signs_itself(tmp_path: Path) -> None:
    """A server answers, so "nothing answers" would be wrong; asked once."""
    fault = checked_fault(*on_loop(against(plain, "https", self_signed(tmp_path))))
    assert "signed its certificate itself" in fault.words
    assert "SSL_CERT_FILE" in fault.advice
    assert "nothing answers" not in fault.line


@pytest.mark.parametrize(
    ("shown", "words"),
    [({"days": -1}, "has expired"), ({"host": "other.example"}, "is for another name")],
)
def test_certificate_of_a_known_authority_that_does_not_hold(
    shown: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Expired, or for another name: said so, asked once."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    fault = checked_fault(*on_loop(against(plain, "https", authority.server(**shown))))
    assert words in fault.words
    assert fault.failure is Failure.PERMANENT


def test_certificate_of_an_unknown_authority(tmp_path: Path) -> None:
    """As behind a company's proxy: the authority is what is to be trusted."""
    fault = checked_fault(*on_loop(against(plain, "https", Authority(tmp_path).server())))
    assert "issued by an authority that is not known here" in fault.words
    assert fault.failure is Failure.PERMANENT


def test_https_on_a_port_of_http() -> None:
    """The scheme is what is to be changed; asked once."""
    fault = checked_fault(*on_loop(against(plain, "https")))
    assert "without encryption" in fault.words
    assert "http://" in fault.advice
    assert fault.failure is Failure.PERMANENT


def test_http_on_a_port_of_https(tmp_path: Path) -> None:
    """The server closes the connection, which may also pass; the advice names the scheme."""
    fault = checked_fault(*on_loop(against(plain, "http", self_signed(tmp_path), max_retries=2)))
    assert "closed the connection" in fault.words
    assert "https://" in fault.advice


# --- no answer ---------------------------------------------------------------------------------


def test_closed_port_is_where_nothing_answers() -> None:
    """The words that are true here, with the address as it was given, without its password."""
    with free_port() as port:
        url = f"http://127.0.0.1:{port}/v1?key=hidden"
        error, tries = on_loop(failing(url))
    fault = checked_fault(url, error, tries)
    assert f"nothing answers at http://127.0.0.1:{port}/v1" in fault.words
    assert "hidden" not in fault.line


def test_password_in_the_address_is_not_shown() -> None:
    """LiteLLM's client takes no such address beside a key; that is said without the password."""
    with free_port() as port:
        url = f"http://user:hidden@127.0.0.1:{port}/v1"
        fault = checked_fault(url, *on_loop(failing(url)))
    assert "holds a user or a password" in fault.words
    assert "hidden" not in fault.line


def test_name_that_nobody_has() -> None:
    """Tried again once, as a network may just have come up, and no four times."""
    url = "http://no-such-host.invalid/v1"
    fault = checked_fault(url, *on_loop(failing(url)))
    assert "'no-such-host.invalid'" in fault.words
    assert "spelling" in fault.advice


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (closing, "closed the connection"),
        (resetting, "closed the connection"),
        (breaking_off, "broke the connection off"),
    ],
)
def test_connection_that_breaks_may_be_a_passing_fault(handler: Handler, words: str) -> None:
    """It is tried again as often as is set."""
    fault = checked_fault(*on_loop(against(handler)))
    assert words in fault.words
    assert fault.failure is Failure.TRANSIENT


def test_port_of_something_else() -> None:
    """A server of SSH is no web server, however often it is asked."""
    fault = checked_fault(*on_loop(against(greeting)))
    assert "is no web server" in fault.words
    assert fault.failure is Failure.PERMANENT


def test_address_that_leads_in_a_circle() -> None:
    """As a proxy does that sends http to https, and back; asked once."""
    fault = checked_fault(*on_loop(against(circling)))
    assert "in a circle" in fault.words
    assert fault.failure is Failure.PERMANENT


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_web_page_where_an_answer_was_to_be(kind: str) -> None:
    """A web app answers every path with its page: the path of the address is what to look at."""

    async def paging(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer(200, "<html><title>My app</title></html>", kind=kind))
        await writer.drain()
        writer.close()

    url, error, tries = on_loop(against(paging))
    fault = checked_fault(url, error, tries)
    assert "such as a web page" in fault.words
    assert "path of base_url" in fault.advice
    assert fault.failure is Failure.DOUBTFUL


def test_file_of_certificates_that_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is named, not the server."""
    (tmp_path / "none.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    fault = checked_fault(*on_loop(against(plain, "https", self_signed(tmp_path))))
    assert "SSL_CERT_FILE" in fault.advice
    assert fault.failure is Failure.PERMANENT


def test_server_that_takes_the_connection_and_says_nothing() -> None:
    """A timeout of the answer: the server is there."""
    _, error, tries = on_loop(against(silent, timeout=0.4, max_retries=1))
    assert isinstance(error, TimeoutError)
    assert "no whole answer within 0.4 s" in str(error)
    assert tries == 2


def test_server_that_takes_no_connection() -> None:
    """A timeout of the connection says so: another cure helps."""
    with ExitStack() as held:
        full = held.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # what it keeps for later is full then, and it answers no request
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        error, tries = on_loop(failing(url, timeout=1.0, max_retries=1))
    fault = fault_of(error, url)
    assert fault.failure is Failure.TIMEOUT
    assert "no connection to 127.0.0.1" in fault.words
    assert tries == 2


# --- proxies -----------------------------------------------------------------------------------


def test_dead_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the provider is away; the proxy's password is not shown."""
    with free_port() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:hidden@127.0.0.1:{port}")
        url = "http://api.example.invalid/v1"
        fault = checked_fault(url, *on_loop(failing(url)))
    assert f"the proxy http://127.0.0.1:{port} does not answer" in fault.words
    assert "HTTP_PROXY" in fault.advice
    assert "hidden" not in fault.line


def test_this_machine_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own is asked through a company's proxy: NO_PROXY is the cure."""
    with free_port() as port:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        url, error, tries = on_loop(against(plain))
    fault = checked_fault(url, error, tries)
    assert "this machine, went to the proxy" in fault.words
    assert "NO_PROXY=localhost" in fault.advice


def test_proxy_that_wants_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the connection is there, no provider has said a word; asked once."""

    async def through() -> tuple[Any, int]:
        server = await asyncio.start_server(asking_for_a_password, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
            return await failing("https://api.example.invalid/v1")

    fault = checked_fault("https://api.example.invalid/v1", *on_loop(through()))
    assert "wants a user and a password" in fault.words
    assert fault.failure is Failure.PERMANENT


# --- what can be seen before anything is sent --------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:8000/v1", "write http://127.0.0.1:8000/v1"),
        ("localhost:8000/v1", "write http://localhost:8000/v1"),
        ("api.example.com/v1", "write https://api.example.com/v1"),
        ("htp://127.0.0.1:8000/v1", "begins with 'htp'"),
        ("http//127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("http:/127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("http:127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("ws://127.0.0.1:8000", "begins with 'ws'"),
        ("http://127.0.0.1:99999/v1", "from 1 to 65535"),
        ("http://127.0.0.1:port/v1", "from 1 to 65535"),
        ("http://127.0.0.1:0/v1", "from 1 to 65535"),
        ("http://::1:8000/v1", "in brackets"),
        ("http://[::1:8000/v1", "in brackets"),
        ("http:///v1", "names no host"),
        ("http://my host/v1", "white space"),
        ("http://127.0.0.1:8000/v1\n", "white space"),
        ("http://a..b/v1", "not a host's name"),
        ("//127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("://127.0.0.1", "http://"),
        ("https://me:hidden@127.0.0.1:99999/v1?key=hidden", "from 1 to 65535"),
    ],
)
def test_address_that_is_none_is_refused_before_anything_is_sent(address: str, says: str) -> None:
    """The message has what to write; nothing that may be secret in it is shown."""
    with pytest.raises(InputError, match="is no address") as caught:
        open_model(Model("openai/x", base_url=address, api_key=KEY))
    assert says in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["http://[::1]:8000/v1", "https://api.example.com", "http://localhost", "http://10.0.0.7:1/x/"],
)
def test_address_that_is_one_is_taken(address: str) -> None:
    """Hosts, IPv6 and paths of every kind."""
    assert open_model(Model("openai/x", base_url=address, api_key=KEY)).settings.base_url == address


def test_address_of_the_environment_is_looked_at_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable."""
    monkeypatch.setenv("OPENAI_BASE_URL", "127.0.0.1:8000")
    with pytest.raises(InputError, match="OPENAI_BASE_URL"):
        open_model(Model("openai/x", api_key=KEY))


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}\r\nx: y", f"{KEY}…", "“" + KEY])
def test_key_that_no_header_can_hold_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given or in the environment; the message does not show it."""
    with pytest.raises(InputError, match="api_key of openai/x") as caught:
        open_model(Model("openai/x", base_url="http://127.0.0.1:1", api_key=key))
    assert KEY not in str(caught.value)
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="OPENAI_API_KEY of openai/x") as caught:
        open_model(Model("openai/x"))
    assert KEY not in str(caught.value)
