"""Many runs in one kernel: nothing grows, and no run is affected by another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.delegating import delegates, tool_result
from tests.support.kernels import running_kernel

ROUNDS = 66
"""Of three runs each."""
WARM_UP = 25
"""Before memory is looked at: pools, caches and the allocator's arenas fill in the first ones."""
LATE_S = 30.0
"""For what is asked after the last run has ended."""

HEAD = """
import gc, os, threading, time
import psutil
import docsum_nb as ds
me = psutil.Process()

def figures():
    gc.collect()
    # CrewAI's pool for event handlers grows to its ten threads as it needs them.
    names = [t.name for t in threading.enumerate() if not t.name.startswith("CrewAISync")]
    return len(names), me.num_fds(), me.memory_info().rss / 2**20

def refused(run):
    error = run.exception()
    if getattr(error, "status_code", None) != 403:
        raise error or AssertionError("it was not refused")

def end(run):
    run.cancel()
    assert type(run.exception()).__name__ == "RunCancelled"
    release()

def release():
    with open({ended!r}, "a") as file:
        file.write(".")
"""

SUMMARIES = """
model = ds.Model("openai/x", base_url={base_url!r}, max_retries=0)

async def three(number):
    options = dict(model=model, ledger=False, show=False)
    good = ds.summarize({{"good": f"text {{number}}"}}, **options)
    bad = ds.summarize({{"bad": f"text {{number}}"}}, **options)
    hung = ds.summarize({{"hung": f"text {{number}}"}}, **options)
    summary = await good
    assert summary.documents[0].name == "good" and len(summary.chunks) == 1
    refused(bad)
    end(hung)
    return good, bad, hung
"""

# The model is shared by threads. Where a connection was idle for 5 s, its pool may close it in one
# thread while another sends on it (encode/httpcore#1110): the client retries, as by default.
CREWS = """
from crewai import LLM, Agent, Crew, Task
llm = LLM(model="openai/gpt-4o-mini", base_url={base_url!r}, api_key="k", timeout=120)

def crew(name):
    agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
    parts = [
        Task(description=f"Text which is {{name}}", expected_output="e", agent=agent,
             async_execution=True)
        for _ in range(2)
    ]
    last = Task(description="Combine.", expected_output="e", agent=agent, context=parts)
    return Crew(agents=[agent], tasks=[*parts, last])

async def three(number):
    good, bad, hung = (ds.kickoff(crew(name), show=False) for name in ("good", "bad", "hung"))
    assert (await good).raw == "fine"
    refused(bad)
    end(hung)
    return good, bad, hung
"""

DELEGATING = """
from crewai import LLM, Agent, Crew, Process, Task
llm = LLM(model="openai/gpt-4o-mini", base_url={base_url!r}, api_key="k", timeout=120)

def crew(name):
    expert = Agent(role="expert", goal="g", backstory="b", llm=llm)
    boss = Agent(role="boss", goal="g", backstory="b", llm=llm)
    parts = [
        Task(description=f"Delegate the text which is {{name}}", expected_output="e",
             agent=expert, async_execution=True)
        for _ in range(2)
    ]
    last = Task(description="Combine.", expected_output="e", agent=expert, context=parts)
    return Crew(agents=[expert], tasks=[*parts, last], process=Process.hierarchical,
                manager_agent=boss)

# The same objects each time: what a run leaves in them would add up.
crews = {{name: crew(name) for name in ("good", "bad", "hung")}}

def shape():
    return [
        (each.id, [(t.id, t.description, id(t.agent), t.tools, t.callback) for t in each.tasks],
         [(id(a), a.id, a.role, a.agent_executor, a.tools, a.max_retry_limit, id(a.llm))
          for a in (*each.agents, each.manager_agent)])
        for each in crews.values()
    ]

untouched = shape()

async def three(number):
    good, bad, hung = (ds.kickoff(each, show=False) for each in crews.values())
    assert (await good).raw == "fine"
    refused(bad)
    end(hung)
    assert shape() == untouched
    assert [t.output.raw for t in crews["good"].tasks] == ["the expert's"] * 2 + ["fine"]
    return good, bad, hung
"""

TAIL = """
async def rounds(count):
    runs = []
    for number in range(count):
        runs += await three(number)
        # What a run keeps goes with it; two hundred at once would be the memory that is looked at.
        while len(runs) > 60:
            assert runs.pop(0).join(60)
        print(number, flush=True)  # a kernel that says nothing is taken for one that hangs
    release()  # what was asked after its run had ended
    for run in runs:
        assert run.join(60)
    give_up = time.monotonic() + 60
    while any(t.name.startswith("docsum_nb-work") for t in threading.enumerate()):
        assert time.monotonic() < give_up
        time.sleep(0.05)

await rounds({warm_up})
before = figures()
await rounds({rounds})
after = figures()
print(sorted(t.name for t in threading.enumerate()))
print(*before, *after)
"""


class Answers:
    """Answers, refuses or hangs, by the document's name; the boss of a crew delegates first.

    A thread of a crew that was cancelled waits for its answer, which comes when the cell has seen
    the end. A summary's connection is closed when its run has settled: no answer comes.

    Args:
        ended: A file that the cell makes longer for each run it has cancelled.
    """

    def __init__(self, ended: Path) -> None:
        self._ended = ended
        ended.touch()

    def __call__(self, call: Call) -> Reply | Awaitable[Reply]:
        """Answer one request."""
        if "You are boss." in call.prompt and "Combine." not in call.prompt:
            said = tool_result(call)
            if said is None:
                return delegates("See to the text" + call.prompt.partition("the text")[2][:15])
            return Reply("no", status=403) if "which is bad" in call.prompt else Reply(said)
        if "You are expert." in call.prompt:
            said = "the expert's"
            return self._late(said) if "which is hung" in call.prompt else Reply(said)
        if "which is bad" in call.prompt or 'name="bad' in call.prompt:
            return Reply("no", status=403)
        if "Text which is hung" in call.prompt:
            return self._late("late")
        return Reply(hang=True) if 'name="hung' in call.prompt else Reply("fine")

    async def _late(self, text: str) -> Reply:
        before, give_up = self._ended.stat().st_size, time.monotonic() + LATE_S
        while self._ended.stat().st_size == before and time.monotonic() < give_up:
            await asyncio.sleep(0.05)
        return Reply(text)


@pytest.mark.long
@pytest.mark.timeout(1_200)  # a machine on which much else runs; what hangs is found sooner
@pytest.mark.parametrize(
    "three", [SUMMARIES, CREWS, DELEGATING], ids=["summaries", "crews", "delegating"]
)
def test_two_hundred_runs_leave_nothing_behind(
    server: ScriptedServer, three: str, tmp_path: Path
) -> None:
    """A third fail, a third are cancelled: threads, files and memory stay as they were."""
    ended = tmp_path / "ended"
    server.script = Answers(ended)
    code = (HEAD + three + TAIL).format(
        base_url=server.base_url, rounds=ROUNDS, warm_up=WARM_UP, ended=str(ended)
    )
    with running_kernel() as kernel:
        cell = kernel.run(code)
    assert cell.status == "ok", cell.traceback
    threads, files, memory, threads_after, files_after, memory_after = map(
        float, cell.text.split()[-6:]
    )
    assert threads_after <= threads + 2, cell.text
    assert files_after <= files + 5, cell.text
    assert memory_after <= memory * 1.1 + 20, cell.text
