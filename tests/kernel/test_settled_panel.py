"""The panel of a stopped run: it has the figures of the end, when the last call has landed."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.support.kernels import Kernel

pytestmark = pytest.mark.long

CELL = """
import docsum_nb as ds
model = ds.Model("openai/gpt-4o-mini", base_url={url!r}, api_key="k")
texts = {{f"doc {{i}}": f"The harbor of town {{i}} is deep. Ships rest there." for i in range(3)}}
run = ds.summarize(texts, model=model, ledger=False)
await run
"""


def test_panel_of_an_interrupted_cell_shows_what_was_paid_in_the_end(kernel: Kernel) -> None:
    """The cell ends at once; its panel is brought up to date in place, and so is the error."""
    cell_ended = threading.Event()

    async def script(call: Call) -> Reply:
        while not cell_ended.is_set():
            await asyncio.sleep(0.01)
        return Reply("A harbor.")

    with ScriptedServer(script) as server:
        sent = kernel.send(CELL.format(url=server.base_url))
        while len(server.calls) < 3:
            time.sleep(0.01)
        kernel.interrupt()
        cell = kernel.wait(sent)
        cell_ended.set()
        assert "3 calls in flight are waited for" in cell.traceback
        shown = kernel.wait_shown(lambda each: "3/3 chunks" in each.data.get("text/plain", ""))
        assert "cancelled" in shown.data["text/plain"]
        assert "$0 " not in shown.data["text/plain"]
        told = kernel.run("run.join(60)\nprint(run.state.cost_usd > 0, run.exception())").text
    assert told.startswith("True")
    assert "3 of 3 chunks done" in told
