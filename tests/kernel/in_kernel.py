"""What the kernels of the matrix import: work that ends in every way, and word of what goes on."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import tiktoken

import docsum_nb as ds

# isort: split
from crewai import LLM, Agent, BaseLLM, Crew, Task
from crewai.flow.flow import Flow, start
from crewai.tools import tool

__all__ = [
    "LLM",
    "Blocked",
    "Threads",
    "asyncio",
    "blocked",
    "cancel_when_told",
    "crew",
    "ds",
    "forget",
    "fresh",
    "leaves",
    "marks",
    "over_http",
    "panic",
    "raising",
    "release",
    "sleeping_model",
    "time",
    "with_stuck_tool",
]

PARTS = 4
STAYS = ("CrewAISyncHandler", "LanceDBBackgroundEventLoop")
"""Threads of libraries that are made when first needed, a bounded number, and stay."""

marks: dict[str, float] = {}
"""When things happened, in seconds since the epoch."""
release = threading.Event()
"""Frees what is stuck."""


def forget() -> None:
    """Forget what earlier cells did."""
    release.clear()
    marks.clear()


def mark(name: str) -> None:
    marks[name] = time.time()


class Scripted(BaseLLM):
    """A model whose words, or failure, a function makes from the prompt."""

    answer: Any = None

    def call(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        return self.answer(str(messages))

    def supports_function_calling(self) -> bool:
        return False


def crew(llm: Any) -> Any:
    """Four tasks at once on one shared agent, and one that combines them."""
    shared = Agent(role="writer", goal="g", backstory="b", llm=llm)
    parts = [
        Task(
            name=f"part {i}",
            description=f"Summarize part {i}.",
            expected_output="e",
            agent=shared,
            async_execution=True,
        )
        for i in range(PARTS)
    ]
    last = Task(description="Combine.", expected_output="e", agent=shared, context=parts)
    return Crew(agents=[shared], tasks=[*parts, last])


def over_http(url: str) -> Any:
    return crew(LLM(model="openai/gpt-4o-mini", base_url=url, api_key="k", max_retries=0))


def sleeping_model() -> Any:
    def sleeping(prompt: str) -> None:
        time.sleep(60)

    return crew(Scripted(model="s", answer=sleeping))


def raising(make: Callable[[], BaseException]) -> Any:
    """Part 2 raises while part 0 never returns; the others are done."""

    def answer(prompt: str) -> str:
        if "part 0" in prompt:
            release.wait(60)
        if "part 2" in prompt:
            error = make()
            mark("raise")
            raise error
        return "fine"

    return crew(Scripted(model="s", answer=answer))


def panic() -> BaseException:
    """Make Rust code of tiktoken's panic; pyo3 hands that to Python as a BaseException."""
    try:
        tiktoken._tiktoken.CoreBPE({b"a": 0, b"b": 0}, {}, "a")  # type: ignore[attr-defined]
    except BaseException as error:  # noqa: BLE001  # that is the point
        return error
    raise AssertionError("tiktoken did not panic")


@tool("stuck")
def stuck_tool(text: str) -> None:
    """Never return."""
    release.wait(60)


def with_stuck_tool() -> Any:
    def answer(prompt: str) -> str:
        return 'Thought: I use it.\nAction: stuck\nAction Input: {"text": "x"}'

    llm = Scripted(model="s", answer=answer)
    user = Agent(role="writer", goal="g", backstory="b", tools=[stuck_tool], llm=llm)
    task = Task(name="use the tool", description="Use it.", expected_output="e", agent=user)
    return Crew(agents=[user], tasks=[task])


def blocking_tool() -> None:
    release.wait(60)


class Blocked(Flow[Any]):
    """Its only step blocks the flow's event loop."""

    @start()
    async def step(self) -> None:
        blocking_tool()


async def blocked() -> None:
    blocking_tool()


async def leaves() -> None:
    mark("raise")
    raise SystemExit(1)


async def fresh(url: str) -> str:
    await asyncio.sleep(0)
    return "fine"


def cancel_when_told(run: ds.Run[Any], pipe: str) -> None:
    """Cancel a run from another thread once somebody opens the named pipe to write."""

    def wait() -> None:
        with open(pipe):  # noqa: PTH123  # a pipe
            pass
        mark("act")
        run.cancel("enough")

    threading.Thread(target=wait).start()


class Threads:
    """The threads there were when this was made, and those that have come since."""

    def __init__(self) -> None:
        self.before = threading.enumerate()

    def new(self, within: float) -> list[str]:
        """Name the threads that are there now and were not before, beyond those that are to stay.

        Args:
            within: Seconds to wait for there being none.
        """
        give_up = collect_at = time.monotonic()
        give_up += within
        while (left := self._left()) and time.monotonic() < give_up:
            if time.monotonic() >= collect_at:
                # A pool that was dropped ends its threads when it is collected.
                gc.collect()
                collect_at = time.monotonic() + 2.0
            time.sleep(0.01)
        return left

    def _left(self) -> list[str]:
        now = threading.enumerate()
        new = [each.name for each in now if each not in self.before]
        # A loop that is stuck is replaced: the new one stays, and the old one goes once it is free.
        if _loops(now) <= _loops(self.before):
            new = [name for name in new if name != "docsum_nb-loop"]
        return [name for name in new if not name.startswith(STAYS)]


def _loops(threads: list[threading.Thread]) -> int:
    return sum(thread.name == "docsum_nb-loop" for thread in threads)
