"""The bytes of a provider's answer, watched on their way to LiteLLM: bounded, and read for facts.

One ``TransportFacts`` belongs to one request. It stops reading at a bound, also for what is
compressed, so that no body fills the memory, and it keeps what LiteLLM does not pass on: the
provider's word for the end, an error in a body of status 200 or in the middle of a stream, the
usage as it was sent. What LiteLLM would fail on is replaced before it gets there
(``response_bodies.repaired``). A request that LiteLLM sends by another transport than its own is
not watched; then LiteLLM's fields are all there is.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Literal

import httpx

from docsum_nb.models.response_bodies import (
    BodyError,
    end_in,
    error_in,
    repaired,
    tier_in,
    usage_in,
)
from docsum_nb.provider_errors import leads_elsewhere

__all__ = ["UNPROCESSABLE", "TransportFacts", "watch_transport"]

UNPROCESSABLE = 422
"""The status of HTTP."""
_LEAST_BYTES = 2 * 2**20
_BYTES_A_TOKEN = 2 * 2**10
"""Of a stream: an event has one token and some hundred bytes around it, with log probabilities
more."""
_MOST_OF_ERROR = 16 * 2**10
"""Of a body whose status is an error: no provider's words are longer, and LiteLLM looks for secrets
in them for 20 seconds a megabyte, in which no other code of the process runs."""
_LONGEST_EVENT = 256 * 2**10
"""Of several lines; one of one line is bounded by the whole."""
_STEP = 64 * 2**10
_GZIP_OR_ZLIB = zlib.MAX_WBITS + 32
_ENCODINGS = ("", "identity", "gzip", "deflate", "x-gzip")
_EVENT_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_LONGEST_FIELD = 6
_BOM = b"\xef\xbb\xbf"

_wire: ContextVar[TransportFacts | None] = ContextVar("docsum_nb_wire", default=None)


class _Stopped(httpx.ReadError):
    """The body is not read further; the ``TransportFacts`` has the reason."""


class TransportFacts:
    """What a provider sends in answer to one request.

    Args:
        tokens: The longest answer that was asked for; bounds how much is read.
    """

    def __init__(self, tokens: int) -> None:
        self.elsewhere = False
        """Whether the server redirected the request to another one, to which nothing was sent."""
        self.most_bytes = _LEAST_BYTES + _BYTES_A_TOKEN * tokens
        self._begin()

    def _begin(self, kind: str = "", status: int = 0) -> None:
        self.status = status
        self.stopped = ""
        """Why reading was stopped; empty if it was not."""
        self.error: BodyError | None = None
        self.end: str | None = None
        """The provider's reason for the end; ``None`` if it has sent none."""
        self.usage: Mapping[str, Any] | None = None
        self.tier: str | None = None
        """The service tier that answered; ``None`` if none is named."""
        self._bytes = 0
        self._parts: list[bytes] = []
        """What was not passed on yet."""
        self._form: Literal["lines", "whole", "other"] | None = None
        """How the body is read; ``None`` until its first bytes came."""
        if "amazon.eventstream" in kind:
            self._form = "other"
        elif "ndjson" in kind or "jsonl" in kind:
            self._form = "lines"
        self._event = ""
        self._unended = 0
        """Bytes of the event that goes on."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the requests that LiteLLM sends in the block; the last one counts."""
        token = _wire.set(self)
        try:
            yield
        finally:
            _wire.reset(token)

    def watched(self, response: httpx.Response) -> httpx.Response:
        """Return a response whose body is read through this wire."""
        self._begin(response.headers.get("content-type", ""), response.status_code)
        encoding = response.headers.get("content-encoding", "").strip().lower()
        kept = ("content-encoding", "content-length")
        headers = [each for each in response.headers.multi_items() if each[0].lower() not in kept]
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        # For a 422 LiteLLM loses the words and asks again where CrewAI has set
        # ``litellm.drop_params``, so it gets another status; ``status`` has the true one.
        passed_on = 400 if self.status == UNPROCESSABLE else self.status
        return httpx.Response(
            passed_on,
            headers=headers,
            stream=_Watched(stream, self, encoding),
            request=response.request,
            extensions=response.extensions,
        )

    def take(self, data: bytes) -> bytes:
        """Read a piece of the body; return what can be passed on by now.

        Raises:
            httpx.ReadError: if the body is longer than the bound.
        """
        before = self._bytes
        self._bytes += len(data)
        if self.is_error:
            return data[: max(0, _MOST_OF_ERROR - before)]
        if self._bytes > self.most_bytes:
            self.stop(f"sent more than {self.most_bytes // 2**20} MB")
        if self._form is None:
            data = b"".join([*self._parts, data]).lstrip().removeprefix(_BOM)
            self._parts.clear()
            if len(data) >= _LONGEST_FIELD or b"\n" in data:
                self._form = "lines" if data.startswith(_EVENT_FIELDS) else "whole"
        if self._form == "other":
            return data
        self._parts.append(data)
        if self._form != "lines" or b"\n" not in data:
            return b""
        *lines, rest = b"".join(self._parts).split(b"\n")
        self._parts = [rest]
        return b"".join(map(self._passed, lines))

    @property
    def is_error(self) -> bool:
        """Whether the status says that the body is no answer."""
        return not 200 <= self.status < 300

    @property
    def is_read(self) -> bool:
        """Whether the rest of the body is of no interest: it is an error's, and very long."""
        return self.is_error and self._bytes > _MOST_OF_ERROR

    def over(self) -> bytes:
        """Read what is left, at the end of the body; return what was not passed on before."""
        rest = b"".join(self._parts)
        self._parts = []
        if self.is_error or self._form == "other":
            return b""
        if self._form == "lines":
            return self._passed(rest)
        value = _json(rest)
        self._read(value)
        better = repaired(value)
        return rest if better is None else json.dumps(better).encode()

    def stop(self, reason: str) -> None:
        """Stop reading.

        Raises:
            httpx.ReadError: always.
        """
        self.stopped = reason
        self._parts = []
        raise _Stopped(reason)

    def _passed(self, line: bytes) -> bytes:
        """Read a line of a stream; return what is passed on of it.

        Clients take quadratic time for an event of very many lines, so there is a bound to them.
        """
        if line.startswith(b":"):
            return b""  # a comment, to keep the connection alive
        line = self._line(line)
        self._unended = self._unended + len(line) if line.strip() else 0
        if self._unended > _LONGEST_EVENT and len(line) < self._unended:
            self.stop("sent an event of very many lines")
        return line + b"\n"

    def _line(self, line: bytes) -> bytes:
        """Read a line of a stream; return what is passed on in its place."""
        name, _, text = line.strip().partition(b":")
        if name == b"event":
            self._event = text.strip().decode("utf-8", "replace")
            return line
        body = text if name == b"data" else line
        value = _json(body) if body.strip() else None
        said = name == b"data" and body.strip()
        if self._event == "error" and said and error_in(value) is None:
            # No form that is known, but it is called an error.
            words = value or body.strip().decode("utf-8", "replace")
            self.error = self.error or error_in({"error": words})
        if value is None:
            return line
        self._event = ""
        self._read(value)
        better = repaired(value)
        if better is None:
            return line
        return (b"data: " if name == b"data" else b"") + json.dumps(better).encode()

    def _read(self, value: Any) -> None:
        if value is None:
            return
        # The first error is the cause of those that follow it.
        self.error = self.error or error_in(value)
        self.end = end_in(value) or self.end
        self.usage = usage_in(value) or self.usage
        self.tier = tier_in(value) or self.tier


