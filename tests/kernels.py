"""A real IPython kernel for tests: run a cell, interrupt it, see what a person would see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import KernelManager

__all__ = ["Cell", "Kernel", "running_kernel"]

LONG_S = 90.0


@dataclass
class Cell:
    """What a cell did: its text, what it displayed, its error, how long the kernel was busy."""

    status: str = ""
    text: str = ""
    error: str = ""
    """Name and message of the error."""
    traceback: str = ""
    displays: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


class Kernel:
    """A kernel and its client."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client

    def send(self, code: str) -> str:
        """Send a cell without waiting for it."""
        return str(self.client.execute(code))

    def run(self, code: str) -> Cell:
        """Run a cell to its end."""
        return self.wait(self.send(code))

    def wait(self, message_id: str) -> Cell:
        """Wait until a cell that was sent has ended."""
        cell, began = Cell(), time.monotonic()
        while True:
            message = self.client.get_iopub_msg(timeout=LONG_S)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if not self._take(message, cell):
                break
        reply = self.client.get_shell_msg(timeout=LONG_S)
        while reply["parent_header"].get("msg_id") != message_id:
            reply = self.client.get_shell_msg(timeout=LONG_S)
        cell.status, cell.seconds = reply["content"]["status"], time.monotonic() - began
        return cell

    def wait_for(self, text: str) -> None:
        """Wait until a running cell has printed a text."""
        while True:
            message = self.client.get_iopub_msg(timeout=LONG_S)
            if text in str(message["content"].get("text", "")):
                return

    def interrupt(self) -> None:
        """Press the stop button."""
        self.manager.interrupt_kernel()

    @staticmethod
    def _take(message: Any, cell: Cell) -> bool:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            cell.text += content["text"]
        elif kind in ("display_data", "execute_result", "update_display_data"):
            cell.displays.append(content["data"])
        elif kind == "error":
            cell.error = f"{content['ename']}: {content['evalue']}"
            cell.traceback = "\n".join(content["traceback"])
        return not (kind == "status" and content["execution_state"] == "idle")


@contextmanager
def running_kernel() -> Iterator[Kernel]:
    """Start a kernel in this environment, and end it."""
    # Sockets of the file system: over TCP the kernel warns that it is not encrypted.
    manager = KernelManager(kernel_name="python3", transport="ipc")
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LONG_S)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
