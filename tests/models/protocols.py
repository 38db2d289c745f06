"""Two providers' own protocols on loopback, whole and as streams: Anthropic's and Ollama's.

Written after their documentation. A request whose system prompt says "break" is broken off by a
clean end in the middle of the stream.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

__all__ = ["WORDS", "speaking"]

WORDS = ("One ", "two ", "three.")
_AT = "2025-01-01T00:00:00Z"
_MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "c", "stop_sequence": None}
_PROMPT = {"input_tokens": 11, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0}
_COUNTS = {"done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 5}


async def _anthropic(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    if not body.get("stream"):
        content = [{"type": "text", "text": "".join(WORDS)}]
        usage = {**_PROMPT, "output_tokens": 5}
        return web.json_response(
            {**_MESSAGE, "content": content, "stop_reason": "end_turn", "usage": usage}
        )
    start: dict[str, Any] = {**_MESSAGE, "content": [], "stop_reason": None}
    block = {"type": "text", "text": ""}
    events: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": {**start, "usage": {**_PROMPT, "output_tokens": 1}}}),
        ("content_block_start", {"index": 0, "content_block": block}),
    ]
    broken = "break" in json.dumps(body)
    for word in WORDS[:2] if broken else WORDS:
        delta = {"type": "text_delta", "text": word}
        events.append(("content_block_delta", {"index": 0, "delta": delta}))
    if not broken:
        ended = {"stop_reason": "end_turn", "stop_sequence": None}
        events += [
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": ended, "usage": {"output_tokens": 5}}),
            ("message_stop", {}),
        ]
    lines = [f"event: {kind}\ndata: {json.dumps({'type': kind, **e})}\n\n" for kind, e in events]
    return await _send(request, "text/event-stream", lines)


async def _ollama(request: web.Request) -> web.StreamResponse:
    body = await request.json()

    def said(text: str, **more: Any) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"model": "x", "created_at": _AT, "message": message, "done": False, **more}

    if not body.get("stream"):
        return web.json_response(said("".join(WORDS), **_COUNTS))
    broken = "break" in json.dumps(body)
    pieces = [said(word) for word in (WORDS[:2] if broken else WORDS)]
    if not broken:
        pieces.append(said("", **_COUNTS))
    lines = [f"{json.dumps(piece)}\n" for piece in pieces]
    return await _send(request, "application/x-ndjson", lines)


async def _send(request: web.Request, kind: str, lines: list[str]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": kind})
    await response.prepare(request)
    for line in lines:
        await response.write(line.encode())
    return response


@contextmanager
def speaking() -> Iterator[str]:
    """Serve both on a free port of the loopback address; yields the address."""
    loop, ready, address = asyncio.new_event_loop(), threading.Event(), [""]
    over = asyncio.Event()

    async def serve() -> None:
        application = web.Application()
        application.router.add_post("/v1/messages", _anthropic)
        application.router.add_post("/api/chat", _ollama)
        application.router.add_post("/api/show", _capabilities)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        address[0] = f"http://{host}:{port}"
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(60), "the server did not start"
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)
        loop.close()


async def _capabilities(request: web.Request) -> web.Response:
    return web.json_response({"model_info": {}, "capabilities": ["completion"]})