class _Watched(httpx.AsyncByteStream):
    """A body that is decompressed here, in steps, as a small one may become a very large one."""

    def __init__(self, stream: httpx.AsyncByteStream, wire: TransportFacts, encoding: str) -> None:
        self._stream = stream
        self._wire = wire
        self._encoding = encoding

        self._inflate: Any = None
        """``None`` until the first bytes of what is compressed."""
        self._behind = 0
        """Bytes that came after the end of what is compressed."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._encoding not in _ENCODINGS:
            self._unreadable(f"sent the encoding {self._encoding!r}, which was not asked for")
            return
        async for data in self._stream:
            try:
                for piece in self._plain(data):
                    if known := self._wire.take(piece):
                        yield known
            except zlib.error:
                self._unreadable(f"sent what is no {self._encoding}, although it says so")
                return
            if self._wire.is_read or self._behind > _STEP:
                break
        if rest := self._wire.over():
            yield rest

    def _unreadable(self, reason: str) -> None:
        """Stop reading an answer that cannot be read; an error says enough by its status."""
        if not self._wire.is_error:
            self._wire.stop(reason)

    def _plain(self, data: bytes) -> Iterator[bytes]:
        if self._encoding in ("", "identity"):
            yield data
            return
        if self._inflate is None:
            # Some servers leave out the header that a body in "deflate" has: then it is no zlib.
            bare = self._encoding == "deflate" and data[0] & 0x0F != zlib.DEFLATED
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS if bare else _GZIP_OR_ZLIB)
        if self._inflate.eof:
            self._behind += len(data)
            return
        while data:
            if piece := self._inflate.decompress(data, _STEP):
                yield piece
            data = self._inflate.unconsumed_tail

    async def aclose(self) -> None:
        await self._stream.aclose()


def watch_transport(transport: Any) -> None:
    """Make a class of transports show its responses to the wire of the request, if it has one.

    Args:
        transport: LiteLLM's; done once to it, however often it is called.
    """
    send = getattr(transport, "handle_async_request", None)
    if send is None or getattr(send, "_docsum_nb_watched", False):
        return  # what does not hold without it is reported by ``upstream.lost_promises``

    @wraps(send)
    async def watched(self: Any, request: httpx.Request) -> httpx.Response:
        wire = _wire.get()
        if wire is None:
            response: httpx.Response = await send(self, request)
            return response
        request.headers["accept-encoding"] = "gzip, deflate"
        response = await send(self, request)
        location = response.headers.get("location")
        elsewhere = leads_elsewhere(str(request.url), response.status_code, location)
        if elsewhere is not None:
            await response.aclose()
            wire.elsewhere = True
            wire.stop(elsewhere)
        return wire.watched(response)

    watched._docsum_nb_watched = True  # type: ignore[attr-defined]
    transport.handle_async_request = watched


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
