"""What can be run: a Crew or Flow, what creates one, and any awaitable or callable.

Crews and Flows are recognized by the names of their classes, so that CrewAI need not be imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.results import NotARun
from docsum_nb.run import in_thread

__all__ = [
    "as_coroutine_function",
    "check_kickable",
    "is_crew_or_flow",
    "is_kickable",
    "made_of",
    "name_of",
]

_INSTEAD = {
    "Agent": "an Agent answers by start(agent.kickoff, 'your question'), or in a Crew",
    "LiteAgent": "an agent answers by start(agent.kickoff, 'your question')",
    "Task": "a Task belongs in a Crew: kickoff(Crew(agents=[...], tasks=[task]))",
    "BaseLLM": "ask a model by start(llm.call, 'your question')",
}
"""By kind, what to write for objects of CrewAI's that cannot be kicked off."""


def is_crew_or_flow(work: object) -> bool:
    """Check whether something is a CrewAI Crew or Flow, without importing CrewAI."""
    return not _kinds(type(work)).isdisjoint({"Crew", "Flow"})


def is_kickable(work: object) -> bool:
    """Check whether something is a Crew or Flow, or one is made of it by ``made_of``."""
    return is_crew_or_flow(work) or _maker(work) is not None


def check_kickable(work: object, function: str) -> None:
    """Check that something can be kicked off.

    Args:
        work: What was given.
        function: The name of the function that it was given to.

    Raises:
        InputError: if it cannot; the message has what to write instead.
    """
    if is_kickable(work):
        return
    if isinstance(work, type) and "Crew" in _kinds(work):
        raise InputError(f"{function} takes a crew, not its class: Crew(agents=[...], tasks=[...])")
    runs = callable(work) or _is_to_be_awaited(work)
    advice = _instead(work) or (
        f"use start for anything else; if it returns one, call it: {function}({work.__name__}())"
        if inspect.isfunction(work)
        else "use start for anything else"
        if runs
        else "make one: Crew(agents=[...], tasks=[...])"
    )
    raise InputError(f"{function} takes a CrewAI Crew or Flow, not {type(work).__name__}; {advice}")


def made_of(work: Any) -> Any:
    """Return the Crew or Flow that something is or creates.

    A class or object decorated with ``@CrewBase`` makes its crew, also by its method ``crew``; the
    class of a Flow makes a flow. Runs the user's code.
    """
    make = _maker(work)
    return work if make is None else make()


def name_of(work: Any) -> str:
    """Return the name of a Crew or Flow, or of what creates one."""
    if not is_crew_or_flow(work):
        work = getattr(work, "__self__", work)
        return str(getattr(work, "__name__", type(work).__name__))
    return str(getattr(work, "name", None) or type(work).__name__)


def _kinds(kind: type) -> set[str]:
    return {each.__name__ for each in kind.__mro__ if each.__module__.startswith("crewai.")}


def _instead(work: object) -> str:
    kinds = _kinds(type(work))
    return next((advice for kind, advice in _INSTEAD.items() if kind in kinds), "")


def _maker(work: Any) -> Callable[[], Any] | None:
    if isinstance(work, type):
        if _is_crew_class(work):
            return lambda: work().crew()
        return work if "Flow" in _kinds(work) else None
    if _is_crew_class(type(work)):
        made: Callable[[], Any] = work.crew
        return made
    owner = getattr(work, "__self__", None)
    if inspect.ismethod(work) and work.__name__ == "crew" and _is_crew_class(type(owner)):
        return work
    return None


def _is_crew_class(kind: type) -> bool:
    return getattr(kind, "is_crew_class", False) is True and hasattr(kind, "crew")


def as_coroutine_function(work: Any, args: tuple[Any, ...]) -> Callable[[], Awaitable[Any]]:
    """Return the work as a coroutine function without arguments.

    Raises:
        InputError: if it cannot be run, or arguments are given with a coroutine.
    """
    if _is_to_be_awaited(work):
        if args:
            raise InputError("a coroutine has its arguments already; give the function instead")
        return lambda: work
    if inspect.iscoroutinefunction(_innermost(work)):
        return partial(_awaited, work, args)
    if callable(work):
        return partial(_called, work, args)
    advice = _instead(work) or "give the function itself, not its result: start(function, argument)"
    raise InputError(
        "start takes a coroutine, a coroutine function, a callable, a Crew or a Flow, "
        f"not {type(work).__name__}; {advice}"
    )


def _is_to_be_awaited(work: object) -> bool:
    """Check whether something is work that can be awaited; a result can, too, and is none."""
    return inspect.isawaitable(work) and not isinstance(work, NotARun)


def _innermost(work: Any) -> Any:
    while isinstance(work, partial):
        work = work.func
    return work if inspect.isroutine(work) else getattr(work, "__call__", work)  # noqa: B004


async def _awaited(work: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await _bound_again(work)(*args)


async def _called(work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    result = await in_thread(_bound_again(work), *args)
    # A callable that only makes a coroutine meant it to be run.
    return await result if _is_to_be_awaited(result) else result


def _bound_again(work: Any) -> Any:
    """Return the method that a crew, flow, agent or task has now that the guard is in place."""
    if isinstance(work, partial):
        return partial(_bound_again(work.func), *work.args, **work.keywords)
    owner = getattr(work, "__self__", None)
    return getattr(owner, work.__name__) if _kinds(type(owner)) else work
