"""SummaryFlow in a real kernel: awaited in a cell, interrupted, and run again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Kernel, running_kernel

HANG_S = 60.0
"""Whatever takes longer hangs."""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """One kernel for all tests here: what one leaves behind, the next one meets."""
    with running_kernel() as running:
        assert running.run("import docsum_nb as ds; ds.SummaryFlow").status == "ok"
        yield running


def make_flow(kernel: Kernel, server: ScriptedServer) -> None:
    code = f"""
flow = ds.SummaryFlow(
    {{f"doc {{i}}": f"This is text {{i}}." for i in range(6)}}, ledger=False, max_concurrency=2,
    model=ds.Model("openai/scripted", base_url={server.base_url!r}),
)
"""
    assert kernel.run(code).status == "ok"


def test_awaited_flow_shows_one_panel_and_its_summary(
    kernel: Kernel, server: ScriptedServer
) -> None:
    """The cell's value is the summary, after one live view; CrewAI prints nothing."""
    server.script = lambda call: Reply("A fine summary.")
    make_flow(kernel, server)
    cell = kernel.run("await flow.kickoff_async()")
    assert cell.status == "ok"
    assert cell.text == ""
    assert sum("application/vnd.jupyter.widget-view+json" in shown for shown in cell.displays) == 1
    assert "A fine summary." in cell.displays[-1]["text/html"]


@pytest.mark.parametrize("form", ["await flow.kickoff_async()", "flow.kickoff()"])
def test_refusal_in_a_cell_is_the_providers_own_error(
    kernel: Kernel, server: ScriptedServer, form: str
) -> None:
    """In both of CrewAI's forms, the cell ends with the error itself."""

    def script(call: Call) -> Reply:
        return Reply("no", status=401) if "text 3" in call.prompt else Reply("fine")

    server.script = script
    make_flow(kernel, server)
    cell = kernel.run(form)
    assert cell.error.startswith("AuthenticationError")
    assert "summarizing doc 3, chunk 0" in kernel.run("print(flow.run.exception().__notes__)").text
    assert "docs" in kernel.run("print('docs' if flow.partial.chunks else flow.partial)").text


@pytest.mark.long
def test_interrupted_cell_ends_and_its_flow_sends_nothing_more(
    kernel: Kernel, server: ScriptedServer
) -> None:
    """The stop button ends the cell although the provider hangs; the next cell works."""
    flying = threading.Event()

    def script(call: Call) -> Reply:
        flying.set()
        return Reply(hang=True)

    server.script = script
    make_flow(kernel, server)
    sent = kernel.send("print('running'); await flow.kickoff_async()")
    kernel.wait_for("running")
    assert flying.wait(HANG_S)
    kernel.interrupt()
    cell = kernel.wait(sent)
    assert cell.status == "error"
    assert cell.seconds < HANG_S
    assert kernel.run("flow.run.join(120), flow.run.state.outcome").status == "ok"
    assert len(server.calls) <= 2
    server.script = lambda call: Reply("fine")
    assert kernel.run("assert (await flow.kickoff_async()).text == 'fine'").status == "ok"
