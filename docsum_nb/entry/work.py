"""What can be run: any awaitable or callable, made a coroutine function.

Crews and Flows are told by the names of their classes, so that CrewAI need not be imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.run import in_thread

__all__ = ["as_coroutine_function", "is_crew_or_flow"]


def is_crew_or_flow(work: object) -> bool:
    """Tell whether something is a CrewAI Crew or Flow, without importing CrewAI."""
    return not _kinds_of_crewai(work).isdisjoint({"Crew", "Flow"})


def _kinds_of_crewai(work: object) -> set[str]:
    """Return the names of the classes of CrewAI's that something is an instance of."""
    return {kind.__name__ for kind in type(work).__mro__ if kind.__module__.startswith("crewai.")}


def as_coroutine_function(work: Any, args: tuple[Any, ...]) -> Callable[[], Awaitable[Any]]:
    """Return how to have the work done on a loop.

    Raises:
        InputError: if it cannot be run, or arguments are given with a coroutine.
    """
    if inspect.isawaitable(work):
        if args:
            raise InputError("a coroutine has its arguments already; give the function instead")
        return lambda: work
    if inspect.iscoroutinefunction(_innermost(work)):
        return partial(_awaited, work, args)
    if callable(work):
        return partial(_called, work, args)
    raise InputError(
        "start takes a coroutine, a coroutine function, a callable, a Crew or a Flow, "
        f"not {type(work).__name__}"
    )


def _innermost(work: Any) -> Any:
    while isinstance(work, partial):
        work = work.func
    return work if inspect.isroutine(work) else getattr(work, "__call__", work)  # noqa: B004


async def _awaited(work: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
    return await _looked_up_again(work)(*args)


async def _called(work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    result = await in_thread(_looked_up_again(work), *args)
    # A callable that only makes a coroutine meant it to be run.
    return await result if inspect.isawaitable(result) else result


def _looked_up_again(work: Any) -> Any:
    """Return the method that a crew, flow, agent or task has now that the guard is in place."""
    if isinstance(work, partial):
        return partial(_looked_up_again(work.func), *work.args, **work.keywords)
    owner = getattr(work, "__self__", None)
    return getattr(owner, work.__name__) if _kinds_of_crewai(owner) else work
