"""What CrewAI swallows and goes on from is reported by the run; refusals end it."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Process, Task
from crewai.agent.planning_config import PlanningConfig
from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.task_events import TaskStartedEvent
from crewai.flow.flow import Flow, start
from crewai.hooks.dispatch import InterceptionPoint, register, unregister
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.knowledge.storage.knowledge_storage import KnowledgeStorage
from crewai.mcp import MCPServerStdio
from crewai.memory.unified_memory import Memory
from crewai.tools import BaseTool, tool
from crewai.tools.tool_failure import ToolFailure
from crewai.utilities.converter import Converter, ConverterError
from openai import AuthenticationError, PermissionDeniedError
from pydantic import BaseModel

import docsum_nb as ds
from docsum_nb.events import Event, Warned
from tests.crew.crew_samples import LONG_S, ScriptedLLM, llm_of
from tests.loopback import Call, Loopback, Reply

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")

DOORS = ["kickoff", "akickoff"]
REFUSED = "you may not use this model"


def agent_of(llm: Any, role: str = "reader", **options: Any) -> Agent:
    return Agent(role=role, goal="g", backstory="b", llm=llm, **options)


def task_of(agent: Agent | None, name: str = "t", **options: Any) -> Task:
    return Task(name=name, description="Say it.", expected_output="It.", agent=agent, **options)


def one_task(llm: Any, agent: dict[str, Any] | None = None, **options: Any) -> Crew:
    reader = agent_of(llm, **(agent or {}))
    return Crew(agents=[reader], tasks=[task_of(reader)], **options)


def run_of(work: Any, door: str = "kickoff", **options: Any) -> Any:
    """Start a crew by the door that takes a thread, or by CrewAI's own asynchronous one."""
    options = {"show": False, "deadline": LONG_S, **options}
    return ds.kickoff(work, **options) if door == "kickoff" else ds.start(work.akickoff, **options)


def warned(run: Any, *words: str) -> Any:
    """Return the one notice that holds all words."""
    found = [each for each in run.state.notices if all(word in each.message for word in words)]
    assert len(found) == 1, run.state.warnings
    return found[0]


def asked_again(call: Call) -> bool:
    return "tool" in [message["role"] for message in call.messages]


def asking(name: str, arguments: dict[str, Any]) -> Callable[[Call], Reply]:
    """Ask for a tool once, and then answer."""

    def script(call: Call) -> Reply:
        return Reply("Done.") if asked_again(call) else Reply(tool=(name, arguments))

    return script


# --- coworkers --------------------------------------------------------------------------------

TO_EXPERT = {"task": "do it", "context": "c", "coworker": "expert"}


def refusing_expert(status: int) -> Callable[[Call], Reply]:
    def script(call: Call) -> Reply:
        if "You are expert" in call.prompt:
            return Reply(REFUSED, status=status)
        return asking("delegate_work_to_coworker", TO_EXPERT)(call)

    return script


def delegating(server: Loopback) -> Crew:
    lead = agent_of(llm_of(server), "lead", allow_delegation=True)
    return Crew(agents=[lead, agent_of(llm_of(server), "expert")], tasks=[task_of(lead)])


def hierarchical(server: Loopback) -> Crew:
    expert = agent_of(llm_of(server), "expert")
    return Crew(
        agents=[expert],
        tasks=[task_of(None)],
        process=Process.hierarchical,
        manager_llm=llm_of(server),
    )


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("make", [delegating, hierarchical])
def test_a_refused_coworker_is_the_first_error(
    server: Loopback, make: Callable[[Loopback], Crew], door: str
) -> None:
    """A 403 of a coworker ends the crew with the provider's own type; no call follows it."""
    server.script = refusing_expert(403)
    error = run_of(make(server), door).exception()

    assert type(error) is PermissionDeniedError
    assert REFUSED in str(error)
    assert any("task 't'" in note for note in error.__notes__)
    assert len(server.calls) == 2


