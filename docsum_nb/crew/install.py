"""Where the guard meets CrewAI: what is put in place once, and what holds for one context.

A Flow kicks its crews off in the user's own code, so the only place to reach them is the kickoff of
every crew. What is put there does nothing without a guard in the context.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from docsum_nb.crew.calls import metered
from docsum_nb.crew.console import as_loud_as, mute_log
from docsum_nb.crew.executions import install_executions
from docsum_nb.crew.isolate import is_clone, write_back_crew
from docsum_nb.crew.upstream import (
    FINALIZE,
    TRACK_TOKENS,
    BaseLLM,
    Crew,
    CrewOutput,
    HookAborted,
    InterceptionPoint,
    add_stream_sink,
    agent_utils,
    register_scoped,
    reset_stream_sinks,
    scoped_hooks,
    set_suppress_console_output,
)

__all__ = ["Stopped", "Watcher", "watched_by", "watcher"]


class Stopped(HookAborted):
    """Raised in a hook: the only kind of error that CrewAI lets out of one."""


class Watcher(Protocol):
    """What a guard does at the points where CrewAI lets it."""

    def double(self, crew: Any) -> Any:
        """Make the double of a crew that is about to be kicked off."""

    def with_inputs(self, context: Any) -> None:
        """See what a crew or flow that is being kicked off has for inputs in the end."""

    def before_call(self, context: Any) -> None:
        """See a model call that is about to be made; raises ``Stopped`` to keep it from that."""

    def after_call(self, context: Any) -> None:
        """See a model call that was answered."""

    def answered(self, answer: Any) -> None:
        """See what a model has answered, in the thread that called it; must not raise."""

    def tracked(self, usage: Any) -> None:
        """See the usage of one request, in the thread that made it; must not raise."""

    def before_tool(self, context: Any) -> None:
        """See a tool that is about to be called; raises ``Stopped`` to keep it from that."""

    def before_step(self, context: Any) -> None:
        """See a step of a flow, or a task, that is about to begin."""

    def after_step(self, context: Any) -> None:
        """See a step of a flow, or a task, that is done."""

    def seen(self, source: Any, event: Any) -> None:
        """See an event of CrewAI's, in the thread that emitted it; must not raise."""


_current: ContextVar[Watcher | None] = ContextVar("docsum_nb_guard", default=None)


@contextmanager
def watched_by(guard: Watcher) -> Iterator[None]:
    """Have a watcher see every crew that is kicked off in this context, and what those start."""
    _install()
    set_suppress_console_output(True)
    current = _current.set(guard)
    sink = add_stream_sink(guard.seen)
    try:
        with scoped_hooks():
            for name, hook in _hooks_of(guard).items():
                point = getattr(InterceptionPoint, name, None)
                if point is not None:  # what is lost without it is reported when a guard is made
                    register_scoped(point, hook)
            yield
    finally:
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


def watcher() -> Watcher | None:
    """Return who watches in this context; ``None`` where nobody does."""
    return _current.get()


@functools.cache
def _install() -> None:
    kickoff, akickoff, replay = Crew.kickoff, Crew.akickoff, Crew.replay

    @functools.wraps(kickoff)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = _current.get()
        if guard is None or _restores(*args, **kwargs):
            return kickoff(self, *args, **kwargs)
        crew = _guarded_by(guard, self)
        with metered() as used, as_loud_as(self):
            return _settled(crew, kickoff(crew, *args, **kwargs), used)

    @functools.wraps(akickoff)
    async def aguarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = _current.get()
        if guard is None or _restores(*args, **kwargs):
            return await akickoff(self, *args, **kwargs)
        crew = _guarded_by(guard, self)
        with metered() as used, as_loud_as(self):
            return _settled(crew, await akickoff(crew, *args, **kwargs), used)

    @functools.wraps(replay)
    def replayed(self: Any, *args: Any, **kwargs: Any) -> Any:
        guard = _current.get()
        if guard is None:
            return replay(self, *args, **kwargs)
        crew = _guarded_by(guard, self)
        for agent in crew.agents:
            # Only a kickoff sets an agent's crew, and that of the clone is not the user's.
            agent.crew = crew
        with metered() as used, as_loud_as(self):
            return _settled(crew, replay(crew, *args, **kwargs), used)

    Crew.kickoff, Crew.akickoff, Crew.replay = guarded, aguarded, replayed
    install_executions(lambda: _current.get() is not None)
    # Some answers have no event: an answer of tool calls through LiteLLM, any of a user's model.
    FINALIZE.look_before(agent_utils, _answered)
    TRACK_TOKENS.look_before(BaseLLM, _tracked)
    # Its log lines on an error would stand in the cell that is shown the error itself. Threads that
    # a stopped run has left to themselves are still in its context.
    mute_log(lambda: _current.get() is not None)


def _answered(answer: Any = None, *_: Any, **__: Any) -> None:
    if (guard := _current.get()) is not None:
        guard.answered(answer)


def _tracked(_llm: Any, usage_data: Any = None, *_: Any, **__: Any) -> None:
    if (guard := _current.get()) is not None:
        guard.tracked(usage_data)


def _restores(
    inputs: Any = None, input_files: Any = None, from_checkpoint: Any = None, **_: Any
) -> bool:
    """Return whether a kickoff makes another crew from a checkpoint, and kicks that one off."""
    return getattr(from_checkpoint, "restore_from", None) is not None


def _guarded_by(guard: Watcher, crew: Any) -> Any:
    """Return what is kicked off in a crew's place."""
    return crew if is_clone(crew) else guard.double(crew)


def _settled(crew: Any, result: Any, used: Callable[[], Any]) -> Any:
    """Return a kickoff's result with its own usage, which the user's crew shows as well."""
    # A streaming crew has given no output yet; it kicks itself off again, and passes here then.
    if isinstance(result, CrewOutput):
        result.token_usage = used()
        write_back_crew(crew, used())
    return result
