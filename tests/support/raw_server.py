"""A server on raw sockets that sends the bytes it is given, however wrong they are."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

__all__ = ["RawReply", "RawServer", "running_raw"]


@dataclass(frozen=True)
class RawReply:
    """The bytes of one answer."""

    body: bytes
    kind: str = "application/json"
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    """How often the body is sent: a large one need not be in memory."""

    def head(self) -> bytes:
        """Return the status line and the headers; the end of the connection ends the body."""
        told = {"content-type": self.kind, "connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status}", *(f"{name}: {told[name]}" for name in told)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


class RawServer:
    """Answers each path from a list of its own; the last one of the list stays."""

    def __init__(self) -> None:
        self.port = 0
        self.plain: dict[str, Sequence[RawReply]] = {}
        """Answers to plain requests, by the first part of the path."""
        self.streamed: dict[str, Sequence[RawReply]] = {}
        """Answers to requests for a stream; a plain answer if there is none."""
        self.asked: Counter[str] = Counter()
        self.bodies: dict[str, list[dict[str, Any]]] = {}
        self.sent: Counter[str] = Counter()
        """Bytes that were sent before the client went away."""

    def base_url(self, name: str) -> str:
        """Return the address that has the answers of this name."""
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            name = head.split(" ")[1].split("/")[1]
            length = next(
                int(line.partition(":")[2])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length:")
            )
            body = json.loads(await reader.readexactly(length))
            reply = self._next(name, body)
            writer.write(reply.head())
            for _ in range(reply.times):
                writer.write(reply.body)
                await writer.drain()
                self.sent[name] += len(reply.body)
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def _next(self, name: str, body: dict[str, Any]) -> RawReply:
        self.bodies.setdefault(name, []).append(body)
        number = self.asked[name]
        self.asked[name] += 1
        replies = self.plain[name]
        if body.get("stream") and name in self.streamed:
            replies = self.streamed[name]
        return replies[min(number, len(replies) - 1)]


@contextmanager
def running_raw() -> Iterator[RawServer]:
    """Serve on a free port of the loopback address until the block ends."""
    server, loop, ready = RawServer(), asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=2**20)
        server.port = listener.sockets[0].getsockname()[1]
        ready.set()
        await over.wait()
        listener.close()
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60), "the server did not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)
        loop.close()