@pytest.mark.parametrize("door", DOORS)
def test_a_coworker_that_fails_is_a_warning(server: Loopback, door: str) -> None:
    """What may pass by itself does not end the crew; the warning names task and coworker."""
    server.script = refusing_expert(500)
    run = run_of(delegating(server), door)

    assert run.result().raw == "Done."
    notice = warned(run, "failed", REFUSED, "InternalServerError")
    assert (notice.tasks, notice.agents, notice.count) == (("t",), ("expert",), 1)


def test_on_task_error_takes_a_swallowed_refusal(server: Loopback) -> None:
    """What the user's code puts in a task's place stands; the crew is done."""
    server.script = refusing_expert(403)
    seen: list[type[BaseException]] = []

    def instead(task: Any, error: BaseException) -> str:
        seen.append(type(error))
        return "instead"

    run = run_of(delegating(server), on_task_error=instead)

    assert run.result().raw == "instead"
    assert seen == [PermissionDeniedError]


def test_a_coworker_who_does_not_exist_is_a_warning(server: Loopback) -> None:
    """CrewAI tells the model only."""
    server.script = asking("delegate_work_to_coworker", {**TO_EXPERT, "coworker": "nobody"})
    run = run_of(delegating(server))
    run.result()

    warned(run, "no coworker 'nobody'")


# --- the user's own code decides ------------------------------------------------------------------


@pytest.mark.parametrize("catches", [True, False])
def test_a_tool_decides_of_the_refusal_of_its_own_call(server: Loopback, *, catches: bool) -> None:
    """A tool that asks a model and catches the refusal goes on; one that does not ends the task."""

    @tool("ask")
    def ask() -> str:
        """Ask somebody."""
        try:
            return str(llm_of(server).call("who is it"))
        except Exception:
            if catches:
                return "nobody"
            raise

    def script(call: Call) -> Reply:
        return Reply(REFUSED, status=401) if "who is it" in call.prompt else asking("ask", {})(call)

    server.script = script
    run = run_of(one_task(llm_of(server), {"tools": [ask]}))
    error = run.exception()

    if catches:
        assert error is None
        warned(run, REFUSED)
    else:
        assert type(error) is AuthenticationError


def test_a_tool_decides_of_the_refusal_of_an_agent_it_asks(server: Loopback) -> None:
    """The same for an agent, whose work goes on in threads of CrewAI's."""
    other = agent_of(llm_of(server), "other")

    @tool("ask")
    def ask() -> str:
        """Ask somebody."""
        try:
            return str(other.kickoff("who is it"))
        except Exception:  # noqa: BLE001  # what this test is about
            return "nobody"

    def script(call: Call) -> Reply:
        return Reply(REFUSED, status=401) if "who is it" in call.prompt else asking("ask", {})(call)

    server.script = script
    run = run_of(one_task(llm_of(server), {"tools": [ask]}))

    assert run.exception() is None
    warned(run, REFUSED)


@pytest.mark.parametrize("catches", [True, False])
def test_a_tool_decides_of_the_refusal_of_a_crew_it_kicks_off(
    server: Loopback, *, catches: bool
) -> None:
    """What a tool lets out ends the task that used it, although CrewAI tells the model only."""
    inner = one_task(llm_of(server), {"role": "inner"})

    @tool("dig")
    def dig() -> str:
        """Dig."""
        try:
            return str(inner.kickoff())
        except Exception:
            if catches:
                return "nothing"
            raise

    def script(call: Call) -> Reply:
        inside = "You are inner" in call.prompt
        return Reply(REFUSED, status=403) if inside else asking("dig", {})(call)

    server.script = script
    error = run_of(one_task(llm_of(server), {"tools": [dig]})).exception()

    assert type(error) is (type(None) if catches else PermissionDeniedError)


def test_a_flow_decides_of_the_refusal_of_its_own_call(server: Loopback) -> None:
    """A step that catches the refusal of a model goes on."""

    class Careful(Flow[Any]):
        @start()
        def ask(self) -> str:
            try:
                return str(llm_of(server).call("who is it"))
            except Exception:  # noqa: BLE001  # what this test is about
                return "nobody"

    server.script = lambda call: Reply(REFUSED, status=403)
    run = run_of(Careful())

    assert run.result() == "nobody"
    warned(run, REFUSED)


# --- tools -----------------------------------------------------------------------------------


class _Strict(BaseModel):
    number: int


