"""A model server for tests: real HTTP on loopback, with answers that a script decides.

``ScriptedServer`` speaks OpenAI's protocol for chat completions, whole and as a stream. Only the
words of the model are made up: the requests, status codes, delays, cut connections and hangs are
real, so a test sees what a provider's clients and this package make of them.

It listens on the loopback address only and asks for no key. It refuses nothing: whatever key, model
or parameters a request has, the script decides the answer.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from docsum_nb.errors import DocsumError

__all__ = ["Call", "Reply", "ScriptedServer", "tool_call", "tool_result"]

_LOOK_S = 0.05
"""How often a held back answer looks whether its client is still there."""
_START_S, _STOP_S = 60.0, 10.0
_MAX_BODY = 64 * 2**20
"""Bytes that a request may have."""


@dataclass(frozen=True)
class Call:
    """One request, as the server received it."""

    number: int
    """Counted from 0, in order of arrival."""
    messages: list[dict[str, Any]]
    """What was sent to the model."""
    body: dict[str, Any]
    """The whole request: model, messages, tools, parameters."""
    at: float
    """When it arrived, in seconds of the monotonic clock."""

    @property
    def prompt(self) -> str:
        """The contents of all messages, joined by line ends."""
        return "\n".join(str(message.get("content")) for message in self.messages)


@dataclass(frozen=True)
class Reply:
    """How the server answers one request; the defaults are an ordinary answer."""

    text: str = "A summary."
    """What the model says; with another status than 200, the message of the error."""
    status: int = 200
    delay: float = 0.0
    """Seconds before the answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    """Answer only when the server closes; of a stream, send no more than its ``words``."""
    cut: bool = False
    """Close the connection without an answer; of a stream, after its ``words``."""
    words: int | None = None
    """Of a stream, the number of words after which to hang, cut, or end without a reason."""
    whole: bool = False
    """Answer with one body, even if a stream was asked for."""
    gap: float = 0.0
    """Seconds between the words of a stream."""
    usage: bool = True
    """Whether to state the numbers of tokens (words, here)."""
    cached: int = 0
    """Tokens of the prompt that are reported as read from a cache."""
    raw: str | None = None
    """The whole body, exactly as it is sent; ``None`` for a completion with ``text``."""
    finish_reason: str = "stop"
    refusal: str | None = None
    """The message's ``refusal``, in place of a text."""
    tool: tuple[str, Mapping[str, Any]] | None = None
    """A tool and its arguments, called natively in place of a text."""


def tool_call(name: str, **arguments: str) -> Reply:
    """Return the answer of a model that calls a tool, in one body even if a stream was asked for.

    Args:
        name: The tool.
        **arguments: What it is called with.
    """
    call = {
        "id": "call-1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini"}
    return Reply(raw=json.dumps({**body, "choices": [choice], "usage": usage}))


def tool_result(call: Call) -> str | None:
    """Return the newest result of a tool in a request; ``None`` if there is none yet."""
    found = [str(each["content"]) for each in call.messages if each["role"] == "tool"]
    return found[-1] if found else None


Script = Callable[[Call], Reply | Awaitable[Reply]]


