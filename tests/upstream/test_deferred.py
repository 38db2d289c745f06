"""Classes that other packages leave incomplete until their first use."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from docsum_nb.testing import Reply, ScriptedServer
from docsum_nb.upstream import complete_classes
from tests.support.warm_python import warm_python


class Deferred(BaseModel):
    """A class that is completed at its first use."""

    model_config = ConfigDict(defer_build=True)
    text: str = ""


class Part(Deferred):
    """One derived from it: it is deferred as well."""


def are_complete() -> list[bool]:
    """Return whether each of the two is complete."""
    return [Deferred.__pydantic_complete__, Part.__pydantic_complete__]


def test_classes_of_a_module_are_completed() -> None:
    """Those of a module that is not imported are left for a later call."""
    complete_classes("not_imported_at_all", f"{__name__}_other")
    assert are_complete() == [False, False]
    complete_classes("not_imported_at_all", __name__)
    assert are_complete() == [True, True]


CREW = """
from crewai import LLM, Agent, Crew, Task
llm = LLM(model={model!r}, base_url={url!r}, api_key="k", is_litellm={litellm})
agent = Agent(role="writer", goal="g", backstory="b", llm=llm)
run = ds.kickoff(Crew(tasks=[Task(description="d", expected_output="e", agent=agent)]), show=False)
"""
SUMMARY = """
model = ds.Model("openai/x", base_url={url!r}, api_key="k")
run = ds.summarize({{"a": "One. Two."}}, model=model, ledger=False, show=False)
"""
REPORT = """
import json
import docsum_nb as ds
{made}
run.result(60)
from pydantic import BaseModel
kinds = [BaseModel]
for kind in kinds:
    kinds += kind.__subclasses__()
answers = ("openai.types.chat.", "litellm.types.utils")
print(json.dumps([
    str(kind) for kind in kinds
    if kind.__module__.startswith(answers) and not kind.__pydantic_complete__
]))
"""


@pytest.mark.long
@pytest.mark.parametrize(
    "made",
    [
        CREW.replace("{model!r}", "'openai/gpt-4o-mini'").replace("{litellm}", "False"),
        CREW.replace("{model!r}", "'openai/gpt-4o-mini'").replace("{litellm}", "True"),
        SUMMARY,
    ],
    ids=["crew", "crew through LiteLLM", "summary"],
)
def test_answers_find_their_classes_complete(made: str, tmp_path: Path) -> None:
    """None of them is left for the threads of the first run, used by its answers or not."""
    with ScriptedServer(lambda call: Reply("Fine.")) as server:
        script = REPORT.format(made=made.format(url=server.base_url))
        ended = subprocess.run(
            [*warm_python(), "-c", script],
            capture_output=True,
            timeout=300,
            check=True,
            cwd=tmp_path,
        )
    assert json.loads(ended.stdout.splitlines()[-1]) == []
