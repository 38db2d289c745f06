"""A real IPython kernel for tests: run a cell, interrupt it, see what a person would see."""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from tests.support.warm_python import warm_kernels

__all__ = ["OLD_IPYKERNEL", "Cell", "Kernel", "Shown", "running_kernel"]

LONG_S = 180.0
"""A kernel that says nothing for so long hangs."""
OLD_IPYKERNEL = Path(__file__).parents[2] / "build" / "ipykernel6"
"""Where ``make ipykernel6`` puts the last ipykernel 6, beside the one that is installed."""


@dataclass(frozen=True)
class Shown:
    """What a cell displays, or displays later in its place."""

    data: dict[str, Any]
    """By MIME type."""
    at: float
    """When the kernel sent it, in seconds since the epoch."""


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
    ended_at: float = 0.0
    """When the kernel sent its reply, in seconds since the epoch."""


class _Widgets:
    """The widgets of a kernel that a person can see.

    A widget that is made is not yet on the screen: the kernel may still be about to register what
    handles a click on it, and one that comes too early is dropped. A front end shows a widget once
    a cell displays it, or another that is on the screen has it as a child.
    """

    def __init__(self) -> None:
        self.answered: set[str] = set()
        """The forms that were answered; they stay for a moment."""
        self._states: dict[str, dict[str, Any]] = {}
        """By the id of their comm, in the order they were made."""
        self._displayed: list[str] = []

    def heed(self, kind: str, content: dict[str, Any]) -> None:
        """Keep what a message changes."""
        if kind == "comm_open":
            self._states[content["comm_id"]] = dict(content["data"].get("state", {}))
        elif kind == "comm_msg" and content["comm_id"] in self._states:
            self._states[content["comm_id"]].update(content["data"].get("state", {}))
        elif kind == "comm_close":
            self._states.pop(content["comm_id"], None)
        elif kind in ("display_data", "execute_result"):
            view = content["data"].get("application/vnd.jupyter.widget-view+json")
            self._displayed += [view["model_id"]] if view else []

    def buttons(self) -> list[str]:
        """Return the buttons by the id of their comm, the newest last."""
        return [key for key, state in self._seen() if state.get("_model_name") == "ButtonModel"]

    def questions(self) -> dict[str, dict[str, Any]]:
        """Return what is on the forms of open questions, by the id of their comm, in order."""
        return {
            key: state
            for key, state in self._seen()
            if "behind" in state and key not in self.answered
        }

    def _seen(self) -> list[tuple[str, dict[str, Any]]]:
        seen: set[str] = set()
        new = set(self._displayed)
        while new:
            seen |= new
            children = (self._states.get(key, {}).get("children", ()) for key in new)
            new = {each.removeprefix("IPY_MODEL_") for several in children for each in several}
            new -= seen
        return [(key, state) for key, state in self._states.items() if key in seen]


