"""What the package's own models for CrewAI agents have in common.

They tell CrewAI of each call, take tools by the prompt alone, and are never tried again by CrewAI:
whoever stands behind them does that, or cannot fail. Refuses nothing.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from docsum_nb.crew.crewai_names.llm_calls import (
    CALL_COMPLETED,
    CALL_FAILED,
    CALL_STARTED,
    RATE_LIMIT_WRAPPED,
    llm_call_context,
)
from docsum_nb.crew.crewai_names.reports import LLMCallType
from docsum_nb.crew.crewai_names.table import BaseLLM

__all__ = ["OwnModel"]


class OwnModel(BaseLLM):
    """A model that a subclass answers for."""

    @abstractmethod
    def reply(self, sent: Sequence[dict[str, Any]], task: Any, response_model: Any) -> str:
        """Answer messages, in the thread that asks.

        Args:
            sent: The messages.
            task: The CrewAI task that asks; ``None`` where none does.
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
        """Answer by ``reply``, and tell CrewAI of it; raises what it raises."""
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
        """Say no: tools are offered in the prompt, which every model can read."""
        return False

    def get_input_tokens_count(self, messages: Any, tools: Any = None, **_: Any) -> int:
        """Estimate four characters a token, without the warning that CrewAI gives with it."""
        return len(str(messages)) // 4