class Counter(BaseTool):
    """Takes a number."""

    name: str = "count"
    description: str = "Counts."
    args_schema: type[BaseModel] = _Strict

    def _run(self, number: int) -> str:
        return str(number)


@tool("broken")
def broken() -> str:
    """Break."""
    raise OSError("disk gone")


@tool("abroken")
async def abroken() -> str:
    """Break on a loop."""
    raise OSError("disk gone")


@tool("reports")
def reports() -> Any:
    """Report its own failure."""
    return ToolFailure(message="channel not found", code="E404")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("used", "arguments", "words"),
    [
        (broken, {}, "tool 'broken' failed: disk gone"),
        (abroken, {}, "tool 'abroken' failed: disk gone"),
        (reports, {}, "tool 'reports' failed: channel not found"),
        (Counter(), {"number": "many"}, "tool 'count' failed"),
    ],
    ids=["raises", "raises on a loop", "returns a failure", "wrong arguments"],
)
def test_a_tool_that_fails_is_a_warning(
    server: Loopback, used: Any, arguments: dict[str, Any], words: str, door: str
) -> None:
    """Its error, task and agent are reported, and the crew goes on."""
    server.script = asking(used.name, arguments)
    run = run_of(one_task(llm_of(server), {"tools": [used]}), door)
    run.result()

    notice = warned(run, words)
    assert (notice.tasks, notice.agents) == (("t",), ("reader",))


def test_one_failure_is_one_warning_with_a_count(server: Loopback) -> None:
    """The same failure in three tasks is counted, and its tasks are named."""
    server.script = asking("broken", {})
    reader = agent_of(llm_of(server), tools=[broken])
    crew = Crew(agents=[reader], tasks=[task_of(reader, f"t{number}") for number in range(3)])
    events: list[Event] = []
    run = run_of(crew, on_event=events.append)
    run.result()

    notice = warned(run, "disk gone")
    assert (notice.count, notice.tasks) == (3, ("t0", "t1", "t2"))
    assert run.state.warnings[0].endswith("(task 't0' and 2 more, agent 'reader', 3 times)")
    assert sum(isinstance(event, Warned) for event in events) == 3


SERVER = """
import os, sys
from mcp.server.fastmcp import FastMCP
server = FastMCP("box")
@server.tool()
def look() -> str:
    "Look it up."
    {what}
server.run()
"""


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("raise OSError('disk gone')", "disk gone"),
        ("os._exit(3)", "look"),
    ],
    ids=["raises", "dies"],
)
def test_a_tool_of_an_mcp_server_that_fails_is_a_warning(
    server: Loopback, tmp_path: Path, what: str, words: str
) -> None:
    """A server over standard input whose tool raises, and one that dies when it is asked."""
    script = tmp_path / "box.py"
    script.write_text(SERVER.format(what=what), encoding="utf-8")
    box = MCPServerStdio(command=sys.executable, args=[str(script)])

    def answer(call: Call) -> Reply:
        (look,) = [each["function"]["name"] for each in call.body["tools"]]
        return asking(look, {})(call)

    server.script = answer
    run = run_of(one_task(llm_of(server), {"mcps": [box]}), deadline=3 * LONG_S)
    run.result()

    assert any(words in each for each in run.state.warnings), run.state.warnings
    assert all(each.tasks == ("t",) for each in run.state.notices)


# --- knowledge, memory, planning, guardrails ---------------------------------------------------


def no_embedder(texts: Any) -> Any:
    raise OSError("embedder gone")


def memory_of(llm: Any, path: Path, embedder: Any = no_embedder) -> Memory:
    return Memory(llm=llm, embedder=embedder, storage=str(path))


@pytest.mark.parametrize("door", DOORS)
def test_memory_that_cannot_be_read_or_saved_is_a_warning(
    server: Loopback, tmp_path: Path, door: str
) -> None:
    """The crew goes on without it, and says so with the real error."""
    memory = memory_of(llm_of(server), tmp_path)
    run = run_of(one_task(llm_of(server), memory=memory), door)
    assert run.result().raw == "A summary."
    run.join(LONG_S)

    read = warned(run, "memory could not be read", "embedder gone", "OSError")
    assert read.tasks == ("t",)
    warned(run, "memory could not be saved", "embedder gone")


