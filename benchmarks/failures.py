"""How a crew fails, bare CrewAI beside docsum_nb: what the caller gets, when, after how many calls.

The crew: six asynchronous tasks, then one that combines them. Each case runs in a fresh process
against a scripted server on loopback; what has not ended after 20 s counts as a hang.

Usage: python benchmarks/failures.py [CASE ...]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from docsum_nb.testing import Call, Reply, ScriptedServer, tool_call, tool_result  # noqa: E402

HANG_S = 20.0
PARTS = 6


def part(call: Call) -> int | None:
    """Return the index of the part that a call is about; None for combining."""
    found = re.search(r"Summarize part (\d+)", call.prompt)
    return int(found.group(1)) if found and "Combine." not in call.prompt else None


def refused_beside_slow(call: Call) -> Reply:
    """Refuse part 4; take 8 s for part 0."""
    if part(call) == 4:
        return Reply("no", status=403)
    return Reply(delay=8.0 if part(call) == 0 else 0.1)


def refused_beside_silent(call: Call) -> Reply:
    """Refuse part 4; never answer part 0."""
    if part(call) == 4:
        return Reply("no", status=403)
    return Reply(hang=part(call) == 0, delay=0.1)


def delegating(call: Call) -> Reply:
    """Run a crew whose lead delegates once, and answers with what its coworker said."""
    if "You are expert." in call.prompt:
        return Reply("The expert's answer.", delay=0.5)
    if "Combine." in call.prompt:
        return Reply("Combined.")
    if (said := tool_result(call)) is not None:
        return Reply(said)
    which = re.search(r"part \d+", call.prompt)
    work = f"Do {which.group()}." if which else "Do it."
    return tool_call("delegate_work_to_coworker", task=work, context="c", coworker="expert")


# --- what is run, in a process of its own ---------------------------------------------------------


def crew(base_url: str, *, shared: bool = False, parts: int = PARTS, **agent: Any) -> Any:
    """Make the crew; agents are shared between the tasks, or not."""
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model="openai/gpt-4o-mini", base_url=base_url, api_key="k")
    agents = [
        Agent(role=f"writer {i}", goal="g", backstory="b", llm=llm, **agent)
        for i in range(1 if shared else parts + 1)
    ]
    tasks = [
        Task(
            description=f"Summarize part {i} of {{topic}}.",
            expected_output="A paragraph.",
            agent=agents[0 if shared else i],
            async_execution=True,
        )
        for i in range(parts)
    ]
    combine = Task(
        description="Combine.", expected_output="A page.", agent=agents[-1], context=tasks
    )
    return Crew(agents=agents, tasks=[*tasks, combine])


INPUTS = {"topic": "whales"}


def plain(side: str, made: Any) -> Any:
    """Kick a crew off in a script."""
    import docsum_nb as ds

    if side == "bare":
        return made.kickoff(inputs=INPUTS).raw
    return ds.kickoff(made, INPUTS, show=False).result().raw


def in_loop(side: str, made: Any) -> Any:
    """Kick a crew off while a loop is running, as in a notebook cell."""

    async def cell() -> Any:
        return plain(side, made)

    return asyncio.run(cell())


def exits(side: str, url: str) -> Any:
    """Run a crew of which a task raises SystemExit."""
    from crewai import BaseLLM

    class Exiting(BaseLLM):
        def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
            if "part 4" in str(messages):
                raise SystemExit(1)
            return "fine"

        def supports_function_calling(self) -> bool:
            return False

    made = crew(url)
    for agent in made.agents:
        agent.llm = Exiting(model="exiting")
    return plain(side, made)


def flow_error(side: str, url: str) -> Any:
    """Run a flow that raises a RuntimeError of its own, while a loop is running."""
    from crewai.flow.flow import Flow, start

    class Failing(Flow[Any]):
        @start()
        def only(self) -> None:
            raise RuntimeError("the flow's own error")

    async def cell() -> Any:
        import docsum_nb as ds

        flow = Failing(suppress_flow_events=True)
        if side == "bare":
            return flow.kickoff()
        return ds.kickoff(flow, show=False).result()

    return asyncio.run(cell())


def handled(side: str, url: str) -> Any:
    """Run a flow of which a step handles the error of its crew and continues."""
    from crewai.flow.flow import Flow, start

    import docsum_nb as ds

    class WithBackup(Flow[Any]):
        @start()
        def only(self) -> str:
            try:
                return str(crew(url).kickoff(inputs=INPUTS).raw)
            except Exception as error:  # noqa: BLE001  # as users write it
                return f"backup after {type(error).__name__}"

    flow = WithBackup(suppress_flow_events=True)
    return flow.kickoff() if side == "bare" else ds.kickoff(flow, show=False).result()


def limited(side: str, url: str) -> Any:
    """Run a slow task with a deadline of 2 s."""
    import docsum_nb as ds

    if side == "bare":
        return crew(url, parts=1, max_execution_time=2).kickoff(inputs=INPUTS).raw
    return ds.run_with_deadline(crew(url, parts=1), 2, inputs=INPUTS, show=False).raw


def twice(side: str, url: str) -> Any:
    """Kick the same crew off twice at once, with different inputs."""
    import docsum_nb as ds

    made = crew(url)

    async def cell() -> Any:
        topics = [{"topic": "whales"}, {"topic": "seals"}]
        if side == "bare":
            await asyncio.gather(*(made.kickoff_async(inputs=each) for each in topics))
        else:
            await asyncio.gather(*(_await(ds.kickoff(made, each, show=False)) for each in topics))
        return "both completed"

    return asyncio.run(cell())


def same_roles(side: str, url: str) -> Any:
    """Run a crew whose agents have one role for each of two inputs."""
    import docsum_nb as ds

    made = crew(url)
    for agent in made.agents:
        agent.role = "writer"
    topics = [{"topic": "whales"}, {"topic": "seals"}]
    each = made.kickoff_for_each
    results = each(topics) if side == "bare" else ds.start(each, topics, show=False).result()
    return f"{len(results)} results"


def cancelled(side: str, url: str) -> Any:
    """Stop after half a second, with six calls of a second in flight; then count later calls."""
    import docsum_nb as ds

    made = crew(url)

    async def cell() -> Any:
        if side == "bare":
            await asyncio.wait_for(made.kickoff_async(inputs=INPUTS), 0.5)
        else:
            await asyncio.wait_for(_await(ds.kickoff(made, INPUTS, show=False)), 0.5)

    try:
        asyncio.run(cell())
    except TimeoutError:
        time.sleep(3.0)
    return "stopped"


def usage_reported(side: str, url: str) -> Any:
    """Return how many requests CrewAI's own usage reports."""
    import docsum_nb as ds

    made = crew(url)
    result = (
        made.kickoff(inputs=INPUTS)
        if side == "bare"
        else ds.kickoff(made, INPUTS, show=False).result()
    )
    return f"{result.token_usage.successful_requests} requests reported"


