"""Failures that CrewAI reports to nobody, or only on the console of a verbose crew.

No event and no log line tells of them, so each is seen at the place where CrewAI swallows it. What
is put there does nothing without a guard in the context, and changes nothing of what CrewAI does.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Protocol

from docsum_nb.crew.crewai_names.llm_calls import HookAborted
from docsum_nb.crew.crewai_names.reports import (
    ACALL_HANDLERS,
    CALL_HANDLER,
    DELEGATE,
    INVOKE_HOOK,
    LOG,
    MCP_ATTEMPT,
    STEP_CALLBACK_RESULT,
    SUBMIT_SAVE,
    AgentExecutor,
    BaseAgentTool,
    EventBus,
    Logger,
    MCPToolWrapper,
    Memory,
    event_bus,
    hook_dispatch,
)

__all__ = ["Listener", "listen"]

_LEVELS = {"warning": logging.WARNING, "error": logging.ERROR}


class Listener(Protocol):
    """What failures are reported to."""

    def report(self, what: str, error: BaseException | None = None, text: str = "") -> None:
        """Record a failure that CrewAI reports to nobody."""

    def logged(self, level: int, text: str, error: BaseException | None) -> None:
        """Record a warning or an error that CrewAI logs."""

    def outside(self) -> AbstractContextManager[None]:
        """Make what a crew does outside of its tasks belong to none, if a task kicks it off."""


Current = Callable[[], Listener | None]


def listen(current: Current) -> None:
    """Put in place, once and for good, what sees these failures.

    Args:
        current: Returns whom to report to in this context; ``None`` without a guard.
    """

    def log(_self: Any, level: str = "", message: str = "", *_: Any, **__: Any) -> None:
        listener = current()
        if listener is not None and (number := _LEVELS.get(str(level).lower())):
            listener.logged(number, str(message), sys.exception())

    def delegate(tool: Any, agent_name: Any = None, *_: Any, **__: Any) -> None:
        listener = current()
        if listener is not None and (text := _unknown_coworker(tool, agent_name)):
            listener.report(text)

    def step_callback(_self: Any, task: Any, *_: Any) -> None:
        listener = current()
        error = None if task.cancelled() else task.exception()
        if listener is not None and error is not None:
            listener.report("step_callback failed", error)

    LOG.look_before(Logger, log)
    DELEGATE.look_before(BaseAgentTool, delegate)
    STEP_CALLBACK_RESULT.look_before(AgentExecutor, step_callback)
    INVOKE_HOOK.wrap(hook_dispatch, lambda own: _hearing_hooks(own, current))
    CALL_HANDLER.wrap(event_bus, lambda own: _hearing_handlers(own, current))
    ACALL_HANDLERS.wrap(EventBus, lambda own: _hearing_async_handlers(own, current))
    SUBMIT_SAVE.wrap(Memory, lambda own: _hearing_saves(own, current))
    MCP_ATTEMPT.wrap(MCPToolWrapper, lambda own: _hearing_attempts(own, current))


def _unknown_coworker(tool: Any, name: Any) -> str:
    """Return what is wrong with the name of a coworker that a model asked for; empty if nothing."""
    try:
        known = {tool.sanitize_agent_name(agent.role) for agent in tool.agents}
        wrong = tool.sanitize_agent_name(name or "") not in known
    except Exception:  # noqa: BLE001  # CrewAI finds out itself; this only looks
        return ""
    return f"there is no coworker {str(name)[:100]!r} to delegate to" if wrong else ""


def _hearing_hooks(own: Callable[..., Any], current: Current) -> Callable[..., Any]:
    @wraps(own)
    def invoke(point: Any, hook: Any, *args: Any, **kwargs: Any) -> Any:
        listener = current()
        if listener is None:
            return own(point, hook, *args, **kwargs)

        def heard(context: Any) -> Any:
            try:
                return hook(context)
            except HookAborted:
                raise
            except Exception as error:
                kind = getattr(point, "value", point)
                listener.report(f"hook {_name_of(hook)} ({kind}) failed, and was left out", error)
                raise

        return own(point, heard, *args, **kwargs)

    return invoke


def _hearing_handlers(own: Callable[..., Any], current: Current) -> Callable[..., Any]:
    @wraps(own)
    def call(handler: Any, source: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        error = own(handler, source, event, *args, **kwargs)
        listener = current()
        if listener is not None and isinstance(error, Exception):
            listener.report(_of_listener(handler, event), error)
        return error

    return call


def _hearing_async_handlers(own: Callable[..., Any], current: Current) -> Callable[..., Any]:
    @wraps(own)
    async def call(self: Any, source: Any, event: Any, handlers: Any, *args: Any) -> Any:
        listener = current()
        if listener is not None:
            handlers = frozenset(_heard(each, event, listener) for each in handlers)
        return await own(self, source, event, handlers, *args)

    return call


def _heard(handler: Any, event: Any, listener: Listener) -> Any:
    @wraps(handler)
    async def heard(*args: Any) -> Any:
        try:
            return await handler(*args)
        except Exception as error:
            listener.report(_of_listener(handler, event), error)
            raise

    return heard


def _hearing_attempts(own: Callable[..., Any], current: Current) -> Callable[..., Any]:
    @wraps(own)
    async def attempt(self: Any, *args: Any, **kwargs: Any) -> Any:
        outcome = await own(self, *args, **kwargs)
        listener = current()
        if listener is not None and isinstance(outcome, tuple) and outcome[0] is None:
            name = getattr(self, "original_tool_name", "")
            listener.report(f"tool {name!r} of an MCP server failed", text=str(outcome[1]))
        return outcome

    return attempt


def _hearing_saves(own: Callable[..., Any], current: Current) -> Callable[..., Any]:
    @wraps(own)
    def submit(self: Any, save: Any, *args: Any, **kwargs: Any) -> Any:
        listener = current()
        if listener is None:
            return own(self, save, *args, **kwargs)

        @wraps(save)
        def heard(*args: Any, **kwargs: Any) -> Any:
            # The event of it is emitted where nothing tells whose memory it was.
            try:
                return save(*args, **kwargs)
            except Exception as error:
                listener.report("memory could not be saved", error)
                raise

        return own(self, heard, *args, **kwargs)

    return submit


def _of_listener(handler: Any, event: Any) -> str:
    return f"listener {_name_of(handler)} of {type(event).__name__} failed"


def _name_of(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__name__)