def test_a_refused_model_of_the_memory_is_the_first_error(server: Loopback, tmp_path: Path) -> None:
    """Memory asks a model too; a refusal of it is nothing that the next task could go on from."""
    server.script = lambda call: (
        Reply() if "You are reader" in call.prompt else Reply(REFUSED, status=403)
    )
    memory = memory_of(llm_of(server), tmp_path, lambda texts: [[0.1] * 8 for _ in texts])
    error = run_of(one_task(llm_of(server), memory=memory)).exception()

    assert type(error) is PermissionDeniedError


@pytest.mark.parametrize("owner", ["agent", "crew"])
def test_knowledge_that_cannot_be_searched_is_a_warning(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    """An embedder that fails once the knowledge is stored."""
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path))
    calls: list[int] = []

    class Client:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            def ask(**_: Any) -> Any:
                calls.append(1)
                if "search" in name:
                    raise OSError("embedder gone")

            return ask

    monkeypatch.setattr(KnowledgeStorage, "_get_client", lambda self: Client())
    known: dict[str, Any] = {
        "knowledge_sources": [StringKnowledgeSource(content="Whales are big.")]
    }
    crew = one_task(llm_of(server), known if owner == "agent" else {})
    if owner == "crew":
        crew = one_task(llm_of(server), **known)
    run = run_of(crew)
    run.result()

    assert calls
    assert warned(run, "embedder gone").tasks == ("t",)


def test_a_planning_agent_that_is_refused_ends_the_task(server: Loopback) -> None:
    """CrewAI swallows a failed plan of an agent, and would go on."""
    server.script = lambda call: (
        Reply(REFUSED, status=401) if "plan" in call.prompt.lower() else Reply()
    )
    crew = one_task(llm_of(server), {"planning_config": PlanningConfig()})

    assert type(run_of(crew).exception()) is AuthenticationError


def test_a_planning_agent_that_fails_is_a_warning(server: Loopback) -> None:
    """A plan that cannot be made is reported, and the task is carried out without it."""
    server.script = lambda call: (
        Reply("no plan today", status=500) if "plan" in call.prompt.lower() else Reply()
    )
    run = run_of(one_task(llm_of(server), {"planning_config": PlanningConfig()}))
    run.exception()

    assert any("no plan today" in each for each in run.state.warnings), run.state.warnings


@pytest.mark.parametrize("status", [403, 500])
def test_a_guardrail_whose_model_fails_says_so(server: Loopback, status: int) -> None:
    """CrewAI takes it for a verdict, and asks the agent again; a refusal ends the task at once."""

    def script(call: Call) -> Reply:
        guards = "Guardrail" in call.prompt
        return Reply(REFUSED, status=status) if guards else Reply()

    server.script = script
    reader = agent_of(llm_of(server))
    task = task_of(reader, guardrail="It is short.", guardrail_max_retries=1)
    run = run_of(Crew(agents=[reader], tasks=[task]))
    error = run.exception()

    if status == 403:
        assert type(error) is PermissionDeniedError
        assert len(server.calls) == 2
    else:
        assert any(REFUSED in each for each in run.state.warnings)


def test_an_answer_that_is_not_converted_is_a_warning() -> None:
    """If the converter of a task gives up, CrewAI goes on with the text."""

    class Answer(BaseModel):
        number: int

    class GivesUp(Converter):
        def to_pydantic(self, current_attempt: int = 1) -> Any:
            return ConverterError("no number in it")

    llm = ScriptedLLM(model="mine")
    llm.answer = lambda prompt: '{"text": "nothing like a number"}'
    reader = agent_of(llm)
    task = task_of(reader, output_pydantic=Answer, converter_cls=GivesUp)
    run = run_of(Crew(agents=[reader], tasks=[task]))

    assert "nothing like a number" in run.result().raw
    assert warned(run, "not converted to Answer").tasks == ("t",)


# --- hooks, listeners, callbacks, the log ----------------------------------------------------


