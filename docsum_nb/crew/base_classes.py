"""The base classes of the package's own models and flows: CrewAI's, with what those lack."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from docsum_nb.crew.crewai_names.flows import Flow, FlowMethod, FlowState, flow_listen, flow_start
from docsum_nb.crew.crewai_names.llm_calls import (
    CALL_COMPLETED,
    CALL_FAILED,
    CALL_STARTED,
    RATE_LIMIT_WRAPPED,
    llm_call_context,
)
from docsum_nb.crew.crewai_names.reports import LLMCallType
from docsum_nb.crew.crewai_names.table import BaseLLM

__all__ = ["Flow", "FlowState", "OwnModel", "inherit_steps", "listen", "start"]

F = TypeVar("F", bound=Callable[..., Any])


# --- models for CrewAI agents ---------------------------------------------------------------------


class OwnModel(BaseLLM):
    """A model whose answers come from a subclass.

    It emits CrewAI's events of each call, offers tools in the prompt only, and is not retried by
    CrewAI: subclasses retry themselves, or cannot fail.
    """

    @abstractmethod
    def reply(self, sent: Sequence[dict[str, Any]], task: Any, response_model: Any) -> str:
        """Return the answer to messages, in the thread that calls.

        Args:
            sent: The messages.
            task: The CrewAI task that asks; ``None`` if none does.
            response_model: The pydantic class that the answer is to fit; ``None`` for a text.
        """

    def call(
        self,
        messages: Any,
        tools: Any = None,
        callbacks: Any = None,
        available_functions: Any = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: Any = None,
    ) -> str:
        """Return the answer of ``reply``, with CrewAI's events; raises the errors of ``reply``."""
        sent = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        who = {"from_task": from_task, "from_agent": from_agent}
        with llm_call_context():
            CALL_STARTED.of(self)(messages=sent, **who)
            try:
                answer = self.reply(sent, from_task, response_model)
            except BaseException as error:
                CALL_FAILED.of(self)(error=str(error), **who)
                raise
            CALL_COMPLETED.of(self)(
                response=answer, call_type=LLMCallType.LLM_CALL, messages=sent, **who
            )
        return answer

    RATE_LIMIT_WRAPPED.mark(call)

    def supports_function_calling(self) -> bool:
        """Return false: tools are offered in the prompt, which every model can read."""
        return False

    def get_input_tokens_count(self, messages: Any, tools: Any = None, **_: Any) -> int:
        """Return an estimate of four characters a token; CrewAI's own adds a warning to it."""
        return len(str(messages)) // 4


# --- flows ----------------------------------------------------------------------------------------


def start() -> Callable[[F], F]:
    """Return the decorator of the first step of a flow."""
    decorator: Callable[[F], F] = flow_start()
    return decorator


def listen(step: str) -> Callable[[F], F]:
    """Return the decorator of a step that follows another one."""
    decorator: Callable[[F], F] = flow_listen(step)
    return decorator


def inherit_steps(flow: type, decorators: Mapping[str, Any]) -> None:
    """Add the steps of its bases to a subclass of a flow: CrewAI takes steps from the class only.

    Args:
        flow: The new class.
        decorators: The decorators of steps that may be overridden by plain methods, by name. A
            method with a decorator of its own is not changed.
    """
    for name, decorator in decorators.items():
        own = vars(flow).get(name)
        if own is not None and not isinstance(own, FlowMethod):
            setattr(flow, name, decorator(own))
    for base in flow.__mro__[1:]:
        for name, step in list(vars(base).items()):
            if isinstance(step, FlowMethod) and name not in vars(flow):
                setattr(flow, name, step)
