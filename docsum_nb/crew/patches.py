"""Where the guard meets CrewAI: what is put in place once, and what holds for one context.

A Flow kicks its crews off in the user's own code, so the only place to reach them is the kickoff of
every crew. What is put there does nothing without a guard in the context.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from docsum_nb.crew.concurrency import Calling, install_slots
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
from docsum_nb.crew.human_input import HumanInput, put_in_place
from docsum_nb.crew.kickoffs import Kicker, install_kickoffs
from docsum_nb.crew.output import hear_log
from docsum_nb.crew.unreported_failures import Listener, listen
from docsum_nb.provider_errors import refuse_redirects

__all__ = ["Stopped", "Watcher", "watched_by", "watcher"]


class Stopped(HookAborted):
    """Raised in a hook: the only kind of error that CrewAI lets out of one."""


class Watcher(HumanInput, Calling, Kicker, Protocol):
    """What a guard does at the points where CrewAI lets it."""

    def with_inputs(self, context: Any) -> None:
        """See what a crew or flow that is being kicked off has for inputs in the end."""

    def before_call(self, context: Any) -> None:
        """See a model call that is about to be made; raises ``Stopped`` to keep it from that."""

    def after_call(self, context: Any) -> None:
        """See a model call that was answered."""

    def answered(self, answer: Any) -> None:
        """Count what a model has answered, in the thread that called it."""

    def tracked(self, usage: Any) -> None:
        """Count the usage of one request, in the thread that made it."""

    def before_tool(self, context: Any) -> None:
        """See a tool that is about to be called; raises ``Stopped`` to keep it from that."""

    def before_step(self, context: Any) -> None:
        """See a step of a flow, or a task, that is about to begin."""

    def after_step(self, context: Any) -> None:
        """See a step of a flow, or a task, that is done."""

    def seen(self, source: Any, event: Any) -> None:
        """Process an event of CrewAI, in the thread that emitted it."""

    def hook_failed(self, hook: str, error: Exception) -> None:
        """Decide what follows if a hook fails; raises ``Stopped`` if the run must end."""

    def view_failed(self, error: Exception) -> None:
        """Decide what follows if the guard fails at what it is shown; must not raise."""


_current: ContextVar[Watcher | None] = ContextVar("docsum_nb_guard", default=None)


@contextmanager
def watched_by(guard: Watcher) -> Iterator[None]:
    """Show a watcher every crew that is kicked off in this context, and what those start."""
    _install()
    refuse_redirects(_is_watched)
    _keep_to_the_user()
    set_suppress_console_output(True)
    current = _current.set(guard)
    sink = add_stream_sink(functools.partial(_see, guard, guard.seen))
    try:
        with scoped_hooks():
            for name, hook in _hooks_of(guard).items():
                point = getattr(InterceptionPoint, name, None)
                if point is not None:  # what is lost without it is reported when a guard is made
                    register_scoped(point, functools.partial(_ask, guard, hook))
            yield
    finally:
        if sink is not None:  # it stands for one if there are none
            reset_stream_sinks(sink)
        _current.reset(current)


def _hooks_of(guard: Watcher) -> dict[str, Callable[[Any], None]]:
    """Return what a guard does at each point where CrewAI asks."""
    return {
        "INPUT": guard.with_inputs,
        "PRE_MODEL_CALL": guard.before_call,
        "POST_MODEL_CALL": guard.after_call,
        "PRE_TOOL_CALL": guard.before_tool,
        "PRE_STEP": guard.before_step,
        "POST_STEP": guard.after_step,
    }


def _ask(guard: Watcher, hook: Callable[[Any], None], context: Any) -> None:
    """Call a hook that fails closed: CrewAI goes on from anything else that is raised in one."""
    try:
        hook(context)
    except HookAborted:
        raise
    except Exception as error:  # noqa: BLE001  # an attribute of CrewAI's that moved, or a bug
        guard.hook_failed(hook.__name__, error)


def _see(guard: Watcher, view: Callable[..., None], *seen: Any) -> None:
    """Show a guard an event; what fails there must not fail in the code that emitted it."""
    try:
        view(*seen)
    except Exception as error:  # noqa: BLE001  # as above
        guard.view_failed(error)


def _keep_to_the_user() -> None:
    """Let nobody else read the database of prompts and outputs that CrewAI replays crews from.

    SQLite gives the files beside it the same mode.
    """
    folder = db_storage_path()
    if not folder:
        return
    kept = Path(folder) / "latest_kickoff_task_outputs.db"
    with contextlib.suppress(OSError):
        os.close(os.open(kept, os.O_CREAT | os.O_RDWR, 0o600))
    for path in kept.parent.glob(f"{kept.name}*"):
        with contextlib.suppress(OSError):
            path.chmod(0o600)


def watcher() -> Watcher | None:
    """Return who watches in this context; ``None`` where nobody does."""
    return _current.get()


@functools.cache
def _install() -> None:
    install_executions(lambda: _current.get() is not None)
    # After the executions: what a flow claims is released when its scope has ended.
    install_kickoffs(_current.get)
    install_slots(_current.get)
    # Some answers have no event: an answer of tool calls through LiteLLM, any of a user's model.
    FINALIZE.look_before(agent_utils, _answered)
    TRACK_TOKENS.look_before(BaseLLM, _tracked)
    put_in_place(_current.get)
    # Its log lines on an error would stand in the cell that is shown the error itself. Threads that
    # a stopped run has left to themselves are still in its context.
    hear_log(lambda: _current.get() is not None, _logged)
    listen(_listener)


def _is_watched() -> bool:
    return _current.get() is not None


def _listener() -> Listener | None:
    guard = _current.get()
    return None if guard is None else guard.failures


def _logged(level: int, text: str, error: BaseException | None) -> None:
    if (listener := _listener()) is not None:
        listener.logged(level, text, error)


def _answered(answer: Any = None, *_: Any, **__: Any) -> None:
    if (guard := _current.get()) is not None:
        _see(guard, guard.answered, answer)


def _tracked(_llm: Any, usage_data: Any = None, *_: Any, **__: Any) -> None:
    if (guard := _current.get()) is not None:
        _see(guard, guard.tracked, usage_data)
