"""The doors of crews and flows, as they are under a guard: each kickoff is a scope of its own.

The methods of CrewAI that kick off a crew or flow are wrapped, once and for the process: without a
guard in the context they do what they did. Under a guard, the first error of what was kicked off is
raised at once in the code that kicked it off, which decides what it means.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Protocol

from docsum_nb.crew.clone import is_clone, write_back_crew
from docsum_nb.crew.crewai_names.executions import CrewOutput
from docsum_nb.crew.crewai_names.flows import EXECUTE_METHOD, EXECUTE_RACING_LISTENERS, Flow
from docsum_nb.crew.crewai_names.table import Crew
from docsum_nb.crew.model_calls import metered
from docsum_nb.crew.output import as_loud_as
from docsum_nb.crew.unreported_failures import Listener
from docsum_nb.run import cancelled_with, current_scope, leave_threads

__all__ = ["Exited", "Kicker", "install_kickoffs", "is_racing"]

_racing: ContextVar[Any] = ContextVar("docsum_nb_racing", default=None)
"""The flow whose steps race one another in this context."""


class Exited(Exception):  # noqa: N818  # not an error of its own
    """Stands for a SystemExit or KeyboardInterrupt in a step of a flow, or of an agent."""

    def __init__(self, source: BaseException) -> None:
        super().__init__(repr(source))
        self.source = source


class Kicker(Protocol):
    """What a guard does where a crew or flow is kicked off."""

    @property
    def failures(self) -> Listener:
        """What CrewAI swallows is reported to this."""

    def clone(self, crew: Any, *, blocking: bool) -> Any:
        """Make the clone of a crew that is about to be kicked off."""

    def kick_off_within(self, work: Any, kickoff: Callable[[], Any]) -> Any:
        """Run a crew or flow that is kicked off in the run, until its outcome is known."""

    async def akick_off_within(self, work: Any, kickoff: Callable[[], Awaitable[Any]]) -> Any:
        """Do the same on the running loop."""

    def step_failed(self, flow: Any, name: str, error: Exception) -> None:
        """Process the failure of a step of a flow, or of an agent."""


Current = Callable[[], Kicker | None]


def install_kickoffs(current: Current) -> None:
    """Wrap the methods of CrewAI that kick off crews and flows; call it once.

    Args:
        current: Returns the guard in the context of the caller; ``None`` if there is none.
    """
    for kind, name, around in (
        (Crew, "kickoff", _crew),
        (Crew, "akickoff", _acrew),
        (Crew, "replay", _replay),
        (Crew, "kickoff_async", _cancellable),
        (Crew, "kickoff_for_each_async", _cancellable),
        (Crew, "akickoff_for_each", _cancellable),
        (Flow, "kickoff", _flow),
        (Flow, "kickoff_async", _aflow),
        (Flow, EXECUTE_METHOD.name, _step),
        (Flow, EXECUTE_RACING_LISTENERS.name, _race),
    ):
        own = getattr(kind, name, None)
        if own is not None:  # what does not hold without it is reported when a guard is made
            setattr(kind, name, _wrapped(own, around, current))


def _wrapped(own: Any, around: Callable[..., Any], current: Current) -> Any:
    if asyncio.iscoroutinefunction(own):

        @functools.wraps(own)
        async def acall(self: Any, *args: Any, **kwargs: Any) -> Any:
            guard = current()
            if guard is None:
                return await own(self, *args, **kwargs)
            return await around(guard, own, self, *args, **kwargs)

        return acall

    @functools.wraps(own)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = current()
        return (
            own(self, *args, **kwargs)
            if guard is None
            else around(guard, own, self, *args, **kwargs)
        )

    return call


# --- crews ----------------------------------------------------------------------------------------


def _crew(guard: Kicker, own: Callable[..., Any], crew: Any, *args: Any, **kwargs: Any) -> Any:
    if _restores(*args, **kwargs):
        return own(crew, *args, **kwargs)
    clone = _guarded_by(guard, crew, blocking=True)
    with metered() as used, as_loud_as(crew):
        kickoff = functools.partial(_outside, guard, own, clone, *args, **kwargs)
        # A crew that streams kicks itself off again, and passes here then.
        result = kickoff() if clone.stream else guard.kick_off_within(clone, kickoff)
        return _settled(clone, result, used)


async def _acrew(
    guard: Kicker, own: Callable[..., Awaitable[Any]], crew: Any, *args: Any, **kwargs: Any
) -> Any:
    if _restores(*args, **kwargs):
        return await own(crew, *args, **kwargs)
    clone = _guarded_by(guard, crew, blocking=False)
    with metered() as used, as_loud_as(crew):
        kickoff = functools.partial(_aoutside, guard, own, clone, *args, **kwargs)
        result = await (kickoff() if clone.stream else guard.akick_off_within(clone, kickoff))
        return _settled(clone, result, used)


def _replay(guard: Kicker, own: Callable[..., Any], crew: Any, *args: Any, **kwargs: Any) -> Any:
    clone = _guarded_by(guard, crew, blocking=True)
    for agent in clone.agents:
        # Only a kickoff sets an agent's crew, and that of the clone is not the user's.
        agent.crew = clone
    with metered() as used, as_loud_as(crew):
        kickoff = functools.partial(_outside, guard, own, clone, *args, **kwargs)
        return _settled(clone, guard.kick_off_within(clone, kickoff), used)


async def _cancellable(
    guard: Kicker, own: Callable[..., Awaitable[Any]], crew: Any, *args: Any, **kwargs: Any
) -> Any:
    """Stop what works in threads when nobody waits for it any more.

    That is if the wait is cancelled, as by a timeout of the user's, or if one of several crews
    fails: nobody gets what the others answer.
    """
    kickoffs = functools.partial(own, crew, *args, **kwargs)
    return await (kickoffs() if crew.stream else guard.akick_off_within(crew, kickoffs))


def _outside(guard: Kicker, own: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a crew outside of the task that kicks it off; what it raises comes back to that task."""
    with guard.failures.outside():
        return own(*args, **kwargs)


