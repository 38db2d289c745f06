"""Asking a person by text: on standard input, or in the input field of a notebook's cell.

Invariant: a line is taken only while a question is open, and never by a blocking read: a question
that is no longer open leaves nothing behind that would take the next line. Python's
``input()`` cannot be left, so it is not used.
"""

from __future__ import annotations

import builtins
import os
import select
import sys
import threading
from contextlib import suppress
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any

from docsum_nb.errors import InputError
from docsum_nb.own_code import running_ipython
from docsum_nb.render.one_line import clean, one_line
from docsum_nb.run import DAEMON_THREADS
from docsum_nb.views.widgets import clicks_arrive, current_kernel, is_voila_page

if TYPE_CHECKING:
    from concurrent.futures import Future

    from docsum_nb.run import Console, Question, Waited

__all__ = ["KernelConsole", "LineConsole", "console_here"]

_CURE = "give ask=, a function that returns the answer, or do not ask (human_input=False)"
_terminal = threading.Lock()
"""Held by the one question of the process that is asked on standard input."""


def console_here(waited: Waited | None, *, form: bool) -> Console | None:
    """Return where a person can be asked by text now.

    Args:
        waited: How the main thread waits for the run; ``None`` if it does not.
        form: Whether a form is displayed.

    Returns:
        ``None`` if a form takes the answer, or if the run must be waited for or displayed first.

    Raises:
        InputError: if there is no way to ask a person here.
    """
    kernel = current_kernel()
    if kernel is None:
        # Someone may be writing at the prompt of an interactive session.
        return None if waited is None and _at_a_prompt() else LineConsole()
    if not _has_front_end(kernel, waited):
        raise InputError(f"no person can be asked: the notebook runs without a front end; {_CURE}")
    in_main = threading.current_thread() is threading.main_thread()
    if waited is None or not in_main or (form and clicks_arrive(waited)):
        return None
    return KernelConsole(kernel)


def _at_a_prompt() -> bool:
    return hasattr(sys, "ps1") or running_ipython() is not None


def _has_front_end(kernel: Any, waited: Waited | None) -> bool:
    if getattr(kernel, "_allow_stdin", True):
        return True
    return waited is None and is_voila_page()


def _shown(question: Question) -> str:
    agent = f" of {one_line(question.agent, max_chars=80)}" if question.agent else ""
    parts = [f"--- {one_line(question.task, max_chars=120) or 'the work'}{agent} asks ---"]
    if question.text:
        parts.append(clean(question.text))
    if question.message:
        parts.append(clean(question.message))
    if question.text:
        parts.append("Press Enter to accept it, or write what should be changed.")
    return "\n".join(parts) + "\n"


def _print(text: str) -> None:
    if sys.stdout is None:
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    with suppress(OSError, ValueError):
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()


class LineConsole:
    """Standard output and standard input of a script or terminal; usable from any thread."""

    needs_waiter = False

    def __init__(self) -> None:
        self._read = bytearray()
        self._answered = False
        self._own_input: Future[str] | None = None

    def open(self, question: Question) -> bool:
        """Show a question, unless another one is being asked there."""
        if not _terminal.acquire(blocking=False):
            return False
        _print(f"\n{_shown(question)}> ")
        return True

    def close(self) -> None:
        """Leave standard input to others."""
        _terminal.release()
        if not self._answered:
            _print("\n")

    def poll(self) -> str | None:
        """Return a line if a whole one is there.

        Raises:
            InputError: if standard input is closed or at its end.
        """
        if not isinstance(builtins.input, BuiltinFunctionType):
            return self._line_of_own_input()
        number = _file_number()
        if number is None or not _can_select(number):
            return self._blocking_line()
        while (byte := _byte_of(number)) is not None:
            if byte in (b"", b"\n"):
                return self._line() if byte or self._read else self._blocking_line()
            self._read += byte
        return None

    def _line(self) -> str:
        self._answered = True
        encoding = getattr(sys.stdin, "encoding", None) or "utf-8"
        line = self._read.decode(encoding, "replace").removesuffix("\r")
        self._read.clear()
        return line

    def _line_of_own_input(self) -> str | None:
        """Return the line of the user's replacement of ``input``; ``None`` if there is none yet."""
        if self._own_input is None:
            self._own_input = DAEMON_THREADS.submit(builtins.input)
        if not self._own_input.done():
            return None
        self._answered = True
        try:
            return str(self._own_input.result())
        except EOFError as error:
            raise _no_input(str(error) or "it has ended") from None

    def _blocking_line(self) -> str:
        """Return a line that Python has read ahead, or that a stream without a file has."""
        if sys.stdin is None:
            raise _no_input("there is none")
        try:
            line = sys.stdin.readline()
        except (OSError, ValueError) as error:
            raise _no_input(error) from None
        if not line:
            raise _no_input("it has ended")
        return line.removesuffix("\n")


def _no_input(reason: object) -> InputError:
    return InputError(f"no answer can be read from standard input ({reason}): {_CURE}")


def _byte_of(number: int) -> bytes | None:
    """Return the next byte of a file, empty at its end; ``None`` if none is there yet.

    A single one, since what is behind a line is for others.
    """
    try:
        return os.read(number, 1) if select.select([number], [], [], 0)[0] else None
    except (OSError, ValueError) as error:
        raise _no_input(error) from None


def _file_number() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _can_select(number: int) -> bool:
    # On Windows only sockets can be waited for, so there an abandoned question takes a line.
    return os.name != "nt"


class KernelConsole:
    """The input field of the cell that waits for the run; only in the main thread.

    For kernels and front ends in which no click is handled while a cell runs. What is answered too
    late is dropped by the kernel when the next ``input()`` asks.
    """

    needs_waiter = True

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def open(self, question: Question) -> bool:
        """Show a question in the cell, and ask the front end for a line."""
        _print(_shown(question))
        kernel = self._kernel
        while self.poll() is not None:
            pass  # an answer to an earlier question
        content = {"prompt": "> ", "password": False}
        kernel.session.send(
            kernel.stdin_socket,
            "input_request",
            content,
            kernel.get_parent("shell"),
            ident=kernel._parent_ident["shell"],
        )
        return True

    def poll(self) -> str | None:
        """Return the line that was entered, if there is one."""
        if threading.current_thread() is not threading.main_thread():
            return None
        _, reply = self._kernel.session.recv(self._kernel.stdin_socket)
        return None if reply is None else str(reply["content"].get("value", ""))

    def close(self) -> None:
        """Leave the field: nothing looks for its answer any more."""
