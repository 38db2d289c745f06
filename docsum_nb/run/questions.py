"""What the work of a run asks a person, one question at a time, and the answers.

Invariant: an answer reaches the question that was asked, or none. Once a run has ended, or the
part of it that asked was stopped, its questions are gone and nothing of it reads any input. A
question that can never be answered here is an error, not a wait.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import itertools
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from docsum_nb.errors import InputError
from docsum_nb.run.threads import DAEMON_THREADS
from docsum_nb.run.view import Console, PendingQuestion
from docsum_nb.run.work import Question, Stopping

__all__ = ["AskPerson", "Questions", "checked_ask"]

AskPerson = Callable[[Question], str | Awaitable[str | None] | None]

_BEAT_S = 0.1
"""How often a waiting question looks for a stop, and for a line of input."""
_LOOP_ANSWERS_S = 1.0
_UNNOTICED_S = 1.0
"""How long a question waits with no way to answer it before the run warns of it, in seconds."""
_numbers = itertools.count(1)

Stopped = Callable[[], object | None]


@dataclass(eq=False)
class _Asked:
    """One question in the queue; the thread that asked waits for ``answered``."""

    number: int
    question: Question
    answered: threading.Event
    answer: str = ""
    error: InputError | None = None


class Screen(Protocol):
    """Where the person before the screen can be asked; all of it usable from any thread."""

    def console(self) -> Console | None:
        """Return where they can be asked by text now; ``None`` if nowhere, or in a form.

        Raises:
            InputError: if there is no way to ask a person here.
        """

    def has_form(self) -> bool:
        """Return whether a form can be answered on the screen now."""

    def warn(self, message: str) -> None:
        """Report a warning of the run."""


class Questions:
    """The questions of one run. Usable from any thread.

    Args:
        ask: What answers; ``None`` for the person before the screen.
        screen: Where that person can be asked.
    """

    def __init__(self, ask: AskPerson | None, screen: Screen) -> None:
        self._ask = ask
        self._screen = screen
        # An asynchronous callable belongs to the loop of its caller, if there is one.
        self._loop = _running_loop() if ask is not None else None
        self._queue: list[_Asked] = []
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        """Held by the thread that looks for a line of input."""
        self._reading: tuple[_Asked, Console] | None = None

    def pending(self) -> PendingQuestion | None:
        """Return the question to be answered next; ``None`` if there is none."""
        with self._lock:
            if not self._queue:
                return None
            first = self._queue[0]
            return PendingQuestion(first.number, first.question, len(self._queue) - 1)

    def answer(self, number: int, text: str) -> bool:
        """Answer a question; returns whether it was still open."""
        with self._lock:
            for asked in self._queue:
                if asked.number == number:
                    self._queue.remove(asked)
                    asked.answer = text
                    asked.answered.set()
                    return True
        return False

    def ask(self, question: Question, stopped: Stopped) -> str:
        """Ask, and block the calling thread until there is an answer.

        Args:
            question: What to ask.
            stopped: Returns something other than ``None`` if the answer is no longer needed.

        Returns:
            The answer; empty to accept what is to be judged.

        Raises:
            Stopping: if the answer is no longer needed.
            InputError: if there is no way to ask a person here, or ``ask`` returns no text.
            BaseException: what ``ask`` raised.
        """
        if self._ask is not None:
            return self._by_callable(self._ask, question, stopped)
        asked = _Asked(next(_numbers), question, threading.Event())
        with self._lock:
            self._queue.append(asked)
        unnoticed = _UNNOTICED_S
        try:
            while not asked.answered.wait(_BEAT_S):
                if stopped() is not None:
                    raise Stopping
                self.look()
                if self._reading is None and not self._screen.has_form() and unnoticed > 0:
                    unnoticed -= _BEAT_S
                    if unnoticed <= 0:
                        self._screen.warn(_unnoticed(question))
        finally:
            with self._lock, suppress(ValueError):
                self._queue.remove(asked)
            self.look()
        if asked.error is not None:
            raise asked.error
        return asked.answer

    def look(self, *, leaving: bool = False) -> None:
        """Look for a line of input, if there is a question and a place to ask it.

        Blocks for 0.1 s at most.

        Args:
            leaving: Whether the calling thread stops waiting for the run.
        """
        if not self._looking.acquire(timeout=_BEAT_S if leaving else 0):
            return
        try:
            self._look(leaving=leaving)
        finally:
            self._looking.release()

    def _look(self, *, leaving: bool) -> None:
        with self._lock:
            first = self._queue[0] if self._queue else None
        if self._reading is not None:
            asked, console = self._reading
            if asked is not first or (leaving and console.needs_waiter):
                self._reading = None
                console.close()
        if first is None or leaving:
            return
        try:
            if self._reading is None:
                console_here = self._screen.console()
                if console_here is None or not console_here.open(first.question):
                    return
                self._reading = (first, console_here)
            line = self._reading[1].poll()
        except InputError as error:
            first.error = error
            self.answer(first.number, "")
            return
        if line is not None:
            self.answer(first.number, line)

    # --- a callable of the user's ---------------------------------------------------------------

    def _by_callable(self, ask: AskPerson, question: Question, stopped: Stopped) -> str:
        """Call ``ask`` in a thread of its own: it may never return, and the run must end."""
        context = contextvars.copy_context()
        asked = DAEMON_THREADS.submit(context.run, self._call, ask, question, stopped)
        while True:
            try:
                answer = asked.result(_BEAT_S)
                break
            except NotYet:
                if asked.done():
                    raise  # raised by the callable itself
                if stopped() is not None:
                    raise Stopping from None
        if answer is None or isinstance(answer, str):
            return answer or ""
        raise InputError(
            f"ask returns the answer as a text, empty to accept, not {type(answer).__name__}"
        )

    def _call(self, ask: AskPerson, question: Question, stopped: Stopped) -> Any:
        answer = ask(question)
        if not inspect.isawaitable(answer):
            return answer
        waiting = _until_stopped(answer, stopped)
        if self._loop is not None and _responds(self._loop):
            return asyncio.run_coroutine_threadsafe(waiting, self._loop).result()
        return asyncio.run(waiting)


def checked_ask(ask: object) -> AskPerson | None:
    """Check what is to answer questions.

    Raises:
        InputError: if it cannot be called.
    """
    if ask is None or callable(ask):
        return ask
    raise InputError(f"ask is called with each question and returns the answer, not {ask!r}")


async def _until_stopped(answer: Awaitable[Any], stopped: Stopped) -> Any:
    working = asyncio.ensure_future(answer)
    try:
        while not (await asyncio.wait([working], timeout=_BEAT_S))[0]:
            if stopped() is not None:
                raise Stopping
        return working.result()
    finally:
        working.cancel()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _responds(loop: asyncio.AbstractEventLoop) -> bool:
    answered = threading.Event()
    with suppress(RuntimeError):  # it was closed meanwhile
        loop.call_soon_threadsafe(answered.set)
    return answered.wait(_LOOP_ANSWERS_S)


def _unnoticed(question: Question) -> str:
    return (
        f"{question.task or 'the work'!r} waits for an answer from a person: wait for the run, or "
        "display it in a notebook, to be asked; or give ask="
    )
