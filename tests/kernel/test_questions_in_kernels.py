"""human_input in a notebook: a form under the panel, and nothing left behind when a run ends."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest
from nbclient import NotebookClient

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Kernel
from tests.support.warm_python import warm_kernels

pytestmark = pytest.mark.long

CREW = """
import docsum_nb as ds
from crewai import LLM, Agent, Crew, Task

llm = LLM(model="openai/gpt-4o-mini", base_url={url!r}, api_key="k", max_retries=0)
agent = Agent(role="writer", goal="g", backstory="b", llm=llm)

def crew(parts=1):
    tasks = [
        Task(name=f"part {{i}}", description=f"Write {{i}}.", expected_output="x", agent=agent,
             human_input=True, async_execution=parts > 1)
        for i in range(parts)
    ]
    if parts > 1:
        tasks.append(Task(name="end", description="End.", expected_output="x", agent=agent))
    return Crew(agents=[agent], tasks=tasks)
"""


@pytest.fixture(scope="module")
def models() -> Iterator[ScriptedServer]:
    def answer(call: Call) -> Reply:
        return Reply("improved text" if "make it shorter" in call.prompt else "first text")

    with ScriptedServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def ready(kernel: Kernel, models: ScriptedServer) -> Kernel:
    cell = kernel.run(CREW.format(url=models.base_url))
    assert cell.status == "ok", cell.traceback
    return kernel


def clicks_arrive(kernel: Kernel) -> bool:
    """Return whether clicks are handled while a cell awaits."""
    return kernel.run("import ipykernel; print(ipykernel.version_info[0] >= 7)").text == "True\n"


def inputs_work(kernel: Kernel) -> None:
    """Run three cells that ask for a line, which are answered by hand."""
    for number in range(3):
        sent = kernel.send(f"print('got', input('line {number}? '))")
        while kernel.answer_input(f"answer {number}") != f"line {number}? ":
            pass  # a question that nobody asks any more; what is answered to it is dropped
        assert kernel.wait(sent).text == f"got answer {number}\n"


def test_form_is_answered_while_a_cell_awaits(ready: Kernel) -> None:
    """Sent back once, then accepted; the form names task, agent and text."""
    if not clicks_arrive(ready):
        pytest.skip("no click is handled while a cell of this kernel runs")
    sent = ready.send("print((await ds.kickoff(crew(), deadline=80)).raw)")
    form = ready.wait_question()
    assert form["heading"] == "part 0 of writer asks you"
    assert form["text"] == "first text"
    ready.answer("make it shorter")
    assert ready.wait_question()["text"] == "improved text"
    ready.answer("")
    cell = ready.wait(sent)
    assert cell.text.endswith("improved text\n"), cell
    inputs_work(ready)


def test_run_in_the_background_is_answered_on_its_panel(ready: Kernel) -> None:
    """Two tasks at once are queued; the next cell runs meanwhile, and the result is there."""
    ready.run("run = ds.kickoff(crew(2), deadline=80)\nrun")
    for _ in range(2):
        ready.wait_question()
        assert ready.run("print(run.done)").text == "False\n"
        ready.answer("")
    assert ready.run("print(run.result().raw)").text.endswith("first text\n")
    inputs_work(ready)


@pytest.mark.parametrize("form", ["await {run}", "{run}.result()"])
def test_a_cell_that_no_click_reaches_asks_in_its_own_field(ready: Kernel, form: str) -> None:
    """Without a panel there is no form: the cell's field for input() takes the answer."""
    sent = ready.send(f"print(({form}).raw)".format(run="ds.kickoff(crew(), show=False)"))
    assert ready.answer_input("make it shorter") == "> "
    assert ready.answer_input("") == "> "
    cell = ready.wait(sent)
    assert "part 0 of writer asks" in cell.text
    assert cell.text.endswith("improved text\n"), cell
    inputs_work(ready)


ENDINGS = {
    "deadline, awaited": ("await ds.kickoff(crew(), deadline=2)", ""),
    "deadline, blocking": ("ds.kickoff(crew(), deadline=2).result()", ""),
    "deadline, no panel": ("await ds.kickoff(crew(), show=False, deadline=2)", ""),
    "deadline, background": ("run = ds.kickoff(crew(), deadline=2)\nrun", "run.exception()"),
    "cancel": ("run = ds.kickoff(crew(2))\nrun", "run.cancel()"),
    "interrupt, awaited": ("await ds.kickoff(crew())", "interrupt"),
    "interrupt, blocking": ("ds.kickoff(crew()).result()", "interrupt"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_end_of_a_run_leaves_nothing_that_takes_an_answer(ready: Kernel, ending: str) -> None:
    """After each way to end, three cells in a row ask for a line and get their own."""
    cell, after = ENDINGS[ending]
    sent = ready.send(cell)
    if after == "interrupt":
        ready.wait_asked()
        ready.interrupt()
    ended = ready.wait(sent)
    if after == "run.cancel()":
        ready.wait_question()
    if after and after != "interrupt":
        ready.run(after)
    else:
        assert ended.status == "error", ended
    inputs_work(ready)


def test_form_is_answered_in_a_subshell_while_a_cell_blocks(ready: Kernel) -> None:
    """As JupyterLab does for widgets; once there is a subshell, no field is needed."""
    if not clicks_arrive(ready):
        pytest.skip("this kernel has no subshells")
    subshell = ready.make_subshell()
    sent = ready.send("print(ds.kickoff(crew(), deadline=80).result().raw)")
    ready.wait_question()
    ready.answer("make it shorter", subshell=subshell)
    ready.wait_question()
    ready.answer("", subshell=subshell)
    assert ready.wait(sent).text.endswith("improved text\n")
    inputs_work(ready)


def test_notebook_without_a_front_end_fails_at_once(
    models: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nbclient gives no input: the error says so and what to do, long before the deadline."""
    monkeypatch.setenv("JUPYTER_PATH", warm_kernels())
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(CREW.format(url=models.base_url)),
            nbformat.v4.new_code_cell("print((await ds.kickoff(crew(), deadline=80)).raw)"),
        ]
    )
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    outputs = "".join(str(output) for output in notebook.cells[1].outputs)
    assert "no person can be asked" in outputs
    assert "ask=" in outputs
