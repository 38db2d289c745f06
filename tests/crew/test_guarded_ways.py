"""Crews that do less common things: nested, hierarchical, trained, with tools by native calls."""

from __future__ import annotations

import json
import logging
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task
from crewai.flow.flow import Flow, start
from crewai.tools import tool

import docsum_nb as ds
from docsum_nb.errors import BudgetExceeded
from tests.crew.crew_samples import LONG_S, ScriptedLLM, field_crew, kickoff, llm_of
from tests.forms.processes import finished
from tests.loopback import Call, Loopback, Reply

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")


def agent_of(llm: Any, **options: Any) -> Agent:
    return Agent(role="reader", goal="g", backstory="b", llm=llm, **options)


def one_task(agent: Agent, **options: Any) -> Crew:
    task = Task(description="Say it.", expected_output="It.", agent=agent, **options)
    return Crew(agents=[agent], tasks=[task])


def asking_for_tool(name: str) -> Reply:
    """Ask for a tool by a native call."""
    call = {"id": "1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 10, "total_tokens": 1_010},
    }
    return Reply(raw=json.dumps(body))


def test_answers_that_ask_for_a_tool_are_counted_like_others(server: Loopback) -> None:
    """What a native tool call took is in the crew's usage, and in the cost."""

    @tool("look")
    def look() -> str:
        """Look it up."""
        return "It was there."

    def script(call: Call) -> Reply:
        return asking_for_tool("look") if len(server.calls) == 1 else Reply("Done.")

    server.script = script
    run = ds.kickoff(
        one_task(agent_of(llm_of(server, max_tokens=100), tools=[look])),
        show=False,
        deadline=LONG_S,
        max_cost=1.0,
    )
    used = run.result().token_usage
    last = len(server.calls[-1].prompt.split())
    assert len(server.calls) == 2
    assert used.successful_requests == 2
    assert used.prompt_tokens == 1_000 + last
    assert run.state.usage.prompt_tokens == 1_000 + last
    assert run.state.cost_usd == pytest.approx((0.15 * (1_000 + last) + 0.6 * 11) / 1e6)


def test_call_that_failed_without_a_word_is_not_waited_for() -> None:
    """A model of the user's own that raises ends at the bound, not in an endless wait."""

    def raises(prompt: str) -> str:
        raise ValueError("the model broke")

    agent = agent_of(ScriptedLLM(model="own", answer=raises), max_retry_limit=3)
    run = ds.kickoff(one_task(agent), show=False, deadline=LONG_S, max_calls=1)
    assert isinstance(run.exception(), BudgetExceeded)


def test_crew_kicked_off_by_a_concurrent_task_has_places_of_its_own(server: Loopback) -> None:
    """A task that holds the only place waits for tasks that need one, too."""
    inner = field_crew(llm_of(server), parts=2)

    def kick_off(output: Any) -> None:
        inner.kickoff(inputs={"topic": "whales"})

    agent = agent_of(llm_of(server))
    first = Task(
        description="Begin.",
        expected_output="It.",
        agent=agent,
        async_execution=True,
        callback=kick_off,
    )
    last = Task(description="End.", expected_output="It.", agent=agent, context=[first])
    run = ds.kickoff(
        Crew(agents=[agent], tasks=[first, last]),
        show=False,
        deadline=LONG_S,
        max_concurrency=1,
    )
    assert run.result().raw == "A summary."
    assert len(server.calls) == 6


def test_manager_carries_out_tasks_beside_one_another(server: Loopback) -> None:
    """Bare CrewAI shares the manager's executor between them; here each has a manager."""
    crew = field_crew(
        llm_of(server), parts=4, process=Process.hierarchical, manager_llm=llm_of(server)
    )
    run = kickoff(crew)
    assert run.result().raw == "A summary."
    assert len(server.calls) == 6


