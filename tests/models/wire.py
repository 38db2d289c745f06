"""A server on a raw socket that answers as a test writes it, byte by byte.

Each answer has an address of its own, and every request to one is counted, with any path that a
client puts behind it. It runs on a thread, with a loop of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

__all__ = ["Wire", "answer", "serving"]

_GONE_S = 60.0


def answer(
    status: int,
    body: str | bytes,
    *,
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> bytes:
    """Return an HTTP response as it goes over the wire."""
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    named = {"content-type": kind, "content-length": str(len(data)), "connection": "close"}
    lines = [
        f"HTTP/1.1 {status} X",
        *(f"{k}: {v}" for k, v in (named | dict(headers or {})).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + data


class Wire:
    """The server: what it answers under each name, and how often it was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.answers: dict[str, Sequence[bytes]] = {}
        """By name: the answer to each request in turn; the last one to all others."""
        self.asked: Counter[str] = Counter()
        self.at: dict[str, list[float]] = {}
        """When each request came, in seconds of the loop's clock."""

    def base_url(self, name: str, path: str = "/v1") -> str:
        return f"{self.address}/{name}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            name = await _read_request(reader)
            if name:
                answers = self.answers[name]
                number = self.asked[name]
                self.asked[name] += 1
                self.at.setdefault(name, []).append(asyncio.get_running_loop().time())
                writer.write(answers[min(number, len(answers) - 1)])
                await writer.drain()
        writer.close()


async def _read_request(reader: asyncio.StreamReader) -> str:
    """Return the first part of the path of a request, once all of it has come."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    sizes = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
    if sizes:
        await reader.readexactly(int(sizes[0]))
    elif "transfer-encoding: chunked" in head.lower():
        await reader.readuntil(b"0\r\n\r\n")
    return first.split(" ")[1].strip("/").partition("/")[0]


@contextmanager
def serving(*, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Serve on a free port of the loopback address until the block ends.

    Args:
        tls: Encrypts if it is given; the address says http all the same.
    """
    wire, loop = Wire(), asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, limit=2**20, ssl=tls)
        wire.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await over.wait()
        server.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(_GONE_S), "the server did not start"
    try:
        yield wire
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(_GONE_S)
        loop.close()
