"""A crew under load on a scripted model: what is found, and that nothing is paid or touched."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from crewai import Crew, Process
from pydantic import BaseModel

import docsum_nb as ds
from docsum_nb.errors import InputError
from docsum_nb.findings import Diagnosis
from docsum_nb.testing import ScriptedServer
from tests.crew.crew_samples import field_crew, llm_of, snapshot
from tests.doctor.doctor_samples import Stateless, agent, crew, task

MANY = 8


def probed(work: Any, runs: int = MANY, **options: Any) -> Diagnosis:
    """Probe a crew."""
    return ds.doctor(work, probe=runs, **options)


def level(diagnosis: Diagnosis, check: str) -> str:
    """Return the level of the one finding of a kind."""
    (finding,) = diagnosis.about(check)
    return finding.level


@pytest.mark.long
def test_shared_agent_fails_bare_and_not_under_the_guard(server: ScriptedServer) -> None:
    """The crew from the field crashes bare, alone and at once; guarded, nothing differs.

    No request reaches the server of its model, and the crew is as it was.
    """
    sick = field_crew(llm_of(server))
    before = snapshot(sick)
    diagnosis = probed(sick)
    (alone,), (bare,) = diagnosis.about("probe-alone"), diagnosis.about("probe-bare")
    assert (alone.level, bare.level) == ("warning", "warning")
    assert "Executor is already running" in alone.seen
    assert f"{MANY} of {MANY} failed" in bare.seen
    assert level(diagnosis, "probe-guarded") == "ok"
    assert server.calls == []
    assert snapshot(sick) == before


def test_healthy_crew_of_stock_agents_is_the_same_under_the_guard(server: ScriptedServer) -> None:
    """Alone it completes; one object kicked off by many at once mixes; guarded it does not."""
    model = llm_of(server)
    parts = [
        task(f"Write part {i} on {{topic}}.", agent=agent(f"w{i}", llm=model), async_execution=True)
        for i in range(3)
    ]
    combine = task("Combine on {topic}.", agent=agent("editor", llm=model), context=parts)
    diagnosis = probed(crew(*parts, combine), inputs={"topic": "whales"})
    assert level(diagnosis, "probe-alone") == "ok"
    assert level(diagnosis, "probe-bare") == "warning"
    assert level(diagnosis, "probe-guarded") == "ok"
    assert diagnosis.about("probe-unstable") == ()
    assert server.calls == []


def test_crew_that_shares_nothing_differs_in_nothing() -> None:
    """Where agents hold no state and texts take no inputs, many bare runs are like one."""
    free = Stateless(role="r", goal="g", backstory="b")
    sound = crew(*[task(f"Part {i}.", agent=free) for i in range(3)])
    diagnosis = probed(sound)
    for check in ("probe-alone", "probe-bare", "probe-guarded"):
        assert level(diagnosis, check) == "ok", str(diagnosis)


def test_inputs_of_another_run_are_seen() -> None:
    """Bare, one run's text reaches another's task, and that is reported."""
    free = Stateless(role="r", goal="g", backstory="b")
    gate = threading.Barrier(MANY, timeout=30)
    alone = threading.Event()

    def together(given: Any) -> Any:
        # Only runs beside one another wait for one another; all descriptions are filled in then.
        if alone.is_set():
            gate.wait()
        return given

    class Waiting(Stateless):
        def execute_task(self, task: Any, context: Any = None, tools: Any = None) -> str:
            together(None)
            return super().execute_task(task, context, tools)

    def count(result: Any) -> Any:
        runs.append(result)
        if len(runs) == 3:  # all that run alone
            alone.set()
        return result

    runs: list[Any] = []
    waiting = Waiting(role="r", goal="g", backstory="b")
    sick = crew(task("On {topic}.", agent=waiting), task("More on {topic}.", agent=free))
    sick.after_kickoff_callbacks.append(count)
    diagnosis = probed(sick, inputs={"topic": "whales"})
    (bare,) = diagnosis.about("probe-bare")
    assert "another run's inputs or answers appeared in" in bare.seen
    assert "task 1, 'On whales.'" in bare.seen
    assert level(diagnosis, "probe-guarded") == "ok"


class OneAtATime:
    """A callback with a state that only one run at a time may use; it fails beside another."""

    def __init__(self) -> None:
        self.busy = threading.Lock()
        self.calls = itertools.count(-3)  # three runs are alone; then come twice as many as MANY
        self.met: defaultdict[int, threading.Event] = defaultdict(threading.Event)

    def __call__(self, output: Any) -> None:
        """Fail where another run is inside; wait there for one, if one is to come."""
        call = next(self.calls)
        met = self.met[call // MANY]
        if not self.busy.acquire(blocking=False):
            met.set()
            raise LookupError("the callback's state is in use")
        try:
            if call >= 0:
                met.wait(120)
        finally:
            self.busy.release()


def test_stateful_callback_that_breaks_under_load_is_found() -> None:
    """A callback that fails only beside another run is a problem, with its place."""
    sick = crew(task("Write.", agent=Stateless(role="r", goal="g", backstory="b")))
    sick.tasks[0].callback = OneAtATime()
    diagnosis = probed(sick)
    assert level(diagnosis, "probe-alone") == "ok"
    (bare,), (guarded,) = diagnosis.about("probe-bare"), diagnosis.about("probe-guarded")
    assert (bare.level, guarded.level) == ("warning", "problem")
    assert "LookupError: the callback's state is in use" in guarded.seen
    assert "OneAtATime.__call__() in test_probe.py" in guarded.seen
    assert not diagnosis.ok


def test_what_changes_anyway_is_not_held_against_the_load() -> None:
    """A guardrail that counts differs from run to run, and is reported as such."""
    counted: list[int] = []

    def number(output: Any) -> Any:
        counted.append(1)
        return True, f"{output.raw} {len(counted)}"

    # CrewAI reads the annotation, which is a text here.
    number.__annotations__.clear()
    free = Stateless(role="r", goal="g", backstory="b")
    sick = crew(task("Write.", agent=free, guardrail=number))
    diagnosis = probed(sick)
    assert level(diagnosis, "probe-unstable") == "note"
    assert level(diagnosis, "probe-guarded") == "ok"


@pytest.mark.long
def test_crew_that_hangs_is_a_finding() -> None:
    """A callback that never returns costs the deadline, and is a problem with its place."""
    release = threading.Event()
    sick = crew(task("Write."))
    sick.tasks[0].callback = Hanging(release)
    try:
        diagnosis = probed(sick, runs=2, deadline=2.0)
    finally:
        release.set()
    (alone,) = diagnosis.about("probe-alone")
    assert alone.level == "problem"
    assert "DeadlineExceeded" in alone.seen
    assert "'Write.'" in alone.seen


class Hanging:
    def __init__(self, release: threading.Event) -> None:
        self.release = release

    def __call__(self, output: Any) -> None:
        """Wait for the test to end."""
        self.release.wait(60)


def test_inputs_that_may_not_be_marked_are_left_as_they_are(tmp_path: Path) -> None:
    """An input that the crew's own code reads, such as a path, still works."""
    document = tmp_path / "document.txt"
    document.write_text("whales")
    reading = crew(task("On {path}."))
    reading.before_kickoff_callbacks.append(read)
    diagnosis = probed(reading, inputs={"path": str(document)})
    assert level(diagnosis, "probe-alone") == "ok"
    assert level(diagnosis, "probe-guarded") == "ok"
    failing = probed(reading, runs=2, inputs={"path": "nowhere"})
    assert level(failing, "probe-alone") == "problem"