def test_a_hook_of_the_users_that_raises_is_a_warning(server: Loopback) -> None:
    """CrewAI goes on without it."""

    def hook(context: Any) -> None:
        raise OSError("hook broke")

    register(InterceptionPoint.PRE_MODEL_CALL, hook)
    try:
        run = run_of(one_task(llm_of(server)))
        run.result()
    finally:
        unregister(InterceptionPoint.PRE_MODEL_CALL, hook)

    warned(run, "hook", "hook broke")


def test_listeners_of_the_users_that_raise_are_warnings(server: Loopback) -> None:
    """CrewAI prints it, and goes on."""
    heard = threading.Event()

    def listener(source: Any, event: Any) -> None:
        raise OSError("listener broke")

    async def alistener(source: Any, event: Any) -> None:
        heard.set()
        raise OSError("other broke")

    with crewai_event_bus.scoped_handlers():
        crewai_event_bus.register_handler(TaskStartedEvent, listener)
        crewai_event_bus.register_handler(TaskStartedEvent, alistener)

        def script(call: Call) -> Reply:
            heard.wait(LONG_S)
            crewai_event_bus.flush(LONG_S)
            return Reply()

        server.script = script
        run = run_of(one_task(llm_of(server)))
        run.result()

    warned(run, "listener", "listener broke")
    warned(run, "listener", "other broke")


def test_a_step_callback_that_raises_is_not_silent(server: Loopback) -> None:
    """A plain one ends the task with its own error; of an asynchronous one there is a warning."""

    def callback(step: Any) -> None:
        raise OSError("callback broke")

    async def acallback(step: Any) -> None:
        raise OSError("callback broke")

    server.script = asking("broken", {})
    own = {"tools": [broken], "step_callback": callback}
    error = run_of(one_task(llm_of(server), own)).exception()
    run = run_of(one_task(llm_of(server), {**own, "step_callback": acallback}))
    other = run.exception()

    for each, warnings in ((error, ()), (other, run.state.warnings)):
        assert "callback broke" in f"{each} {warnings}"


def test_what_is_kept_off_the_console_is_reported(
    server: Loopback, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line of CrewAI's log about a failure is a warning; others are in this package's log."""
    logger = logging.getLogger("crewai.some.module")

    @tool("logs")
    def logs() -> str:
        """Log, as a module of CrewAI's."""
        import crewai

        record = logger.makeRecord(
            logger.name, logging.WARNING, crewai.__file__, 1, "index failed: %s", ("gone",), None
        )
        logger.handle(record)
        record = logger.makeRecord(
            logger.name, logging.WARNING, crewai.__file__, 1, "a remark", (), None
        )
        logger.handle(record)
        return "ok"

    server.script = asking("logs", {})
    with caplog.at_level(logging.DEBUG, "docsum_nb"):
        run = run_of(one_task(llm_of(server), {"tools": [logs]}))
        run.result()

    assert warned(run, "index failed: gone").tasks == ("t",)
    assert any("a remark" in record.getMessage() for record in caplog.records)


def test_an_ordinary_crew_has_no_warnings(server: Loopback, tmp_path: Path) -> None:
    """Tools, delegation, a guardrail and a structured output that work are no failures."""

    class Answer(BaseModel):
        text: str

    @tool("look")
    def look() -> str:
        """Look it up."""
        return "It was there."

    def script(call: Call) -> Reply:
        if "You are expert" in call.prompt or asked_again(call):
            return Reply(json.dumps({"text": "Fine."}))
        return Reply(tool=("look", {}))

    server.script = script
    lead = agent_of(llm_of(server), "lead", allow_delegation=True, tools=[look])
    task = task_of(lead, output_pydantic=Answer, guardrail=lambda output: (True, output.raw))
    crew = Crew(agents=[lead, agent_of(llm_of(server), "expert")], tasks=[task])
    run = run_of(crew)
    run.result()

    assert run.state.warnings == ()


def test_without_a_guard_crewai_logs_as_ever(
    server: Loopback, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python prints a warning that nobody has a handler for; this package's handler is none."""
    run_of(one_task(llm_of(server))).result()
    monkeypatch.setattr(logging.getLogger("crewai"), "propagate", False)
    logging.getLogger("crewai.some.module").warning("index failed")

    assert capsys.readouterr().err.count("index failed") == 1
