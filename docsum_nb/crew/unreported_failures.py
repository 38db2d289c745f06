"""Failures for which CrewAI emits no event, or prints a line only if the crew is verbose.

Each is seen in the function of CrewAI's that swallows it. The wrappers do nothing without a guard
in the context, and change nothing of what CrewAI does.
"""

from __future__ import annotations

import logging
import sys
from functools import wraps
from typing import Any

from docsum_nb.crew.crewai_names.executions import DELEGATE, BaseAgentTool
from docsum_nb.crew.crewai_names.llm_calls import HookAborted
from docsum_nb.crew.crewai_names.reports import (
    ACALL_HANDLERS,
    CALL_HANDLER,
    INVOKE_HOOK,
    LOG,
    MCP_ATTEMPT,
    STEP_CALLBACK_RESULT,
    SUBMIT_SAVE,
    AgentExecutor,
    EventBus,
    Logger,
    MCPToolWrapper,
    Memory,
    event_bus,
    hook_dispatch,
)
from docsum_nb.crew.watcher import (
    FailureListener,
    Intercepted,
    Watcher,
    observe_function,
    wrap_function,
)

__all__ = ["install_listeners"]

_LEVELS = {"warning": logging.WARNING, "error": logging.ERROR}


def install_listeners() -> None:
    """Wrap the functions of CrewAI that swallow these failures; call it once."""
    observe_function(Logger, LOG.name, _log)
    observe_function(BaseAgentTool, DELEGATE.name, _delegate)
    observe_function(AgentExecutor, STEP_CALLBACK_RESULT.name, _step_callback)
    wrap_function(hook_dispatch, INVOKE_HOOK.name, _invoke_hook)
    wrap_function(event_bus, CALL_HANDLER.name, _call_handler)
    wrap_function(EventBus, ACALL_HANDLERS.name, _acall_handlers)
    wrap_function(Memory, SUBMIT_SAVE.name, _submit_save)
    wrap_function(MCPToolWrapper, MCP_ATTEMPT.name, _mcp_attempt)


# --- failures that can be seen before the call ----------------------------------------------------


def _log(
    guard: Watcher, _self: Any, level: str = "", message: str = "", *_: Any, **__: Any
) -> None:
    if number := _LEVELS.get(str(level).lower()):
        guard.failures.logged(number, str(message), sys.exception())


def _delegate(guard: Watcher, tool: Any, agent_name: Any = None, *_: Any, **__: Any) -> None:
    if text := _unknown_coworker(tool, agent_name):
        guard.failures.report(text)


def _step_callback(guard: Watcher, _self: Any, task: Any, *_: Any) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        guard.failures.report("step_callback failed", error)


def _unknown_coworker(tool: Any, name: Any) -> str:
    """Return what is wrong with the name of a coworker that a model asked for; empty if nothing."""
    try:
        known = {tool.sanitize_agent_name(agent.role) for agent in tool.agents}
        wrong = tool.sanitize_agent_name(name or "") not in known
    except Exception:  # noqa: BLE001  # CrewAI's own call fails on it
        return ""
    return f"there is no coworker {str(name)[:100]!r} to delegate to" if wrong else ""


# --- failures that are seen in the call -----------------------------------------------------------


def _invoke_hook(call: Intercepted, point: Any, hook: Any, *args: Any, **kwargs: Any) -> Any:
    def reporting(context: Any) -> Any:
        try:
            return hook(context)
        except HookAborted:
            raise
        except Exception as error:
            kind = getattr(point, "value", point)
            what = f"hook {_name_of(hook)} ({kind}) failed, and was skipped"
            call.guard.failures.report(what, error)
            raise

    return call.own(point, reporting, *args, **kwargs)


def _call_handler(
    call: Intercepted, handler: Any, source: Any, event: Any, *args: Any, **kwargs: Any
) -> Any:
    error = call.own(handler, source, event, *args, **kwargs)
    if isinstance(error, Exception):
        call.guard.failures.report(_handler_failed(handler, event), error)
    return error


async def _acall_handlers(
    call: Intercepted, bus: Any, source: Any, event: Any, handlers: Any, *args: Any
) -> Any:
    failures = call.guard.failures
    reporting = frozenset(_reporting(each, event, failures) for each in handlers)
    return await call.own(bus, source, event, reporting, *args)


def _reporting(handler: Any, event: Any, failures: FailureListener) -> Any:
    """Return an asynchronous handler of an event that reports its error, and raises it."""

    @wraps(handler)
    async def reporting(*args: Any) -> Any:
        try:
            return await handler(*args)
        except Exception as error:
            failures.report(_handler_failed(handler, event), error)
            raise

    return reporting


async def _mcp_attempt(call: Intercepted, tool: Any, *args: Any, **kwargs: Any) -> Any:
    outcome = await call.own(tool, *args, **kwargs)
    if isinstance(outcome, tuple) and outcome[0] is None:
        name = getattr(tool, "original_tool_name", "")
        call.guard.failures.report(f"tool {name!r} of an MCP server failed", text=str(outcome[1]))
    return outcome


def _submit_save(call: Intercepted, memory: Any, save: Any, *args: Any, **kwargs: Any) -> Any:
    @wraps(save)
    def reporting(*args: Any, **kwargs: Any) -> Any:
        # CrewAI emits its event in a context that does not show whose memory it was.
        try:
            return save(*args, **kwargs)
        except Exception as error:
            call.guard.failures.report("memory could not be saved", error)
            raise

    return call.own(memory, reporting, *args, **kwargs)


def _handler_failed(handler: Any, event: Any) -> str:
    return f"listener {_name_of(handler)} of {type(event).__name__} failed"


def _name_of(function: Any) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__name__)
