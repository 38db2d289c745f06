"""The life of a kernel around runs: restarts, repeated cells, runs side by side, nest_asyncio."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil
import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Kernel

pytestmark = pytest.mark.long

GONE_S = 60.0
"""A kernel that takes longer to go hangs."""
SETUP = "from tests.kernel.in_kernel import *"


@pytest.fixture(scope="module")
def models() -> Iterator[ScriptedServer]:
    """One model server for the module's kernel."""
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def ready(kernel: Kernel) -> Kernel:
    """The kernel, patched by nest_asyncio before the package is imported."""
    cell = kernel.run(f"import nest_asyncio\nnest_asyncio.apply()\n{SETUP}")
    assert cell.status == "ok", cell.traceback
    return kernel


@pytest.mark.parametrize("form", ["await {run}", "{run}.result()"])
def test_one_cell_three_times_over_where_nest_asyncio_was_applied_first(
    ready: Kernel, models: ScriptedServer, form: str
) -> None:
    """A crew's cell gives the same in each of three runs; nothing of one is left in the next."""
    models.script = lambda call: Reply("fine")
    run = form.format(run=f"ds.kickoff(over_http({models.base_url!r}))")
    for _ in range(3):
        sent = len(models.calls)
        cell = ready.run(f"result = {run}\nprint(result.raw)")
        assert cell.text.endswith("fine\n"), cell
        assert len(models.calls) == sent + 5


def test_two_runs_at_once_end_each_in_its_own_way(ready: Kernel, models: ScriptedServer) -> None:
    """Of two crews at once, the refused one raises its error and the other gives its answer."""

    def script(call: Call) -> Reply:
        refused = "gpt-refused" in call.body["model"]
        return Reply("no", status=403) if refused else Reply("fine", delay=0.2)

    models.script = script
    cell = ready.run(
        f"url = {models.base_url!r}\n"
        "llm = LLM(model='openai/gpt-refused', base_url=url, api_key='k', max_retries=0)\n"
        "refused = crew(llm)\n"
        "good, bad = ds.kickoff(over_http(url)), ds.kickoff(refused)\n"
        "print(type(bad.exception()).__name__, (await good).raw)"
    )
    assert cell.text.endswith("PermissionDeniedError fine\n"), cell


def test_restart_stops_the_work_and_the_next_kernel_works(
    ready: Kernel, models: ScriptedServer
) -> None:
    """With a run in the background and one awaited, the process goes and asks nothing more."""
    models.script = lambda call: Reply(hang=True)
    sent = len(models.calls)
    run = f"ds.kickoff(over_http({models.base_url!r}))"
    ready.send(f"background = {run}\nawait {run}")
    while len(models.calls) < sent + 8:
        time.sleep(0.01)
    process = psutil.Process(ready.manager.provisioner.pid)
    began = time.monotonic()
    ready.restart()
    assert time.monotonic() - began < GONE_S
    assert not process.is_running()
    assert ready.run("import docsum_nb as ds\nprint(await ds.start(lambda: 42))").text == "42\n"
    assert len(models.calls) == sent + 8
