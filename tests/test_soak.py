"""Many runs in one kernel: nothing grows, and no run is affected by another."""

from __future__ import annotations

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.delegating import delegates, tool_result
from tests.support.kernels import running_kernel

ROUNDS = 66
"""Of three runs each."""
WARM_UP = 25
"""Before memory is looked at: pools, caches and the allocator's arenas fill in the first ones."""

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
    assert bad.exception().status_code == 403
    hung.cancel()
    assert type(hung.exception()).__name__ == "RunCancelled"
    return good, bad, hung
"""

CREWS = """
from crewai import LLM, Agent, Crew, Task
llm = LLM(model="openai/gpt-4o-mini", base_url={base_url!r}, api_key="k", max_retries=0)

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
    assert bad.exception().status_code == 403
    hung.cancel()
    assert type(hung.exception()).__name__ == "RunCancelled"
    return good, bad, hung
"""

DELEGATING = """
from crewai import LLM, Agent, Crew, Process, Task
llm = LLM(model="openai/gpt-4o-mini", base_url={base_url!r}, api_key="k", max_retries=0)

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
    assert bad.exception().status_code == 403
    hung.cancel()
    assert type(hung.exception()).__name__ == "RunCancelled"
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
        while len(runs) > 30:
            assert runs.pop(0).join(30)
        print(number, flush=True)  # a kernel that says nothing is taken for one that hangs
    for run in runs:
        assert run.join(30)
    give_up = time.monotonic() + 30
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


def script(call: Call) -> Reply:
    """Answer, refuse or hang, by the document's name; the boss of a crew delegates first."""
    if "You are boss." in call.prompt and "Combine." not in call.prompt:
        said = tool_result(call)
        if said is None:
            return delegates("See to the text" + call.prompt.partition("the text")[2][:15])
        return Reply("no", status=403) if "which is bad" in call.prompt else Reply(said)
    if "You are expert." in call.prompt:
        return Reply("the expert's", delay=3.0 if "which is hung" in call.prompt else 0.0)
    if "which is bad" in call.prompt or 'name="bad' in call.prompt:
        return Reply("no", status=403)
    if "Text which is hung" in call.prompt:
        return Reply(delay=3.0)  # of a crew: its thread waits for the answer
    # Longer than a run settles: what lands in time would leave its connection in the pool.
    return Reply(delay=6.0) if 'name="hung' in call.prompt else Reply("fine")


@pytest.mark.parametrize(
    "three", [SUMMARIES, CREWS, DELEGATING], ids=["summaries", "crews", "delegating"]
)
def test_two_hundred_runs_leave_nothing_behind(server: ScriptedServer, three: str) -> None:
    """A third fail, a third are cancelled: threads, files and memory stay as they were."""
    server.script = script
    code = HEAD + three + TAIL
    with running_kernel() as kernel:
        cell = kernel.run(code.format(base_url=server.base_url, rounds=ROUNDS, warm_up=WARM_UP))
    assert cell.status == "ok", cell.traceback
    threads, files, memory, threads_after, files_after, memory_after = map(
        float, cell.text.split()[-6:]
    )
    assert threads_after <= threads + 2, cell.text
    assert files_after <= files + 5, cell.text
    assert memory_after <= memory * 1.1 + 20, cell.text
