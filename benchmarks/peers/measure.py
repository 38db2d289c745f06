"""Runs one side of ``benchmarks.peers`` in this process and prints what it took, as JSON.

A first small run shows when a fresh process sends its first request. Then a line of standard input
is awaited, and the whole job is run and measured. Peers send the messages of the job that was
saved; docsum_nb is given the texts.

Usage: python benchmarks/peers/measure.py SIDE BASE_URL JOB AT_ONCE
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

Level = list[dict[str, Any]]
"""Requests that wait for none of each other: messages, and options such as ``max_tokens``."""
Side = Callable[[str, list[Level], int], Coroutine[Any, Any, None]]
"""Takes the server's address, the job and the most requests at once."""

RETRIES = 3
"""Further tries of a request; every side has as many, and none is needed here."""


async def bare(base_url: str, job: list[Level], at_once: int) -> None:
    """Send requests with aiohttp, and nothing else."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(request: dict[str, Any]) -> str:
            body = {"model": "scripted", "messages": request["messages"], **request["options"]}
            for left in reversed(range(RETRIES + 1)):
                async with session.post(f"{base_url}/chat/completions", json=body) as response:
                    if response.status != 200 and left:
                        continue
                    answer: dict[str, Any] = await response.json()
                    return str(answer["choices"][0]["message"]["content"])
            raise AssertionError

        await in_levels(ask, job, at_once)


async def litellm(base_url: str, job: list[Level], at_once: int) -> None:
    """Gather LiteLLM's calls."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    from litellm import acompletion

    async def ask(request: dict[str, Any]) -> str:
        answer: Any = await acompletion(
            model="openai/scripted",
            base_url=base_url,
            api_key="none",
            num_retries=RETRIES,
            messages=request["messages"],
            **request["options"],
        )
        return str(answer.choices[0].message.content)

    await in_levels(ask, job, at_once)


async def langchain(base_url: str, job: list[Level], at_once: int) -> None:
    """Batch a chain of prompt, model and parser, level by level."""
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="scripted", base_url=base_url, api_key="none", max_retries=RETRIES)

    for level in job:
        roles = [message["role"] for message in level[0]["messages"]]
        prompt = ChatPromptTemplate.from_messages(
            [(role, f"{{text{i}}}") for i, role in enumerate(roles)]
        )
        chain = prompt | model.bind(**level[0]["options"]) | StrOutputParser()
        asked = [
            {f"text{i}": each["content"] for i, each in enumerate(request["messages"])}
            for request in level
        ]
        await chain.abatch(asked, config={"max_concurrency": at_once})


async def llamaindex(base_url: str, job: list[Level], at_once: int) -> None:
    """Run the jobs of LlamaIndex, each a chat, level by level."""
    from llama_index.core.async_utils import run_jobs
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model="scripted", api_base=base_url, api_key="none", is_chat_model=True, max_retries=RETRIES
    )

    for level in job:
        jobs = [
            model.achat(
                [ChatMessage(each["content"], role=each["role"]) for each in request["messages"]],
                **request["options"],
            )
            for request in level
        ]
        await run_jobs(jobs, workers=at_once)


async def ours(base_url: str, job: list[Level], at_once: int, *, keep: bool = True) -> None:
    """Summarize, with everything on."""
    import tempfile

    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url, api_key="none", context_window=128_000)
    with tempfile.TemporaryDirectory() as folder:
        ledger: Any = Path(folder) / "ledger" if keep else False
        run = ds.summarize(
            texts_of(len(job[0])),
            model=model,
            ledger=ledger,
            show=False,
            max_concurrency=at_once,
            length=100,
        )
        await run
        run.join(60)


async def without_ledger(base_url: str, job: list[Level], at_once: int) -> None:
    """Summarize, with everything on but the ledger."""
    await ours(base_url, job, at_once, keep=False)


async def in_levels(
    ask: Callable[[dict[str, Any]], Awaitable[str]], job: list[Level], at_once: int
) -> None:
    """Gather the requests of each level, a number of them at once."""
    slots = asyncio.Semaphore(at_once)

    async def one(request: dict[str, Any]) -> str:
        async with slots:
            return await ask(request)

    for level in job:
        await asyncio.gather(*map(one, level))


SIDES: dict[str, Side] = {
    "aiohttp": bare,
    "LiteLLM": litellm,
    "LangChain": langchain,
    "LlamaIndex": llamaindex,
    "docsum_nb": ours,
    "docsum_nb without ledger": without_ledger,
}


def texts_of(count: int) -> dict[str, str]:
    """Make texts of about 600 words."""
    return {
        f"text-{i:04}": f"The text {i} is about ships and harbours. " * 75 for i in range(count)
    }


def cpu() -> float:
    """Return the seconds of CPU that this process has had."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def measured(work: Side, base_url: str, job: list[Level], at_once: int) -> dict[str, float]:
    """Run a side on a few requests, then on the whole job; return what that took."""
    await work(base_url, [job[0][:4], *job[-1:]], at_once)
    if work in (ours, without_ledger):
        import crewai  # noqa: F401  # so that every request is a CrewAI task
    gc.collect()
    print("ready", flush=True)
    sys.stdin.readline()
    began, before = time.perf_counter(), cpu()
    await work(base_url, job, at_once)
    return {"wall": time.perf_counter() - began, "cpu": cpu() - before}


def main() -> None:
    """Run a side, on one loop since clients are bound to it, and print what it took."""
    side, base_url, job_file, at_once = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    job: list[Level] = json.loads(job_file.read_text("utf-8"))
    taken = asyncio.run(measured(SIDES[side], base_url, job, int(at_once)))
    unit = 1 if sys.platform == "darwin" else 1024
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    print(json.dumps({**taken, "rss_mb": rss_mb}))


if __name__ == "__main__":
    main()
