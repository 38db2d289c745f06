"""How much runs at once: a number of slots, and the model calls of a run that need one each.

CrewAI makes each call of a model in one function, so a call has its slot exactly while it is made,
by any code, and until it returns or raises. Nothing waits for a slot while it holds one: a
call within a call needs none, and while a crew is kicked off within a call, the slot is lent. The
slots of a crew or flow that is stopped are given back at once: its calls may never end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from docsum_nb.crew.crewai_names.llm_calls import AWITH_RETRIES, WITH_RETRIES, base_llm
from docsum_nb.crew.current_task import check_stop, current_part
from docsum_nb.crew.model_calls import ModelCalls, called_model
from docsum_nb.crew.watcher import Intercepted, wrap_function
from docsum_nb.events import WaitEnded, WaitStarted
from docsum_nb.run import Control, Scope, blocks_a_loop, is_on_a_loop
from docsum_nb.upstream import complete_classes

__all__ = ["CallSlots", "Slots", "install_slots"]

_ANSWERS = ("openai.types.chat", "openai.types.responses", "anthropic.types", "litellm.types.utils")
"""Where the clients that CrewAI uses define the classes of their answers."""
_POLL_S = 0.05
"""How often a waiter checks whether it is to stop."""


class _Slot:
    """One slot that is held, or lent meanwhile."""

    def __init__(self, free: threading.Semaphore | None) -> None:
        self._free = free
        self._lock = threading.Lock()
        self._held = True

    def give_back(self) -> None:
        """Free the slot; further calls do nothing."""
        with self._lock:
            held, self._held = self._held, False
        if held and self._free is not None:
            self._free.release()

    def hold(self) -> None:
        """Note that the slot was acquired again."""
        with self._lock:
            self._held = True


class _Wait:
    """The wait of a task for a slot."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        """What the slot is for; its stop gives the slot back."""

    def poll(self) -> None:
        """Check, while there is no slot, whether to wait on; an error ends the wait."""
        self.scope.check()


class Slots:
    """A number of slots for what may run at once. Usable from any thread.

    Args:
        limit: The number; ``None`` for no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._free = None if limit is None else threading.Semaphore(limit)

    @contextmanager
    def held(self, scope: Scope, wait: _Wait | None = None) -> Iterator[_Slot]:
        """Wait for a slot in this thread, and hold it; a stop of the scope gives it back.

        Args:
            scope: What the slot is for.
            wait: The wait for it; ``None`` for one that ends when the scope is stopped.
        """
        wait = wait or _Wait(scope)
        while self._free is not None and not self._free.acquire(timeout=_POLL_S):
            wait.poll()
        with self._acquired(scope) as slot:
            yield slot

    @asynccontextmanager
    async def aheld(self, scope: Scope, wait: _Wait | None = None) -> AsyncIterator[_Slot]:
        """Do the same on a loop: threads share the slots, so an asyncio lock would not do."""
        wait = wait or _Wait(scope)
        while self._free is not None and not self._free.acquire(blocking=False):
            wait.poll()
            await asyncio.sleep(_POLL_S)
        with self._acquired(scope) as slot:
            yield slot

    @contextmanager
    def _acquired(self, scope: Scope) -> Iterator[_Slot]:
        slot = _Slot(self._free)
        scope.when_stopped(slot.give_back)
        try:
            yield slot
        finally:
            scope.forget(slot.give_back)
            slot.give_back()

    def acquire_again(self, slot: _Slot, scope: Scope) -> None:
        """Acquire a slot again that was lent, unless the scope is stopped meanwhile."""
        while self._free is not None and not self._free.acquire(timeout=_POLL_S):
            if scope.stopped_by() is not None:
                return
        slot.hold()


_calling: ContextVar[_Slot | None] = ContextVar("docsum_nb_calling", default=None)
"""The slot of the model call that this context is in; ``None`` if it is in none."""


class _CallWait(_Wait):
    """The wait of one model call for a slot, reported once it lasts longer than a poll."""

    def __init__(self, control: Control, run: Scope) -> None:
        super().__init__(current_part(run))
        self._control = control
        self._run = run
        self._model: str | None = None

    def poll(self) -> None:
        """Report the wait, and check whether the call may still be made."""
        if self._model is None:
            self._model = called_model()
            self._control.emit(WaitStarted(self._model))
        check_stop(self._run)

    def end(self) -> None:
        """Report that the wait has ended; further calls do nothing."""
        model, self._model = self._model, None
        if model is not None:
            self._control.emit(WaitEnded(model))


class CallSlots:
    """Bounds the model calls of one run that are in flight.

    Args:
        limit: The number of calls; ``None`` for no limit.
        control: The run's.
        run: The scope of the whole run.
        calls: The run's model calls; a call that fails is reported to them.
    """

    def __init__(self, limit: int | None, control: Control, run: Scope, calls: ModelCalls) -> None:
        self._slots = Slots(limit)
        self._control = control
        self._run = run
        self._calls = calls

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait for a slot, and hold it during a call that the caller's thread makes."""
        if _calling.get() is not None:
            yield
        elif is_on_a_loop() or blocks_a_loop():
            # What blocks a loop must not wait: the calls that hold the slots may need that loop.
            with self._reported():
                yield
        else:
            with (
                self._waiting() as wait,
                self._reported(),
                self._slots.held(wait.scope, wait) as slot,
                _in_call(slot),
            ):
                wait.end()
                # The slot may be free because of a stop.
                check_stop(self._run)
                yield

    @asynccontextmanager
    async def acall(self) -> AsyncIterator[None]:
        """Do the same for a call that is awaited."""
        if _calling.get() is not None:
            yield
            return
        if blocks_a_loop():
            with self._reported():
                yield
            return
        with self._waiting() as wait, self._reported():
            async with self._slots.aheld(wait.scope, wait) as slot:
                with _in_call(slot):
                    wait.end()
                    check_stop(self._run)
                    yield

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Report a call that fails: a model of the user's own may emit no event."""
        try:
            yield
        except BaseException as error:
            self._calls.failed(error)
            raise

    @contextmanager
    def _waiting(self) -> Iterator[_CallWait]:
        wait = _CallWait(self._control, self._run)
        try:
            yield wait
        finally:
            wait.end()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the slot of the call that the caller is in, if it is in one, in this context."""
        slot, scope = _calling.get(), current_part(self._run)
        if slot is None or is_on_a_loop() or blocks_a_loop():
            # What blocks a loop must not wait for the slot in the end, either.
            yield
            return
        slot.give_back()
        try:
            with _in_call(None):
                yield
        finally:
            self._slots.acquire_again(slot, scope)


@contextmanager
def _in_call(slot: _Slot | None) -> Iterator[None]:
    token = _calling.set(slot)
    try:
        yield
    finally:
        _calling.reset(token)


# --- the calls of CrewAI's models -----------------------------------------------------------------


def install_slots() -> None:
    """Wrap the functions in which CrewAI makes a model call; call it once."""
    wrap_function(base_llm, WITH_RETRIES.name, _call)
    wrap_function(base_llm, AWITH_RETRIES.name, _acall)


def _call(call: Intercepted, *args: Any, **kwargs: Any) -> Any:
    complete_classes(*_ANSWERS)
    with call.guard.slots.call():
        return call.own(*args, **kwargs)


async def _acall(call: Intercepted, *args: Any, **kwargs: Any) -> Any:
    complete_classes(*_ANSWERS)
    async with call.guard.slots.acall():
        return await call.own(*args, **kwargs)
