"""When a notebook cell shows a refused chunk: seconds from the provider's answer to the cell.

Twenty chunks in a real kernel; chunk 10 is refused with 403 after 0.2 s, while chunk 0 takes 8 s.
Bare CrewAI's ``await crew.kickoff_async()`` is given the same job, with an agent for each task.

Usage: python benchmarks/first_error.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Kernel, running_kernel

SETUP = """
import docsum_nb as ds
from crewai import Agent, Crew, LLM, Task
texts = {{f"doc-{{i:02}}": f"This is doc-{{i:02}}; it is about ships." for i in range(20)}}
model = ds.Model("openai/scripted", base_url={url!r})
await ds.summarize({{"warm": "up"}}, model=model, ledger=False)
def crew():
    llm = LLM(model="openai/gpt-4o-mini", base_url={url!r}, api_key="k", max_retries=0)
    agents = [Agent(role=n, goal="g", backstory="b", llm=llm, max_retry_limit=0) for n in texts]
    tasks = [
        Task(description=t, expected_output="e", agent=a, async_execution=True)
        for t, a in zip(texts.values(), agents)
    ]
    last = Task(description="Combine.", expected_output="e", agent=agents[0], context=tasks)
    return Crew(agents=agents, tasks=[*tasks, last])
"""
CELLS = {
    "docsum_nb": "await ds.summarize(texts, model=model, ledger=False)",
    "bare CrewAI": "await crew().kickoff_async()",
}


def measure(kernel: Kernel, code: str, answered: list[float]) -> float:
    """Run a cell that fails; return the seconds from the refusal to the end of the cell."""
    answered.clear()
    cell = kernel.run(code)
    assert "no" in cell.error, cell
    return time.monotonic() - answered[0]


def main() -> None:
    """Measure both, in turn, and print medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    answered: list[float] = []

    def script(call: Call) -> Reply:
        if "This is doc-10" in call.prompt:
            answered.append(time.monotonic() + 0.2)
            return Reply("no", status=403, delay=0.2)
        return Reply(delay=8.0 if "This is doc-00" in call.prompt else 0.2)

    taken: dict[str, list[float]] = {name: [] for name in CELLS}
    with ScriptedServer(script) as server, running_kernel() as kernel:
        kernel.run(SETUP.format(url=server.base_url))
        for _ in range(rounds):
            for name, code in CELLS.items():
                taken[name].append(measure(kernel, code, answered))
    for name, seconds in taken.items():
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        print(f"{name:12} {statistics.median(seconds):6.2f} s ({spread})")


if __name__ == "__main__":
    main()
