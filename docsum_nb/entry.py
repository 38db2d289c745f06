"""The doors for work of the user's own: any Crew, Flow, coroutine or callable becomes a Run.

Whatever the work does, the caller is never held longer than it asked for: the work runs elsewhere,
on the package's loop if it is asynchronous, in a daemon thread if it blocks.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Literal

from docsum_nb.errors import InputError
from docsum_nb.events import Event, StageStarted
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
    on_error: Literal["raise", "collect", "skip"] = "raise",
    on_task_error: Callable[[Any, BaseException], Any] | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    on_event: Callable[[Event], object] | None = None,
    show: bool = True,
) -> Run[Any]:
    """Kick off a CrewAI Crew or Flow, guarded, and return its ``Run``.

    Works in a notebook cell, where ``crew.kickoff()`` fails and ``flow.kickoff()`` blocks. The crew
    runs as a double with an agent of its own for each concurrent task: agents may be shared, the
    same crew may run twice at once, and your objects stay as they were; outputs are in the result's
    ``tasks_output``. Crews that a Flow kicks off are guarded with it. Of the retries that CrewAI
    stacks, those of the provider's client are left, and an agent's where you have set them.

    Args:
        crew_or_flow: A Crew or a Flow.
        inputs: Its inputs; ``None`` for none.
        deadline: Seconds from now; ``None`` for no limit.
        on_error: ``"raise"`` ends the run with the first task's error, at once; ``"collect"``
            finishes the tasks that run beside it, then raises one ExceptionGroup; ``"skip"`` goes
            on with a line in the failed task's place, and a warning in ``run.state``.
        on_task_error: Called with every failed task and its error, in the task's thread. What it
            returns, a text or a ``TaskOutput``, takes the place of the task's output and the crew
            goes on; ``None`` leaves it to ``on_error``.
        max_concurrency: Tasks of ``async_execution`` at once; ``None`` for all, as CrewAI does.
        max_calls: Model calls of its agents at most; ``None`` for no bound.
        on_event: Called with every event, in order, in a thread of its own.
        show: Show live progress.

    Returns:
        The run of what ``kickoff`` returns. Stopped, it begins no further task and no model call;
        a call in flight cannot be taken back, and its thread is left to end by itself.

    Raises:
        InputError: if it is no Crew or Flow, or an argument cannot be used.
    """
    if not is_crew_or_flow(crew_or_flow):
        raise InputError(
            f"kickoff takes a CrewAI Crew or Flow, not {type(crew_or_flow).__name__}; "
            "use start for anything else"
        )
    if inputs is not None and not isinstance(inputs, Mapping):
        raise InputError(f"inputs is a mapping of names to values, not {type(inputs).__name__}")
    if on_error not in ("raise", "collect", "skip"):
        raise InputError(f"on_error is 'raise', 'collect' or 'skip', not {on_error!r}")
    for name, bound in (("max_concurrency", max_concurrency), ("max_calls", max_calls)):
        if bound is not None and bound < 1:
            raise InputError(f"{name} must be at least 1, not {bound!r}")
    own_inputs = None if inputs is None else dict(inputs)
    guards: list[Any] = []

    async def work(control: Control) -> Any:
        control.emit(StageStarted("working"))
        # Whoever has a crew has paid for importing CrewAI already.
        from docsum_nb.crew.guard import Guard

        guard = Guard(
            control,
            on_error=on_error,
            on_task_error=on_task_error,
            max_concurrency=max_concurrency,
            max_calls=max_calls,
        )
        guards.append(guard)
        return await in_thread(guard.kick_off, crew_or_flow, own_inputs)

    return Run(
        work,
        title=str(getattr(crew_or_flow, "name", None) or type(crew_or_flow).__name__),
        deadline=deadline,
        whereabouts=lambda: guards[0].whereabouts() if guards else "before it began",
        on_event=on_event,
        display=LiveDisplay() if show else None,
    )


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
