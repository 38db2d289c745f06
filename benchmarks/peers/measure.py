"""Runs one side of ``benchmarks.peers`` in this process and prints what it took, as JSON.

Usage: python benchmarks/peers/measure.py SIDE BASE_URL CHUNKS AT_ONCE
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

Side = Callable[[str, dict[str, str], int], tuple[int, int]]
"""Takes the server's address, the texts and how many at once; returns the requests and the levels
of merges."""


def prompt_of(text: str) -> str:
    """Return what a peer asks of one text."""
    return f"Summarize in about 60 words what the text below says.\n\n{text}"


def bare(base_url: str, texts: dict[str, str], at_once: int) -> tuple[int, int]:
    """Send requests with aiohttp, and nothing else."""
    import aiohttp

    async def work() -> None:
        slots = asyncio.Semaphore(at_once)
        connector = aiohttp.TCPConnector(limit=at_once)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask(text: str) -> str:
                body = {"model": "scripted", "messages": [{"role": "user", "content": text}]}
                async with (
                    slots,
                    session.post(f"{base_url}/chat/completions", json=body) as response,
                ):
                    answer: dict[str, Any] = await response.json()
                return str(answer["choices"][0]["message"]["content"])

            await merged(ask, texts)

    asyncio.run(work())
    return len(texts) + 1, 1


def litellm(base_url: str, texts: dict[str, str], at_once: int) -> tuple[int, int]:
    """Gather LiteLLM's calls."""
    import os

    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    from litellm import acompletion

    async def work() -> None:
        slots = asyncio.Semaphore(at_once)

        async def ask(text: str) -> str:
            async with slots:
                answer = await acompletion(
                    model="openai/scripted",
                    base_url=base_url,
                    api_key="none",
                    messages=[{"role": "user", "content": text}],
                )
            return str(answer.choices[0].message.content)

        await merged(ask, texts)

    asyncio.run(work())
    return len(texts) + 1, 1


def langchain(base_url: str, texts: dict[str, str], at_once: int) -> tuple[int, int]:
    """Batch a chain of prompt, model and parser."""
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="scripted", base_url=base_url, api_key="none", max_retries=0)
    prompt = ChatPromptTemplate.from_messages([("user", "{text}")])
    chain = prompt | model | StrOutputParser()

    async def work() -> None:
        asked = [{"text": prompt_of(text)} for text in texts.values()]
        parts = await chain.abatch(asked, config={"max_concurrency": at_once})
        await chain.ainvoke({"text": prompt_of("\n".join(parts))})

    asyncio.run(work())
    return len(texts) + 1, 1


def llamaindex(base_url: str, texts: dict[str, str], at_once: int) -> tuple[int, int]:
    """Run the jobs of LlamaIndex, each a completion."""
    from llama_index.core.async_utils import run_jobs
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model="scripted", api_base=base_url, api_key="none", is_chat_model=True, max_retries=0
    )

    async def work() -> None:
        jobs = [model.acomplete(prompt_of(text)) for text in texts.values()]
        parts = await run_jobs(jobs, workers=at_once)
        await model.acomplete(prompt_of("\n".join(str(each) for each in parts)))

    asyncio.run(work())
    return len(texts) + 1, 1


def ours(
    base_url: str, texts: dict[str, str], at_once: int, *, keep: bool = True
) -> tuple[int, int]:
    """Summarize, with everything on."""
    import tempfile

    import docsum_nb as ds

    model = ds.Model("openai/scripted", base_url=base_url, api_key="none", context_window=128_000)
    with tempfile.TemporaryDirectory() as folder:
        ledger: Any = Path(folder) / "ledger" if keep else False
        run = ds.summarize(
            texts, model=model, ledger=ledger, show=False, max_concurrency=at_once, length=100
        )
        summary = run.result()
        run.join(60)
    return summary.usage.calls, levels_of(summary.usage.calls - len(texts))


def levels_of(merges: int) -> int:
    """Return the levels of merges: one text is the last, and all others are merged into it."""
    return 0 if merges == 0 else 1 if merges == 1 else 2


async def merged(ask: Callable[[str], Any], texts: dict[str, str]) -> str:
    """Ask for each text, then for all answers together."""
    parts = await asyncio.gather(*(ask(prompt_of(text)) for text in texts.values()))
    answer: str = await ask(prompt_of("\n".join(parts)))
    return answer


SIDES: dict[str, Side] = {
    "aiohttp": bare,
    "litellm": litellm,
    "langchain": langchain,
    "llamaindex": llamaindex,
    "ours": ours,
    "ours-no-ledger": lambda *given: ours(*given, keep=False),
}


def texts_of(count: int, kind: str) -> dict[str, str]:
    """Make texts of about 600 words."""
    return {
        f"{kind}-{i:04}": f"The {kind} {i} is about ships and harbours. " * 75 for i in range(count)
    }


def cpu() -> float:
    """Return the seconds of CPU that this process has had."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run a side twice, and print what the second time took."""
    side, base_url, chunks, at_once = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if side.startswith("ours"):
        import crewai  # noqa: F401  # so that every request is a CrewAI task
    SIDES[side](base_url, texts_of(4, "warm-up"), at_once)
    gc.collect()
    texts = texts_of(chunks, "text")
    began, before = time.perf_counter(), cpu()
    requests, levels = SIDES[side](base_url, texts, at_once)
    taken = {"wall": time.perf_counter() - began, "cpu": cpu() - before}
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**taken, "requests": requests, "levels": levels, "rss_mb": rss_mb}))


if __name__ == "__main__":
    main()
