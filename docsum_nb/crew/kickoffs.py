"""Kickoffs of crews and flows under a guard: each is a part of the run, with a scope of its own.

The methods of CrewAI that kick off a crew or flow are wrapped. Under a guard, the first error of
the crew or flow is raised at once in the code that kicked it off, which may handle it and go on.
"""

from __future__ import annotations

import asyncio
import functools
from contextvars import ContextVar
from typing import Any

from docsum_nb.crew.call_costs import Meter, metered
from docsum_nb.crew.clone import is_clone, write_back_crew
from docsum_nb.crew.crewai_names.executions import CrewOutput
from docsum_nb.crew.crewai_names.flows import EXECUTE_METHOD, EXECUTE_RACING_LISTENERS, Flow
from docsum_nb.crew.crewai_names.table import Crew
from docsum_nb.crew.output import as_loud_as
from docsum_nb.crew.watcher import Exited, Intercepted, Watcher, wrap_function
from docsum_nb.run import cancelled_with, current_scope, leave_threads

__all__ = ["install_kickoffs", "is_racing"]

_racing: ContextVar[Any] = ContextVar("docsum_nb_racing", default=None)
"""The flow whose steps race one another in this context."""


def install_kickoffs() -> None:
    """Wrap the methods of CrewAI that kick off crews and flows; call it once."""
    for kind, name, handle in (
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
        wrap_function(kind, name, handle)


# --- crews ----------------------------------------------------------------------------------------


def _crew(call: Intercepted, crew: Any, *args: Any, **kwargs: Any) -> Any:
    if _restores(*args, **kwargs):
        return call.own(crew, *args, **kwargs)
    clone = _clone_for(call.guard, crew, blocking=True)
    with metered() as meter, as_loud_as(crew):
        kickoff = functools.partial(_outside, call, clone, *args, **kwargs)
        # A crew that streams kicks itself off again, and this handles that kickoff.
        result = kickoff() if clone.stream else call.guard.kick_off_within(clone, kickoff)
        return _with_usage(clone, result, meter)


async def _acrew(call: Intercepted, crew: Any, *args: Any, **kwargs: Any) -> Any:
    if _restores(*args, **kwargs):
        return await call.own(crew, *args, **kwargs)
    clone = _clone_for(call.guard, crew, blocking=False)
    with metered() as meter, as_loud_as(crew):
        kickoff = functools.partial(_aoutside, call, clone, *args, **kwargs)
        result = await (kickoff() if clone.stream else call.guard.akick_off_within(clone, kickoff))
        return _with_usage(clone, result, meter)


def _replay(call: Intercepted, crew: Any, *args: Any, **kwargs: Any) -> Any:
    clone = _clone_for(call.guard, crew, blocking=True)
    for agent in clone.agents:
        # Only a kickoff sets an agent's crew, and that of the clone is not the user's.
        agent.crew = clone
    with metered() as meter, as_loud_as(crew):
        kickoff = functools.partial(_outside, call, clone, *args, **kwargs)
        return _with_usage(clone, call.guard.kick_off_within(clone, kickoff), meter)


async def _cancellable(call: Intercepted, crew: Any, *args: Any, **kwargs: Any) -> Any:
    """Stop a kickoff that works in threads as soon as its result cannot be used any more.

    That is if the wait is cancelled, as by a timeout of the user's, or if one of several crews
    fails: the answers of the others are lost.
    """
    kickoffs = functools.partial(call.own, crew, *args, **kwargs)
    return await (kickoffs() if crew.stream else call.guard.akick_off_within(crew, kickoffs))


def _outside(call: Intercepted, *args: Any, **kwargs: Any) -> Any:
    """Run a crew outside of the task that kicks it off, in which its error is raised."""
    with call.guard.failures.outside():
        return call.own(*args, **kwargs)


async def _aoutside(call: Intercepted, *args: Any, **kwargs: Any) -> Any:
    with call.guard.failures.outside():
        return await call.own(*args, **kwargs)


def _restores(
    inputs: Any = None, input_files: Any = None, from_checkpoint: Any = None, **_: Any
) -> bool:
    """Return whether a kickoff restores another crew from a checkpoint, and kicks that one off."""
    return getattr(from_checkpoint, "restore_from", None) is not None


def _clone_for(guard: Watcher, crew: Any, *, blocking: bool) -> Any:
    """Return the clone that is kicked off in a crew's place; a clone itself unchanged."""
    return crew if is_clone(crew) else guard.clone(crew, blocking=blocking)


def _with_usage(crew: Any, result: Any, meter: Meter) -> Any:
    """Return a kickoff's result with its own usage, which the user's crew shows as well."""
    # A streaming crew has no output yet; it kicks itself off again, and this handles that.
    if isinstance(result, CrewOutput):
        result.token_usage = meter.total()
        write_back_crew(crew, meter.total())
    return result


# --- flows ----------------------------------------------------------------------------------------


def _flow(call: Intercepted, flow: Any, *args: Any, **kwargs: Any) -> Any:
    kickoff = functools.partial(call.own, flow, *args, **kwargs)
    return kickoff() if _is_part(flow) else call.guard.kick_off_within(flow, kickoff)


async def _aflow(call: Intercepted, flow: Any, *args: Any, **kwargs: Any) -> Any:
    async def kickoff() -> Any:
        scope = current_scope()
        if scope is None or scope.work is not flow:
            return await call.own(flow, *args, **kwargs)
        scope.begun = True
        with cancelled_with(scope):
            return await call.own(flow, *args, **kwargs)

    if _is_part(flow):
        return await kickoff()
    scope = current_scope()
    # A scope of this flow that has not started shows that Flow.kickoff calls this; a step that
    # kicks its own flow off again has another scope.
    if scope is not None and scope.work is flow and not scope.begun:
        leave_threads(asyncio.get_running_loop())
        return await kickoff()
    return await call.guard.akick_off_within(flow, kickoff)


def _is_part(flow: Any) -> bool:
    """Check whether a flow needs no scope here: a part of CrewAI, or one that streams.

    CrewAI's agents are flows; one that streams kicks itself off again.
    """
    return bool(type(flow).is_crewai_internal or flow.stream)


async def _step(
    call: Intercepted,
    flow: Any,
    name: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    try:
        return await call.own(flow, name, *args, **kwargs)
    except Exception as error:
        call.guard.step_failed(flow, str(name), error)
        raise
    except (KeyboardInterrupt, SystemExit) as error:
        # Either would end the loop, and with it all that runs on it beside the step.
        exited = Exited(error)
        call.guard.step_failed(flow, str(name), exited)
        raise exited from error


async def _race(call: Intercepted, flow: Any, *args: Any, **kwargs: Any) -> Any:
    """Note which steps race: if one of them fails, CrewAI ignores its error."""
    token = _racing.set(flow)
    try:
        return await call.own(flow, *args, **kwargs)
    finally:
        _racing.reset(token)


def is_racing(flow: Any) -> bool:
    """Check whether CrewAI may ignore the error of the flow's step that the caller is in."""
    return _racing.get() is flow
