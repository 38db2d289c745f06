"""CrewAI moves a name: the run is refused, or a warning names the promise that does not hold.

Each name of the table is renamed in a process forked for it (``tests/support/renamed.py``),
wherever that can be done in such a way that CrewAI itself goes on with the new name.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docsum_nb.crew.crewai_names import TABLE
from docsum_nb.crew.crewai_names.table import (
    GUARD,
    MAX_CALLS,
    MAX_COST,
    NOT_OF_A_GUARD,
    STOP,
    SUMMARIZE,
)
from docsum_nb.models.litellm_names import ASK
from docsum_nb.models.litellm_names import TABLE as LITELLM
from docsum_nb.testing import ScriptedServer
from docsum_nb.upstream import Name, Promise
from tests.support.renamed import Renamer, running_renamer

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def renamer() -> Iterator[Renamer]:
    """The process that is forked for each name."""
    with running_renamer() as warm:
        yield warm


def title(name: Name) -> str:
    return f"{name.kind} {name.path}"


def affected(name: Name) -> set[Promise]:
    """Return what is lost with a name: with a class also what depends on its members."""
    path = name.path.removesuffix(":")
    beneath = tuple(path + sign for sign in ".:( ")
    return {
        promise
        for each in TABLE.names
        if each is name or (name.kind == "value" and each.path.startswith(beneath))
        for promise in each.promises
    }


def of_a_guard(name: Name) -> bool:
    return any(promise not in NOT_OF_A_GUARD for promise in name.promises)


@pytest.mark.parametrize("name", [*filter(of_a_guard, TABLE.names)], ids=title)
def test_guard_that_lacks_a_name_says_which_promise_is_lost(renamer: Renamer, name: Name) -> None:
    """A bound that is set and cannot hold is refused; any other lost promise is a warning."""
    bounds = {"max_calls": 4, "max_cost": 32.0, "deadline": 60.0}
    # Only what is imported by its name can fail where the rest of the guard is imported.
    trial = "guard" if name.kind == "value" else "promises"
    made = renamer.ask(kind=name.kind, path=name.path, trial=trial, **bounds)
    refused = {GUARD, MAX_CALLS, MAX_COST, STOP} & affected(name)
    if refused:
        assert made["outcome"] == "UpstreamError", made
        assert any(f"{promise.text} does not hold" in made["text"] for promise in refused)
    else:
        assert made["outcome"] == "made", made
        for promise in affected(name) - set(NOT_OF_A_GUARD):
            assert any(f"{promise.text} does not hold" in line for line in made["warnings"]), made


@pytest.mark.parametrize(
    "name", [each for each in TABLE.names if not of_a_guard(each)], ids=title
)  # fmt: skip
def test_a_lost_name_beside_the_guard_is_named(renamer: Renamer, name: Name) -> None:
    """What no guard needs is named by the check that the doctor shows."""
    looked = renamer.ask(kind=name.kind, path=name.path, trial="lost", library="crewai")
    assert {each.text for each in name.promises} <= {text for text, _ in looked["lost"]}


@pytest.mark.parametrize("name", LITELLM.names, ids=title)
def test_a_lost_name_of_litellm_is_named(renamer: Renamer, name: Name) -> None:
    """Without what requests need no model is opened; the loss of the rest is a warning."""
    looked = renamer.ask(kind=name.kind, path=name.path, trial="open_model")
    if ASK in name.promises:
        assert looked["outcome"] == "UpstreamError", looked
        assert ASK.text in looked["text"]
    else:
        assert looked["outcome"] == "opened", looked
        for promise in name.promises:
            assert any(f"{promise.text} does not hold" in line for line in looked["lost"]), looked


# --- whole runs -----------------------------------------------------------------------------------

MODEL = "crewai.hooks.llm_hooks:LLMCallHookContext.llm"


def test_renamed_model_of_a_hook_refuses_bounds(renamer: Renamer) -> None:
    """Before: max_calls=4 let 10 calls through, and max_cost=32 cost nothing."""
    for bounds in ({"max_calls": 4}, {"max_cost": 32.0}):
        ran = renamer.ask(kind="condition", path=MODEL, trial="crew", parts=8, **bounds)
        assert (ran["outcome"], ran["calls"]) == ("UpstreamError", 0)
        assert "does not hold with crewai" in ran["text"]
        assert "context.llm is missing" in ran["text"]
    free = renamer.ask(kind="condition", path=MODEL, trial="crew", parts=8)
    assert (free["outcome"], free["calls"]) == ("done", 10)
    assert any("count of tokens and cost does not hold" in line for line in free["warnings"])


def test_model_that_moves_after_the_check_ends_the_run(renamer: Renamer) -> None:
    """A hook that fails is no call that is allowed: CrewAI goes on from what a hook raises."""
    job = {"kind": "condition", "path": MODEL, "trial": "crew", "late": True, "parts": 8}
    ran = renamer.ask(**job, max_calls=4)
    assert (ran["outcome"], ran["calls"]) == ("UpstreamError", 0)
    assert "max_calls does not hold" in ran["text"]
    assert "before_call failed (AttributeError" in ran["text"]
    free = renamer.ask(**job)
    assert (free["outcome"], free["calls"]) == ("done", 10)
    assert any("before_call failed" in line for line in free["warnings"])


def test_hooks_that_are_not_called_end_the_run(renamer: Renamer) -> None:
    """A task whose model was called without the guard being asked is an error, if bounded."""
    executor = "crewai.utilities.agent_utils:_setup_before_llm_call_hooks > PRE_MODEL_CALL"
    job = {"kind": "call", "path": executor, "trial": "crew", "late": True, "parts": 2}
    ran = renamer.ask(**job, max_calls=4)
    assert ran["outcome"] == "UpstreamError", ran
    assert "without the guard being asked" in ran["text"]
    free = renamer.ask(**job)
    assert free["outcome"] == "done"
    assert any("without the guard being asked" in line for line in free["warnings"])


@pytest.mark.parametrize("path", ["execute_sync", "_execute_task_async"])
def test_tasks_that_pass_the_guard_by_are_named(renamer: Renamer, path: str) -> None:
    """Before: a refusal showed at the deadline, and nothing said why."""
    renamed = {"kind": "call", "path": f"crewai:Task.{path} > _execute_core"}
    ran = renamer.ask(**renamed, trial="crew", deadline=60.0)
    assert ran["outcome"] == "done"
    assert any("first error is raised at once does not hold" in each for each in ran["warnings"])


def test_inputs_are_filled_in_whatever_their_method_is_named(renamer: Renamer) -> None:
    """Before: prompts that were paid for held the placeholder itself."""
    path = "crewai:Crew._interpolate_inputs"
    ran = renamer.ask(kind="member", path=path, trial="crew")
    assert (ran["outcome"], ran["unfilled"]) == ("done", 0)
    assert not any("does not hold" in line for line in ran["warnings"])


@pytest.mark.parametrize("name", ["kickoffs", "hooks", "events", "tasks"])
def test_summarize_goes_on_without_what_only_a_guard_needs(renamer: Renamer, name: str) -> None:
    """One moved module of CrewAI's is no reason why nothing can be summarized."""
    path = {
        "kickoffs": "crewai.crews.crew_output:CrewOutput",
        "hooks": "crewai.hooks.dispatch:HookAborted",
        "events": "crewai.events.types.llm_events:LLMCallCompletedEvent",
        "tasks": "crewai.tasks.task_output:TaskOutput",
    }[name]
    ran = renamer.ask(kind="value", path=path, trial="summary")
    assert ran["outcome"] == "done", ran
    assert ran["text"]