class ScriptedServer:
    """An OpenAI-compatible server on a free port of the loopback address.

    Use it as a context manager, or call ``start`` and ``close``. It runs on a thread of its own,
    so it works in scripts, tests and notebooks, and it can be inspected while it serves.

    Args:
        script: Called with each request, in the server's thread; it returns the reply or an
            awaitable of it, and must not block. ``None`` answers every request with
            "A summary.". May be replaced at any time by setting ``script``.

    Example::

        with ScriptedServer(lambda call: Reply("Whales are old.")) as server:
            model = ds.Model("openai/gpt-4o-mini", base_url=server.base_url, api_key="none")
            summary = ds.summarize({"whales": "..."}, model=model).result()
        assert len(server.calls) == 1
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or (lambda call: Reply())
        self.calls: list[Call] = []
        """All requests, in order of arrival."""
        self.headers: list[dict[str, str]] = []
        """Their headers, in the same order."""
        self.in_flight = 0
        """Requests that are not answered yet."""
        self.most_in_flight = 0
        """The largest value that ``in_flight`` has had."""
        self.gone: list[int] = []
        """Numbers of the calls whose client disconnected before it had the whole answer."""
        self.address = ""
        """Scheme, host and port; empty before ``start``."""
        self._lock = threading.Lock()
        self._held: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=self._serve_in_thread, name="docsum_nb scripted server", daemon=True
        )

    @property
    def base_url(self) -> str:
        """The address as clients of OpenAI take it, with ``/v1``."""
        return f"{self.address}/v1"

    def start(self) -> Self:
        """Begin to serve, and return this server once it can be reached.

        Raises:
            DocsumError: No port could be opened within a minute.
            RuntimeError: It was started before; a closed server cannot be started again.
        """
        self._thread.start()
        if not self._ready.wait(_START_S) or not self.address:
            raise DocsumError(
                "the scripted server could not open a port on 127.0.0.1; "
                "check whether this process may listen there"
            )
        return self

    def close(self) -> None:
        """Send the answers that hang, and stop serving; other open connections are closed.

        May be called twice.
        """
        if self._loop is None:
            return
        with suppress(RuntimeError):  # its loop is closed already
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(_STOP_S)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _serve_in_thread(self) -> None:
        # Not ``asyncio.run``, which nest-asyncio replaces in the whole process.
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        application = web.Application(client_max_size=_MAX_BODY)
        application.router.add_post("/v1/chat/completions", self._answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        self._ready.set()
        await self._closing.wait()
        if self._held:
            await asyncio.wait(self._held, timeout=_STOP_S / 2)
        await runner.cleanup()
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request for a chat completion by the script."""
        body = await request.json()
        with self._lock:
            self.headers.append(dict(request.headers))
            call = Call(len(self.calls), body["messages"], body, time.monotonic())
            self.calls.append(call)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            reply = self.script(call)
            if not isinstance(reply, Reply):
                reply = await reply
            return await self._send(request, call, reply)
        finally:
            with self._lock:
                self.in_flight -= 1

    async def _send(self, request: web.Request, call: Call, reply: Reply) -> web.StreamResponse:
        await asyncio.sleep(reply.delay)
        streamed = reply.words is not None and call.body.get("stream")
        if reply.hang and not streamed:
            await self._hold(request, call)
        if reply.cut and not streamed and request.transport is not None:
            request.transport.abort()
        if reply.raw is not None:
            return web.Response(
                text=reply.raw,
                status=reply.status,
                content_type="application/json",
                headers=dict(reply.headers),
            )
        if reply.status != 200:
            error = {"error": {"message": reply.text, "type": "scripted", "code": reply.status}}
            return web.json_response(error, status=reply.status, headers=dict(reply.headers))
        if call.body.get("stream") and not reply.whole:
            return await self._stream(request, call, reply)
        return web.json_response(_completion(call, reply), headers=dict(reply.headers))

    async def _stream(self, request: web.Request, call: Call, reply: Reply) -> web.StreamResponse:
        """Send the answer word by word, as server-sent events."""
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self._write(response, request, call, reply)
        except ConnectionError:
            self.gone.append(call.number)
        return response

    async def _write(
        self, response: web.StreamResponse, request: web.Request, call: Call, reply: Reply
    ) -> None:
        whole = _completion(call, reply)
        base = {**whole, "object": "chat.completion.chunk", "usage": None}
        if reply.tool is not None:
            delta = {**_message(reply), "tool_calls": [{"index": 0, **_tool_call(reply.tool)}]}
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            await _send_event(response, {**base, "choices": [choice]})
        field = "content" if reply.refusal is None else "refusal"
        words = (reply.refusal or reply.text).split(" ")
        for number, word in enumerate([] if reply.tool else words[: reply.words]):
            await asyncio.sleep(reply.gap if number else 0)
            text = word if number == len(words) - 1 else f"{word} "
            choice = {"index": 0, "delta": {field: text, "role": "assistant"}}
            await _send_event(response, {**base, "choices": [{**choice, "finish_reason": None}]})
        if reply.words is not None:
            if reply.hang:
                await self._hold(request, call)
            if (reply.hang or reply.cut) and request.transport is not None:
                request.transport.abort()
            return
        end = {"index": 0, "delta": {}, "finish_reason": _finish_reason(reply)}
        await _send_event(response, {**base, "choices": [end]})
        if reply.usage:
            await _send_event(response, {**base, "choices": [], "usage": whole["usage"]})
        await response.write(b"data: [DONE]\n\n")

    async def _hold(self, request: web.Request, call: Call) -> None:
        """Hold an answer back until the server closes or the client disconnects."""
        task = asyncio.current_task()
        assert task is not None
        self._held.add(task)
        task.add_done_callback(self._held.discard)
        while not self._closing.is_set():
            if request.transport is None or request.transport.is_closing():
                self.gone.append(call.number)
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _LOOK_S)


async def _send_event(response: web.StreamResponse, data: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(data)}\n\n".encode())


def _completion(call: Call, reply: Reply) -> dict[str, Any]:
    prompt, completion = len(call.prompt.split()), len(reply.text.split())
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **({"prompt_tokens_details": {"cached_tokens": reply.cached}} if reply.cached else {}),
    }
    return {
        "id": f"call-{call.number}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": call.body["model"],
        "choices": [
            {
                "index": 0,
                "message": _message(reply),
                "finish_reason": _finish_reason(reply),
            }
        ],
        **({"usage": usage} if reply.usage else {}),
    }


def _message(reply: Reply) -> dict[str, Any]:
    if reply.refusal is not None:
        return {"role": "assistant", "content": None, "refusal": reply.refusal}
    if reply.tool is not None:
        return {"role": "assistant", "content": None, "tool_calls": [_tool_call(reply.tool)]}
    return {"role": "assistant", "content": reply.text}


def _tool_call(tool: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    name, arguments = tool
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": "call_1", "type": "function", "function": function}


def _finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.tool is not None else reply.finish_reason


def __dir__() -> list[str]:
    return __all__
