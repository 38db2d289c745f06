"""Questions to a person by tasks with human_input, flows and hooks. Under a guard, the run asks.

CrewAI calls Python's ``input()`` in a thread, which cannot be ended: after a deadline, that thread
reads the answer to the next question. Here CrewAI's functions ask the run instead, which shows the
question, queues it and drops it when the run ends. A provider of the user's own stays in use.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from docsum_nb.crew.crewai_names.flows import (
    FEEDBACK_MESSAGE,
    FLOW_FEEDBACK,
    HANDLE_TRAINING,
    HANDLE_TRAINING_ASYNC,
    INVOKE_LOOP,
    INVOKE_LOOP_ASYNC,
    OUTPUT_STRING,
    TRAINING_MODE,
    ConsoleProvider,
    Flow,
    HumanFeedbackReceivedEvent,
    HumanFeedbackRequestedEvent,
    LLMCallHookContext,
    SyncHumanInputProvider,
    ToolCallHookContext,
    crewai_event_bus,
    current_flow_method_name,
    get_human_provider,
    reset_human_provider,
    set_human_provider,
)
from docsum_nb.crew.inspection.parts import name_of_work
from docsum_nb.crew.watcher import Intercepted, Watcher, wrap_function
from docsum_nb.errors import InputError
from docsum_nb.run import Stopping, in_thread

__all__ = ["asked_through", "install_questions"]

_TRAINING = "What should the agent do better? It is trained by your answer."


@contextmanager
def asked_through(guard: Watcher, *, always: bool) -> Iterator[None]:
    """Ask through a guard all that tasks of this context ask a person.

    Args:
        guard: The guard.
        always: Whether it takes precedence over a provider that the user has set.
    """
    if not always and type(get_human_provider()) is not SyncHumanInputProvider:
        yield
        return
    token = set_human_provider(_Provider(guard))
    try:
        yield
    finally:
        reset_human_provider(token)


class _Provider(SyncHumanInputProvider):
    """Judges the answer of a task, and sends it back until it is accepted."""

    def __init__(self, guard: Watcher) -> None:
        self._guard = guard

    def handle_feedback(self, formatted_answer: Any, context: Any) -> Any:
        """Ask in a thread without a loop."""
        answer, feedback = formatted_answer, self._ask(formatted_answer, context)
        if TRAINING_MODE.of(context)():
            return HANDLE_TRAINING.of(self)(answer, feedback, context)
        while feedback.strip():
            context.messages.append(FEEDBACK_MESSAGE.of(context)(feedback))
            answer = INVOKE_LOOP.of(context)()
            feedback = self._ask(answer, context)
        context.ask_for_human_input = False
        return answer

    async def handle_feedback_async(self, formatted_answer: Any, context: Any) -> Any:
        """Ask beside the running loop."""
        answer = formatted_answer
        feedback = await in_thread(self._ask, answer, context)
        if TRAINING_MODE.of(context)():
            return await HANDLE_TRAINING_ASYNC.of(self)(answer, feedback, context)
        while feedback.strip():
            context.messages.append(FEEDBACK_MESSAGE.of(context)(feedback))
            answer = await INVOKE_LOOP_ASYNC.of(context)()
            feedback = await in_thread(self._ask, answer, context)
        context.ask_for_human_input = False
        return answer

    def _ask(self, answer: Any, context: Any) -> str:
        return self._guard.ask(
            task=_task_name(context.task),
            agent=_agent_name(context.agent),
            text=str(OUTPUT_STRING.of(self)(answer)),
            message=_TRAINING if TRAINING_MODE.of(context)() else "",
        )


# --- flows and hooks ------------------------------------------------------------------------------

_until: ContextVar[float] = ContextVar("docsum_nb_ask_until", default=math.inf)
"""When the ``Flow.ask`` of this context times out, by ``time.monotonic``."""


def install_questions() -> None:
    """Make CrewAI's flows and hooks ask the guard of their context; call it once."""
    for owner, name, handle in (
        (Flow, FLOW_FEEDBACK.name, _request_human_feedback),
        (ConsoleProvider, "request_feedback", _request_feedback),
        (ConsoleProvider, "request_input", _request_input),
        (ToolCallHookContext, "request_human_input", _request_human_input),
        (LLMCallHookContext, "request_human_input", _request_human_input),
        (Flow, "ask", _ask),
    ):
        wrap_function(owner, name, handle)


def _ask(
    call: Intercepted, flow: Any, message: str, timeout: float | None = None, *args: Any, **kw: Any
) -> Any:
    """Handle ``Flow.ask``: note when it times out, so that its question is dropped then."""
    token = _until.set(math.inf if timeout is None else time.monotonic() + timeout)
    try:
        return call.own(flow, message, timeout, *args, **kw)
    finally:
        _until.reset(token)


def _request_human_feedback(
    call: Intercepted,
    flow: Any,
    message: str,
    output: Any,
    metadata: Any = None,
    emit: Any = None,
    method_name: str = "",
) -> str:
    """Handle ``Flow._request_human_feedback``: @human_feedback without a provider."""
    about = {"flow_name": name_of_work(flow), "method_name": method_name}
    crewai_event_bus.emit(
        flow,
        HumanFeedbackRequestedEvent(
            type="human_feedback_requested",
            **about,
            output=output,
            message=message,
            emit=list(emit) if emit else None,
        ),
    )
    feedback = call.guard.ask(
        task=method_name, agent=name_of_work(flow), text=str(output), message=message
    ).strip()
    crewai_event_bus.emit(
        flow,
        HumanFeedbackReceivedEvent(
            type="human_feedback_received", **about, feedback=feedback, outcome=None
        ),
    )
    return feedback


def _request_feedback(call: Intercepted, _provider: Any, context: Any, flow: Any) -> str:
    """Handle ``ConsoleProvider.request_feedback``."""
    return _request_human_feedback(
        call,
        flow,
        context.message,
        context.method_output,
        emit=context.emit,
        method_name=context.method_name,
    )


def _request_input(
    call: Intercepted, _provider: Any, message: str, flow: Any, metadata: Any = None
) -> str | None:
    """Handle ``ConsoleProvider.request_input``, for ``Flow.ask``."""
    try:
        return call.guard.ask(
            task=current_flow_method_name.get(""),
            agent=name_of_work(flow),
            text="",
            message=message,
            until=_until.get(),
        ).strip()
    except Stopping:
        return None
    except InputError as error:
        # CrewAI treats any error here as no answer, without a report.
        call.guard.warn(str(error))
        return None


def _request_human_input(
    call: Intercepted,
    context: Any,
    prompt: str,
    default_message: str = "Press Enter to continue, or provide feedback:",
) -> str:
    """Handle ``request_human_input`` of a hook's context."""
    return call.guard.ask(
        task=_task_name(getattr(context, "task", None)),
        agent=_agent_name(getattr(context, "agent", None)),
        text="",
        message=f"{prompt}\n{default_message}",
    ).strip()


def _task_name(task: Any) -> str:
    return "" if task is None else str(task.name or task.description)


def _agent_name(agent: Any) -> str:
    return "" if agent is None else str(agent.role).strip()
