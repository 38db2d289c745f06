"""What people give to kickoff first: @CrewBase classes and objects, methods, agents, tasks."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.flow.flow import Flow, start
from crewai.project import CrewBase, after_kickoff, agent, before_kickoff, crew, task

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.testing import Reply, ScriptedServer
from tests.crew.crew_samples import LONG_S, llm_of


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(
        lambda call: Reply("of whales" if "whales" in call.prompt else "of nothing")
    ) as it:
        yield it


@pytest.fixture
def made(server: ScriptedServer, tmp_path: Path) -> Any:
    """Return a class as CrewAI's template makes it, with YAML, placeholders and hooks."""
    agents, tasks = tmp_path / "agents.yaml", tmp_path / "tasks.yaml"
    agents.write_text("writer:\n  role: writer on {topic}\n  goal: g\n  backstory: b\n")
    tasks.write_text(
        "write:\n  description: Write on {topic}\n  expected_output: x\n  agent: writer\n"
    )

    @CrewBase
    class Template:
        agents_config = str(agents)
        tasks_config = str(tasks)

        @before_kickoff
        def prepare(self, inputs: Any) -> Any:
            return {**inputs, "topic": inputs["topic"].lower()}

        @after_kickoff
        def finish(self, output: Any) -> Any:
            output.raw += ", finished"
            return output

        @agent
        def writer(self) -> Any:
            return Agent(config=self.agents_config["writer"], llm=llm_of(server))  # type: ignore[index]

        @task
        def write(self) -> Any:
            return Task(config=self.tasks_config["write"])  # type: ignore[index]

        @crew
        def crew(self) -> Any:
            return Crew(agents=self.agents, tasks=self.tasks)  # type: ignore[attr-defined]

    return Template


FORMS: dict[str, Callable[[Any], Any]] = {
    "class": lambda made: made,
    "object": lambda made: made(),
    "method": lambda made: made().crew,
    "crew": lambda made: made().crew(),
}
DOORS: dict[str, Callable[..., Any]] = {
    "kickoff": lambda work: ds.kickoff(work, {"topic": "WHALES"}, show=False).result(LONG_S),
    "deadline": lambda work: ds.run_with_deadline(
        work, LONG_S, inputs={"topic": "WHALES"}, show=False
    ),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("form", FORMS)
def test_crew_base_is_kicked_off(made: Any, form: str, door: str) -> None:
    """A class, an object and its method crew do the same as the crew; with all hooks."""
    assert DOORS[door](FORMS[form](made)).raw == "of whales, finished"


@pytest.mark.parametrize("form", FORMS)
def test_start_and_the_doctor_take_the_same(made: Any, form: str) -> None:
    assert ds.start(FORMS[form](made), show=False, deadline=LONG_S).exception()  # no topic is given
    assert ds.doctor(FORMS[form](made), inputs={"topic": "x"}).findings


class Topics(Flow[Any]):
    @start()
    def only(self) -> str:
        return "flowed"


def test_class_of_a_flow_is_made_and_kicked_off() -> None:
    assert ds.kickoff(Topics, show=False, deadline=LONG_S).result() == "flowed"


def test_error_of_the_users_own_code_that_makes_the_crew_is_the_runs(made: Any) -> None:
    """It is raised where one waits, not at the call."""

    class Broken(made):
        def crew(self) -> Any:
            raise KeyError("no such file")

    run = ds.kickoff(Broken(), {"topic": "x"}, show=False, deadline=LONG_S)
    assert isinstance(run.exception(), KeyError)


def test_what_cannot_be_kicked_off_says_what_to_write(server: ScriptedServer) -> None:
    """And what it says to write works."""
    llm = llm_of(server)
    writer = Agent(role="r", goal="g", backstory="b", llm=llm)
    job = Task(description="d", expected_output="x", agent=writer)
    for work, cure in (
        (writer, r"start\(agent\.kickoff, 'your question'\)"),
        (job, r"Crew\(agents=\[\.\.\.\], tasks=\[task\]\)"),
        (llm, r"start\(llm\.call, 'your question'\)"),
        (Crew, r"not its class"),
        (print, r"use start"),
        (llm_of, r"if it returns one, call it: kickoff\(llm_of\(\)\)"),
        (object(), r"make one: Crew\(agents="),
        ([job], r"make one: Crew\(agents="),
        (None, r"make one: Crew\(agents="),
    ):
        with pytest.raises(InputError, match=cure):
            ds.kickoff(work, show=False)
    with pytest.raises(InputError, match=r"agent\.kickoff"):
        ds.start(writer, show=False)
    options: dict[str, Any] = {"show": False, "deadline": LONG_S}
    assert ds.start(writer.kickoff, "On whales?", **options).result().raw == "of whales"
    assert ds.start(llm.call, "On whales?", **options).result() == "of whales"


def test_an_option_that_cannot_be_called_is_refused_at_once(server: ScriptedServer) -> None:
    """Not when a task has failed."""
    writer = Agent(role="r", goal="g", backstory="b", llm=llm_of(server))
    job = Task(description="d", expected_output="x", agent=writer)
    crew: Any = Crew(agents=[writer], tasks=[job])
    given: dict[str, Any] = {"on_task_error": "not available"}
    with pytest.raises(InputError, match="on_task_error is called with each failed task"):
        ds.kickoff(crew, show=False, **given)


GREEN = {
    "gevent": "from gevent import monkey\nmonkey.patch_all()",
    "eventlet": "import eventlet\neventlet.monkey_patch()",
}
STAND_IN = {
    "gevent": "import sys, types\nmonkey = sys.modules['gevent.monkey'] = types.ModuleType('m')\n"
    "monkey.is_module_patched = lambda name: name == 'threading'",
    "eventlet": "import sys, types\npatcher = sys.modules['eventlet.patcher'] = "
    "types.ModuleType('p')\npatcher.is_monkey_patched = lambda name: name == 'thread'",
}


@pytest.mark.parametrize("library", GREEN)
def test_green_threads_are_refused_in_one_line_and_the_process_ends(library: str) -> None:
    """With the library itself if it is installed, else with what it answers."""
    patch = GREEN if importlib.util.find_spec(library) else STAND_IN
    script = (
        f"{patch[library]}\n"
        "import docsum_nb as ds\n"
        "for go in (lambda: ds.summarize({'a': 'A text. It is short.'}, ledger=False),\n"
        "           lambda: ds.start(lambda: 1)):\n"
        "    try:\n"
        "        go()\n"
        "    except ds.errors.InputError as error:\n"
        "        print(error)\n"
        "print([each.level for each in ds.doctor().about('green-threads')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr, len(lines)) == (0, "", 3)
    assert all(f"{library} has replaced threads" in line for line in lines[:2])
    assert lines[2] == "['problem']"