def test_crew_is_trained_as_without_a_guard(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it learns is noted under the agents that are trained, so they stay who they are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda *prompt: "Shorter.")
    learnt = {"suggestions": ["Shorter."], "quality": 9.0, "final_summary": "Shorter."}
    server.script = lambda call: (
        Reply(json.dumps(learnt)) if "suggestions" in call.prompt else Reply("A summary.")
    )
    crew = one_task(agent_of(llm_of(server)))
    ds.start(lambda: crew.train(1, "trained.pkl"), show=False, deadline=LONG_S).result()
    found = pickle.loads((tmp_path / "trained.pkl").read_bytes())
    assert "reader" in found


def test_partial_of_a_kickoff_is_guarded_the_first_time_too(
    server: Loopback, tmp_path: Path
) -> None:
    """The guard is put in place after the method was taken from the crew."""
    script = f"""
    from functools import partial
    from tests.crew.crew_samples import field_crew, llm_of
    from types import SimpleNamespace
    import docsum_nb as ds
    crew = field_crew(llm_of(SimpleNamespace(base_url={server.base_url!r})), parts=3)
    work = partial(crew.kickoff, inputs={{"topic": "whales"}})
    print(ds.start(work, show=False, deadline=60).result().raw)
    """
    done = finished(script)
    assert (done.stdout, done.returncode) == ("A summary.\n", 0), done.stderr


def test_log_of_a_project_named_after_crewai_is_the_users(
    server: Loopback, caplog: pytest.LogCaptureFixture
) -> None:
    """Only lines of CrewAI's own code are kept out of the cell that shows the error."""
    lines = "import logging\ndef tell(output):\n    logging.getLogger().warning('mine')\n"
    scope: dict[str, Any] = {}
    exec(compile(lines, "/home/me/crewai-demo/tools.py", "exec"), scope)
    agent = agent_of(llm_of(server))
    with caplog.at_level(logging.WARNING):
        ds.kickoff(one_task(agent, callback=scope["tell"]), show=False, deadline=LONG_S).result()
    assert [record.message for record in caplog.records if record.message == "mine"] == ["mine"]


def test_concurrent_tasks_of_one_agent_do_not_see_each_others_tool_calls() -> None:
    """Each has its own last call, so none is taken for a repetition of another's."""
    handlers: dict[str, int] = {}

    class Seeing(ScriptedLLM):
        def call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
            handlers[kwargs["from_task"].description] = id(kwargs["from_agent"].tools_handler)
            return "fine"

    shared = agent_of(Seeing(model="seeing"))
    crew = Crew(
        agents=[shared],
        tasks=[
            Task(description=f"{i}", expected_output="e", agent=shared, async_execution=i < 2)
            for i in range(3)
        ],
    )
    ds.kickoff(crew, show=False, deadline=LONG_S).result()
    assert len({*handlers.values(), id(shared.tools_handler)}) == 4


class TwoSteps(Flow[Any]):
    """A flow one step of which fails while another one blocks."""

    blocked: Any = None
    go_on: Any = None

    @start()
    def fails(self) -> None:
        self.blocked.wait(LONG_S)
        raise ValueError("the first error")

    @start()
    def blocks(self) -> None:
        self.blocked.set()
        self.go_on.wait(LONG_S)


def test_step_that_fails_is_seen_while_another_one_blocks() -> None:
    """CrewAI itself waits for the thread of the other step before it raises."""
    flow = TwoSteps()
    flow.blocked, flow.go_on = threading.Event(), threading.Event()
    try:
        error = ds.kickoff(flow, show=False, deadline=LONG_S / 2).exception()
        assert repr(error) == "ValueError('the first error')"
    finally:
        flow.go_on.set()


@pytest.mark.parametrize("verbose", [True, False])
def test_crew_prints_where_it_is_verbose(
    server: Loopback, capsys: pytest.CaptureFixture[str], *, verbose: bool
) -> None:
    """CrewAI's own account of the work is there for whoever asks for it, and for nobody else."""
    agent = agent_of(llm_of(server), verbose=verbose)
    ds.kickoff(one_task(agent), show=False, deadline=LONG_S).result()
    assert ("reader" in capsys.readouterr().out) is verbose
