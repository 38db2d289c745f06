"""The guard of the caller's context, and the wrappers by which CrewAI's functions reach it.

The functions of CrewAI that the guard must see are wrapped once, for the process. Without a guard
in the context of its caller, a wrapped function does what CrewAI's does; otherwise a handler gets
the call, with the guard. The modules that wrap functions know a guard by the ``Watcher`` protocol.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from docsum_nb.crew.crewai_names.llm_calls import HookAborted

__all__ = [
    "Exited",
    "FailureListener",
    "HookHandlers",
    "Intercepted",
    "Stopped",
    "Watcher",
    "is_watched",
    "listener",
    "observe_function",
    "set_watcher",
    "watcher",
    "wrap_function",
]


class Stopped(HookAborted):
    """Raised in a hook: the only kind of error that CrewAI lets out of one."""


class Exited(Exception):  # noqa: N818  # not an error of its own
    """Stands for a SystemExit or KeyboardInterrupt in a step of a flow, or of an agent."""

    def __init__(self, source: BaseException) -> None:
        super().__init__(repr(source))
        self.source = source


# --- what a guard is to the modules below it ------------------------------------------------------


class FailureListener(Protocol):
    """Records failures that CrewAI swallows."""

    def report(self, what: str, error: BaseException | None = None, text: str = "") -> None:
        """Record a failure for which CrewAI emits no event."""

    def logged(self, level: int, text: str, error: BaseException | None) -> None:
        """Record a warning or an error that CrewAI logs."""

    def outside(self) -> AbstractContextManager[None]:
        """Make the code in this context belong to no task."""


class SlotsForCalls(Protocol):
    """Bounds the model calls of a run that are in flight."""

    def call(self) -> AbstractContextManager[None]:
        """Wait for a slot, and hold it during a call of the caller's thread."""

    def acall(self) -> AbstractAsyncContextManager[None]:
        """Wait for a slot, and hold it during a call that is awaited."""


class HookHandlers(Protocol):
    """Handles CrewAI's hooks and events for a guard."""

    def with_inputs(self, context: Any) -> None:
        """Check the inputs of a crew or flow that is being kicked off."""

    def before_call(self, context: Any) -> None:
        """Check a model call before it is made; raises ``Stopped`` to prevent it."""

    def after_call(self, context: Any) -> None:
        """Process the answer of a model call."""

    def answered(self, answer: Any) -> None:
        """Count an answer of a model, in the thread that called it."""

    def tracked(self, usage: Any) -> None:
        """Count the usage of one request, in the thread that made it."""

    def before_tool(self, context: Any) -> None:
        """Check a tool before it is called; raises ``Stopped`` to prevent it."""

    def before_step(self, context: Any) -> None:
        """Process the start of a step of a flow, or of a task."""

    def after_step(self, context: Any) -> None:
        """Process the end of a step of a flow, or of a task."""

    def seen(self, source: Any, event: Any) -> None:
        """Process an event of CrewAI, in the thread that emitted it."""

    def hook_failed(self, hook: str, error: Exception) -> None:
        """Decide what follows if a hook fails; raises ``Stopped`` if the run must end."""

    def view_failed(self, error: Exception) -> None:
        """Decide what follows if an event cannot be processed; must not raise."""


class Watcher(Protocol):
    """What a guard does at the points where CrewAI calls it."""

    @property
    def hooks(self) -> HookHandlers:
        """The handlers of CrewAI's hooks and events."""

    @property
    def failures(self) -> FailureListener:
        """Where failures that CrewAI swallows are recorded."""

    @property
    def slots(self) -> SlotsForCalls:
        """The slots for model calls."""

    def clone(self, crew: Any, *, blocking: bool) -> Any:
        """Return the clone of a crew that is about to be kicked off."""

    def kick_off_within(self, work: Any, kickoff: Callable[[], Any]) -> Any:
        """Run a crew or flow that code of the run kicks off, until its outcome is known."""

    async def akick_off_within(self, work: Any, kickoff: Callable[[], Awaitable[Any]]) -> Any:
        """Do the same on the running loop."""

    def step_failed(self, flow: Any, name: str, error: Exception) -> None:
        """Process the failure of a step of a flow, or of an agent."""

    def ask(
        self, *, task: str, agent: str, text: str, message: str = "", until: float = math.inf
    ) -> str:
        """Return a person's answer, blocking; empty to accept. See ``Guard.ask``."""

    def warn(self, message: str) -> None:
        """Report a warning."""


# --- the guard of a context -----------------------------------------------------------------------

_current: ContextVar[Watcher | None] = ContextVar("docsum_nb_guard", default=None)


def watcher() -> Watcher | None:
    """Return the guard of the caller's context; ``None`` if there is none."""
    return _current.get()


def is_watched() -> bool:
    """Check whether there is a guard in the caller's context."""
    return _current.get() is not None


def listener() -> FailureListener | None:
    """Return where failures in the caller's context are recorded; ``None`` without a guard."""
    guard = _current.get()
    return None if guard is None else guard.failures


@contextmanager
def set_watcher(guard: Watcher) -> Iterator[None]:
    """Make a guard that of this context, and of threads and tasks started from it."""
    token = _current.set(guard)
    try:
        yield
    finally:
        _current.reset(token)


# --- functions of CrewAI's ------------------------------------------------------------------------


@dataclass(frozen=True)
class Intercepted:
    """A call of one of CrewAI's functions, made in the context of a guard."""

    guard: Watcher
    own: Callable[..., Any]
    """CrewAI's function, or what it was wrapped by before."""


def wrap_function(owner: Any, name: str, handle: Callable[..., Any]) -> None:
    """Replace a function of CrewAI's by a wrapper, for the process; call it once.

    Args:
        owner: The class or module that CrewAI looks the function up in.
        name: Its name. Nothing is wrapped if it is absent: a guard reports what does not hold then.
        handle: Called instead of the function if there is a guard in the caller's context, with
            an ``Intercepted`` and the arguments; a coroutine function if the function is one.
    """
    own = getattr(owner, name, None)
    if own is None:
        return
    if asyncio.iscoroutinefunction(own):

        @functools.wraps(own)
        async def acall(*args: Any, **kwargs: Any) -> Any:
            guard = watcher()
            if guard is None:
                return await own(*args, **kwargs)
            return await handle(Intercepted(guard, own), *args, **kwargs)

        setattr(owner, name, acall)
        return

    @functools.wraps(own)
    def call(*args: Any, **kwargs: Any) -> Any:
        guard = watcher()
        if guard is None:
            return own(*args, **kwargs)
        return handle(Intercepted(guard, own), *args, **kwargs)

    setattr(owner, name, call)


def observe_function(owner: Any, name: str, see: Callable[..., None]) -> None:
    """Show a guard the arguments of each call of a function, before the call; call it once.

    Args:
        owner: The class or module that CrewAI looks the function up in.
        name: Its name. Nothing is observed if it is absent.
        see: Called with the guard of the context and the arguments; must not raise.
    """
    wrap_function(owner, name, functools.partial(_observed, see))


def _observed(see: Callable[..., None], call: Intercepted, *args: Any, **kwargs: Any) -> Any:
    see(call.guard, *args, **kwargs)
    return call.own(*args, **kwargs)
