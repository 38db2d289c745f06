"""A kernel of JupyterLab's that has imported everything, with a client beside the browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from tests.browser.lab import LONG_S, Lab
from tests.support.kernels import Kernel

__all__ = ["Heard", "WarmKernel", "running_kernel_of"]


@dataclass(frozen=True)
class Heard:
    """A message that a kernel sent to all its front ends."""

    kind: str
    at: float
    """When it was sent, in seconds since the epoch."""
    size: int
    """Bytes of its content and buffers."""


class WarmKernel(Kernel):
    """The kernel, and all that it sends, to the browser too.

    Attributes:
        id: By which JupyterLab knows it.
        heard: What was sent so far, as far as it was read: up to the end of the last cell that this
            client ran.
    """

    def __init__(self, kernel_id: str, client: BlockingKernelClient) -> None:
        super().__init__(None, client)
        self.id = kernel_id
        self.heard: list[Heard] = []

    def _read(self) -> Any:
        message = super()._read()
        size = len(json.dumps(message["content"])) + sum(map(len, message["buffers"]))
        sent_at = message["header"]["date"].timestamp()
        self.heard.append(Heard(message["msg_type"], sent_at, size))
        return message


@contextmanager
def running_kernel_of(lab: Lab) -> Iterator[WarmKernel]:
    """Start a kernel in JupyterLab and have it import all that a run needs; the lab ends it."""
    kernel_id = lab.start_kernel()
    client = BlockingKernelClient(connection_file=str(lab.connection_file(kernel_id)))
    client.load_connection_file()
    # A kernel that is busy starting misses heartbeats, and would be taken for dead.
    client.start_channels(hb=False)
    try:
        client.wait_for_ready(timeout=LONG_S)
        running = WarmKernel(kernel_id, client)
        warmed = running.run("import tests.browser.in_lab; tests.browser.in_lab.warm_up()")
        assert warmed.status == "ok", warmed.traceback
        yield running
    finally:
        client.stop_channels()