def next_input(side: str, url: str) -> Any:
    """Stop a task that asks a person after 8 s; then check which code gets the next input."""
    import docsum_nb as ds

    made = crew(url, parts=1)
    made.tasks[0].async_execution, made.tasks[0].human_input = False, True
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    sys.stdin = open(0, encoding="utf-8")  # noqa: SIM115  # for the rest of the process
    if side == "bare":
        threading.Thread(target=made.kickoff, kwargs={"inputs": INPUTS}, daemon=True).start()
        time.sleep(8.0)
    else:
        ds.kickoff(made, INPUTS, deadline=8.0, show=False).exception()
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(input()), daemon=True)
    reader.start()
    os.write(writing, b"mine\n")
    reader.join(5.0)
    return f"the next input() got {got[0]!r}" if got else "the next input() got NOTHING"


def delegated(side: str, url: str) -> Any:
    """Run a crew whose lead delegates four concurrent tasks to one expert."""
    import docsum_nb as ds

    made = crew(url, parts=4, allow_delegation=True)
    expert = made.agents[-1]
    expert.role, expert.allow_delegation = "expert", False
    made.tasks[-1].agent = made.agents[0]
    result = (
        made.kickoff(inputs=INPUTS)
        if side == "bare"
        else ds.kickoff(made, INPUTS, show=False).result()
    )
    failed = sum("Error executing" in output.raw for output in result.tasks_output)
    return f"{failed} of 4 answers are errors"