class Kernel:
    """A kernel and its client."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self.client = client
        self.shown: list[Shown] = []
        """What all cells have displayed so far, in order, as far as it was read."""
        self._widgets = _Widgets()
        self._heard: deque[str] = deque(maxlen=40)
        """The last messages in short, for the case that no other comes."""

    def send(self, code: str) -> str:
        """Send a cell without waiting for it."""
        # ipykernel 6 takes what comes right after an error for queued behind it, and drops it.
        return str(self.client.execute(code, stop_on_error=False))

    def run(self, code: str) -> Cell:
        """Run a cell to its end."""
        return self.wait(self.send(code))

    def wait(self, message_id: str) -> Cell:
        """Wait until a cell that was sent has ended."""
        cell, began = Cell(), time.monotonic()
        while True:
            message = self._read()
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if not self._take(message, cell):
                break
        reply = self.client.get_shell_msg(timeout=LONG_S)
        while reply["parent_header"].get("msg_id") != message_id:
            reply = self.client.get_shell_msg(timeout=LONG_S)
        cell.status, cell.seconds = reply["content"]["status"], time.monotonic() - began
        cell.ended_at = _sent_at(reply)
        return cell

    def wait_for(self, text: str) -> None:
        """Wait until a running cell has printed a text."""
        while text not in str(self._read()["content"].get("text", "")):
            pass

    def wait_shown(self, wanted: Callable[[Shown], bool], *, since: int = 0) -> Shown:
        """Wait until something is displayed, by whatever cell or thread.

        Args:
            wanted: Tells what is waited for.
            since: How much of ``shown`` not to look at.
        """
        while True:
            for shown in self.shown[since:]:
                if wanted(shown):
                    return shown
            since = len(self.shown)
            self._read()

    def interrupt(self) -> None:
        """Interrupt the cell that runs; if none does, nothing happens, to later cells either.

        The kernel signals itself and replies. A signal from here would pass through the process
        that stands for a warm kernel, and could arrive after the next cell has begun.
        """
        reply = self._control("interrupt_request")
        assert reply["status"] == "ok", reply

    def restart(self) -> None:
        """Choose "restart kernel", and wait until the new one is ready."""
        self.manager.restart_kernel()
        self.client.wait_for_ready(timeout=LONG_S)
        self._widgets = _Widgets()

    def click(self, *, subshell: str = "") -> None:
        """Click the newest button, as a front end does it; returns before it is handled.

        Args:
            subshell: Where to have it handled; empty for the main shell.
        """
        while not (buttons := self._widgets.buttons()):
            self._read()
        session = self.client.session
        click = {"method": "custom", "content": {"event": "click"}, "buffers": []}
        message = session.msg("comm_msg", {"comm_id": buttons[-1], "data": click})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def wait_question(self, *, number: int = 1) -> dict[str, Any]:
        """Wait until a form of a question is shown, and return what is on the newest.

        Args:
            number: How many are to be shown at once.
        """
        while len(questions := self._widgets.questions()) < number:
            self._read()
        return list(questions.values())[-1]

    def wait_asked(self) -> None:
        """Wait until a person is asked, on a form or in a cell's field."""
        asks = ""
        while not self._widgets.questions() and " asks ---" not in asks:
            asks += str(self._read()["content"].get("text", ""))

    def answer(self, text: str, *, subshell: str = "") -> None:
        """Answer the oldest question on a form, as a click there does; empty accepts."""
        comm = next(iter(self._widgets.questions()))
        self._widgets.answered.add(comm)
        session = self.client.session
        data = {"method": "custom", "content": {"answer": text}}
        message = session.msg("comm_msg", {"comm_id": comm, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def answer_input(self, text: str) -> str:
        """Wait until a cell asks for a line of input, and give it; returns what was asked."""
        asked = self.client.get_stdin_msg(timeout=LONG_S)
        self.client.input(text)
        return str(asked["content"]["prompt"])

    def make_subshell(self) -> str:
        """Make a subshell, as JupyterLab does for widgets where a kernel has any (ipykernel 7)."""
        return str(self._control("create_subshell_request")["subshell_id"])

    def _control(self, kind: str) -> dict[str, Any]:
        """Return what the kernel replies to a request, which it handles while a cell runs."""
        request = self.client.session.msg(kind)
        self.client.control_channel.send(request)
        reply = self.client.get_control_msg(timeout=LONG_S)
        while reply["parent_header"].get("msg_id") != request["header"]["msg_id"]:
            reply = self.client.get_control_msg(timeout=LONG_S)
        content: dict[str, Any] = reply["content"]
        return content

    def _read(self) -> Any:
        """Read the next message of any cell, and keep what it displays."""
        try:
            message = self.client.get_iopub_msg(timeout=LONG_S)
        except Empty:
            heard = "\n".join(self._heard)
            raise AssertionError(f"no message for {LONG_S} s; the last were\n{heard}") from None
        kind, content = message["msg_type"], message["content"]
        self._heard.append(f"{message['header']['date']:%H:%M:%S.%f} {kind} {content}"[:300])
        if kind in ("display_data", "execute_result", "update_display_data"):
            self.shown.append(Shown(content["data"], _sent_at(message)))
        self._widgets.heed(kind, content)
        return message

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


def _sent_at(message: Any) -> float:
    return float(message["header"]["date"].timestamp())


@contextmanager
def running_kernel(*, ipykernel: Path | None = None, warm: bool = True) -> Iterator[Kernel]:
    """Start a kernel in this environment, and end it.

    Args:
        ipykernel: A folder with another ipykernel than the one that is installed; ``None`` for
            that one.
        warm: Whether it is forked from a process that has imported CrewAI.
    """
    # The environment may ask for what Rust code says on a panic to fill pages.
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    if ipykernel is not None:
        environment["PYTHONPATH"] = str(ipykernel)
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        # Sockets of the file system: over TCP the kernel warns that it is not encrypted. In a
        # folder of its own: by default, all processes that work in one take the same names.
        manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
        if warm:
            manager.kernel_spec_manager = KernelSpecManager(
                kernel_dirs=[f"{warm_kernels()}/kernels"]
            )
        manager.start_kernel(env=environment)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=LONG_S)
            yield Kernel(manager, client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
            # The manager gives up after 5 s, which a busy machine may take.
            if (left := manager.provisioner.process) is not None:
                left.wait(LONG_S)
