"""Where the guard meets CrewAI: what is installed once for the process, and what for one context.

A Flow kicks its crews off in the user's own code, so they can only be reached in CrewAI's own
``kickoff``. What is installed does nothing without a guard in the context.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docsum_nb.crew.concurrency import install_slots
from docsum_nb.crew.crewai_names.flows import set_suppress_console_output
from docsum_nb.crew.crewai_names.llm_calls import (
    FINALIZE,
    TRACK_TOKENS,
    HookAborted,
    InterceptionPoint,
    agent_utils,
    register_scoped,
    scoped_hooks,
)
from docsum_nb.crew.crewai_names.reports import add_stream_sink, reset_stream_sinks
from docsum_nb.crew.crewai_names.table import BaseLLM, db_storage_path
from docsum_nb.crew.executions import install_executions
from docsum_nb.crew.human_input import install_questions
from docsum_nb.crew.kickoffs import install_kickoffs
from docsum_nb.crew.output import redirect_log
from docsum_nb.crew.unreported_failures import install_listeners
from docsum_nb.crew.watcher import (
    HookHandlers,
    Watcher,
    is_watched,
    listener,
    observe_function,
    set_watcher,
)
from docsum_nb.provider_errors import refuse_redirects
from docsum_nb.upstream import once

__all__ = ["watched_by"]


@contextmanager
def watched_by(guard: Watcher) -> Iterator[None]:
    """Make a guard see every crew that is kicked off in this context, and what those start."""
    _install()
    refuse_redirects(is_watched)
    _restrict_database()
    set_suppress_console_output(True)
    hooks = guard.hooks
    with set_watcher(guard):
        sink = add_stream_sink(functools.partial(_see, hooks, hooks.seen))
        try:
            with scoped_hooks():
                for name, hook in _hooks_by_point(hooks).items():
                    point = getattr(InterceptionPoint, name, None)
                    if point is not None:  # a guard reports what does not hold without it
                        register_scoped(point, functools.partial(_call_hook, hooks, hook))
                yield
        finally:
            if sink is not None:  # the stand-in returns None if CrewAI has no sinks
                reset_stream_sinks(sink)


def _hooks_by_point(hooks: HookHandlers) -> dict[str, Callable[[Any], None]]:
    """Return the handler for each point where CrewAI calls hooks."""
    return {
        "INPUT": hooks.with_inputs,
        "PRE_MODEL_CALL": hooks.before_call,
        "POST_MODEL_CALL": hooks.after_call,
        "PRE_TOOL_CALL": hooks.before_tool,
        "PRE_STEP": hooks.before_step,
        "POST_STEP": hooks.after_step,
    }


def _call_hook(hooks: HookHandlers, hook: Callable[[Any], None], context: Any) -> None:
    """Call a hook that fails closed: CrewAI ignores any other error that is raised in one."""
    try:
        hook(context)
    except HookAborted:
        raise
    except Exception as error:  # noqa: BLE001  # an attribute of CrewAI's that moved, or a bug
        hooks.hook_failed(hook.__name__, error)


def _see(hooks: HookHandlers, handle: Callable[..., None], *seen: Any) -> None:
    """Process an event; an error in that must not be raised in the code that emitted it."""
    try:
        handle(*seen)
    except Exception as error:  # noqa: BLE001  # as above
        hooks.view_failed(error)


def _restrict_database() -> None:
    """Make the database that CrewAI replays crews from readable by the user only.

    SQLite gives the files beside it the same mode.
    """
    folder = db_storage_path()
    if not folder:
        return
    database = Path(folder) / "latest_kickoff_task_outputs.db"
    with contextlib.suppress(OSError):
        os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
    for path in database.parent.glob(f"{database.name}*"):
        with contextlib.suppress(OSError):
            path.chmod(0o600)


@once
def _install() -> None:
    install_executions()
    # After the executions: a flow is released by them when its scope has ended.
    install_kickoffs()
    install_slots()
    # Some answers have no event: tool calls through LiteLLM, any answer of a user's own model.
    observe_function(agent_utils, FINALIZE.name, _answered)
    observe_function(BaseLLM, TRACK_TOKENS.name, _tracked)
    install_questions()
    # A log line on an error would stand in the cell that shows the error itself. Threads that a
    # stopped run has left running are still in its context.
    redirect_log(_GuardedLog())
    install_listeners()


class _GuardedLog:
    """Receives CrewAI's log lines in contexts with a guard."""

    def is_active(self) -> bool:
        """Check whether there is a guard in the caller's context."""
        return is_watched()

    def log(self, level: int, text: str, error: BaseException | None) -> None:
        """Record a warning or an error."""
        if (failures := listener()) is not None:
            failures.logged(level, text, error)


def _answered(guard: Watcher, answer: Any = None, *_: Any, **__: Any) -> None:
    _see(guard.hooks, guard.hooks.answered, answer)


def _tracked(guard: Watcher, _llm: Any, usage_data: Any = None, *_: Any, **__: Any) -> None:
    _see(guard.hooks, guard.hooks.tracked, usage_data)
