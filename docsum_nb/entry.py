"""The doors for work of the user's own: any Crew, Flow, coroutine or callable becomes a Run.

Whatever the work does, the caller is never held longer than it asked for: the work runs elsewhere,
on the package's loop if it is asynchronous, in a daemon thread if it blocks.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from docsum_nb.errors import InputError
from docsum_nb.events import StageStarted
from docsum_nb.run import Control, Run, in_thread
from docsum_nb.views import LiveDisplay

__all__ = ["kickoff", "run_with_deadline", "start"]


def start(work: Any, *args: Any, deadline: float | None = None, show: bool = True) -> Run[Any]:
    """Start a coroutine, a coroutine function or a callable, and return its ``Run``.

    Args:
        work: A coroutine or other awaitable that is bound to no loop yet; a coroutine function; or
            any callable, which gets a daemon thread and may block. A Crew or Flow goes to
            ``kickoff``.
        *args: For the function or callable.
        deadline: Seconds from now; ``None`` for no limit.
        show: Show live progress.

    Returns:
        The run of whatever the work returns. Once it is stopped, a coroutine is cancelled; a thread
        cannot be, so a callable is left to itself and its result is dropped.

    Raises:
        InputError: if the work is none of these, or arguments are given with a coroutine.

    Example:
        >>> start(sorted, [3, 1, 2], show=False).result()
        [1, 2, 3]
    """
    if is_crew_or_flow(work):
        if args:
            raise InputError("a crew takes inputs, not arguments: kickoff(crew, inputs={...})")
        return kickoff(work, deadline=deadline, show=show)
    name = getattr(work, "__qualname__", None) or type(work).__name__
    return _run(_as_coroutine_function(work, args), name, deadline, show=show)


def kickoff(
    crew_or_flow: Any,
    inputs: Mapping[str, Any] | None = None,
    *,
    deadline: float | None = None,
    show: bool = True,
) -> Run[Any]:
    """Kick off a CrewAI Crew or Flow, and return its ``Run``.

    Works in a notebook cell, where ``crew.kickoff()`` fails and ``flow.kickoff()`` blocks.

    Args:
        crew_or_flow: A Crew or a Flow; it is not changed.
        inputs: Its inputs; ``None`` for none.
        deadline: Seconds from now; ``None`` for no limit.
        show: Show live progress.

    Returns:
        The run of what ``kickoff`` returns. Stopped, the crew's thread is left to itself.

    Raises:
        InputError: if it is no Crew or Flow, or the inputs are no mapping.
    """
    if not is_crew_or_flow(crew_or_flow):
        raise InputError(
            f"kickoff takes a CrewAI Crew or Flow, not {type(crew_or_flow).__name__}; "
            "use start for anything else"
        )
    if inputs is not None and not isinstance(inputs, Mapping):
        raise InputError(f"inputs is a mapping of names to values, not {type(inputs).__name__}")
    own_inputs = None if inputs is None else dict(inputs)

    async def work(control: Control) -> Any:
        control.emit(StageStarted("working"))
        # Whoever has a crew has paid for importing CrewAI already.
        from docsum_nb.crew.guard import kick_off

        return await in_thread(kick_off, crew_or_flow, own_inputs)

    name = getattr(crew_or_flow, "name", None) or type(crew_or_flow).__name__
    return Run(work, title=str(name), deadline=deadline, display=LiveDisplay() if show else None)


def run_with_deadline(
    work: Any,
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> Any:
    """Run a Crew, Flow, coroutine, coroutine function or callable, and wait for its result.

    The first error is raised as soon as it happens, the deadline when it passes, whatever the work
    is stuck in. Interrupting the cell stops the work.

    Args:
        work: As for ``kickoff`` and ``start``.
        deadline: Seconds from now.
        inputs: Of a Crew or Flow; keyword arguments of a function.
        show: Show live progress.

    Returns:
        What the work returns.

    Raises:
        DeadlineExceeded: if it was not done in time; the message names where it was.
        InputError: if the work cannot be run.
        BaseException: the work's own error, with its own traceback.

    Example:
        >>> run_with_deadline(lambda: 6 * 7, 5, show=False)
        42
    """
    if deadline is None:
        raise InputError("deadline is seconds from now; use start or kickoff for no limit")
    if is_crew_or_flow(work):
        return kickoff(work, inputs, deadline=deadline, show=show).result()
    if inputs and not callable(work):
        raise InputError("inputs goes with a crew, a flow or a function, not with a coroutine")
    return start(partial(work, **inputs) if inputs else work, deadline=deadline, show=show).result()


def is_crew_or_flow(work: object) -> bool:
    """Tell whether something is a CrewAI Crew or Flow, without importing CrewAI."""
    return any(
        kind.__module__.partition(".")[0] == "crewai" and hasattr(kind, "kickoff")
        for kind in type(work).__mro__
    )


def _as_coroutine_function(work: Any, args: tuple[Any, ...]) -> Callable[[], Awaitable[Any]]:
    if inspect.isawaitable(work):
        if args:
            raise InputError("a coroutine has its arguments already; give the function instead")
        return lambda: work
    if inspect.iscoroutinefunction(_innermost(work)):
        return partial(work, *args)
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


async def _called(work: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    result = await in_thread(work, *args)
    # A callable that only makes a coroutine meant it to be run.
    return await result if inspect.isawaitable(result) else result


def _run(
    work: Callable[[], Awaitable[Any]], name: str, deadline: float | None, *, show: bool
) -> Run[Any]:
    async def controlled(control: Control) -> Any:
        control.emit(StageStarted("working"))
        return await work()

    return Run(controlled, title=name, deadline=deadline, display=LiveDisplay() if show else None)
