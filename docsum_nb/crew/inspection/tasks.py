"""Tasks: alike, too many at once, or in an order that CrewAI refuses; and a crew's callbacks."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from typing import Any

from docsum_nb.crew.inspection.parts import concurrent_groups, field_of, label_of
from docsum_nb.findings import Finding
from docsum_nb.render.formats import listed

__all__ = ["task_findings"]

_MANY_AT_ONCE = 16
_THREADS_A_TASK = 3
"""12 concurrent tasks were seen to hold 37 threads."""


def task_findings(crew: Any) -> Iterator[Finding]:
    """Examine a crew's tasks and callbacks."""
    yield from _same_key(crew)
    yield _concurrency(crew)
    yield from _ending(crew)
    yield _callbacks(crew)
    yield from _human(crew)


def _same_key(crew: Any) -> Iterator[Finding]:
    count = Counter(task.key for task in crew.tasks)
    twice = [task for task in crew.tasks if count[task.key] > 1]
    if not twice:
        yield Finding("ok", "same-key", "tasks", "no two say the same")
        return
    yield Finding(
        "warning",
        "same-key",
        f"tasks {listed(map(label_of, twice))}",
        f"{len(twice)} tasks have the same description and expected_output as another",
        "Crew.copy() identifies tasks by these: in kickoff_for_each a task that builds on them "
        "gets one of their outputs several times, and the others not at all.",
        "Make each description different; or start one ds.kickoff(crew, inputs) for "
        "each input, which keeps them apart.",
    )


def _concurrency(crew: Any) -> Finding:
    most = max((len(group) for group in concurrent_groups(crew)), default=0)
    if most <= _MANY_AT_ONCE:
        seen = f"at most {most} tasks at once" if most else "no tasks at once"
        return Finding("ok", "concurrency", "concurrency", seen)
    return Finding(
        "warning",
        "concurrency",
        "concurrency",
        f"{most} tasks begin at once: about {most * _THREADS_A_TASK} threads, and as many calls of "
        "the model as there are tasks",
        "CrewAI has no bound of its own; providers answer such a burst with 429.",
        "ds.kickoff(crew, max_concurrency=8)",
    )


def _ending(crew: Any) -> Iterator[Finding]:
    trailing = list(takewhile(lambda task: task.async_execution, reversed(crew.tasks)))
    if len(trailing) < 2:
        yield Finding("ok", "task-order", "order of tasks", "one that CrewAI accepts")
        return
    yield Finding(
        "problem",
        "task-order",
        f"tasks {listed(map(label_of, reversed(trailing)))}",
        f"the crew ends with {len(trailing)} asynchronous tasks",
        "CrewAI refuses to make or copy such a crew ('must end with at most one asynchronous "
        "task'), as in kickoff_for_each.",
        "Append a task without async_execution that has them as context: Task(..., context=[...]).",
    )


def _callbacks(crew: Any) -> Finding:
    hooks = [
        (f"{kind}_kickoff_callbacks", callback)
        for kind in ("before", "after")
        for callback in field_of(crew, f"{kind}_kickoff_callbacks") or ()
    ]
    coroutines = [(kind, each) for kind, each in hooks if _is_async(each)]
    if not coroutines:
        return Finding("ok", "async-callback", "kickoff callbacks", "none is a coroutine function")
    return Finding(
        "problem",
        "async-callback",
        ", ".join(dict.fromkeys(kind for kind, _ in coroutines)),
        f"{listed(_name(each) for _, each in coroutines)} is async, and CrewAI does not await it",
        "Its code never runs: the crew's inputs, or its result, become a coroutine object.",
        "Make it a plain function: def instead of async def. It runs in a thread, where it may "
        "block.",
    )


def _is_async(callback: Any) -> bool:
    while isinstance(callback, partial):
        callback = callback.func
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "__call__", None)  # noqa: B004  # an object with an async __call__
    )


def _name(callback: Any) -> str:
    return str(getattr(callback, "__name__", type(callback).__name__))


def _human(crew: Any) -> Iterator[Finding]:
    asking = [task for task in crew.tasks if field_of(task, "human_input")]
    if asking:
        yield Finding(
            "note",
            "human-input",
            f"tasks {listed(map(label_of, asking))}",
            "human_input=True: it waits for a person, without a limit",
            "Under ds.kickoff the question is a form under the panel, or a line in a script; if "
            "no person can answer, as in a scheduled notebook, the run fails at once.",
            "ds.kickoff(crew, ask=my_function) answers by code, deadline=600 ends the wait; "
            "human_input=False leaves it out.",
        )
