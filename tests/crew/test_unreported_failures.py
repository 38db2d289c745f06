"""What CrewAI swallows of memory, knowledge, plans, guardrails and hooks is reported by the run."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crewai import Crew
from crewai.agent.planning_config import PlanningConfig
from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.task_events import TaskStartedEvent
from crewai.hooks.dispatch import InterceptionPoint, register, unregister
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.knowledge.storage.knowledge_storage import KnowledgeStorage
from crewai.memory.unified_memory import Memory
from crewai.tools import tool
from crewai.utilities.converter import Converter, ConverterError
from openai import AuthenticationError, PermissionDeniedError
from pydantic import BaseModel

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, ScriptedLLM, llm_of
from tests.crew.swallowing import (
    DOORS,
    REFUSED,
    agent_of,
    asked_again,
    asking,
    broken,
    one_task,
    run_of,
    task_of,
    warned,
)

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")


# --- knowledge, memory, planning, guardrails ---------------------------------------------------


def no_embedder(texts: Any) -> Any:
    raise OSError("embedder gone")


def memory_of(llm: Any, path: Path, embedder: Any = no_embedder) -> Memory:
    return Memory(llm=llm, embedder=embedder, storage=str(path))


@pytest.mark.parametrize("door", DOORS)
def test_memory_that_cannot_be_read_or_saved_is_a_warning(
    server: ScriptedServer, tmp_path: Path, door: str
) -> None:
    """The crew goes on without it, and says so with the real error."""
    memory = memory_of(llm_of(server), tmp_path)
    run = run_of(one_task(llm_of(server), memory=memory), door)
    assert run.result().raw == "A summary."
    run.join(LONG_S)

    read = warned(run, "memory could not be read", "embedder gone", "OSError")
    assert read.tasks == ("t",)
    warned(run, "memory could not be saved", "embedder gone")


def test_a_refused_model_of_the_memory_is_the_first_error(
    server: ScriptedServer, tmp_path: Path
) -> None:
    """Memory asks a model too; a refusal of it is nothing that the next task could go on from."""
    server.script = lambda call: (
        Reply() if "You are reader" in call.prompt else Reply(REFUSED, status=403)
    )
    memory = memory_of(llm_of(server), tmp_path, lambda texts: [[0.1] * 8 for _ in texts])
    error = run_of(one_task(llm_of(server), memory=memory)).exception()

    assert type(error) is PermissionDeniedError


@pytest.mark.parametrize("owner", ["agent", "crew"])
def test_knowledge_that_cannot_be_searched_is_a_warning(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str
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


def test_a_planning_agent_that_is_refused_ends_the_task(server: ScriptedServer) -> None:
    """CrewAI swallows a failed plan of an agent, and would go on."""
    server.script = lambda call: (
        Reply(REFUSED, status=401) if "plan" in call.prompt.lower() else Reply()
    )
    crew = one_task(llm_of(server), {"planning_config": PlanningConfig()})

    assert type(run_of(crew).exception()) is AuthenticationError


def test_a_planning_agent_that_fails_is_a_warning(server: ScriptedServer) -> None:
    """A plan that cannot be made is reported, and the task is carried out without it."""
    server.script = lambda call: (
        Reply("no plan today", status=500) if "plan" in call.prompt.lower() else Reply()
    )
    run = run_of(one_task(llm_of(server), {"planning_config": PlanningConfig()}))
    run.exception()

    assert any("no plan today" in each for each in run.state.warnings), run.state.warnings


@pytest.mark.parametrize("status", [403, 500])
def test_a_guardrail_whose_model_fails_says_so(server: ScriptedServer, status: int) -> None:
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


def test_a_hook_of_the_users_that_raises_is_a_warning(server: ScriptedServer) -> None:
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


def test_listeners_of_the_users_that_raise_are_warnings(server: ScriptedServer) -> None:
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


def test_a_step_callback_that_raises_is_not_silent(server: ScriptedServer) -> None:
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
    server: ScriptedServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
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


def test_an_ordinary_crew_has_no_warnings(server: ScriptedServer, tmp_path: Path) -> None:
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
    server: ScriptedServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python prints a warning without a handler; this package's handler does not count as one."""
    run_of(one_task(llm_of(server))).result()
    monkeypatch.setattr(logging.getLogger("crewai"), "propagate", False)
    logging.getLogger("crewai.some.module").warning("index failed")

    assert capsys.readouterr().err.count("index failed") == 1
