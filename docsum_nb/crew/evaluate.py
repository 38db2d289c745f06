"""The evaluating agent: which of the library's documents help, and why.

A stock CrewAI agent with a tool that searches the library. Its model calls go through the run's
own layer, so they are stored, metered, limited and stopped like all others. It runs in a daemon
thread, since CrewAI's agents block.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from crewai import Agent, Task
from crewai.events.types.llm_events import LLMCallType
from crewai.events.utils.console_formatter import set_suppress_console_output
from crewai.llms.base_llm import BaseLLM, llm_call_context
from crewai.tools import BaseTool
from pydantic import PrivateAttr

from docsum_nb.prompts import Prompts
from docsum_nb.records import Answer, Hit
from docsum_nb.run import in_thread

__all__ = ["ANSWER_TOKENS", "MOST_TURNS", "explain"]

Converse = Callable[[Sequence[dict[str, Any]], int, Sequence[str]], Awaitable[Answer]]
Search = Callable[[str], Sequence[Hit]]

ANSWER_TOKENS = 2_000
MOST_TURNS = 3
"""Calls of the model at most: an agent that keeps searching costs without end."""


class _RunModel(BaseLLM):
    """Lends the run's way of asking to a CrewAI agent, which calls it from a thread."""

    _converse: Converse = PrivateAttr()
    _loop: asyncio.AbstractEventLoop = PrivateAttr()
    _window: int = PrivateAttr()

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
        """Ask the run's model and wait for it; raises what it raises."""
        sent = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
        who = {"from_task": from_task, "from_agent": from_agent}
        with llm_call_context():
            self._emit_call_started_event(messages=sent, **who)
            asking = self._converse(sent, ANSWER_TOKENS, self.stop or [])
            try:
                answer = asyncio.run_coroutine_threadsafe(
                    _as_coroutine(asking), self._loop
                ).result()
            except BaseException as error:
                self._emit_call_failed_event(error=str(error), **who)
                raise
            self._emit_call_completed_event(
                response=answer.text, call_type=LLMCallType.LLM_CALL, messages=sent, **who
            )
        return answer.text

    # Failures are tried again by the run's own layer, and only there.
    call._crewai_rate_limit_wrapped = True  # type: ignore[attr-defined]

    def supports_function_calling(self) -> bool:
        """Say no: the tool is offered in the prompt, which every model can read."""
        return False

    def get_context_window_size(self) -> int:
        """Return the model's window in tokens."""
        return self._window

    def get_input_tokens_count(self, messages: Any, tools: Any = None, **_: Any) -> int:
        """Estimate four characters a token, without the warning that CrewAI gives with it."""
        return len(str(messages)) // 4


class _LibrarySearch(BaseTool):
    name: str = "search_library"
    description: str = (
        "Searches the private documentation for a text and returns the documents found, each with "
        "the passage that matched."
    )
    _search: Search = PrivateAttr()

    def _run(self, query: str) -> str:
        return describe(self._search(query)) or "Nothing was found."


async def explain(
    hits: Sequence[Hit],
    *,
    summary: str,
    question: str | None,
    prompts: Prompts,
    converse: Converse,
    search: Search,
    model: str,
    window: int,
) -> tuple[Hit, ...] | None:
    """Have an agent say why each document is relevant, and leave out those that are not.

    Args:
        hits: What a search found, best first.
        summary: What the documents should be relevant to.
        question: What the reader wants to know besides.
        prompts: The texts of agent and task.
        converse: Asks the run's model; called on the running loop.
        search: Searches the library; called from a thread.
        model: The model's name.
        window: The model's tokens of prompt and answer together.

    Returns:
        The relevant hits in the given order, with ``why``; what the agent found by itself comes
        after them. ``None`` where its answer could not be read.

    Raises:
        Exception: what asking the model raised.
    """
    known = {hit.name: hit for hit in hits}

    def remembered(query: str) -> Sequence[Hit]:
        found = search(query)
        for hit in found:
            known.setdefault(hit.name, hit)
        return found

    llm = _RunModel(model=model)
    llm._converse, llm._window, llm._loop = converse, window, asyncio.get_running_loop()
    tool = _LibrarySearch()
    tool._search = remembered
    answer = await in_thread(_work, llm, tool, prompts, question, _context(summary, hits))
    reasons = read_reasons(answer)
    if reasons is None:
        return None
    return tuple(replace(hit, why=reasons[name]) for name, hit in known.items() if name in reasons)


def _work(
    llm: BaseLLM, tool: BaseTool, prompts: Prompts, question: str | None, context: str
) -> str:
    set_suppress_console_output(True)
    text = prompts.agents["librarian"]
    agent = Agent(
        role=text.role,
        goal=text.goal,
        backstory=text.backstory,
        llm=llm,
        tools=[tool],
        max_iter=MOST_TURNS,
        max_retry_limit=0,
        allow_delegation=False,
        verbose=False,
    )
    asked = prompts.tasks["evaluate"].fill(question=question)
    task = Task(
        name="evaluate",
        description=asked.description,
        expected_output=asked.expected_output,
        agent=agent,
    )
    return str(task.execute_sync(context=context).raw)


def _context(summary: str, hits: Sequence[Hit]) -> str:
    return f"Summary:\n{summary}\n\nDocuments of the library:\n{describe(hits)}"


def describe(hits: Sequence[Hit]) -> str:
    """List hits for a model: name and passage."""
    return "\n".join(f"- {hit.name}: {' '.join(hit.passage.split())}" for hit in hits)


def read_reasons(answer: str) -> dict[str, str] | None:
    """Read the agent's JSON array, wherever in its answer it stands; ``None`` if there is none."""
    for match in re.finditer(r"\[", answer):
        try:
            found, _ = json.JSONDecoder().raw_decode(answer[match.start() :])
        except ValueError:
            continue
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return {
                str(each["name"]): str(each["why"])
                for each in found
                if each.get("name") and each.get("why")
            }
    return None


async def _as_coroutine(asking: Awaitable[Answer]) -> Answer:
    return await asking
