"""How much goes on at once: a number of slots, and the model calls of a run that need one each.

CrewAI passes each call of a model through one function of its own, so a call has its slot exactly
while it is made, whoever makes it and however it ends. Nothing waits for a slot while it holds one:
a call within a call needs none, and while a crew is kicked off within a call, the slot is lent. The
slots of a crew or flow that is stopped are given back at once: what is left of it may never end.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from docsum_nb.crew.crewai_names.llm_calls import AWITH_RETRIES, WITH_RETRIES, base_llm
from docsum_nb.crew.model_calls import called_model
from docsum_nb.events import WaitEnded, WaitStarted
from docsum_nb.run import Control, Scope, blocks_a_loop, is_on_a_loop

__all__ = ["CallSlots", "Calling", "Slots", "install_slots"]

_LOOK_S = 0.05
"""How often something that waits looks whether it is to stop."""


class _Slot:
    """One slot that is held, or lent meanwhile."""

    def __init__(self, free: threading.Semaphore | None) -> None:
        self._free = free
        self._lock = threading.Lock()
        self._held = True

    def give_back(self) -> None:
        """Free the slot; further times do nothing."""
        with self._lock:
            held, self._held = self._held, False
        if held and self._free is not None:
            self._free.release()

    def hold(self) -> None:
        """Note that the slot was acquired again."""
        with self._lock:
            self._held = True


class Slots:
    """Slots for what may go on at once. Usable from any thread.

    Args:
        limit: How many there are; ``None`` for no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self._free = None if limit is None else threading.Semaphore(limit)

    @contextmanager
    def held(self, scope: Scope, check: Callable[[], None]) -> Iterator[_Slot]:
        """Hold a slot; a stop of the scope gives it back.

        Args:
            scope: What it is held for.
            check: Called while there is none; what it raises ends the wait.
        """
        while self._free is not None and not self._free.acquire(timeout=_LOOK_S):
            check()
        with self._taken(scope) as slot:
            yield slot

    @asynccontextmanager
    async def aheld(self, scope: Scope, check: Callable[[], None]) -> AsyncIterator[_Slot]:
        """Do the same on a loop: the slots are shared with threads, so no asyncio lock serves."""
        while self._free is not None and not self._free.acquire(blocking=False):
            check()
            await asyncio.sleep(_LOOK_S)
        with self._taken(scope) as slot:
            yield slot

    @contextmanager
    def _taken(self, scope: Scope) -> Iterator[_Slot]:
        slot = _Slot(self._free)
        scope.when_stopped(slot.give_back)
        try:
            yield slot
        finally:
            scope.forget(slot.give_back)
            slot.give_back()

    def acquire(self, slot: _Slot, scope: Scope) -> None:
        """Acquire a slot again that was lent, unless the scope is stopped meanwhile."""
        while self._free is not None and not self._free.acquire(timeout=_LOOK_S):
            if scope.stopped_by() is not None:
                return
        slot.hold()


_calling: ContextVar[_Slot | None] = ContextVar("docsum_nb_calling", default=None)
"""The slot of the model call that this context is in; ``None`` if it is in none."""


class _Wait:
    """The wait of one call for a slot, reported if it is long enough to be looked at."""

    def __init__(self, control: Control, check: Callable[[], None]) -> None:
        self._control = control
        self._check = check
        self._model: str | None = None

    def __call__(self) -> None:
        if self._model is None:
            self._model = called_model()
            self._control.emit(WaitStarted(self._model))
        self._check()

    def end(self) -> None:
        """Report that the wait is over; further times do nothing."""
        model, self._model = self._model, None
        if model is not None:
            self._control.emit(WaitEnded(model))


class CallSlots:
    """Bounds the model calls of one run that are in flight.

    Args:
        limit: How many may be; ``None`` for no limit.
        control: The run's.
        scope: Returns the crew or flow that the caller's code belongs to.
        check: Raises if the caller must not make a call any more.
        failed: Called with the error of a call that failed, or was not made.
    """

    def __init__(
        self,
        limit: int | None,
        control: Control,
        scope: Callable[[], Scope],
        check: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._slots = Slots(limit)
        self._failed = failed
        self._control = control
        self._scope = scope
        self._check = check

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wait for a slot, and hold it during a call that the caller's thread makes."""
        if _calling.get() is not None:
            yield
        elif is_on_a_loop() or blocks_a_loop():
            # What blocks a loop must not wait: what holds the slots may need that loop.
            with self._reported():
                yield
        else:
            with (
                self._waiting() as wait,
                self._reported(),
                self._slots.held(self._scope(), wait) as slot,
                _in_call(slot),
            ):
                wait.end()
                # It may be the stop that has freed the slot.
                self._check()
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
            async with self._slots.aheld(self._scope(), wait) as slot:
                with _in_call(slot):
                    wait.end()
                    self._check()
                    yield

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Report a call that fails: a model of the user's own may not say a word of it."""
        try:
            yield
        except BaseException as error:
            self._failed(error)
            raise

    @contextmanager
    def _waiting(self) -> Iterator[_Wait]:
        wait = _Wait(self._control, self._check)
        try:
            yield wait
        finally:
            wait.end()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the slot of the call that the caller is in, if it is, while something else is."""
        slot, scope = _calling.get(), self._scope()
        if slot is None or is_on_a_loop() or blocks_a_loop():
            # What blocks a loop must not wait for the slot in the end, either.
            yield
            return
        slot.give_back()
        try:
            with _in_call(None):
                yield
        finally:
            self._slots.acquire(slot, scope)


@contextmanager
def _in_call(slot: _Slot | None) -> Iterator[None]:
    token = _calling.set(slot)
    try:
        yield
    finally:
        _calling.reset(token)


class Calling(Protocol):
    """What a guard has for the calls of its run."""

    slots: CallSlots


def install_slots(current: Callable[[], Calling | None]) -> None:
    """Wrap the model calls, so that each has a slot under a guard; call it once.

    Args:
        current: Returns the guard in the context of the caller; ``None`` if there is none.
    """
    own, aown = WITH_RETRIES.of(base_llm), AWITH_RETRIES.of(base_llm)

    def call(operation: Callable[[], Any], **kwargs: Any) -> Any:
        guard = current()
        if guard is None:
            return own(operation, **kwargs)
        with guard.slots.call():
            return own(operation, **kwargs)

    async def acall(operation: Callable[[], Awaitable[Any]], **kwargs: Any) -> Any:
        guard = current()
        if guard is None:
            return await aown(operation, **kwargs)
        async with guard.slots.acall():
            return await aown(operation, **kwargs)

    for function, bounded in ((WITH_RETRIES, call), (AWITH_RETRIES, acall)):
        if function.known(base_llm):  # what does not hold without it is reported by the guard
            setattr(base_llm, function.name, bounded)
