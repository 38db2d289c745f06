"""Which failed model calls are permanent, and whether the user's own code handles them.

A model call fails inside CrewAI or inside the user's own code: a tool, a guardrail or a callback
that calls a model itself, and may catch the error. The frames between the call and its task show
which; agents continue in other threads, so the caller of an agent is stored in the context.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

from docsum_nb.crew.crewai_names.table import BaseLLM
from docsum_nb.own_code import is_own_file
from docsum_nb.provider_errors import Failure, fault_of

__all__ = [
    "chain_of",
    "enter_task",
    "follow_agents",
    "in_user_code",
    "is_of_no_failure",
    "is_permanent",
]

_TASKS_FILE = str(Path(__file__).with_name("tasks.py"))
_user_code: ContextVar[tuple[bool, ...]] = ContextVar("docsum_nb_user_code", default=())
"""For each agent that is running here, whether the user's own code called it."""


def enter_task() -> None:
    """Start the context of a task, in which no agent has been called yet."""
    _user_code.set(())


def is_permanent(error: BaseException) -> bool:
    """Check whether a provider will refuse every further call as well."""
    fault = fault_of(error)
    return fault.status in (401, 402, 403, 404) or fault.failure is Failure.SPENT


def in_user_code(frame: FrameType | None) -> bool:
    """Check whether the user's own code stands between a model call and the task."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename == _TASKS_FILE and code.co_name in ("execute", "aexecute"):
            return False
        own = is_own_file(code.co_filename)
        # A model of the user's own is what is called, not what calls.
        if own and not isinstance(frame.f_locals.get("self"), BaseLLM):
            return True
        frame = frame.f_back
    called = _user_code.get()
    return bool(called) and called[-1]


def follow_agents(name: str) -> None:
    """Store who calls an agent: it continues in threads whose frames do not show that."""
    if name in ("AgentExecutionStartedEvent", "LiteAgentExecutionStartedEvent"):
        _user_code.set((*_user_code.get(), in_user_code(sys._getframe())))
    elif name.startswith(("AgentExecution", "LiteAgentExecution")):
        _user_code.set(_user_code.get()[:-1])


def is_of_no_failure(error: BaseException | None) -> bool:
    """Check for the error that CrewAI handles while it runs a flow: that no loop was running."""
    return isinstance(error, RuntimeError) and str(error) == "no running event loop"


def chain_of(error: BaseException | None) -> dict[int, BaseException]:
    """Return an error, its causes, contexts and parts, by ``id``."""
    found: dict[int, BaseException] = {}
    left = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in found and not is_of_no_failure(each):
            found[id(each)] = each
            left += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]
    return found