def resumed(side: str, url: str) -> Any:
    """Run a crew whose third task is refused, then go on from CrewAI's checkpoint."""
    import tempfile

    from crewai.state.checkpoint_config import CheckpointConfig

    import docsum_nb as ds

    os.environ["OPENAI_API_KEY"] = "k"
    folder = Path(tempfile.mkdtemp())
    made = crew(url, shared=True, parts=2, max_retry_limit=0)
    for task in made.tasks:
        task.async_execution = False
    on_events: Any = ["crew_kickoff_failed"]
    made.checkpoint = CheckpointConfig(location=str(folder), on_events=on_events)
    with contextlib.suppress(Exception):
        plain(side, made)
    while not (files := list(folder.rglob("*.json"))):
        time.sleep(0.1)
    time.sleep(0.5)
    config = CheckpointConfig(restore_from=files[0], location=str(folder / "more"))
    if side == "bare":
        return made.kickoff(from_checkpoint=config).raw
    return ds.kickoff(made, from_checkpoint=config, show=False).result().raw


def refused_coworker(side: str, url: str) -> Any:
    """Run a crew whose lead delegates to a coworker that the provider refuses."""
    from crewai import LLM, Agent, Crew, Task

    llm = LLM(model="openai/gpt-4o-mini", base_url=url, api_key="k")
    lead = Agent(role="lead", goal="g", backstory="b", llm=llm, allow_delegation=True)
    expert = Agent(role="expert", goal="g", backstory="b", llm=llm)
    task = Task(description="Say it.", expected_output="It.", agent=lead)
    return _swallowed(side, Crew(agents=[lead, expert], tasks=[task]))


def forgetful(side: str, url: str) -> Any:
    """Run a crew whose memory has an embedder that fails."""
    import tempfile

    from crewai.memory.unified_memory import Memory

    def embed(texts: Any) -> Any:
        raise OSError("embedder gone")

    made = crew(url, parts=1)
    llm = made.agents[0].llm
    made._memory = made.memory = Memory(llm=llm, embedder=embed, storage=tempfile.mkdtemp())
    return _swallowed(side, made)


def _swallowed(side: str, made: Any) -> Any:
    """Kick a crew off; return its warnings about failures that CrewAI swallowed."""
    import docsum_nb as ds

    if side == "bare":
        made.kickoff(inputs=INPUTS)
        return "done, no error"
    run = ds.kickoff(made, INPUTS, show=False)
    run.result()
    return "; ".join(run.state.warnings) or "no warnings"


def refused_expert(call: Call) -> Reply:
    """Delegate to the expert, and refuse its calls."""
    if "You are expert" in call.prompt:
        return Reply("no", status=403)
    if "tool" in [message["role"] for message in call.messages]:
        return Reply()
    arguments = {"task": "do it", "context": "c", "coworker": "expert"}
    return Reply(tool=("delegate_work_to_coworker", arguments))


async def _await(run: Any) -> Any:
    return await run


@dataclass(frozen=True)
class Case:
    """One way to fail."""

    title: str
    run: Callable[[str, str], Any]
    script: Callable[[Call], Reply] = lambda call: Reply(delay=0.1)


