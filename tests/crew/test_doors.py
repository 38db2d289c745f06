"""Every public method of CrewAI's that starts work: bounded and stoppable under a guard, or named.

The methods are found by inspection, so one that a release adds is noticed: it is neither among the
doors nor among those that start nothing. What the documentation says of each is compared.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from crewai import LLM, Agent, Crew, Task
from crewai.flow.flow import Flow, start
from crewai.lite_agent import LiteAgent
from crewai.tasks.task_output import TaskOutput
from crewai.types.streaming import StreamingOutputBase

import docsum_nb as ds
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, llm_of
from tests.support.warm_python import warm_python

GUIDE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "guarding.md"
KINDS = (Crew, Flow, Agent, Task, LLM, LiteAgent)
TIMES = 4
"""How often a door is gone through: one call of a model each time at least."""
MOST_CALLS = 2
ANSWER = '{"quality": 9}'


class OneStep(Flow[Any]):
    """A flow with one step that asks a model."""

    llm: Any = None

    @start()
    def ask(self) -> str:
        return str(self.llm.call("How many?"))


def crew_of(llm: Any) -> Any:
    agent = Agent(role="counter", goal="Count.", backstory="b", llm=llm)
    task = Task(name="count", description="Count {n}.", expected_output="A number.", agent=agent)
    return Crew(agents=[agent], tasks=[task])


def agent_of(llm: Any) -> Any:
    return Agent(role="counter", goal="Count.", backstory="b", llm=llm)


def task_of(llm: Any) -> Any:
    return Task(description="Count.", expected_output="A number.", agent=agent_of(llm))


def flow_of(llm: Any) -> Any:
    flow = OneStep()
    flow.llm = llm
    return flow


def lite_of(llm: Any) -> Any:
    return LiteAgent(role="counter", goal="Count.", backstory="b", llm=llm)


def read(stream: Any) -> Any:
    for _ in stream:
        pass
    return stream.result


def stored_task(crew: Any) -> str:
    """Store what a kickoff would have, so that its only task can be replayed."""
    task = crew.tasks[0]
    output = TaskOutput(description="d", raw="r", agent="counter")
    crew._store_execution_log(task, output, 0)
    return str(task.id)


def trained(crew: Any) -> None:
    crew.train(1, "trained.pkl", {"n": 1})


@dataclass(frozen=True)
class Door:
    """A method that starts work, and how to go through it."""

    made: Callable[[Any], Any]
    """Makes the object, of a model."""
    through: Callable[[Any], Any]
    """Goes through once; may return a coroutine."""
    times: int = TIMES
    at_once: int = 1
    """Calls that are made beside one another."""


N = {"n": 1}
DOORS: dict[str, Door] = {
    "Crew.kickoff": Door(crew_of, lambda crew: crew.kickoff(N)),
    "Crew.kickoff_async": Door(crew_of, lambda crew: crew.kickoff_async(N)),
    "Crew.akickoff": Door(crew_of, lambda crew: crew.akickoff(N)),
    "Crew.kickoff_for_each": Door(crew_of, lambda crew: crew.kickoff_for_each([N] * TIMES), 1),
    "Crew.kickoff_for_each_async": Door(
        crew_of, lambda crew: crew.kickoff_for_each_async([N] * TIMES), 1, TIMES
    ),
    "Crew.akickoff_for_each": Door(
        crew_of, lambda crew: crew.akickoff_for_each([N] * TIMES), 1, TIMES
    ),
    "Crew.replay": Door(crew_of, lambda crew: crew.replay(stored_task(crew), N)),
    "Crew.test": Door(crew_of, lambda crew: crew.test(TIMES, crew.agents[0].llm, N), 1),
    "Crew.train": Door(crew_of, trained),
    "Flow.kickoff": Door(flow_of, lambda flow: flow.kickoff()),
    "Flow.kickoff_async": Door(flow_of, lambda flow: flow.kickoff_async()),
    "Flow.akickoff": Door(flow_of, lambda flow: flow.akickoff()),
    "Flow.stream_events": Door(flow_of, lambda flow: read(flow.stream_events())),
    "Flow.astream": Door(flow_of, lambda flow: aread(flow.astream())),
    "Flow.classify_intent": Door(
        flow_of, lambda flow: flow.classify_intent("Count.", ["A", "B"], llm=flow.llm)
    ),
    "Agent.kickoff": Door(agent_of, lambda agent: agent.kickoff("Count.")),
    "Agent.kickoff_async": Door(agent_of, lambda agent: agent.kickoff_async("Count.")),
    "Agent.akickoff": Door(agent_of, lambda agent: agent.akickoff("Count.")),
    "Agent.message": Door(agent_of, lambda agent: agent.message("Count.")),
    "Agent.execute_task": Door(agent_of, lambda agent: agent.execute_task(bare_task())),
    "Agent.aexecute_task": Door(agent_of, lambda agent: agent.aexecute_task(bare_task())),
    "Task.execute_sync": Door(task_of, lambda task: task.execute_sync()),
    "Task.execute_async": Door(task_of, lambda task: task.execute_async().result()),
    "Task.aexecute_sync": Door(task_of, lambda task: task.aexecute_sync()),
    "LLM.call": Door(lambda llm: llm, lambda llm: llm.call("Count.")),
    "LLM.acall": Door(lambda llm: llm, lambda llm: llm.acall("Count.")),
    "LLM.stream_events": Door(lambda llm: llm, lambda llm: read(llm.stream_events("Count."))),
    "LiteAgent.kickoff": Door(lite_of, lambda agent: agent.kickoff("Count.")),
    "LiteAgent.kickoff_async": Door(lite_of, lambda agent: agent.kickoff_async("Count.")),
    "LiteAgent.akickoff": Door(lite_of, lambda agent: agent.akickoff("Count.")),
}


def bare_task() -> Any:
    return Task(description="Count.", expected_output="A number.")


async def aread(stream: Any) -> Any:
    async for _ in stream:
        pass
    return stream.result


BY_OTHERS = {
    "Flow.resume": "goes on with a flow's steps",
    "Flow.resume_async": "goes on with a flow's steps",
    "Flow.chat": "talks, by kicking the flow off for each turn",
    "Flow.handle_turn": "kicks the flow off",
    "Flow.stream_turn": "kicks the flow off",
    "Flow.converse_turn": "calls a model",
    "Flow.answer_from_history_turn": "calls a model",
    "Flow.can_answer_from_history": "calls a model",
    "Flow.route_turn": "calls a model",
    "Flow.extract_memories": "calls the memory's model",
    "Flow.remember": "calls the memory's model, and its embedder",
}
"""Those that do their work by a door above, which guards it."""
UNGUARDED = {
    "Crew.query_knowledge": "embeds",
    "Crew.aquery_knowledge": "embeds",
    "Flow.recall": "embeds",
}
"""Those whose calls no guard sees."""
NO_WORK = {
    "Crew": """calculate_usage_metrics check_config check_config_type check_manager_llm copy
        create_crew_knowledge create_crew_memory fetch_inputs fork from_checkpoint model_post_init
        reset_knowledge reset_memories set_private_attrs
        validate_async_task_cannot_include_sequential_async_tasks_in_context
        validate_async_tasks_not_async validate_context_no_future_tasks
        validate_end_with_at_most_one_async_task validate_first_task
        validate_must_have_non_conditional_task validate_tasks""",
    "Flow": """append_agent_result append_assistant_message append_message ask
        build_agent_context build_router_context conversation_start end_conversation
        finalize_session_traces flow_definition fork from_checkpoint from_declaration from_pending
        model_post_init plot receive_user_message reload route_conversation""",
    "Agent": """copy create_agent_executor fork from_checkpoint get_code_execution_tools
        get_delegation_tools get_mcp_tools get_multimodal_tools get_output_converter
        get_platform_tools interpolate_inputs model_post_init post_init_setup process_model_config
        reset_tool_failures resolve_memory set_cache_handler set_fingerprint set_knowledge
        set_private_attrs set_rpm_controller set_skills validate_and_set_attributes validate_apps
        validate_from_repository validate_mcps validate_tools""",
    "Task": """check_output check_tools copy ensure_guardrail_is_callable
        ensure_guardrails_is_list_of_callables handle_max_retries_deprecation
        increment_delegations increment_tools_errors interpolate_inputs_and_add_conversation_history
        model_post_init output_file_validation process_model_config prompt
        set_attributes_based_on_config validate_guardrail_function validate_required_fields""",
    "LLM": """format_text_content get_context_window_size get_file_uploader
        get_input_tokens_count get_token_usage_summary is_context_window_overflowing_threshold
        is_tool_result_overflowing_threshold model_post_init set_callbacks set_env_callbacks
        summarize_messages supports_function_calling supports_multimodal supports_stop_words
        to_config_dict""",
    "LiteAgent": """ensure_guardrail_is_callable model_post_init parse_tools resolve_memory
        setup_a2a_support setup_llm validate_guardrail_function""",
}
"""Those that start no work: they make, copy, check, set or print."""


def public_methods(kind: type) -> set[str]:
    """List the public methods that CrewAI defines for a class, by ``Class.method``."""
    return {
        f"{kind.__name__}.{name}"
        for owner in kind.__mro__
        if owner.__module__.startswith("crewai")
        for name, value in vars(owner).items()
        if not name.startswith("_")
        if callable(value) or isinstance(value, classmethod | staticmethod)
        if not isinstance(value, type)
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_public_method_is_known(kind: type) -> None:
    """A method that a release of CrewAI's adds is noticed: it may start work unguarded."""
    idle = {f"{kind.__name__}.{name}" for name in NO_WORK[kind.__name__].split()}
    known = idle | DOORS.keys() | BY_OTHERS.keys() | UNGUARDED.keys()
    assert public_methods(kind) - known == set(), "does it start work? then go through it here"
    # What an older or newer release does not have is no door there.
    assert len(public_methods(kind)) > 3