async def _aoutside(
    guard: Kicker, own: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any
) -> Any:
    with guard.failures.outside():
        return await own(*args, **kwargs)


def _restores(
    inputs: Any = None, input_files: Any = None, from_checkpoint: Any = None, **_: Any
) -> bool:
    """Return whether a kickoff makes another crew from a checkpoint, and kicks that one off."""
    return getattr(from_checkpoint, "restore_from", None) is not None


def _guarded_by(guard: Kicker, crew: Any, *, blocking: bool) -> Any:
    """Return what is kicked off in a crew's place."""
    return crew if is_clone(crew) else guard.clone(crew, blocking=blocking)


def _settled(crew: Any, result: Any, used: Callable[[], Any]) -> Any:
    """Return a kickoff's result with its own usage, which the user's crew shows as well."""
    # A streaming crew has given no output yet; it kicks itself off again, and passes here then.
    if isinstance(result, CrewOutput):
        result.token_usage = used()
        write_back_crew(crew, used())
    return result


# --- flows ----------------------------------------------------------------------------------------


def _flow(guard: Kicker, own: Callable[..., Any], flow: Any, *args: Any, **kwargs: Any) -> Any:
    kickoff = functools.partial(own, flow, *args, **kwargs)
    return kickoff() if _is_part(flow) else guard.kick_off_within(flow, kickoff)


async def _aflow(
    guard: Kicker, own: Callable[..., Awaitable[Any]], flow: Any, *args: Any, **kwargs: Any
) -> Any:
    async def kickoff() -> Any:
        scope = current_scope()
        if scope is None or scope.work is not flow:
            return await own(flow, *args, **kwargs)
        scope.begun = True
        with cancelled_with(scope):
            return await own(flow, *args, **kwargs)

    if _is_part(flow):
        return await kickoff()
    scope = current_scope()
    # By its scope that has not begun, it is known that kickoff calls this; a step that kicks its
    # own flow off again has another one.
    if scope is not None and scope.work is flow and not scope.begun:
        leave_threads(asyncio.get_running_loop())
        return await kickoff()
    return await guard.akick_off_within(flow, kickoff)


def _is_part(flow: Any) -> bool:
    """Check whether a flow is a part of CrewAI, such as an agent; one that streams comes again."""
    return bool(type(flow).is_crewai_internal or flow.stream)


async def _step(
    guard: Kicker,
    own: Callable[..., Awaitable[Any]],
    flow: Any,
    name: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    try:
        return await own(flow, name, *args, **kwargs)
    except Exception as error:
        guard.step_failed(flow, str(name), error)
        raise
    except (KeyboardInterrupt, SystemExit) as error:
        # Either would end the loop, and all that runs beside the step on it.
        exited = Exited(error)
        guard.step_failed(flow, str(name), exited)
        raise exited from error


async def _race(
    guard: Kicker, own: Callable[..., Awaitable[Any]], flow: Any, *args: Any, **kwargs: Any
) -> Any:
    """Note which steps race: CrewAI goes on from the error of one of them."""
    token = _racing.set(flow)
    try:
        return await own(flow, *args, **kwargs)
    finally:
        _racing.reset(token)


def is_racing(flow: Any) -> bool:
    """Check whether CrewAI may go on from the error of the step of a flow that the caller is in."""
    return _racing.get() is flow