def read(inputs: Any) -> Any:
    """Read the file that an input names."""
    return {"path": Path(inputs["path"]).read_text()}


class Shape(BaseModel):
    """What a task is to answer with."""

    name: str
    tags: list[str]
    number: int


def test_structure_planning_guardrail_and_manager_are_scripted(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would ask the user's models beside the agents asks the scripted one, and no file."""
    monkeypatch.chdir(tmp_path)
    model = llm_of(server)
    one = agent(llm=model)
    work = crew(
        task("On {topic}.", agent=one, output_pydantic=Shape, output_file="out.txt"),
        task("Again.", agent=one, guardrail="must be kind"),
        planning=True,
        planning_llm=model,
        memory=True,
        max_rpm=1,
        output_log_file="log.txt",
    )
    diagnosis = probed(work, runs=2)
    assert level(diagnosis, "probe-alone") == "ok", str(diagnosis)
    assert level(diagnosis, "probe-guarded") == "ok", str(diagnosis)
    managed = Crew(
        agents=[agent("worker", llm=model)],
        tasks=[task("On {topic}.", agent=None)],
        process=Process.hierarchical,
        manager_llm=model,
    )
    assert level(probed(managed, runs=2), "probe-guarded") == "ok"
    assert server.calls == []
    assert list(tmp_path.glob("*.txt")) == []


def test_record_of_the_last_kickoff_is_left_alone() -> None:
    """What CrewAI keeps for a replay is still that of the user's own kickoff."""
    own = crew(task("On {topic}.", agent=Stateless(role="r", goal="g", backstory="b")))
    own.kickoff({"topic": "whales"})
    record = own._task_output_handler.load()
    assert len(record) == 1
    probed(own, runs=2)
    assert own._task_output_handler.load() == record


@pytest.mark.parametrize("probe", [1, 0, -1, 65, True, 2.5, "8"])
def test_number_of_runs_that_cannot_be_used(probe: Any) -> None:
    """A probe takes 2 to 64 runs."""
    with pytest.raises(InputError, match="2 to 64"):
        ds.doctor(crew(task()), probe=probe)
    with pytest.raises(InputError, match="deadline"):
        ds.doctor(crew(task()), probe=2, deadline=0)
