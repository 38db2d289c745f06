"""The evaluating agent: which of the library's documents are relevant, and why.

It is an ordinary CrewAI agent with a tool that searches the library. Its model calls are made by
the run's own model client, so they are stored, metered, limited and stopped like all others. It
runs in a daemon thread, since CrewAI's agents block.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from pydantic import PrivateAttr

from docsum_nb.crew.base_classes import OwnModel
from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.flows import set_suppress_console_output
from docsum_nb.crew.crewai_names.table import EVALUATE, Agent, BaseLLM, BaseTool, Task
from docsum_nb.prompts import TAG_TOKENS, Prompts, Wishes, delimited, entries_as_data
from docsum_nb.records import Answer, Hit
from docsum_nb.run import in_thread

__all__ = ["AgentSizes", "RunModel", "explain"]

_ARRAY = re.compile(r"\[(?=\s*+[{\]])")
"""Where an array of objects, or an empty one, may begin."""
_MOST_ARRAYS = 100
"""Each is parsed to its end, so an unlimited number would take quadratic time."""

_AROUND = 2 * TAG_TOKENS
"""Tokens of the tags around data, and of the sentence that explains them."""

Converse = Callable[[Sequence[dict[str, Any]], int, Sequence[str]], Coroutine[Any, Any, Answer]]
Search = Callable[[str], Sequence[Hit]]
Fit = Callable[[str], str]


@dataclass(frozen=True)
class AgentSizes:
    """The limits of what passes between the agent and its model, in tokens."""

    window: int
    context: int
    """The context that the agent starts with."""
    found: int
    """The result of one search."""
    answer: int
    """One answer of the model."""
    calls: int
    """The number of model calls: an agent that keeps searching would cost without end."""


class RunModel(OwnModel):
    """The run's model as CrewAI sees it; an agent calls it from a thread."""

    _converse: Converse = PrivateAttr()
    _loop: asyncio.AbstractEventLoop = PrivateAttr()
    _sizes: AgentSizes = PrivateAttr()
    _pending: list[Future[Answer]] = PrivateAttr(default_factory=list)

    def reply(self, sent: Sequence[dict[str, Any]], task: Any, response_model: Any) -> str:
        """Return the answer of the run's model; raises its errors."""
        conversing = self._converse(sent, self._sizes.answer, self.stop or [])
        pending = asyncio.run_coroutine_threadsafe(conversing, self._loop)
        self._pending.append(pending)
        return pending.result().text

    def give_up(self) -> None:
        """Cancel the calls in flight; the thread that waits for one gets a CancelledError."""
        for pending in self._pending:
            pending.cancel()

    def get_context_window_size(self) -> int:
        """Return the model's window in tokens."""
        return self._sizes.window


class _LibrarySearch(BaseTool):
    name: str = "search_library"
    description: str = (
        "Searches the private documentation for a text and returns the documents found, each with "
        "the passage that matched."
    )
    _search: Search = PrivateAttr()
    _fit: Fit = PrivateAttr()

    def _run(self, query: str) -> str:
        found = self._fit(entries_as_data(_entries(self._search(query))))
        return delimited([("found in the library", found)]) if found else "Nothing was found."


async def explain(
    hits: Sequence[Hit],
    *,
    summary: str,
    wishes: Wishes,
    prompts: Prompts,
    converse: Converse,
    search: Search,
    model: str,
    sizes: AgentSizes,
    count: Callable[[str], int],
) -> tuple[Hit, ...] | None:
    """Return the relevant documents of a search, with an agent's reason for each.

    Args:
        hits: The hits of the search, best first.
        summary: The text that the documents should be relevant to.
        wishes: What the reader asked for.
        prompts: The texts of agent and task.
        converse: Calls the run's model, on the running loop.
        search: Searches the library, from a thread.
        model: The model's name.
        sizes: The limits of what passes between agent and model.
        count: Counts the tokens of a text.

    Returns:
        The relevant hits in the given order, with ``why``; then hits that the agent found itself.
        ``None`` if its answer could not be read.

    Raises:
        Exception: the error of a model call.
        UpstreamError: if the installed CrewAI lacks what this needs; no call was made.
    """
    TABLE.require(EVALUATE)
    known = {hit.name: hit for hit in hits}

    def remembered(query: str) -> Sequence[Hit]:
        found = search(query)
        for hit in found:
            known.setdefault(hit.name, hit)
        return found

    llm = RunModel(model=model)
    llm._converse, llm._sizes, llm._loop = converse, sizes, asyncio.get_running_loop()
    tool = _LibrarySearch()
    tool._search = remembered
    tool._fit = lambda text: clipped(text, sizes.found - _AROUND, count)
    shown = clipped(summary, sizes.context // 2, count)
    left = sizes.context - count(shown) - 2 * _AROUND
    listed = clipped(entries_as_data(_entries(hits)), left, count)
    context = delimited([("the summary", shown), ("documents of the library", listed)], tag="data")
    try:
        answer = await in_thread(_work, llm, tool, prompts, wishes, context, sizes.calls)
    except asyncio.CancelledError:
        llm.give_up()
        raise
    reasons = read_reasons(answer)
    if reasons is None:
        return None
    return tuple(replace(hit, why=reasons[name]) for name, hit in known.items() if name in reasons)


def _work(
    llm: BaseLLM, tool: BaseTool, prompts: Prompts, wishes: Wishes, context: str, calls: int
) -> str:
    set_suppress_console_output(True)
    text = prompts.agents["librarian"]
    agent = Agent(
        role=text.role,
        goal=text.goal,
        backstory=text.backstory,
        llm=llm,
        tools=[tool],
        # When its turns are used up, CrewAI makes one call more for the final answer.
        max_iter=calls - 1,
        max_retry_limit=0,
        allow_delegation=False,
        verbose=False,
    )
    asked = prompts.tasks["evaluate"].fill(wishes)
    task = Task(
        name="evaluate",
        description=asked.description,
        expected_output=asked.expected_output,
        agent=agent,
    )
    return str(task.execute_sync(context=context).raw)


def clipped(text: str, most: int, count: Callable[[str], int]) -> str:
    """Return the first lines of a text that have at most ``most`` tokens."""
    if count(text) <= most:
        return text
    kept: list[str] = []
    for line in text.splitlines():
        most -= count(line) + 1
        if most < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _entries(hits: Sequence[Hit]) -> list[dict[str, str]]:
    return [{"name": hit.name, "passage": " ".join(hit.passage.split())} for hit in hits]


def read_reasons(answer: str) -> dict[str, str] | None:
    """Return the reasons in the JSON array of an agent's answer, at any position in it.

    Returns:
        The reason by the name of the document; ``None`` if there is no such array, if it is nested
        too deep, or if too many texts that only look like one come before it.
    """
    decoder = json.JSONDecoder()
    for start in islice(_ARRAY.finditer(answer), _MOST_ARRAYS):
        try:
            found, _ = decoder.raw_decode(answer, start.start())
        except (ValueError, RecursionError):
            continue
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            return {
                str(each["name"]): str(each["why"])
                for each in found
                if each.get("name") and each.get("why")
            }
    return None