CASES = {
    "shared": Case(
        "one agent for all tasks", lambda side, url: plain(side, crew(url, shared=True))
    ),
    "loop": Case("kicked off while a loop runs", lambda side, url: in_loop(side, crew(url))),
    "slow": Case(
        "403 on a task while another takes 8 s",
        lambda side, url: plain(side, crew(url)),
        refused_beside_slow,
    ),
    "silent": Case(
        "403 on a task while another is never answered",
        lambda side, url: plain(side, crew(url)),
        refused_beside_silent,
    ),
    "handled": Case(
        "a flow's step handles the 403 of its crew, while another task takes 8 s",
        handled,
        refused_beside_slow,
    ),
    "handled-silent": Case(
        "a flow's step handles the 403 of its crew, while another task is never answered",
        handled,
        refused_beside_silent,
    ),
    "exit": Case("SystemExit in a task", exits),
    "flow": Case("RuntimeError in a flow, while a loop runs", flow_error),
    "limit": Case("2 s allowed, the model takes 8 s", limited, lambda call: Reply(delay=8.0)),
    "twice": Case("the same crew twice at once", twice),
    "roles": Case("agents of one role, kickoff_for_each", same_roles),
    "cancel": Case(
        "stopped while six calls are in flight: calls made in all",
        cancelled,
        lambda call: Reply(delay=1.0),
    ),
    "human": Case("human_input given up after 8 s, then input()", next_input),
    "delegate": Case("four concurrent tasks delegate to one agent", delegated, delegating),
    "resume": Case(
        "third of three tasks refused, then restored from the checkpoint: calls in all",
        resumed,
        lambda call: Reply("no", status=403) if call.number == 2 else Reply(),
    ),
    "tokens": Case("requests reported for seven that were made", usage_reported),
    "key": Case(
        "401: requests for one task",
        lambda side, url: plain(side, crew(url, parts=1)),
        lambda call: Reply("no", status=401),
    ),
    "coworker": Case(
        "403 on a coworker that a task delegates to", refused_coworker, refused_expert
    ),
    "memory": Case("memory whose embedder fails", forgetful),
    "rate": Case(
        "429: requests for one task",
        lambda side, url: plain(side, crew(url, parts=1)),
        lambda call: Reply("no", status=429),
    ),
}


def one(case: str, side: str, url: str) -> None:
    """Run a case in this process, and print in one line how it ended."""
    from docsum_nb import environment

    environment.prepare()
    import crewai  # noqa: F401

    if case == "resume":
        import lancedb  # noqa: F401  # CrewAI imports it to restore

    print("ready", flush=True)
    began = time.perf_counter()
    try:
        ended = f"completes: {CASES[case].run(side, url)}"
    except BaseException as error:  # noqa: BLE001  # how it fails is what is measured
        ended = f"{type(error).__name__}: {error}"
    print("\n" + json.dumps([ended, time.perf_counter() - began]), flush=True)
    os._exit(0)


def outcome(case: str, side: str) -> tuple[str, str, int]:
    """Run a case in a fresh process; return how it ended, after how long, with how many calls."""
    with ScriptedServer(CASES[case].script) as server:
        command = [sys.executable, __file__, "--one", case, side, server.base_url]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            # The imports take their time before the case begins.
            process.stdout.readline()
            try:
                printed, _ = process.communicate(timeout=HANG_S)
            except subprocess.TimeoutExpired:
                process.kill()
                return "HANGS", f"> {HANG_S:.0f} s", len(server.calls)
        # A thread that is left to itself may print behind it.
        outcomes = [line for line in printed.splitlines() if line.startswith('["')]
        ended, seconds = json.loads(outcomes[-1])
        return " ".join(ended.split())[:70], f"{seconds:.1f} s", len(server.calls)


def main() -> None:
    """Print the table as Markdown."""
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:5])
        return
    print("| case | bare CrewAI | docsum_nb |\n|---|---|---|")
    for name in sys.argv[1:] or CASES:
        cells = [
            f"{ended.replace('|', '/')} ({seconds}, {calls} calls)"
            for ended, seconds, calls in (outcome(name, side) for side in ("bare", "ours"))
        ]
        print(f"| {CASES[name].title} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