def test_summarize_says_in_one_line_what_it_lacks(renamer: Renamer) -> None:
    """If even the few names are gone that it needs."""
    ran = renamer.ask(kind="parameter", path="crewai:Task.aexecute_sync(context)", trial="summary")
    assert ran["outcome"] == "UpstreamError"
    assert ran["text"].startswith(f"{SUMMARIZE.text} does not hold with crewai")
    assert "crewai.Task.aexecute_sync takes no context" in ran["text"]
    assert "\n" not in ran["text"]


MOVED = """
import sys, warnings
warnings.simplefilter("ignore")
import importlib.abc
class Gone(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "crewai":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Gone())
import docsum_nb as ds
model = ds.Model("openai/x", base_url=sys.argv[1], api_key="k")
texts = {"a": "One sentence is here.", "b": "Another one is there."}
try:
    ds.summarize(texts, model=model, ledger=False, show=False).result(60)
except ds.errors.UpstreamError as error:
    print(error)
"""


def test_crewai_that_cannot_be_imported_is_one_line(server: ScriptedServer) -> None:
    """It is the package's own error, not a traceback from inside."""
    done = subprocess.run(
        [sys.executable, "-c", MOVED, server.base_url],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.startswith("crewai cannot be imported: No module named 'crewai'"), done
