"""A language model on this machine whose answers a notebook makes up.

It speaks OpenAI's protocol on loopback, so that everything but the words is real: the HTTP, the
status codes, the waiting. With it, a notebook shows what happens when a provider refuses, is slow,
or never answers, without a key and always in the same way.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Reply", "ScriptedModel"]

_LANDING_S = 5.0


@dataclass(frozen=True)
class Reply:
    """The answer to a request."""

    text: str
    """The answer, or with another status what the error says."""
    status: int = 200
    delay: float = 0.0
    """Seconds until the answer."""
    silent: bool = False
    """Answer only when the server is closed."""


class ScriptedModel:
    """A server on a free port of the loopback address, until it is closed.

    Args:
        answer: Called with all that was said to the model, in the thread of the request. May be
            exchanged at any time.
    """

    def __init__(self, answer: Callable[[str], Reply]) -> None:
        self.answer = answer
        self.asked: list[str] = []
        """The prompts, in order of arrival."""
        self.closing = threading.Event()
        self.in_flight = 0
        self.landed = threading.Condition()
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def base_url(self) -> str:
        """The address, as clients of OpenAI take it."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """End the server, once those have their answers that wait for one."""
        self.closing.set()
        with self.landed:
            self.landed.wait_for(lambda: self.in_flight == 0, _LANDING_S)
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, model: ScriptedModel) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: clients disconnect on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        model = self.server.model
        with model.landed:
            model.in_flight += 1
        try:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        finally:
            with model.landed:
                model.in_flight -= 1
                model.landed.notify_all()

    def _answer(self, asked: dict[str, Any]) -> None:
        prompt = "\n".join(str(message["content"]) for message in asked["messages"])
        model = self.server.model
        model.asked.append(prompt)
        reply = model.answer(prompt)
        model.closing.wait(None if reply.silent else reply.delay)
        if reply.status != 200:
            self._send({"error": {"message": reply.text, "type": "scripted"}}, reply.status)
        elif asked.get("stream"):
            self._send_stream(asked["model"], prompt, reply.text)
        else:
            message = {"role": "assistant", "content": reply.text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(_completion(asked["model"], [choice], _usage(prompt, reply.text)))

    def _send(self, content: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_stream(self, model: str, prompt: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in _events(model, prompt, text):
            self.wfile.write(f"data: {event}\n\n".encode())
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Log nothing."""


def _events(model: str, prompt: str, text: str) -> Iterator[str]:
    """Yield an answer word by word, then its usage, as a stream."""
    for word in re.findall(r"\s*\S+|\s+$", text):
        delta = {"role": "assistant", "content": word}
        yield json.dumps(_piece(model, [{"index": 0, "delta": delta, "finish_reason": None}]))
    yield json.dumps(_piece(model, [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    yield json.dumps(_piece(model, [], _usage(prompt, text)))
    yield "[DONE]"


def _piece(model: str, choices: list[Any], usage: Any = None) -> dict[str, Any]:
    return {**_completion(model, choices, usage), "object": "chat.completion.chunk"}


def _completion(model: str, choices: list[Any], usage: Any) -> dict[str, Any]:
    about = {"id": "scripted", "object": "chat.completion", "created": int(time.time())}
    return {**about, "model": model, "choices": choices, "usage": usage}


def _usage(prompt: str, text: str) -> dict[str, int]:
    asked, answered = len(prompt.split()), len(text.split())
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }
