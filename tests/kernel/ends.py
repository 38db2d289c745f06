"""The table of the matrix: every way a run can end, and what is promised about it.

``bench.py`` plays its rows in a real kernel, ``test_matrix.py`` holds what was seen against the
promise, and ``benchmarks/kernel_matrix.py`` prints the figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["ENDS", "FORMS", "End", "Form", "impossible"]

Form = Literal["await", "result", "panel"]
FORMS: dict[Form, str] = {
    "await": "run = {run}\nawait run",
    "result": "run = {run}\nrun.result()",
    "panel": "run = {run}\nrun",
}
"""Awaited in the cell; blocked on in the cell; displayed by a cell that returns at once."""

CREW = "ds.kickoff(over_http({url!r}))"
"""A crew of four tasks at once and a fifth, over HTTP."""


@dataclass(frozen=True, kw_only=True)
class End:
    """One way for a run to end."""

    name: str
    error: str
    """The type of the run's error."""
    since: Literal["answer", "raise", "act", "deadline"]
    """What the time counts from that ``limit_s`` is the most of."""
    limit_s: float
    """Seconds from there to the end of the cell, or the last update of a panel: what is wanted of
    an idle machine."""
    work: str = CREW
    """Python for the kernel that starts the run; ``{url}`` is the server's."""
    again: str = CREW
    """... that starts a run which works."""
    tells: tuple[str, ...] = ()
    """What the error and its notes say."""
    act: Literal["", "interrupt", "cancel", "click"] = ""
    """What a person does, once the server has all requests."""
    hangs: bool = False
    """The server leaves unanswered what it does not refuse."""
    keeps_threads: bool = False
    """Threads are stuck for longer than anybody waits here; ``tells`` has where."""
    cell_errors: dict[Form, str] = field(default_factory=dict)
    """The type of the cell's error, where it is not the run's."""

    def cell_error(self, form: Form) -> str:
        """Return the type of the cell's error; empty if the cell returns before the end."""
        return "" if form == "panel" else self.cell_errors.get(form, self.error)


def _deadline(
    name: str,
    work: str,
    *tells: str,
    again: str = CREW,
    hangs: bool = False,
    keeps_threads: bool = False,
) -> End:
    return End(
        name=name,
        work=work,
        again=again,
        error="DeadlineExceeded",
        tells=("deadline of 2 s", *tells),
        since="deadline",
        limit_s=0.5,
        hangs=hangs,
        keeps_threads=keeps_threads,
    )


def _acted(name: str, act: Literal["cancel", "click"], tells: str) -> End:
    return End(
        name=name,
        act=act,
        error="RunCancelled",
        tells=(tells,),
        since="act",
        limit_s=1.0,
        hangs=True,
    )


def _raised(error: str, shown: str) -> End:
    return End(
        name=f"{shown} in a task",
        work=f"ds.kickoff(raising(lambda: {error}))",
        error="WorkExited",
        tells=("part 2", "writer", shown),
        since="raise",
        limit_s=1.0,
    )


ENDS: tuple[End, ...] = (
    End(
        name="task error",
        error="PermissionDeniedError",
        tells=("refused here", "task 'part 2', agent 'writer'"),
        since="answer",
        limit_s=1.0,
        hangs=True,
    ),
    _deadline(
        "deadline",
        "ds.kickoff(over_http({url!r}), deadline=2)",
        *("task 'part 1'", "agent 'writer'", "line"),
        hangs=True,
    ),
    End(
        name="interrupt",
        act="interrupt",
        error="RunCancelled",
        cell_errors={"await": "CancelledError", "result": "KeyboardInterrupt"},
        since="act",
        limit_s=1.0,
        hangs=True,
    ),
    _acted("cancel()", "cancel", "enough"),
    _acted("Cancel button", "click", "cancelled"),
    _deadline(
        "model in time.sleep(60)",
        "ds.kickoff(sleeping_model(), deadline=2)",
        *("task 'part 0'", "agent 'writer'", "sleeping() in in_kernel.py, line"),
        keeps_threads=True,
    ),
    _deadline(
        "tool that never returns",
        "ds.kickoff(with_stuck_tool(), deadline=2)",
        *("task 'use the tool'", "agent 'writer'", "stuck_tool() in in_kernel.py, line"),
    ),
    _deadline(
        "flow's loop blocked by a tool",
        "ds.kickoff(Blocked(), deadline=2)",
        *("step", "blocking_tool() in in_kernel.py, line"),
    ),
    _deadline(
        "coroutine blocked by a tool",
        "ds.start(blocked, deadline=2)",
        "stuck in blocking_tool() in in_kernel.py, line",
        again="ds.start(fresh, {url!r})",
    ),
    _raised("SystemExit(1)", "SystemExit"),
    _raised("KeyboardInterrupt()", "KeyboardInterrupt"),
    _raised("asyncio.CancelledError()", "CancelledError"),
    _raised("panic()", "PanicException"),
    End(
        name="SystemExit in a coroutine",
        work="ds.start(leaves)",
        again="ds.start(fresh, {url!r})",
        error="WorkExited",
        tells=("SystemExit",),
        since="raise",
        limit_s=1.0,
    ),
)


def impossible(form: Form, end: End, ipykernel: str) -> str:
    """Return why a row cannot be played in this form; empty if it can."""
    if end.act == "click" and form != "panel" and int(ipykernel.split(".")[0]) < 7:
        return "ipykernel 6 handles no click while a cell runs"
    return ""
