"""Answers made to hang a reader, in a real kernel: the cell ends, and can be stopped meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.linear.hostile import FAMILIES
from tests.support.kernels import Kernel, running_kernel

ANSWERS = {
    "Sorry": "Sorry, " * 55,
    "Sorry without end": "Sorry, " * 100_000,
    "fence": "```json\n" + "\n" * 400_000,
    "brackets": "[" * 60_000,
    "objects": '{"a":' * 100_000,
    "heading": "[\n" * 100_000 + "===",
    "slash": "a" * 500_000 + "/",
    "white space": "a" + " " * 500_000 + "b",
    "tags": "<a " * 100_000,
    "thought": "<think>" + "</think" * 50_000,
    "escapes": "\x1b[1;" * 100_000,
    "mixture": FAMILIES["mixture 0"](300_000),
}
SETUP = """
import asyncio, os, threading, time
os.environ["XDG_DATA_HOME"] = {data!r}
import docsum_nb as ds
from docsum_nb.errors import RunCancelled
from pydantic import BaseModel

class Found(BaseModel):
    title: str
    points: list[str]

class Watch:
    "How long no other thread could run, at most."
    def __enter__(self):
        self.longest, self.over = 0.0, False
        self.thread = threading.Thread(target=self.tick)
        self.thread.start()
        return self
    def tick(self):
        while not self.over:
            # CPU time of this process: what else runs on the machine holds no lock of it.
            last = time.process_time()
            time.sleep(0.01)
            self.longest = max(self.longest, time.process_time() - last)
    def __exit__(self, *_):
        self.over = True
        self.thread.join()

async def ask(model, **settings):
    with Watch() as watch:
        try:
            done = await ds.summarize({{"a": "Ships are told of here."}}, model=model, ledger=False,
                                      deadline=240, show=False, **settings)
        except Exception as error:
            said = f"{{type(error).__name__}} {{len(str(error)) < 20_000}}"
        else:
            said = f"Summary {{len(done.to_text() + done.to_markdown() + done.to_html()) > 0}}"
    print(said, "True" if watch.longest < {held} else watch.longest)
"""
HELD_S = 5.0
"""Seconds of CPU time for which the interpreter's lock may be held."""
LONG_S = 120.0
"""By then a run that was cancelled has ended, on a machine on which much else runs."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all answers: what one leaves behind, the next meets."""
    with running_kernel() as running:
        data = str(tmp_path_factory.mktemp("data"))
        assert running.run(SETUP.format(data=data, held=HELD_S)).status == "ok"
        yield running


@pytest.mark.parametrize("settings", ["", ", response_model=Found"])
@pytest.mark.parametrize("name", ANSWERS)
def test_cell_ends_whatever_the_answer(
    kernel: Kernel, server: ScriptedServer, name: str, settings: str
) -> None:
    """A result or an error of bounded length, before the deadline; other threads run meanwhile."""
    server.script = lambda call: Reply(ANSWERS[name])
    model = f'ds.Model("openai/x", base_url={server.base_url!r}, max_retries=0)'
    cell = kernel.run(f"await ask({model}{settings})")
    assert cell.status == "ok", cell.error
    kind, bounded, free = cell.text.split()
    assert kind not in ("DeadlineExceeded", "RecursionError", "KeyboardInterrupt")
    assert (bounded, free) == ("True", "True"), cell.text


def test_run_is_cancelled_while_such_answers_come(
    kernel: Kernel, server: ScriptedServer, tmp_path: Path
) -> None:
    """The run ends soon after cancel(), though answer after answer is being read."""
    texts = list(ANSWERS.values())

    def script(call: Call) -> Reply:
        return Reply(hang=True) if call.number == 3 else Reply(texts[call.number % len(texts)])

    server.script = script
    model = f'ds.Model("openai/x", base_url={server.base_url!r}, max_retries=0)'
    cell = kernel.run(
        f"run = ds.summarize({{f'd{{n}}': 'A text of ships.' for n in range(60)}}, model={model},"
        " ledger=False, show=False, on_error='collect')\n"
        "while run.state.done + run.state.failed < 8:\n"
        "    await asyncio.sleep(0.01)\n"
        "began = time.monotonic()\n"
        "run.cancel()\n"
        "try:\n    await run\n"
        "except RunCancelled:\n"
        f"    print('cancelled', time.monotonic() - began < {LONG_S})"
    )
    assert cell.status == "ok", cell.error
    assert cell.text == "cancelled True\n"
