"""What CrewAI swallows of coworkers and tools is reported by the run; refusals end it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from crewai import Crew, Process
from crewai.flow.flow import Flow, start
from crewai.mcp import MCPServerStdio
from crewai.tools import BaseTool, tool
from crewai.tools.tool_failure import ToolFailure
from openai import AuthenticationError, PermissionDeniedError
from pydantic import BaseModel

from docsum_nb.events import Event, Warned
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.crew import mcp_box
from tests.crew.crew_samples import LONG_S, llm_of
from tests.crew.swallowing import (
    DOORS,
    REFUSED,
    agent_of,
    asking,
    broken,
    one_task,
    run_of,
    task_of,
    warned,
)

pytestmark = pytest.mark.filterwarnings("ignore:function callbacks cannot be:UserWarning")


# --- coworkers --------------------------------------------------------------------------------

TO_EXPERT = {"task": "do it", "context": "c", "coworker": "expert"}


def refusing_expert(status: int) -> Callable[[Call], Reply]:
    def script(call: Call) -> Reply:
        if "You are expert" in call.prompt:
            return Reply(REFUSED, status=status)
        return asking("delegate_work_to_coworker", TO_EXPERT)(call)

    return script


def delegating(server: ScriptedServer) -> Crew:
    lead = agent_of(llm_of(server), "lead", allow_delegation=True)
    return Crew(agents=[lead, agent_of(llm_of(server), "expert")], tasks=[task_of(lead)])


def hierarchical(server: ScriptedServer) -> Crew:
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
    server: ScriptedServer, make: Callable[[ScriptedServer], Crew], door: str
) -> None:
    """A 403 of a coworker ends the crew with the provider's own type; no call follows it."""
    server.script = refusing_expert(403)
    error = run_of(make(server), door).exception()

    assert type(error) is PermissionDeniedError
    assert REFUSED in str(error)
    assert any("task 't'" in note for note in error.__notes__)
    assert len(server.calls) == 2


@pytest.mark.parametrize("door", DOORS)
def test_a_coworker_that_fails_is_a_warning(server: ScriptedServer, door: str) -> None:
    """What may pass by itself does not end the crew; the warning names task and coworker."""
    server.script = refusing_expert(500)
    run = run_of(delegating(server), door)

    assert run.result().raw == "Done."
    notice = warned(run, "failed", REFUSED, "InternalServerError")
    assert (notice.tasks, notice.agents, notice.count) == (("t",), ("expert",), 1)


def test_on_task_error_takes_a_swallowed_refusal(server: ScriptedServer) -> None:
    """What the user's code puts in a task's place stands; the crew is done."""
    server.script = refusing_expert(403)
    seen: list[type[BaseException]] = []

    def instead(task: Any, error: BaseException) -> str:
        seen.append(type(error))
        return "instead"

    run = run_of(delegating(server), on_task_error=instead)

    assert run.result().raw == "instead"
    assert seen == [PermissionDeniedError]


def test_a_coworker_who_does_not_exist_is_a_warning(server: ScriptedServer) -> None:
    """CrewAI reports it to the model only."""
    server.script = asking("delegate_work_to_coworker", {**TO_EXPERT, "coworker": "nobody"})
    run = run_of(delegating(server))
    run.result()

    warned(run, "no coworker 'nobody'")


# --- the user's own code decides ------------------------------------------------------------------


@pytest.mark.parametrize("catches", [True, False])
def test_a_tool_decides_of_the_refusal_of_its_own_call(
    server: ScriptedServer, *, catches: bool
) -> None:
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


def test_a_tool_decides_of_the_refusal_of_an_agent_it_asks(server: ScriptedServer) -> None:
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
    server: ScriptedServer, *, catches: bool
) -> None:
    """An error of a tool ends the task that used it; CrewAI reports it to the model only."""
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


def test_a_flow_decides_of_the_refusal_of_its_own_call(server: ScriptedServer) -> None:
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
    """A tool that accepts a number."""

    name: str = "count"
    description: str = "Counts."
    args_schema: type[BaseModel] = _Strict

    def _run(self, number: int) -> str:
        return str(number)


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
    server: ScriptedServer, used: Any, arguments: dict[str, Any], words: str, door: str
) -> None:
    """Its error, task and agent are reported, and the crew goes on."""
    server.script = asking(used.name, arguments)
    run = run_of(one_task(llm_of(server), {"tools": [used]}), door)
    run.result()

    notice = warned(run, words)
    assert (notice.tasks, notice.agents) == (("t",), ("reader",))


def test_one_failure_is_one_warning_with_a_count(server: ScriptedServer) -> None:
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


@pytest.mark.parametrize(("what", "words"), [("raises", "disk gone"), ("dies", "look")])
def test_a_tool_of_an_mcp_server_that_fails_is_a_warning(
    server: ScriptedServer, what: str, words: str
) -> None:
    """A server over standard input whose tool raises, and one that dies when it is asked."""
    box = MCPServerStdio(command=sys.executable, args=[str(mcp_box.PATH), what])

    def answer(call: Call) -> Reply:
        (look,) = [each["function"]["name"] for each in call.body["tools"]]
        return asking(look, {})(call)

    server.script = answer
    run = run_of(one_task(llm_of(server), {"mcps": [box]}), deadline=3 * LONG_S)
    run.result()

    assert any(words in each for each in run.state.warnings), run.state.warnings
    assert all(each.tasks == ("t",) for each in run.state.notices)
