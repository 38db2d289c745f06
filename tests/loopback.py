"""A real OpenAI-compatible server on loopback, whose answers a test scripts.

Only the language model's words are made up: the HTTP, the status codes, the latencies, the cut
connections and the hangs are real. It runs on a thread of its own, or as a process of its own
(``python tests/loopback.py``), which prints its address and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

__all__ = ["Call", "Loopback", "Reply", "answered_by", "calls_tool", "running"]

_LOOK_S = 0.05
"""How often a held back answer looks whether its client is still there."""


@dataclass(frozen=True)
class Call:
    """One request as the server saw it."""

    number: int
    """Counted from 0 in order of arrival."""
    messages: list[dict[str, Any]]
    body: dict[str, Any]
    at: float
    """When it arrived, in seconds of the monotonic clock."""

    @property
    def prompt(self) -> str:
        """All that was said to the model."""
        return "\n".join(str(message.get("content")) for message in self.messages)


@dataclass(frozen=True)
class Reply:
    """What the server does with a request."""

    text: str = "A summary."
    status: int = 200
    delay: float = 0.0
    """Seconds before the answer."""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    """Never answer; of a stream, after its ``words``."""
    cut: bool = False
    """Close the connection without an answer; of a stream, after its ``words``."""
    words: int | None = None
    """Of a stream, send so many words only; then hang, cut, or end without saying why."""
    whole: bool = False
    """Answer at once, although a stream was asked for."""
    gap: float = 0.0
    """Seconds between the words of a stream."""
    usage: bool = True
    """Tell how many tokens it took."""
    cached: int = 0
    """Tokens of the prompt that came from a cache."""
    raw: str | None = None
    """Send this as the body, as it is."""
    finish_reason: str = "stop"
    refusal: str | None = None
    """What stands in the message's field of that name, in place of a text."""
    tool: tuple[str, Mapping[str, Any]] | None = None
    """Ask for this tool with these arguments, by a native call, in place of a text."""


def calls_tool(name: str, **arguments: str) -> Reply:
    """Return the answer of a model that calls a tool natively."""
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


def answered_by(call: Call) -> str | None:
    """Return what a tool has answered; ``None`` before one was called."""
    found = [str(each["content"]) for each in call.messages if each["role"] == "tool"]
    return found[-1] if found else None


Script = Callable[[Call], Reply | Awaitable[Reply]]


class Loopback:
    """The server: its address, what it was asked, and how it answers."""

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or (lambda call: Reply())
        self.calls: list[Call] = []
        self.headers: list[dict[str, str]] = []
        """Of the requests, in order of arrival."""
        self.in_flight = 0
        self.most_in_flight = 0
        self.gone: list[int] = []
        """Numbers of the calls whose client went away while the answer was held back."""
        self.address = ""
        self.closing = asyncio.Event()
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """What an OpenAI client takes as its base."""
        return f"{self.address}/v1"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one chat completion as the script says."""
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
        if (reply.hang or reply.cut) and not streamed:
            await self._break_off(request, call, reply)
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
            await self._break_off(request, call, reply)
            return
        end = {"index": 0, "delta": {}, "finish_reason": _finish_reason(reply)}
        await _send_event(response, {**base, "choices": [end]})
        if reply.usage:
            await _send_event(response, {**base, "choices": [], "usage": whole["usage"]})
        await response.write(b"data: [DONE]\n\n")

    async def _break_off(self, request: web.Request, call: Call, reply: Reply) -> None:
        """Hold the answer back until the client or the server goes, or close the connection."""
        while reply.hang and not self.closing.is_set():
            if request.transport is None or request.transport.is_closing():
                self.gone.append(call.number)
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), _LOOK_S)
        if (reply.hang or reply.cut) and request.transport is not None:
            request.transport.abort()


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


@contextmanager
def running(script: Script | None = None) -> Iterator[Loopback]:
    """Serve on a free port of the loopback address until the block ends."""
    server = Loopback(script)
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serve() -> None:
        application = web.Application(client_max_size=64 * 2**20)
        application.router.add_post("/v1/chat/completions", server.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.address = f"http://{host}:{port}"
        ready.set()
        await server.closing.wait()
        await runner.cleanup()
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10), "the loopback server did not start"
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(server.closing.set)
        thread.join(10)
        loop.close()


def _main() -> None:
    delay = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    with running(lambda call: Reply("A summary of some length.", delay=delay)) as server:
        print(json.dumps({"base_url": server.base_url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    _main()
