"""A real language model as the provider: how its server is started, asked, killed and ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

__all__ = ["HANG_S", "RealServer", "free_port", "running_model"]

FOLDER = Path(__file__).parents[2] / "build" / "real-model"
"""Where ``make real-model`` puts the server and the model."""
SCRIPT = Path(__file__).with_name("served.py")
HANG_S = 240.0
"""The model writes some hundred words in this time, also on a machine that does other things."""


class RealServer:
    """One process that serves the model.

    Attributes:
        base_url: Its address, as OpenAI's clients take it.
    """

    def __init__(self, port: int, context: int) -> None:
        self._port = port
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(FOLDER), str(port), str(context)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def status(self) -> int | None:
        """Return the status of its health check: 503 while it loads; ``None`` before it listens."""
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/health", timeout=10).status_code
        except httpx.TransportError:
            return None

    def wait_for(self, *statuses: int) -> None:
        """Wait until its health check answers with one of these."""
        give_up = time.monotonic() + HANG_S
        while self.status() not in statuses:
            assert self._process.poll() is None, "the server has ended"
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it, as an out-of-memory killer would."""
        self._process.kill()
        self._process.wait(HANG_S)

    def end(self) -> None:
        """End it with its standard input, and make sure that it is gone."""
        if self._process.poll() is None:
            self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running_model(context: int, *, port: int | None = None) -> Iterator[RealServer]:
    """Start a server of the model and end it; skips if the model is not installed, except in CI.

    Args:
        context: Tokens of prompt and answer together.
        port: ``None`` takes a free one.
    """
    if not FOLDER.is_dir():
        if os.environ.get("CI"):
            raise AssertionError("make real-model installs the model")
        pytest.skip("make real-model installs the model")
    server = RealServer(port or free_port(), context)
    try:
        yield server
    finally:
        server.end()
