"""Where CrewAI asks a person: tasks with human_input, flows, hooks. Under a guard, the run asks.

CrewAI calls Python's ``input()`` in a thread, which cannot be left: after a deadline that thread
takes the answer to whatever asks next. Here each of these places asks the run instead, which shows
the question, queues it and drops it when the run ends. A provider of the user's own stays in use.
What is put in place does nothing without a guard in the context.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

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
from docsum_nb.errors import InputError
from docsum_nb.run import Stopping, in_thread

__all__ = ["HumanInput", "asked_through", "put_in_place"]

_TRAINING = "What should the agent do better? It is trained by your answer."


class HumanInput(Protocol):
    """Asks a person, blocking; see ``Guard.ask``."""

    def ask(
        self, *, task: str, agent: str, text: str, message: str = "", until: float = math.inf
    ) -> str:
        """Return the answer; empty to accept."""

    def warn(self, message: str) -> None:
        """Report what the work goes on from."""


@contextmanager
def asked_through(asker: HumanInput, *, always: bool) -> Iterator[None]:
    """Ask through a guard whatever the tasks of this context ask a person.

    Args:
        asker: The guard.
        always: Whether it comes before a provider that the user has set.
    """
    if not always and type(get_human_provider()) is not SyncHumanInputProvider:
        yield
        return
    token = set_human_provider(_Provider(asker))
    try:
        yield
    finally:
        reset_human_provider(token)


class _Provider(SyncHumanInputProvider):
    """Judges the answer of a task, and sends it back until it is accepted."""

    def __init__(self, asker: HumanInput) -> None:
        self._asker = asker

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
        task, agent = context.task, context.agent
        return self._asker.ask(
            task="" if task is None else str(task.name or task.description),
            agent="" if agent is None else str(agent.role).strip(),
            text=str(OUTPUT_STRING.of(self)(answer)),
            message=_TRAINING if TRAINING_MODE.of(context)() else "",
        )


# --- flows and hooks ------------------------------------------------------------------------------

_until: ContextVar[float] = ContextVar("docsum_nb_ask_until", default=math.inf)
"""When ``Flow.ask`` gives up, by ``time.monotonic``."""


def put_in_place(current: Callable[[], HumanInput | None]) -> None:
    """Make CrewAI's flows and hooks ask the guard of their context, if there is one.

    Args:
        current: Returns that guard.
    """
    for owner, name, replacement in (
        (Flow, FLOW_FEEDBACK.name, _request_human_feedback),
        (ConsoleProvider, "request_feedback", _request_feedback),
        (ConsoleProvider, "request_input", _request_input),
        (ToolCallHookContext, "request_human_input", _request_human_input),
        (LLMCallHookContext, "request_human_input", _request_human_input),
    ):
        own = getattr(owner, name, None)
        if own is not None:  # what is lost without it is reported when a guard is made
            setattr(owner, name, _guarded(own, replacement, current))
    if hasattr(Flow, "ask"):
        Flow.ask = _timed(Flow.ask)


def _guarded(
    own: Callable[..., Any], asking: Callable[..., Any], current: Callable[[], HumanInput | None]
) -> Callable[..., Any]:
    @functools.wraps(own)
    def asks(self: Any, *args: Any, **kwargs: Any) -> Any:
        asker = current()
        return own(self, *args, **kwargs) if asker is None else asking(asker, self, *args, **kwargs)

    return asks


def _timed(own: Callable[..., Any]) -> Callable[..., Any]:
    """Note when ``Flow.ask`` gives up: its question is dropped then."""

    @functools.wraps(own)
    def ask(self: Any, message: str, timeout: float | None = None, *args: Any, **kw: Any) -> Any:
        token = _until.set(math.inf if timeout is None else time.monotonic() + timeout)
        try:
            return own(self, message, timeout, *args, **kw)
        finally:
            _until.reset(token)

    return ask


def _request_human_feedback(
    asker: HumanInput,
    flow: Any,
    message: str,
    output: Any,
    metadata: Any = None,
    emit: Any = None,
    method_name: str = "",
) -> str:
    """Stand for ``Flow._request_human_feedback``: @human_feedback without a provider."""
    about = {"flow_name": _name_of(flow), "method_name": method_name}
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
    feedback = asker.ask(
        task=method_name, agent=_name_of(flow), text=str(output), message=message
    ).strip()
    crewai_event_bus.emit(
        flow,
        HumanFeedbackReceivedEvent(
            type="human_feedback_received", **about, feedback=feedback, outcome=None
        ),
    )
    return feedback


def _request_feedback(asker: HumanInput, _provider: Any, context: Any, flow: Any) -> str:
    """Stand for ``ConsoleProvider.request_feedback``."""
    return _request_human_feedback(
        asker,
        flow,
        context.message,
        context.method_output,
        emit=context.emit,
        method_name=context.method_name,
    )


def _request_input(
    asker: HumanInput, _provider: Any, message: str, flow: Any, metadata: Any = None
) -> str | None:
    """Stand for ``ConsoleProvider.request_input``: ``Flow.ask``."""
    try:
        return asker.ask(
            task=current_flow_method_name.get(""),
            agent=_name_of(flow),
            text="",
            message=message,
            until=_until.get(),
        ).strip()
    except Stopping:
        return None
    except InputError as error:
        # CrewAI takes any error here for a person who has left, and says nothing.
        asker.warn(str(error))
        return None


def _request_human_input(
    asker: HumanInput,
    context: Any,
    prompt: str,
    default_message: str = "Press Enter to continue, or provide feedback:",
) -> str:
    """Stand for ``request_human_input`` of the contexts of hooks."""
    task, agent = getattr(context, "task", None), getattr(context, "agent", None)
    return asker.ask(
        task="" if task is None else str(task.name or task.description),
        agent="" if agent is None else str(agent.role).strip(),
        text="",
        message=f"{prompt}\n{default_message}",
    ).strip()


def _name_of(flow: Any) -> str:
    return str(getattr(flow, "name", None) or type(flow).__name__)
