"""What is installed in CrewAI once for the process."""

from __future__ import annotations

import pytest

from tests.forms.processes import finished

FIRST_RUNS = """
from crewai import Agent, Task
import docsum_nb as ds
from tests.crew.crew_samples import ScriptedLLM, field_crew, kickoff

def depth(function):
    return 1 + depth(function.__wrapped__) if hasattr(function, "__wrapped__") else 0

def depths():
    return [depth(f) for f in (Task._execute_core, Agent.execute_task)]

before = depths()
crews = [field_crew(ScriptedLLM(model="s", answer=lambda p: "fine"), parts=2) for _ in range(8)]
runs = [kickoff(crew) for crew in crews]
assert [run.result().raw for run in runs] == ["fine"] * len(runs)
print([after - first for first, after in zip(before, depths(), strict=True)])
"""


@pytest.mark.long
def test_first_runs_of_a_process_that_begin_at_once_install_it_once() -> None:
    """Each function of CrewAI's is wrapped once, and none of the runs fails."""
    done = finished(FIRST_RUNS)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[1, 1]\n"
