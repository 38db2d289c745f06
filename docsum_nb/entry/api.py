"""The entry points for work of the user's own: a Crew, Flow, coroutine or callable becomes a Run.

The work never holds the caller longer than the caller asked for: it runs on the package's loop if
it is asynchronous, in a daemon thread if it blocks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from docsum_nb.argument_hints import explains_arguments
from docsum_nb.entry.guarded_run import GuardOptions, Prices, begin_kickoff, begin_work
from docsum_nb.entry.runnables import as_coroutine_function, check_kickable, is_kickable
from docsum_nb.errors import InputError
from docsum_nb.events import Event
from docsum_nb.run import AskPerson, Run

if TYPE_CHECKING:
    from docsum_nb.crew.types import CrewLike, CrewOutput

__all__ = ["allow_nested_asyncio", "kickoff", "run_with_deadline", "start"]

T = TypeVar("T")


@overload
def start(
    work: Callable[..., Awaitable[T]],
    *args: Any,
    deadline: float | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    show: bool = True,
) -> Run[T]: ...
@overload
def start(
    work: Awaitable[T],
    *args: Any,
    deadline: float | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    show: bool = True,
) -> Run[T]: ...
@overload
def start(
    work: Callable[..., T],
    *args: Any,
    deadline: float | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    show: bool = True,
) -> Run[T]: ...
@overload
def start(
    work: object,
    *args: Any,
    deadline: float | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    show: bool = True,
) -> Run[Any]: ...
@explains_arguments
def start(
    work: Any,
    *args: Any,
    deadline: float | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    show: bool = True,
) -> Run[Any]:
    """Start a coroutine, a coroutine function or a callable, and return its ``Run``.

    Crews that the work kicks off are guarded as by ``kickoff``: ``start(crew.kickoff_for_each,
    [...])`` or ``start(my_function)``; their errors are raised there, and the work may handle them.
    Give the method itself, ``crew.akickoff``, not the coroutine ``crew.akickoff()``: that is bound
    to the crew before a guard can be.

    Args:
        work: A coroutine or other awaitable that is bound to no loop yet; a coroutine function; or
            any callable, which gets a daemon thread and may block. A Crew or Flow goes to
            ``kickoff``.
        *args: For the function or callable.
        deadline: Seconds from now; ``None`` for no limit.
        max_concurrency: Model calls in flight at once, of all its crews together, and tasks of
            ``async_execution`` at once; ``None`` for no bound.
        max_calls: Model calls of its crews' agents at most; ``None`` for no bound.
        max_cost: US dollars of these calls at most, and ...
        prices: ... what their models cost, both as for ``kickoff``, and ...
        ask: ... who answers what its crews and flows ask a person.
        show: Show live progress.

    Returns:
        The run, with the work's result. Once it is stopped, a coroutine is cancelled; a thread
        cannot be, so a callable goes on by itself and its result is dropped.

    Raises:
        InputError: if the work is none of these, or arguments are given with a coroutine.

    Example:
        >>> start(sorted, [3, 1, 2], show=False).result()
        [1, 2, 3]
    """
    options = GuardOptions(
        max_concurrency=max_concurrency,
        max_calls=max_calls,
        max_cost=max_cost,
        prices=prices,
        ask=ask,
    )
    if is_kickable(work):
        if args:
            raise InputError("a crew takes inputs, not arguments: kickoff(crew, inputs={...})")
        return begin_kickoff(work, None, options, deadline=deadline, on_event=None, show=show)
    name = getattr(work, "__qualname__", None) or type(work).__name__
    return begin_work(as_coroutine_function(work, args), options, name, deadline, show=show)


@overload
def kickoff(
    crew_or_flow: CrewLike,
    inputs: Mapping[str, Any] | None = None,
    *,
    from_checkpoint: Any = None,
    deadline: float | None = None,
    on_error: Literal["raise", "collect", "skip"] = "raise",
    on_task_error: Callable[[Any, BaseException], Any] | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    on_event: Callable[[Event], object] | None = None,
    show: bool = True,
) -> Run[CrewOutput]: ...
@overload
def kickoff(
    crew_or_flow: object,
    inputs: Mapping[str, Any] | None = None,
    *,
    from_checkpoint: Any = None,
    deadline: float | None = None,
    on_error: Literal["raise", "collect", "skip"] = "raise",
    on_task_error: Callable[[Any, BaseException], Any] | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    on_event: Callable[[Event], object] | None = None,
    show: bool = True,
) -> Run[Any]: ...
@explains_arguments
def kickoff(
    crew_or_flow: Any,
    inputs: Mapping[str, Any] | None = None,
    *,
    from_checkpoint: Any = None,
    deadline: float | None = None,
    on_error: Literal["raise", "collect", "skip"] = "raise",
    on_task_error: Callable[[Any, BaseException], Any] | None = None,
    max_concurrency: int | None = None,
    max_calls: int | None = None,
    max_cost: float | None = None,
    prices: Prices | None = None,
    ask: AskPerson | None = None,
    on_event: Callable[[Event], object] | None = None,
    show: bool = True,
) -> Run[Any]:
    """Kick off a CrewAI Crew or Flow, guarded, and return its ``Run``.

    Works in a notebook cell, where ``crew.kickoff()`` fails and ``flow.kickoff()`` blocks. The crew
    runs as a clone with an agent of its own for each concurrent task and each piece of delegated
    work: agents may be shared, and the same crew may run twice at once. What CrewAI documents to be
    there afterwards is written back to your objects once it is known: ``task.output`` and times,
    ``agent.last_messages``, ``crew.usage_metrics``; of two runs at once, that of the later.
    Descriptions, agents and executors stay unchanged. A Flow runs itself, and its crews are guarded
    with it; one flow object runs once at a time. The errors of these crews are raised in its steps,
    which may handle them. Of the retries that CrewAI stacks, those of the provider's client are
    left, and an agent's if you have set them.

    Args:
        crew_or_flow: A Crew or a Flow; also a class or object decorated with ``@CrewBase``, its
            method ``crew``, or the class of a Flow, of which one is made.
        inputs: Its inputs; ``None`` for none.
        from_checkpoint: A ``CheckpointConfig`` of CrewAI's, as its own ``kickoff`` takes it. With
            ``restore_from``, finished tasks are taken from there, and not paid for again; a crew of
            ``Crew.from_checkpoint`` or ``Crew.fork`` goes on in the same way without it.
        deadline: Seconds from now; ``None`` for no limit.
        on_error: ``"raise"`` ends a crew with its first task's error, at once; ``"collect"``
            finishes the tasks that run beside it, then raises one ExceptionGroup; ``"skip"`` goes
            on with a line in the failed task's place, and a warning in ``run.state``. Of a crew
            that a flow's step kicks off, the error is raised in the step, which may handle it.
        on_task_error: Called with every failed task and its error, in the task's thread. What it
            returns, a text or a ``TaskOutput``, takes the place of the task's output and the crew
            goes on; ``None`` leaves it to ``on_error``.
        max_concurrency: Model calls in flight at once, of all crews and agents of the run, and
            tasks of ``async_execution`` at once; ``None`` for no bound, as in CrewAI. A call that a
            stopped crew has left does not count. ``summarize`` has a bound of its own.
        max_calls: Model calls of its agents at most; ``None`` for no bound. Retries of the
            provider's client are beneath a call and not counted: unless the LLM has
            ``max_retries=0``, one call is up to three requests if the provider fails.
        max_cost: US dollars of these calls at most; ``None`` for no bound. Each call is reserved at
            the most it may cost before it goes out, so give the LLM a ``max_tokens``. Should a
            provider charge for requests that the client has sent again, those come on top.
        prices: Of models that LiteLLM's list does not know or has wrong: from the model's name,
            ``"openai/x"`` or ``"x"``, to US dollars for a million tokens, ``(prompt, answer)``.
        ask: Called with a ``docsum_nb.Question`` wherever the crew or flow asks a person, as for
            ``human_input=True``, ``@human_feedback`` and ``Flow.ask``; returns the answer, empty to
            accept. In a thread of its own; an async one on the loop that is running here, or, if
            that is blocked, on a loop of its own. Once the run ends, an async one is cancelled and
            the answer of any other is dropped. ``None`` asks the person before the screen: in a
            notebook by a form under the panel, elsewhere on standard input.
        on_event: Called with every event, in order, in a thread of its own; of a crew that streams,
            with each piece of text.
        show: Show live progress.

    Returns:
        The run, with the result of ``kickoff``; of a crew that streams, with its output at the end
        of the stream. Its ``token_usage`` counts each call once. Stopped, the run starts no further
        task and no model call; a call in flight cannot be taken back, and its thread goes on.
        Answers are not kept in the ledger: what a run that ended early had finished is in
        ``run.partial``, the outputs of its tasks; kicked off again, all tasks are asked again.
        A placeholder in its texts that has no input is a warning in ``run.state``.

    Raises:
        InputError: if it is no Crew or Flow, or an argument cannot be used. Raised by the run,
            before the crew's first request: if ``max_cost`` is given, and the price or the longest
            answer of one of its models is not known; if a flow object is running already.
    """
    check_kickable(crew_or_flow, "kickoff")
    if inputs is not None and not isinstance(inputs, Mapping):
        raise InputError(
            "inputs is a mapping of names to values, such as {'topic': 'whales'}, not "
            f"{type(inputs).__name__}"
        )
    options = GuardOptions(
        on_error=on_error,
        on_task_error=on_task_error,
        max_concurrency=max_concurrency,
        max_calls=max_calls,
        max_cost=max_cost,
        prices=prices,
        ask=ask,
    )
    return begin_kickoff(
        crew_or_flow,
        inputs,
        options,
        from_checkpoint=from_checkpoint,
        deadline=deadline,
        on_event=on_event,
        show=show,
    )


@overload
def run_with_deadline(
    work: CrewLike,
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> CrewOutput: ...
@overload
def run_with_deadline(
    work: Callable[..., Awaitable[T]],
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> T: ...
@overload
def run_with_deadline(
    work: Awaitable[T],
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> T: ...
@overload
def run_with_deadline(
    work: Callable[..., T],
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> T: ...
@overload
def run_with_deadline(
    work: object,
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> Any: ...
@explains_arguments
def run_with_deadline(
    work: Any,
    deadline: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    show: bool = True,
) -> Any:
    """Run a Crew, Flow, coroutine, coroutine function or callable, and wait for its result.

    The first error is raised as soon as it happens, the deadline when it passes, even if the work
    is stuck. Interrupting the cell stops the work.

    Args:
        work: As for ``kickoff`` and ``start``.
        deadline: Seconds from now.
        inputs: Of a Crew or Flow; keyword arguments of a function.
        show: Show live progress.

    Returns:
        What the work returns.

    Raises:
        DeadlineExceeded: if it was not done in time; the message names the task or line it was in.
        InputError: if the work cannot be run.
        BaseException: the work's own error, with its own traceback.

    Example:
        >>> run_with_deadline(lambda: 6 * 7, 5, show=False)
        42
    """
    if deadline is None:
        raise InputError(
            "deadline is seconds from now, not None; use start or kickoff for no limit"
        )
    if is_kickable(work):
        return kickoff(work, inputs, deadline=deadline, show=show).result()
    if inputs and not callable(work):
        raise InputError("inputs goes with a crew, a flow or a function, not with a coroutine")
    return start(partial(work, **inputs) if inputs else work, deadline=deadline, show=show).result()


def allow_nested_asyncio() -> None:
    """Make ``asyncio.run`` work inside the loop that is running here, with nest-asyncio.

    Only for a tool of yours that insists on it; nothing in this package needs it. It patches
    asyncio for the whole process and for good, and it costs: while such a nested call runs, clicks
    on widgets are lost, and interrupting it leaves its work running. ``ds.start(tool)`` runs the
    tool in a thread without a loop instead, and costs nothing.

    Raises:
        InputError: if the running loop is of a kind that cannot be patched, such as uvloop.
    """
    import nest_asyncio

    try:
        nest_asyncio.apply()
    except ValueError as error:
        raise InputError(f"{error}; use docsum_nb.start(tool) instead") from error