def test_the_guide_has_the_same_table() -> None:
    """The documentation names every door, and says how it is guarded."""
    part = GUIDE.read_text().partition("## Which methods")[2].partition("## What is patched")[0]
    rows = [line.split("|")[1:3] for line in part.splitlines() if line.startswith("| `")]
    told = {
        name.strip(" `"): how.strip()
        for names, how in (row for row in rows if len(row) == 2)
        for name in names.split(",")
        if "." in name
    }
    for doors, how in ((DOORS, "yes"), (BY_OTHERS, "by the methods"), (UNGUARDED, "no")):
        for door in doors:
            assert told.get(door, "missing").startswith(how), door
    assert {name for name in told if name.split(".")[0] in NO_WORK} == (
        DOORS.keys() | BY_OTHERS.keys() | UNGUARDED.keys()
    )


def test_the_guide_names_all_that_is_patched() -> None:
    """What a guard has replaced in CrewAI, in a process of its own, is what the guide says."""
    done = subprocess.run(
        [*warm_python(), "-m", "tests.support.patched"],
        capture_output=True,
        text=True,
        timeout=250,
        check=True,
        cwd=GUIDE.parent.parent.parent,
    )
    patched = json.loads(done.stdout.splitlines()[-1])
    part = GUIDE.read_text().partition("## What is patched")[2].partition("## When CrewAI")[0]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([^`]+)`", " ".join(rows))) == patched


# --- through each door ----------------------------------------------------------------------------

pytestmark = pytest.mark.filterwarnings("ignore:LiteAgent is deprecated:FutureWarning")


@pytest.fixture(autouse=True)
def at_the_keyboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Training asks a person, and writes files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", lambda *_: "Good.")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    # What evaluates a crew's test wants JSON; to the others it is a text like any other.
    with ScriptedServer(lambda call: Reply(ANSWER)) as loopback:
        yield loopback


def work_of(door: Door, llm: Any, ended: threading.Event) -> Callable[[], Any]:
    """Return a function that goes through a door several times."""
    subject = door.made(llm)
    if inspect.iscoroutinefunction(_target(door, subject)):

        async def awork() -> None:
            try:
                for _ in range(door.times):
                    await door.through(subject)
            finally:
                ended.set()

        return awork

    def work() -> None:
        try:
            for _ in range(door.times):
                result = door.through(subject)
                if isinstance(result, StreamingOutputBase):
                    read(result)
        finally:
            ended.set()

    return work


def _target(door: Door, subject: Any) -> Any:
    name = next(name for name, each in DOORS.items() if each is door).partition(".")[2]
    return aread if name == "astream" else inspect.unwrap(getattr(type(subject), name))


@pytest.mark.parametrize("name", DOORS)
def test_max_calls_holds_through_every_door(server: ScriptedServer, name: str) -> None:
    """No request is sent beyond the bound, and the run ends with its error."""
    ended = threading.Event()
    work = work_of(DOORS[name], llm_of(server), ended)
    run = ds.start(work, max_calls=MOST_CALLS, deadline=LONG_S, show=False)
    with pytest.raises(ds.errors.BudgetExceeded):
        run.result()
    assert ended.wait(LONG_S)
    assert len(server.calls) == MOST_CALLS
    assert run.state.calls == MOST_CALLS


@pytest.mark.parametrize("name", DOORS)
def test_nothing_follows_a_cancel_through_any_door(server: ScriptedServer, name: str) -> None:
    """What is in flight may land; no request is sent after it."""
    asked, cancelled, ended = threading.Event(), threading.Event(), threading.Event()

    async def script(call: Call) -> Reply:
        if call.number + 1 == DOORS[name].at_once:
            asked.set()
        await asyncio.to_thread(cancelled.wait, LONG_S)
        return Reply(ANSWER)

    server.script = script
    run = ds.start(work_of(DOORS[name], llm_of(server), ended), show=False)
    assert asked.wait(LONG_S)
    run.cancel()
    with pytest.raises(ds.errors.RunCancelled):
        run.result()
    before = len(server.calls)
    cancelled.set()
    assert ended.wait(LONG_S)
    assert len(server.calls) == before
